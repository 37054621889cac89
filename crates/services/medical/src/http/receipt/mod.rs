//! GET /v1/medical/settlements/{settlement}/receipt

pub mod html;
pub mod lines;
pub mod qr;
pub mod slip;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use huitong_service_kit::http::{Caller, Path, Problem, Query};
use serde::{Deserialize, Serialize};

use self::slip::Slip;
use super::MedicalEdge;
use super::settlements::own;
use crate::query::receipts;
use crate::query::settlements::{self, Role};

/// What the receipt is asked for.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One page to print, A4 or A5, with the QR code in it; it loads nothing from elsewhere.
    #[default]
    Html,
    /// The same content as data.
    Json,
    /// The token alone (`htr1:…`).
    Token,
    /// The QR code alone, as SVG.
    Qr,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReceiptQuery {
    #[serde(default)]
    pub format: Format,
}

/// The receipt of a settlement of the caller's institution, or of a contra: every step explained, and a QR code that anybody can
/// verify against the region's manifest. The person is masked.
#[utoipa::path(get, path = "/v1/medical/settlements/{settlement}/receipt", tag = "medical",
    params(("settlement" = String, Path), ReceiptQuery),
    responses((status = 200, content((String = "text/html"), (Slip = "application/json"), (String = "text/plain"),
        (String = "image/svg+xml"))), (status = "4XX", body = Problem)))]
pub async fn get_receipt(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(settlement): Path<String>,
    Query(query): Query<ReceiptQuery>,
) -> Result<Response, Problem> {
    let institution = caller.principal.participant;
    let (service, function) = (edge.stream.service().clone(), edge.stream.function());
    let slip = edge
        .read(move |view| {
            let found = own(settlements::settlement(view, Role::Visited, &settlement)?, &institution)?;
            let token = receipts::token(view, service.trees(), function, &found)?;
            Slip::of(&service, view, &found, &token)
        })
        .await?;
    let typed = |kind: &'static str, text: String| ([(header::CONTENT_TYPE, kind)], text).into_response();
    Ok(match query.format {
        Format::Html => Html(html::page(&slip)).into_response(),
        Format::Json => Json(slip).into_response(),
        Format::Token => typed("text/plain; charset=utf-8", format!("{}\n", slip.token)),
        Format::Qr => typed("image/svg+xml", qr::svg(&slip.qr)),
    })
}
