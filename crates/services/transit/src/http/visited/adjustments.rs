//! POST /v1/transit/trips/{trip}/adjustments

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_service_kit::http::{Body, Caller, Path, Problem};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::TransitEdge;
use crate::Transit;
use crate::command::{AdjustWish, Command, Reply};
use crate::model::network::StationId;

/// What a clerk decides: `{"complete": {"station": 3}}`, `{"cancel": {}}` or `{"charge": {"amount_fen": 300}}`.
#[derive(Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AdjustmentRequest {
    /// The station of the missing side.
    Complete { station: StationId },
    /// Fare 0.
    Cancel {},
    /// Another amount, at most the one that was claimed.
    Charge {
        #[schema(value_type = i64)]
        amount_fen: Fen,
    },
}

impl From<AdjustmentRequest> for AdjustWish {
    fn from(request: AdjustmentRequest) -> AdjustWish {
        match request {
            AdjustmentRequest::Complete { station } => AdjustWish::Complete { station },
            AdjustmentRequest::Cancel {} => AdjustWish::Cancel,
            AdjustmentRequest::Charge { amount_fen } => AdjustWish::Charge { amount_fen },
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Adjusted {
    #[schema(value_type = String)]
    pub trip: Digest,
    /// Absent when nothing had to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjust: Option<Uuid>,
    /// In force now.
    #[schema(value_type = i64)]
    pub charge_fen: Fen,
}

/// Changes a final trip by a document of its own, of which home is told; the trip's id, taps and days stay.
#[utoipa::path(post, path = "/v1/transit/trips/{trip}/adjustments", tag = "transit", params(("trip" = String, Path)),
    request_body = AdjustmentRequest,
    responses((status = 201, body = Adjusted), (status = "4XX", body = Problem)))]
pub async fn adjust_trip(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(trip): Path<Digest>,
    body: Body<AdjustmentRequest, Transit>,
) -> Result<(StatusCode, Json<Adjusted>), Problem> {
    let command = Command::AdjustTrip { trip, wish: body.value.into() };
    match edge.edge.ask_here(command, &caller, body.request).await? {
        Reply::Adjusted { trip, adjust, charge_fen } => {
            Ok((StatusCode::CREATED, Json(Adjusted { trip, adjust, charge_fen })))
        }
        other => unreachable!("a trip was to be adjusted: {other:?}"),
    }
}
