//! A jurisdiction that joins later.

use huitong_transit::model::message::Message;
use huitong_transit::model::publication::PublicationAsk;
use huitong_transit::query::{dated, deny};

use super::stage::{NODES, Phone, Stage, division};

/// What Anhui holds of the others.
fn holds_all(stage: &Stage) -> bool {
    let view = stage.region.view("340000");
    let day = "2026-11-24".parse().expect("a date");
    let network = |network| {
        dated::newest_map(view, division(network)).expect("readable") == Some(1)
            && dated::in_force(view, division(network), day).expect("readable").is_some()
    };
    let list = |node: &&str| {
        let held = deny::head(view, division(node)).expect("readable");
        held.is_some() && held == deny::head(stage.region.view(node), division(node)).expect("readable")
    };
    dated::key_set(view).expect("readable").is_some_and(|set| set.version == 1)
        && ["310100", "330100", "320509"].into_iter().all(network)
        && NODES.iter().all(list)
}

#[test]
fn a_jurisdiction_that_joins_asks_for_what_the_others_published_before() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 19);
    stage.account(&phone, 0);
    stage.deny(&phone, "lost").reply();
    stage.pass(120);
    stage.region.join("340000");
    assert!(!holds_all(&stage));
    stage.pass(1);
    assert!(holds_all(&stage), "nobody called for it");
    assert!(stage.is_denied("340000", "330000", &phone.account));
    for node in NODES {
        assert_eq!(
            deny::head(stage.region.view(node), division("340000")).expect("readable").map(|head| head.sequence),
            Some(1)
        );
    }
    // What is published from now on arrives like anywhere.
    stage.lift(&phone, "lost").reply();
    stage.pass(5);
    assert!(!stage.is_denied("340000", "330000", &phone.account));
    assert_eq!(stage.unread("340000"), Vec::<String>::new(), "nothing was refused");
    assert_eq!(stage.alarms("340000"), Vec::<String>::new());
    // Nothing is asked for twice: whoever asks again is not answered at once.
    let (asked, answered) = (stage.sent("340000", "310000"), stage.sent("310000", "340000"));
    let ask = PublicationAsk::Networks { maps: Vec::new(), packs: Vec::new() };
    stage.forge("340000", "310000", Message::PublicationAsk(ask));
    stage.pass(1);
    assert_eq!((stage.sent("340000", "310000"), stage.sent("310000", "340000")), (asked, answered));
    stage.check();
}
