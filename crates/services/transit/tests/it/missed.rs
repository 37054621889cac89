//! Publications that were lost on their way: what follows them tells, and the publisher is asked. A fork is nobody's to heal.

use huitong_kernel::hash::Digest;
use huitong_kernel::time::DurationMs;
use huitong_transit::command::Command;
use huitong_transit::model::deny::{DeltaText, DenyAdd, DenyEntry};
use huitong_transit::model::message::Message;
use huitong_transit::model::publication::{HeldMap, PublicationAsk};
use huitong_transit::query::deny::{self, Head};
use huitong_transit::query::{dated, gate_tables, published};
use huitong_transit_code::deny::{Chain, Delta, DenyTable, Row};
use serde_json::Value;

use super::stage::{METRO, Phone, Stage, division};

fn head(stage: &Stage, node: &str) -> Head {
    deny::head(stage.region.view(node), division("330000")).expect("readable").expect("a list")
}

/// The list of Zhejiang, as Shanghai holds it.
fn is_same_list(stage: &Stage) -> bool {
    let of = |node| deny::holding(stage.region.view(node), division("330000")).expect("readable");
    head(stage, "310000") == head(stage, "330000") && of("310000") == of("330000")
}

/// A rider whose loss Zhejiang publishes a minute later.
fn denied(stage: &mut Stage, number: u8) -> Phone {
    let phone = Phone::new("330100", number);
    stage.open(&phone, 0);
    stage.deny(&phone, "lost").reply();
    phone
}

#[test]
fn a_gap_in_a_deny_list_is_healed_by_what_was_missed() {
    let mut stage = Stage::new();
    stage.pass(1);
    let missed = denied(&mut stage, 61);
    stage.region.pass(DurationMs::minutes(1));
    stage.lose("330000", "310000");
    stage.pass(0);
    assert!(!is_same_list(&stage) && !stage.is_denied("310000", "330000", &missed.account));
    stage.pass(60);
    let next = denied(&mut stage, 62);
    stage.pass(1);
    assert!(is_same_list(&stage));
    assert!(stage.is_denied("310000", "330000", &missed.account) && stage.is_denied("310000", "330000", &next.account));
    assert_eq!(
        stage.alarms("310000")[1..],
        ["deny_list of 330000: what came does not follow what is held; asked for the rest"],
        "behind the one for the noise"
    );
    assert_eq!(stage.unread("310000").len(), 1, "nothing but the noise was refused");
    stage.check();
}

#[test]
fn versions_that_were_missed_are_asked_for_when_the_next_one_comes() {
    let mut stage = Stage::new();
    stage.pass(1);
    stage.pass(60);
    let mut map: Value = serde_json::from_str(&stage.map_text("310100", 1)).expect("JSON");
    let mut pack: Value = serde_json::from_str(&stage.pack_text("310100", "310100-metro", 1)).expect("JSON");
    map["version"] = 2.into();
    (pack["version"], pack["network_version"], pack["valid_from"]) = (2.into(), 2.into(), "2027-01-01".into());
    let set = stage.key_set(2);
    stage.region.call("310000", "keeper", None, Command::PublishKeySet(set)).reply();
    stage.region.call("310000", METRO, None, Command::PublishMap { text: map.to_string() }).reply();
    stage.lose("310000", "320000");
    stage.pass(0);
    let holds = |stage: &Stage| {
        let view = stage.region.view("320000");
        let packs = published::held_packs(view, division("310000")).expect("readable");
        let map = dated::newest_map(view, division("310100")).expect("readable");
        (dated::key_set(view).expect("readable").map(|set| set.version), map, packs.len())
    };
    assert_eq!(holds(&stage), (Some(1), Some(1), 1));
    // The pack names the map that was lost; the third key set follows the second.
    let set = stage.key_set(3);
    stage.region.call("310000", "keeper", None, Command::PublishKeySet(set)).reply();
    stage.region.call("310000", METRO, None, Command::PublishPack { text: pack.to_string() }).reply();
    stage.pass(0);
    assert_eq!(holds(&stage), (Some(3), Some(2), 2));
    assert_eq!(stage.unread("320000").len(), 2, "nothing but the noise was refused");
    map["version"] = 3.into();
    stage.region.call("310000", METRO, None, Command::PublishMap { text: map.to_string() }).reply();
    stage.lose("310000", "320000");
    map["version"] = 4.into();
    stage.region.call("310000", METRO, None, Command::PublishMap { text: map.to_string() }).reply();
    stage.pass(0);
    assert_eq!(holds(&stage).1, Some(2), "asked within the hour already");
    stage.pass(60);
    assert_eq!(holds(&stage).1, Some(4));
    stage.check();
}

/// A delta of Zhejiang that somebody makes up.
fn made_up(stage: &Stage, sequence: u32) -> DeltaText {
    DeltaText {
        home: division("330000"),
        sequence,
        previous: head(stage, "310000").hash,
        as_of: stage.now(),
        adds: Vec::new(),
        removes: Vec::new(),
        snapshot_hash: None,
    }
}

#[test]
fn a_peer_is_asked_once_an_hour_whatever_it_sends() {
    let mut stage = Stage::new();
    stage.pass(61);
    let sent = stage.sent("310000", "330000");
    for _ in 0..50 {
        // Numbers from the future, every six minutes for five hours; own lists go out hourly.
        let delta = made_up(&stage, 1_000);
        stage.forge("330000", "310000", Message::DenyDelta(delta));
        stage.region.pass(DurationMs::minutes(6));
    }
    let (own_lists, asks) = (5, 5);
    assert_eq!(stage.sent("310000", "330000") - sent, own_lists + asks);
    assert_eq!(stage.unread("310000"), Vec::<String>::new());
    stage.check();
}

#[test]
fn a_forked_deny_list_stays_as_it_is_and_both_sides_are_told() {
    let mut stage = Stage::new();
    stage.pass(1);
    // Somebody who has taken Zhejiang over publishes a second delta; Zhejiang, in its own hands again, publishes another.
    let victim = Phone::new("330100", 63).account;
    let add = DenyAdd { entry: DenyEntry::account(&victim), valid_from: stage.now() };
    let false_second = DeltaText { adds: vec![add], ..made_up(&stage, 2) };
    stage.forge("330000", "310000", Message::DenyDelta(false_second.clone()));
    let forked = head(&stage, "310000");
    assert_eq!(forked.sequence, 2);
    let same_number = DeltaText { adds: Vec::new(), ..false_second.clone() };
    stage.forge("330000", "310000", Message::DenyDelta(same_number));
    let snapshot = DeltaText { snapshot_hash: Some(forked.hash), ..made_up(&stage, 3) };
    let of_another = DeltaText {
        previous: deny::hash_of(stage.region.view("310000"), division("330000"), 1).expect("readable").expect("known"),
        ..snapshot
    };
    stage.forge("330000", "310000", Message::DenyDelta(of_another));
    assert_eq!(stage.unread("310000"), ["TRN-CHAIN", "TRN-CHAIN"], "other bytes; a snapshot for who holds other bytes");
    // The same again is no fork.
    stage.forge("330000", "310000", Message::DenyDelta(false_second));
    assert_eq!(stage.unread("310000").len(), 2);

    for _ in 0..4 {
        // The numbers of the first four messages are taken by what was forged.
        stage.region.pass(DurationMs::minutes(60));
    }
    stage.pass(60);
    assert_eq!(head(&stage, "310000"), forked, "nothing was healed");
    let refused = stage.unread("310000");
    assert!(refused.len() > 2 && refused.iter().all(|code| code == "TRN-CHAIN"), "{refused:?}");
    let told = "TRN-CHAIN: what 310000 holds as number 2 of this node's deny list is not what this node published";
    assert!(stage.alarms("330000").iter().any(|sentence| sentence == told), "{:?}", stage.alarms("330000"));
    assert!(stage.alarms("310000").iter().any(|sentence| sentence.ends_with("had no effect: TRN-CHAIN")));
    stage.check();
}

#[test]
fn who_missed_a_long_time_gets_one_snapshot_and_its_gates_go_on() {
    let mut stage = Stage::new();
    stage.pass(1);
    let (lifted, kept) = (denied(&mut stage, 64), denied(&mut stage, 65));
    stage.pass(1);
    assert!(stage.is_denied("310000", "330000", &lifted.account));
    let (mut rows, mut chains) = ([Row::default(); 8], [Chain::default(); 2]);
    let mut gate = DenyTable::new(&mut rows, &mut chains);
    apply(&stage, &mut gate, None);
    let before = stage.now();
    let missed = denied(&mut stage, 66);
    stage.lift(&lifted, "lost").reply();
    for _ in 0..205 {
        stage.region.pass(DurationMs::minutes(60));
    }
    stage.lose("330000", "310000");
    let sent = stage.sent("330000", "310000");
    stage.pass(60);
    assert!(is_same_list(&stage));
    assert_eq!(stage.sent("330000", "310000") - sent, 2, "a delta that told of the gap, and the snapshot");
    let denies = |phone: &Phone| stage.is_denied("310000", "330000", &phone.account);
    assert_eq!((denies(&lifted), denies(&kept), denies(&missed)), (false, true, true));
    let view = stage.region.view("310000");
    let earlier = deny::denied_since(view, division("330000"), &lifted.account, before);
    assert!(earlier.expect("readable").is_some(), "what held before is known still");
    apply(&stage, &mut gate, Some(2));
    stage.pass(60);
    assert!(is_same_list(&stage), "the next delta follows the snapshot");
    apply(&stage, &mut gate, Some(head(&stage, "310000").sequence - 1));
    let chain = gate.chain(330_000).expect("a list");
    let newest = head(&stage, "310000");
    assert_eq!((chain.sequence, chain.hash), (newest.sequence, newest.hash.0));
    stage.check();
}

/// A gate of Shanghai that holds the list up to a number takes what it is given.
fn apply(stage: &Stage, gate: &mut DenyTable<'_>, held: Option<u32>) {
    let tables = gate_tables::deny(stage.region.view("310000"), division("330000"), held).expect("readable");
    assert!(!tables.is_empty());
    for table in &tables {
        gate.apply(&Delta::parse(table).expect("well formed")).expect("it follows");
    }
}

#[test]
fn a_peer_that_says_for_ever_that_it_holds_nothing_is_answered_once_a_day() {
    let mut stage = Stage::new();
    stage.pass(1);
    // Shanghai did ask when it was new.
    stage.pass(60);
    let held = |version| {
        let maps = vec![HeldMap { network: division("330100"), version }];
        Message::PublicationAsk(PublicationAsk::Networks { maps, packs: Vec::new() })
    };
    let sent_for = |stage: &mut Stage, version| {
        let sent = stage.sent("330000", "310000");
        stage.forge("310000", "330000", held(version));
        stage.sent("330000", "310000") - sent
    };
    assert!(sent_for(&mut stage, 0) > 0, "a map and a pack");
    assert_eq!(sent_for(&mut stage, 1), 0, "something else, but at once");
    for quarter in 1..=92 {
        stage.region.pass(DurationMs::minutes(15));
        assert_eq!(sent_for(&mut stage, 0), 0, "after {} minutes", 15 * quarter);
    }
    assert!(sent_for(&mut stage, 1) > 0, "it holds something else");
    stage.region.pass(DurationMs::minutes(60));
    assert!(sent_for(&mut stage, 0) > 0, "a day later");
    stage.check_books();
}

#[test]
fn a_list_too_long_for_a_snapshot_comes_in_parts() {
    let mut stage = Stage::new();
    for _ in 0..250 {
        stage.region.pass(DurationMs::minutes(60));
    }
    stage.tamper(
        "330000",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= 5000)
         INSERT INTO deny_entry (home, kind, key, valid_from, added_as_of) SELECT '330000', 'account', i, 0, 0 FROM n",
    );
    let sent = stage.sent("330000", "310000");
    let ask = PublicationAsk::DenyList { sequence: 0, hash: Digest::ZERO };
    stage.forge("310000", "330000", Message::PublicationAsk(ask));
    assert_eq!(stage.sent("330000", "310000") - sent, 200);
}
