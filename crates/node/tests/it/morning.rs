//! `huitong region demo`: a whole morning and a day of transit on real nodes, audited.

use huitong_node::demo::report::Report;

use super::stage::{base_port, huitong, profile_folder, text};

fn demo(data: &str, more: &[&str]) -> Report {
    let (profile, port) = (profile_folder().display().to_string(), base_port().to_string());
    let mut arguments = vec!["region", "demo", "--once", "--json", "--data", data, "--profile", &profile];
    arguments.extend(["--base-port", &port, "--riders", "3"]);
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
    check_transit(report);
}

/// What must be true of a day of transit, of the first in a folder and of any other.
#[track_caller]
fn check_transit(report: &Report) {
    let transit = report.transit.as_ref().expect("riders travelled");
    assert!(transit.opened > 0 && transit.uploads > 0 && transit.uploaded_twice > 0, "{transit:?}");
    let refused: Vec<&str> = transit.refused.keys().map(String::as_str).collect();
    for reason in ["TRN-REPLAY", "TRN-AUTH-SIG", "TRN-CODE-EXPIRED", "TRN-CODE-FUTURE", "TRN-DENIED"] {
        assert!(refused.contains(&reason), "{reason}: {refused:?}");
    }
    let tried: Vec<(&str, u64)> = transit.attacks.iter().map(|attack| (attack.attack.as_str(), attack.tried)).collect();
    assert!(tried.len() == 6 && tried.iter().all(|(_, tried)| *tried > 0), "{tried:?}");
    let found: u64 = transit.attacks.iter().map(|attack| attack.found_by_node).sum();
    assert!(found > 0 && transit.attacks_unfound == 0, "a code shown elsewhere is found at the upload: {transit:?}");
    assert!(transit.gates_offline > 0 && transit.late > 0 && transit.adjusted_late > 0, "{transit:?}");
    assert!(transit.pulled > 0 && transit.contested, "{transit:?}");
    assert_eq!((transit.lost, transit.charged_otherwise), (0, 0), "{transit:?}");
    assert_eq!(transit.violations, Vec::<String>::new());
    assert!(transit.books_equal && transit.views_equal_replay, "{transit:?}");
    assert!(transit.pairs.iter().any(|pair| pair.charged_fen > 0), "{transit:?}");
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
