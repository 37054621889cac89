//! POST /v1/transit/tap-batches

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huitong_service_kit::http::{Body, Caller, Problem};
use huitong_transit_code::record::RECORD_LENGTH_MAX;
use serde::Deserialize;

use super::super::{TransitEdge, problem};
use crate::command::{Command, Reply, TakenReply};
use crate::verify::{GateBatch, RECORDS_MAX, check};
use crate::{Transit, refusal};

/// The longest records of a full batch in base64, and what stands around them.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
const _: () = assert!(RECORDS_MAX * (RECORD_LENGTH_MAX.div_ceil(3) * 4 + 3) + 4_096 < BODY_BYTES_MAX);

/// Records of one gate and epoch, without a gap, under the gate's signature.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TapBatchRequest {
    pub gate: String,
    /// Of the gate's store: a replaced store begins a new one.
    pub epoch: u32,
    /// Number of the first record.
    pub first: u64,
    pub last: u64,
    /// Base64 each, in order; at most 500.
    pub records: Vec<String>,
    /// `r ‖ s` of the gate's SM2 key, 128 hexadecimal digits.
    pub signature: String,
}

impl TapBatchRequest {
    fn batch(self) -> Result<GateBatch, Problem> {
        if self.records.is_empty() {
            return Err(problem(&refusal::invalid("records")));
        }
        if self.records.len() > RECORDS_MAX {
            return Err(problem(&refusal::TOO_MANY.with("limit", RECORDS_MAX).at_field("records")));
        }
        let mut signature = [0; 64];
        hex::decode_to_slice(&self.signature, &mut signature).map_err(|_| problem(&refusal::invalid("signature")))?;
        let record = |(index, text): (usize, &String)| {
            STANDARD.decode(text).map_err(|_| problem(&refusal::invalid(&format!("records[{index}]"))))
        };
        let records = self.records.iter().enumerate().map(record).collect::<Result<_, _>>()?;
        let TapBatchRequest { gate, epoch, first, last, .. } = self;
        Ok(GateBatch { gate, epoch, first, last, records, signature })
    }
}

/// Takes a gate's records (过闸记录), each once and in any order. They are known by gate, epoch and number: the same batch again
/// is answered with what is held, whatever its `Idempotency-Key`.
#[utoipa::path(post, path = "/v1/transit/tap-batches", tag = "transit", request_body = TapBatchRequest,
    responses((status = 200, body = TakenReply), (status = "4XX", body = Problem)))]
pub async fn take_tap_batch(
    State(edge): State<TransitEdge>,
    caller: Caller,
    body: Body<TapBatchRequest, Transit>,
) -> Result<Json<TakenReply>, Problem> {
    let batch = body.value.batch()?;
    let (transit, verifier) = (edge.transit.clone(), edge.verifier.clone());
    let operator = caller.principal.participant.clone();
    let checked = edge.read(move |view| check(&transit, &verifier, view, &operator, &batch)).await?;
    // Not kept under a key: other bytes under known numbers must be seen (quarantine and alarm), and an answer repeated from
    // an earlier day would tell a gate that records are held which a restored node has lost.
    let command = Command::TakeTaps(Box::new(checked));
    match edge.edge.ask_here(command, &caller.without_key(), body.request).await? {
        Reply::Taken(taken) => Ok(Json(taken)),
        other => unreachable!("records were to be taken: {other:?}"),
    }
}
