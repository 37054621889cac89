//! Trips at the visited city: J1, J3, J4 and J12, as the journal holds them, entry by entry.

use std::collections::BTreeMap;

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_service_kit::{StoreError, params};

use super::{Audit, Place};
use crate::decide::claimed_fare;
use crate::event::{Event, FinalTrip};
use crate::model::message::TripAdjust;
use crate::model::settlement::Document;
use crate::model::trip::{RIDER_COMPLETION, TripFinal, TripState};
use crate::query::entry_events;

pub fn check(place: &Place<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    contents(place, audit)?;
    for (trip, history) in histories(place, audit)? {
        history.check(trip, place, audit)?;
    }
    let view = place.view;
    audit.none(
        view,
        "J4",
        "charged otherwise than claimed, and no adjustments say so",
        "SELECT lower(hex(trip)) FROM trip WHERE charge_fen <> original_fen + IFNULL((SELECT SUM(change_fen)
             FROM trip_adjust WHERE trip_adjust.trip = trip.trip), 0) LIMIT 1000",
    )?;
    audit.none(
        view,
        "J4",
        "an order's list names an adjustment of it that was not made, or another change",
        "SELECT lower(hex(trip)) FROM order_trip WHERE adjust_id IS NOT NULL AND NOT EXISTS
             (SELECT 1 FROM trip_adjust WHERE trip_adjust.adjust_id = order_trip.adjust_id
              AND trip_adjust.trip = order_trip.trip AND trip_adjust.change_fen = order_trip.change_fen) LIMIT 1000",
    )?;
    audit.none(
        view,
        "J4",
        "an order made it free, and the order's list does not name it",
        "SELECT lower(hex(trip)) FROM trip WHERE state = 'cancelled' AND reason LIKE 'order:%' AND NOT EXISTS
             (SELECT 1 FROM order_trip WHERE order_trip.order_id = substr(trip.reason, 7)
              AND order_trip.trip = trip.trip) LIMIT 1000",
    )?;
    audit.none(
        view,
        "J1",
        "claimed from home and no document of it, or another amount",
        "SELECT lower(hex(trip)) FROM trip WHERE receiver IS NOT NULL AND NOT EXISTS
             (SELECT 1 FROM document WHERE document.receiver = trip.receiver AND document.booking_day = trip.booking_day
              AND document.id = trip.trip AND document.amount_fen = trip.original_fen
              AND document.issuer IN (SELECT DISTINCT issuer FROM document_day)) LIMIT 1000",
    )
}

/// Rows of trips whose content one entry holds: charge and state.
type Rows = BTreeMap<Digest, (i64, String)>;

/// The latest content of every trip, against its row; each entry is read once.
fn contents(place: &Place<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    let (mut current, mut rows, mut seen): (u64, Rows, u64) = (0, Rows::new(), 0);
    place.view.each("SELECT entry, trip, charge_fen, state FROM trip ORDER BY entry", [], |row| {
        let entry = row.get(0)?;
        if entry != current {
            seen += content(place, current, std::mem::take(&mut rows), audit)?;
            current = entry;
        }
        rows.insert(Digest(row.get(1)?), (row.get(2)?, row.get(3)?));
        Ok(())
    })?;
    seen += content(place, current, rows, audit)?;
    if seen != audit.trips {
        audit.note("J1", "trips", format!("{} in the view, {seen} found in the journal", audit.trips));
    }
    Ok(())
}

/// The trips of an entry; gives how many of the rows it holds.
fn content(place: &Place<'_>, entry: u64, mut rows: Rows, audit: &mut Audit) -> Result<u64, StoreError> {
    if rows.is_empty() {
        return Ok(0);
    }
    let mut seen = 0;
    let mut check = |trip: &TripFinal, is_original: bool| -> Result<(), StoreError> {
        let Some((charge, state)) = rows.remove(&trip.trip_id) else { return Ok(()) };
        seen += 1;
        if charge != trip.charge_fen().0 {
            audit.note("J4", trip.trip_id, format!("the view says {charge}, the journal {}", trip.charge_fen().0));
        }
        audit.trip(trip, is_original);
        let is_claimed = !matches!(TripState::parse(&state), Some(TripState::WrittenOff | TripState::Cancelled));
        if is_original && is_claimed {
            fare(place, trip, audit)?;
        }
        Ok(())
    };
    for event in entry_events(place.view, entry)? {
        match event {
            Event::TripsFinal(trips) => trips.trips.iter().try_for_each(|found| check(&found.trip, true))?,
            Event::TripAdjusted { adjust, .. } => check(&adjust.trip, false)?,
            _ => {}
        }
    }
    rows.into_keys().for_each(|trip| audit.note("J1", trip, format!("entry {entry} does not hold it")));
    Ok(seen)
}

/// J3: the fare once more, from the pack that the trip names.
pub fn fare(place: &Place<'_>, trip: &TripFinal, audit: &mut Audit) -> Result<(), StoreError> {
    if let Some(evidence) = claimed_fare::wrong_fare(place.transit, place.view, trip, place.directory)? {
        audit.note("J3", trip.trip_id, evidence);
    }
    Ok(())
}

/// A trip that was adjusted, as the journal tells it.
#[derive(Default)]
struct History {
    original: Option<FinalTrip>,
    /// By their numbers.
    adjusts: BTreeMap<u32, (TripAdjust, Option<Document>)>,
}

/// Trips that were adjusted: few of all, and only for them the journal is searched for what they were first.
fn histories(place: &Place<'_>, audit: &mut Audit) -> Result<BTreeMap<Digest, History>, StoreError> {
    let view = place.view;
    let mut histories: BTreeMap<Digest, History> = BTreeMap::new();
    let of_adjusts = view.all("SELECT trip, number, entry FROM trip_adjust ORDER BY entry", [], |row| {
        Ok((Digest(row.get(0)?), row.get::<_, u32>(1)?, row.get::<_, u64>(2)?))
    })?;
    for (trip, number, entry) in of_adjusts {
        let found = entry_events(view, entry)?.into_iter().find_map(|event| match event {
            Event::TripAdjusted { adjust, document } if adjust.trip_id == trip && adjust.number == number => {
                Some((*adjust, document))
            }
            _ => None,
        });
        match found {
            Some(found) => drop(histories.entry(trip).or_default().adjusts.insert(number, found)),
            None => audit.note("J4", trip, format!("entry {entry} does not hold adjustment {number}")),
        }
    }
    if histories.is_empty() {
        return Ok(histories);
    }
    let finals = view.all(
        "SELECT sequence FROM journal WHERE kind = 'decision'
             AND instr(bytes, CAST('transit.trips_final.v1' AS BLOB)) > 0 ORDER BY sequence",
        [],
        |row| row.get::<_, u64>(0),
    )?;
    for entry in finals {
        for event in entry_events(view, entry)? {
            let Event::TripsFinal(trips) = event else { continue };
            for found in trips.trips {
                if let Some(history) = histories.get_mut(&found.trip.trip_id) {
                    history.original = Some(found);
                }
            }
        }
    }
    Ok(histories)
}

impl History {
    /// Each change follows from the one before it, has its document where home was asked, and its price.
    fn check(&self, trip: Digest, place: &Place<'_>, audit: &mut Audit) -> Result<(), StoreError> {
        let Some(original) = &self.original else {
            audit.note("J1", trip, "it was adjusted, and never final");
            return Ok(());
        };
        audit.trip(&original.trip, true);
        let is_claimed = original.state == TripState::Priced;
        if is_claimed {
            fare(place, &original.trip, audit)?;
        }
        let first = original.trip.charge_fen();
        let (mut before, mut highest) = (&original.trip, first);
        for (expected, (number, (adjust, document))) in (1..).zip(&self.adjusts) {
            let charge = adjust.trip.charge_fen();
            let follows = *number == expected
                && adjust.change_fen == charge - before.charge_fen()
                && adjust.delta_fen == charge - first;
            if !follows {
                audit.note("J4", trip, format!("adjustment {number} does not follow from what was in force"));
            }
            if *adjust.trip == *before {
                audit.note("J4", trip, format!("adjustment {number} changes nothing"));
            }
            if is_claimed {
                changed_fare(place, adjust, highest, audit)?;
            }
            match document {
                Some(document) => held(place, adjust, document, audit)?,
                None => undocumented(place, adjust, audit)?,
            }
            (before, highest) = (&adjust.trip, highest.max(charge));
        }
        Ok(())
    }
}

/// A missing side that was found is priced by the pack; what people decide only ever lowers what was in force.
fn changed_fare(place: &Place<'_>, adjust: &TripAdjust, highest: Fen, audit: &mut Audit) -> Result<(), StoreError> {
    let is_decided = !matches!(adjust.reason.as_str(), "late_tap" | RIDER_COMPLETION);
    if is_decided && adjust.trip.charge_fen() <= highest {
        return Ok(());
    }
    fare(place, &adjust.trip, audit)
}

/// The document that an adjustment names is held with its amount.
fn held(place: &Place<'_>, adjust: &TripAdjust, document: &Document, audit: &mut Audit) -> Result<(), StoreError> {
    let amount = place.view.one(
        "SELECT amount_fen FROM document WHERE issuer = ?1 AND receiver = ?2 AND booking_day = ?3 AND id = ?4",
        params![document.issuer.as_str(), document.receiver.as_str(), document.booking_day.to_string(), document.id.0],
        |row| row.get::<_, i64>(0),
    )?;
    if amount != Some(adjust.change_fen.0) {
        let (number, change) = (adjust.number, adjust.change_fen);
        audit.note("J4", adjust.trip_id, format!("adjustment {number} of {change} has no document of that amount"));
    }
    Ok(())
}

/// Nothing is claimed of a trip that is cancelled or written off; any other change needs its document.
fn undocumented(place: &Place<'_>, adjust: &TripAdjust, audit: &mut Audit) -> Result<(), StoreError> {
    let state = place
        .view
        .one("SELECT state FROM trip WHERE trip = ?1", params![adjust.trip_id.0], |row| row.get::<_, String>(0))?;
    if !matches!(state.as_deref(), Some("cancelled" | "written_off")) {
        audit.note("J4", adjust.trip_id, format!("adjustment {} has no document", adjust.number));
    }
    Ok(())
}
