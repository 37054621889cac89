//! GET /v1/medical/prepayments, PUT …/{peer}/quota, POST …/{peer}/raises, POST /v1/medical/prepayment-raises/{raise}/answer

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Body, Caller, Path, Problem, Yuan};
use huitong_service_kit::{Stop, View};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::MedicalEdge;
use crate::Medical;
use crate::command::{Command, Reply};
use crate::model::prepayment::{self as measure, RaiseState};
use crate::query::prepayment::{self as books, Quota, Raise};
use crate::query::settlements::Role;

/// Quotas and raises shown at most.
const ROWS_MAX: usize = 200;

/// A quota, how much of it is used, and when it will be.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PrepaymentItem {
    /// `home`: this node pays ahead; `visited`: it is paid ahead.
    pub role: Role,
    #[schema(value_type = String)]
    pub peer: Division,
    pub year: i16,
    pub quota: Yuan,
    /// Settled and not cleared.
    pub used: Yuan,
    /// Of the quota.
    pub used_percent: u64,
    /// 0, 70 (yellow), 90 (red) or 100 (used up): what was alarmed last.
    pub band: u8,
    /// At the pace of the last four weeks, each weekday by its own; absent: not within a year.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub yellow_on: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub red_on: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub used_up_on: Option<Date>,
    /// What the rule gives for the next year: two months of this year's average cleared cost.
    pub next_quota: Yuan,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct RaiseItem {
    pub raise: Uuid,
    pub role: Role,
    #[schema(value_type = String)]
    pub peer: Division,
    pub year: i16,
    pub amount: Yuan,
    pub granted: Yuan,
    pub state: RaiseState,
    pub reason: String,
}

impl From<Raise> for RaiseItem {
    fn from(of: Raise) -> RaiseItem {
        RaiseItem {
            raise: of.raise,
            role: of.role,
            peer: of.peer,
            year: of.year,
            amount: of.amount_fen.into(),
            granted: of.granted_fen.into(),
            state: of.state,
            reason: of.reason,
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Prepayments {
    pub quotas: Vec<PrepaymentItem>,
    pub raises: Vec<RaiseItem>,
}

fn item(view: View<'_>, own: Division, today: Date, of: (Role, Division, Quota)) -> Result<PrepaymentItem, Stop> {
    let (role, peer, quota) = of;
    let used = books::used(view, role, peer, own)?;
    let is_this_year = quota.year == today.year();
    let pace = books::pace(view, role, peer, today)?;
    let forecast =
        if is_this_year { measure::forecast(today, used, quota.quota_fen, &pace) } else { Default::default() };
    let cleared: Fen = books::cleared_in(view, role, peer, own, quota.year)?;
    Ok(PrepaymentItem {
        role,
        peer,
        year: quota.year,
        quota: quota.quota_fen.into(),
        used: used.into(),
        used_percent: measure::percent(used, quota.quota_fen),
        band: quota.band,
        yellow_on: forecast.yellow_on,
        red_on: forecast.red_on,
        used_up_on: forecast.used_up_on,
        next_quota: measure::quota_of(cleared).into(),
    })
}

/// Prepayments (预付金) with each other side: quota, use, forecast; and emergency raises.
#[utoipa::path(get, path = "/v1/medical/prepayments", tag = "medical",
    responses((status = 200, body = Prepayments), (status = "4XX", body = Problem)))]
pub async fn list_prepayments(State(edge): State<MedicalEdge>) -> Result<Json<Prepayments>, Problem> {
    let (own, today) = (edge.stream.home().jurisdiction, edge.clock.now().business_date());
    let read = edge.read(move |view| {
        let quotas = books::quotas(view, ROWS_MAX)?.into_iter().map(|of| item(view, own, today, of));
        let quotas = quotas.collect::<Result<Vec<_>, _>>()?;
        let raises = books::raises(view, ROWS_MAX)?.into_iter().map(RaiseItem::from).collect();
        Ok(Prepayments { quotas, raises })
    });
    Ok(Json(read.await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotaRequest {
    /// This year or the next.
    pub year: i16,
    pub amount: Yuan,
}

/// Home fixes the quota (额度核定) for treatment with `peer`, once a year.
#[utoipa::path(put, path = "/v1/medical/prepayments/{peer}/quota", tag = "medical", request_body = QuotaRequest,
    params(("peer" = String, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn set_quota(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(peer): Path<Division>,
    body: Body<QuotaRequest, Medical>,
) -> Result<StatusCode, Problem> {
    let QuotaRequest { year, amount } = body.value;
    edge.ask_here(Command::SetQuota { peer, year, amount: amount.0 }, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RaiseRequest {
    pub amount: Yuan,
    /// At most 200 characters.
    pub reason: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct RaiseAsked {
    pub raise: Uuid,
}

/// Visited asks home for an emergency raise (紧急调增).
#[utoipa::path(post, path = "/v1/medical/prepayments/{peer}/raises", tag = "medical", request_body = RaiseRequest,
    params(("peer" = String, Path)), responses((status = 201, body = RaiseAsked), (status = "4XX", body = Problem)))]
pub async fn ask_raise(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(peer): Path<Division>,
    body: Body<RaiseRequest, Medical>,
) -> Result<(StatusCode, Json<RaiseAsked>), Problem> {
    let RaiseRequest { amount, reason } = body.value;
    match edge.ask_here(Command::AskRaise { peer, amount: amount.0, reason }, &caller, body.request).await? {
        Reply::RaiseAsked { raise } => Ok((StatusCode::CREATED, Json(RaiseAsked { raise }))),
        other => unreachable!("a raise was asked for: {other:?}"),
    }
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RaiseAnswer {
    /// What is granted; 0.00 declines.
    pub amount: Yuan,
}

/// Home grants a raise, whole or in part, or declines it.
#[utoipa::path(post, path = "/v1/medical/prepayment-raises/{raise}/answer", tag = "medical", request_body = RaiseAnswer,
    params(("raise" = Uuid, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn answer_raise(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(raise): Path<Uuid>,
    body: Body<RaiseAnswer, Medical>,
) -> Result<StatusCode, Problem> {
    edge.ask_here(Command::AnswerRaise { raise, amount: body.value.amount.0 }, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}
