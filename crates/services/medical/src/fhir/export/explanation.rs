//! ExplanationOfBenefit: the slip for the person (结算单).

use super::{Adjudicated, Stage, amounts};
use crate::fhir::node::Node;
use crate::fhir::terms;

/// A settlement, or its contra, with lines, amounts, and the steps of the calculation as notes.
pub fn explanation_of_benefit(adjudicated: &Adjudicated<'_>) -> Node {
    let coverage = Node::object([
        ("focal", Some(Node::Boolean(true))),
        ("coverage", Some(terms::reference("Coverage", terms::DIVISION, adjudicated.home_area.as_str()))),
    ]);
    let own = [
        ("provider", Some(adjudicated.provider())),
        ("related", adjudicated.original()),
        ("claim", adjudicated.claim()),
        ("outcome", Some(Node::text("complete"))),
        ("insurance", Some(Node::Array(vec![coverage]))),
        ("item", adjudicated.items()),
        ("total", Some(amounts::totals(adjudicated.amounts))),
        ("payment", Some(amounts::payment(adjudicated.amounts.fund_total_fen))),
        ("processNote", adjudicated.notes()),
    ];
    Node::object(adjudicated.head("ExplanationOfBenefit").into_iter().chain(own))
}

impl Adjudicated<'_> {
    /// Of a contra: the settlement that it takes back.
    fn original(&self) -> Option<Node> {
        let Stage::Contra { of, .. } = self.stage else { return None };
        let related = Node::object([("reference", Some(terms::identifier(terms::SETTLEMENT, of)))]);
        Some(Node::Array(vec![related]))
    }
}
