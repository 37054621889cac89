//! What holds for every fare, and a second, naive evaluation that must agree.

use super::city::{by_distance, map, network, pack, pack_json, price, ride};
use huitong_kernel::calendar::Calendar;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_transit::model::fare::charge::fare_of;
use huitong_transit::model::fare::ride::{EarlierTrip, Ride};
use huitong_transit::model::fare::validate::validate;
use huitong_transit::model::network::Network;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// Bands, steps and grace of a ladder: limits and fares rise.
#[derive(Clone, Debug)]
struct Ladder {
    bands: Vec<(u32, i64)>,
    steps: Vec<(Option<u32>, u32, i64)>,
    grace_m: u32,
}

fn ladders() -> impl Strategy<Value = Ladder> {
    let rises = |count| prop::collection::vec((1_u32..300, 0_i64..90), count);
    let steps = prop::collection::vec((1_u32..300, 1_u32..120, 0_i64..90), 1..4);
    (rises(1..5), steps, 0_u32..40).prop_map(|(rises, lengths, grace_m)| {
        let (mut limit, mut fare) = (0, 0);
        let bands = rises.into_iter().map(|(length, add)| {
            (limit, fare) = (limit + length, fare + add);
            (limit, fare)
        });
        let bands: Vec<_> = bands.collect();
        let last = lengths.len() - 1;
        let steps = lengths.into_iter().enumerate().map(|(index, (length, step, add))| {
            limit += length;
            ((index < last).then_some(limit), step, add)
        });
        Ladder { bands, steps: steps.collect(), grace_m }
    })
}

impl Ladder {
    fn group(&self) -> Value {
        by_distance(&self.bands, &self.steps, self.grace_m)
    }

    /// Metre by metre: the fare grows in the metre after each limit.
    fn naive(&self, metres: u32) -> i64 {
        let metres = metres.saturating_sub(self.grace_m);
        let band = self.bands.iter().position(|(upto, _)| metres <= *upto);
        if let Some(band) = band {
            return self.bands[band].1;
        }
        let (mut limit, mut fare) = *self.bands.last().expect("bands");
        for (upto, step, add) in &self.steps {
            let mut walked = 0;
            while limit < metres && upto.is_none_or(|upto| limit < upto) {
                fare += if walked % step == 0 { *add } else { 0 };
                walked += 1;
                limit += 1;
            }
        }
        fare
    }
}

/// A connected graph: a line of stations, and some more sections.
fn cities() -> impl Strategy<Value = (Value, usize)> {
    let count = 8_usize;
    let more = prop::collection::vec((0..count, 0..count, 1_u32..400), 0..8);
    (prop::collection::vec(1_u32..400, count - 1), more, prop::collection::vec(0_u32..4, count)).prop_map(
        move |(lengths, more, zones)| {
            let mut city = map(&lengths);
            let mut known: Vec<(usize, usize)> = (0..count - 1).map(|at| (at, at + 1)).collect();
            for (from, to, metres) in more {
                let (from, to) = (from.min(to), from.max(to));
                if from != to && !known.contains(&(from, to)) {
                    known.push((from, to));
                    let edges = city["edges"].as_array_mut().expect("edges");
                    edges.push(json!({"from": from, "to": to, "line": 1 + metres % 2, "metres": metres}));
                }
            }
            for (at, zone) in zones.into_iter().enumerate() {
                city["stations"][at]["zone"] = json!(zone);
                city["stations"][at]["lines"] = json!([1, 2]);
            }
            (city, count)
        },
    )
}

/// Floyd and Warshall, on the map's text.
fn all_metres(city: &Value, count: usize) -> Vec<Vec<u64>> {
    let mut metres = vec![vec![u64::MAX / 4; count]; count];
    for edge in city["edges"].as_array().expect("edges") {
        let at = |end: &str| edge[end].as_u64().expect("a station") as usize;
        let (from, to, length) = (at("from"), at("to"), edge["metres"].as_u64().expect("metres"));
        metres[from][to] = metres[from][to].min(length);
        metres[to][from] = metres[to][from].min(length);
    }
    for middle in 0..count {
        metres[middle][middle] = 0;
        for from in 0..count {
            for to in 0..count {
                metres[from][to] = metres[from][to].min(metres[from][middle] + metres[middle][to]);
            }
        }
    }
    metres
}

fn groups_of_every_kind(ladder: &Ladder) -> Value {
    let by = |name: &str, basis: &str, line: u32| {
        let mut group = ladder.group();
        (group["name"], group["basis"], group["lines"], group["grace_m"]) =
            (json!(name), json!(basis), json!([line]), json!(0));
        group
    };
    json!([ladder.group(), by("line 1", "station", 1), by("line 2", "zone", 2)])
}

fn naive_equals(network: &Network, ladder: &Ladder, metres: &[Vec<u64>]) -> Result<(), TestCaseError> {
    let pack = pack(pack_json(json!([ladder.group()])));
    for (from, row) in metres.iter().enumerate() {
        for (to, shortest) in row.iter().enumerate().filter(|(to, _)| *to != from) {
            let fare = price(&pack, network, &ride(from as u32, to as u32)).expect("a fare");
            prop_assert_eq!(u64::from(fare.distance_m), *shortest);
            prop_assert_eq!(fare.nominal_fen.0, ladder.naive(fare.distance_m));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn fares_equal_those_of_a_naive_walk((city, count) in cities(), ladder in ladders()) {
        let metres = all_metres(&city, count);
        naive_equals(&network(city), &ladder, &metres)?;
    }

    #[test]
    fn fares_rise_with_the_distance(ladder in ladders(), shorter in 1_u32..2_000, more in 0_u32..500) {
        let pack = pack(pack_json(json!([ladder.group()])));
        let fare = |metres: u32| price(&pack, &super::city::line(&[metres]), &ride(0, 1)).expect("a fare").nominal_fen;
        prop_assert!(fare(shorter) <= fare(shorter + more));
    }

    #[test]
    fn the_way_back_costs_the_same_and_no_way_more_than_the_highest((city, count) in cities(), ladder in ladders()) {
        let network = network(city);
        let mut json = pack_json(groups_of_every_kind(&ladder));
        let first = price(&pack(json.clone()), &network, &ride(0, 1)).expect("a fare").nominal_fen;
        json["examples"] = json!([{"from": 0, "to": 1, "fare_fen": first}]);
        let pack = pack(json);
        let highest = validate(&pack, &network).expect("a sound pack");
        let mut found = Fen::ZERO;
        for from in 0..count as u32 {
            for to in (0..count as u32).filter(|to| *to != from) {
                let there = price(&pack, &network, &ride(from, to)).expect("a fare");
                prop_assert_eq!(&Some(there.clone()), &price(&pack, &network, &ride(to, from)));
                let path = network.path(from, to).expect("a path");
                prop_assert_eq!(path.iter().map(|section| section.metres).sum::<u32>(), there.distance_m);
                prop_assert!(path.windows(2).all(|pair| pair[0].to == pair[1].from));
                prop_assert_eq!((path[0].from, path[path.len() - 1].to), (from, to));
                found = found.max(there.nominal_fen);
            }
        }
        prop_assert!(found <= highest);
    }

    #[test]
    fn every_charge_is_explained_by_its_lines(
        minutes in 0_i64..400,
        account_type in 0_u8..3,
        reductions in prop::collection::vec((select(vec!["0", "0.1", "0.3333", "1"]), 0_i64..400), 0..4),
        trips in prop::collection::vec((0_i64..4_000, 0_i64..200, 0_i64..900, prop::bool::ANY), 0..6),
        cap in 0_i64..2_000,
        to in 0_u32..3,
    ) {
        let mut city = map(&[5_000, 9_000]);
        city["parameters"] = json!({"overstay_charge_fen": 200});
        let mut json = pack_json(json!([super::city::shanghai()]));
        json["account_classes"] = json!({"student": [1]});
        json["discounts"] = reductions.iter().enumerate().map(|(index, (portion, minus))| match index % 2 {
            0 => json!({"name": "portion", "portion": portion, "classes": ["student"]}),
            _ => json!({"name": "minus", "minus_fen": minus}),
        }).collect();
        json["rebates"] = json!([{"name": "bus", "from_network": "320509", "within_min": 45, "minus_fen": 100}]);
        json["caps"] = json!([{"name": "day", "window": "day", "start_min": 270, "max_fen": cap}]);
        let (pack, network) = (pack(json), network(city));
        let ride = Ride { to, account_type, ..ride(0, to) };
        let ride = Ride { exit: Instant(ride.entry.0 + minutes * 60_000), ..ride };
        let earlier: Vec<EarlierTrip> = trips.into_iter().map(|(before, length, fen, by_bus)| {
            let entry = Instant(ride.entry.0 - before * 60_000);
            let network = if by_bus { "320509" } else { "310100" };
            EarlierTrip { network: network.parse().expect("a code"), entry, exit: Instant(entry.0 + length * 60_000), fare_fen: Fen(fen) }
        }).collect();
        let fare = fare_of(&pack, &network, &Calendar::default(), &ride, &earlier).expect("a fare");
        prop_assert!(fare.adds_up());
        prop_assert!(fare.fare_fen() >= Fen::ZERO && fare.fare_fen() <= fare.nominal_fen);
        prop_assert_eq!(fare.overstay_fen, if minutes > 240 { Fen(200) } else { Fen::ZERO });
        let again = fare_of(&pack, &network, &Calendar::default(), &ride, &earlier);
        prop_assert_eq!(Some(fare), again);
    }
}
