//! Two records under one number of a gate: a defect or tampering. Both are quarantined, and nothing is charged on either
//! (transit specification §6.1, §12).

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use huitong_service_kit::{Context, Decision, Stop, View};

use super::adjust::{self, Change};
use super::course::{self, Course};
use super::finalise::merge;
use super::pricing::NetworkPrices;
use crate::event::{Event, TapConflict};
use crate::model::rider::Rider;
use crate::model::tap::{TapKey, TapState};
use crate::query::taps::HeldTap;
use crate::query::trips::{self, TripRow};
use crate::verify::CheckedBatch;
use crate::{Transit, refusal};

/// What follows for the records that were held first.
pub fn decide(
    transit: &Transit,
    view: View<'_>,
    batch: &CheckedBatch,
    held: &BTreeMap<u64, HeldTap>,
    conflicts: &[TapConflict],
    context: &mut Context<'_>,
) -> Result<Decision<Transit>, Stop> {
    let mut decision = Decision::nothing();
    // Trips that rest on a record in doubt, rider by rider.
    let mut trips: BTreeMap<Rider, Vec<TripRow>> = BTreeMap::new();
    for conflict in conflicts {
        let key = TapKey { gate: batch.gate.clone(), epoch: batch.epoch, sequence: conflict.sequence };
        let known = &held[&conflict.sequence];
        let code = refusal::TAP_CONFLICT.code;
        let sentence = format!("{code}: two records under {key}: defect or tampering; the gate must begin a new epoch");
        decision.alarms.push(sentence);
        if known.state != TapState::Impossible {
            let (network, rider, reason) = (batch.network, known.rider, code.to_owned());
            decision.events.push(Event::TapDoubted { tap: key.clone(), network, rider, reason });
        }
        let row = known.trip.map(|trip| trips::trip(view, trip)).transpose()?.flatten();
        let Some(row) = row else { continue };
        let of_rider = trips.entry(row.rider).or_default();
        let is_its = trips::content(view, &row)?.taps.iter().any(|tap| tap.key == key);
        if is_its && !of_rider.contains(&row) {
            of_rider.push(row);
        }
    }
    let prices = NetworkPrices::of(transit, view, context.directory, batch.network)?;
    let Some(prices) = prices else { return Ok(decision) };
    let mut course = Course::default();
    for (rider, rows) in trips {
        course.next_rider();
        let before = course.charging.clone();
        match freed(transit, view, &prices, rider, &rows, &mut course, context) {
            Ok(freed) => merge(&mut decision, freed),
            // The gate's records are taken all the same; the trips are a clerk's.
            Err(Stop::Refused(refused)) => {
                let (code, gate) = (refused.code, &batch.gate);
                let trips: Vec<String> = rows.iter().map(|row| row.trip.to_string()).collect();
                let trips = trips.join(", ");
                decision.alarms.push(format!("{code}: trips of a rider at {gate} keep their charge: {trips}"));
                // What was refused may have been half counted; what other riders' trips have taken of their accounts stays taken.
                course.charging = before;
            }
            Err(failed) => return Err(failed),
        }
    }
    Ok(decision)
}

/// A rider's trips cost nothing; later ones follow.
fn freed(
    transit: &Transit,
    view: View<'_>,
    prices: &NetworkPrices<'_>,
    rider: Rider,
    rows: &[TripRow],
    course: &mut Course,
    context: &mut Context<'_>,
) -> Result<Decision<Transit>, Stop> {
    let mut decision = Decision::nothing();
    for row in rows {
        if row.charge_fen == Fen::ZERO {
            // A cap has left nothing of it, and what another trip costs now changes nothing on it.
            course.note(&trips::content(view, row)?);
            continue;
        }
        let adjusted = adjust::adjust_with(transit, view, row, prices, Change::Free, "tap_conflict", course, context)?;
        merge(&mut decision, adjusted);
    }
    merge(&mut decision, course::reprice_later(transit, view, prices, &rider, course, context)?);
    Ok(decision)
}
