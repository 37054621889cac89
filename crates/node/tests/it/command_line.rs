//! `huitong medical settle` as a cashier would use it.

use super::stage::{Stage, huitong, text};

#[test]
fn a_bill_is_settled_from_the_command_line_and_repeated_without_a_second_booking() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stage = runtime.block_on(Stage::new(&[]));
    let bill = stage.folder.path().join("bill.json");
    // The bill of docs/start/first-bill.md.
    let document = include_str!("../../../../docs/start/first-bill.md");
    let start = document.find("       {").expect("the document shows a bill");
    let end = document[start..].find("\n\n").expect("the bill ends");
    std::fs::write(&bill, &document[start..start + end]).expect("writable");
    let (bill, url) = (bill.display().to_string(), stage.url("310000"));
    let key = stage.keys["H31010100001"].clone();
    let settle = |key: &str, more: &[&str]| {
        let arguments = ["medical", "settle", &bill, "--node", &url, "--key", key];
        huitong(&[&arguments[..], more].concat())
    };
    let first = settle(&key, &[]);
    assert!(first.status.success() && text(&first).contains("COLLECT 收费"), "{}", text(&first));
    let again = settle(&key, &[]);
    assert_eq!(text(&first), text(&again), "the same answer for ever");
    let other = settle(&key, &["--message-id", "another-visit-1", "--json"]);
    let answer: serde_json::Value = serde_json::from_slice(&other.stdout).expect("JSON");
    assert_eq!(answer["answer"], "collect");
    let refused = settle("ht_wrong", &[]);
    assert!(!refused.status.success() && text(&refused).contains("API-1001"), "{}", text(&refused));
    let url_of_nobody = ["medical", "settle", &bill, "--node", "http://127.0.0.1:1", "--key", &key];
    let unreachable = huitong(&url_of_nobody);
    assert!(text(&unreachable).contains("WAIT") && text(&unreachable).contains("Repeat"), "{}", text(&unreachable));
    runtime.block_on(stage.stop());
}
