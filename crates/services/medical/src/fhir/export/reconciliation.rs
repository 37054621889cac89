//! PaymentReconciliation: what a hospital is paid for a period, document by document.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};

use crate::fhir::node::Node;
use crate::fhir::terms::{self, PAYMENT_TYPE};

/// Documents of one period at most; a hospital with more asks by day.
pub const DETAILS_MAX: usize = crate::fhir::LIST_MAX;

/// One document of the period.
pub struct Payment {
    /// `setl_id`
    pub settlement: String,
    pub message_id: String,
    pub day: Date,
    /// What the funds and the person's accounts pay; negative of a contra.
    pub amount: Fen,
    /// Of a contra: the settlement that it takes back.
    pub contra_of: Option<String>,
}

/// The documents of a hospital in a period. The sum is what the visited jurisdiction owes the hospital for them.
pub fn payment_reconciliation(
    visited: Division,
    institution: &str,
    period: Period,
    created: Instant,
    payments: &[Payment],
) -> Node {
    let sum: Fen = payments.iter().map(|payment| payment.amount).sum();
    let span = Node::object([
        ("start", Some(Node::text(period.first_day().to_string()))),
        ("end", Some(Node::text(period.last_day().to_string()))),
    ]);
    let details: Vec<Node> = payments.iter().map(detail).collect();
    Node::object([
        ("resourceType", Some(Node::text("PaymentReconciliation"))),
        ("id", Some(Node::text(format!("{institution}-{period}")))),
        ("status", Some(Node::text("active"))),
        ("period", Some(span)),
        ("created", Some(Node::text(created.to_string()))),
        ("paymentIssuer", Some(terms::reference("Organization", terms::DIVISION, visited.as_str()))),
        ("requestor", Some(terms::reference("Organization", terms::INSTITUTION, institution))),
        ("outcome", Some(Node::text("complete"))),
        ("disposition", Some(Node::text("应付额，非付款凭证 / what is owed, not a proof of payment"))),
        ("paymentDate", Some(Node::text(period.last_day().to_string()))),
        ("paymentAmount", Some(Node::money(sum))),
        ("detail", (!details.is_empty()).then_some(Node::Array(details))),
    ])
}

fn detail(payment: &Payment) -> Node {
    let kind = if payment.contra_of.is_some() { "adjustment" } else { "payment" };
    Node::object([
        ("identifier", Some(terms::identifier(terms::SETTLEMENT, &payment.settlement))),
        ("predecessor", payment.contra_of.as_deref().map(|of| terms::identifier(terms::SETTLEMENT, of))),
        ("type", Some(terms::concept(PAYMENT_TYPE, kind))),
        ("request", Some(terms::reference("Claim", terms::MESSAGE, &payment.message_id))),
        ("date", Some(Node::text(payment.day.to_string()))),
        ("amount", Some(Node::money(payment.amount))),
    ])
}
