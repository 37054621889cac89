//! Between the system under test and its node: passes on, records, and does the faults that were asked for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_service_kit::http::Clock;
use serde_json::Value;

use super::control;
use super::faults::{Fault, FaultKind, Faults};
use super::listener::no_answer;
use super::nodes::Nodes;
use super::record::{Answer, Place, Record, Sent};
use crate::clock::SystemClock;
use crate::demo::Region;

const NATIONAL: &str = "/v1/medical/national";
/// A file of reconciliation fits.
const BODY_BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// Longer than a node waits for its peers.
const NODE_TIMEOUT: Duration = Duration::from_secs(30);
/// What of a request goes on to the node.
const PASSED_ON: &[&str] = &["authorization", "content-type", "accept", "idempotency-key"];

pub struct Sandbox {
    pub region: Region,
    pub nodes: Arc<Nodes>,
    /// Of the hospital under test.
    pub hospital: String,
    /// API of the hospital's node.
    pub node_url: String,
    pub http: reqwest::Client,
    pub faults: Mutex<Faults>,
    pub record: Mutex<Record>,
}

/// What the node answered over HTTP.
struct Answered {
    status: StatusCode,
    content_type: Option<HeaderValue>,
    bytes: Bytes,
}

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        let kind = (header::CONTENT_TYPE, self.content_type.unwrap_or(json));
        (self.status, [kind], self.bytes).into_response()
    }
}

pub fn http_client() -> anyhow::Result<reqwest::Client> {
    Ok(crate::tls::http_client().timeout(NODE_TIMEOUT).build()?)
}

pub fn router(sandbox: Arc<Sandbox>) -> Router {
    Router::new()
        .route(NATIONAL, post(national))
        .route("/v1/medical/{*path}", any(native))
        .merge(control::router())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(sandbox)
}

impl Sandbox {
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, place: Option<Place>, change: impl FnOnce(&mut Sent)) {
        if let Some(sent) = self.record().at(place) {
            change(sent);
        }
    }

    async fn forward(&self, method: Method, path: &str, headers: &HeaderMap, body: Bytes) -> Option<Answered> {
        let mut request = self.http.request(method, format!("{}{path}", self.node_url)).body(body);
        for name in PASSED_ON {
            if let Some(value) = headers.get(*name) {
                request = request.header(*name, value);
            }
        }
        let answer = request.send().await.ok()?;
        let (status, content_type) = (answer.status(), answer.headers().get(header::CONTENT_TYPE).cloned());
        Some(Answered { status, content_type, bytes: answer.bytes().await.ok()? })
    }

    /// The members of the node of a home area, if it is not the hospital's own.
    fn home_urls(&self, area: &str) -> Option<Vec<String>> {
        let home = self.region.manifest.jurisdiction_for(area.parse::<Division>().ok()?)?;
        let members = self.region.members(home.division.as_str()).ok()?;
        let urls: Vec<String> = members.into_iter().map(|(_, url)| url).collect();
        (!urls.contains(&self.node_url)).then_some(urls)
    }
}

fn unreachable() -> Response {
    (StatusCode::BAD_GATEWAY, "the sandbox's node does not answer 沙箱节点无应答\n").into_response()
}

/// The native interface: passed on as it is, not recorded.
async fn native(
    State(sandbox): State<Arc<Sandbox>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path_and_query().map_or(uri.path(), |path| path.as_str());
    let answered = sandbox.forward(method, path, &headers, body).await;
    answered.map_or_else(unreachable, IntoResponse::into_response)
}

async fn national(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response {
    let mut sent = Sent::read(&body, SystemClock { offset_ms: 0 }.now());
    let fault = sandbox.faults().take(&sent.infno);
    sent.fault = fault.as_ref().map(|fault| fault.fault);
    let home_area = sent.home_area.clone();
    let place = sandbox.record().add(sent);
    let message = Message { sandbox: Arc::clone(&sandbox), place, home_area, headers, body };
    // A task of its own: the node goes on, and its answer is recorded, when the system has hung up.
    let answered = tokio::spawn(message.carry(fault)).await;
    match answered {
        Ok(Carried::Answered(answered)) => {
            sandbox.change(place, |sent| sent.given = true);
            answered.into_response()
        }
        Ok(Carried::Swallowed) => no_answer(),
        Ok(Carried::Unreachable) | Err(_) => unreachable(),
    }
}

enum Carried {
    Answered(Answered),
    Swallowed,
    Unreachable,
}

/// A message on its way to the node and back.
struct Message {
    sandbox: Arc<Sandbox>,
    place: Option<Place>,
    home_area: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Message {
    async fn ask(&self) -> Option<Answered> {
        self.sandbox.forward(Method::POST, NATIONAL, &self.headers, self.body.clone()).await
    }

    /// The fault could not be done with this message: it waits for the next one.
    fn spared(&self, fault: &Fault) {
        self.sandbox.change(self.place, |sent| sent.fault = None);
        self.sandbox.faults().give_back(fault.clone());
    }

    fn answer(&self, answer: Answer) {
        self.sandbox.change(self.place, |sent| sent.answer = answer);
    }

    async fn carry(self, fault: Option<Fault>) -> Carried {
        let kind = fault.as_ref().map(|fault| fault.fault);
        if kind == Some(FaultKind::LostBefore) {
            self.answer(Answer::Missing);
            return Carried::Swallowed;
        }
        if let Some(fault) = fault.as_ref().filter(|fault| fault.fault == FaultKind::HomeSilent) {
            self.silence_home(fault).await;
        }
        let Some(mut answered) = self.ask().await else {
            self.answer(Answer::Missing);
            return Carried::Unreachable;
        };
        if kind == Some(FaultKind::Duplicate) {
            answered = self.ask_again(answered).await;
        }
        let mut answer = Answer::read(answered.status.as_u16(), &answered.bytes);
        if let Some(fault) = fault.as_ref().filter(|fault| fault.fault == FaultKind::WrongSums) {
            match (&mut answer, with_wrong_sums(&answered.bytes)) {
                (Answer::Granted(granted), Some(bytes)) => {
                    granted.altered = true;
                    answered.bytes = bytes;
                }
                _ => self.spared(fault),
            }
        }
        self.answer(answer);
        match fault {
            Some(Fault { fault: FaultKind::TimeoutAfterCommit, .. }) => return Carried::Swallowed,
            Some(Fault { fault: FaultKind::Late, seconds, .. }) => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
            }
            _ => {}
        }
        Carried::Answered(answered)
    }

    async fn silence_home(&self, fault: &Fault) {
        let urls = self.sandbox.home_urls(&self.home_area);
        let Some(urls) = urls else { return self.spared(fault) };
        if let Err(error) = self.sandbox.nodes.silence(&urls, Duration::from_secs(fault.seconds)).await {
            tracing::warn!(%error, "the home node could not be made to stand still");
            self.spared(fault);
        }
    }

    /// The second answer; what was granted must come as the same bytes.
    async fn ask_again(&self, first: Answered) -> Answered {
        let Some(second) = self.ask().await else { return first };
        let is_granted = matches!(Answer::read(first.status.as_u16(), &first.bytes), Answer::Granted(_));
        if is_granted && first.bytes != second.bytes {
            let mut record = self.sandbox.record();
            let message_id = record.at(self.place).map(|sent| sent.message_id.clone());
            record.answers_that_differ.extend(message_id);
        }
        second
    }
}

/// The answer of a quote, settlement or cancel with 0.01 more from the funds, its parts as they were.
fn with_wrong_sums(bytes: &[u8]) -> Option<Bytes> {
    let mut whole: Value = serde_json::from_slice(bytes).ok()?;
    let sum = whole.pointer_mut("/output/setlinfo/fund_pay_sumamt")?;
    let right: Fen = sum.as_str()?.parse().ok()?;
    *sum = Value::from((right + Fen(1)).yuan());
    Some(Bytes::from(whole.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_sums_are_wrong_by_one_fen() {
        let bytes = br#"{"infcode":0,"output":{"setlinfo":{"fund_pay_sumamt":"1064.99","psn_part_amt":"936.00"}}}"#;
        let wrong: Value = serde_json::from_slice(&with_wrong_sums(bytes).expect("altered")).expect("JSON");
        assert_eq!(wrong["output"]["setlinfo"]["fund_pay_sumamt"], "1065.00");
        assert_eq!(wrong["output"]["setlinfo"]["psn_part_amt"], "936.00");
        for without in [&b"{"[..], br#"{"infcode":-1,"output":null}"#, br#"{"output":{"setlinfo":[]}}"#] {
            assert!(with_wrong_sums(without).is_none());
        }
    }
}
