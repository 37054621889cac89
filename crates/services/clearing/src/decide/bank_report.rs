//! A bank's report (camt.053, camt.054): each entry is matched to a payment in full or in part, is a return, or is kept for a clerk.

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, Stop, View};

use super::close::{self, Move};
use super::{Decided, send};
use crate::accounts::Postings;
use crate::command::{Reply, TakenEntry};
use crate::event::Event;
use crate::model::batch::AMOUNT_MAX;
use crate::model::message::{Message, PaymentAdvice};
use crate::model::payment::{BankEntry, Match, MatchedEntry, PaymentState, of_end_to_end};
use crate::query::payments::{self, EntryRow};
use crate::{Clearing, refusal};

/// Entries of a report at most.
pub const ENTRIES_MAX: usize = 10_000;

pub fn take(view: View<'_>, report: String, entries: Vec<BankEntry>, context: &mut Context<'_>) -> Decided {
    let is_money = |entry: &BankEntry| entry.amount_fen >= Fen::ZERO && entry.amount_fen <= AMOUNT_MAX;
    if entries.len() > ENTRIES_MAX || !entries.iter().all(is_money) {
        return Err(refusal::invalid("entries").into());
    }
    let mut taken: Vec<MatchedEntry> = Vec::new();
    let mut replies = Vec::new();
    let mut moves: BTreeMap<String, Move> = BTreeMap::new();
    let mut decision = Decision::nothing();
    for entry in entries {
        if !entry.is_booked || entry.amount_fen == Fen::ZERO {
            replies.push(TakenEntry { reference: entry.reference, result: Match::Ignored, payment: None });
            continue;
        }
        if let Some((result, payment)) = known(view, &entry, &taken, &report)? {
            replies.push(TakenEntry { reference: entry.reference, result, payment });
            continue;
        }
        let (result, payment) = matched(view, &entry, &mut moves, context)?;
        if let Some(alarm) = alarm(&entry, result) {
            decision.alarms.push(alarm);
        }
        replies.push(TakenEntry { reference: entry.reference.clone(), result, payment: payment.clone() });
        taken.push(MatchedEntry { entry, result, payment });
    }
    let transfers = postings(view, &taken, &moves, context)?;
    moves.retain(|_, moved| moved.own_fen != moved.row.own_fen || moved.is_returned);
    if !taken.is_empty() {
        decision.events.push(Event::BankReportTaken { report, entries: taken, transfers });
    }
    advise(&moves, &mut decision, context);
    close::moved(view, moves.into_values().collect(), &mut decision, context)?;
    decision.answer = Answer::Now(Reply::BankReport { entries: replies });
    Ok(decision)
}

/// The same entry again has no effect, unless its payment was not known here when it came: a bank may be faster than the way from the
/// other jurisdiction. Another one under its reference is refused.
fn known(
    view: View<'_>,
    entry: &BankEntry,
    taken: &[MatchedEntry],
    report: &str,
) -> Result<Option<(Match, Option<String>)>, Stop> {
    let here = taken.iter().find(|of| (of.entry.reference == entry.reference) && of.entry.is_credit == entry.is_credit);
    let row = payments::entry(view, &entry.reference, entry.is_credit)?;
    if here.is_none() && row.as_ref().map(|row| can_be_matched_now(view, row, entry)).transpose()? == Some(true) {
        return Ok(None);
    }
    let before = row.map(|row| (row.amount_fen, row.end_to_end, row.result, row.payment));
    let here = here.map(|of| (of.entry.amount_fen, of.entry.end_to_end.clone(), of.result, of.payment.clone()));
    match before.or(here) {
        None => Ok(None),
        Some((amount, end_to_end, result, payment))
            if (amount, &end_to_end) == (entry.amount_fen, &entry.end_to_end) =>
        {
            Ok(Some((result, payment)))
        }
        Some(_) => Err(refusal::REPORT_KNOWN.with("report", report).into()),
    }
}

/// Whether an entry was of no payment that was known, and is of one by now.
fn can_be_matched_now(view: View<'_>, row: &EntryRow, again: &BankEntry) -> Result<bool, Stop> {
    let is_same = (row.amount_fen, &row.end_to_end) == (again.amount_fen, &again.end_to_end);
    if !is_same || row.result != Match::Unknown || row.payment.is_some() {
        return Ok(false);
    }
    let Some((payment, _)) = of_end_to_end(&row.end_to_end) else { return Ok(false) };
    Ok(payments::payment(view, payment)?.is_some())
}

/// What an entry is, and how its payment moves by it.
fn matched(
    view: View<'_>,
    entry: &BankEntry,
    moves: &mut BTreeMap<String, Move>,
    context: &Context<'_>,
) -> Result<(Match, Option<String>), Stop> {
    let Some((payment, _)) = of_end_to_end(&entry.end_to_end) else { return Ok((Match::Unknown, None)) };
    if !moves.contains_key(payment) {
        let Some(row) = payments::payment(view, payment)? else { return Ok((Match::Unknown, None)) };
        moves.insert(payment.to_owned(), Move::of(row));
    }
    let moved = moves.get_mut(payment).expect("it was put there");
    let own = context.home.jurisdiction;
    let is_payer = moved.row.payment.payer == own;
    let open = moved.row.payment.amount_fen - moved.own_fen;
    let result = match (is_payer, entry.is_credit) {
        (true, true) => {
            let is_paid_out = entry.amount_fen <= moved.own_fen - moved.prepaid_fen;
            if !entry.is_return || !is_paid_out || moved.row.state == PaymentState::Closed {
                return Ok((Match::Unknown, Some(payment.to_owned())));
            }
            moved.own_fen -= entry.amount_fen;
            moved.is_returned = true;
            Match::Returned
        }
        (true, false) | (false, true) if entry.amount_fen > open => Match::Excess,
        (true, false) | (false, true) => {
            moved.own_fen += entry.amount_fen;
            if entry.amount_fen == open { Match::Full } else { Match::Partial }
        }
        // The bank takes back what it had credited.
        (false, false) => Match::Unknown,
    };
    Ok((result, Some(payment.to_owned())))
}

fn alarm(entry: &BankEntry, result: Match) -> Option<String> {
    let what = match result {
        Match::Unknown => "is of no payment of this node",
        Match::Excess => "is more than is open of its payment",
        Match::Returned => "gives a payment back; it is instructed again",
        Match::Full | Match::Partial | Match::Ignored => return None,
    };
    Some(format!("bank entry {} of {} yuan {what}", entry.reference, entry.amount_fen.yuan()))
}

fn postings(
    view: View<'_>,
    taken: &[MatchedEntry],
    moves: &BTreeMap<String, Move>,
    context: &mut Context<'_>,
) -> Result<Vec<huitong_ledger::Transfer>, Stop> {
    let own = context.home.jurisdiction;
    let mut postings = Postings::new(context);
    for MatchedEntry { entry, result, payment } in taken {
        let signed = if entry.is_credit { entry.amount_fen } else { -entry.amount_fen };
        if payments::entry(view, &entry.reference, entry.is_credit)?.is_some() {
            // It waited in suspense until its payment was known.
            postings.suspense(-signed);
        }
        let moved = payment.as_ref().and_then(|payment| moves.get(payment));
        match (result, moved) {
            (Match::Full | Match::Partial | Match::Returned, Some(moved)) => {
                let payment = &moved.row.payment;
                let amount = if *result == Match::Returned { -entry.amount_fen } else { entry.amount_fen };
                if payment.payer == own {
                    postings.bank_paid(&payment.service, payment.payee, amount);
                } else {
                    postings.bank_received(&payment.service, payment.payer, amount);
                }
            }
            _ => postings.suspense(signed),
        }
    }
    Ok(postings.transfers)
}

/// The other sides are told how much the own bank has booked.
fn advise(moves: &BTreeMap<String, Move>, decision: &mut Decision<Clearing>, context: &mut Context<'_>) {
    for moved in moves.values() {
        decision.messages.push(advice(moved, context));
    }
}

/// What the other side of a payment is told.
pub fn advice(moved: &Move, context: &mut Context<'_>) -> huitong_service_kit::Outgoing {
    let payment = &moved.row.payment;
    let other = if payment.payer == context.home.jurisdiction { payment.payee } else { payment.payer };
    let advice = PaymentAdvice { payment: payment.payment.clone(), booked_fen: moved.own_fen };
    send(context, other, Message::PaymentAdvice(advice))
}
