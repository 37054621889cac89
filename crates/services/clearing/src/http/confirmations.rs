//! POST /v1/clearing/statements/{service}/{period}/{peer}/confirmation

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::yuan::Yuan;
use huitong_service_kit::http::{Caller, NoBody, Path, Problem};
use serde::Serialize;

use super::ClearingEdge;
use super::wire::{division, period};
use crate::command::{Command, Reply};

#[derive(Serialize, utoipa::ToSchema)]
pub struct Confirmed {
    pub payable: Yuan,
    /// Documents that are contested and held back.
    pub held: usize,
}

/// Confirms what this jurisdiction owes by a matched statement (确认). Contested documents are held back; a confirmation is not
/// changed any more.
#[utoipa::path(post, path = "/v1/clearing/statements/{service}/{period}/{peer}/confirmation", tag = "clearing",
    params(("service" = String, Path), ("period" = String, Path), ("peer" = String, Path)),
    responses((status = 201, body = Confirmed), (status = "4XX", body = Problem)))]
pub async fn confirm_statement(
    State(edge): State<ClearingEdge>,
    caller: Caller,
    Path((service, period_text, peer)): Path<(String, String, String)>,
    body: NoBody,
) -> Result<(StatusCode, Json<Confirmed>), Problem> {
    let command = Command::Confirm { service, period: period(&period_text)?, peer: division(&peer, "peer")? };
    match edge.edge.ask_here(command, &caller, body.request).await? {
        Reply::Confirmed { payable_fen, held } => {
            Ok((StatusCode::CREATED, Json(Confirmed { payable: Yuan(payable_fen), held })))
        }
        other => unreachable!("a statement was to be confirmed: {other:?}"),
    }
}
