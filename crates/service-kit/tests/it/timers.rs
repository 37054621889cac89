//! Timers that are refused: told, and in nobody's way.

use huitong_kernel::time::DurationMs;
use huitong_service_kit::harness::Region;

use super::counter::{Add, Counter, count};

#[test]
fn a_refused_timer_is_told_once_an_hour_and_stops_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut region: Region<Counter> = Region::new(folder.path().to_owned(), &["310000"], || Counter);
    for key in ["due:a", "due:bad", "due:c"] {
        region.call("310000", "somebody", None, Add { key: key.to_owned(), neighbour: None }).reply();
    }
    region.pass(DurationMs::minutes(1));
    for (key, expected) in [("due:a", 2), ("due:bad", 1), ("due:c", 2)] {
        assert_eq!(count(region.view("310000"), key).expect("readable"), expected, "{key}");
    }
    let alarms = |region: &Region<Counter>| -> Vec<String> {
        let view = region.view("310000");
        view.all("SELECT sentence FROM alarm ORDER BY sequence", [], |row| row.get(0)).expect("readable")
    };
    assert_eq!(alarms(&region), ["a timer of counter was refused: CNT-1; it stays due"]);
    region.pass(DurationMs::minutes(30));
    assert_eq!(alarms(&region).len(), 1);
    region.pass(DurationMs::minutes(31));
    assert_eq!(alarms(&region).len(), 2);
    assert!(region.replay_differences().is_empty());
}
