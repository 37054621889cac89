//! `huitong region demo`: a whole morning on real nodes, audited.

use huitong_node::demo::report::Report;

use super::stage::{base_port, huitong, profile_folder, text};

fn demo(data: &str, more: &[&str]) -> Report {
    let (profile, port) = (profile_folder().display().to_string(), base_port().to_string());
    let mut arguments = vec!["region", "demo", "--once", "--json", "--data", data, "--profile", &profile];
    arguments.extend(["--base-port", &port]);
    arguments.extend(more);
    let output = huitong(&arguments);
    assert!(output.status.success(), "{}", text(&output));
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}

#[track_caller]
fn check(report: &Report, bills: u64) {
    assert_eq!(report.settled + report.refused, bills);
    assert_eq!((report.lost, report.doubled, report.unknown), (0, 0, 0), "{report:?}");
    assert!(report.books_equal && report.views_equal_replay && report.heads_receipted, "{report:?}");
    assert!(report.settled > bills * 9 / 10, "most bills are good: {report:?}");
}

#[test]
fn a_morning_is_settled_and_a_second_one_goes_on_where_the_first_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data").display().to_string();
    let first = demo(&data, &["--bills", "200"]);
    check(&first, 200);
    let second = demo(&data, &["--bills", "60", "--seed", "2"]);
    check(&second, 60);
    let booked: u64 = second.pairs.iter().map(|pair| pair.settlements).sum();
    assert_eq!(booked, first.settled + second.settled, "the books hold both mornings");
}

#[test]
fn the_same_morning_under_sm2_and_sm3() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data").display().to_string();
    check(&demo(&data, &["--bills", "60", "--suite", "sm2-sm3"]), 60);
}

#[test]
fn clocks_two_minutes_off_change_nothing_in_the_books() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data").display().to_string();
    check(&demo(&data, &["--bills", "60", "--clock-offsets-ms", "120000,-120000,0,60000"]), 60);
}
