//! CapabilityStatement: what a FHIR client may ask here.

use crate::fhir::node::Node;

/// What is served, resource by resource.
const SERVED: [(&str, &str); 4] = [
    ("Claim", "create"),
    ("ClaimResponse", "read"),
    ("ExplanationOfBenefit", "read"),
    ("PaymentReconciliation", "search-type"),
];

/// The day on which this statement changed last.
const STATED_ON: &str = "2026-11-29";

pub fn capability_statement() -> Node {
    let list = |values: Vec<Node>| Some(Node::Array(values));
    let resource = |(kind, interaction): (&str, &str)| {
        let interaction = Node::object([("code", Some(Node::text(interaction)))]);
        Node::object([("type", Some(Node::text(kind))), ("interaction", list(vec![interaction]))])
    };
    let rest = Node::object([
        ("mode", Some(Node::text("server"))),
        ("resource", list(SERVED.into_iter().map(resource).collect())),
    ]);
    Node::object([
        ("resourceType", Some(Node::text("CapabilityStatement"))),
        ("status", Some(Node::text("active"))),
        ("date", Some(Node::text(STATED_ON))),
        ("kind", Some(Node::text("capability"))),
        (
            "software",
            Some(Node::object([
                ("name", Some(Node::text("Huitong 汇通"))),
                ("version", Some(Node::text(env!("CARGO_PKG_VERSION")))),
            ])),
        ),
        ("fhirVersion", Some(Node::text("4.0.1"))),
        ("format", list(vec![Node::text("application/fhir+json")])),
        ("rest", list(vec![rest])),
    ])
}
