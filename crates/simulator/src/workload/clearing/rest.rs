//! What must hold of clearing when all is healed and quiet.

use std::collections::{BTreeMap, BTreeSet};

use huitong_clearing::Clearing;
use huitong_clearing::event::BatchState;
use huitong_clearing::model::batch::REGION;
use huitong_clearing::model::contest::ContestState;
use huitong_clearing::model::payment::PaymentState;
use huitong_clearing::model::statement::State;
use huitong_clearing::query::payments::PaymentRow;
use huitong_clearing::query::{batches, contests, payments};
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_service_kit::{Service, Text};
use huitong_store::View;

use super::super::{Views, readable};
use super::bank::Bank;
use super::check::{ROWS, Statements, statements_of};
use crate::region;

pub fn at_rest(views: &Views<'_>, bank: &Bank) -> Result<(), String> {
    let mut held: BTreeMap<Division, Statements> = BTreeMap::new();
    for (node, view) in views.up(Clearing::NAME) {
        let at = |fault| format!("node {node}: {fault}");
        nothing_open(view).map_err(at)?;
        let rows = statements_of(view)?;
        for service in rows.keys().map(|(service, ..)| service.as_str()).collect::<BTreeSet<_>>() {
            let Some(books) = views.of(node, service) else { continue };
            told_what_is_closed(&rows, service, books).map_err(at)?;
        }
        held.insert(region::division(node), rows);
    }
    statements_agree(&held)?;
    batches_agree(views)?;
    contests_agree(views)?;
    payments_agree(views, bank)
}

/// Nothing is looked into any more, nothing differs, and nothing was refused: neither by clearing, nor what clearing told.
fn nothing_open(view: View<'_>) -> Result<(), String> {
    let sql = "SELECT 'span ' || period || ' ' || peer FROM open_span UNION ALL
               SELECT 'difference ' || period || ' ' || peer || ' ' || class FROM difference UNION ALL
               SELECT 'refused ' || feed || ' ' || number || ' ' || code FROM unread_message LIMIT 1";
    let found = readable(view.one(sql, [], |row| row.get::<_, String>(0)))?;
    found.map_or(Ok(()), Err)
}

/// A service has booked as cleared what clearing has closed, between the same divisions.
fn told_what_is_closed(rows: &Statements, service: &str, books: View<'_>) -> Result<(), String> {
    let mut closed: BTreeMap<(Division, Division), Fen> = BTreeMap::new();
    for row in rows.values().filter(|row| row.service == service && row.state == State::Closed) {
        for share in row.payable_shares.iter().chain(&row.receivable_shares) {
            *closed.entry((share.creditor, share.debtor)).or_default() += share.amount_fen;
        }
    }
    let sql = "SELECT creditor, debtor, SUM(amount_fen) FROM cleared_share GROUP BY creditor, debtor";
    let booked = readable(books.all(sql, [], |row| {
        let pair = (row.get::<_, Text<Division>>(0)?.0, row.get::<_, Text<Division>>(1)?.0);
        Ok((pair, Fen(row.get(2)?)))
    }))?;
    let mut booked: BTreeMap<_, _> = booked.into_iter().collect();
    closed.retain(|_, amount| *amount != Fen::ZERO);
    booked.retain(|_, amount| *amount != Fen::ZERO);
    if closed != booked {
        return Err(format!("clearing has closed {closed:?}, {service} has booked {booked:?}"));
    }
    let sql = "SELECT feed || ' ' || number || ' ' || code FROM unread_message WHERE feed LIKE '%/clearing>%' LIMIT 1";
    let refused = readable(books.one(sql, [], |row| row.get::<_, String>(0)))?;
    refused.map_or(Ok(()), |what| Err(format!("{service} has refused {what}")))
}

/// Every statement has its other side, which says the same and stands at the same step, as far as two sides have one.
fn statements_agree(held: &BTreeMap<Division, Statements>) -> Result<(), String> {
    for (own, rows) in held {
        for ((service, period, peer), row) in rows {
            let what = || format!("{service} {period} of {own} towards {peer}");
            let other = held.get(peer).and_then(|rows| rows.get(&(service.clone(), period.clone(), *own)));
            let Some(other) = other else { return Err(format!("{} has no other side", what())) };
            let confirmed = (&row.own_confirmation, &row.their_confirmation);
            if row.own.lanes != other.own.lanes || row.state < State::Matched {
                return Err(format!("{} is {:?}: {:?}, {:?}", what(), row.state, row.own.lanes, other.own.lanes));
            }
            if confirmed != (&other.their_confirmation, &other.own_confirmation) {
                return Err(format!("{}: {confirmed:?}, the other {other:?}", what()));
            }
            // Declared and closed are steps of one side.
            let step = |state: State| match state {
                State::Confirmed | State::Declared => State::Confirmed,
                State::Batched | State::Closed => State::Batched,
                state => state,
            };
            if step(row.state) != step(other.state) {
                return Err(format!("{} is {:?} here, and {:?} there", what(), row.state, other.state));
            }
        }
    }
    Ok(())
}

/// Whoever takes part in a batch that has ended has it so.
fn batches_agree(views: &Views<'_>) -> Result<(), String> {
    let mut ended: BTreeMap<(String, String, String), BTreeSet<Division>> = BTreeMap::new();
    for (node, view) in views.up(Clearing::NAME) {
        for row in readable(batches::list(view, ("", "", "", 0), ROWS))? {
            if matches!(row.state, BatchState::Final | BatchState::Closed) {
                let key = (row.batch.service, row.batch.period.to_string(), row.batch.scope);
                ended.entry(key).or_default().insert(region::division(node));
            }
        }
    }
    for (key, holders) in ended {
        let is_all = |division: &Division| key.2 == REGION || key.2.contains(division.as_str());
        let all: BTreeSet<Division> = (0..region::DIVISIONS.len()).map(region::division).filter(is_all).collect();
        if holders != all {
            return Err(format!("batch {key:?} has ended at {holders:?} only"));
        }
    }
    Ok(())
}

fn contests_agree(views: &Views<'_>) -> Result<(), String> {
    for (node, view) in views.up(Clearing::NAME) {
        for row in readable(contests::list(view, "", ROWS))? {
            let Some(peer) = views.of(region::node_of(row.peer), Clearing::NAME) else { continue };
            let other = readable(contests::contest(peer, row.contest.contest))?.map(|other| other.state);
            let is_same = other == Some(row.state) || (other.is_none() && row.state == ContestState::Refused);
            if !is_same {
                let id = row.contest.contest;
                return Err(format!("contest {id} is {:?} at node {node}, and {other:?} at {}", row.state, row.peer));
            }
        }
    }
    Ok(())
}

/// Both sides know every payment alike, and what both banks have booked is closed.
fn payments_agree(views: &Views<'_>, bank: &Bank) -> Result<(), String> {
    for (node, view) in views.up(Clearing::NAME) {
        let own = region::division(node);
        for row in readable(payments::list(view, "", ROWS))? {
            let PaymentRow { payment, own_fen, their_fen, prepaid_fen, .. } = &row;
            let is_payer = payment.payer == own;
            let peer = if is_payer { payment.payee } else { payment.payer };
            let Some(peer) = views.of(region::node_of(peer), Clearing::NAME) else { continue };
            let other = readable(payments::payment(peer, &payment.payment))?;
            let Some(other) = other else { return Err(format!("one side only knows of {payment:?}")) };
            let theirs = (other.their_fen, other.own_fen, other.prepaid_fen, &other.payment);
            if theirs != (*own_fen, *their_fen, *prepaid_fen, payment) {
                return Err(format!("{row:?} at node {node}, {other:?} at the other side"));
            }
            let (paid, received) = bank.booked.get(&payment.payment).copied().unwrap_or_default();
            let booked = if is_payer { paid } else { received } - early(view, &payment.payment)?;
            if booked + *prepaid_fen != *own_fen {
                return Err(format!("the bank of node {node} has booked {booked:?} of {row:?}"));
            }
            let is_paid = [own_fen, their_fen].iter().all(|booked| **booked == payment.amount_fen);
            if is_paid != (row.state == PaymentState::Closed) {
                return Err(format!("the banks have booked all of {row:?}"));
            }
        }
    }
    Ok(())
}

/// What the bank booked before the payment was known here, and nobody has handed in again.
fn early(view: View<'_>, payment: &str) -> Result<Fen, String> {
    let sql =
        "SELECT COALESCE(SUM(amount_fen), 0) FROM bank_entry WHERE result = 'unknown' AND end_to_end LIKE ?1 || '%'";
    Ok(readable(view.one(sql, [payment], |row| Ok(Fen(row.get(0)?))))?.unwrap_or_default())
}

/// What happened at all, over all nodes.
pub fn effects(views: &Views<'_>) -> Result<Vec<(&'static str, u64)>, String> {
    const COUNTED: [(&str, &str); 9] = [
        ("periods cut early", "period_cut WHERE reason = 'clerk'"),
        ("periods cut by the clock", "period_cut WHERE reason = 'over'"),
        ("cuts of others followed", "period_cut WHERE reason = 'peer'"),
        ("clearing statements confirmed", "statement WHERE own_confirmation IS NOT NULL AND payable_fen > 0"),
        ("documents held back", "held WHERE own_debt = 1"),
        ("clearing contests ended", "contest WHERE own_debt = 1 AND is_open = 0"),
        ("payments returned", "bank_entry WHERE result = 'returned'"),
        ("payments closed", "payment WHERE state = 'closed' AND kind = 'clearing'"),
        ("regional batches ended", "batch WHERE scope = 'region' AND state IN ('final', 'closed')"),
    ];
    let up = views.up(Clearing::NAME);
    let mut counts = Vec::new();
    for (name, of) in COUNTED {
        let mut sum = 0;
        for (_, view) in &up {
            let count = view.one(&format!("SELECT COUNT(*) FROM {of}"), [], |row| row.get::<_, u64>(0));
            sum += readable(count)?.unwrap_or(0);
        }
        counts.push((name, sum));
    }
    Ok(counts)
}
