//! POST /v1/transit/authorisations

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Body, Caller, Problem, Yuan};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::TransitEdge;
use super::wire::{bytes, expiry};
use crate::Transit;
use crate::command::{AuthoriseWish, Command, Reply};
use crate::model::rider::AccountToken;

/// The validity that the standard gives when nothing is wished.
const VALIDITY_DEFAULT_S: u16 = 30;
/// The ticket of the account's holder.
const TICKET_DEFAULT: &str = "0000000000000001";

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorisationRequest {
    #[schema(value_type = String)]
    pub account: AccountToken,
    /// The phone's compressed SM2 key, 66 hexadecimal digits.
    pub user_key: String,
    /// Code platform, 8 hexadecimal digits.
    pub platform: String,
    /// 16 hexadecimal digits; companions on one account ride with tickets of their own.
    #[serde(default)]
    pub ticket: Option<String>,
    /// RFC 3339, at most 7 days ahead; 3 days when absent.
    #[serde(default)]
    pub expiry: Option<String>,
    /// How long a displayed code is good, 1 to 120; 30 when absent.
    #[serde(default)]
    pub validity_s: Option<u16>,
}

/// What the phone shows codes with, without a network: it adds the time and its signature.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Authorisation {
    pub id: Uuid,
    /// Fields 1 to 15 of its codes, base64.
    pub authorisation: String,
    pub expiry: String,
    /// Field 9: what a trip may cost.
    pub limit: Yuan,
}

/// Authorises a phone to show ride codes of the account (model U). An authorisation that was given stays good until it expires
/// or its account is denied.
#[utoipa::path(post, path = "/v1/transit/authorisations", tag = "transit", request_body = AuthorisationRequest,
    responses((status = 201, body = Authorisation), (status = "4XX", body = Problem)))]
pub async fn authorise(
    State(edge): State<TransitEdge>,
    caller: Caller,
    body: Body<AuthorisationRequest, Transit>,
) -> Result<(StatusCode, Json<Authorisation>), Problem> {
    let request = body.value;
    let wish = AuthoriseWish {
        account: request.account,
        user_key: bytes("user_key", &request.user_key)?,
        ticket: bytes("ticket", request.ticket.as_deref().unwrap_or(TICKET_DEFAULT))?,
        platform: bytes("platform", &request.platform)?,
        expiry: expiry(request.expiry.as_deref())?,
        validity_s: request.validity_s.unwrap_or(VALIDITY_DEFAULT_S),
    };
    match edge.edge.ask_here(Command::Authorise(wish), &caller, body.request).await? {
        Reply::Authorised { id, authorisation, expiry, limit_fen } => {
            let given = Authorisation { id, authorisation, expiry: expiry.to_string(), limit: limit_fen.into() };
            Ok((StatusCode::CREATED, Json(given)))
        }
        other => unreachable!("an authorisation was wished for: {other:?}"),
    }
}
