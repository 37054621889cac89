//! Visited: what home answered.

use huitong_service_kit::{Context, Decision, Refusal, Stop, StoreError, View};

use super::booking::booked_of;
use super::reverse::reversal;
use super::settle::correlation;
use super::{Decided, Peer, clearing, filing, parts, prepayment, reconcile, reply};
use crate::accounts;
use crate::command::{Reply, SettledReply};
use crate::event::{CallState, Event, SettlementBooked};
use crate::model::document::SettledDocument;
use crate::model::lines::hash_of;
use crate::model::message::{
    Answered, CallReference, CancelAnswer, CommitAnswer, CommitOutcome, Found, Message, Quote, ReverseAnswer,
    ReverseOutcome, VisitOpened,
};
use crate::model::reconciliation::DifferenceStep;
use crate::query::calls::{self, VisitedCall};
use crate::query::documents;
use crate::query::settlements::{self, Role, Settlement};
use crate::{Medical, refusal};

pub fn take(view: View<'_>, answer: Message, from: &Peer, context: &mut Context<'_>) -> Decided {
    // The number of a document is its place in the feed between the two medical services.
    if !from.is_medical() {
        return Err(refusal::CYCLE_CLOSED.refuse().into());
    }
    match answer {
        Message::EligibilityAnswer(answer) => Ok(told(answer, Reply::Eligible)),
        Message::FilingAnswer(answer) => filing::take(view, answer, from),
        Message::ChronicAnswer(answer) => Ok(told(answer, Reply::Registered)),
        Message::VisitAnswer(answer) => visit(view, answer, from),
        Message::QuoteAnswer(answer) => quote(view, answer, from),
        Message::CommitAnswer(answer) => commit(view, answer, from, context),
        Message::QueryAnswer(answer) => {
            let call = CallReference { institution: answer.institution, message_id: answer.message_id };
            queried(view, call, &answer.found, from, context)
        }
        Message::ReverseAnswer(answer) => reversed(view, answer, from, context),
        Message::CancelAnswer(answer) => cancelled(view, answer, from, context),
        // Questions are taken by their own files; an answer that nobody asked for has no effect.
        _ => Err(refusal::CYCLE_CLOSED.refuse().into()),
    }
}

fn told<T>(answer: Answered<T>, reply: impl FnOnce(T) -> Reply) -> Decision<Medical> {
    Decision::nothing().resolve(answer.correlation, answer.result.map(reply))
}

fn visit(view: View<'_>, answer: Answered<VisitOpened>, from: &Peer) -> Decided {
    let visit = answer.correlation.parse().map_err(|_| refusal::CYCLE_CLOSED.refuse())?;
    let known = crate::query::visits::visited_visit(view, visit)?;
    if known.is_none_or(|known| known.home != from.jurisdiction || known.state != "asked") {
        return Err(refusal::CYCLE_CLOSED.refuse().into());
    }
    Ok(match answer.result {
        Err(refusal) => {
            Decision::nothing().event(Event::VisitRefused { visit }).resolve(answer.correlation, Err(refusal))
        }
        Ok(opened) => {
            let reply = Reply::Visit { visit, number: opened.number.clone(), person: opened.person.clone() };
            Decision::nothing()
                .event(Event::VisitOpened(VisitOpened { visit, ..opened }))
                .resolve(answer.correlation, Ok(reply))
        }
    })
}

fn quote(view: View<'_>, answer: Answered<Quote>, from: &Peer) -> Decided {
    let quote = match answer.result {
        Err(refusal) => return Ok(Decision::nothing().resolve(answer.correlation, Err(refusal))),
        Ok(quote) => quote,
    };
    let mut decision = Decision::nothing();
    if let Some(event) = batch_quoted(view, &quote, from)? {
        decision = decision.event(event);
    }
    Ok(decision.resolve(answer.correlation, Ok(Reply::Quoted(Box::new(quote)))))
}

/// The offer is kept with its batch, if the batch still stands as it was offered for.
fn batch_quoted(view: View<'_>, quote: &Quote, from: &Peer) -> Result<Option<Event>, Stop> {
    let visit = from.episode;
    let Some(known) = crate::query::visits::visited_visit(view, visit)? else { return Ok(None) };
    let lines = crate::query::visits::lines(view, visit, &quote.batch)?;
    let same_lines = hash_of(&lines).map_err(StoreError::from)? == Some(quote.lines_hash);
    let fits = known.home == from.jurisdiction && known.number.as_deref() == Some(&quote.number) && same_lines;
    Ok(fits.then(|| Event::BatchQuoted { visit, batch: quote.batch.clone(), quote: quote.clone() }))
}

/// A call that home may answer: sent to that home and still open.
fn open_call(view: View<'_>, call: &CallReference, from: &Peer) -> Result<VisitedCall, Stop> {
    let known = calls::visited_call(view, call)?;
    let open = known.filter(|known| known.state.is_open() && known.home == Some(from.jurisdiction));
    Ok(open.ok_or_else(|| refusal::CYCLE_CLOSED.refuse())?)
}

fn commit(view: View<'_>, answer: CommitAnswer, from: &Peer, context: &mut Context<'_>) -> Decided {
    let call = CallReference { institution: answer.institution, message_id: answer.message_id };
    let known = open_call(view, &call, from)?;
    let waiting = correlation(&call.institution, &call.message_id);
    match answer.outcome {
        CommitOutcome::Settled(document) => {
            let decision = settlement_received(view, &call, &document, from, context)?;
            // The reversal is on its way and will be answered after this; the cashier is told then.
            if known.state == CallState::Reversing {
                return Ok(decision);
            }
            let settlement = Some(document.settlement.clone());
            let reply = Reply::Settled(Box::new(SettledReply::of(&document)));
            let ended = Event::CallEnded { call, state: CallState::Settled, settlement, code: None };
            let decision = decision.event(ended).resolve(waiting, Ok(reply));
            if document.stay.is_some_and(|stay| stay.interim) {
                return parts::part_settled(view, decision, &known, true, context);
            }
            Ok(decision)
        }
        CommitOutcome::Stale { reason, quote } => {
            let mut decision = refused(&call, &known, reason, waiting);
            if let Some(event) = batch_quoted(view, &quote, from)? {
                decision = decision.event(event);
            }
            Ok(decision)
        }
        CommitOutcome::Refused(reason) => Ok(refused(&call, &known, reason, waiting)),
    }
}

fn refused(call: &CallReference, known: &VisitedCall, reason: Refusal, waiting: String) -> Decision<Medical> {
    if known.state == CallState::Reversing {
        return Decision::nothing();
    }
    let code = Some(reason.code.clone());
    let event = Event::CallEnded { call: call.clone(), state: CallState::Refused, settlement: None, code };
    Decision::nothing().event(event).resolve(waiting, Err(reason))
}

/// The answer to the query follows the answer to the commit in the feed, so a call that is still unknown here was not
/// found there: nothing was booked, and the reversal makes sure that nothing ever will be.
fn queried(view: View<'_>, call: CallReference, found: &Found, from: &Peer, context: &mut Context<'_>) -> Decided {
    let Some(known) = calls::visited_call(view, &call)? else { return Err(refusal::CALL_UNKNOWN.refuse().into()) };
    if known.home != Some(from.jurisdiction) {
        return Err(refusal::CYCLE_CLOSED.refuse().into());
    }
    if known.state != CallState::Unknown || matches!(found, Found::Settled { .. }) {
        return Ok(Decision::nothing());
    }
    let message = reply(context, from, Message::Reverse(call.clone()));
    Ok(Decision::nothing()
        .event(Event::CallReversing { call })
        .message(message)
        .alarm("a call was not found at its home although it was delivered; it is being reversed"))
}

fn reversed(view: View<'_>, answer: ReverseAnswer, from: &Peer, context: &mut Context<'_>) -> Decided {
    let call = CallReference { institution: answer.institution, message_id: answer.message_id };
    let known = open_call(view, &call, from)?;
    let waiting = [correlation(&call.institution, &call.message_id), reversal(&call)];
    let end = |state: CallState, code: Option<String>| {
        let event = Event::CallEnded { call: call.clone(), state, settlement: known.settlement.clone(), code };
        let reply = Reply::Call { message_id: call.message_id.clone(), state };
        let [original, reversal] = waiting.clone();
        Decision::nothing()
            .event(event)
            .resolve(original, Err(refusal::CALL_REVERSED.refuse()))
            .resolve(reversal, Ok(reply))
    };
    let mut step = DifferenceStep::Resolved { contra: None };
    let mut decision = match answer.outcome {
        ReverseOutcome::Reversed(contra) => {
            let original = settlements::of_call(view, Role::Visited, &call)?;
            let received = contra_received(view, original, &contra, from, context)?;
            step = DifferenceStep::Resolved { contra: Some(contra.settlement) };
            let ended = end(CallState::Reversed, None);
            let events = received.events.into_iter().chain(ended.events).collect();
            Decision { events, messages: received.messages, alarms: received.alarms, ..ended }
        }
        ReverseOutcome::NothingBooked => end(CallState::Tombstone, None),
        ReverseOutcome::Refused(reason) => {
            // Cancelled by another way before: the books agree already. For any other reason the settlement stands.
            match settlements::of_call(view, Role::Visited, &call)? {
                Some(original) if original.state != "settled" => {
                    step = DifferenceStep::Resolved { contra: settlements::contra_of(view, &original.settlement)? };
                    end(CallState::Reversed, Some(refusal::ALREADY_CANCELLED.code.to_owned()))
                }
                _ if reason.code == refusal::ALREADY_CANCELLED.code => end(CallState::Reversed, Some(reason.code)),
                settled => {
                    let settled = settled.ok_or_else(|| refusal::CYCLE_CLOSED.refuse())?;
                    step = DifferenceStep::Refused(reason.plain());
                    stands(view, (&call, &known, settled), waiting.clone(), reason, context)?
                }
            }
        }
    };
    decision.events.extend(reconcile::answered(view, &waiting[1], &step)?);
    Ok(decision)
}

/// A reversal that home refused: what was settled stays so, and is told to the cashier; whoever waits for the reversal is told why.
fn stands(
    view: View<'_>,
    (call, known, settled): (&CallReference, &VisitedCall, Settlement),
    waiting: [String; 2],
    reason: Refusal,
    context: &mut Context<'_>,
) -> Decided {
    let document = documents::document(view, &settled)?;
    let (settlement, code) = (Some(settled.settlement), Some(reason.code.clone()));
    let event = Event::CallEnded { call: call.clone(), state: CallState::Settled, settlement, code };
    let [original, reversal] = waiting;
    let decision = Decision::nothing()
        .event(event)
        .resolve(original, Ok(Reply::Settled(Box::new(SettledReply::of(&document)))))
        .resolve(reversal, Err(reason))
        .alarm("home refused a reversal: the settlement stands, and is refunded or taken back otherwise");
    if document.stay.is_some_and(|stay| stay.interim) {
        return parts::part_settled(view, decision, known, false, context);
    }
    Ok(decision)
}

/// Home takes back only what it was asked to take back.
fn cancelled(view: View<'_>, answer: CancelAnswer, from: &Peer, context: &mut Context<'_>) -> Decided {
    let CancelAnswer { correlation, result } = answer;
    let closed = || refusal::CYCLE_CLOSED.refuse();
    let asked = calls::cancel_asked(view, &correlation)?.ok_or_else(closed)?;
    let original = settlements::settlement(view, Role::Visited, &asked)?;
    let original = original.filter(|original| original.home == from.jurisdiction).ok_or_else(closed)?;
    let ended = Event::CancelEnded { correlation: correlation.clone() };
    let (mut decision, step) = match &result {
        Ok(contra) => {
            let step = DifferenceStep::Resolved { contra: Some(contra.settlement.clone()) };
            (contra_received(view, Some(original), contra, from, context)?, step)
        }
        // Taken back in the meantime, by another question.
        Err(_) if original.state != "settled" => {
            let contra = settlements::contra_of(view, &original.settlement)?;
            (Decision::nothing(), DifferenceStep::Resolved { contra })
        }
        Err(refusal) => (Decision::nothing(), DifferenceStep::Refused(refusal.plain())),
    };
    decision.events.extend(reconcile::answered(view, &correlation, &step)?);
    let reply = result.map(|contra| Reply::Cancelled(Box::new(SettledReply::of(&contra))));
    Ok(decision.event(ended).resolve(correlation, reply))
}

/// The settlement of the call is booked, and the clearing of this node is told.
fn settlement_received(
    view: View<'_>,
    call: &CallReference,
    document: &SettledDocument,
    from: &Peer,
    context: &mut Context<'_>,
) -> Result<Decision<Medical>, Stop> {
    let is_of_call = (&document.institution, &document.message_id) == (&call.institution, &call.message_id);
    if document.contra_of.is_some() || !is_of_call {
        return Err(refusal::DOCUMENTS_DIFFER.refuse().into());
    }
    let booked = booked(view, document, from, context)?;
    received(view, booked, (document, None), from, context)
}

/// What is owed has changed: the clearing of this node is told, and the prepayment is watched.
fn received(
    view: View<'_>,
    booked: SettlementBooked,
    (document, original): (&SettledDocument, Option<&Settlement>),
    from: &Peer,
    context: &mut Context<'_>,
) -> Result<Decision<Medical>, Stop> {
    let told = clearing::told(&booked, document.care_date, original, from, context);
    let added = booked.fund_total_fen + booked.account_fen;
    let mut decision = Decision::nothing().event(Event::SettlementReceived(booked)).message(told);
    prepayment::watch(view, Role::Visited, from.jurisdiction, added, &mut decision, context)?;
    Ok(decision)
}

/// A contra takes back, to the fen, the settlement that was to be taken back, and that stands here; one of anything else would move
/// money at home's own wish.
fn contra_received(
    view: View<'_>,
    original: Option<Settlement>,
    contra: &SettledDocument,
    from: &Peer,
    context: &mut Context<'_>,
) -> Result<Decision<Medical>, Stop> {
    let differ = || refusal::DOCUMENTS_DIFFER.refuse();
    let stands = |original: &Settlement| {
        original.home == from.jurisdiction
            && original.state == "settled"
            && contra.contra_of.as_ref() == Some(&original.settlement)
    };
    let original = original.filter(stands);
    let original = original.ok_or_else(differ)?;
    if documents::document(view, &original)?.amounts.negated() != contra.amounts {
        return Err(differ().into());
    }
    let booked = booked(view, contra, from, context)?;
    received(view, booked, (contra, Some(&original)), from, context)
}

/// Funds of one document at most: sums of so many stay in range ([`huitong_kernel::money::Fen::LIMIT`]).
const FUNDS_MAX: usize = 100;

/// Visited's booking of a document: checked against the own books before anything is written.
fn booked(
    view: View<'_>,
    document: &SettledDocument,
    from: &Peer,
    context: &mut Context<'_>,
) -> Result<SettlementBooked, Stop> {
    let amounts = &document.amounts;
    let adds_up = amounts.funds.len() <= FUNDS_MAX
        && amounts.lines.total_fen == amounts.fund_total_fen + amounts.person_total_fen + amounts.hospital_share_fen
        && amounts.fund_total_fen == amounts.funds.iter().map(|fund| fund.paid_fen).sum()
        && amounts.person_total_fen == amounts.account_fen + amounts.mutual_aid_fen + amounts.cash_fen;
    let ours = document.visited == context.home.jurisdiction
        && context.directory.jurisdiction_of(document.home_area) == Some(from.jurisdiction);
    let known = settlements::settlement(view, Role::Visited, &document.settlement)?;
    if !adds_up || !ours || known.is_some() {
        return Err(refusal::DOCUMENTS_DIFFER.refuse().into());
    }
    let call = CallReference { institution: document.institution.clone(), message_id: document.message_id.clone() };
    let accounts_part = amounts.account_fen + amounts.mutual_aid_fen;
    let transfers =
        accounts::visited_postings(context, from.jurisdiction, &document.institution, &amounts.funds, accounts_part);
    Ok(SettlementBooked {
        home: from.jurisdiction,
        number: from.number,
        document: from.leaf,
        transfers,
        ..booked_of(document, call, context)
    })
}
