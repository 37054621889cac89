//! GET /v1/transit/trips/{trip}

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_service_kit::http::{Caller, Path, Problem};
use huitong_service_kit::{Stop, StoreError, View};
use serde::Serialize;
use uuid::Uuid;

use super::super::TransitEdge;
use super::fares::DiscountWire;
use super::scope::check_network;
use super::trips::TripItem;
use crate::model::network::{LineId, StationId};
use crate::model::rider::Rider;
use crate::model::tap::Direction;
use crate::model::trip::{CompletionKind, TapEvidence, TripFinal};
use crate::query::taps;
use crate::query::trips::{self, TripRow};
use crate::refusal;

/// A trip with all that its charge rests on.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TripWire {
    #[serde(flatten)]
    pub item: TripItem,
    /// Account token and ticket.
    #[schema(value_type = String)]
    pub rider: Rider,
    pub account_type: u8,
    /// Field 9 of the code.
    #[schema(value_type = i64)]
    pub limit_fen: Fen,
    /// Model P.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<Uuid>,
    pub fare: TripFareWire,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion: Option<CompletionWire>,
    /// `overstay`, `over_limit`, `deny_stale`, `free_exit` …
    pub flags: Vec<String>,
    pub taps: Vec<TripTapWire>,
    /// Oldest first; at most one is in force, the last.
    pub adjustment_documents: Vec<AdjustmentWire>,
}

/// What is charged and why: nominal − discounts + overstay.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TripFareWire {
    pub pack: String,
    pub version: u32,
    pub network_version: u32,
    pub distance_m: u32,
    #[schema(value_type = i64)]
    pub nominal_fen: Fen,
    pub discounts: Vec<DiscountWire>,
    #[schema(value_type = i64)]
    pub overstay_fen: Fen,
    #[schema(value_type = i64)]
    pub charge_fen: Fen,
}

/// How the missing side was found (补登), and what that rests on.
#[derive(Serialize, utoipa::ToSchema)]
pub struct CompletionWire {
    pub how: CompletionKind,
    pub station: StationId,
    pub evidence: String,
}

/// A tap with its evidence.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TripTapWire {
    /// GATE/EPOCH/SEQUENCE
    pub tap: String,
    pub direction: Direction,
    pub station: StationId,
    pub line: LineId,
    pub at: String,
    /// When the phone made the code, Unix seconds.
    pub generated: i64,
    /// SM3 of the gate's record.
    #[schema(value_type = String)]
    pub hash: Digest,
    /// The gate's deny list of home: its number and age (the age proof).
    pub deny_sequence: u32,
    pub deny_age_s: u32,
    /// Journal entry that holds the gate's batch with its signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// The record as the gate sent it, base64; absent once it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct AdjustmentWire {
    pub adjust: Uuid,
    pub number: u32,
    /// Against what was in force before.
    #[schema(value_type = i64)]
    pub change_fen: Fen,
    pub reason: String,
    /// What it rests on.
    pub evidence: String,
    /// `sent`, `booked` or `disputed`
    pub state: String,
}

/// One final trip with its fare line by line, its taps, its adjustments and the evidence.
#[utoipa::path(get, path = "/v1/transit/trips/{trip}", tag = "transit", params(("trip" = String, Path)),
    responses((status = 200, body = TripWire), (status = "4XX", body = Problem)))]
pub async fn get_trip(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(trip): Path<Digest>,
) -> Result<Json<TripWire>, Problem> {
    let read = edge.read(move |view| {
        let row = trips::trip(view, trip)?.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
        check_network(view, &caller.principal, row.network)?;
        wire(view, &row)
    });
    Ok(Json(read.await?))
}

fn wire(view: View<'_>, row: &TripRow) -> Result<TripWire, Stop> {
    let content = trips::content(view, row)?;
    let taps = content.taps.iter().map(|tap| tap_wire(view, tap)).collect::<Result<_, _>>()?;
    Ok(TripWire {
        item: TripItem::from(row),
        rider: content.rider,
        account_type: content.account_type,
        limit_fen: content.limit_fen,
        grant: content.grant,
        fare: fare(&content),
        completion: content.completion.map(|completion| CompletionWire {
            how: completion.how,
            station: completion.station,
            evidence: completion.evidence,
        }),
        flags: content.flags,
        taps,
        adjustment_documents: adjustments(view, row)?,
    })
}

fn fare(content: &TripFinal) -> TripFareWire {
    let discounts = content.fare.discounts.iter();
    TripFareWire {
        pack: content.pack.pack.clone(),
        version: content.pack.version,
        network_version: content.pack.network_version,
        distance_m: content.fare.distance_m,
        nominal_fen: content.fare.nominal_fen,
        discounts: discounts.map(|line| DiscountWire { name: line.name.clone(), minus_fen: line.minus_fen }).collect(),
        overstay_fen: content.fare.overstay_fen,
        charge_fen: content.fare.charge_fen,
    }
}

fn tap_wire(view: View<'_>, tap: &TapEvidence) -> Result<TripTapWire, StoreError> {
    let held = taps::tap(view, &tap.key)?;
    let record = held.as_ref().map(|held| taps::record(view, held)).transpose()?.flatten();
    let record = record.map(|bytes| STANDARD.encode(bytes));
    Ok(TripTapWire {
        tap: tap.key.to_string(),
        direction: tap.direction,
        station: tap.station,
        line: tap.line,
        at: tap.at.to_string(),
        generated: tap.generated,
        hash: tap.hash,
        deny_sequence: tap.deny_sequence,
        deny_age_s: tap.deny_age_s,
        entry: held.map(|held| held.entry),
        record,
    })
}

fn adjustments(view: View<'_>, row: &TripRow) -> Result<Vec<AdjustmentWire>, StoreError> {
    let mut shown = Vec::new();
    for adjustment in trips::adjustments(view, row.trip)? {
        let document = trips::adjustment(view, row, adjustment.adjust)?;
        shown.push(AdjustmentWire {
            adjust: adjustment.adjust,
            number: adjustment.number,
            change_fen: adjustment.change_fen,
            reason: adjustment.reason,
            evidence: document.map(|document| document.evidence).unwrap_or_default(),
            state: adjustment.state,
        });
    }
    Ok(shown)
}
