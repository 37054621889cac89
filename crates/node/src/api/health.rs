//! GET /health/live, /health/ready and /metrics.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::endpoint;
use huitong_service_kit::http::Endpoint;
use huitong_service_kit::stream::StreamPort;
use metrics_exporter_prometheus::PrometheusHandle;

use super::status::NodeStatus;

type HealthState = (NodeStatus, PrometheusHandle);

pub fn endpoints() -> Vec<Endpoint<HealthState>> {
    vec![endpoint!(public, live), endpoint!(public, ready), endpoint!(public, leading), endpoint!(public, metrics)]
}

/// The process answers.
#[utoipa::path(get, path = "/health/live", tag = "node", responses((status = 200, body = String)))]
pub async fn live() -> &'static str {
    "live\n"
}

/// All streams can be read, and what this member knows of them is not old.
#[utoipa::path(get, path = "/health/ready", tag = "node",
    responses((status = 200, body = String), (status = 503, body = String)))]
pub async fn ready(State((status, _)): State<HealthState>) -> (StatusCode, &'static str) {
    if status.streams.iter().all(|port| port.head().is_ok() && port.is_current()) {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "a stream cannot be read, or its journal cannot be reached\n")
    }
}

/// This member decides for all its streams: where a load balancer sends what changes something.
#[utoipa::path(get, path = "/health/leading", tag = "node",
    responses((status = 200, body = String), (status = 503, body = String)))]
pub async fn leading(State((status, _)): State<HealthState>) -> (StatusCode, &'static str) {
    let own = |port: &&Arc<dyn StreamPort>| status.services.iter().any(|name| name == port.home().service_name());
    if status.streams.iter().filter(own).all(|port| port.is_leading() && port.held().is_none()) {
        (StatusCode::OK, "leading\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "this member follows or is on hold\n")
    }
}

/// Metrics in the Prometheus text format; no personal data.
#[utoipa::path(get, path = "/metrics", tag = "node", responses((status = 200, body = String)))]
pub async fn metrics(State((status, handle)): State<HealthState>) -> String {
    for port in status.streams.iter() {
        if let Ok((sequence, _)) = port.head() {
            metrics::gauge!("huitong_stream_entries", "stream" => port.home().to_string()).set(sequence as f64);
        }
    }
    handle.render()
}
