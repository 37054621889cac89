//! From the `Authorization` header to the principal. The only place where the edge asks registry directly.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use huitong_kernel::random::RandomSource;
use huitong_registry::Registry;
use huitong_registry::query::authenticate::authenticate as find_principal;
use huitong_service_kit::StoreError;
use huitong_service_kit::http::{Clock, Problem, RequestId, kit_refusals};
use huitong_service_kit::stream::ServiceStream;

#[derive(Clone)]
pub struct Authenticator {
    pub registry: Arc<ServiceStream<Registry>>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<Mutex<RandomSource>>,
}

/// Puts request id and principal into the request. A missing key leaves the request anonymous, and the endpoint decides;
/// a wrong key is refused at once.
pub async fn authenticate(State(authenticator): State<Authenticator>, mut request: Request, next: Next) -> Response {
    let request_id = request_id(&request, &authenticator);
    request.extensions_mut().insert(RequestId(request_id.clone()));
    let presented = match bearer(&request) {
        Ok(presented) => presented,
        Err(()) => return Problem::kit(&kit_refusals::NOT_AUTHENTICATED).into_response(),
    };
    if let Some(presented) = presented {
        if !authenticator.registry.is_current() {
            // Cut off from the journal: a key may have been revoked meanwhile.
            return Problem::kit(&kit_refusals::NOT_LEADING).into_response();
        }
        let now = authenticator.clock.now();
        let found: Result<_, StoreError> =
            authenticator.registry.readers().view(|view| find_principal(view, &presented, now));
        match found {
            Ok(Some(principal)) => drop(request.extensions_mut().insert(principal)),
            Ok(None) => return Problem::kit(&kit_refusals::NOT_AUTHENTICATED).into_response(),
            Err(error) => {
                tracing::error!(%error, "keys cannot be read");
                return Problem::kit(&kit_refusals::STORAGE_FAILED).into_response();
            }
        }
    }
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

fn bearer(request: &Request) -> Result<Option<String>, ()> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else { return Ok(None) };
    let value = value.to_str().map_err(|_| ())?;
    value.strip_prefix("Bearer ").map(|key| Some(key.to_owned())).ok_or(())
}

/// The caller's own id if it is harmless in a log, else a new one.
fn request_id(request: &Request, authenticator: &Authenticator) -> String {
    let given = request.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    let harmless =
        |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match given.filter(harmless) {
        Some(id) => id.to_owned(),
        None => {
            let mut random = authenticator.random.lock().unwrap_or_else(PoisonError::into_inner);
            huitong_kernel::id::new_uuid(authenticator.clock.now(), &mut random).to_string()
        }
    }
}
