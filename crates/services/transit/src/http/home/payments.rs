//! POST /v1/transit/accounts/{account}/payments

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Body, Caller, Path, Problem, Yuan};
use serde::{Deserialize, Serialize};

use super::super::TransitEdge;
use super::wire::check_key;
use crate::Transit;
use crate::command::{Command, Reply};
use crate::model::rider::AccountToken;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentRequest {
    /// More than zero.
    pub amount: Yuan,
    /// The payment system's number: once per account.
    pub reference: String,
}

/// How the account stands after a payment.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AccountStanding {
    pub balance: Yuan,
    pub unpaid: Yuan,
}

/// Books a rider's payment; debts that it covers are settled, oldest first, and the last one releases the account.
/// `Idempotency-Key` is mandatory: a repeated call must not pay twice.
#[utoipa::path(post, path = "/v1/transit/accounts/{account}/payments", tag = "transit",
    params(("account" = String, Path), ("Idempotency-Key" = String, Header, description = "mandatory")),
    request_body = PaymentRequest,
    responses((status = 201, body = AccountStanding), (status = "4XX", body = Problem)))]
pub async fn take_payment(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(account): Path<AccountToken>,
    body: Body<PaymentRequest, Transit>,
) -> Result<(StatusCode, Json<AccountStanding>), Problem> {
    check_key(&caller)?;
    let PaymentRequest { amount, reference } = body.value;
    let command = Command::Pay { account, amount: amount.0, reference };
    match edge.edge.ask_here(command, &caller, body.request).await? {
        Reply::Paid { balance_fen, unpaid_fen } => {
            let standing = AccountStanding { balance: balance_fen.into(), unpaid: unpaid_fen.into() };
            Ok((StatusCode::CREATED, Json(standing)))
        }
        other => unreachable!("a payment was booked: {other:?}"),
    }
}
