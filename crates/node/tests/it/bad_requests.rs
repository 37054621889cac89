//! Bad requests over HTTP: each gets its stable code and changes nothing.

use serde_json::{Value, json};

use super::stage::{Stage, consultation};

struct Counter {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Counter {
    async fn post(&self, message_id: Option<&str>, body: String) -> (u16, Value) {
        let mut request = self.http.post(&self.url).bearer_auth(&self.key).header("content-type", "application/json");
        if let Some(message_id) = message_id {
            request = request.header("idempotency-key", message_id);
        }
        let answer = request.body(body).send().await.expect("the node answers");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }
}

/// A good bill of somebody who is not insured.
fn bill() -> Value {
    let mut bill = consultation();
    bill["visit"]["certificate"]["number"] = json!("330102199001011234");
    bill
}

#[tokio::test(flavor = "multi_thread")]
async fn each_malformed_bill_has_a_stable_code_in_both_languages_and_books_nothing() {
    let stage = Stage::new(&[]).await;
    let counter = Counter {
        http: huitong_node::tls::http_client().build().expect("a client"),
        url: format!("{}/v1/medical/bills", stage.url("310000")),
        key: stage.keys["H31010100001"].clone(),
    };
    let altered = |pointer: &str, value: Value| {
        let mut bill = bill();
        *bill.pointer_mut(pointer).expect("the field is there") = value;
        bill.to_string()
    };
    let mut unknown = bill();
    unknown["surprise"] = json!(1);
    let mut missing = bill();
    missing.as_object_mut().expect("an object").remove("total_fee");
    let cases = [
        ("not JSON", "{".to_owned(), 400, "MED-1001"),
        ("a field is missing", missing.to_string(), 400, "MED-1002"),
        ("an unknown field", unknown.to_string(), 400, "MED-1013"),
        ("three decimals", altered("/total_fee", json!("12.345")), 400, "MED-1004"),
        ("an exponent", bill().to_string().replace("\"quantity\":\"1\"", "\"quantity\":1e3"), 400, "MED-1004"),
        ("a wrong type", altered("/account_wanted", json!("yes")), 400, "MED-1012"),
        ("an unknown scheme", altered("/visit/scheme", json!("tourist")), 400, "MED-1012"),
        ("an unknown certificate", altered("/visit/certificate/type", json!("99")), 400, "MED-1012"),
        ("a text too long", altered("/batch", json!("长".repeat(31))), 400, "MED-1003"),
        (
            "31 February",
            altered(
                "/lines/0",
                json!({
                    "number": "1", "item_code": "F002431", "quantity": "1", "price": "20.00", "amount": "20.00",
                    "fee_date": "2026-02-31",
                }),
            ),
            400,
            "MED-1005",
        ),
        ("sums that differ", altered("/total_fee", json!("20.01")), 422, "MED-4001"),
        ("no such jurisdiction", altered("/visit/home_area", json!("440300")), 404, "MED-2003"),
        ("nobody insured", bill().to_string(), 404, "MED-2001"),
    ];
    for (number, (story, body, status, code)) in cases.into_iter().enumerate() {
        let (found, problem) = counter.post(Some(&format!("bad-request-{number}")), body).await;
        assert_eq!((found, problem["code"].as_str()), (status, Some(code)), "{story}: {problem}");
        assert_eq!(problem["answer"].as_str().unwrap_or("do_not_collect"), "do_not_collect", "{story}");
        assert!(problem["title_zh"].as_str().is_some_and(|text| !text.is_empty()), "{story}: both languages");
    }
    assert_eq!(counter.post(None, bill().to_string()).await.1["code"], "MED-1015", "no message id");
    assert_eq!(counter.post(Some("short"), bill().to_string()).await.1["code"], "API-1004");
    let huge = format!("{{\"batch\":\"{}\"}}", "x".repeat(600 * 1024));
    assert_eq!(counter.post(Some("bad-request-huge"), huge).await.0, 413);
    let booked: Value = stage.cashier("H31010100001").get("/v1/medical/settlements").await.expect("a list");
    assert_eq!(booked["items"].as_array().map(Vec::len), Some(0), "nothing was booked");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_in_pages_that_stay_stable_and_malformed_pages_are_refused() {
    let stage = Stage::new(&[]).await;
    let cashier = stage.cashier("H31010100001");
    for number in 0..5 {
        let message_id = format!("for-the-list-{number}");
        let bill = consultation();
        let sent = cashier.send::<_, Value>(reqwest::Method::POST, "/v1/medical/bills", Some(&message_id), &bill).await;
        assert_eq!(sent.expect("settled").1["answer"], "collect");
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/medical/settlements?limit=2".to_owned());
    loop {
        let page: Value = cashier.get(&path).await.expect("a page");
        let items = page["items"].as_array().expect("items");
        assert!((1..=2).contains(&items.len()));
        seen.extend(items.iter().map(|item| item["settlement"].as_str().expect("a number").to_owned()));
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/medical/settlements?limit=2&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "in order, nothing twice: {seen:?}");
    for query in ["limit=0", "limit=201", "limit=x", "surprise=1"] {
        let refused = cashier.get::<Value>(&format!("/v1/medical/settlements?{query}")).await.expect_err(query);
        assert!(refused.to_string().starts_with("API-10"), "{query}: {refused}");
    }
    let path = format!("/v1/medical/settlements/{}/explanation", seen[0]);
    let explanation: Value = cashier.get(&path).await.expect("an explanation");
    let steps = explanation["steps"].as_array().expect("steps");
    assert!(steps.iter().any(|step| step["text_zh"].as_str().is_some_and(|text| text.contains("起付线"))), "{steps:?}");
    stage.stop().await;
}
