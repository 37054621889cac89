//! GET /v1/medical/calls/{message_id} and POST /v1/medical/calls/{message_id}/reversal

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::{Asked, Caller, NoBody, Path, Problem, is_key, kit_refusals};
use serde::Serialize;

use super::MedicalEdge;
use super::wire::{CashierAnswer, SettlementWire, problem};
use crate::command::{Command, Reply, SettledReply};
use crate::event::CallState;
use crate::model::message::CallReference;
use crate::query::settlements::{self, Role};
use crate::query::{calls, documents};
use crate::refusal;

/// How a call stands, and what the cashier does now.
#[derive(Serialize, utoipa::ToSchema)]
pub struct CallWire {
    pub message_id: String,
    pub state: CallState,
    pub answer: CashierAnswer,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement: Option<SettlementWire>,
    /// The code of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

fn answer(state: CallState) -> CashierAnswer {
    match state {
        CallState::Settled => CashierAnswer::Collect,
        CallState::Sent | CallState::Unknown | CallState::Reversing => CashierAnswer::Wait,
        CallState::Refused | CallState::Reversed | CallState::Tombstone => CashierAnswer::DoNotCollect,
    }
}

/// The state of a settling call of the caller's institution.
#[utoipa::path(get, path = "/v1/medical/calls/{message_id}", tag = "medical", params(("message_id" = String, Path)),
    responses((status = 200, body = CallWire), (status = "4XX", body = Problem)))]
pub async fn get_call(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(message_id): Path<String>,
) -> Result<Json<CallWire>, Problem> {
    let call = CallReference { institution: caller.principal.participant, message_id };
    let found = edge
        .read(move |view| {
            let known = calls::visited_call(view, &call)?.ok_or_else(|| refusal::CALL_UNKNOWN.refuse())?;
            let settlement = match settlements::of_call(view, Role::Visited, &call)? {
                Some(settlement) if known.state == CallState::Settled => {
                    Some(SettledReply::of(&documents::document(view, &settlement)?).into())
                }
                _ => None,
            };
            let CallReference { message_id, .. } = call;
            Ok(CallWire { message_id, state: known.state, answer: answer(known.state), settlement, code: known.code })
        })
        .await?;
    Ok(Json(found))
}

/// Takes a call back (冲正), booked or not, known or unknown: afterwards its message id is refused for ever.
#[utoipa::path(post, path = "/v1/medical/calls/{message_id}/reversal", tag = "medical",
    params(("message_id" = String, Path)),
    responses((status = 200, body = CallWire), (status = "4XX", body = Problem)))]
pub async fn reverse_call(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(message_id): Path<String>,
    body: NoBody,
) -> Result<Json<CallWire>, Problem> {
    // As an `Idempotency-Key`: no other id was ever taken, and none needs a tombstone.
    if !is_key(&message_id) {
        return Err(Problem::kit(&kit_refusals::IDEMPOTENCY_KEY_MALFORMED));
    }
    match edge.ask(Command::Reverse { message_id }, &caller, body.request).await? {
        Asked::Replied(Reply::Call { message_id, state }) => {
            Ok(Json(CallWire { message_id, state, answer: answer(state), settlement: None, code: None }))
        }
        Asked::Replied(other) => unreachable!("a reversal was asked for: {other:?}"),
        Asked::Waiting => Err(problem(&refusal::STILL_PENDING.refuse())),
    }
}
