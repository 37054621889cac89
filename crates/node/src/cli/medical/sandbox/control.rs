//! /sandbox/…: asking for faults, and for the report

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::faults::{Fault, FaultKind};
use super::proxy::Sandbox;
use super::report::Report;

pub fn router() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/sandbox/faults", get(waiting).post(add).delete(clear_faults))
        .route("/sandbox/report", get(report).delete(clear_report))
}

/// The faults that wait, and those that can be asked for.
async fn waiting(State(sandbox): State<Arc<Sandbox>>) -> Response {
    let known: Vec<_> =
        FaultKind::ALL.iter().map(|kind| json!({ "fault": kind.name(), "text": kind.text() })).collect();
    Json(json!({ "waiting": sandbox.faults().waiting(), "known": known })).into_response()
}

fn wrong(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": why }))).into_response()
}

async fn add(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let fault: Fault = match serde_json::from_slice(&body) {
        Ok(fault) => fault,
        Err(error) => return wrong(&format!("no fault 故障描述有误: {error}")),
    };
    let added = sandbox.faults().add(fault);
    match added {
        Ok(()) => waiting(State(sandbox)).await,
        Err(why) => wrong(why),
    }
}

async fn clear_faults(State(sandbox): State<Arc<Sandbox>>) -> Response {
    sandbox.faults().clear();
    waiting(State(sandbox)).await
}

/// JSON; the printed form where `accept` asks for text.
async fn report(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap) -> Response {
    let report = Report::of(&sandbox);
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.starts_with("text/plain") {
        return report.to_string().into_response();
    }
    Json(report).into_response()
}

/// What was sent until now is forgotten: a new report begins.
async fn clear_report(State(sandbox): State<Arc<Sandbox>>) -> StatusCode {
    sandbox.record().clear();
    StatusCode::NO_CONTENT
}
