//! A claimed fare against the pack that the trip names: what home checks before it pays, and auditors afterwards (J3).

use huitong_kernel::money::Fen;
use huitong_service_kit::{Directory, StoreError, View};

use super::assemble::ABOVE_LIMIT;
use super::pricing::{NetworkPrices, Tariff};
use crate::Transit;
use crate::model::fare::charge::provisional;
use crate::model::fare::ride::{Fare, Ride};
use crate::model::matching::SingleReason;
use crate::model::order::{FreeExitRule, OrderKind, ServiceOrder};
use crate::model::trip::{TripFinal, TripKind};
use crate::query::dated;

/// The fare recomputed from the pack that the trip names (J3); the evidence if it differs.
pub fn wrong_fare(
    transit: &Transit,
    view: View<'_>,
    trip: &TripFinal,
    directory: &dyn Directory,
) -> Result<Option<String>, StoreError> {
    if !trip.fare.adds_up() || trip.charge_fen().is_negative() {
        return Ok(Some("the charge is not nominal − discounts + overstay".to_owned()));
    }
    if trip.flags.iter().any(|flag| flag == SingleReason::FareMismatch.name()) {
        // A clerk's case: nothing is claimed on two taps that contradict each other.
        let is_free = trip.fare.nominal_fen == Fen::ZERO && trip.charge_fen() == Fen::ZERO;
        return Ok((!is_free).then(|| "taps that contradict each other cost nothing".to_owned()));
    }
    let Some(prices) = NetworkPrices::of(transit, view, directory, trip.network)? else {
        return Ok(Some("network not published".to_owned()));
    };
    let Some(tariff) = prices.named(&trip.pack, trip.travel_day)? else {
        return Ok(Some("pack not published".to_owned()));
    };
    let expected = match trip.flags.iter().find_map(|flag| flag.strip_prefix("order:")) {
        Some(order) => match dated::order(view, trip.network, order)? {
            Some(order) => ordered(trip, &order, &prices, &tariff),
            None => return Ok(Some(format!("order {order} not published"))),
        },
        None => match (trip.kind, trip.provisional) {
            (TripKind::EntryOnly, true) => Some(provisional(tariff.max_fare)),
            (TripKind::ExitOnly, true) => exit_only(trip, &tariff),
            _ => recomputed(trip, &tariff),
        },
    };
    let expected = expected.map(|fare| (fare.nominal_fen, fare.overstay_fen));
    // At the limit the charge for the stay is cut too.
    let is_cut = |stay: Fen| trip.fare.overstay_fen < stay && trip.charge_fen() == trip.limit_fen;
    let fits = |(nominal, stay): (Fen, Fen)| {
        nominal == trip.fare.nominal_fen && (stay == trip.fare.overstay_fen || is_cut(stay))
    };
    if !expected.is_some_and(fits) {
        return Ok(Some(format!("nominal {} claimed, the pack says {expected:?}", trip.fare.nominal_fen)));
    }
    let named = |name: &str| name == ABOVE_LIMIT || tariff.pack.reductions().any(|known| known == name);
    let is_named = trip.fare.discounts.iter().all(|line| named(&line.name));
    Ok((!is_named).then(|| "discounts are not those of the pack".to_owned()))
}

/// What a trip costs that a free-exit order ended; `None` if the order cannot have ended it.
fn ordered(trip: &TripFinal, order: &ServiceOrder, prices: &NetworkPrices<'_>, tariff: &Tariff) -> Option<Fare> {
    let entry = trip.taps.first().filter(|_| trip.kind == TripKind::EntryOnly)?;
    let limit = entry.at + prices.parameters().trip_limit();
    let ends_it = order.kind == OrderKind::FreeExit && order.given_to() > entry.at && order.from <= limit;
    if !ends_it || order.station != trip.to {
        return None;
    }
    match order.rule {
        FreeExitRule::Zero => Some(Fare::flat(0, Fen::ZERO)),
        FreeExitRule::ToStation if trip.to.is_some() => recomputed(trip, tariff),
        // Also where no station says whereto.
        FreeExitRule::Minimum | FreeExitRule::ToStation => tariff.lowest(&Ride {
            from: entry.station,
            to: entry.station,
            line: None,
            entry: entry.at,
            exit: entry.at,
            account_type: trip.account_type,
        }),
    }
}

fn exit_only(trip: &TripFinal, tariff: &Tariff) -> Option<Fare> {
    let tap = trip.taps.first()?;
    tariff.exit_only(tap.station, tap.at)
}

/// The fare by the trip's own places and times. What depends on the rider's other trips is the visited city's word.
fn recomputed(trip: &TripFinal, tariff: &Tariff) -> Option<Fare> {
    tariff.fare(&trip.ride()?, &[])
}
