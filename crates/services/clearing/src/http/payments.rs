//! GET /v1/clearing/payments, POST /v1/clearing/payments/{payment}/from-prepayment

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_service_kit::http::yuan::Yuan;
use huitong_service_kit::http::{Body, Caller, NoBody, Page, PageQuery, Path, Problem, Query};
use serde::{Deserialize, Serialize};

use super::ClearingEdge;
use super::wire::limit;
use crate::Clearing;
use crate::command::{Command, Reply};
use crate::model::payment::{PaymentKind, PaymentState};
use crate::query::payments::{self, PaymentRow};

/// A payment of this jurisdiction, to pay or to receive.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PaymentItem {
    pub payment: String,
    pub service: String,
    pub kind: PaymentKind,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub period: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
    #[schema(value_type = String)]
    pub payer: Division,
    #[schema(value_type = String)]
    pub payee: Division,
    pub amount: Yuan,
    pub state: PaymentState,
    pub attempt: u32,
    /// What the own bank has booked, and what the other side says of its own; from the prepayment included.
    pub booked_here: Yuan,
    pub booked_there: Yuan,
    pub from_prepayment: Yuan,
}

impl From<PaymentRow> for PaymentItem {
    fn from(row: PaymentRow) -> PaymentItem {
        let payment = row.payment;
        PaymentItem {
            payment: payment.payment,
            service: payment.service,
            kind: payment.kind,
            period: payment.period,
            scope: payment.scope,
            payer: payment.payer,
            payee: payment.payee,
            amount: Yuan(payment.amount_fen),
            state: row.state,
            attempt: row.attempt,
            booked_here: Yuan(row.own_fen),
            booked_there: Yuan(row.their_fen),
            from_prepayment: Yuan(row.prepaid_fen),
        }
    }
}

/// Payments (拨付) by id.
#[utoipa::path(get, path = "/v1/clearing/payments", tag = "clearing", params(PageQuery),
    responses((status = 200, body = Page<PaymentItem>), (status = "4XX", body = Problem)))]
pub async fn list_payments(
    State(edge): State<ClearingEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PaymentItem>>, Problem> {
    let limit = limit(&page)?;
    let after = page.after.unwrap_or_default();
    let rows = edge.read(move |view| Ok(payments::list(view, &after, limit + 1)?)).await?;
    let items = rows.into_iter().map(PaymentItem::from).collect();
    Ok(Json(Page::of(items, limit, |item: &PaymentItem| item.payment.clone())))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FromPrepaymentRequest {
    pub amount: Yuan,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct PaymentStanding {
    pub payment: String,
    pub state: PaymentState,
}

pub fn standing(reply: Reply) -> PaymentStanding {
    match reply {
        Reply::Payment { payment, state } => PaymentStanding { payment, state },
        other => unreachable!("a payment was moved: {other:?}"),
    }
}

/// Takes a payment, or a part of it, from what was paid ahead (预付金抵付).
#[utoipa::path(post, path = "/v1/clearing/payments/{payment}/from-prepayment", tag = "clearing",
    params(("payment" = String, Path)), request_body = FromPrepaymentRequest,
    responses((status = 200, body = PaymentStanding), (status = "4XX", body = Problem)))]
pub async fn pay_from_prepayment(
    State(edge): State<ClearingEdge>,
    caller: Caller,
    Path(payment): Path<String>,
    body: Body<FromPrepaymentRequest, Clearing>,
) -> Result<Json<PaymentStanding>, Problem> {
    let command = Command::PayFromPrepayment { payment, amount: body.value.amount.0 };
    Ok(Json(standing(edge.edge.ask_here(command, &caller, body.request).await?)))
}

/// The bank has rejected an order, or what is left of it (银行拒付): that goes out with the next file, under a new reference.
#[utoipa::path(post, path = "/v1/clearing/payments/{payment}/rejection", tag = "clearing",
    params(("payment" = String, Path)),
    responses((status = 200, body = PaymentStanding), (status = "4XX", body = Problem)))]
pub async fn reject_payment(
    State(edge): State<ClearingEdge>,
    caller: Caller,
    Path(payment): Path<String>,
    body: NoBody,
) -> Result<Json<PaymentStanding>, Problem> {
    let command = Command::RejectPayment { payment };
    Ok(Json(standing(edge.edge.ask_here(command, &caller, body.request).await?)))
}
