//! A trip from its taps: its fare with the reasons, at the visited city.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_transit_code::gate::{FLAG_CLOCK, FLAG_DENY_STALE, FLAG_FREE_EXIT, FLAG_OVER_LIMIT};

use super::pricing::{Tariff, ride};
use crate::model::fare::charge::provisional;
use crate::model::fare::ride::{EarlierTrip, Fare, Ride as FareRide};
use crate::model::matching::SingleReason;
use crate::model::network::StationId;
use crate::model::order::{FreeExitRule, ServiceOrder};
use crate::model::parameters::Parameters;
use crate::model::rider::Rider;
use crate::model::tap::{Direction, Tap};
use crate::model::trip::{Completion, TapEvidence, TripFinal, TripKind, trip_id};

/// Charged no more than the code's limit allows: the rest is the city's (risk rule c).
pub const ABOVE_LIMIT: &str = "above_limit";
pub const OVERSTAY: &str = "overstay";
/// The pack has no fare for the trip.
pub const NO_FARE: &str = "no_fare";

/// What a trip is made from.
pub struct Parts<'t> {
    pub rider: Rider,
    pub home: Division,
    pub network: Division,
    pub entry: Option<&'t Tap>,
    pub exit: Option<&'t Tap>,
    pub completion: Option<Completion>,
    /// The free-exit order that ended it.
    pub order: Option<ServiceOrder>,
    pub reason: Option<SingleReason>,
    /// The limit of the claim that is changed: what is charged stays within it.
    pub limit_fen: Option<Fen>,
    /// The rider's other trips, where the pack looks back.
    pub earlier: Vec<EarlierTrip>,
}

/// The trip, priced by the tariff in force at entry; without one it costs nothing and says so.
pub fn trip(parts: &Parts<'_>, tariff: Option<&Tariff>, parameters: &Parameters, booking_day: Date) -> TripFinal {
    let first = parts.entry.or(parts.exit).expect("a trip has a tap");
    let kind = match (parts.entry, parts.exit) {
        (Some(_), Some(_)) => TripKind::Paired,
        (Some(entry), None) if entry.direction == Direction::Boarding => TripKind::SingleTap,
        (Some(_), None) => TripKind::EntryOnly,
        (None, _) => TripKind::ExitOnly,
    };
    let (from, to) = ends(parts);
    let mut flags = flags(parts, parameters);
    let priced: Option<(Fare, bool)> = tariff.and_then(|tariff| fare(parts, kind, tariff));
    let (mut fare, provisional) = priced.unwrap_or_else(|| {
        flags.push(NO_FARE.to_owned());
        (Fare::flat(0, Fen::ZERO), false)
    });
    let limits = [parts.entry, parts.exit].into_iter().flatten().map(|tap| tap.limit_fen).chain(parts.limit_fen);
    let limit_fen = limits.min().unwrap_or_default();
    within(&mut fare, limit_fen);
    TripFinal {
        trip_id: trip_id(parts.entry.map(|tap| tap.hash), parts.exit.map(|tap| tap.hash)),
        network: parts.network,
        home: parts.home,
        rider: parts.rider,
        account_type: first.account_type,
        limit_fen,
        grant: first.grant,
        kind,
        taps: parts.entry.iter().chain(parts.exit.iter()).map(|tap| evidence(tap)).collect(),
        from,
        to,
        completion: parts.completion.clone(),
        pack: tariff.map(Tariff::reference).unwrap_or_default(),
        fare,
        provisional,
        flags,
        travel_day: parameters.business_day(first.at),
        booking_day,
    }
}

/// Cuts what is charged to the limit of the codes: first the fare, then the charge for the stay.
fn within(fare: &mut Fare, limit: Fen) {
    fare.discount(ABOVE_LIMIT, fare.charge_fen - limit);
    let above = fare.charge_fen - limit;
    if above > Fen::ZERO {
        fare.overstay_fen -= above;
        fare.charge_fen -= above;
    }
}

/// The fare of a final trip with what is known now of the rider's other trips; `None` where it is not the pack's: it is an
/// assumption, or an order or a clerk decides.
pub fn priced_anew(trip: &TripFinal, tariff: &Tariff, earlier: &[EarlierTrip]) -> Option<Fare> {
    let is_ordered =
        trip.flags.iter().any(|flag| flag.starts_with("order:") || flag == SingleReason::FareMismatch.name());
    let has_both = trip.completion.is_some() || !trip.kind.is_single_sided();
    if is_ordered || trip.provisional || !has_both {
        return None;
    }
    let mut fare = tariff.fare(&trip.ride()?, earlier)?;
    within(&mut fare, trip.limit_fen);
    Some(fare)
}

pub fn evidence(tap: &Tap) -> TapEvidence {
    TapEvidence {
        key: tap.key.clone(),
        hash: tap.hash,
        direction: tap.direction,
        station: tap.station,
        line: tap.line,
        at: tap.at,
        generated: tap.generated,
        replay_key: tap.replay_key,
        deny_sequence: tap.deny_sequence,
        deny_age_s: tap.deny_age_s,
    }
}

/// Where it began and ended, a completed side included.
fn ends(parts: &Parts<'_>) -> (Option<StationId>, Option<StationId>) {
    let completed = parts.completion.as_ref().map(|completion| completion.station);
    let from = parts.entry.map(|tap| tap.station).or(completed);
    let is_boarding = parts.entry.is_some_and(|tap| tap.direction == Direction::Boarding);
    let to = parts.exit.map(|tap| tap.station).or(if is_boarding { from } else { completed });
    (from, to)
}

fn flags(parts: &Parts<'_>, parameters: &Parameters) -> Vec<String> {
    let gate = parts.entry.iter().chain(parts.exit.iter()).fold(0, |flags, tap| flags | tap.flags);
    let named = [
        (FLAG_OVER_LIMIT, "over_limit"),
        (FLAG_DENY_STALE, "deny_stale"),
        (FLAG_CLOCK, "clock"),
        (FLAG_FREE_EXIT, "free_exit"),
    ];
    let mut flags: Vec<String> =
        named.iter().filter(|(flag, _)| gate & flag != 0).map(|(_, name)| (*name).to_owned()).collect();
    if is_overstay(parts, parameters) {
        flags.push(OVERSTAY.to_owned());
    }
    if let Some(reason) = parts.reason {
        flags.push(reason.name().to_owned());
    }
    if let Some(order) = &parts.order {
        flags.push(format!("order:{}", order.order));
    }
    flags
}

fn is_overstay(parts: &Parts<'_>, parameters: &Parameters) -> bool {
    matches!((parts.entry, parts.exit), (Some(entry), Some(exit)) if exit.at - entry.at > parameters.trip_limit())
}

/// The fare, and whether it is provisional; `None` if the pack has none.
fn fare(parts: &Parts<'_>, kind: TripKind, tariff: &Tariff) -> Option<(Fare, bool)> {
    let free = || Fare::flat(0, Fen::ZERO);
    if parts.reason == Some(SingleReason::FareMismatch) {
        // To a clerk: nothing is charged on two taps that contradict each other.
        return Some((free(), true));
    }
    if let Some(order) = &parts.order {
        let fare = match order.rule {
            FreeExitRule::Zero => free(),
            FreeExitRule::ToStation if parts.completion.is_some() => completed_fare(parts, tariff)?,
            // Also where no station says whereto.
            FreeExitRule::Minimum | FreeExitRule::ToStation => minimum(parts, tariff)?,
        };
        return Some((fare, false));
    }
    match (kind, &parts.completion) {
        (TripKind::Paired, _) => {
            let (entry, exit) = (parts.entry?, parts.exit?);
            Some((tariff.fare(&ride(entry, exit.station, exit.at), &parts.earlier)?, false))
        }
        (TripKind::SingleTap, _) => {
            let tap = parts.entry?;
            Some((tariff.fare(&ride(tap, tap.station, tap.at), &parts.earlier)?, false))
        }
        (_, Some(_)) => Some((completed_fare(parts, tariff)?, false)),
        (TripKind::EntryOnly, None) => Some((provisional(tariff.max_fare), true)),
        (TripKind::ExitOnly, None) => {
            let exit = parts.exit?;
            Some((tariff.exit_only(exit.station, exit.at)?, true))
        }
    }
}

/// The lowest fare from where the trip began: no stay at the station, whose fare may be another.
fn minimum(parts: &Parts<'_>, tariff: &Tariff) -> Option<Fare> {
    let tap = parts.entry?;
    tariff.lowest(&ride(tap, tap.station, tap.at))
}

/// The fare when one side was filled in: as if the rider had tapped there at the moment of the tap that is known.
fn completed_fare(parts: &Parts<'_>, tariff: &Tariff) -> Option<Fare> {
    let (from, to) = ends(parts);
    let tap = parts.entry.or(parts.exit)?;
    let ride =
        FareRide { from: from?, to: to?, line: None, entry: tap.at, exit: tap.at, account_type: tap.account_type };
    tariff.fare(&ride, &parts.earlier)
}
