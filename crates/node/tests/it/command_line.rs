//! `huitong medical settle` as a cashier would use it, and `huitong call` for everything else.

use huitong_node::clock::SystemClock;
use huitong_service_kit::http::Clock;

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

#[test]
fn what_has_no_command_of_its_own_is_called_by_its_path() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stage = runtime.block_on(Stage::new(&[]));
    let (key, url) = (stage.keys["H31010100001"].clone(), stage.url("310000"));
    let body = stage.folder.path().join("filing.json");
    let filing = r#"{"home_area":"330100","certificate":{"type":"02","number":"330100198307070379"},
        "kind":"temp_referred","valid_from":"VALID_FROM"}"#;
    let today = SystemClock { offset_ms: 0 }.now().business_date().to_string();
    std::fs::write(&body, filing.replace("VALID_FROM", &today)).expect("writable");
    let body = body.display().to_string();
    let call = |arguments: &[&str]| huitong(&[&["call"], arguments, &["--node", &url, "--key", &key]].concat());
    let file = ["POST", "/v1/medical/filings", "--body", &body, "--message-id", "filing-0001"];
    let filed = call(&file);
    assert!(filed.status.success(), "{}", text(&filed));
    let answer: serde_json::Value = serde_json::from_slice(&filed.stdout).expect("JSON");
    assert_eq!(answer["status"], "active");
    assert_eq!(call(&file).stdout, filed.stdout, "the same answer for ever");
    let visits = call(&["GET", "/v1/medical/visits"]);
    assert!(visits.status.success() && text(&visits).contains("\"items\": []"), "{}", text(&visits));
    std::fs::write(&body, filing.replace("VALID_FROM", "2026-02-30")).expect("writable");
    let refused = call(&["POST", "/v1/medical/filings", "--body", &body]);
    assert!(!refused.status.success() && text(&refused).contains("MED-1005"), "{}", text(&refused));
    assert!(text(&refused).contains("日期时间格式不符：valid_from"), "{}", text(&refused));
    let forbidden = call(&["GET", "/v1/medical/prepayments"]);
    assert!(!forbidden.status.success() && text(&forbidden).contains("API-1002"), "{}", text(&forbidden));
    let mut message = serde_json::json!({
        "infno": "1101", "msgid": "H31010100001202611291000000001", "mdtrtarea_admvs": "310101", "insuplc_admdvs": "330100",
        "recer_sys_code": "HIS", "opter_type": "1", "opter": "c01", "opter_name": "收费员", "inf_time": "2026-11-29 10:00:00",
        "fixmedins_code": "H31010100001", "fixmedins_name": "示例医院",
        "input": { "data": { "mdtrt_cert_type": "02", "mdtrt_cert_no": "330100199204160018", "psn_cert_type": "01" } },
    });
    let mut national = |infno: &str, serial: &str| {
        message["infno"] = infno.into();
        message["msgid"] = format!("H3101010000120261129100000{serial}").into();
        std::fs::write(&body, message.to_string()).expect("writable");
        call(&["POST", "/v1/medical/national", "--body", &body])
    };
    let person = national("1101", "0001");
    assert!(person.status.success() && text(&person).contains("\"psn_no\""), "{}", text(&person));
    let unserved = national("2505", "0002");
    assert!(!unserved.status.success() && text(&unserved).contains("MED-1009"), "{}", text(&unserved));
    let unreachable = huitong(&["call", "GET", "/v1/medical/visits", "--node", "http://127.0.0.1:1", "--key", &key]);
    assert!(!unreachable.status.success() && text(&unreachable).contains("UNKNOWN"), "{}", text(&unreachable));
    withdraw(&stage);
    runtime.block_on(stage.stop());
}

#[test]
fn a_hospital_that_refunded_by_itself_has_the_refund_booked_by_one_command() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stage = runtime.block_on(Stage::new(&[]));
    let (key, url) = (stage.keys["H31010100001"].clone(), stage.url("310000"));
    let [bill, lost, rows] = ["bill.json", "lost.jsonl", "rows.txt"].map(|name| stage.folder.path().join(name));
    std::fs::write(&bill, super::stage::consultation().to_string()).expect("writable");
    let bill = bill.display().to_string();
    let settled = huitong(&["medical", "settle", &bill, "--node", &url, "--key", &key]);
    assert!(settled.status.success(), "{}", text(&settled));
    let today = SystemClock { offset_ms: 0 }.now().business_date().to_string();
    let hospital = |command: &str, more: &[&str]| {
        let days = ["--node", &url, "--key", &key, "--from", &today, "--to", &today];
        huitong(&[&["medical", command], &days[..], more].concat())
    };
    let (lost, rows) = (lost.display().to_string(), rows.display().to_string());
    assert!(hospital("rebuild", &["--out", &lost]).status.success());
    let record: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&lost).expect("written")).expect("one record");
    let text_of = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let of = &record["settlement"];
    let [settlement, visit, total, fund, account] =
        ["settlement", "visit", "total_fee", "fund_total", "account"].map(|name| text_of(&of[name]));
    let person = text_of(&record["person"]);
    let row = |number: &str, flag: u8| format!("{number}\t{visit}\t{person}\t{total}\t{fund}\t{account}\t{flag}\n");
    std::fs::write(&rows, row("R-1", 1) + &row(&settlement, 0)).expect("writable");
    let found = hospital("reconcile", &["--rows", &rows]);
    assert!(!found.status.success(), "{}", text(&found));
    assert!(text(&found).contains("refund_missing → take_back [open 未处理]"), "{}", text(&found));
    let mended = hospital("reconcile", &["--rows", &rows, "--apply"]);
    assert!(mended.status.success(), "{}", text(&mended));
    let sheet = text(&mended);
    let (_, contra) = sheet.split_once("take_back [resolved 已处理] contra 冲减单据 ").expect("the contra is named");
    let contra = contra.lines().next().expect("its number");
    std::fs::write(&rows, row(contra, 1) + &row(&settlement, 0)).expect("writable");
    let again = hospital("reconcile", &["--rows", &rows]);
    assert!(again.status.success() && text(&again).contains("0 differences"), "{}", text(&again));
    runtime.block_on(stage.stop());
}

/// A policy officer of Zhejiang takes back a pack that nobody has asked for yet.
fn withdraw(stage: &Stage) {
    let key = std::fs::read_to_string(stage.region.node_folder("330000").join("operator.key")).expect("a key");
    let url = stage.url("330000");
    let call = |method: &str, path: &str| huitong(&["call", method, path, "--node", &url, "--key", key.trim()]);
    let unknown = call("DELETE", "/v1/medical/policies/330200/employee/1999.1");
    assert!(!unknown.status.success() && text(&unknown).contains("MED-6010"), "{}", text(&unknown));
    assert!(text(&unknown).contains("无此政策版本：1999.1"), "{}", text(&unknown));
    let list = || -> serde_json::Value {
        serde_json::from_slice(&call("GET", "/v1/medical/policies?limit=100").stdout).expect("JSON")
    };
    let of = |list: &serde_json::Value| {
        let mut items = list["items"].as_array().expect("a page").iter();
        items.find(|pack| pack["area"] == "330200" && pack["scheme"] == "employee").expect("Ningbo's pack").clone()
    };
    let published = of(&list());
    assert_eq!(published.get("withdrawn"), None);
    let path = format!("/v1/medical/policies/330200/employee/{}", published["version"].as_str().expect("a version"));
    let withdrawn = call("DELETE", &path);
    assert!(withdrawn.status.success(), "{}", text(&withdrawn));
    assert_eq!(of(&list())["withdrawn"], true);
}
