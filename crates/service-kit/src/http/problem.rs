//! Problem documents (RFC 9457) with a stable `code` and both languages.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::kit_refusals;
use crate::refusal::{Refusal, RefusalKind};
use crate::service::Service;
use crate::stream::CallFailure;

/// Seconds after which an overloaded node asks to be called again.
const RETRY_AFTER_SECONDS: u32 = 1;

/// Why a request was not granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// `urn:huitong:problem:CODE`
    #[serde(rename = "type")]
    pub kind: String,
    /// The English text.
    pub title: String,
    /// The Chinese text (中文).
    pub title_zh: String,
    pub status: u16,
    /// Stable: clients may rely on it.
    pub code: String,
    /// Path of the offending field in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where money is at stake: what the person at the counter does now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// What the service says beside it (RFC 9457, 3.2); the endpoint names it.
    #[serde(flatten)]
    pub extension: BTreeMap<String, serde_json::Value>,
}

impl Problem {
    /// The problem of a kind known on the spot.
    pub fn of(kind: &RefusalKind, refusal: &Refusal) -> Problem {
        Problem {
            kind: format!("urn:huitong:problem:{}", kind.code),
            title: refusal.text(kind.english),
            title_zh: refusal.text(kind.chinese),
            status: kind.status,
            code: kind.code.to_owned(),
            field: refusal.field.clone(),
            answer: None,
            extension: BTreeMap::new(),
        }
    }

    /// Adds what the person at the counter does now.
    pub fn answering(mut self, answer: &str) -> Problem {
        self.answer = Some(answer.to_owned());
        self
    }

    pub fn kit(kind: &RefusalKind) -> Problem {
        Problem::of(kind, &kind.refuse())
    }

    /// Looks the refusal's code up in the register of the service, then in the kit's.
    pub fn from_refusal<S: Service>(refusal: &Refusal) -> Problem {
        let registers = S::refusals().iter().copied().chain([kit_refusals::ALL]);
        let kind = registers.flatten().find(|kind| kind.code == refusal.code);
        let extension = S::extension(refusal).map(|(name, value)| (name.to_owned(), value));
        match kind {
            Some(kind) => Problem { extension: extension.into_iter().collect(), ..Problem::of(kind, refusal) },
            // A newer peer may refuse with a code this version does not know; its code is still told.
            None => Problem {
                kind: format!("urn:huitong:problem:{}", refusal.code),
                title: "refused by the other jurisdiction".to_owned(),
                title_zh: "对方拒绝".to_owned(),
                status: 422,
                code: refusal.code.clone(),
                field: refusal.field.clone(),
                answer: None,
                extension: BTreeMap::new(),
            },
        }
    }

    pub fn from_failure<S: Service>(failure: &CallFailure) -> Problem {
        match failure {
            CallFailure::Refused(refusal) => Problem::from_refusal::<S>(refusal),
            CallFailure::Overloaded | CallFailure::Closed => Problem::kit(&kit_refusals::OVERLOADED),
            CallFailure::OnHold => Problem::kit(&kit_refusals::ON_HOLD),
            CallFailure::Failed(error) => Problem::of_storage(S::NAME, error),
        }
    }

    /// What a caller is told when a work was given up: whether to repeat, and with which key.
    fn of_storage(service: &str, error: &huitong_store::StoreError) -> Problem {
        use huitong_store::StoreError;
        match error {
            StoreError::NotLeading | StoreError::Fenced => Problem::kit(&kit_refusals::NOT_LEADING),
            StoreError::Unknown(_) => Problem::kit(&kit_refusals::OUTCOME_UNKNOWN),
            error => {
                tracing::error!(service, %error, "a work was given up");
                Problem::kit(&kit_refusals::STORAGE_FAILED)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).expect("a problem is plain text");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(self.status, 429 | 503) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }
}
