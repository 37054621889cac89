//! POST and GET /v1/transit/service-orders

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_service_kit::http::{Body, Caller, Page, PageQuery, Problem, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::TransitEdge;
use super::scope::check_network;
use super::wire::{check_length, cursor, limit, moment};
use crate::Transit;
use crate::command::{Command, OrderWish, Reply};
use crate::model::network::{LineId, StationId};
use crate::model::order::{FreeExitRule, OrderKind, ServiceOrder};
use crate::query::published;

pub(super) const REASON_LENGTH_MAX: usize = 200;
const GATE_LENGTH_MAX: usize = 16;

/// An order of the operator. Without station, line and gate it speaks of the whole network.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    #[schema(value_type = String)]
    pub network: Division,
    #[serde(default)]
    pub station: Option<StationId>,
    #[serde(default)]
    pub line: Option<LineId>,
    #[serde(default)]
    pub gate: Option<String>,
    /// RFC 3339, inclusive.
    pub from: String,
    /// RFC 3339, exclusive; at most 31 days after `from`.
    pub to: String,
    pub kind: OrderKind,
    /// Free exit: what open trips that can have ended here pay.
    #[serde(default)]
    pub rule: FreeExitRule,
    /// At most 200 characters; told to other nodes.
    pub reason: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct OrderGiven {
    pub order: Uuid,
    /// Final trips that it has made free so far; its list names them all.
    pub affected: usize,
    /// Other trips are made free in the minutes that follow.
    pub waits: bool,
}

/// Closes stations, opens gates (免检放行) or declares gates at fault (设备故障) for a span of time.
#[utoipa::path(post, path = "/v1/transit/service-orders", tag = "transit", request_body = OrderRequest,
    responses((status = 201, body = OrderGiven), (status = "4XX", body = Problem)))]
pub async fn give_order(
    State(edge): State<TransitEdge>,
    caller: Caller,
    body: Body<OrderRequest, Transit>,
) -> Result<(StatusCode, Json<OrderGiven>), Problem> {
    let OrderRequest { network, station, line, gate, from, to, kind, rule, reason } = body.value;
    check_length("reason", &reason, REASON_LENGTH_MAX)?;
    if let Some(gate) = &gate {
        check_length("gate", gate, GATE_LENGTH_MAX)?;
    }
    let (from, to) = (moment("from", &from)?, moment("to", &to)?);
    let wish = OrderWish { network, station, line, gate, from, to, kind, rule, reason };
    match edge.edge.ask_here(Command::Order(wish), &caller, body.request).await? {
        Reply::Ordered { order, affected, waits } => {
            Ok((StatusCode::CREATED, Json(OrderGiven { order, affected, waits })))
        }
        other => unreachable!("an order was given: {other:?}"),
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OrderQuery {
    #[param(value_type = String)]
    pub network: Division,
    pub limit: Option<usize>,
    pub after: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct OrderItem {
    pub order: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub station: Option<StationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<LineId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    pub from: String,
    pub to: String,
    pub kind: OrderKind,
    pub rule: FreeExitRule,
    pub reason: String,
    /// 1 as it was given; an ending is the next.
    pub version: u32,
    /// Of one that was ended before its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending: Option<OrderEndingItem>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct OrderEndingItem {
    /// Its end as it was given first.
    pub given_to: String,
    /// Nothing is decided by it any more.
    pub withdrawn: bool,
    pub reason: String,
}

/// The orders of a network, the latest end first.
#[utoipa::path(get, path = "/v1/transit/service-orders", tag = "transit", params(OrderQuery),
    responses((status = 200, body = Page<OrderItem>), (status = "4XX", body = Problem)))]
pub async fn list_orders(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Query(query): Query<OrderQuery>,
) -> Result<Json<Page<OrderItem>>, Problem> {
    let page = PageQuery { limit: query.limit, after: query.after };
    let limit = limit(&page)?;
    let after = cursor(page.after.as_deref(), |text| {
        let (to, order) = text.split_once('/')?;
        Some((to.parse().ok()?, order.parse::<Uuid>().ok()?.to_string()))
    })?;
    let rows = edge
        .read(move |view| {
            check_network(view, &caller.principal, query.network)?;
            Ok(published::orders(view, query.network, after, limit + 1)?)
        })
        .await?;
    let page = Page::of(rows, limit, |order: &ServiceOrder| format!("{}/{}", order.to.0, order.order));
    Ok(Json(Page { items: page.items.into_iter().map(item).collect(), next: page.next }))
}

pub(super) fn item(order: ServiceOrder) -> OrderItem {
    OrderItem {
        order: order.order,
        station: order.station,
        line: order.line,
        gate: order.gate,
        from: order.from.to_string(),
        to: order.to.to_string(),
        kind: order.kind,
        rule: order.rule,
        reason: order.reason,
        version: order.version,
        ending: order.ending.map(|ending| OrderEndingItem {
            given_to: ending.given_to.to_string(),
            withdrawn: ending.withdrawn,
            reason: ending.reason,
        }),
    }
}
