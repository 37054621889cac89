//! What holds for every match, whatever riders did and in whatever order their taps arrived.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_transit::model::matching::{Fixed, Matched, Prices, SingleReason, fits, matched};
use huitong_transit::model::parameters::Parameters;
use huitong_transit::model::tap::{Direction, Tap, TapKey};
use proptest::prelude::*;
use proptest::sample::select;

/// Five stations in a row, five minutes between neighbours; nobody sells a ride from one end to the other.
struct Row;

impl Prices for Row {
    fn explains(&self, entry: &Tap, exit: &Tap, shown: Option<Fen>) -> Option<bool> {
        let stations = entry.station.abs_diff(exit.station);
        (stations < 4).then(|| shown.is_none_or(|shown| shown == Fen(200 + 100 * i64::from(stations))))
    }

    fn min_travel(&self, entry: &Tap, exit: &Tap) -> DurationMs {
        DurationMs::minutes(5 * i64::from(entry.station.abs_diff(exit.station)))
    }
}

/// Minutes since the tap before, station, whether it is an exit, how old the code is (minutes), what the gate shows.
type Made = (i64, u32, bool, i64, Option<i64>);

fn days() -> impl Strategy<Value = Vec<Made>> {
    let shown = prop_oneof![6 => Just(None), 1 => select(vec![Some(300), Some(400)])];
    let age = prop_oneof![8 => Just(0_i64), 1 => Just(12)];
    prop::collection::vec((1_i64..90, 0_u32..5, prop::bool::ANY, age, shown), 0..24)
}

fn taps(day: &[Made], uncertainty: DurationMs) -> Vec<Tap> {
    let mut minute = 9 * 60;
    let mut tap = |(number, (gap, station, is_exit, age, shown)): (usize, &Made)| {
        minute += gap;
        let at = Instant(minute * 60_000);
        Tap {
            key: TapKey { gate: format!("gate-{station}-{is_exit}"), epoch: 1, sequence: number as u64 + 1 },
            hash: Digest([number as u8; 32]),
            direction: if *is_exit { Direction::Out } else { Direction::In },
            station: *station,
            line: 1,
            at,
            uncertainty,
            generated: at.0 / 1_000 - age * 60,
            account_type: 0,
            limit_fen: Fen(2_000),
            shown_fen: shown.map(Fen).filter(|_| *is_exit),
            flags: 0,
            replay_key: Digest([number as u8; 32]),
            deny_sequence: 0,
            deny_age_s: 0,
            grant: None,
            arrived: at,
        }
    };
    day.iter().enumerate().map(&mut tap).collect()
}

/// The same at gates that open both ways.
fn at_wide_gates(mut taps: Vec<Tap>) -> Vec<Tap> {
    taps.iter_mut().for_each(|tap| tap.key.gate = format!("gate-{}", tap.station));
    taps
}

/// The taps in the order in which they came.
fn arrived(taps: &[Tap], order: Vec<usize>) -> Vec<Tap> {
    let mut arrived: Vec<(usize, &Tap)> = order.into_iter().zip(taps).collect();
    arrived.sort_by_key(|(place, _)| *place);
    arrived.into_iter().map(|(_, tap)| tap.clone()).collect()
}

fn all(taps: &[Tap], fixed: &[Fixed]) -> Vec<Matched> {
    matched(taps, fixed, &Parameters::default(), &Row)
}

/// Entry, exit, taps without effect, and why one side is missing.
type Told = (Option<u8>, Option<u8>, Vec<u8>, Option<SingleReason>);

/// Trips by the hashes of their taps, in an order that no list's order decides.
fn told(taps: &[Tap], trips: &[Matched]) -> Vec<Told> {
    let name = |index: &usize| taps[*index].hash.0[0];
    let mut told: Vec<Told> = trips
        .iter()
        .map(|trip| {
            let mut extra: Vec<u8> = trip.extra.iter().map(name).collect();
            extra.sort_unstable();
            (trip.entry.as_ref().map(name), trip.exit.as_ref().map(name), extra, trip.reason)
        })
        .collect();
    told.sort_by_key(|(entry, exit, _, _)| (*entry, *exit));
    told
}

/// Entry and exit of the complete trips.
fn pairs(trips: &[Matched]) -> Vec<(usize, usize)> {
    trips.iter().filter_map(|trip| trip.entry.zip(trip.exit)).collect()
}

fn closes(taps: &[Tap], entry: usize, exit: usize) -> bool {
    fits(&taps[entry], &taps[exit], &Parameters::default(), &Row).is_ok()
}

fn is_unpriced(taps: &[Tap], entry: usize, exit: usize) -> bool {
    fits(&taps[entry], &taps[exit], &Parameters::default(), &Row) == Err(SingleReason::NoFare)
}

/// Entries that stayed alone, but not to a clerk.
fn unclosed(trips: &[Matched]) -> Vec<usize> {
    let alone = trips.iter().filter(|trip| trip.exit.is_none() && trip.reason != Some(SingleReason::FareMismatch));
    alone.filter_map(|trip| trip.entry).collect()
}

#[test]
fn an_entry_whose_exit_is_to_come_keeps_an_exit_that_only_has_no_fare_from_earlier_entries() {
    let entry = |gap, station| (gap, station, false, 0, None);
    let exit = |gap, station| (gap, station, true, 0, None);
    let taps = taps(&[entry(1, 0), entry(4, 4), entry(19, 2), exit(1, 0), exit(1, 1)], DurationMs::seconds(1));
    let in_time = all(&taps, &[]);
    assert_eq!(pairs(&in_time), [(1, 4)], "the exit at 0 may be that of the entry at 4");
    let again = all(&taps, &[Fixed { entry: Some(1), exit: Some(4) }]);
    assert_eq!(pairs(&again), [(1, 4)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    #[test]
    fn the_order_of_arrival_changes_nothing(
        day in days(),
        uncertain_s in select(vec![0_i64, 1, 90]),
        order in prop::collection::vec(0_usize..1_000, 24),
    ) {
        let in_time = taps(&day, DurationMs::seconds(uncertain_s));
        let arrived = arrived(&in_time, order);
        prop_assert_eq!(told(&in_time, &all(&in_time, &[])), told(&arrived, &all(&arrived, &[])));
    }

    #[test]
    fn nor_does_it_where_clocks_stand_still(
        day in prop::collection::vec((select(vec![0_i64, 0, 0, 0, 30]), 0_u32..4, prop::bool::ANY, Just(0), Just(None)), 0..80),
        order in prop::collection::vec(0_usize..1_000, 80),
    ) {
        let in_time = at_wide_gates(taps(&day, DurationMs::seconds(1)));
        let arrived = arrived(&in_time, order);
        prop_assert_eq!(told(&in_time, &all(&in_time, &[])), told(&arrived, &all(&arrived, &[])));
    }

    #[test]
    fn every_tap_is_in_one_trip_and_every_pair_is_legal(day in days()) {
        let taps = taps(&day, DurationMs::seconds(1));
        let trips = all(&taps, &[]);
        let mut seen: Vec<usize> =
            trips.iter().flat_map(|trip| trip.entry.iter().chain(&trip.exit).chain(&trip.extra).copied()).collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..taps.len()).collect::<Vec<_>>(), "J2");
        for (entry, exit) in pairs(&trips) {
            prop_assert!(closes(&taps, entry, exit));
        }
        prop_assert!(trips.iter().all(|trip| trip.entry.zip(trip.exit).is_some() || trip.reason.is_some()));
    }

    #[test]
    fn an_exit_gets_the_nearest_entry_that_it_closes_and_no_trip_holds_another(day in days()) {
        // Taps are in the order of their times: a place in the list is a place in time.
        let taps = taps(&day, DurationMs::seconds(1));
        let trips = all(&taps, &[]);
        let (pairs, unclosed) = (pairs(&trips), unclosed(&trips));
        for (entry, exit) in &pairs {
            prop_assert!(!pairs.iter().any(|(inner, end)| entry < inner && end < exit), "J8");
            let nearer = unclosed.iter().find(|other| *entry < **other && *other < exit && closes(&taps, **other, *exit));
            prop_assert_eq!(nearer, None);
        }
        let exits = trips.iter().filter(|trip| trip.entry.is_none() && trip.reason != Some(SingleReason::FareMismatch));
        for exit in exits.filter_map(|trip| trip.exit) {
            for entry in unclosed.iter().filter(|entry| **entry < exit && closes(&taps, **entry, exit)) {
                let is_behind_a_trip = pairs.iter().any(|(inner, end)| entry < inner && *end < exit);
                // It may be that of an entry in between which only has no fare with it.
                let may_be_anothers = trips.iter().any(|trip| {
                    let waits = trip.exit.is_none_or(|end| end > exit);
                    trip.entry.is_some_and(|other| waits && *entry < other && other < exit && is_unpriced(&taps, other, exit))
                });
                prop_assert!(is_behind_a_trip || may_be_anothers, "{} of {}", exit, entry);
            }
        }
    }

    #[test]
    fn trips_that_are_final_stay_as_they_would_be_matched(day in days(), kept in prop::collection::vec(prop::bool::ANY, 24)) {
        let (in_time, late) = with_final(&day, &kept);
        prop_assert_eq!(in_time, late);
    }
}

/// The match of a day, and the match of the same day in which some of its complete trips, those of the kept taps, are final already.
fn with_final(day: &[Made], kept: &[bool]) -> (Vec<Told>, Vec<Told>) {
    let taps = taps(day, DurationMs::seconds(1));
    let trips = all(&taps, &[]);
    let is_kept = |trip: &Matched| trip.entry.or(trip.exit).is_some_and(|tap| kept[tap]);
    let complete = trips.iter().filter(|trip| trip.entry.zip(trip.exit).is_some() && is_kept(trip));
    let fixed: Vec<Fixed> = complete.map(|trip| Fixed { entry: trip.entry, exit: trip.exit }).collect();
    let same = |trips: &[Matched]| {
        let mut told = told(&taps, trips);
        told.iter_mut().for_each(|(_, _, _, reason)| *reason = None);
        told
    };
    (same(&trips), same(&all(&taps, &fixed)))
}

#[test]
fn an_exit_that_may_be_that_of_an_unpriced_ride_is_not_an_earlier_entrys_because_that_ride_is_final() {
    let entries = [(1, 1, false, 0, None), (1, 0, false, 0, None), (1, 2, false, 0, None)];
    let exits = [(1, 2, true, 0, Some(300)), (18, 4, true, 0, None), (1, 0, true, 0, None)];
    let (in_time, late) = with_final(&[entries, exits].concat(), &[false, true, false, false, false, false]);
    assert!(
        in_time.contains(&(None, Some(4), Vec::new(), None)) && in_time.contains(&(Some(1), Some(5), Vec::new(), None))
    );
    assert_eq!(in_time, late);
}

#[test]
fn an_exit_that_cannot_be_of_a_final_trip_is_not_kept_with_it() {
    // At the station of its exit, a minute before, by a code that is older than its entry.
    let day = [(1, 0, false, 0, None), (1, 4, false, 0, None), (1, 4, true, 12, None), (1, 4, true, 0, None)];
    let (in_time, late) = with_final(&day, &[false, true, false, false]);
    assert!(
        in_time.contains(&(None, Some(2), Vec::new(), None)) && in_time.contains(&(Some(1), Some(3), Vec::new(), None))
    );
    assert_eq!(in_time, late);
}
