//! PUT and GET /v1/transit/gates

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_service_kit::http::{Body, Caller, Page, PageQuery, Problem, Query};
use huitong_service_kit::{StoreError, View};
use serde::{Deserialize, Serialize};

use super::super::TransitEdge;
use super::scope::check_network;
use super::wire::limit;
use crate::Transit;
use crate::command::{Command, GateWish, Reply};
use crate::model::network::{LineId, StationId};
use crate::query::gates::{self, Gate};

/// Epochs of a gate that a list shows.
const EPOCHS_SHOWN: usize = 5;

/// A gate with its place and key.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GateRequest {
    /// 1 to 16 printable ASCII characters without a slash.
    pub gate: String,
    #[schema(value_type = String)]
    pub network: Division,
    pub station: StationId,
    pub line: LineId,
    /// Compressed SM2 key, 66 hexadecimal digits.
    pub key: String,
    /// One that is not active hands over nothing and gets no tables.
    #[serde(default = "yes")]
    pub active: bool,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatesRequest {
    /// At most 500.
    pub gates: Vec<GateRequest>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct GatesRegistered {
    pub registered: usize,
}

/// Registers gates (闸机), or changes them: all of the request, or none.
#[utoipa::path(put, path = "/v1/transit/gates", tag = "transit", request_body = GatesRequest,
    responses((status = 200, body = GatesRegistered), (status = "4XX", body = Problem)))]
pub async fn put_gates(
    State(edge): State<TransitEdge>,
    caller: Caller,
    body: Body<GatesRequest, Transit>,
) -> Result<Json<GatesRegistered>, Problem> {
    let wish = |gate: GateRequest| {
        let GateRequest { gate, network, station, line, key, active } = gate;
        GateWish { gate, network, station, line, key, active }
    };
    let command = Command::RegisterGates { gates: body.value.gates.into_iter().map(wish).collect() };
    match edge.edge.ask_here(command, &caller, body.request).await? {
        Reply::Gates { registered } => Ok(Json(GatesRegistered { registered })),
        other => unreachable!("gates were to be registered: {other:?}"),
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GateQuery {
    #[param(value_type = String)]
    pub network: Division,
    pub limit: Option<usize>,
    pub after: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct GateItem {
    pub gate: String,
    #[schema(value_type = String)]
    pub network: Division,
    pub operator: String,
    pub station: StationId,
    pub line: LineId,
    pub key: String,
    pub active: bool,
    /// The newest first.
    pub epochs: Vec<EpochWire>,
}

/// How far the records of a gate's store have come.
#[derive(Serialize, utoipa::ToSchema)]
pub struct EpochWire {
    pub epoch: u32,
    /// Without a hole up to here.
    pub held_to: u64,
    pub highest: u64,
    /// A hole was not filled in time (J7), and is open still.
    pub alarmed: bool,
}

/// The gates of a network with what they have handed over.
#[utoipa::path(get, path = "/v1/transit/gates", tag = "transit", params(GateQuery),
    responses((status = 200, body = Page<GateItem>), (status = "4XX", body = Problem)))]
pub async fn list_gates(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Query(query): Query<GateQuery>,
) -> Result<Json<Page<GateItem>>, Problem> {
    let page = PageQuery { limit: query.limit, after: query.after };
    let limit = limit(&page)?;
    let items = edge
        .read(move |view| {
            check_network(view, &caller.principal, query.network)?;
            let rows = gates::list(view, query.network, page.after.as_deref().unwrap_or_default(), limit + 1)?;
            Ok(rows.into_iter().map(|gate| item(view, gate)).collect::<Result<Vec<_>, _>>()?)
        })
        .await?;
    Ok(Json(Page::of(items, limit, |item: &GateItem| item.gate.clone())))
}

fn item(view: View<'_>, gate: Gate) -> Result<GateItem, StoreError> {
    let epochs = gates::epochs(view, &gate.gate, EPOCHS_SHOWN)?;
    let epoch = |epoch: gates::Epoch| {
        let gates::Epoch { epoch, held_to, highest, alarmed } = epoch;
        EpochWire { epoch, held_to, highest, alarmed }
    };
    Ok(GateItem {
        epochs: epochs.into_iter().map(epoch).collect(),
        gate: gate.gate,
        network: gate.network,
        operator: gate.operator,
        station: gate.station,
        line: gate.line,
        key: hex::encode(gate.key),
        active: gate.active,
    })
}
