//! A gate hands its records to the node: answers get lost, nodes stay away, batches are too large.

use super::stage::text;
use super::transit_gate::Desk;
use super::transit_node::Mishap;

#[test]
fn taps_made_offline_reach_the_node_once_and_in_order_though_answers_are_lost() {
    let desk = Desk::new();
    let node = desk.node(vec![Mishap::AnswerLost, Mishap::Unavailable, Mishap::None, Mishap::AnswerLost]);
    let mut script = format!("{}offline\n{} in\nupload\n", desk.tables(), desk.code(0));
    // More than one batch; what is no code is refused and recorded too.
    (0..520).for_each(|number| script.push_str(&format!("code {number:08x} out\n")));
    script.push_str(&format!("{} out\nonline\nupload\n", desk.code(5)));
    let said = desk.play(&script, &node.options());
    assert!(said.output.status.success(), "{}", text(&said.output));
    let upload = said.step("upload");
    assert_eq!((&upload["waiting"], &upload["batches"]), (&0.into(), &2.into()), "{upload}");
    let records = desk.records();
    let held = node.held();
    assert_eq!(held.records, records, "each once, in order");
    assert_eq!(
        held.keys,
        ["1-1-500", "1-1-500", "1-1-500", "1-501-522", "1-501-522"].map(|key| format!("tb-SH-0101-A07-{key}")),
        "the same batch under the same key until it is answered"
    );
    // Nothing waits: the next start uploads nothing.
    assert!(desk.play("", &node.options()).output.status.success());
    assert_eq!(node.held().keys.len(), 5);
    // The node was restored from an old backup: it is given again what it lost.
    node.forget_after(300);
    let said = desk.play("code 02 out", &node.options());
    assert!(said.output.status.success(), "{}", text(&said.output));
    assert_eq!(node.held().records, desk.records());
}

#[test]
fn a_node_that_stays_away_leaves_the_records_waiting_and_a_new_epoch_follows_the_old() {
    let desk = Desk::new();
    let node = desk.node(vec![Mishap::Unavailable; 4]);
    let said = desk.play("code 00 in", &node.options());
    assert_eq!(said.output.status.code(), Some(1), "{}", text(&said.output));
    assert_eq!(said.step("upload")["waiting"], 1);
    let said = desk.play("code 01 in\nepoch\ncode 02 in\ncode 03 in", &node.options());
    assert!(said.output.status.success(), "{}", text(&said.output));
    let keys = node.held().keys;
    assert_eq!(keys[4..], ["tb-SH-0101-A07-1-1-2", "tb-SH-0101-A07-2-1-2"]);
    // The store is lost behind records that the node has: their numbers are not used again.
    std::fs::remove_file(desk.path("gate/records.bin")).expect("it was there");
    let said = desk.play("code 04 in", &node.options());
    assert_eq!((&said.step("start")["lost_store"], &said.step("code")["epoch"]), (&true.into(), &3.into()));
}

#[test]
fn a_batch_that_is_too_large_for_the_node_goes_in_halves() {
    let desk = Desk::new();
    let node = desk.node(vec![Mishap::TooLarge, Mishap::None, Mishap::TooLarge]);
    let said = desk.play("code 00 in\ncode 01 in\ncode 02 in\ncode 03 in\n", &node.options());
    assert!(said.output.status.success(), "{}", text(&said.output));
    let held = node.held();
    let key = |numbers: &str| format!("tb-SH-0101-A07-1-{numbers}");
    assert_eq!(held.keys, ["1-4", "1-2", "3-4", "3-3", "4-4"].map(key));
    assert_eq!(held.records, desk.records());
}

#[test]
fn a_single_record_that_is_too_large_waits_and_the_gate_says_so() {
    let desk = Desk::new();
    let node = desk.node(vec![Mishap::TooLarge]);
    let said = desk.play("code 00 in\n", &node.options());
    assert_eq!(said.output.status.code(), Some(1), "{}", text(&said.output));
    let upload = said.step("upload");
    assert!(
        upload["waiting"] == 1 && upload["fault"].as_str().is_some_and(|fault| fault.contains("API-1011")),
        "{upload}"
    );
}
