//! ClaimResponse: the answer to a Claim, as a whole, by fund, or still to come.

use huitong_kernel::time::Instant;

use super::{Adjudicated, Stage, amounts};
use crate::fhir::node::Node;
use crate::fhir::terms::{self, FUND, MESSAGE};
use crate::model::amounts::FundPayment;

/// The answer of home's agency to a Claim: offer, settlement or contra.
pub fn claim_response(adjudicated: &Adjudicated<'_>) -> Node {
    let expires_at = match adjudicated.stage {
        Stage::Quoted { expires_at } => Some(expires_at),
        Stage::Settled { .. } | Stage::Contra { .. } => None,
    };
    let quote = expires_at.map(|_| Node::text(adjudicated.id.as_str()));
    let paid = adjudicated.amounts.fund_total_fen;
    let own = [
        ("requestor", Some(adjudicated.provider())),
        ("request", adjudicated.claim()),
        ("outcome", Some(Node::text("complete"))),
        ("disposition", Some(Node::text(adjudicated.disposition()))),
        ("preAuthRef", quote),
        ("preAuthPeriod", expires_at.map(|end| period(adjudicated.created, end))),
        ("item", adjudicated.answered_items()),
        ("total", Some(amounts::totals(adjudicated.amounts))),
        ("payment", expires_at.is_none().then(|| amounts::payment(paid))),
        ("processNote", adjudicated.notes()),
    ];
    Node::object(adjudicated.head("ClaimResponse").into_iter().chain(own))
}

fn period(start: Instant, end: Instant) -> Node {
    let text = |instant: Instant| Some(Node::text(instant.to_string()));
    Node::object([("start", text(start)), ("end", text(end))])
}

impl Adjudicated<'_> {
    /// What the cashier does now.
    fn disposition(&self) -> String {
        let cash = self.amounts.cash_fen;
        match self.stage {
            Stage::Quoted { .. } => {
                format!("预结算，未入账：现金 {cash} 元 / offer, nothing is booked: cash {cash} yuan")
            }
            Stage::Settled { .. } => format!("收费 {cash} 元 / collect {cash} yuan"),
            Stage::Contra { of, .. } => {
                format!("已撤销或退费 {of}，退还 {back} 元 / {of} is taken back, give back {back} yuan", back = -cash)
            }
        }
    }
}

/// The same settlement as each fund's own answer (setldetail), in a Bundle: one ClaimResponse per insurer.
pub fn by_fund(adjudicated: &Adjudicated<'_>) -> Node {
    let entry = |resource: Node| Node::object([("resource", Some(resource))]);
    let funds = adjudicated.amounts.funds.iter().enumerate();
    let entries: Vec<Node> = funds.map(|(index, fund)| entry(of_fund(adjudicated, index, fund))).collect();
    Node::object([
        ("resourceType", Some(Node::text("Bundle"))),
        ("type", Some(Node::text("collection"))),
        // FHIR knows no empty lists.
        ("entry", (!entries.is_empty()).then_some(Node::Array(entries))),
    ])
}

fn of_fund(adjudicated: &Adjudicated<'_>, index: usize, fund: &FundPayment) -> Node {
    let id = format!("{}-{}", adjudicated.id, index + 1);
    Node::object([
        ("resourceType", Some(Node::text("ClaimResponse"))),
        ("id", Some(Node::text(id))),
        ("identifier", Some(adjudicated.identifiers())),
        ("status", Some(Node::text(adjudicated.status()))),
        ("type", Some(adjudicated.claim_type())),
        ("use", Some(Node::text(adjudicated.usage()))),
        ("patient", Some(adjudicated.patient())),
        ("created", Some(Node::text(adjudicated.created.to_string()))),
        ("insurer", Some(terms::reference("Organization", FUND, &fund.fund))),
        ("requestor", Some(adjudicated.provider())),
        ("request", adjudicated.claim()),
        ("outcome", Some(Node::text("complete"))),
        ("total", Some(amounts::fund_totals(fund))),
        ("payment", Some(amounts::payment(fund.paid_fen))),
    ])
}

/// The answer while home has not answered: the same Claim under the same message id, sent again, tells the outcome.
pub fn queued(message_id: &str, institution: &str, created: Instant) -> Node {
    // R4 asks for both; who they are is home's to say.
    let later = || Node::object([("display", Some(Node::text("待定 / to be told")))]);
    Node::object([
        ("resourceType", Some(Node::text("ClaimResponse"))),
        ("status", Some(Node::text("active"))),
        ("type", Some(terms::concept(terms::CLAIM_TYPE, "professional"))),
        ("use", Some(Node::text("claim"))),
        ("patient", Some(later())),
        ("insurer", Some(later())),
        ("created", Some(Node::text(created.to_string()))),
        ("requestor", Some(terms::reference("Organization", terms::INSTITUTION, institution))),
        ("request", Some(terms::reference("Claim", MESSAGE, message_id))),
        ("outcome", Some(Node::text("queued"))),
        ("disposition", Some(Node::text("处理中，请勿收费 / still pending: do not collect"))),
    ])
}
