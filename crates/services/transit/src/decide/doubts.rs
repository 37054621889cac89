//! Two records under one number of a gate: a defect or tampering. Both are quarantined, and nothing is charged on either
//! (transit specification §6.1, §12).

use std::collections::{BTreeMap, HashSet};

use huitong_kernel::money::Fen;
use huitong_service_kit::{Context, Decision, Stop, View};

use super::adjust::{self, Change};
use super::finalise::merge;
use super::pricing::NetworkPrices;
use crate::event::{Event, TapConflict};
use crate::model::tap::{TapKey, TapState};
use crate::query::taps::HeldTap;
use crate::query::trips;
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
    let mut seen = HashSet::new();
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
        if let Some(trip) = known.trip.filter(|trip| seen.insert(*trip)) {
            let row = trips::trip(view, trip)?.filter(|row| row.charge_fen > Fen::ZERO);
            let Some(row) = row else { continue };
            let is_its = trips::content(view, &row)?.taps.iter().any(|tap| tap.key == key);
            let prices = NetworkPrices::of(transit, view, context.directory, row.network)?;
            let Some(prices) = prices.filter(|_| is_its) else { continue };
            match adjust::adjust(transit, view, &row, &prices, Change::Free, "tap_conflict", context) {
                Ok(adjusted) => merge(&mut decision, adjusted),
                // The gate's records are taken all the same; the trip is a clerk's.
                Err(Stop::Refused(refused)) => {
                    decision.alarms.push(format!("{}: the trip of {key} keeps its charge", refused.code));
                }
                Err(failed) => return Err(failed),
            }
        }
    }
    Ok(decision)
}
