//! A claimed fare against the pack that the trip names: what home checks before it pays, and auditors afterwards (J3).

use huitong_kernel::money::Fen;
use huitong_service_kit::{Directory, StoreError, View};

use super::assemble::ABOVE_LIMIT;
use super::pricing::{NetworkPrices, Tariff};
use crate::Transit;
use crate::model::fare::charge::provisional;
use crate::model::fare::ride::{Fare, Ride};
use crate::model::trip::{TripFinal, TripKind};

/// The fare recomputed from the pack that the trip names (J3); the evidence if it differs.
pub fn wrong_fare(
    transit: &Transit,
    view: View<'_>,
    trip: &TripFinal,
    directory: &dyn Directory,
) -> Result<Option<String>, StoreError> {
    if trip.flags.iter().any(|flag| flag.starts_with("order:") || flag == "fare_mismatch") {
        // An operator's order or a clerk's case only ever lowers what is claimed.
        return over_max(transit, view, trip, directory);
    }
    let Some(prices) = NetworkPrices::of(transit, view, directory, trip.network)? else {
        return Ok(Some("network not published".to_owned()));
    };
    let Some(tariff) = prices.named(&trip.pack, trip.travel_day)? else {
        return Ok(Some("pack not published".to_owned()));
    };
    let expected = match (trip.kind, trip.provisional) {
        (TripKind::EntryOnly, true) => Some(provisional(tariff.max_fare)),
        (TripKind::ExitOnly, true) => exit_only(trip, &tariff),
        _ => recomputed(trip, &tariff),
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
    if trip.fare.adds_up() && trip.fare.discounts.iter().all(|line| named(&line.name)) {
        Ok(None)
    } else {
        Ok(Some("discounts are not those of the pack".to_owned()))
    }
}

fn over_max(
    transit: &Transit,
    view: View<'_>,
    trip: &TripFinal,
    directory: &dyn Directory,
) -> Result<Option<String>, StoreError> {
    let Some(prices) = NetworkPrices::of(transit, view, directory, trip.network)? else {
        return Ok(Some("network not published".to_owned()));
    };
    let max = prices.named(&trip.pack, trip.travel_day)?.map_or(Fen::ZERO, |tariff| tariff.max_fare);
    Ok((trip.charge_fen() > max).then(|| format!("more than the highest fare {max}")))
}

fn exit_only(trip: &TripFinal, tariff: &Tariff) -> Option<Fare> {
    let tap = trip.taps.first()?;
    tariff.exit_only(tap.station, tap.at)
}

/// The fare by the trip's own places and times. What depends on the rider's other trips is the visited city's word.
fn recomputed(trip: &TripFinal, tariff: &Tariff) -> Option<Fare> {
    let (first, second) = (trip.taps.first()?, trip.taps.get(1));
    let ride = Ride {
        from: trip.from?,
        to: trip.to?,
        line: (trip.kind == TripKind::SingleTap).then_some(first.line),
        entry: first.at,
        exit: second.map_or(first.at, |tap| tap.at),
        account_type: trip.account_type,
    };
    tariff.fare(&ride, &[])
}
