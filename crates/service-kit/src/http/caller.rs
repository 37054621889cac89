//! The caller of a request: who it is, the request's id, the idempotency key.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use huitong_kernel::hash::Digest;

use super::kit_refusals;
use super::problem::Problem;
use crate::principal::Principal;
use crate::stream::record::Idempotency;

/// Put into the request's extensions by the edge.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// An authenticated caller; on public endpoints ask for `Option<Caller>` instead.
#[derive(Clone, Debug)]
pub struct Caller {
    pub principal: Principal,
    pub request_id: String,
    key: Option<String>,
}

impl Caller {
    /// The caller, for requests that are not kept under a key.
    pub fn without_key(mut self) -> Caller {
        self.key = None;
        self
    }

    /// The caller under a key that the message itself carries.
    pub fn with_key(mut self, key: &str) -> Caller {
        self.key = Some(key.to_owned());
        self
    }

    /// The idempotency key as sent.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The idempotency key with what it stands for; `None` when the caller sent no key.
    pub fn idempotency(&self, request: Digest) -> Option<Idempotency> {
        self.key.clone().map(|key| Idempotency { key, request })
    }
}

impl<State: Send + Sync> FromRequestParts<State> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &State) -> Result<Caller, Problem> {
        let principal = parts
            .extensions
            .get::<Principal>()
            .cloned()
            .ok_or_else(|| Problem::kit(&kit_refusals::NOT_AUTHENTICATED))?;
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        Ok(Caller { principal, request_id, key: idempotency_key(parts)? })
    }
}

/// What an `Idempotency-Key` may be.
pub fn is_key(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn idempotency_key(parts: &Parts) -> Result<Option<String>, Problem> {
    let Some(value) = parts.headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    if is_key(key) { Ok(Some(key.to_owned())) } else { Err(Problem::kit(&kit_refusals::IDEMPOTENCY_KEY_MALFORMED)) }
}
