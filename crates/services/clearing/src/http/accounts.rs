//! GET and PUT /v1/clearing/bank-accounts

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Body, Caller, Problem};

use super::ClearingEdge;
use crate::Clearing;
use crate::command::{Command, Reply};
use crate::model::payment::BankAccount;
use crate::query::payments;

/// Clearing accounts (清算账户) of the region, each told by its own jurisdiction.
#[utoipa::path(get, path = "/v1/clearing/bank-accounts", tag = "clearing",
    responses((status = 200, body = Vec<BankAccount>), (status = "4XX", body = Problem)))]
pub async fn list_bank_accounts(State(edge): State<ClearingEdge>) -> Result<Json<Vec<BankAccount>>, Problem> {
    Ok(Json(edge.read(|view| Ok(payments::accounts(view)?)).await?))
}

/// Sets this jurisdiction's clearing account, and tells all others.
#[utoipa::path(put, path = "/v1/clearing/bank-accounts", tag = "clearing", request_body = BankAccount,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn set_bank_account(
    State(edge): State<ClearingEdge>,
    caller: Caller,
    body: Body<BankAccount, Clearing>,
) -> Result<StatusCode, Problem> {
    match edge.edge.ask_here(Command::SetBankAccount(body.value), &caller, body.request).await? {
        Reply::AccountSet => Ok(StatusCode::NO_CONTENT),
        other => unreachable!("an account was to be set: {other:?}"),
    }
}
