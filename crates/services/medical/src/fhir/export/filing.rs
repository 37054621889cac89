//! ClaimResponse to a filing (备案).

use huitong_kernel::division::Division;
use huitong_kernel::time::Instant;

use crate::fhir::node::Node;
use crate::fhir::terms::{self, CLAIM_TYPE, DIVISION, FILING, INSTITUTION, PERSON_NUMBER};
use crate::model::filing::FilingState;

/// What home holds now; `preAuthPeriod` says for which days.
pub fn filed(filing: &FilingState, home_area: Division, created: Instant) -> Node {
    let id = filing.filing.to_string();
    let kind = filing.kind.name();
    let period = Node::object([
        ("start", Some(Node::text(filing.valid_from.to_string()))),
        ("end", filing.valid_to.map(|day| Node::text(day.to_string()))),
    ]);
    Node::object([
        ("resourceType", Some(Node::text("ClaimResponse"))),
        ("id", Some(Node::text(id.as_str()))),
        ("identifier", Some(Node::Array(vec![terms::identifier(FILING, &id)]))),
        ("status", Some(Node::text("active"))),
        ("type", Some(terms::concept(CLAIM_TYPE, "institutional"))),
        ("use", Some(Node::text("preauthorization"))),
        ("patient", Some(terms::reference("Patient", PERSON_NUMBER, &filing.person))),
        ("created", Some(Node::text(created.to_string()))),
        ("insurer", Some(terms::reference("Organization", DIVISION, home_area.as_str()))),
        ("requestor", Some(terms::reference("Organization", INSTITUTION, &filing.filed_by))),
        ("outcome", Some(Node::text("complete"))),
        ("disposition", Some(Node::text(format!("已备案 {kind} / filed: {kind}")))),
        ("preAuthRef", Some(Node::text(id))),
        ("preAuthPeriod", Some(period)),
    ])
}
