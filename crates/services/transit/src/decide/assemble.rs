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
        flags.push("no_fare".to_owned());
        (Fare::flat(0, Fen::ZERO), false)
    });
    let above = fare.charge_fen - first.limit_fen;
    if above > Fen::ZERO {
        fare.discount(ABOVE_LIMIT, above);
    }
    TripFinal {
        trip_id: trip_id(parts.entry.map(|tap| tap.hash), parts.exit.map(|tap| tap.hash)),
        network: parts.network,
        home: parts.home,
        rider: parts.rider,
        account_type: first.account_type,
        limit_fen: first.limit_fen,
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
            FreeExitRule::Minimum => minimum(parts, tariff)?,
            FreeExitRule::ToStation => completed_fare(parts, tariff)?,
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

/// The lowest fare from where the trip began.
fn minimum(parts: &Parts<'_>, tariff: &Tariff) -> Option<Fare> {
    let tap = parts.entry?;
    tariff.fare(&ride(tap, tap.station, tap.at), &[])
}

/// The fare when one side was filled in: as if the rider had tapped there at the moment of the tap that is known.
fn completed_fare(parts: &Parts<'_>, tariff: &Tariff) -> Option<Fare> {
    let (from, to) = ends(parts);
    let tap = parts.entry.or(parts.exit)?;
    let ride =
        FareRide { from: from?, to: to?, line: None, entry: tap.at, exit: tap.at, account_type: tap.account_type };
    tariff.fare(&ride, &parts.earlier)
}
