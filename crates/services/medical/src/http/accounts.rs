//! POST /v1/medical/accounts/{person}/credits

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Body, Caller, Path, Problem, Yuan};
use serde::{Deserialize, Serialize};

use super::MedicalEdge;
use crate::Medical;
use crate::command::{AccountBucket, Command, Reply};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditRequest {
    pub account: AccountBucket,
    /// More than zero.
    pub amount: Yuan,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct AccountBalance {
    pub balance: Yuan,
}

/// Pays money into a person's account. `Idempotency-Key` is mandatory: a repeated call must not pay twice.
#[utoipa::path(post, path = "/v1/medical/accounts/{person}/credits", tag = "medical", request_body = CreditRequest,
    params(("person" = String, Path)),
    responses((status = 201, body = AccountBalance), (status = "4XX", body = Problem)))]
pub async fn credit_account(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(person): Path<String>,
    body: Body<CreditRequest, Medical>,
) -> Result<(StatusCode, Json<AccountBalance>), Problem> {
    super::wire::message_id(&caller)?;
    let command = Command::CreditAccount { person, bucket: body.value.account, amount: body.value.amount.0 };
    let reply = edge.ask_here(command, &caller, body.request).await?;
    let Reply::Credited { balance_fen } = reply else { unreachable!("an account was credited") };
    Ok((StatusCode::CREATED, Json(AccountBalance { balance: balance_fen.into() })))
}
