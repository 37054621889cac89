//! What a gate keeps in its folder, and what it knows after a restart: records, passes, tables, the time.

use huitong_transit_code::Reason;
use huitong_transit_code::attack::{NOW, Step};
use huitong_transit_code::deny::{DenyKind, entry};
use huitong_transit_code::make;
use huitong_transit_code::record::TapRecord;
use serde_json::Value;

use super::stage::text;
use super::transit_gate::Desk;

#[test]
fn a_gate_that_dies_before_its_answer_goes_on_with_the_same_record() {
    let desk = Desk::new();
    let (first, second) = (desk.code(0), desk.code(70));
    let script = format!("{}{first} in\nwait 70\n{second} in\n", desk.tables());
    let died = desk.play(&script, &["--fail-after-record", "2"]);
    assert!(died.output.status.code().is_none(), "it was killed: {}", text(&died.output));
    assert_eq!(died.codes(), [0], "the second was never answered");
    let again = desk.play(&format!("at {}\n{second} in\n{second} out", NOW + 71), &[]);
    assert_eq!(again.codes(), [-203, 0], "on disk means used up: {}", text(&again.output));
    desk.assert_chained(&[Reason::Ok, Reason::Ok, Reason::Replay, Reason::Ok]);
}

#[test]
fn a_torn_record_is_cut_and_damage_is_not_passed_over() {
    let desk = Desk::new();
    let file = desk.path("gate/records.bin");
    desk.play(&format!("{}{} in\ncode 00 in\n", desk.tables(), desk.code(0)), &[]);
    let whole = std::fs::read(&file).expect("readable");
    // The last record's end is missing, or zeros stand for it; a length and a part of a record; zeros of a file system; a part
    // of a length, and the same with zeros behind it.
    let zeroed = [&whole[..whole.len() - 50], &[0; 50]].concat();
    let begun = [&whole[..], &[0, 200, 255, 55, 1, 2, 3]].concat();
    let tails = [
        (2, whole[..whole.len() - 1].to_vec()),
        (2, zeroed),
        (3, begun),
        (3, [&whole[..], &[0; 900]].concat()),
        (3, [&whole[..], &[1]].concat()),
        (3, [&whole[..], &[0, 200, 0, 0, 0, 0]].concat()),
    ];
    for (turn, (count, tail)) in tails.into_iter().enumerate() {
        std::fs::write(&file, tail).expect("writable");
        let said = desk.play("code 01 in", &[]);
        assert!(said.output.status.success(), "{turn}: {}", text(&said.output));
        assert!(said.step("start")["cut_bytes"].as_u64().is_some_and(|cut| cut > 0), "{turn}: {}", text(&said.output));
        desk.assert_chained(&[Reason::Ok, Reason::Format, Reason::Format][..count]);
    }
    // A bit of a length, by which record 1 would reach behind the end; of a record; of the last one; of its hash.
    let length = whole.len();
    for at in [0, 1, 2, 100, length - 40, length - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        std::fs::write(&file, &damaged).expect("writable");
        let said = desk.play("code 01 in", &[]);
        assert_eq!(said.output.status.code(), Some(1), "{at}: {}", text(&said.output));
        assert!(text(&said.output).contains("damaged at byte"), "{at}: {}", text(&said.output));
        assert_eq!(std::fs::read(&file).expect("readable"), damaged, "{at}: nothing was cut");
    }
    // As the message says: without the file a new epoch begins, though the node has nothing yet.
    std::fs::remove_file(&file).expect("it was there");
    let said = desk.play("code 01 in", &[]);
    assert_eq!((&said.step("start")["lost_store"], &said.step("code")["epoch"]), (&true.into(), &2.into()));
}

#[test]
fn a_gate_that_was_never_told_the_time_refuses_and_one_that_was_knows_it_after_a_restart() {
    let desk = Desk::new();
    let code = desk.code(0);
    let said = desk.play_untold(&format!("{}{code} in\n", desk.tables()), &[]);
    assert_eq!((said.codes(), &said.step("start")["clock_trusted"]), (vec![-207], &false.into()));
    // A node tells that the clock is an hour fast.
    let node = desk.node(Vec::new());
    desk.play_untold(&format!("at {}\ntables\n", NOW + 3_600), &node.options());
    let again = desk.play_untold(&format!("at {}\n{code} in\n", NOW + 3_630), &[]);
    assert_eq!(again.codes(), [0], "{}", text(&again.output));
    let records = desk.records();
    let record = TapRecord::parse(records.last().expect("records")).expect("a record");
    assert!((3_599_000..=3_601_000).contains(&record.drift_ms), "{}", record.drift_ms);
    // Four days alone: it may be 35 s off by now.
    let later = desk.code(4 * 86_400);
    let alone = desk.play_untold(&format!("at {}\n{later} out\n", NOW + 3_600 + 4 * 86_400), &[]);
    assert_eq!(alone.codes(), [-207], "{}", text(&alone.output));
    // And one whose battery is empty.
    let reset = desk.play_untold(&format!("at 3600\n{code} out\n"), &[]);
    assert_eq!(reset.codes(), [-207], "{}", text(&reset.output));
    assert!(TapRecord::parse(desk.records().last().expect("records")).expect("a record").uncertainty_ms > 30_000);
}

#[test]
fn what_passed_stays_used_up_whatever_tables_and_clocks_say_since() {
    let desk = Desk::new();
    let [jtt, uic] = [desk.code(0), hex::encode(desk.bench.uic_genuine())];
    let content = make::KeySetContent { version: 3, not_before: NOW + 10, ..desk.bench.key_set_content() };
    let Step::KeySet(newer) = desk.bench.key_set(&content) else { panic!("a key set") };
    std::fs::write(desk.path("newer"), newer).expect("writable");
    // A key set that was not yet in force at the taps; then a scan while the clock is a day ahead.
    let script = format!(
        "{}{jtt} in\n{uic} in\nat {}\nkey-set {}\nwait 86400\ncode 00 in\n",
        desk.tables(),
        NOW + 20,
        desk.shown("newer")
    );
    assert_eq!(desk.play(&script, &[]).codes(), [0, 0, -1]);
    let again = desk.play(&format!("at {}\n{jtt} in\n{uic} in\n{uic} out\n", NOW + 30), &[]);
    assert_eq!(again.codes(), [-203, -203, 0], "{}", text(&again.output));
    assert_eq!(again.step("start")["remembered"], 2);
}

#[test]
fn kept_tables_that_do_not_load_are_told_with_their_reason() {
    let desk = Desk::new();
    let add = (entry(DenyKind::Issuer, &[9; 4]), NOW);
    let Step::Deny(list) = desk.bench.deny(1, [0; 32], NOW, vec![add; 3]) else { panic!("a list") };
    std::fs::write(desk.path("deny"), list).expect("writable");
    desk.play(&desk.tables(), &[]);
    let refused = |more: &[&str]| {
        let said = desk.play("", more);
        let tables = said.step("start")["refused_tables"].as_array().expect("a list").clone();
        tables.iter().map(|table| format!("{}: {}", table["table"], table["why"])).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(refused(&[]), "");
    assert!(
        refused(&["--deny-entries", "2"]).contains("raise --deny-entries"),
        "{}",
        refused(&["--deny-entries", "2"])
    );
    let elsewhere = refused(&["--station", "2"]);
    assert!(elsewhere.contains("state") && elsewhere.contains("another station"), "{elsewhere}");
    let path = desk.path("gate/tables.json");
    let kept = std::fs::read_to_string(&path).expect("readable");
    let mut tables: Value = serde_json::from_str(&kept).expect("JSON");
    let Step::State(forged) = desk.bench.forged(desk.bench.state(desk.bench.station())) else { panic!("a state") };
    tables["state"] = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, forged).into();
    std::fs::write(&path, tables.to_string()).expect("writable");
    assert!(refused(&[]).contains("not signed by this gate's operator"), "{}", refused(&[]));
}

#[test]
fn a_deny_list_of_many_deltas_is_kept_as_a_snapshot() {
    let desk = Desk::new();
    let node = desk.node(Vec::new());
    let fetch = |highest: u32| {
        node.lengthen_the_deny_list(highest);
        let said = desk.play("", &node.options());
        assert!(said.output.status.success(), "{}", text(&said.output));
        let size = std::fs::metadata(desk.path("gate/tables.json")).expect("the file is there").len();
        let asked = node.asked();
        (said.step("deny")["done"].clone(), size, asked.iter().rev().take(2).rev().cloned().collect::<Vec<_>>())
    };
    fetch(1);
    let (_, long, _) = fetch(97);
    let (taken, short, asked) = fetch(98);
    assert_eq!(taken, "home 310000 sequence 98");
    assert!(asked[0].contains("deny:310000:97") && !asked[1].contains("deny"), "{asked:?}");
    assert!(short * 4 < long, "{short} bytes of {long}");
    let (taken, _, asked) = fetch(99);
    assert_eq!(taken, "home 310000 sequence 99");
    assert!(asked[1].contains("deny:310000:98"), "{asked:?}");
}

#[test]
fn a_key_set_that_is_announced_leaves_the_one_in_force_over_a_restart() {
    let desk = Desk::new();
    let sets = [(3, 3_600), (4, 7_200)].map(|(version, from_s)| {
        let content = make::KeySetContent { version, not_before: NOW + from_s, ..desk.bench.key_set_content() };
        let Step::KeySet(table) = desk.bench.key_set(&content) else { panic!("a key set") };
        let name = format!("announced-{version}");
        std::fs::write(desk.path(&name), table).expect("writable");
        desk.shown(&name)
    });
    let script = format!("{}{} in\nkey-set {}\nkey-set {}\n", desk.tables(), desk.code(0), sets[0], sets[1]);
    assert_eq!(desk.play(&script, &[]).step("key-set")["done"], "version 4");
    let again = desk.play(&format!("at {}\n{} out\n", NOW + 60, desk.code(60)), &[]);
    assert_eq!(again.codes(), [0], "{}", text(&again.output));
    let record = desk.records().pop().expect("a record");
    assert_eq!(TapRecord::parse(&record).expect("a record").key_set_version, 2);
}
