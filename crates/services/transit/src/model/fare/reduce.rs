//! What makes a fare less than its nominal: discounts, then rebates for a transfer, then caps. Each is a line of its own.

use huitong_kernel::calendar::Calendar;
use huitong_kernel::decimal::Ratio;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs, Instant};

use super::ride::{EarlierTrip, Fare, Ride};
use super::{Cap, CapWindow, Discount, Pack, Rebate, Rounding};
use crate::model::parameters::Parameters;

/// Applies a pack's discounts, rebates and caps. `earlier`: the rider's other trips; those that began later do not count.
pub fn reduce(
    pack: &Pack,
    parameters: &Parameters,
    calendar: &Calendar,
    ride: &Ride,
    earlier: &[EarlierTrip],
    fare: &mut Fare,
) {
    for discount in pack.discounts.iter().filter(|discount| applies(pack, discount, ride, calendar)) {
        let portion = discount.portion.map(|portion| discount.rounding.of(fare.fare_fen(), portion));
        fare.discount(&discount.name, portion.or(discount.minus_fen).unwrap_or_default());
    }
    if let Some(rebate) = rebate(pack, ride, earlier) {
        fare.discount(&rebate.name, rebate.minus_fen);
    }
    for cap in &pack.caps {
        let begins = cap.begins(parameters, ride.entry);
        let spent = earlier.iter().filter(|trip| {
            trip.network == pack.network && trip.entry <= ride.entry && cap.begins(parameters, trip.entry) == begins
        });
        let left = cap.max_fen - spent.map(|trip| trip.fare_fen).sum();
        fare.discount(&cap.name, fare.fare_fen() - left.max(Fen::ZERO));
    }
}

fn applies(pack: &Pack, discount: &Discount, ride: &Ride, calendar: &Calendar) -> bool {
    let class = pack.class(ride.account_type);
    let listed = |stations: &[u32], station| stations.is_empty() || stations.contains(&station);
    (discount.classes.is_empty() || discount.classes.iter().any(|listed| listed == class))
        && discount.apply_time.as_ref().is_none_or(|window| window.holds(ride.entry, ride.exit, calendar))
        && listed(&discount.starting_stations, ride.from)
        && listed(&discount.ending_stations, ride.to)
}

/// The rider's last trip before this one decides, so that a trip earns one rebate at most; of several the first listed.
fn rebate<'p>(pack: &'p Pack, ride: &Ride, earlier: &[EarlierTrip]) -> Option<&'p Rebate> {
    let before = earlier.iter().filter(|trip| trip.exit <= ride.entry);
    let last = before.max_by_key(|trip| (trip.exit, trip.entry, trip.network))?;
    let waited = ride.entry - last.exit;
    let fits = |rebate: &&Rebate| {
        rebate.from_network == last.network && waited <= DurationMs::minutes(i64::from(rebate.within_min))
    };
    pack.rebates.iter().find(fits)
}

impl Pack {
    /// Whether a rebate or a cap can have made this of a fare: a gate that knows the rider's other trips shows what is left.
    pub fn may_leave(&self, fare: Fen, shown: Fen) -> bool {
        let by_rebate = |rebate: &Rebate| shown == (fare - rebate.minus_fen).max(Fen::ZERO);
        let by_cap = !self.caps.is_empty() && (Fen::ZERO..=fare).contains(&shown);
        by_cap || self.rebates.iter().any(by_rebate)
    }
}

impl Cap {
    /// The first day of the window a trip falls into, by its entry.
    fn begins(&self, parameters: &Parameters, entry: Instant) -> Date {
        let start_min = self.start_min.unwrap_or(parameters.business_day_cut_min);
        let day = Instant(entry.0 - DurationMs::minutes(i64::from(start_min)).0).business_date();
        match self.window {
            CapWindow::Day => day,
            CapWindow::Month => day.first_of_month(),
        }
    }
}

impl Rounding {
    /// amount × portion, in fen.
    pub fn of(self, amount: Fen, portion: Ratio) -> Fen {
        let one = i128::from(Ratio::ONE.units());
        let product = i128::from(amount.0) * i128::from(portion.units());
        let rounded = match self {
            Rounding::HalfUp => (2 * product + one).div_euclid(2 * one),
            Rounding::Down => product.div_euclid(one),
            Rounding::Up => -(-product).div_euclid(one),
        };
        Fen(i64::try_from(rounded).expect("a portion of an amount stays in its range"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_fen_goes_up_unless_the_pack_says_otherwise() {
        let half: Ratio = "0.5".parse().expect("a ratio");
        for (amount, half_up, down, up) in [(300, 150, 150, 150), (301, 151, 150, 151), (0, 0, 0, 0)] {
            assert_eq!(Rounding::HalfUp.of(Fen(amount), half), Fen(half_up));
            assert_eq!(Rounding::Down.of(Fen(amount), half), Fen(down));
            assert_eq!(Rounding::Up.of(Fen(amount), half), Fen(up));
        }
        assert_eq!(Rounding::HalfUp.of(Fen(333), "0.2985".parse().expect("a ratio")), Fen(99));
        assert_eq!(Rounding::Up.of(Fen(333), "0.2985".parse().expect("a ratio")), Fen(100));
    }
}
