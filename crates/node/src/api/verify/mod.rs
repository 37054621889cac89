//! POST /v1/medical/receipts/verification, and the page /verify: for everybody who holds a receipt. No key, and nothing personal
//! is asked for or told.

mod page;

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use huitong_medical::Medical;
use huitong_medical::http::MedicalEdge;
use huitong_medical::query::receipts::standing;
use huitong_service_kit::endpoint;
use huitong_service_kit::http::{Body, Endpoint, Problem, kit_refusals};
use serde::Deserialize;

use super::limits::Limits;
use crate::receipt::{Answer, offline};
use crate::region::keeper::ManifestKeeper;

/// What a verification needs.
#[derive(Clone)]
pub struct VerifyState {
    pub keeper: Arc<ManifestKeeper>,
    /// Where medical runs: whether a settlement still stands.
    pub medical: Option<MedicalEdge>,
    pub limits: Arc<Limits>,
}

/// A receipt to be verified.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptWire {
    /// `HTR1:…` as the QR code holds it, or `htr1:…`. Nothing at all is `unreadable`, like other texts.
    #[serde(default)]
    pub token: String,
}

pub fn endpoints() -> Vec<Endpoint<VerifyState>> {
    vec![endpoint!(public, verify_receipt)]
}

/// The page and its form; pages are no part of the API's description.
pub fn add(router: Router, state: VerifyState) -> Router {
    let page: Router = Router::new().route("/verify", get(show_page).post(take_form)).with_state(state);
    router.merge(page)
}

/// Verifies a receipt against the manifest in force, and tells of one that holds whether the settlement was cancelled since, if
/// this node has a part in it.
#[utoipa::path(post, path = "/v1/medical/receipts/verification", tag = "medical", request_body = ReceiptWire,
    responses((status = 200, body = Answer), (status = "4XX", body = Problem)))]
pub async fn verify_receipt(
    State(state): State<VerifyState>,
    body: Body<ReceiptWire, Medical>,
) -> Result<Json<Answer>, Problem> {
    Ok(Json(answer(&state, &body.value.token).await?))
}

async fn answer(state: &VerifyState, token: &str) -> Result<Answer, Problem> {
    // Nobody has to say who they are, so all share one allowance: whoever floods this page takes nothing from the cashiers.
    if !state.limits.admits_anonymous() {
        return Err(Problem::kit(&kit_refusals::TOO_MANY_REQUESTS));
    }
    let (answer, verified) = offline(token, &state.keeper.current());
    match (verified, &state.medical) {
        (Some(verified), Some(edge)) if edge.stream.is_current() => {
            let standing = edge.read(move |view| Ok(standing(view, &verified)?)).await?;
            Ok(answer.with_standing(&standing))
        }
        _ => Ok(answer),
    }
}

async fn show_page() -> Response {
    html(page::page(None))
}

async fn take_form(State(state): State<VerifyState>, Form(form): Form<ReceiptWire>) -> Result<Response, Problem> {
    Ok(html(page::page(Some(&answer(&state, &form.token).await?))))
}

/// The page loads nothing, runs nothing, and sends its form nowhere else.
fn html(page: String) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, POLICY), (header::REFERRER_POLICY, "no-referrer")], Html(page)).into_response()
}
