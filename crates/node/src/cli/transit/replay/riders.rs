//! Who makes the taps: the counts do not say. Riders wait outside in a queue; who has been inside longest leaves first,
//! where the way from the entry can be and can have been ridden in the time.

use std::collections::VecDeque;

use huitong_kernel::time::{DurationMs, Instant};
use huitong_transit::model::network::Network;

/// Riders that are looked at for an exit.
const LOOKED_AT: usize = 32;
/// More than the shortest ride: clocks have their uncertainty.
const MARGIN: DurationMs = DurationMs::seconds(10);

#[derive(Clone, Copy)]
struct Inside {
    rider: u32,
    station: u32,
    since: Instant,
}

pub struct Riders {
    outside: VecDeque<u32>,
    inside: VecDeque<Inside>,
    /// Riders drawn so far, and how many are drawn before one comes back.
    drawn: u32,
    count: u32,
}

impl Riders {
    pub fn new(count: u32) -> Riders {
        Riders { outside: VecDeque::new(), inside: VecDeque::new(), drawn: 0, count }
    }

    pub fn drawn(&self) -> u32 {
        self.drawn
    }

    /// Somebody goes in.
    pub fn enter(&mut self, station: u32, at: Instant) -> u32 {
        let rider = self.next();
        self.inside.push_back(Inside { rider, station, since: at });
        rider
    }

    /// Somebody comes out: of those inside, if anybody can have come from elsewhere by now; else nobody knows whence.
    pub fn leave(&mut self, station: u32, at: Instant, network: &Network) -> u32 {
        self.give_up(at, network);
        let can_leave = |inside: &Inside| {
            let shortest = network.min_travel(inside.station, station);
            inside.station != station && (at - inside.since).0 >= shortest.0 + MARGIN.0
        };
        let found = self.inside.iter().take(LOOKED_AT).position(can_leave);
        let rider = found.and_then(|place| self.inside.remove(place)).map(|inside| inside.rider);
        let rider = rider.unwrap_or_else(|| self.next());
        self.outside.push_back(rider);
        rider
    }

    /// Whoever is inside too long, or from the business day before, never comes out in these counts.
    fn give_up(&mut self, at: Instant, network: &Network) {
        let parameters = &network.map.parameters;
        while let Some(first) = self.inside.front() {
            let is_late = at - first.since > parameters.pair_limit()
                || parameters.business_day(first.since) != parameters.business_day(at);
            if !is_late {
                return;
            }
            self.outside.extend(self.inside.pop_front().map(|inside| inside.rider));
        }
    }

    fn next(&mut self) -> u32 {
        let returning = if self.drawn >= self.count { self.outside.pop_front() } else { None };
        returning.unwrap_or_else(|| {
            self.drawn += 1;
            self.drawn
        })
    }
}
