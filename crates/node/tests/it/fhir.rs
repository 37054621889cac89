//! A hospital that speaks FHIR, over HTTP and at the command line: the walk-through of docs/services/medical-fhir.md.

use huitong_node::demo::client::{ApiClient, CallError};
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Stage, consultation, huitong, text};

pub const CLAIM: &str = "/v1/medical/fhir/Claim";

/// The Claim that the document shows.
pub fn shown() -> Value {
    let document = include_str!("../../../../docs/services/medical-fhir.md");
    let start = document.find("       {\n").expect("the document shows a Claim");
    let end = start + document[start..].find("\n\n").expect("the Claim ends");
    serde_json::from_str(&document[start..end]).expect("the Claim of the document is JSON")
}

pub async fn post(client: &ApiClient, path: &str, key: Option<&str>, body: &Value) -> Value {
    let sent = client.send::<_, Value>(Method::POST, path, key, body).await;
    sent.unwrap_or_else(|error| panic!("{path}: {error}")).1
}

pub async fn refused(client: &ApiClient, key: Option<&str>, body: &Value) -> (String, Option<String>) {
    match client.send::<_, Value>(Method::POST, CLAIM, key, body).await {
        Err(CallError::Refused(problem)) => (problem.code, problem.field),
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

/// The total of a code, as yuan.
pub fn total(document: &Value, code: &str) -> String {
    let totals = document["total"].as_array().expect("totals");
    let total =
        totals.iter().find(|total| total["category"]["coding"][0]["code"] == code).expect("a total of the code");
    total["amount"]["value"].to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_offered_settled_explained_paid_and_taken_back() {
    let stage = Stage::new(&[]).await;
    let cashier = stage.cashier("H31010100001");
    let claim = shown();
    let mut asked = claim.clone();
    asked["use"] = json!("predetermination");
    let offer = post(&cashier, CLAIM, Some("fhir-offer-01"), &asked).await;
    assert_eq!((&offer["outcome"], &offer["use"]), (&json!("complete"), &json!("predetermination")));
    notes_tell_of_other_filings(&offer);
    let again = post(&cashier, CLAIM, Some("fhir-offer-01"), &asked).await;
    assert_eq!(offer["identifier"][1], again["identifier"][1], "the same visit");

    // The person accepts: the Claim names visit, batch and offer.
    let mut accepted = claim.clone();
    accepted["identifier"] = json!([again["identifier"][1], again["identifier"][2]]);
    accepted["insurance"][0]["preAuthRef"] = json!([again["preAuthRef"]]);
    let mut other = accepted.clone();
    other["item"][0]["productOrService"] = claim["item"][1]["productOrService"].clone();
    other["item"].as_array_mut().expect("items").pop();
    other["total"]["value"] = other["item"][0]["net"]["value"].clone();
    assert_eq!(
        refused(&cashier, Some("fhir-claim-00"), &other).await,
        ("MED-4001".to_owned(), Some("item".to_owned()))
    );
    let mut swapped = accepted.clone();
    swapped["item"][0]["productOrService"] = claim["item"][1]["productOrService"].clone();
    assert_eq!(
        refused(&cashier, Some("fhir-claim-00"), &swapped).await,
        ("MED-4001".to_owned(), Some("item[0].productOrService".to_owned()))
    );
    let settled = post(&cashier, CLAIM, Some("fhir-claim-01"), &accepted).await;
    assert_eq!(total(&settled, "benefit"), total(&offer, "benefit"));
    assert_eq!(settled, post(&cashier, CLAIM, Some("fhir-claim-01"), &accepted).await, "the same answer for ever");

    // A whole bill at once.
    assert_eq!(refused(&cashier, None, &claim).await.0, "MED-1015");
    let whole = post(&cashier, CLAIM, Some("fhir-claim-02"), &claim).await;
    let number = whole["id"].as_str().expect("a number").to_owned();
    let get = async |path: String| cashier.get::<Value>(&path).await.expect("it is there");
    assert_eq!(get(format!("/v1/medical/fhir/ClaimResponse/{number}")).await, whole);
    let slip = get(format!("/v1/medical/fhir/ExplanationOfBenefit/{number}")).await;
    assert_eq!(slip["item"].as_array().map(Vec::len), claim["item"].as_array().map(Vec::len));
    let by_fund = get(format!("/v1/medical/fhir/ClaimResponse/{number}/by-fund")).await;
    assert_eq!(by_fund["resourceType"], "Bundle");
    let stranger = stage.cashier("H31011500002");
    let unseen = stranger.get::<Value>(&format!("/v1/medical/fhir/ExplanationOfBenefit/{number}")).await;
    assert!(unseen.expect_err("not theirs").to_string().starts_with("MED-4007"));

    let cancelled = json!({ "resourceType": "Claim", "status": "cancelled", "use": "claim",
        "related": [{ "claim": { "identifier": { "system": "urn:huitong:fhir:settlement", "value": number } } }] });
    let contra = post(&cashier, CLAIM, Some("fhir-cancel-01"), &cancelled).await;
    assert_eq!(contra["status"], "cancelled");
    assert_eq!(refused(&cashier, Some("fhir-cancel-02"), &cancelled).await.0, "MED-4008");
    let month = slip["item"][0]["servicedDate"].as_str().expect("a day")[..7].to_owned();
    let paid = get(format!("/v1/medical/fhir/PaymentReconciliation?period={month}")).await;
    assert_eq!(paid["detail"].as_array().map(Vec::len), Some(3), "{paid}");

    // Everything that came out is checked by the node itself; then one number of it is altered.
    let told = [offer, settled, whole, slip, contra, paid];
    let entries: Vec<Value> = told.iter().map(|resource| json!({ "resource": resource })).collect();
    let bundle = json!({ "resourceType": "Bundle", "entry": entries });
    let report = post(&cashier, "/v1/medical/fhir/$check", None, &bundle).await;
    assert_eq!((&report["documents"], &report["faults"]), (&json!(6), &json!(0)), "{report}");
    let mut wrong = claim.clone();
    wrong["total"]["value"] = json!(1);
    assert_eq!(
        refused(&cashier, Some("fhir-claim-03"), &wrong).await,
        ("MED-7001".to_owned(), Some("total.value".to_owned()))
    );
    let report = post(&cashier, "/v1/medical/fhir/$check", None, &wrong).await;
    assert_eq!((&report["findings"][0]["rule"], &report["findings"][0]["found"]), (&json!("F1"), &json!("1.00")));
    without_a_filing(&stage, &asked).await;
    stage.stop().await;
}

fn notes_tell_of_other_filings(offer: &Value) {
    let notes = offer["processNote"].as_array().expect("notes");
    let notes: Vec<&str> = notes.iter().filter_map(|note| note["text"].as_str()).collect();
    for part in ["若备案为临时·转诊", "if filed as temp_self", "本次结算前", "estimate of the same bill at home"]
    {
        assert!(notes.iter().any(|note| note.contains(part)), "{part} in {notes:?}");
    }
}

/// The refusal says what is payable with a filing.
async fn without_a_filing(stage: &Stage, asked: &Value) {
    let (cashier, clerk) = (stage.cashier("H31010100001"), stage.operator("330000"));
    let ask =
        json!({ "home_area": "330100", "certificate": consultation()["visit"]["certificate"], "care_type": "11" });
    let person = post(&cashier, "/v1/medical/eligibility", None, &ask).await["person"].clone();
    let path = format!("/v1/medical/filings?person={}", person.as_str().expect("a person"));
    let list: Value = clerk.get(&path).await.expect("a list");
    for filing in list["items"].as_array().expect("filings") {
        let path = format!("/v1/medical/filings/{}", filing["filing"].as_str().expect("an id"));
        clerk.send::<_, Value>(Method::DELETE, &path, None, &json!(null)).await.expect("revoked");
    }
    let sent = cashier.send::<_, Value>(Method::POST, CLAIM, Some("fhir-offer-02"), asked).await;
    let Err(CallError::Refused(problem)) = sent else { panic!("{sent:?}") };
    assert_eq!(problem.code, "MED-2005");
    let told = &problem.extension["if_filed"];
    assert_eq!(told["alternatives"].as_array().map(Vec::len), Some(4), "{told}");
}

#[test]
fn the_command_line_checks_files_and_names_what_does_not_add_up() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("writable");
        path.display().to_string()
    };
    let mut claim = shown();
    claim["id"] = json!("c1");
    let good = file("good.json", &claim.to_string());
    let checked = huitong(&["medical", "fhir", "check", &good]);
    assert!(checked.status.success() && text(&checked).contains("good 通过"), "{}", text(&checked));
    // The answer is compared with the Claim of the other file.
    let answer = json!({ "resourceType": "ClaimResponse", "use": "claim", "request": { "reference": "Claim/c1" },
        "total": [{ "category": { "coding": [{ "code": "submitted" }] }, "amount": { "value": 1 } }] });
    let answer = file("answer.json", &answer.to_string());
    let checked = huitong(&["medical", "fhir", "check", &good, &answer]);
    let said = text(&checked);
    assert!(!checked.status.success(), "{said}");
    for part in ["F5 total[0].amount.value", "found 报文为 1.00", "申报总额", "2 files, 1 faulty"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let broken = file("broken.json", "{");
    let checked = huitong(&["medical", "fhir", "check", &broken, "--json"]);
    assert!(!checked.status.success() && text(&checked).contains("MED-1001"), "{}", text(&checked));
    assert!(!huitong(&["medical", "fhir", "check", "no-such-file.json"]).status.success());
}
