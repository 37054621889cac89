//! Home looks at the records behind a trip, in the writer: they came with a peer's message, which must be decided as it is recorded.
//! Of one trip these are two records and six signatures at most, about a millisecond; only an ask that waits is looked at, so no peer
//! can make home verify more than it asked for.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Context, Decision, StoreError, View};
use uuid::Uuid;

use super::compare;
use crate::decide::finalise::merge;
use crate::decide::publish::keeper;
use crate::decide::{Decided, clearing, publication_ask};
use crate::event::{Event, EvidenceJudged};
use crate::model::contest::ContestReason;
use crate::model::evidence::{AskCause, Evidence, EvidenceState};
use crate::model::publication::PublicationKind;
use crate::query::evidence;
use crate::query::home_trips::{self, HomeTrip};
use crate::refusal;

/// Asks that are found overdue in a tick.
const OVERDUE_MAX: usize = 20;

/// The visited city's answer. The same again has no effect.
pub fn take(view: View<'_>, records: &Evidence, from: Division, context: &mut Context<'_>) -> Decided {
    let asked = evidence::ask(view, records.ask)?;
    let asked = asked.filter(|asked| asked.visited == from && asked.trip == records.trip_id);
    let asked = asked.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
    if !asked.state.awaits_records() {
        return Ok(Decision::nothing());
    }
    let keeper = keeper(context);
    if keeper != context.home.jurisdiction && compare::names_later_key_set(view, records)? {
        // What the keeper published may be under way still: the records are asked for again when it is here. A city that names a set
        // which nobody published is as good as silent.
        return publication_ask::lacking(view, keeper, PublicationKind::KeySets, context);
    }
    let trip = home_trips::trip(view, asked.trip)?.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
    let mut decision = judged(view, asked.ask, &trip, asked.cause, records, context)?;
    let is_genuine = |event: &Event| matches!(event, Event::EvidenceJudged(it) if it.state == EvidenceState::Genuine);
    if let Some(contest) = asked.contest.filter(|_| decision.events.iter().any(is_genuine)) {
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
    records: &Evidence,
    context: &mut Context<'_>,
) -> Decided {
    let (state, finding) = compare::look(view, trip, records)?;
    found(view, ask, trip, cause, (state, finding), context)
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
    evidence::overdue(view, now, OVERDUE_MAX)
}

/// The visited city is silent.
pub fn overdue(view: View<'_>, ask: Uuid, context: &mut Context<'_>) -> Decided {
    let asked = evidence::ask(view, ask)?.filter(|asked| asked.state == EvidenceState::Asked);
    // Else a tick before this one has seen to it.
    let Some(asked) = asked else { return Ok(Decision::nothing()) };
    let Some(trip) = home_trips::trip(view, asked.trip)? else { return Ok(Decision::nothing()) };
    let finding = format!("its records were asked for, and did not come by {}", asked.answer_by);
    found(view, ask, &trip, asked.cause, (EvidenceState::Silent, finding), context)
}
