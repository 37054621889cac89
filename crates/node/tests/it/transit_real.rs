//! Real data through the command line: Shenzhen cards and Hangzhou counts. The files lie beside the project and are read there;
//! where they are missing the tests say so, and fail only where they must not be missing.

use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;

use super::stage::{huitong, text};

/// The folder of real transit data; `None`, with a word about it, where there is none.
fn transit_data() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("HUITONG_SHARED_DATA").map_or(beside, PathBuf::from).join("transit");
    if folder.is_dir() {
        return Some(folder);
    }
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!in_ci, "{} is missing: set HUITONG_SHARED_DATA", folder.display());
    eprintln!("SKIPPED: {} is missing; set HUITONG_SHARED_DATA to the folder with the shared data", folder.display());
    None
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", text(output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(output)))
}

/// The expected numbers were found by an independent program of another language, from the same rules.
#[test]
fn ten_thousand_records_of_shenzhen_end_in_exactly_one_place_each() {
    let Some(data) = transit_data() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("records.csv").display().to_string();
    let file = data.join("shenzhen-taps-10000.csv").display().to_string();
    let counts = json(&huitong(&["transit", "import", &file, "--json", "--out", &out]));
    let buckets = serde_json::json!({
        "paired": 730, "extra": 7, "single_sided": 9_058, "single_tap": 205, "duplicate": 0, "quarantined": 0, "unreadable": 0,
    });
    assert_eq!((&counts["rows"], &counts["buckets"]), (&Value::from(10_000), &buckets));
    let reasons = serde_json::json!({
        "single_sided.no_exit": 8_961, "single_sided.no_entry": 64, "single_sided.next_entry": 4,
        "single_sided.station_unknown": 29,
    });
    assert_eq!(counts["reasons"], reasons);
    let taps = [&counts["entries"], &counts["exits"], &counts["boardings"]].map(|count| count.as_u64());
    assert_eq!(taps, [Some(9_360), Some(435), Some(205)]);
    let places = &counts["places"];
    let restored = [&places["restored"], &places["learned"], &places["ambiguous"]].map(|count| count.as_u64());
    assert_eq!(restored, [Some(339), Some(173), Some(0)]);
    assert_eq!(places["damaged"], serde_json::json!({"?I岭": 18}));
    assert_eq!((&counts["seen_fares"], &counts["booked_later"]), (&serde_json::json!([200, 800]), &Value::from(411)));
    for (name, records, fares, charges) in
        [("metro", 435, 102_800, 49_770), ("bus", 205, 57_200, 48_190), ("paired", 365, 79_100, 38_305)]
    {
        let money = &counts[name];
        let found = [&money["records"], &money["fares_fen"], &money["charges_fen"]].map(|count| count.as_u64());
        assert_eq!(found, [Some(records), Some(fares), Some(charges)], "{name}");
    }
    let pairs = counts["pairs_by_line"].as_object().expect("by line");
    assert_eq!(pairs.values().filter_map(Value::as_u64).sum::<u64>(), 365);
    assert_eq!(pairs["地铁三号线 → 地铁三号线"], 94);
    let written = std::fs::read_to_string(&out).expect("written");
    assert_eq!(written.lines().count(), 10_001);
    let cards_and_plates = ["CBEHFCFCG", "粤B"];
    let report = huitong(&["transit", "import", &file]);
    for secret in cards_and_plates {
        assert!(!written.contains(secret) && !text(&report).contains(secret), "{secret} is nobody's business");
    }
    assert!(text(&report).contains("合计 sum                             10000"), "{}", text(&report));
}

#[test]
fn a_file_of_something_else_is_refused_in_two_languages() {
    let Some(data) = transit_data() else { return };
    let flows = data.join("hangzhou-flows/record_2019-01-05.csv").display().to_string();
    let refused = huitong(&["transit", "import", &flows]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused).contains("不是深圳通刷卡记录文件") && text(&refused).contains("not a file of"),
        "{}",
        text(&refused)
    );
    let taps = data.join("shenzhen-taps-10000.csv").display().to_string();
    let refused = huitong(&["transit", "replay", &taps]);
    assert!(!refused.status.success() && text(&refused).contains("文件名须含日期"), "{}", text(&refused));
}

#[test]
fn a_day_of_hangzhou_reconciles_station_by_station() {
    let Some(data) = transit_data() else { return };
    let file = |day: u32| data.join(format!("hangzhou-flows/record_2019-01-0{day}.csv")).display().to_string();
    // The worst day of the month, and the night after it: more exits than entries.
    let replay = json(&huitong(&["transit", "replay", &file(5), &file(4), "--fraction", "400", "--json"]));
    assert_eq!(replay["reconciles"], true, "{replay:#}");
    let result = &replay["result"];
    assert_eq!((&result["differences"], &result["open_taps"]), (&serde_json::json!([]), &Value::from(0)));
    assert_eq!(result["entries_minus_exits"], result["explained"]);
    for day in result["days"].as_array().expect("days") {
        assert_eq!((&day["stations"], &day["unknown_stations"]), (&Value::from(81), &serde_json::json!([54])));
    }
    assert!(replay["gates"]["sent_twice_taps"].as_u64() > Some(0) && replay["gates"]["late_taps"].as_u64() > Some(0));
    assert_eq!(replay["taken"]["duplicate"], replay["gates"]["sent_twice_taps"]);
}

#[test]
fn signed_batches_are_verified_as_a_node_does() {
    let Some(data) = transit_data() else { return };
    let file = data.join("hangzhou-flows/record_2019-01-01.csv").display().to_string();
    let replay = json(&huitong(&["transit", "replay", &file, "--fraction", "5000", "--signed", "1", "--json"]));
    assert_eq!((&replay["reconciles"], &replay["taken"]["impossible"]), (&Value::from(true), &Value::from(0)));
    assert_eq!(replay["gates"]["signed_batches"], replay["gates"]["batches"]);
    let nobody = huitong(&["transit", "replay", &file, "--fraction", "100000"]);
    assert!(!nobody.status.success() && text(&nobody).contains("过闸人次过少"), "{}", text(&nobody));
}
