//! Confirming (确认): a debtor says what it owes of a statement. What is contested or differs is left out; what has been decided since
//! an earlier confirmation comes in.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::clearing::{ClearingRule, Period};
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::Share;
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, Stop, View};

use super::{Decided, batch, clocks, send, statement};
use crate::accounts::Postings;
use crate::command::Reply;
use crate::event::{Confirmed, Event};
use crate::model::message::Message;
use crate::model::statement::{Confirmation, HELD_MAX, NUMBER_MAX, Place, Shares, State, Statement};
use crate::query::items::{Item, ShareKey};
use crate::query::statements::{self, StatementRow};
use crate::query::{contests, items, lanes};
use crate::{Clearing, refusal};

/// A statement that both sides hold alike.
pub struct Subject<'a> {
    pub peer: Division,
    pub rule: &'a ClearingRule,
    pub own: &'a Statement,
    pub shares: &'a Shares,
}

impl Subject<'_> {
    fn of(row: &StatementRow) -> Subject<'_> {
        Subject { peer: row.peer, rule: &row.rule, own: &row.own, shares: &row.shares }
    }
}

pub fn by_clerk(view: View<'_>, service: &str, period: Period, peer: Division, context: &mut Context<'_>) -> Decided {
    let row = statements::statement(view, service, period, peer)?;
    let row = row.ok_or_else(|| refusal::STATEMENT_UNKNOWN.refuse())?;
    if row.own_confirmation.is_some() {
        return Err(refusal::CONFIRMED_ALREADY.refuse().into());
    }
    if row.state != State::Matched {
        return Err(refusal::NOT_MATCHED.refuse().into());
    }
    let mut decision = Decision::nothing();
    let made = confirm(view, &Subject::of(&row), row.their_confirmation.as_ref(), &mut decision, context)?;
    decision.answer = Answer::Now(Reply::Confirmed { payable_fen: made.payable_fen, held: made.held.len() });
    Ok(decision)
}

/// This node confirms what it owes.
pub fn confirm(
    view: View<'_>,
    subject: &Subject<'_>,
    theirs: Option<&Confirmation>,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<Confirmation, Stop> {
    let own = context.home.jurisdiction;
    let held = held_back(view, subject, context)?;
    if held.len() > HELD_MAX {
        return Err(refusal::TOO_MANY_HELD.with("limit", HELD_MAX).into());
    }
    let mut released = Vec::new();
    for row in statements::held(view, &subject.own.service, subject.peer, true)?.into_iter().take(HELD_MAX) {
        let item = at(view, subject, row.place, context)?;
        let is_free = item.map(|item| contests::is_held(view, item.id)).transpose()?.is_some_and(|is_held| !is_held);
        if is_free {
            released.push(row.place);
        }
    }
    let sums = sums(view, subject, own, &held, &released, context)?;
    let confirmation = Confirmation {
        service: subject.own.service.clone(),
        period: subject.own.period,
        held,
        held_fen: sums.held_fen.iter().copied().sum(),
        released,
        released_fen: sums.released_fen,
        payable_fen: sums.payable_fen,
    };
    let message = Message::Confirmation(confirmation.clone());
    decision.messages.push(send(context, subject.peer, message));
    note(view, subject, (&confirmation, sums), true, theirs, decision, context)?;
    Ok(confirmation)
}

/// The documents of the period that this node owes and does not pay now.
fn held_back(view: View<'_>, subject: &Subject<'_>, context: &Context<'_>) -> Result<Vec<Place>, Stop> {
    let own = context.home.jurisdiction;
    let mut places = BTreeSet::new();
    for (place, _) in contests::open_of(view, &subject.own.service, subject.own.period, subject.peer)? {
        places.insert(place);
    }
    for document in contests::service_holds(view, &subject.own.service)? {
        let Some(item) = items::of_id(view, document)? else { continue };
        let of_pair = [item.sender, item.receiver].iter().all(|end| [own, subject.peer].contains(end));
        if item.service == subject.own.service && of_pair {
            places.insert(Place(item.sender, item.number, item.line));
        }
    }
    let mut held = Vec::new();
    for place in places {
        if let Some(item) = at(view, subject, place, context)?
            && is_payable(view, subject, &item, own)?
        {
            held.push(place);
        }
    }
    Ok(held)
}

/// Whether a document of the period is owed by `debtor` and the same on both sides: only such a one can be held back. What gives
/// money back cannot.
fn is_payable(view: View<'_>, subject: &Subject<'_>, item: &Item, debtor: Division) -> Result<bool, Stop> {
    let lane = subject.own.lanes.iter().find(|lane| lane.sender == item.sender);
    let is_in = lane.is_some_and(|lane| item.number > lane.after && item.number <= lane.up_to);
    let of = statement::lane_of(&subject.own.service, subject.own.period, item.sender);
    let differs = statements::differs(view, &of, subject.peer, item.number, item.line)?;
    Ok(is_in && !differs && item.debtor_node() == debtor && item.amount_fen > Fen::ZERO)
}

fn at(
    view: View<'_>,
    subject: &Subject<'_>,
    Place(sender, number, line): Place,
    context: &Context<'_>,
) -> Result<Option<Item>, Stop> {
    let own = context.home.jurisdiction;
    let receiver = if sender == own { subject.peer } else { own };
    let Some(lane) = lanes::lane(view, &subject.own.service, sender, receiver)? else { return Ok(None) };
    Ok(items::at(view, lane.lane, number, line)?)
}

struct Sums {
    held_fen: Vec<Fen>,
    released_fen: Fen,
    payable_fen: Fen,
    shares: Vec<Share>,
}

/// What `debtor` owes of a statement with these documents held back and released; refused where a place is none of such.
fn sums(
    view: View<'_>,
    subject: &Subject<'_>,
    debtor: Division,
    held: &[Place],
    released: &[Place],
    context: &Context<'_>,
) -> Result<Sums, Stop> {
    let own = context.home.jurisdiction;
    let wrong = || Stop::from(refusal::CONFIRMATION_WRONG.refuse());
    let mut shares: BTreeMap<ShareKey, Fen> = BTreeMap::new();
    for share in if debtor == own { &subject.shares.own } else { &subject.shares.theirs } {
        shares.insert((share.creditor, share.debtor, share.part.clone()), share.amount_fen);
    }
    let mut change = |item: &Item, sign: i64| {
        for (key, amount) in item.shares() {
            *shares.entry(key).or_default() += Fen(amount.0 * sign);
        }
    };
    let mut payable_fen = subject.own.owed_by(debtor);
    for (sender, difference) in statements::differences(view, &subject.own.service, subject.own.period, subject.peer)? {
        let item = at(view, subject, Place(sender, difference.number, difference.line), context)?;
        if let Some(item) = item.filter(|item| item.debtor_node() == debtor) {
            payable_fen -= item.amount_fen;
            change(&item, -1);
        }
    }
    let mut held_fen = Vec::new();
    let mut seen = BTreeSet::new();
    for place in held {
        let item = at(view, subject, *place, context)?.ok_or_else(wrong)?;
        if !seen.insert(*place) || !is_payable(view, subject, &item, debtor)? {
            return Err(wrong());
        }
        payable_fen -= item.amount_fen;
        held_fen.push(item.amount_fen);
        change(&item, -1);
    }
    let known = statements::held(view, &subject.own.service, subject.peer, debtor == own)?;
    let mut released_fen = Fen::ZERO;
    for place in released {
        let item = at(view, subject, *place, context)?.ok_or_else(wrong)?;
        if !seen.insert(*place) || !known.iter().any(|row| row.place == *place) {
            return Err(wrong());
        }
        payable_fen += item.amount_fen;
        released_fen += item.amount_fen;
        change(&item, 1);
    }
    Ok(Sums { held_fen, released_fen, payable_fen, shares: statement::shares_of(shares) })
}

/// The other side's confirmation: it follows from what is held here, or is refused.
pub fn take(view: View<'_>, theirs: Confirmation, from: Division, context: &mut Context<'_>) -> Decided {
    let row = statements::statement(view, &theirs.service, theirs.period, from)?;
    let row = row.ok_or_else(|| refusal::STATEMENT_UNKNOWN.refuse())?;
    if let Some(known) = &row.their_confirmation {
        return if *known == theirs {
            Ok(Decision::nothing())
        } else {
            Err(refusal::CONFIRMED_ALREADY.refuse().into())
        };
    }
    if row.state != State::Matched {
        return Err(refusal::NOT_MATCHED.refuse().into());
    }
    let is_sane = |Place(_, number, _): &Place| *number <= NUMBER_MAX;
    let is_short = theirs.held.len() <= HELD_MAX && theirs.released.len() <= HELD_MAX;
    if !is_short || !theirs.held.iter().chain(&theirs.released).all(is_sane) {
        return Err(refusal::CONFIRMATION_WRONG.refuse().into());
    }
    let subject = Subject::of(&row);
    let sums = sums(view, &subject, from, &theirs.held, &theirs.released, context)?;
    let told = (theirs.held_fen, theirs.released_fen, theirs.payable_fen);
    if told != (sums.held_fen.iter().copied().sum(), sums.released_fen, sums.payable_fen) {
        return Err(refusal::CONFIRMATION_WRONG.refuse().into());
    }
    let mut decision = Decision::nothing();
    note(view, &subject, (&theirs, sums), false, row.own_confirmation.as_ref(), &mut decision, context)?;
    Ok(decision)
}

/// Books a confirmation; with the second one the statement goes on to its batch.
fn note(
    view: View<'_>,
    subject: &Subject<'_>,
    (confirmation, sums): (&Confirmation, Sums),
    is_own: bool,
    other: Option<&Confirmation>,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let (service, peer) = (&subject.own.service, subject.peer);
    let mut postings = Postings::new(context);
    if is_own {
        postings.owed(service, peer, confirmation.payable_fen);
    } else {
        postings.claimed(service, peer, confirmation.payable_fen);
    }
    let transfers = postings.transfers;
    decision.events.push(Event::Confirmed(Box::new(Confirmed {
        peer,
        confirmation: confirmation.clone(),
        is_own,
        held: sums.held_fen,
        is_complete: other.is_some(),
        shares: sums.shares.clone(),
        transfers,
    })));
    let Some(other) = other else { return Ok(()) };
    clocks::stop(decision, clocks::statement(service, subject.own.period, peer));
    let (payable, receivable) = if is_own { (confirmation, other) } else { (other, confirmation) };
    let ready = batch::Ready {
        service,
        period: subject.own.period,
        peer,
        rule: subject.rule,
        payable_fen: payable.payable_fen,
        receivable_fen: receivable.payable_fen,
        just: (is_own, sums.shares),
    };
    batch::confirmed(view, &ready, decision, context)
}
