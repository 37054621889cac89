//! Refusals as OperationOutcome, for those who accept `application/fhir+json`; others get problem documents as everywhere.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use huitong_service_kit::http::Problem;

use super::MEDIA_TYPE;
use crate::fhir::export::{Refused, operation_outcome};

/// Bytes of a problem document at most.
const PROBLEM_BYTES_MAX: usize = 64 * 1024;

pub async fn in_words_of_fhir(request: Request, next: Next) -> Response {
    let accepts = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.contains("application/fhir+json"));
    let is_wanted = request.headers().get_all(header::ACCEPT).iter().any(accepts);
    let response = next.run(request).await;
    let is_problem =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json");
    if is_wanted && is_problem { told(response).await } else { response }
}

async fn told(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    // A problem of our own is in memory already.
    let bytes = to_bytes(body, PROBLEM_BYTES_MAX).await.unwrap_or_default();
    let Ok(problem) = serde_json::from_slice::<Problem>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    let outcome = operation_outcome(&Refused {
        status: problem.status,
        code: &problem.code,
        english: &problem.title,
        chinese: &problem.title_zh,
        field: problem.field.as_deref(),
        answer: problem.answer.as_deref(),
    });
    let body = serde_json::to_vec(&outcome).expect("a document of our own is JSON");
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}
