//! The description of the API is complete and readable.

use serde_json::Value;

use super::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn the_api_describes_itself_and_its_health() {
    let stage = Stage::new(&[]).await;
    let url = stage.url("330000");
    let http = huitong_node::tls::http_client().build().expect("a client");
    let get = async |path: &str| http.get(format!("{url}{path}")).send().await.expect("the node answers");
    let api: Value = get("/openapi.json").await.json().await.expect("JSON");
    assert!(api["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{}", api["openapi"]);
    assert!(api["paths"]["/v1/medical/bills"]["post"]["requestBody"].is_object());
    assert!(get("/docs").await.text().await.expect("text").contains("openapi.json"));
    assert_eq!(get("/health/live").await.status(), 200);
    assert_eq!(get("/health/ready").await.status(), 200);
    let metrics = get("/metrics").await.text().await.expect("text");
    assert!(metrics.contains("huitong_http_requests_total"), "{metrics}");
    assert!(metrics.contains("huitong_stream_entries"), "{metrics}");
    let missing = get("/v1/nothing").await;
    assert_eq!(missing.status(), 404);
    let problem: Value = missing.json().await.expect("a problem document");
    assert_eq!(problem["code"], "API-1007");
    assert!(problem["title_zh"].as_str().is_some_and(|text| !text.is_empty()), "both languages");
    stage.stop().await;
}
