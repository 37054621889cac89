//! setlinfo and setldetail as totals: FHIR's categories where it has them, ours for the rest.

use huitong_kernel::money::Fen;

use crate::fhir::node::Node;
use crate::fhir::terms::{
    ACCOUNT, ADJUDICATION, BENEFIT, CASH, COPAY, DEDUCTIBLE, ELIGIBLE, FUND, HOSPITAL, MUTUAL_AID, OVER, OWN,
    PAYMENT_EXTENT, PERSON, PRE, SHARE, SUBMITTED, concept,
};
use crate::model::amounts::{Amounts, FundPayment};

/// One amount with its category: an adjudication, or a total.
pub(super) fn amount(system: &str, code: &str, amount: Fen) -> Node {
    Node::object([("category", Some(concept(system, code))), ("amount", Some(Node::money(amount)))])
}

/// All amounts of a settlement.
pub(super) fn totals(amounts: &Amounts) -> Node {
    let lines = &amounts.lines;
    let copay = lines.eligible_fen - amounts.deductible_fen - amounts.fund_total_fen;
    let of_fhir = [
        (SUBMITTED, lines.total_fen),
        (ELIGIBLE, lines.eligible_fen),
        (DEDUCTIBLE, amounts.deductible_fen),
        (BENEFIT, amounts.fund_total_fen),
        (COPAY, copay),
    ];
    let of_ours = [
        (OWN, lines.own_fen),
        (OVER, lines.over_fen),
        (PRE, lines.pre_fen),
        (PERSON, amounts.person_total_fen),
        (ACCOUNT, amounts.account_fen),
        (MUTUAL_AID, amounts.mutual_aid_fen),
        (CASH, amounts.cash_fen),
        (HOSPITAL, amounts.hospital_share_fen),
    ];
    let of_fhir = of_fhir.into_iter().map(|(code, fen)| amount(ADJUDICATION, code, fen));
    let of_ours = of_ours.into_iter().map(|(code, fen)| amount(SHARE, code, fen));
    let of_funds = by_kind(&amounts.funds).into_iter().map(|(kind, fen)| amount(FUND, kind, fen));
    Node::Array(of_fhir.chain(of_ours).chain(of_funds).collect())
}

/// A pack may have several funds of one `fund_pay_type`; a category has one total.
fn by_kind(funds: &[FundPayment]) -> Vec<(&str, Fen)> {
    let mut kinds: Vec<(&str, Fen)> = Vec::new();
    for fund in funds {
        match kinds.iter_mut().find(|(kind, _)| *kind == fund.fund) {
            Some((_, sum)) => *sum += fund.paid_fen,
            None => kinds.push((&fund.fund, fund.paid_fen)),
        }
    }
    kinds
}

/// What one fund found: the cost that it looked at, and what it pays of it.
pub(super) fn fund_totals(fund: &FundPayment) -> Node {
    Node::Array(vec![
        amount(ADJUDICATION, ELIGIBLE, fund.in_scope_fen),
        amount(ADJUDICATION, BENEFIT, fund.paid_fen),
        amount(FUND, &fund.fund, fund.paid_fen),
    ])
}

/// The payment of the funds; what the person pays, also from the account, is none.
pub(super) fn payment(amount: Fen) -> Node {
    Node::object([("type", Some(concept(PAYMENT_EXTENT, "complete"))), ("amount", Some(Node::money(amount)))])
}
