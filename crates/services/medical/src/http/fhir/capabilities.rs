//! GET /v1/medical/fhir/metadata

use axum::http::StatusCode;

use super::Resource;
use crate::fhir::export::capability_statement;

/// What a FHIR client may ask here: a CapabilityStatement.
#[utoipa::path(get, path = "/v1/medical/fhir/metadata", tag = "medical", responses((status = 200, body = Object)))]
pub async fn get_capabilities() -> Resource {
    Resource(StatusCode::OK, capability_statement())
}
