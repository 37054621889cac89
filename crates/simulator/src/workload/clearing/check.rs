//! What must hold of clearing at any time, whatever is under way.

use std::collections::BTreeMap;

use huitong_clearing::Clearing;
use huitong_clearing::event::BatchState;
use huitong_clearing::model::statement::State;
use huitong_clearing::query::statements::StatementRow;
use huitong_clearing::query::{batches, exposure, statements};
use huitong_kernel::division::Division;
use huitong_kernel::entry::Sequence;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::money::Fen;
use huitong_ledger::{AccountCode, book};
use huitong_service_kit::{Service, Text};
use huitong_store::{View, journal};

use super::super::{Views, readable};
use crate::region;

/// More than a run ever makes.
pub const ROWS: usize = 10_000;

#[derive(Default)]
pub struct Seen {
    /// Of closed statements: node, service, period, other jurisdiction.
    closed: BTreeMap<(usize, String, String, Division), Digest>,
    /// Journals as they were looked at last: what has not changed is not looked at again.
    heads: BTreeMap<usize, Sequence>,
}

/// The statements of a node by service, period and other jurisdiction.
pub type Statements = BTreeMap<(String, String, Division), StatementRow>;

pub fn statements_of(view: View<'_>) -> Result<Statements, String> {
    let rows = readable(statements::list(view, ("", "", ""), ROWS))?;
    Ok(rows.into_iter().map(|row| ((row.service.clone(), row.period.to_string(), row.peer), row)).collect())
}

pub fn always(views: &Views<'_>, seen: &mut Seen) -> Result<(), String> {
    let up = views.up(Clearing::NAME);
    let mut heads = BTreeMap::new();
    for (node, _) in &up {
        let Some(connection) = views.journal(*node, Clearing::NAME) else { continue };
        heads.insert(*node, readable(journal::head(connection))?.0);
    }
    if heads == seen.heads {
        return Ok(());
    }
    let mut held: BTreeMap<Division, Statements> = BTreeMap::new();
    for (node, view) in &up {
        let rows = statements_of(*view)?;
        if seen.heads.get(node) != heads.get(node) {
            let at = |fault| format!("node {node}: {fault}");
            books(*view, &rows).map_err(at)?;
            exposures(*view, region::division(*node), &rows).map_err(at)?;
            periods(*view, &rows).map_err(at)?;
            closed_stay(*node, &rows, seen).map_err(at)?;
        }
        held.insert(region::division(*node), rows);
    }
    pairs(&held)?;
    final_batches(&up)?;
    seen.heads = heads;
    Ok(())
}

fn balance(view: View<'_>, parts: &[&str]) -> Result<Fen, String> {
    let balance = readable(book::balance(view, &AccountCode::new(parts)))?;
    Ok(balance.debits_posted - balance.credits_posted)
}

/// The book adds up, and its accounts are what statements, batches and the bank say.
fn books(view: View<'_>, rows: &Statements) -> Result<(), String> {
    if !readable(huitong_ledger::report::adds_up(view))? {
        return Err("the book does not add up".to_owned());
    }
    let mut open: BTreeMap<(String, Division), (Fen, Fen)> = BTreeMap::new();
    for row in rows.values() {
        let of = open.entry((row.service.clone(), row.peer)).or_default();
        if row.state < State::Batched {
            of.0 += row.payable();
            of.1 += row.receivable();
        }
    }
    for ((service, peer), (payable, receivable)) in open {
        let booked = (
            -balance(view, &["payable", &service, peer.as_str()])?,
            balance(view, &["receivable", &service, peer.as_str()])?,
        );
        if booked != (payable, receivable) {
            return Err(format!("confirmed with {peer} {payable:?} and {receivable:?}, booked {booked:?}"));
        }
        let netting = balance(view, &["netting", &service])?;
        if netting != Fen::ZERO {
            return Err(format!("{netting:?} of {service} are between batch and payment"));
        }
    }
    let sql = "SELECT COALESCE(SUM(CASE is_credit WHEN 1 THEN amount_fen ELSE -amount_fen END), 0) FROM bank_entry";
    let entries = readable(view.one(sql, [], |row| Ok(Fen(row.get(0)?))))?.unwrap_or_default();
    let bank = balance(view, &["bank"])?;
    if entries == bank { Ok(()) } else { Err(format!("the bank's entries are {entries:?}, booked {bank:?}")) }
}

/// What is open is what all documents say, less what is closed.
fn exposures(view: View<'_>, own: Division, rows: &Statements) -> Result<(), String> {
    let sums = readable(view.all(
        "SELECT service, CASE sender WHEN ?1 THEN receiver ELSE sender END,
             COALESCE(SUM(CASE WHEN (sender = ?1) = sender_owes THEN amount_fen END), 0),
             COALESCE(SUM(CASE WHEN (sender = ?1) <> sender_owes THEN amount_fen END), 0)
         FROM item JOIN lane ON lane.lane = item.lane GROUP BY 1, 2",
        [own.as_str()],
        |row| {
            let pair = (row.get::<_, String>(0)?, row.get::<_, Text<Division>>(1)?.0);
            Ok((pair, Fen(row.get(2)?), Fen(row.get(3)?)))
        },
    ))?;
    for ((service, peer), payable, receivable) in sums {
        let closed = rows
            .values()
            .filter(|row| row.state == State::Closed && (row.service.as_str(), row.peer) == (service.as_str(), peer));
        let (mut payable, mut receivable) = (payable, receivable);
        for row in closed {
            payable -= row.payable();
            receivable -= row.receivable();
        }
        let open = readable(exposure::exposure(view, &service, peer))?;
        if (open.payable_fen, open.receivable_fen) != (payable, receivable) {
            return Err(format!("open towards {peer} is {open:?}, by documents {payable:?} and {receivable:?}"));
        }
    }
    Ok(())
}

/// A document is in one period only, and is there once.
fn periods(view: View<'_>, rows: &Statements) -> Result<(), String> {
    let sql = "SELECT hex(id) FROM item GROUP BY id HAVING COUNT(*) > 1 LIMIT 1";
    if let Some(id) = readable(view.one(sql, [], |row| row.get::<_, String>(0)))? {
        return Err(format!("document {id} is there twice"));
    }
    let mut reached: BTreeMap<(&str, Division, Division), u64> = BTreeMap::new();
    // In the order of their periods.
    for row in rows.values() {
        for lane in &row.own.lanes {
            let before = reached.entry((&row.service, row.peer, lane.sender)).or_default();
            if lane.after != *before || lane.up_to < lane.after {
                return Err(format!("{} with {}: a lane goes from {before} on, not {lane:?}", row.period, row.peer));
            }
            *before = lane.up_to;
        }
    }
    Ok(())
}

fn closed_stay(node: usize, rows: &Statements, seen: &mut Seen) -> Result<(), String> {
    for (key, row) in rows.iter().filter(|(_, row)| row.state == State::Closed) {
        let digest = HashFunction::Sha256.hash(&[format!("{row:?}").as_bytes()]);
        let (service, period, peer) = key.clone();
        let known = seen.closed.entry((node, service, period, peer)).or_insert(digest);
        if *known != digest {
            return Err(format!("the closed statement {key:?} has changed"));
        }
    }
    match seen.closed.keys().find(|(of, service, period, peer)| {
        let row = rows.get(&(service.clone(), period.clone(), *peer));
        *of == node && row.is_none_or(|row| row.state != State::Closed)
    }) {
        Some(gone) => Err(format!("{gone:?} was closed, and is not any more")),
        None => Ok(()),
    }
}

/// What two nodes hold of a period, once both say that it is the same; and what they have told each other to owe.
fn pairs(held: &BTreeMap<Division, Statements>) -> Result<(), String> {
    for (own, rows) in held {
        for ((service, period, peer), row) in rows.iter().filter(|((_, _, peer), _)| peer > own) {
            let Some(theirs) = held.get(peer) else { continue };
            let Some(other) = theirs.get(&(service.clone(), period.clone(), *own)) else { continue };
            let what = || format!("{service} {period} of {own} and {peer}");
            let is_matched = row.state >= State::Matched && other.state >= State::Matched;
            if is_matched && row.own.lanes != other.own.lanes {
                return Err(format!("{} is matched and differs: {:?}, {:?}", what(), row.own.lanes, other.own.lanes));
            }
            for (said, heard) in
                [(&row.own_confirmation, &other.their_confirmation), (&other.own_confirmation, &row.their_confirmation)]
            {
                if heard.is_some() && said != heard {
                    return Err(format!("{}: {heard:?} was heard, and {said:?} said", what()));
                }
            }
        }
    }
    Ok(())
}

/// A batch that is final is sound, and the same wherever it is final.
fn final_batches(up: &[(usize, View<'_>)]) -> Result<(), String> {
    let mut ended: BTreeMap<(String, String, String), Digest> = BTreeMap::new();
    for (node, view) in up {
        for row in readable(batches::list(*view, ("", "", "", 0), ROWS))? {
            if !matches!(row.state, BatchState::Final | BatchState::Closed) {
                continue;
            }
            let batch = &row.batch;
            let positions: Fen = batch.positions.iter().map(|(_, amount)| *amount).sum();
            let is_good = positions == Fen::ZERO && batch.is_sound() && row.digest == batch.digest();
            if !is_good {
                return Err(format!("node {node} holds an unsound batch: {row:?}"));
            }
            let key = (batch.service.clone(), batch.period.to_string(), batch.scope.clone());
            let known = ended.entry(key.clone()).or_insert(row.digest);
            if *known != row.digest {
                return Err(format!("batch {key:?} ended in two ways, one of them at node {node}"));
            }
        }
    }
    Ok(())
}
