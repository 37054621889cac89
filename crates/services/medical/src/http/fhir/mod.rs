//! Endpoints below /v1/medical/fhir: FHIR R4 in and out. What the documents say is read and written in [`crate::fhir`].

mod batches;
pub mod capabilities;
pub mod checks;
pub mod claim_responses;
pub mod claims;
pub mod explanations;
mod offer;
mod outcomes;
pub mod reconciliations;
mod settled;

use std::convert::Infallible;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use huitong_kernel::hash::Digest;
use huitong_service_kit::endpoint;
use huitong_service_kit::http::{Body, Endpoint, Problem};
use serde_json::value::RawValue;

use super::MedicalEdge;
use super::wire::problem;
use crate::fhir::node::Node;
use crate::{Medical, refusal};

/// Each with its permission; what they refuse is said in FHIR's words to those who ask for them.
pub fn endpoints() -> Vec<Endpoint<MedicalEdge>> {
    let endpoints = vec![
        endpoint!("medical.settle", claims::submit_claim),
        endpoint!("medical.settlement.read", claim_responses::get_claim_response),
        endpoint!("medical.settlement.read", claim_responses::get_claim_responses_by_fund),
        endpoint!("medical.settlement.read", explanations::get_explanation_of_benefit),
        endpoint!("medical.settlement.read", reconciliations::get_payment_reconciliation),
        endpoint!("medical.settlement.read", checks::check_sums),
        endpoint!(public, capabilities::get_capabilities),
    ];
    let spoken = |mut endpoint: Endpoint<MedicalEdge>| {
        endpoint.routes.2 = endpoint.routes.2.layer::<_, Infallible>(from_fn(outcomes::in_words_of_fhir));
        endpoint
    };
    endpoints.into_iter().map(spoken).collect()
}

const MEDIA_TYPE: &str = "application/fhir+json; fhirVersion=4.0";

/// A FHIR document as request.
pub struct Document {
    pub node: Node,
    /// What an `Idempotency-Key` stands for.
    pub request: Digest,
}

impl<State: Send + Sync> FromRequest<State> for Document {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &State) -> Result<Document, Problem> {
        let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if media_type.is_some_and(is_other_version) {
            return Err(problem(&refusal::IMPORT_UNSUPPORTED.refuse().at_field("Content-Type")));
        }
        let body = Body::<Box<RawValue>, Medical>::from_request(request, state).await?;
        let node = Node::read(body.value.get().as_bytes()).map_err(|refusal| problem(&refusal))?;
        Ok(Document { node, request: body.request })
    }
}

/// A client may say which version of FHIR it writes; R4 is 4.0.
fn is_other_version(media_type: &str) -> bool {
    let version = media_type.split(';').find_map(|parameter| parameter.trim().strip_prefix("fhirVersion="));
    version.is_some_and(|version| !matches!(version.trim_matches('"'), "4.0" | "4.0.1"))
}

/// A FHIR resource as answer.
pub struct Resource(pub StatusCode, pub Node);

impl IntoResponse for Resource {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.1).expect("a document of our own is JSON");
        let mut response = (self.0, body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_of_fhir_is_known_by_the_media_type() {
        for (media_type, is_other) in [
            ("application/fhir+json", false),
            ("application/json; charset=utf-8", false),
            (MEDIA_TYPE, false),
            ("application/fhir+json; fhirVersion=5.0", true),
            ("application/fhir+json;fhirVersion=\"3.0\"", true),
        ] {
            assert_eq!(is_other_version(media_type), is_other, "{media_type}");
        }
    }
}
