//! A jurisdiction that joins later.

use huitong_transit::command::{Command, Reply};
use huitong_transit::query::dated;

use super::stage::{Phone, Stage, division};

#[test]
fn a_jurisdiction_that_joins_gets_what_the_others_published_before() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 19);
    stage.account(&phone, 0);
    stage.deny(&phone, "lost").reply();
    stage.pass(120);
    stage.region.join("340000");
    for _ in 0..2 {
        for node in super::stage::NODES {
            let command = Command::Republish { jurisdiction: division("340000") };
            let reply = stage.region.call(node, "operator", None, command).reply();
            assert!(matches!(reply, Reply::Republished { messages } if messages > 0), "{reply:?}");
        }
        stage.region.carry_all();
        let view = stage.region.view("340000");
        assert_eq!(dated::key_set(view).expect("readable").map(|set| set.version), Some(1));
        for network in ["310100", "330100", "320509"] {
            assert_eq!(dated::newest_map(view, division(network)).expect("readable"), Some(1), "{network}");
            let day = "2026-11-24".parse().expect("a date");
            assert!(dated::in_force(view, division(network), day).expect("readable").is_some(), "{network}");
        }
        assert!(stage.is_denied("340000", "330000", &phone.account));
        assert_eq!(stage.unread("340000"), Vec::<String>::new(), "nothing was refused");
    }
    // What is published from now on arrives like anywhere.
    stage.lift(&phone, "lost").reply();
    stage.pass(5);
    assert!(!stage.is_denied("340000", "330000", &phone.account));
    assert_eq!(stage.unread("340000"), Vec::<String>::new());
    let unknown = Command::Republish { jurisdiction: division("440000") };
    assert_eq!(stage.region.call("310000", "operator", None, unknown).code(), "TRN-1006");
    stage.check();
}
