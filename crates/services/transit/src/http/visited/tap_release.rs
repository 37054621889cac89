//! POST /v1/transit/taps/{gate}/{epoch}/{sequence}/release

use axum::Json;
use axum::extract::State;
use huitong_kernel::hash::Digest;
use huitong_service_kit::http::{Body, Caller, Path, Problem};
use serde::{Deserialize, Serialize};

use super::super::TransitEdge;
use super::wire::check_length;
use crate::command::{Command, ReleaseWish, Reply};
use crate::model::network::StationId;
use crate::model::tap::{TapKey, TapState};
use crate::{Transit, verify};

const REASON_LENGTH_MAX: usize = 500;

/// Why a clerk believes a quarantined record.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequest {
    /// At most 500 characters; kept with the clerk's name.
    pub reason: String,
    /// Only where neither the record nor its gate names a station of the map.
    #[serde(default)]
    pub station: Option<StationId>,
    /// SM3 of the record held under this number: required where another came under it (`TRN-TAP-CONFLICT`).
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub record: Option<Digest>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Released {
    /// GATE/EPOCH/SEQUENCE
    pub tap: String,
    /// `accepted` or `late`: matched as any late tap; `passback`: its code was used by another record meanwhile, and it is never
    /// charged.
    pub state: TapState,
}

/// Takes a record out of quarantine (解除隔离) that was put there for its age, its station, a closed station, or another record under
/// its number. Its code is verified again; one that does not verify is never released.
#[utoipa::path(post, path = "/v1/transit/taps/{gate}/{epoch}/{sequence}/release", tag = "transit",
    params(("gate" = String, Path), ("epoch" = u32, Path), ("sequence" = u64, Path)), request_body = ReleaseRequest,
    responses((status = 200, body = Released), (status = "4XX", body = Problem)))]
pub async fn release_tap(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path((gate, epoch, sequence)): Path<(String, u32, u64)>,
    body: Body<ReleaseRequest, Transit>,
) -> Result<Json<Released>, Problem> {
    let ReleaseRequest { reason, station, record } = body.value;
    check_length("reason", &reason, REASON_LENGTH_MAX)?;
    let tap = TapKey { gate, epoch, sequence };
    let key = tap.clone();
    // Outside the writer, as at the upload.
    let checked = edge.read(move |view| verify::tap(view, &key)).await?;
    let command = Command::ReleaseTap(Box::new(ReleaseWish { tap, checked, station, record, reason }));
    match edge.edge.ask_here(command, &caller, body.request).await? {
        Reply::Released { tap, state } => Ok(Json(Released { tap, state })),
        other => unreachable!("a record was to be released: {other:?}"),
    }
}
