//! Split lines as items.

use std::collections::BTreeSet;

use huitong_kernel::money::Fen;

use super::Adjudicated;
use super::amounts::amount;
use crate::fhir::node::Node;
use crate::fhir::terms::{ADJUDICATION, ELIGIBLE, ITEM_CODE, LOCAL_CODE, OVER, OWN, PRE, SHARE, SUBMITTED};
use crate::model::lines::SplitLine;

/// The items' sequences: the lines' own numbers where all of them are positive whole numbers, as those of a Claim are; else counted.
pub fn sequences(lines: &[SplitLine]) -> Vec<u64> {
    let own = |line: &SplitLine| line.number.parse::<u64>().ok().filter(|number| (1..=9_999_999_999).contains(number));
    let numbers: Option<Vec<u64>> = lines.iter().map(own).collect();
    let are_distinct = |numbers: &Vec<u64>| numbers.iter().collect::<BTreeSet<_>>().len() == numbers.len();
    numbers.filter(are_distinct).unwrap_or_else(|| (1..=lines.len() as u64).collect())
}

/// What was found of a line: `det`, the three parts of the person, and what is eligible.
fn adjudication(line: &SplitLine, sign: i64) -> Node {
    let signed = |fen: Fen| Fen(sign * fen.0);
    Node::Array(vec![
        amount(ADJUDICATION, SUBMITTED, signed(line.total_fen)),
        amount(SHARE, OWN, signed(line.own_fen)),
        amount(SHARE, OVER, signed(line.over_fen)),
        amount(SHARE, PRE, signed(line.pre_fen)),
        amount(ADJUDICATION, ELIGIBLE, signed(line.eligible_fen)),
    ])
}

impl Adjudicated<'_> {
    /// A contra mirrors the lines of its original.
    fn sign(&self) -> i64 {
        if self.is_contra() { -1 } else { 1 }
    }

    /// Items of a ClaimResponse: by the sequences of the Claim.
    pub(super) fn answered_items(&self) -> Option<Node> {
        let item = |(line, sequence): (&SplitLine, u64)| {
            Node::object([
                ("itemSequence", Some(Node::whole(sequence))),
                ("adjudication", Some(adjudication(line, self.sign()))),
            ])
        };
        self.items_of(item)
    }

    /// Items of an ExplanationOfBenefit: the lines themselves.
    pub(super) fn items(&self) -> Option<Node> {
        self.items_of(|(line, sequence)| self.item(line, sequence))
    }

    fn items_of(&self, item: impl Fn((&SplitLine, u64)) -> Node) -> Option<Node> {
        let items: Vec<Node> = self.lines.iter().zip(sequences(self.lines)).map(item).collect();
        (!items.is_empty()).then_some(Node::Array(items))
    }

    fn item(&self, line: &SplitLine, sequence: u64) -> Node {
        let coding = |system: &str, code: &str| {
            Node::object([("system", Some(Node::text(system))), ("code", Some(Node::text(code)))])
        };
        let mut codings = vec![coding(ITEM_CODE, &line.code)];
        codings.extend(line.local_code.as_deref().map(|code| coding(LOCAL_CODE, code)));
        let quantity = if self.is_contra() { format!("-{}", line.quantity) } else { line.quantity.to_string() };
        let price = Node::object([
            ("value", Some(Node::Number(line.price.to_string()))),
            ("currency", Some(Node::text("CNY"))),
        ]);
        Node::object([
            ("sequence", Some(Node::whole(sequence))),
            ("productOrService", Some(Node::object([("coding", Some(Node::Array(codings)))]))),
            ("servicedDate", Some(Node::text(line.day.to_string()))),
            ("quantity", Some(Node::object([("value", Some(Node::Number(quantity)))]))),
            ("unitPrice", Some(price)),
            ("net", Some(Node::money(Fen(self.sign() * line.total_fen.0)))),
            ("adjudication", Some(adjudication(line, self.sign()))),
        ])
    }
}
