//! Home looks at the records behind a trip, in the writer: they came with a peer's message, which must be decided as it is recorded.
//! Of one trip these are two records and six signatures at most, about a millisecond; only an ask that waits is looked at, so no peer
//! can make home verify more than it asked for.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};
use uuid::Uuid;

use super::compare::{self, Look};
use crate::Transit;
use crate::decide::finalise::merge;
use crate::decide::publish::keeper;
use crate::decide::{Decided, clearing, publication_ask};
use crate::event::{Event, EvidenceHeld, EvidenceJudged};
use crate::model::contest::ContestReason;
use crate::model::evidence::{AskCause, Evidence, EvidenceState, ShownRecord};
use crate::model::publication::PublicationKind;
use crate::query::dated;
use crate::query::evidence::{self, EvidenceRow};
use crate::query::home_trips::{self, HomeTrip};
use crate::refusal;

/// Asks that are looked at in a tick, of those that can be and of those that are overdue.
const DUE_MAX: usize = 20;

/// The visited city's answer. The same again has no effect.
pub fn take(view: View<'_>, records: &Evidence, from: Division, context: &mut Context<'_>) -> Decided {
    let asked = evidence::ask(view, records.ask)?;
    let asked = asked.filter(|asked| asked.visited == from && asked.trip == records.trip_id);
    let asked = asked.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
    if !asked.state.awaits_records() || evidence::held(view, asked.ask)?.is_some() {
        return Ok(Decision::nothing());
    }
    looked(view, &asked, &records.records, context)
}

fn looked(view: View<'_>, asked: &EvidenceRow, records: &[ShownRecord], context: &mut Context<'_>) -> Decided {
    let trip = home_trips::trip(view, asked.trip)?.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
    let (mut decision, state) = judged(view, asked.ask, &trip, asked.cause, records, context)?;
    if let Some(contest) = asked.contest.filter(|_| state == EvidenceState::Genuine) {
        let alarm =
            format!("trip {}: its records came late and are genuine; contest {contest} was opened for them", trip.trip);
        decision.alarms.push(alarm);
    }
    Ok(decision)
}

/// What the records say of the trip, and what follows.
pub fn judged(
    view: View<'_>,
    ask: Uuid,
    trip: &HomeTrip,
    cause: AskCause,
    records: &[ShownRecord],
    context: &mut Context<'_>,
) -> Result<(Decision<Transit>, EvidenceState), Stop> {
    let (state, finding) = match compare::look(view, trip, records)? {
        Look::Found(state, finding) => (state, finding),
        Look::LacksKeySet(tap, key_set) => {
            let keeper = keeper(context);
            if keeper != context.home.jurisdiction {
                // It may be under way: feeds of two nodes are in no order to each other.
                let records = records.to_vec();
                let held = Event::EvidenceHeld(EvidenceHeld { ask, tap, key_set, keeper, records });
                let lacking = publication_ask::lacking(view, keeper, PublicationKind::KeySets, context)?;
                return Ok((lacking.event(held), EvidenceState::Asked));
            }
            (EvidenceState::NotVerified, unpublished(&tap.to_string(), key_set, keeper))
        }
    };
    Ok((found(view, ask, trip, cause, (state, finding), context)?, state))
}

fn unpublished(tap: &str, key_set: u32, keeper: Division) -> String {
    format!("the record of tap {tap} names key set {key_set}, which {keeper} has not published")
}

/// What does not hold is contested, unless it is already, and a duty officer is told.
fn found(
    view: View<'_>,
    ask: Uuid,
    trip: &HomeTrip,
    cause: AskCause,
    (state, finding): (EvidenceState, String),
    context: &mut Context<'_>,
) -> Decided {
    let mut decision = Decision::nothing();
    let mut contest = None;
    if state != EvidenceState::Genuine {
        // With the cause `contest` one is opened in this decision, or was.
        if cause != AskCause::Contest && trip.charge_fen > Fen::ZERO {
            let reason = ContestReason::NotVerified;
            if let Some((opened, by_home)) = clearing::contest::by_home(view, trip.trip, reason, &finding, context)? {
                contest = Some(opened);
                merge(&mut decision, by_home);
            }
        }
        let end = contest.map_or("no contest is opened".to_owned(), |contest| format!("contest {contest} is opened"));
        decision.alarms.push(format!("trip {} of {}: {finding}; {end}", trip.trip, trip.network));
    }
    Ok(decision.event(Event::EvidenceJudged(EvidenceJudged { ask, state, finding, contest })))
}

pub fn due(view: View<'_>, now: Instant) -> Result<Vec<Uuid>, StoreError> {
    let mut due = evidence::ready(view, DUE_MAX)?;
    due.extend(evidence::overdue(view, now, DUE_MAX)?);
    Ok(due)
}

/// The key set has come that the records name; or it has not although its keeper was asked and heard: there is none; or the visited
/// city was heard, and is silent.
pub fn pursue(view: View<'_>, ask: Uuid, context: &mut Context<'_>) -> Decided {
    let asked = evidence::ask(view, ask)?.filter(|asked| asked.state.awaits_records());
    // Else a tick before this one has seen to it.
    let Some(asked) = asked else { return Ok(Decision::nothing()) };
    let end = match evidence::held(view, ask)? {
        Some(held) if dated::key_set(view)?.is_some_and(|newest| newest.version >= held.key_set) => {
            return looked(view, &asked, &held.records, context);
        }
        Some(held) => (EvidenceState::NotVerified, unpublished(&held.tap, held.key_set, held.keeper)),
        None if asked.state == EvidenceState::Silent => return Ok(Decision::nothing()),
        None => {
            let finding = format!("its records were asked for, and did not come by {}", asked.answer_by);
            (EvidenceState::Silent, finding)
        }
    };
    let Some(trip) = home_trips::trip(view, asked.trip)? else { return Ok(Decision::nothing()) };
    found(view, ask, &trip, asked.cause, end, context)
}
