//! What a trip costs, with the special cases around its fare (transit specification §6.4).

use huitong_kernel::calendar::Calendar;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;

use super::Pack;
use super::price::{GroupSet, minimum, price};
use super::reduce::reduce;
use super::ride::{EarlierTrip, Fare, Ride};
use crate::model::network::{Mode, Network, StationId};
use crate::model::parameters::{ExitOnlyRule, SameStationRule};

/// What a trip with entry and exit (or with the one tap of its boarding) costs; `None` if the pack does not price the pair.
///
/// `pack` is the one in force at entry, `calendar` the working days as known then, `earlier` the rider's other trips.
pub fn fare_of(
    pack: &Pack,
    network: &Network,
    calendar: &Calendar,
    ride: &Ride,
    earlier: &[EarlierTrip],
) -> Option<Fare> {
    let parameters = &network.map.parameters;
    if network.map.mode == Mode::SingleTap {
        return price(pack, network, calendar, ride, earlier);
    }
    let mut fare = if ride.from == ride.to {
        let minimum = || minimum(pack, network, ride.from, None, GroupSet::in_force(pack, calendar, ride));
        let is_short = ride.duration() <= parameters.same_station_limit();
        let nominal = match (is_short, parameters.same_station_short, parameters.same_station_fare_fen) {
            (true, SameStationRule::Free, _) => Fen::ZERO,
            (false, _, Some(fare)) => fare,
            (true, SameStationRule::Minimum, _) | (false, _, None) => minimum()?,
        };
        network.station(ride.from)?;
        let mut fare = Fare::flat(0, nominal);
        reduce(pack, parameters, calendar, ride, earlier, &mut fare);
        fare
    } else {
        price(pack, network, calendar, ride, earlier)?
    };
    if ride.duration() > parameters.trip_limit() {
        fare.overstay(parameters.overstay_charge_fen);
    }
    Some(fare)
}

/// What an entry without exit costs until more is known: the highest single fare (from [`super::validate::validate`]),
/// never a penalty.
pub fn provisional(max_fare: Fen) -> Fare {
    Fare::flat(0, max_fare)
}

/// What an exit without entry costs, when nothing better is known.
pub fn exit_only(
    pack: &Pack,
    network: &Network,
    calendar: &Calendar,
    at: StationId,
    exit: Instant,
    max_fare: Fen,
) -> Option<Fare> {
    let fare = match network.map.parameters.exit_only_rule {
        ExitOnlyRule::Maximum => max_fare,
        ExitOnlyRule::Minimum => {
            let ride = Ride { from: at, to: at, line: None, entry: exit, exit, account_type: 0 };
            return lowest(pack, network, calendar, &ride);
        }
    };
    Some(Fare::flat(0, fare))
}

/// The lowest fare from where a ride begins, wherever it ends.
pub fn lowest(pack: &Pack, network: &Network, calendar: &Calendar, ride: &Ride) -> Option<Fare> {
    let fare = minimum(pack, network, ride.from, ride.line, GroupSet::in_force(pack, calendar, ride))?;
    Some(Fare::flat(0, fare))
}
