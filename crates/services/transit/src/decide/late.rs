//! Taps that came after their trip was final: it gets them by an adjustment (transit specification §6.2), and what holds for
//! taps in time holds for them: orders, risks, limits.

use huitong_service_kit::{Context, Decision, Stop, View};

use super::adjust::{self, Change, Tapped};
use super::course::Course;
use super::finalise::{fault_order, merge};
use super::order_fault::{GATE_FAULT, adjustment};
use super::pricing::NetworkPrices;
use super::settled::{Around, Meaning};
use crate::Transit;
use crate::event::Event;
use crate::model::matching::Matched;
use crate::model::rider::Rider;
use crate::model::tap::{Ride, TapKey};

/// The reason of the adjustments by which two single-sided trips become one.
const MERGED: &str = "merged";

/// What late taps mean for the final trips of a rider.
pub struct LateTaps<'l, 'p> {
    pub transit: &'l Transit,
    pub view: View<'l>,
    pub prices: &'l NetworkPrices<'p>,
    pub around: &'l Around,
    pub rider: Rider,
}

impl LateTaps<'_, '_> {
    pub fn decide(
        &self,
        meaning: Meaning,
        matched: &Matched,
        course: &mut Course,
        context: &mut Context<'_>,
    ) -> Result<Decision<Transit>, Stop> {
        let mut taps: Vec<TapKey> = Vec::new();
        taps.extend(self.around.open_of(matched).into_iter().map(|tap| self.around.rides[tap].tap.key.clone()));
        let (trip, mut decision) = match meaning {
            Meaning::New | Meaning::Nothing => return Ok(Decision::nothing()),
            Meaning::Extra { trip } => (trip, Decision::nothing()),
            Meaning::Mismatch { trip } => return self.mismatch(trip, course, context),
            Meaning::Completed { trip, tap } => {
                (trip, self.completed(trip, &self.around.rides[tap], "late_tap", course, context)?)
            }
            Meaning::Merged { entry, exit } => {
                let Some(ride) = self.around.tap_of(exit) else { return Ok(Decision::nothing()) };
                taps.push(ride.tap.key.clone());
                // In this order: home pays for a code once, so the other trip must let go of it first.
                let mut decision = self.adjust(exit, Change::Free, MERGED, course, context)?;
                merge(&mut decision, self.completed(entry, ride, MERGED, course, context)?);
                (entry, decision)
            }
        };
        if !taps.is_empty() {
            let trip = self.around.trips[trip].trip;
            decision.events.push(Event::TapsJoined { trip, network: self.prices.network, rider: self.rider, taps });
        }
        Ok(decision)
    }

    fn adjust(
        &self,
        trip: usize,
        change: Change,
        reason: &str,
        course: &mut Course,
        context: &mut Context<'_>,
    ) -> Result<Decision<Transit>, Stop> {
        let row = &self.around.trips[trip];
        adjust::adjust_with(self.transit, self.view, row, self.prices, change, reason, course, context)
    }

    /// The other side of a trip came: priced as a pair, or free for the reasons that make a pair free.
    fn completed(
        &self,
        trip: usize,
        ride: &Ride,
        reason: &str,
        course: &mut Course,
        context: &mut Context<'_>,
    ) -> Result<Decision<Transit>, Stop> {
        let Some(known) = self.around.tap_of(trip) else { return Ok(Decision::nothing()) };
        let order = fault_order(self.prices, &[&known.tap, &ride.tap])?;
        let is_own_risk = known.own_risk || ride.own_risk;
        let reason = match order {
            Some(_) => GATE_FAULT,
            None if is_own_risk => "own_risk",
            None => reason,
        };
        let free = order.is_some() || is_own_risk;
        let tapped = Tapped { tap: ride.tap.clone(), known: known.tap.clone(), free };
        let mut decision = self.adjust(trip, Change::Tapped(Box::new(tapped)), reason, course, context)?;
        if let Some((order, touched)) = order.zip(adjustment(&decision)) {
            decision.events.push(Event::OrderTouched { order, trips: vec![touched] });
        }
        Ok(decision)
    }

    /// Two taps contradict each other: nothing is charged until a clerk has looked.
    fn mismatch(&self, trip: usize, course: &mut Course, context: &mut Context<'_>) -> Result<Decision<Transit>, Stop> {
        if self.around.trips[trip].charge_fen.0 == 0 {
            return Ok(Decision::nothing());
        }
        self.adjust(trip, Change::Mismatch, "fare_mismatch", course, context)
    }
}
