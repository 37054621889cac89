//! A caller of a node's public API.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use huitong_service_kit::http::page::PAGE_SIZE_MAX;
use huitong_service_kit::http::{Problem, kit_refusals};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Clone)]
pub struct ApiClient {
    /// One URL per member of the node.
    bases: Vec<String>,
    /// The member that was last found to lead.
    leader: Arc<AtomicUsize>,
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

    /// Whether less at once may fare better.
    pub fn is_too_large(&self) -> bool {
        matches!(self, CallError::Refused(problem) if problem.status == StatusCode::PAYLOAD_TOO_LARGE.as_u16())
    }
}

impl ApiClient {
    pub fn new(base: &str, key: &str) -> ApiClient {
        ApiClient {
            bases: base.split(',').map(|url| url.trim().trim_end_matches('/').to_owned()).collect(),
            leader: Arc::default(),
            key: key.trim().to_owned(),
            http: crate::tls::http_client()
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

    /// A page of a list, behind a cursor: its items, and the cursor of the next one.
    pub async fn page(&self, path: &str, after: Option<&str>) -> Result<(Vec<Value>, Option<String>), CallError> {
        let cursor = after.map(|after| format!("&after={}", encoded(after))).unwrap_or_default();
        let mut page: Value = self.get(&format!("{path}?limit={PAGE_SIZE_MAX}{cursor}")).await?;
        let next = page["next"].as_str().map(str::to_owned);
        let items = page["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
        Ok((items, next))
    }

    /// Every item of a paged list.
    pub async fn all(&self, path: &str) -> Result<Vec<Value>, CallError> {
        let (mut items, mut after) = self.page(path, None).await?;
        while let Some(cursor) = after {
            let (more, next) = self.page(path, Some(&cursor)).await?;
            items.extend(more);
            after = next;
        }
        Ok(items)
    }

    /// A page or a file as it is.
    pub async fn text(&self, path: &str) -> Result<String, CallError> {
        let member = self.leader.load(Ordering::Relaxed) % self.bases.len();
        let request = self.http.get(format!("{}{path}", self.bases[member])).bearer_auth(&self.key);
        let unreachable = |error: reqwest::Error| CallError::Unreachable(error.to_string());
        let answer = request.send().await.map_err(unreachable)?;
        let is_good = answer.status().is_success();
        let text = answer.text().await.map_err(unreachable)?;
        if is_good {
            return Ok(text);
        }
        let problem: Problem =
            serde_json::from_str(&text).map_err(|_| CallError::Unreachable("no problem document".to_owned()))?;
        Err(CallError::Refused(Box::new(problem)))
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

    /// Calls the member that led last. When it cannot be reached or does not lead, the next call goes to another one; what
    /// was surely not booked is asked there at once.
    pub async fn call<B: Serialize, R: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        idempotency_key: Option<&str>,
        body: Option<&B>,
    ) -> Result<(StatusCode, R), CallError> {
        let mut tries = 0;
        loop {
            let member = self.leader.load(Ordering::Relaxed) % self.bases.len();
            let called = self.call_member(member, method.clone(), path, idempotency_key, body).await;
            tries += 1;
            let not_booked = match &called {
                Err(CallError::Refused(problem)) if problem.code == kit_refusals::NOT_LEADING.code => true,
                // A member that follows hears of a new key a moment later.
                Err(CallError::Refused(problem)) if problem.code == kit_refusals::NOT_AUTHENTICATED.code => true,
                Err(CallError::Unreachable(_)) => idempotency_key.is_some(),
                _ => return called,
            };
            self.leader.store(member + 1, Ordering::Relaxed);
            if !not_booked || tries >= self.bases.len() {
                return called;
            }
        }
    }

    async fn call_member<B: Serialize, R: DeserializeOwned>(
        &self,
        member: usize,
        method: Method,
        path: &str,
        idempotency_key: Option<&str>,
        body: Option<&B>,
    ) -> Result<(StatusCode, R), CallError> {
        let mut request = self.http.request(method, format!("{}{path}", self.bases[member])).bearer_auth(&self.key);
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| CallError::Unreachable(error.to_string()))?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| CallError::Unreachable(error.to_string()))?;
        if status == StatusCode::PAYLOAD_TOO_LARGE && serde_json::from_slice::<Problem>(&bytes).is_err() {
            // A proxy's words: nothing came to the node.
            return Err(CallError::Refused(Box::new(Problem::kit(&kit_refusals::TOO_LARGE))));
        }
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

/// A cursor in a query: what is not a letter, a digit or one of `-._~` is written as `%XX`.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
