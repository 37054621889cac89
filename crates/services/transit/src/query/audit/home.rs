//! Trips at home: J1, J3, J4, J8 and J12.

use std::collections::BTreeSet;

use huitong_kernel::hash::Digest;
use huitong_service_kit::{StoreError, View, params};

use super::{Audit, Place, trips};
use crate::model::tap::Direction;
use crate::model::trip::{TapEvidence, TripFinal, trip_id};
use crate::query::json;

pub fn check(place: &Place<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    let view = place.view;
    // By its claim or by an adjustment of it.
    let contested = view.all(
        "SELECT IFNULL((SELECT trip FROM document WHERE document.id = contest.document AND kind <> 'trip'),
             contest.document) FROM contest",
        [],
        |row| Ok(Digest(row.get(0)?)),
    )?;
    let contested: BTreeSet<Digest> = contested.into_iter().collect();
    view.each("SELECT text, charge_fen, adjusts, original_fen FROM home_trip", [], |row| {
        let trip: TripFinal = json(&row.get::<_, String>(0)?)?;
        let (charge, adjusts, original): (i64, u32, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
        if charge != trip.charge_fen().0 {
            audit.note("J4", trip.trip_id, format!("home holds {charge} for {}", trip.charge_fen().0));
        }
        audit.trip(&trip, adjusts == 0);
        if contested.contains(&trip.trip_id) {
            return Ok(());
        }
        if adjusts == 0 {
            trips::fare(place, &trip, audit)?;
        }
        // What an adjustment has made free lets go of its codes: another trip may have its taps.
        if adjusts > 0 && charge == 0 { Ok(()) } else { codes(view, &trip, charge > original, audit) }
    })?;
    audit.none(
        view,
        "J4",
        "home charges otherwise than claimed, and no adjustments say so",
        "SELECT lower(hex(trip)) FROM home_trip WHERE charge_fen <> original_fen + IFNULL((SELECT SUM(change_fen)
             FROM home_adjust WHERE home_adjust.trip = home_trip.trip), 0) LIMIT 1000",
    )?;
    audit.none(
        view,
        "J4",
        "home has adjusted it, and no document of that amount",
        "SELECT lower(hex(trip)) FROM home_adjust WHERE NOT EXISTS
             (SELECT 1 FROM document WHERE document.trip = home_adjust.trip AND document.kind = 'adjust'
              AND document.amount_fen = home_adjust.change_fen) LIMIT 1000",
    )?;
    audit.none(
        view,
        "J1",
        "charged more than once",
        "SELECT reference FROM ledger_transfer WHERE reference IN (SELECT lower(hex(trip)) FROM home_trip)
             AND credit LIKE 'payable/%' GROUP BY reference HAVING COUNT(*) > 1 LIMIT 1000",
    )
}

/// J8: over all cities, a code is paid once a direction. A trip that was merged into another costs nothing any more; and nothing is
/// paid for the code of a tap that came late and made its trip no dearer.
fn codes(view: View<'_>, trip: &TripFinal, is_dearer: bool, audit: &mut Audit) -> Result<(), StoreError> {
    let claimed_alone = trip.taps.iter().find(|tap| !is_dearer && is_whole_claim(trip, tap));
    for tap in trip.taps.iter().filter(|tap| claimed_alone.is_none_or(|claimed| claimed.key == tap.key)) {
        let payer = view.one(
            "SELECT trip, EXISTS (SELECT 1 FROM home_trip WHERE home_trip.trip = home_code_use.trip AND charge_fen = 0)
             FROM home_code_use WHERE replay_key = ?1 AND direction = ?2",
            params![tap.replay_key.0, tap.direction.number()],
            |row| Ok((Digest(row.get(0)?), row.get::<_, bool>(1)?)),
        )?;
        if payer.is_none_or(|(payer, costs_nothing)| payer != trip.trip_id && !costs_nothing) {
            audit.note("J8", trip.trip_id, format!("home pays the code of {} with another trip", tap.key));
        }
    }
    Ok(())
}

/// Whether a trip was claimed with this tap alone: what it has besides, an adjustment added.
fn is_whole_claim(trip: &TripFinal, tap: &TapEvidence) -> bool {
    let hash = Some(tap.hash);
    trip.trip_id == if tap.direction == Direction::Out { trip_id(None, hash) } else { trip_id(hash, None) }
}
