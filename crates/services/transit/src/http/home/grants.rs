//! POST /v1/transit/grants and GET /v1/transit/grants/{grant}

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_service_kit::http::{Body, Caller, Path, Problem};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::TransitEdge;
use super::wire::{bytes, check_key, expiry, own_account};
use crate::Transit;
use crate::command::{Command, GrantWish, Reply};
use crate::model::rider::AccountToken;
use crate::query::{accounts, grants};
use crate::refusal;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantRequest {
    #[schema(value_type = String)]
    pub account: AccountToken,
    /// The city whose code is wanted.
    #[schema(value_type = String)]
    pub network: Division,
    /// The phone's compressed SM2 key, 66 hexadecimal digits.
    pub user_key: String,
    /// RFC 3339, at most 7 days ahead; 3 days when absent.
    #[serde(default)]
    pub expiry: Option<String>,
}

/// The visited city's code for the phone (拉取码).
#[derive(Serialize, utoipa::ToSchema)]
pub struct GrantWire {
    pub grant: Uuid,
    /// `asked`, `granted` or `refused`
    pub state: String,
    /// Fields 1 to 15 of its codes, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorisation: Option<String>,
    pub validity_s: u16,
    pub expiry: String,
    /// The code of the city's refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Asks a visited city for its own code (model P). The city learns of a token made for it alone. `Idempotency-Key` is
/// mandatory: while the city is silent, the same call again tells whether it has answered.
#[utoipa::path(post, path = "/v1/transit/grants", tag = "transit", request_body = GrantRequest,
    params(("Idempotency-Key" = String, Header, description = "mandatory")),
    responses((status = 201, body = GrantWire), (status = "4XX", body = Problem)))]
pub async fn ask_grant(
    State(edge): State<TransitEdge>,
    caller: Caller,
    body: Body<GrantRequest, Transit>,
) -> Result<(StatusCode, Json<GrantWire>), Problem> {
    check_key(&caller)?;
    let request = body.value;
    let wish = GrantWish {
        account: request.account,
        network: request.network,
        user_key: bytes("user_key", &request.user_key)?,
        expiry: expiry(request.expiry.as_deref())?,
    };
    match edge.edge.ask_here(Command::AskGrant(wish), &caller, body.request).await? {
        Reply::Granted { grant, authorisation, validity_s, expiry } => {
            let given = GrantWire {
                grant,
                state: "granted".to_owned(),
                authorisation: Some(authorisation),
                validity_s,
                expiry: expiry.to_string(),
                code: None,
            };
            Ok((StatusCode::CREATED, Json(given)))
        }
        other => unreachable!("a grant was asked for: {other:?}"),
    }
}

/// How a grant of the caller's rider stands.
#[utoipa::path(get, path = "/v1/transit/grants/{grant}", tag = "transit", params(("grant" = Uuid, Path)),
    responses((status = 200, body = GrantWire), (status = "4XX", body = Problem)))]
pub async fn get_grant(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(grant): Path<Uuid>,
) -> Result<Json<GrantWire>, Problem> {
    let read = edge.read(move |view| {
        let unknown = || refusal::GRANT.refuse();
        let known = grants::grant(view, grant)?.filter(|known| known.role != "visited").ok_or_else(unknown)?;
        let parent = accounts::account(view, &known.account)?.and_then(|token| token.parent).ok_or_else(unknown)?;
        own_account(view, &parent, &caller.principal).map_err(|_| unknown())?;
        Ok(GrantWire {
            grant,
            state: known.state,
            authorisation: known.authorisation,
            validity_s: known.validity_s,
            expiry: known.expiry.to_string(),
            code: known.code,
        })
    });
    Ok(Json(read.await?))
}
