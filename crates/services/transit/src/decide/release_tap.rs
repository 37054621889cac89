//! A clerk takes a record out of quarantine (transit specification §13.3): it was verified again, and is matched as any late tap.
//!
//! Only doubts about age, station or an order are a clerk's to judge, and which of two records under one number is the true one.
//! A code that does not verify is never released.

use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, Refusal, Stop, StoreError, View};
use huitong_transit_code::Reason;
use huitong_transit_code::gate::FLAG_OVER_LIMIT;

use super::Decided;
use super::take_taps::{AHEAD_MAX, Place, Taking, due};
use crate::command::{ReleaseWish, Reply};
use crate::event::{Event, TapReleased};
use crate::model::network::StationId;
use crate::model::tap::{TapKey, TapState};
use crate::query::station_days::counted_at;
use crate::query::taps::{self, TapRow};
use crate::query::{decided_at, gates, records};
use crate::verify::{CheckedRecord, Outcome, Verified};
use crate::{Transit, refusal};

/// Whether a clerk may judge why the record is in quarantine.
fn is_releasable(reason: &str) -> bool {
    [refusal::TAP_IMPOSSIBLE.code, refusal::TAP_CONFLICT.code, Reason::Closed.name()].contains(&reason)
}

pub fn decide(transit: &Transit, view: View<'_>, wish: &ReleaseWish, context: &mut Context<'_>) -> Decided {
    let key = &wish.tap;
    let gate = gates::gate(view, &key.gate)?.ok_or_else(|| refusal::GATE_UNKNOWN.refuse().at_field("gate"))?;
    if gate.operator != context.principal.participant {
        return Err(refusal::NOT_THE_OPERATOR.refuse().at_field("gate").into());
    }
    let row = taps::tap(view, key)?.ok_or_else(|| refusal::TAP_UNKNOWN.refuse())?;
    check(view, &row, wish)?;
    let (record, verified) = verified(wish, &row)?;
    if (record.at - context.now).0 > AHEAD_MAX.0.max(record.uncertainty.0) {
        return Err(refusal::TAP_NOT_RELEASABLE.with("reason", refusal::TAP_IMPOSSIBLE.code).into());
    }
    let place = Place::read(transit, view, gate, &wish.checked, context)?;
    let station = station(&place, record, wish.station)?;
    let mut taking = Taking::new(view, &place);
    let ride = taking.ride_at(record, verified, station, context)?;
    let mut ride = ride.map_err(|reason| refusal::TAP_NOT_RELEASABLE.with("reason", reason))?;
    if taking.is_short(&ride.tap)? {
        ride.tap.flags |= FLAG_OVER_LIMIT;
    }
    let parameters = &place.parameters;
    let state = match taps::code_use(view, &ride.tap)? {
        Some(user) if user != *key => TapState::Passback,
        _ if parameters.business_day(ride.tap.at) < parameters.business_day(context.now) => TapState::Late,
        _ => TapState::Accepted,
    };
    // A final trip keeps what it has, and what was decided on it.
    let is_open = state.counts() && row.trip.is_none();
    let arrived = decided_at(view, row.entry)?;
    let released = TapReleased {
        tap: key.clone(),
        network: place.network_of(),
        state,
        due: is_open.then(|| due(&ride.tap, parameters, context.now)),
        ride,
        clerk: context.principal.id.clone(),
        reason: wish.reason.clone(),
        counted_as: counted_as(view, &row)?,
        counted_on: counted_at(row.at, arrived).business_date(),
        counted_at: row.station,
    };
    // What is booked from now on rests on the record: its bytes are held as long as others of this day.
    let bytes = records::join([record.bytes.as_slice()]);
    let mut decision = Decision::nothing().event(Event::TapReleased(Box::new(released))).attach(bytes);
    decision.answer = Answer::Now(Reply::Released { tap: key.to_string(), state });
    Ok(decision)
}

/// Whether the record is one that a clerk may release, and the one that is meant.
fn check(view: View<'_>, row: &TapRow, wish: &ReleaseWish) -> Result<(), Stop> {
    if row.state != TapState::Impossible {
        return Err(refusal::TAP_NOT_QUARANTINED.refuse().into());
    }
    let reason = row.reason.as_deref().unwrap_or_default();
    if !is_releasable(reason) {
        return Err(refusal::TAP_NOT_RELEASABLE.with("reason", reason).into());
    }
    let TapKey { gate, epoch, sequence } = &row.key;
    let has_other = !taps::conflicts(view, gate, *epoch, *sequence, *sequence)?.is_empty();
    match wish.record {
        None if has_other => Err(refusal::FIELD_MISSING.with("field", "record").at_field("record").into()),
        Some(hash) if hash != row.hash => Err(refusal::invalid("record").into()),
        _ => Ok(()),
    }
}

/// The record as it is held, if its code verifies still.
fn verified<'w>(wish: &'w ReleaseWish, row: &TapRow) -> Result<(&'w CheckedRecord, &'w Verified), Refusal> {
    let refuse = |reason: &str| refusal::TAP_NOT_RELEASABLE.with("reason", reason);
    let record = wish.checked.records.first().filter(|record| record.hash == row.hash);
    let record = record.ok_or_else(|| refuse(Reason::Chain.name()))?;
    match &record.outcome {
        Outcome::Verified(verified) => Ok((record, verified)),
        Outcome::NotVerified(reason) => Err(refuse(reason.name())),
        Outcome::NotOpened => Err(refuse(record.gate_reason.name())),
    }
}

/// The station that the record or its gate names; the clerk's only where neither is on the map.
fn station(place: &Place, record: &CheckedRecord, named: Option<StationId>) -> Result<StationId, Refusal> {
    let is_known = |station: StationId| place.network.as_ref().is_some_and(|map| map.station(station).is_some());
    match (place.station(record), named) {
        (Some(known), None) => Ok(known),
        (Some(known), Some(named)) if known == named => Ok(known),
        (Some(_), Some(_)) => Err(refusal::invalid("station")),
        (None, Some(named)) if is_known(named) => Ok(named),
        (None, named) => {
            let station = named.unwrap_or(record.station);
            Err(refusal::STATION_UNKNOWN.with("station", station).at_field("station"))
        }
    }
}

/// The figure of its station in which the record counts: of one that was doubted later, what it was before.
fn counted_as(view: View<'_>, row: &TapRow) -> Result<TapState, StoreError> {
    let is_doubted = row.reason.as_deref() == Some(refusal::TAP_CONFLICT.code);
    let before = if is_doubted { taps::state_before_doubt(view, &row.key, row.entry)? } else { None };
    Ok(before.unwrap_or(row.state))
}
