//! What a period makes each city pay, gross and net; pure but for reading statements.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::positions::{Gross, Payment, net_positions, payments_by_code};
use huitong_service_kit::{StoreError, View};

use super::statements::{self, StatementRow};
use crate::model::period::Period;

/// Statements of a period read at most.
const STATEMENTS_MAX: usize = 100_000;

/// What a debtor city pays a creditor city for a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairPosition {
    pub row: StatementRow,
    /// Claimed − under contest + what was under contest at the cut before and is decided now.
    pub payable_fen: Fen,
}

/// What is paid for a statement, given the one of the same pair before it: what is under contest waits, and is paid, with what
/// was decided about it, in the period in which the contest ends.
pub fn payable(row: &StatementRow, before: Option<&StatementRow>) -> Fen {
    let open = |row: &StatementRow| row.under_contest().sum_fen();
    row.statement.claimed_fen - open(row) + before.map_or(Fen::ZERO, open)
}

/// The pairs of cities with a statement at this node.
pub fn pairs(view: View<'_>, period: Period) -> Result<Vec<PairPosition>, StoreError> {
    let rows = statements::list(view, (&period.to_string(), "", ""), STATEMENTS_MAX)?;
    let of_period = rows.into_iter().filter(|row| row.statement.period == period.to_string());
    let position = |row: StatementRow| {
        let before = statements::before(view, period, row.statement.creditor, row.statement.debtor)?;
        let payable_fen = payable(&row, before.as_ref());
        Ok(PairPosition { row, payable_fen })
    };
    of_period.map(position).collect()
}

/// A pair of cities for which two nodes say otherwise what is paid, or of which one of them knows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    pub creditor: Division,
    pub debtor: Division,
    pub at_creditor: Option<Fen>,
    pub at_debtor: Option<Fen>,
}

/// Compares what the statements of one node claim from another with what that one's statements say it owes (J6). Each node's
/// pairs come from its own views.
pub fn disagreements(
    (creditor_node, at_creditor): (Division, &[PairPosition]),
    (debtor_node, at_debtor): (Division, &[PairPosition]),
) -> Vec<Disagreement> {
    let between = |pairs: &[PairPosition]| -> BTreeMap<(Division, Division), Fen> {
        let of_both =
            pairs.iter().filter(|pair| (pair.row.creditor_node, pair.row.debtor_node) == (creditor_node, debtor_node));
        of_both.map(|pair| ((pair.row.statement.creditor, pair.row.statement.debtor), pair.payable_fen)).collect()
    };
    let (receivable, payable) = (between(at_creditor), between(at_debtor));
    let pairs: BTreeSet<_> = receivable.keys().chain(payable.keys()).copied().collect();
    let found = pairs.into_iter().map(|pair| Disagreement {
        creditor: pair.0,
        debtor: pair.1,
        at_creditor: receivable.get(&pair).copied(),
        at_debtor: payable.get(&pair).copied(),
    });
    found.filter(|found| found.at_creditor != found.at_debtor).collect()
}

/// What a node receives (positive) or pays (negative) by its own statements alone. Over all nodes this sums to zero if, and only
/// if, they agree in sum (J6).
pub fn own_position(node: Division, pairs: &[PairPosition]) -> Fen {
    let signed = |pair: &PairPosition| match (pair.row.creditor_node == node, pair.row.debtor_node == node) {
        (true, false) => pair.payable_fen,
        (false, true) => -pair.payable_fen,
        _ => Fen::ZERO,
    };
    pairs.iter().map(signed).sum()
}

/// What nodes owe each other. A negative claim is owed the other way; what cities of one node owe each other is its own matter.
pub fn gross(pairs: &[PairPosition]) -> Gross {
    let mut sums: BTreeMap<(Division, Division), Fen> = BTreeMap::new();
    for pair in pairs.iter().filter(|pair| pair.row.creditor_node != pair.row.debtor_node) {
        *sums.entry((pair.row.debtor_node, pair.row.creditor_node)).or_default() += pair.payable_fen;
    }
    let mut gross = Gross::new();
    for ((debtor, creditor), amount) in sums {
        if amount.is_negative() {
            *gross.entry((creditor, debtor)).or_default() += -amount;
        } else if amount > Fen::ZERO {
            *gross.entry((debtor, creditor)).or_default() += amount;
        }
    }
    gross
}

/// Gross: each node pays each other its sum. Net: debtors pay creditors in the order of their codes. Both give the same balances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payments {
    pub positions: BTreeMap<Division, Fen>,
    pub gross: Vec<Payment>,
    pub net: Vec<Payment>,
}

pub fn payments(gross: &Gross) -> Payments {
    let positions = net_positions(gross);
    let net = payments_by_code(&positions);
    let gross = gross.iter().map(|((payer, payee), amount)| Payment { payer: *payer, payee: *payee, amount: *amount });
    Payments { gross: gross.collect(), net, positions }
}
