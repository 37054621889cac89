//! A caller of a node's public API.

use huitong_service_kit::http::Problem;
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[derive(Clone)]
pub struct ApiClient {
    base: String,
    key: String,
    http: reqwest::Client,
}

/// What a call brought.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The node refused, with a stable code.
    #[error("{} {} {}{}", .0.code, .0.title, .0.title_zh, .0.field.as_deref().map(|field| format!(" ({field})")).unwrap_or_default())]
    Refused(Box<Problem>),
    /// The node could not be reached or answered nonsense: the outcome is unknown.
    #[error("the node cannot be reached: {0}")]
    Unreachable(String),
}

impl CallError {
    /// Whether the same call, under the same key, may fare better.
    pub fn may_pass(&self) -> bool {
        match self {
            CallError::Refused(problem) => problem.status >= 500 || problem.status == 429 || problem.status == 408,
            CallError::Unreachable(_) => true,
        }
    }
}

impl ApiClient {
    pub fn new(base: &str, key: &str) -> ApiClient {
        ApiClient {
            base: base.trim_end_matches('/').to_owned(),
            key: key.trim().to_owned(),
            http: reqwest::Client::builder()
                .timeout(std::time::Duration::from_secs(20))
                .build()
                .expect("a client without special settings can be built"),
        }
    }

    /// The same node under another key; connections are shared.
    pub fn with_key(&self, key: &str) -> ApiClient {
        ApiClient { key: key.to_owned(), ..self.clone() }
    }

    pub async fn get<R: DeserializeOwned>(&self, path: &str) -> Result<R, CallError> {
        self.call(Method::GET, path, None, None::<&()>).await.map(|(_, body)| body)
    }

    /// A mutating call; gives the status, because 202 means "wait".
    pub async fn send<B: Serialize, R: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        idempotency_key: Option<&str>,
        body: &B,
    ) -> Result<(StatusCode, R), CallError> {
        self.call(method, path, idempotency_key, Some(body)).await
    }

    async fn call<B: Serialize, R: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        idempotency_key: Option<&str>,
        body: Option<&B>,
    ) -> Result<(StatusCode, R), CallError> {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key);
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| CallError::Unreachable(error.to_string()))?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| CallError::Unreachable(error.to_string()))?;
        if !status.is_success() {
            let problem: Problem = serde_json::from_slice(&bytes)
                .map_err(|_| CallError::Unreachable(format!("answer {status} without a problem document")))?;
            return Err(CallError::Refused(Box::new(problem)));
        }
        let bytes: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        let body = serde_json::from_slice(bytes)
            .map_err(|error| CallError::Unreachable(format!("the answer cannot be read: {error}")))?;
        Ok((status, body))
    }
}
