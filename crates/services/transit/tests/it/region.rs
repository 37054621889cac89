//! The maps, fares and split rules of the region profile: all of them load, and say how far they can be trusted.

use std::collections::BTreeMap;

use super::city::{ride, ride_at};
use huitong_kernel::calendar::Calendar;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_service_kit::toml_data::json_text;
use huitong_transit::model::fare::charge::fare_of;
use huitong_transit::model::fare::ride::Ride;
use huitong_transit::model::fare::sequence::check_sequence;
use huitong_transit::model::fare::validate::validate;
use huitong_transit::model::fare::{Grade, Pack};
use huitong_transit::model::network::{Network, StationMap};
use huitong_transit::model::split::{self, SplitRule, Splitting, parts, splitting};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Every file of a folder, read as the JSON that is published; written back and read again it is the same.
fn files<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(folder: &str) -> Vec<(String, T)> {
    let folder = format!("{}/../../../regions/yangtze/transit/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the region profile is part of the project") {
        let path = entry.expect("readable").path();
        let name = path.display().to_string();
        let json = json_text(&std::fs::read_to_string(&path).expect("readable"));
        let json = json.unwrap_or_else(|error| panic!("{name}: {error}"));
        let value: T = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{name}: {error}"));
        let published = serde_json::to_string(&value).expect("plain data");
        assert_eq!(serde_json::from_str::<T>(&published).expect("what was published"), value, "{name}");
        files.push((name, value));
    }
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files
}

fn networks() -> BTreeMap<Division, Network> {
    let maps = files::<StationMap>("maps");
    let load = |(name, map): (String, StationMap)| {
        let network = Network::new(map).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        (network.map.network, network)
    };
    maps.into_iter().map(load).collect()
}

fn code(text: &str) -> Division {
    text.parse().expect("a code")
}

const CITIES: [&str; 7] = ["310100", "320100", "320500", "330100", "330200", "330300", "340100"];

#[test]
fn every_map_is_sound_and_every_station_is_reached() {
    let networks = networks();
    for city in CITIES {
        let network = &networks[&code(city)];
        let first = network.map.stations[0].id;
        assert!((12..=20).contains(&network.map.stations.len()), "{city}");
        for station in &network.map.stations {
            assert!(network.metres(first, station.id).is_some(), "{city}: {} is not reached", station.name_zh);
        }
    }
}

#[test]
fn every_pack_of_the_seven_cities_and_of_the_buses_passes_its_checks() {
    let networks = networks();
    let mut packs: BTreeMap<Division, Vec<Pack>> = BTreeMap::new();
    for (name, pack) in files::<Pack>("fares") {
        let highest = validate(&pack, &networks[&pack.network]).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        // Codes are issued with a limit of 15 yuan or more (field 9): an entry must pass with it.
        assert!(highest <= Fen(1_500), "{name}: {highest}");
        packs.entry(pack.network).or_default().push(pack);
    }
    for city in CITIES {
        assert!(packs.contains_key(&code(city)), "{city} has no fares");
    }
    assert_eq!(packs.len(), 8);
    for versions in packs.values() {
        assert_eq!(check_sequence(versions), Ok(()));
    }
    let grade = |city: &str| packs[&code(city)][0].grade;
    assert_eq!(
        (grade("310100"), grade("320100"), grade("320509")),
        (Grade::Official, Grade::Secondary, Grade::Secondary)
    );
    let charging: Vec<&str> = CITIES.into_iter().filter(|city| packs[&code(city)][0].may_charge()).collect();
    assert_eq!(charging, ["310100", "320100", "330100", "340100"], "one city at least of each node");
}

#[test]
fn the_border_buses_cost_five_yuan_from_every_stop() {
    let networks = networks();
    let buses = &networks[&code("320509")];
    let (_, pack) =
        files::<Pack>("fares").into_iter().find(|(_, pack)| pack.network == code("320509")).expect("a pack");
    for (stop, line) in [(1, 7618), (1, 7619), (3, 7618), (4, 7618), (5, 7619)] {
        let boarding = Ride { line: Some(line), ..ride_at(stop, stop, "2026-11-20T09:00:00") };
        let boarding = Ride { exit: boarding.entry, ..boarding };
        let fare = fare_of(&pack, buses, &Calendar::default(), &boarding, &[]).expect("a fare");
        assert_eq!((fare.charge_fen, fare.discounts.len()), (Fen(500), 0));
    }
}

#[test]
fn every_split_rule_is_sound_and_splits_what_crosses_the_border() {
    let networks = networks();
    let rules: Vec<SplitRule> = files::<SplitRule>("splits").into_iter().map(|(_, rule)| rule).collect();
    assert_eq!(rules.iter().map(|rule| rule.line).collect::<Vec<_>>(), [11, 7618, 7619]);
    for rule in &rules {
        assert_eq!(split::validate(rule, &networks[&rule.network]), Ok(()), "line {}", rule.line);
    }
    assert_eq!(split::check_sequence(&rules), Ok(()));
    let of = |network: &str, operating: &str, ride: Ride| match splitting(
        &rules,
        &networks[&code(network)],
        code(operating),
        &ride,
    ) {
        Some(Splitting::By { weights, .. }) => parts(Fen(500), &weights).expect("weights"),
        Some(Splitting::Whole) => Vec::new(),
        other => panic!("{other:?}"),
    };
    let metro = |from, to| of("310100", "310000", ride(from, to));
    // 花桥–安亭: 3 970 m and half of 2 210 in Jiangsu, the other half in Shanghai.
    assert_eq!(metro(1101, 1104), [(code("310000"), Fen(89)), (code("320000"), Fen(411))]);
    assert_eq!(metro(1104, 1101), metro(1101, 1104));
    assert_eq!(metro(1101, 1103), []);
    assert_eq!(metro(1104, 1112), []);
    assert_eq!(metro(201, 211), []);
    let bus = |stop, line| of("320509", "320000", Ride { line: Some(line), ..ride(stop, stop) });
    assert_eq!(bus(4, 7618), [(code("310000"), Fen(500))]);
    assert_eq!(bus(1, 7618), []);
    assert_eq!(bus(1, 7619), [(code("320000"), Fen(250)), (code("330000"), Fen(250))]);
}
