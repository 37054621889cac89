//! The visited city hands over the records of a trip's taps, as gates sent them: of each trip, as home knows it, once a day. Home, which
//! asks no sooner, has its answer; asks beyond that would only make this node's journal grow.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_service_kit::{Context, Decision, StoreError, View, attachment};

use crate::decide::{Decided, node_of, send};
use crate::event::Event;
use crate::model::evidence::{Evidence, EvidenceAsk, SHOWN_AGAIN, ShownRecord};
use crate::model::message::Message;
use crate::query::trips::TripRow;
use crate::query::{evidence, taps, trips};

/// A node is told of its own riders' trips only: of another one there are no records, and nothing is remembered.
pub fn answer(view: View<'_>, ask: EvidenceAsk, from: Division, context: &mut Context<'_>) -> Decided {
    let EvidenceAsk { ask, trip_id, adjusts } = ask;
    let row = trips::trip(view, trip_id)?.filter(|row| node_of(context, row.home) == Some(from));
    let mut decision = Decision::nothing();
    let mut records = Vec::new();
    if let Some(row) = row {
        // Home cannot know more of them than there are: the numbers that it may name are few.
        let adjusts = adjusts.min(row.adjusts);
        let shown = evidence::shown(view, trip_id, from, adjusts)?;
        if shown.is_some_and(|at| at + SHOWN_AGAIN > context.now) {
            return Ok(decision);
        }
        decision.events.push(Event::EvidenceShown { trip: trip_id, home: from, adjusts });
        records = of_trip(view, &row)?;
        decision.alarms.extend(lost(view, &records)?);
    }
    let message = Message::Evidence(Evidence { ask, trip_id, records });
    Ok(decision.message(send(context, from, message)))
}

/// The records of the taps that an own city's trip has now.
pub fn records(view: View<'_>, trip: Digest) -> Result<Vec<ShownRecord>, StoreError> {
    trips::trip(view, trip)?.map_or(Ok(Vec::new()), |row| of_trip(view, &row))
}

/// Home is told that a record is not there and contests the trip; a duty officer here is told, if no decision erased it.
fn lost(view: View<'_>, records: &[ShownRecord]) -> Result<Vec<String>, StoreError> {
    let mut lost = Vec::new();
    for ShownRecord { tap, .. } in records.iter().filter(|shown| shown.record.is_none()) {
        if let Some(held) = taps::tap(view, tap)?
            && !attachment::is_erased(view, held.record_entry)?
        {
            lost.push(format!("the record of tap {tap} was lost: it is asked for, and no decision erased it"));
        }
    }
    Ok(lost)
}

fn of_trip(view: View<'_>, row: &TripRow) -> Result<Vec<ShownRecord>, StoreError> {
    let mut records = Vec::new();
    for tap in trips::content(view, row)?.taps {
        if let Some(held) = taps::tap(view, &tap.key)? {
            let record = taps::record(view, &held)?.map(|bytes| STANDARD.encode(bytes));
            records.push(ShownRecord { record, tap: tap.key });
        }
    }
    Ok(records)
}
