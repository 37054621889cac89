//! A cashier's morning over HTTP: eligibility, filing, visit, lines, quote, settlement, cancel, reversal.

use huitong_node::demo::client::{ApiClient, CallError};
use reqwest::Method;
use serde_json::{Value, json};

use huitong_medical::http::filing_effect::NotFiledProblem;

use super::receipt;
use super::stage::{Stage, consultation};

async fn post(client: &ApiClient, path: &str, key: &str, body: &Value) -> Value {
    client
        .send::<_, Value>(Method::POST, path, Some(key), body)
        .await
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .1
}

async fn refused(client: &ApiClient, path: &str, key: &str, body: &Value) -> String {
    match client.send::<_, Value>(Method::POST, path, Some(key), body).await {
        Err(CallError::Refused(problem)) => problem.code,
        other => panic!("{path}: a refusal was expected, not {other:?}"),
    }
}

async fn refused_get(client: &ApiClient, path: &str) -> String {
    match client.get::<Value>(path).await {
        Err(CallError::Refused(problem)) => problem.code,
        other => panic!("{path}: a refusal was expected, not {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_from_eligibility_to_cancel() {
    let stage = Stage::new(&[]).await;
    let cashier = stage.cashier("H31010100001");
    let bill = consultation();
    let ask = json!({ "home_area": "330100", "certificate": bill["visit"]["certificate"], "care_type": "11" });
    let eligible = post(&cashier, "/v1/medical/eligibility", "eligibility-1", &ask).await;
    assert_eq!((&eligible["direct"], &eligible["filing"]), (&json!(true), &json!("long_stay")));
    assert!(eligible["name_masked"].as_str().is_some_and(|name| name.contains('*')), "{eligible}");

    let visit = post(&cashier, "/v1/medical/visits", "a-visit-0001", &bill["visit"]).await;
    let batch = format!("/v1/medical/visits/{}/batches/1", visit["visit"].as_str().expect("an id"));
    let lines = json!({ "lines": [
        { "number": "1", "item_code": "F003331", "quantity": "1", "price": "220.00", "amount": "220.00" },
        { "number": "2", "item_code": "NOSUCH31", "quantity": "1", "price": "5.00", "amount": "5.00" },
    ] });
    let sent = cashier.send::<_, Value>(Method::PUT, &format!("{batch}/lines"), None, &lines).await.expect("split").1;
    assert_eq!((&sent["lines"][1]["reason"], &sent["lines"][1]["own"]), (&json!("unknown"), &json!("5.00")));
    let quotes = format!("{batch}/quotes");
    let wish = json!({ "account_wanted": true, "total_fee": "225.00" });
    let wrong = json!({ "account_wanted": true, "total_fee": "225.01" });
    assert_eq!(refused(&cashier, &quotes, "a-quote-wrong", &wrong).await, "MED-4001");
    let quote = post(&cashier, &quotes, "a-quote-0001", &wish).await;
    assert!(quote["alternatives"].as_array().is_some_and(|others| !others.is_empty()), "{quote}");
    let settle = json!({
        "visit": visit["visit"], "batch": "1", "quote": quote["quote"], "total_fee": "225.00",
        "sums": { "own": sent["own"], "over": sent["over"], "pre": sent["pre"], "eligible": sent["eligible"] },
    });
    let settled = post(&cashier, "/v1/medical/settlements", "a-settlement-1", &settle).await;
    assert_eq!((&settled["answer"], &settled["collect"]), (&json!("collect"), &quote["cash"]));
    assert_eq!(refused(&cashier, "/v1/medical/settlements", "a-settlement-2", &settle).await, "MED-4004");

    let stranger = stage.cashier("H31011500002");
    let number = settled["settlement"]["settlement"].as_str().expect("a number");
    let shown = receipt::a_receipt_is_printed_and_verified(&stage, number).await;
    assert_eq!(refused_get(&stranger, &format!("/v1/medical/settlements/{number}/receipt")).await, "MED-4007");
    let cancellation = format!("/v1/medical/settlements/{number}/cancellation");
    assert_eq!(refused(&stranger, &cancellation, "not-mine-0001", &json!(null)).await, "MED-4007");
    let contra = post(&cashier, &cancellation, "a-cancel-0001", &json!(null)).await;
    assert_eq!(contra["contra_of"], json!(number));
    assert_eq!(contra["total_fee"], json!("-225.00"));
    assert_eq!(refused(&cashier, &cancellation, "a-cancel-0002", &json!(null)).await, "MED-4008");
    check_both_books(&stage, number).await;
    receipt::the_node_says_cancelled(&stage, &shown, contra["settlement"].as_str().expect("a number")).await;
    stage.stop().await;
}

/// The document is the same on both sides, byte for byte as far as JSON shows it.
async fn check_both_books(stage: &Stage, settlement: &str) {
    let document = async |division: &str, role: &str| {
        let path = format!("/v1/medical/audit/settlements/{role}/{settlement}/document");
        stage.operator(division).get::<Value>(&path).await.expect("the auditor reads it")
    };
    assert_eq!(document("310000", "visited").await, document("330000", "home").await);
    let list: Value =
        stage.operator("330000").get("/v1/medical/audit/settlements?role=home").await.expect("the auditor's list");
    let states: Vec<_> = list["items"].as_array().expect("items").iter().map(|item| item["state"].clone()).collect();
    assert_eq!(states, [json!("cancelled"), json!("contra")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_looked_up_and_reversed_and_its_id_is_refused_for_ever() {
    let stage = Stage::new(&[]).await;
    let cashier = stage.cashier("H31010100001");
    let bill = consultation();
    let settled = post(&cashier, "/v1/medical/bills", "to-be-reversed", &bill).await;
    let call: Value = cashier.get("/v1/medical/calls/to-be-reversed").await.expect("known");
    assert_eq!((&call["state"], &call["answer"]), (&json!("settled"), &json!("collect")));
    assert_eq!(call["settlement"], settled["settlement"]);
    let reversal = "/v1/medical/calls/to-be-reversed/reversal";
    let reversed = post(&cashier, reversal, "a-reversal-01", &json!(null)).await;
    assert_eq!((&reversed["state"], &reversed["answer"]), (&json!("reversed"), &json!("do_not_collect")));
    let early = "/v1/medical/calls/never-sent-yet/reversal";
    let tombstone = post(&cashier, early, "a-reversal-02", &json!(null)).await;
    assert_eq!(tombstone["state"], json!("tombstone"));
    assert_eq!(refused(&cashier, "/v1/medical/bills", "never-sent-yet", &bill).await, "MED-4005");
    let unknown = cashier.get::<Value>("/v1/medical/calls/who-knows-that").await.expect_err("unknown");
    assert!(unknown.to_string().starts_with("MED-4015"), "{unknown}");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filing_is_made_from_the_hospital_listed_and_revoked_at_home() {
    let stage = Stage::new(&[]).await;
    let (cashier, clerk) = (stage.cashier("H31010100001"), stage.operator("330000"));
    let filing = json!({
        "home_area": "330100", "certificate": consultation()["visit"]["certificate"], "kind": "temp_referred",
        "areas": ["310000"], "valid_from": "2026-11-01", "valid_to": "2027-05-01",
    });
    let made = post(&cashier, "/v1/medical/filings", "a-filing-0001", &filing).await;
    let person = made["person"].as_str().expect("a person");
    let list: Value = clerk.get(&format!("/v1/medical/filings?person={person}")).await.expect("a list");
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2), "the one of the profile and this one");
    let path = format!("/v1/medical/filings/{}", made["filing"].as_str().expect("an id"));
    let state = cashier.get::<Value>(&path).await.expect("the hospital sees what it has asked for");
    assert_eq!((&state["status"], &state["filed_by"]), (&json!("active"), &json!("H31010100001")));
    assert_eq!(refused_get(&stage.cashier("H31011500002"), &path).await, "MED-2014", "another hospital does not");
    clerk.send::<_, Value>(Method::DELETE, &path, None, &json!(null)).await.expect("revoked");
    let again = clerk.send::<_, Value>(Method::DELETE, &path, None, &json!(null)).await.expect_err("revoked already");
    assert!(again.to_string().starts_with("MED-2006"), "{again}");
    let backwards = json!({
        "home_area": "330100", "certificate": filing["certificate"], "kind": "long_stay",
        "valid_from": "2026-11-02", "valid_to": "2026-11-01",
    });
    assert_eq!(refused(&cashier, "/v1/medical/filings", "a-filing-0002", &backwards).await, "MED-2006");
    let mut state = json!(null);
    for _ in 0..100 {
        state = cashier.get::<Value>(&path).await.expect("still")["status"].clone();
        if state == "revoked" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(state, "revoked", "home has told");
    let own = list["items"].as_array().and_then(|all| all.iter().find(|one| one["filed_by"] != "H31010100001"));
    let path = format!("/v1/medical/filings/{}", own.expect("of the profile")["filing"].as_str().expect("an id"));
    clerk.send::<_, Value>(Method::DELETE, &path, None, &json!(null)).await.expect("revoked");
    without_a_filing(&cashier).await;
    stage.stop().await;
}

/// The refused quote, and the refused bill, say what is payable with a filing.
async fn without_a_filing(cashier: &ApiClient) {
    let (kind, mut bill) = ("urn:huitong:problem:MED-2005", consultation());
    bill["lines"] =
        json!([{ "number": "1", "item_code": "F002431", "quantity": "100", "price": "20.00", "amount": "2000.00" }]);
    bill["total_fee"] = json!("2000.00");
    let visit = post(cashier, "/v1/medical/visits", "no-filing-01", &bill["visit"]).await;
    let batch = format!("/v1/medical/visits/{}/batches/1", visit["visit"].as_str().expect("an id"));
    let lines = json!({ "lines": bill["lines"] });
    cashier.send::<_, Value>(Method::PUT, &format!("{batch}/lines"), None, &lines).await.expect("split");
    let wish = json!({ "account_wanted": true });
    for (path, key, body) in
        [(format!("{batch}/quotes"), "no-filing-02", &wish), ("/v1/medical/bills".to_owned(), "no-filing-03", &bill)]
    {
        let sent = cashier.send::<_, Value>(Method::POST, &path, Some(key), body).await;
        let Err(CallError::Refused(problem)) = sent else { panic!("{path}: {sent:?}") };
        let told: NotFiledProblem =
            serde_json::from_value(serde_json::to_value(&problem).expect("JSON")).expect("as documented");
        assert_eq!((told.problem.kind.as_str(), told.problem.status), (kind, 422));
        let shares = told.if_filed.alternatives.iter();
        let shares: Vec<(&str, String)> =
            shares.map(|other| (other.filing.name(), other.person_total.0.yuan())).collect();
        // 2 000.00 − 600.00 deductible, level 3, 76 %; the factors of the pack.
        let expected = [
            ("long_stay", "936.00"),
            ("temp_referred", "1042.40"),
            ("temp_emergency", "1042.40"),
            ("temp_self", "1255.20"),
        ];
        assert_eq!(shares, expected.map(|(kind, share)| (kind, share.to_owned())), "{problem:?}");
        assert_eq!(told.if_filed.self_paid.0.yuan(), "2000.00");
    }
}
