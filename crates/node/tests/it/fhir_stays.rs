//! A stay is admitted natively, or by the national interface, and settled by Claims: in part, then at its end; and filed by a Claim
//! before. Whoever asks for FHIR's words is refused in them.

use huitong_node::demo::client::ApiClient;
use reqwest::Method;
use serde_json::{Value, json};

use super::fhir::{CLAIM, post, refused, shown, total};
use super::hospital_system::{System, admission, line, today};
use super::stage::Stage;

const CARD: &str = "330100198307070379";

/// A Claim about a stay: nothing but the visit, and the accepted offer.
fn about(usage: &str, visit: &str, more: Value) -> Value {
    let mut claim = json!({ "resourceType": "Claim", "status": "active", "use": usage,
        "identifier": [{ "system": "urn:huitong:fhir:visit", "value": visit }] });
    for (name, value) in more.as_object().expect("members") {
        claim[name] = value.clone();
    }
    claim
}

fn yuan(amount: f64) -> Value {
    json!({ "value": amount, "currency": "CNY" })
}

fn accepted(visit: &str, offer: &Value, fee: f64) -> Value {
    about("claim", visit, json!({ "total": yuan(fee), "insurance": [{ "preAuthRef": [offer["preAuthRef"]] }] }))
}

fn interim() -> Value {
    json!([{ "valueBoolean": true, "category": { "coding": [{ "system": "urn:huitong:fhir:information", "code": "interim" }] } }])
}

/// Lines of a stay under numbers of the hospital's own.
async fn care(cashier: &ApiClient, visit: &str, batch: &str, number: &str, quantity: u32) {
    let amount = format!("{}.00", quantity * 20);
    let lines = json!({ "lines": [{ "number": number, "item_code": "F002431", "quantity": quantity.to_string(), "price": "20.00", "amount": amount }] });
    let path = format!("/v1/medical/visits/{visit}/batches/{batch}/lines");
    cashier.send::<_, Value>(Method::POST, &path, None, &lines).await.expect("lines");
}

#[tokio::test(flavor = "multi_thread")]
async fn stays_are_settled_by_claims_however_they_were_admitted() {
    let stage = Stage::new(&[]).await;
    let cashier = stage.cashier("H31010100001");
    filed_by_claim(&cashier).await;
    admitted_natively(&cashier).await;
    admitted_by_2401(&stage, &cashier).await;
    refused_in_words_of_fhir(&stage).await;
    stage.stop().await;
}

async fn filed_by_claim(cashier: &ApiClient) {
    let mut filing = shown();
    filing["use"] = json!("preauthorization");
    filing["contained"][0]["identifier"][0]["value"] = json!(CARD);
    filing["supportingInfo"] = json!([{ "sequence": 1,
        "category": { "coding": [{ "system": "urn:huitong:fhir:information", "code": "filing" }] },
        "code": { "coding": [{ "system": "urn:huitong:fhir:filing-kind", "code": "long_stay" }] } }]);
    let filed = post(cashier, CLAIM, Some("fhir-filing-01"), &filing).await;
    assert_eq!((&filed["use"], &filed["outcome"]), (&json!("preauthorization"), &json!("complete")), "{filed}");
    assert_eq!(filed, {
        let mut again = post(cashier, CLAIM, Some("fhir-filing-01"), &filing).await;
        again["created"] = filed["created"].clone();
        again
    });
}

/// Two settlements: while the stay goes on, and when it is over. The second offer is for the batch that is left.
async fn admitted_natively(cashier: &ApiClient) {
    let admission = json!({ "home_area": "330100", "certificate": { "type": "02", "number": CARD }, "scheme": "employee", "care_type": "21" });
    let (_, stay) =
        cashier.send::<_, Value>(Method::POST, "/v1/medical/visits", None, &admission).await.expect("admitted");
    let (id, number) = (stay["visit"].as_str().expect("an id"), stay["number"].as_str().expect("a number"));
    care(cashier, id, "1", "CT-1", 500).await;
    care(cashier, id, "1", "CT-2", 10).await;
    let early = refused(cashier, None, &about("predetermination", number, json!({}))).await;
    assert_eq!(early.0, "MED-4012", "not discharged");
    let offer =
        post(cashier, CLAIM, None, &about("predetermination", number, json!({ "supportingInfo": interim() }))).await;
    assert_eq!(
        (&offer["type"]["coding"][0]["code"], total(&offer, "submitted").as_str()),
        (&json!("institutional"), "10200.0")
    );
    // The hospital sends all its lines again: by the sequences that the offer has.
    let item = |sequence: u32, quantity: u32| {
        json!({ "sequence": sequence, "quantity": { "value": quantity }, "unitPrice": yuan(20.0), "net": yuan(f64::from(quantity * 20)),
            "productOrService": { "coding": [{ "system": "urn:huitong:fhir:item-code", "code": "F002431" }] } })
    };
    let mut part = accepted(number, &offer, 10_200.0);
    part["item"] = json!([item(1, 500), item(2, 10)]);
    let mut other = part.clone();
    other["item"] = json!([item(1, 10), item(2, 500)]);
    assert_eq!(
        refused(cashier, Some("fhir-stay-00"), &other).await,
        ("MED-4001".to_owned(), Some("item[0].net".to_owned()))
    );
    let days = json!({ "start": "2026-01-01", "end": "2026-01-31" });
    part["billablePeriod"] = days;
    assert_eq!(
        refused(cashier, Some("fhir-stay-00"), &part).await,
        ("MED-3006".to_owned(), Some("billablePeriod".to_owned()))
    );
    part.as_object_mut().expect("an object").remove("billablePeriod");
    let settled = post(cashier, CLAIM, Some("fhir-stay-01"), &part).await;
    assert_eq!(total(&settled, "benefit"), total(&offer, "benefit"));
    assert_eq!(
        settled,
        post(cashier, CLAIM, Some("fhir-stay-01"), &part).await,
        "the same answer, though the batch is over"
    );

    care(cashier, id, "2", "CT-3", 100).await;
    let path = format!("/v1/medical/visits/{id}/discharge");
    let discharged = cashier.send::<_, Value>(Method::PUT, &path, None, &json!({ "ended_on": today() })).await;
    discharged.expect("discharged");
    let offer = post(cashier, CLAIM, None, &about("predetermination", number, json!({}))).await;
    assert_eq!(offer["identifier"][2]["value"], "2", "what is left");
    let settled = post(cashier, CLAIM, Some("fhir-stay-02"), &accepted(number, &offer, 2_000.0)).await;
    assert_eq!(total(&settled, "deductible"), "0.0", "it was paid with the first part");
}

async fn admitted_by_2401(stage: &Stage, cashier: &ApiClient) {
    let mut system = System::new(stage);
    let card = json!({ "mdtrt_cert_type": "02", "mdtrt_cert_no": super::hospital_system::CARD, "psn_cert_type": "01" });
    let person = system.ask("1101", json!({ "data": card })).await["baseinfo"]["psn_no"].clone();
    let psn_no = person.as_str().expect("a person");
    let visit = system.ask("2401", admission(psn_no)).await["result"]["mdtrt_id"].clone();
    let number = visit.as_str().expect("a number");
    system.ask("2301", json!({ "feedetail": line(number, psn_no, "1", "500", "10000.00") })).await;
    let left = json!({ "mdtrt_id": visit, "psn_no": person, "insutype": "310", "endtime": today(),
        "dscg_dept_codg": "D1", "dscg_dept_name": "内科", "dscg_way": "1" });
    system.ask("2402", json!({ "dscginfo": left })).await;
    let offer = post(cashier, CLAIM, None, &about("predetermination", number, json!({}))).await;
    let settled = post(cashier, CLAIM, Some("fhir-stay-03"), &accepted(number, &offer, 10_000.0)).await;
    // 10 000.00 − 800.00 deductible, level 3, 84 %.
    assert_eq!(total(&settled, "benefit"), "7728.0");
    let cancelled = json!({ "resourceType": "Claim", "status": "cancelled", "use": "claim",
        "related": [{ "claim": { "identifier": { "system": "urn:huitong:fhir:settlement", "value": settled["id"] } } }] });
    let contra = post(cashier, CLAIM, None, &cancelled).await;
    assert_eq!((&contra["status"], total(&contra, "benefit").as_str()), (&json!("cancelled"), "-7728.0"));
}

async fn refused_in_words_of_fhir(stage: &Stage) {
    let http = huitong_node::tls::http_client().build().expect("a client");
    let url = stage.url("310000");
    let mut wrong = shown();
    wrong["total"]["value"] = json!(1);
    let send = |accept: &str| {
        let request =
            http.post(format!("{url}{CLAIM}")).bearer_auth(&stage.keys["H31010100001"]).header("accept", accept);
        request.header("content-type", "application/fhir+json").body(wrong.to_string()).send()
    };
    let answer = send("application/fhir+json").await.expect("the node answers");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (422, &"application/fhir+json; fhirVersion=4.0".parse().expect("a value"))
    );
    let outcome: Value = serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    assert_eq!(outcome["issue"][0]["details"]["coding"][0]["code"], "MED-7001");
    assert_eq!(outcome["issue"][0]["expression"], json!(["total.value"]));
    let answer = send("*/*").await.expect("the node answers");
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let stated = http.get(format!("{url}/v1/medical/fhir/metadata")).send().await.expect("the node answers");
    assert!(stated.text().await.expect("text").contains("\"fhirVersion\":\"4.0.1\""), "without a key");
}
