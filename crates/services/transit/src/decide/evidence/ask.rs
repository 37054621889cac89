//! Home asks for the records behind a trip: when a clerk wants them or contests the trip; by itself for one of so many claims, drawn by
//! chance so that no city can tell which, and for every claim on an account that was in two cities at once.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};

use super::{answer, judge};
use crate::command::Reply;
use crate::decide::finalise::merge;
use crate::decide::{Decided, send};
use crate::event::{Event, EvidenceAsked};
use crate::model::evidence::{AskCause, EVIDENCE_WITHIN, EvidenceAsk, EvidenceState, SHOWN_AGAIN};
use crate::model::message::Message;
use crate::model::rider::AccountToken;
use crate::model::trip::TripFinal;
use crate::query::evidence::{self, EvidenceRow};
use crate::query::home_trips::{self, HomeTrip};
use crate::{Transit, refusal};

/// A trip is over within this time: an exit belongs to no entry of the day before.
const TRIP_MAX: DurationMs = DurationMs::days(1);

/// A clerk asks. What was asked and not answered yet, or found genuine as the trip stands, is not asked again; what was found otherwise
/// not on the same day, on which the visited city would show nothing else.
pub fn by_clerk(view: View<'_>, trip: Digest, context: &mut Context<'_>) -> Decided {
    let known = home_trips::trip(view, trip)?.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse().at_field("trip"))?;
    if let Some(last) = evidence::of_trip(view, trip)?.into_iter().next().filter(|last| stands(last, &known, context)) {
        let EvidenceRow { ask, state, answer_by, .. } = last;
        return Ok(Decision::reply(Reply::EvidenceAsked { ask, state, answer_by }));
    }
    let (mut decision, asked, state) = of_trip(view, &known, AskCause::Clerk, context)?;
    decision.answer = Answer::Now(Reply::EvidenceAsked { ask: asked.ask, state, answer_by: asked.answer_by });
    Ok(decision)
}

/// An answer may come still, or nothing else can be said of the trip today.
fn stands(last: &EvidenceRow, trip: &HomeTrip, context: &Context<'_>) -> bool {
    let is_fresh = last.judged_at.is_some_and(|at| at + SHOWN_AGAIN > context.now);
    last.state.awaits_records() || last.adjusts == trip.adjusts && (last.state == EvidenceState::Genuine || is_fresh)
}

/// A clerk contests a document of the trip: its records are looked at too.
pub fn of_contest(transit: &Transit, view: View<'_>, trip: Digest, context: &mut Context<'_>) -> Decided {
    let known = home_trips::trip(view, trip)?.filter(|_| transit.evidence_one_in > 0);
    let Some(known) = known else { return Ok(Decision::nothing()) };
    if evidence::of_trip(view, trip)?.first().is_some_and(|last| stands(last, &known, context)) {
        return Ok(Decision::nothing());
    }
    Ok(of_trip(view, &known, AskCause::Contest, context)?.0)
}

/// What home asks by itself when it owes a claim, or more of one. `adjusts`: of the trip, this change included.
pub fn of_claim(
    transit: &Transit,
    view: View<'_>,
    trip: &TripFinal,
    adjusts: u32,
    payer: &AccountToken,
    visited: Division,
    context: &mut Context<'_>,
) -> Decided {
    let mut decision = Decision::nothing();
    if transit.evidence_one_in == 0 || trip.charge_fen() == Fen::ZERO {
        return Ok(decision);
    }
    let elsewhere = elsewhere(view, payer, trip)?;
    // Of its own cities' trips this node has verified the codes when they came.
    let own = context.home.jurisdiction;
    if visited != own {
        let is_drawn = context.random.below(u64::from(transit.evidence_one_in)) == 0;
        let cause = if elsewhere.is_empty() { is_drawn.then_some(AskCause::Sample) } else { Some(AskCause::Overlap) };
        let last = evidence::of_trip(view, trip.trip_id)?.into_iter().next().map(|last| last.state);
        // Who takes a claim back when it is asked for, and claims it anew afterwards, is asked again.
        let was_not_genuine = last.is_some_and(|last| last != EvidenceState::Genuine);
        let cause = cause.or(was_not_genuine.then_some(AskCause::Sample));
        let is_open = last == Some(EvidenceState::Asked);
        if let Some(cause) = cause.filter(|_| !is_open) {
            merge(&mut decision, sent(trip.trip_id, adjusts, visited, cause, context).0);
        }
    }
    for other in elsewhere.iter().filter(|other| other.visited != own) {
        if evidence::of_trip(view, other.trip)?.is_empty() {
            merge(&mut decision, sent(other.trip, other.adjusts, other.visited, AskCause::Overlap, context).0);
        }
    }
    Ok(decision)
}

/// Trips in other cities at the time of this one that are paid: nobody is in two cities at once.
fn elsewhere(view: View<'_>, payer: &AccountToken, trip: &TripFinal) -> Result<Vec<HomeTrip>, StoreError> {
    let ended = |trip: &TripFinal| trip.taps.iter().map(|tap| tap.at).max().unwrap_or(trip.began());
    let from = Instant(trip.began().0 - TRIP_MAX.0);
    let mut found = home_trips::paid_elsewhere(view, payer, trip.network, from, ended(trip))?;
    let mut error = None;
    found.retain(|other| match other.content() {
        Ok(content) => ended(&content) >= trip.began(),
        Err(failed) => {
            error = Some(failed);
            false
        }
    });
    error.map_or(Ok(found), Err)
}

/// A trip that home holds. Of a city of this node the records are at hand, and are looked at at once.
fn of_trip(
    view: View<'_>,
    trip: &HomeTrip,
    cause: AskCause,
    context: &mut Context<'_>,
) -> Result<(Decision<Transit>, EvidenceAsked, EvidenceState), Stop> {
    let own = context.home.jurisdiction;
    if trip.visited != own {
        let (decision, asked) = sent(trip.trip, trip.adjusts, trip.visited, cause, context);
        return Ok((decision, asked, EvidenceState::Asked));
    }
    let asked = asked(trip.trip, trip.adjusts, own, cause, context);
    let records = answer::records(view, trip.trip)?;
    let mut decision = Decision::nothing().event(Event::EvidenceAsked(asked));
    let (judged, state) = judge::judged(view, asked.ask, trip, cause, &records, context)?;
    merge(&mut decision, judged);
    Ok((decision, asked, state))
}

fn asked(trip: Digest, adjusts: u32, visited: Division, cause: AskCause, context: &mut Context<'_>) -> EvidenceAsked {
    let answer_by = context.now + EVIDENCE_WITHIN;
    EvidenceAsked { ask: context.new_uuid(), trip, visited, cause, adjusts, answer_by }
}

fn sent(
    trip: Digest,
    adjusts: u32,
    visited: Division,
    cause: AskCause,
    context: &mut Context<'_>,
) -> (Decision<Transit>, EvidenceAsked) {
    let asked = asked(trip, adjusts, visited, cause, context);
    let message = Message::EvidenceAsk(EvidenceAsk { ask: asked.ask, trip_id: trip, adjusts });
    (Decision::nothing().event(Event::EvidenceAsked(asked)).message(send(context, visited, message)), asked)
}
