//! Counts and times requests, and logs those that failed. Paths in metrics are the routes, not what callers typed.

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;

/// A method of HTTP by its name. Whatever else callers invent is one label, or they could fill the memory with labels.
fn known(method: &Method) -> &'static str {
    const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    METHODS.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

pub async fn observe(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = known(request.method());
    let start = Instant::now();
    let response = next.run(request).await;
    let status = response.status();
    let seconds = start.elapsed().as_secs_f64();
    metrics::counter!("huitong_http_requests_total", "method" => method, "route" => route.clone(),
        "status" => status.as_str().to_owned())
    .increment(1);
    metrics::histogram!("huitong_http_request_seconds", "route" => route.clone()).record(seconds);
    if status.is_server_error() {
        tracing::warn!(method, route, status = status.as_u16(), seconds, "a request failed");
    }
    response
}
