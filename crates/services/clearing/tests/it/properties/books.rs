//! What must hold after each step, worked out from documents, markers and banks alone.

use std::collections::{BTreeMap, BTreeSet};

use huitong_clearing::model::batch::Batch;
use huitong_clearing::model::statement::{Place, State};
use huitong_clearing::query::items::{self, Item};
use huitong_clearing::query::statements::{self, StatementRow};
use huitong_clearing::query::{batches, exposure, lanes};
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::Share;

use super::play::{Ahead, Play};
use super::steps::SERVICES;
use crate::desk::{Desk, NODES, code};

/// More than a sequence ever makes.
const ROWS: usize = 1_000;

/// Everything that holds at any moment, whatever is under way.
pub fn check(play: &mut Play) {
    for node in NODES {
        let head = head(&play.desk, node);
        // What has not changed is not looked at again.
        if play.heads.insert(node, head) == Some(head) {
            continue;
        }
        positions_sum_to_zero(&play.desk, node);
        cleared_once(&play.desk, node);
        prepaid(play, node);
    }
    refunded_later(play);
    told_once(&play.desk);
}

fn head(desk: &Desk, node: &str) -> u64 {
    let last = desk.region.view(node).one("SELECT MAX(sequence) FROM journal", [], |row| row.get::<_, Option<u64>>(0));
    last.expect("readable").flatten().unwrap_or(0)
}

/// What each gets (or pays, below zero) by the statements of a batch.
fn by_statements(batch: &Batch) -> BTreeMap<Division, Fen> {
    let mut positions: BTreeMap<Division, Fen> = BTreeMap::new();
    for of in &batch.settled {
        let to_one = of.other_owes_fen - of.one_owes_fen;
        *positions.entry(of.one).or_default() += to_one;
        *positions.entry(of.other).or_default() -= to_one;
    }
    positions
}

/// I13: of every batch, the positions sum to zero, are what its statements say, and its payments bring each to zero.
fn positions_sum_to_zero(desk: &Desk, node: &str) {
    for row in batches::list(desk.region.view(node), ("", "", "", 0), ROWS).expect("readable") {
        let batch = &row.batch;
        let name = format!("I13: {} of {} ({}) at {node}", batch.service, batch.period, batch.scope);
        let sum: Fen = batch.positions.iter().map(|(_, amount)| *amount).sum();
        assert_eq!(sum, Fen::ZERO, "{name}: the net positions sum to zero");
        let mut left = by_statements(batch);
        let told: BTreeMap<Division, Fen> = batch.positions.iter().copied().collect();
        let moves = |positions: &BTreeMap<Division, Fen>| {
            positions.iter().filter(|(_, amount)| **amount != Fen::ZERO).map(|(of, amount)| (*of, *amount)).collect()
        };
        let (told, worked_out): (Vec<_>, Vec<_>) = (moves(&told), moves(&left));
        assert_eq!(told, worked_out, "{name}: what each statement says of its two sides");
        for pay in &batch.payments {
            assert!(pay.amount_fen > Fen::ZERO && pay.payer != pay.payee, "{name}: {pay:?}");
            *left.entry(pay.payer).or_default() += pay.amount_fen;
            *left.entry(pay.payee).or_default() -= pay.amount_fen;
        }
        assert!(left.values().all(|amount| *amount == Fen::ZERO), "{name}: {left:?} is left after all payments");
    }
}

/// Documents that a node holds, by service.
fn documents(desk: &Desk, node: &str) -> Vec<Item> {
    let view = desk.region.view(node);
    let mut found = Vec::new();
    for service in SERVICES {
        for (sender, receiver) in NODES.iter().flat_map(|from| NODES.iter().map(move |to| (*from, *to))) {
            let lane = lanes::lane(view, service, code(sender), code(receiver)).expect("readable");
            let Some(lane) = lane else { continue };
            found.extend(items::page(view, lane.lane, (0, -1), i64::MAX as u64, ROWS).expect("readable"));
        }
    }
    found
}

impl Desk {
    /// The period of a document that a node holds: that of the first marker behind it in its lane, if there is one.
    pub fn period_of(&self, node: &str, document: Digest) -> Option<String> {
        let sql =
            "SELECT marker.period FROM item JOIN marker ON marker.lane = item.lane AND marker.number > item.number
                   WHERE item.id = ?1 ORDER BY marker.number LIMIT 1";
        self.region.view(node).one(sql, [document.0], |row| row.get(0)).expect("readable")
    }
}

/// I14: by the confirmations of both sides together each document is paid in one period at most; the amounts are those of the documents.
fn cleared_once(desk: &Desk, node: &str) {
    let all = documents(desk, node);
    let mut cleared: BTreeMap<Digest, String> = BTreeMap::new();
    let mut clear = |item: &Item, period: &str| {
        let before = cleared.insert(item.id, period.to_owned());
        assert_eq!(before, None, "I14: {} is cleared again in {period} at {node}", item.name);
        item.amount_fen
    };
    for row in statements::list(desk.region.view(node), ("", "", ""), ROWS).expect("readable") {
        let period = row.period.to_string();
        for (debtor, confirmation) in [(code(node), &row.own_confirmation), (row.peer, &row.their_confirmation)] {
            let Some(confirmation) = confirmation else { continue };
            let of_pair = |item: &&Item| is_between(item, &row, node) && item.debtor_node() == debtor;
            let mut sum = Fen::ZERO;
            for item in all.iter().filter(of_pair) {
                let place = Place(item.sender, item.number, item.line);
                let is_of_period = is_in(item, &row);
                if is_of_period {
                    let marked = desk.period_of(node, item.id);
                    assert_eq!(marked.as_ref(), Some(&period), "I14: {} belongs where its marker says", item.name);
                }
                let is_paid =
                    (is_of_period && !confirmation.held.contains(&place)) || confirmation.released.contains(&place);
                if is_paid {
                    sum += clear(item, &period);
                }
            }
            assert_eq!(sum, confirmation.payable_fen, "I14: {} owed by {debtor} for {period} at {node}", row.service);
        }
    }
}

fn is_between(item: &Item, row: &StatementRow, node: &str) -> bool {
    let ends = BTreeSet::from([item.sender, item.receiver]);
    item.service == row.service && ends == BTreeSet::from([code(node), row.peer])
}

fn is_in(item: &Item, row: &StatementRow) -> bool {
    let of_lane = row.own.lanes.iter().find(|lane| lane.sender == item.sender);
    of_lane.is_some_and(|lane| lane.after < item.number && item.number <= lane.up_to)
}

/// I14: what takes a document back after its period was cut belongs to a later period, names the document, and mirrors it.
fn refunded_later(play: &Play) {
    for refund in &play.refunds {
        let view = play.desk.region.view(refund.node);
        let held = |id| items::of_id(view, id).expect("readable");
        let (contra, original) = (held(refund.contra).expect("sent"), held(refund.original).expect("sent before"));
        assert_eq!(contra.of, Some(original.id), "I14: with a pointer");
        assert_eq!(contra.amount_fen, -original.amount_fen);
        let period = play.desk.period_of(refund.node, refund.contra);
        if let (Some(cut), Some(period)) = (&refund.cut, &period) {
            assert!(period > cut, "I14: {} of {cut} is refunded in {period}", original.name);
        }
    }
}

/// I14: a service is told once of each statement that it is paid, and what its two confirmations say.
fn told_once(desk: &Desk) {
    let mut told: BTreeSet<(&str, &str, String, Division)> = BTreeSet::new();
    for (node, service, cleared) in &desk.cleared {
        let period = cleared.period.to_string();
        let key = (node.as_str(), service.as_str(), period.clone(), cleared.peer);
        assert!(told.insert(key), "I14: {service} of {node} is told again of {period} with {}", cleared.peer);
        let row = desk.statement(node, service, &period, cleared.peer.as_str());
        assert_eq!(row.state, State::Closed, "I14: what counts as cleared is paid");
        let owed_by = |debtor: Division| -> Fen {
            let of: Vec<&Share> = cleared.shares.iter().filter(|share| share.debtor == debtor).collect();
            of.iter().map(|share| share.amount_fen).sum()
        };
        assert_eq!((owed_by(code(node)), owed_by(cleared.peer)), (row.payable(), row.receivable()), "I14: {period}");
    }
}

/// I15: of what was paid ahead there is left what was paid less what was taken from it, and never less than nothing; at the payer nothing
/// counts that has not arrived.
fn prepaid(play: &Play, node: &str) {
    let view = play.desk.region.view(node);
    for ((service, payer, payee), ahead) in &play.ahead {
        let Ahead { ordered, paid, arrived, used } = *ahead;
        if payer == node {
            let book = play.desk.balance(node, &["prepayment_given", service, payee]);
            assert_eq!(book, ordered - used, "I15: {service}, paid ahead by {payer} to {payee}");
            let left = exposure::exposure(view, service, code(payee)).expect("readable").prepaid_to_peer_fen.0;
            assert!(0 <= left && left <= paid - used, "I15: {payer} has {left} left of {paid} less {used}");
            assert!(left <= arrived - used, "I15: what has not arrived is not used");
        }
        if payee == node {
            let from = |row: &&huitong_clearing::query::payments::PaymentRow| {
                row.payment.service == *service && row.payment.payer == code(payer)
            };
            let taken: i64 = play.desk.payments(node).iter().filter(from).map(|row| row.prepaid_fen.0).sum();
            assert!(taken <= used, "I15: {payee} has taken {taken}, {payer} has used {used}");
            let left = exposure::exposure(view, service, code(payer)).expect("readable").prepaid_by_peer_fen.0;
            assert_eq!(left, arrived - taken, "I15: {service}, paid ahead by {payer}, left at {payee}");
            assert!(left >= 0, "I15: {payee} has taken more than {payer} paid ahead");
        }
    }
}

/// Everything that holds when nothing is on its way any more.
pub fn check_end(play: &Play) {
    let mut sums: BTreeMap<&str, Fen> = BTreeMap::new();
    let mut closed = 0;
    for node in NODES {
        let rows = statements::list(play.desk.region.view(node), ("", "", ""), ROWS).expect("readable");
        for row in rows {
            let service = SERVICES.into_iter().find(|service| *service == row.service).expect("one of them");
            *sums.entry(service).or_default() += row.receivable() - row.payable();
            closed += usize::from(!row.payable_shares.is_empty() || !row.receivable_shares.is_empty());
        }
    }
    assert!(sums.values().all(|sum| *sum == Fen::ZERO), "I13: over all nodes and periods: {sums:?}");
    assert_eq!(play.desk.cleared.len(), closed, "I14: every statement that moves money is told");
    for refund in &play.refunds {
        assert!(
            play.desk.period_of(refund.node, refund.contra).is_some(),
            "I14: what is refunded is cleared in the end"
        );
    }
    for ((service, payer, payee), ahead) in &play.ahead {
        let left = |node: &str, peer: &str| exposure::exposure(play.desk.region.view(node), service, code(peer));
        let given = left(payer, payee).expect("readable").prepaid_to_peer_fen.0;
        let got = left(payee, payer).expect("readable").prepaid_by_peer_fen.0;
        assert_eq!(
            (given, got),
            (ahead.paid - ahead.used, ahead.arrived - ahead.used),
            "I15: {service} {payer} {payee}"
        );
        assert_eq!((ahead.ordered, ahead.paid), (ahead.paid, ahead.arrived), "I15: what was ordered has arrived");
    }
}
