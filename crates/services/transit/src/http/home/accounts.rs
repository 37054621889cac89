//! PUT and DELETE /v1/transit/accounts/{account}

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_service_kit::http::{Body, Caller, NoBody, Path, Problem, Yuan};
use serde::{Deserialize, Serialize};

use super::super::TransitEdge;
use crate::Transit;
use crate::command::{AccountWish, Command, Reply};
use crate::model::rider::AccountToken;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountRequest {
    /// The city whose issuer the number names.
    #[schema(value_type = String)]
    pub city: Division,
    /// Field 8 of its codes: one of the issuer's in the key set.
    pub account_type: u8,
    /// Field 9 of its codes: at least the highest fare of each network, or none is authorised.
    pub trip_limit: Yuan,
    pub day_limit: Yuan,
    /// What it may owe and still be given authorisations.
    pub unpaid_limit: Yuan,
    /// The networks that the rider opened.
    #[schema(value_type = Vec<String>)]
    pub networks: Vec<Division>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct AccountReference {
    #[schema(value_type = String)]
    pub account: AccountToken,
}

/// Opens an account (28 digits: issuer 8, number 20) of a city of this node, or changes its limits and networks.
#[utoipa::path(put, path = "/v1/transit/accounts/{account}", tag = "transit", params(("account" = String, Path)),
    request_body = AccountRequest,
    responses((status = 200, body = AccountReference), (status = "4XX", body = Problem)))]
pub async fn put_account(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(account): Path<AccountToken>,
    body: Body<AccountRequest, Transit>,
) -> Result<Json<AccountReference>, Problem> {
    let AccountRequest { city, account_type, trip_limit, day_limit, unpaid_limit, networks } = body.value;
    let wish = AccountWish {
        account,
        city,
        account_type,
        trip_limit_fen: trip_limit.0,
        day_limit_fen: day_limit.0,
        unpaid_limit_fen: unpaid_limit.0,
        networks,
    };
    match edge.edge.ask_here(Command::OpenAccount(wish), &caller, body.request).await? {
        Reply::Account { account } => Ok(Json(AccountReference { account })),
        other => unreachable!("an account was to be opened: {other:?}"),
    }
}

/// Closes an account: nothing more is authorised. What it owes it goes on owing; trips that come in late are charged to it.
#[utoipa::path(delete, path = "/v1/transit/accounts/{account}", tag = "transit", params(("account" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn close_account(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(account): Path<AccountToken>,
    body: NoBody,
) -> Result<StatusCode, Problem> {
    edge.edge.ask_here(Command::CloseAccount { account }, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}
