//! The API's description: OpenAPI 3.1 at `/openapi.json`, and a readable page at `/docs`.

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

const PAGE: &str = include_str!("description.html");

pub fn add(router: Router, mut openapi: OpenApi) -> Router {
    openapi.info.title = "Huitong 汇通".to_owned();
    openapi.info.version = env!("CARGO_PKG_VERSION").to_owned();
    openapi.info.description = Some(
        "Public services across jurisdictions. Amounts are yuan with two decimals as strings. Errors are RFC 9457 problem \
         documents with a stable `code` and both languages. Mutating calls take `Idempotency-Key`."
            .to_owned(),
    );
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    openapi.components.get_or_insert_default().security_schemes.insert("bearer".to_owned(), bearer.into());
    let json = openapi.to_pretty_json().expect("a description is plain data");
    let serve_json = move || async move { ([(header::CONTENT_TYPE, "application/json")], json).into_response() };
    router.route("/openapi.json", get(serve_json)).route("/docs", get(|| async { Html(PAGE) }))
}
