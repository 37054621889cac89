//! POST /v1/medical/national: the national JSON interface (specification 12.1 to 12.3), and GET …/conformance

mod amounts;
mod call;
pub mod conformance;
mod fees;
mod files;
mod filings;
mod persons;
mod queries;
mod settling;
mod statements;
mod visits;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::time::Instant;
use huitong_service_kit::http::{Caller, Problem, RawBody, kit_refusals};

use super::MedicalEdge;
use super::filing_effect;
use super::wire::problem;
use crate::command::Command;
use crate::event::KeptAnswer;
use crate::national::envelope::{Output, Request, answered, digits, refused};
use crate::national::transactions;
use crate::query::{calls, persons as persons_of};
use crate::{Medical, refusal};
use call::Call;

/// A message of the national interface (国家医保信息平台接口): the transaction is named by `infno`. The HTTP status is 200 whenever
/// the node could answer; `infcode` says whether it was granted. The same `msgid` gives the same answer for ever.
#[utoipa::path(post, path = "/v1/medical/national", tag = "medical",
    request_body(content = String, content_type = "application/json", description = "the envelope, see the conformance page"),
    responses((status = 200, description = "infcode 0, or -1 with err_msg", body = String),
        (status = "4XX", body = Problem)))]
pub async fn national(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    body: Result<RawBody<Medical>, Problem>,
) -> Response {
    let received = edge.clock.now();
    let body = match body {
        Ok(body) => body,
        Err(problem) => return told(said(&problem, &reference("000000", "", received), received, edge.clock.now())),
    };
    let request = match Request::read(&body.bytes) {
        Ok(request) => request,
        Err(why) => {
            let (problem, reference) = (problem(&why), reference("000000", "", received));
            return told(said(&problem, &reference, received, edge.clock.now()));
        }
    };
    let named = reference(request.get("mdtrtarea_admvs"), request.message_id(), received);
    match answer(&edge, caller, request, body.request, (&named, received)).await {
        Ok(text) => ([("content-type", "application/json")], text).into_response(),
        Err(problem) => told(said(&problem, &named, received, edge.clock.now())),
    }
}

/// A refusal; for want of a filing with the sums in short, which the cashier reads to the person.
fn said(problem: &Problem, reference: &str, received: Instant, responded: Instant) -> serde_json::Value {
    refused(problem, filing_effect::in_short(problem), reference, received, responded)
}

fn told(value: serde_json::Value) -> Response {
    Json(value).into_response()
}

/// `inf_refmsgid`: area 6 + time 14 + serial 10. The serial follows from the message.
fn reference(area: &str, message_id: &str, received: Instant) -> String {
    let hash = HashFunction::Sha256.hash(&[message_id.as_bytes(), &received.0.to_be_bytes()]);
    let serial = hash.0.iter().take(8).fold(0_u64, |serial, byte| serial << 8 | u64::from(*byte));
    format!("{area:0<6.6}{}{:010}", &digits(received)[..14], serial % 10_000_000_000)
}

/// What was answered to this message before; else the transaction is carried out, and its answer kept.
async fn answer(
    edge: &MedicalEdge,
    caller: Caller,
    request: Request,
    hash: Digest,
    (named, received): (&str, Instant),
) -> Result<String, Problem> {
    let institution = caller.principal.participant.clone();
    if institution != request.get("fixmedins_code") {
        return Err(problem(&refusal::INSTITUTION_NOT_ALLOWED.refuse().at_field("fixmedins_code")));
    }
    let (of, message_id) = (institution.clone(), request.message_id().to_owned());
    let known = edge.read(move |view| Ok(persons_of::institution(view, &of)?.is_some_and(|known| known.active)));
    if !known.await? {
        return Err(problem(&refusal::INSTITUTION_NOT_ALLOWED.refuse().at_field("fixmedins_code")));
    }
    if let Some(answer) = kept_answer(edge, &institution, &message_id, hash).await? {
        return Ok(answer);
    }
    let call = Call { edge, caller: caller.with_key(&message_id), request: &request, hash };
    let output = carry_out(&call).await.map_err(in_its_words)?;
    let answer = answered(output, named, received, edge.clock.now()).to_string();
    let kept = KeptAnswer {
        institution: institution.clone(),
        message_id: message_id.clone(),
        request: hash,
        answer: answer.clone(),
    };
    edge.ask_here(Command::KeepAnswer(kept), &call.caller.clone().without_key(), hash).await?;
    // The same message at the same moment may have been answered first: both are told what was kept.
    Ok(kept_answer(edge, &institution, &message_id, hash).await?.unwrap_or(answer))
}

/// What was answered to this message; a message with other content may not have its id.
async fn kept_answer(
    edge: &MedicalEdge,
    institution: &str,
    message_id: &str,
    hash: Digest,
) -> Result<Option<String>, Problem> {
    let (institution, message_id) = (institution.to_owned(), message_id.to_owned());
    match edge.read(move |view| Ok(calls::kept_answer(view, &institution, &message_id)?)).await? {
        Some((known, _)) if known != hash => Err(reused()),
        kept => Ok(kept.map(|(_, answer)| answer)),
    }
}

fn reused() -> Problem {
    problem(&refusal::MESSAGE_ID_REUSED.refuse().at_field("msgid"))
}

/// The idempotency key of a national message is its `msgid`.
fn in_its_words(why: Problem) -> Problem {
    if why.code == kit_refusals::IDEMPOTENCY_KEY_REUSED.code { reused() } else { why }
}

async fn carry_out(call: &Call<'_>) -> Result<Output, Problem> {
    let transaction = transactions::check(call.request).map_err(|why| problem(&why))?;
    match transaction.infno {
        "1101" => persons::person(call).await,
        "1201" => persons::institution(call).await,
        "2001" => persons::benefit(call).await,
        "2201" => visits::register(call).await,
        "2202" | "2404" => visits::cancel(call).await,
        "2203" | "2203A" => visits::describe(call).await,
        "2204" | "2301" => fees::add(call).await,
        "2205" | "2302" => fees::revoke(call).await,
        "2206" | "2303" => settling::quote(call).await,
        "2207" | "2304" => settling::settle(call).await,
        "2208" | "2305" => settling::cancel(call).await,
        "2401" => visits::admit(call).await,
        "2402" => visits::discharge(call).await,
        "2403" => visits::change(call).await,
        "2405" => visits::cancel_discharge(call).await,
        "2501" => filings::referral(call).await,
        "2503" => filings::chronic(call).await,
        "2601" => settling::reverse(call).await,
        "3201" => statements::totals(call).await,
        "3202" => statements::details(call).await,
        "3260" => statements::month(call).await,
        "5201" => queries::visits(call).await,
        "5203" => queries::settlements(call).await,
        "5204" => queries::lines(call).await,
        "5206" => queries::accumulators(call).await,
        "5301" => queries::chronic(call).await,
        "5303" => queries::stays(call).await,
        "9001" => files::sign_in(call),
        "9002" => files::sign_out(call),
        "9101" => files::upload(call).await,
        "9102" => files::download(call).await,
        other => unreachable!("every transaction of the table is carried out: {other}"),
    }
}
