//! A gate's batch: its records in order, chained, under the gate's signature.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::{Refusal, Stop};
use huitong_transit_code::Reason;
use huitong_transit_code::record::{self, TapRecord};
use huitong_transit_code::signature::{Key, RawSignature, RustCrypto, Signatures};

use super::codes::Outcome;
use super::malformed;
use crate::model::network::{LineId, StationId};
use crate::model::tap::Direction;
use crate::refusal;

/// Records of a batch at most.
pub const RECORDS_MAX: usize = 500;
/// A gate that counts from 1 never comes here; views hold no larger numbers.
const SEQUENCE_END: u64 = 1 << 62;

/// A batch as sent.
#[derive(Clone, Debug)]
pub struct GateBatch {
    pub gate: String,
    pub epoch: u32,
    /// Numbers of the first and the last record; all between are there.
    pub first: u64,
    pub last: u64,
    pub records: Vec<Vec<u8>>,
    pub signature: RawSignature,
}

/// A batch whose signature and chain are good, with every code verified again; or one that [`CheckedBatch::trusted`] made.
#[derive(Clone, Debug)]
pub struct CheckedBatch {
    pub gate: String,
    pub epoch: u32,
    pub first: u64,
    pub network: Division,
    pub signature: String,
    pub records: Vec<CheckedRecord>,
}

#[derive(Clone, Debug)]
pub struct CheckedRecord {
    pub sequence: u64,
    pub bytes: Vec<u8>,
    /// SM3 of the bytes.
    pub hash: Digest,
    pub previous: Digest,
    pub station: StationId,
    pub line: LineId,
    pub direction: Direction,
    /// Effective time: gate time − drift.
    pub at: Instant,
    pub uncertainty: DurationMs,
    pub shown_fen: Option<Fen>,
    pub flags: u8,
    pub deny_sequence: u32,
    pub deny_age_s: u32,
    /// What the gate decided.
    pub gate_reason: Reason,
    pub outcome: Outcome,
}

impl CheckedBatch {
    /// A batch that this process has made itself, for replays, imports and benchmarks: the records must be numbered and chained
    /// as a gate's, but **no signature is checked** and `outcome` is believed for every code.
    ///
    /// No endpoint reaches this: bytes from outside pass through [`check`](super::check), and nothing else.
    pub fn trusted(
        batch: &GateBatch,
        network: Division,
        outcome: impl FnMut(&TapRecord<'_>) -> Outcome,
    ) -> Result<CheckedBatch, Stop> {
        let records = records(batch)?;
        let outcomes = records.iter().map(|(record, _)| record).map(outcome).collect();
        Ok(checked(batch, network, &records, outcomes))
    }
}

/// A record with its hash.
pub(super) type Hashed<'r> = (TapRecord<'r>, Digest);

/// A record by itself.
pub(super) fn hashed(bytes: &[u8]) -> Result<Hashed<'_>, Reason> {
    Ok((TapRecord::parse(bytes)?, Digest(TapRecord::hash(bytes))))
}

/// Reads the records: the gate's own, numbered from first to last, each naming the hash of the one before.
pub(super) fn records(batch: &GateBatch) -> Result<Vec<Hashed<'_>>, Stop> {
    if batch.records.is_empty() || batch.records.len() > RECORDS_MAX {
        return Err(refusal::TOO_MANY.with("limit", RECORDS_MAX).at_field("records").into());
    }
    let gate = record::text_field(&batch.gate).ok_or_else(|| refusal::invalid("gate"))?;
    let countable = batch.first > 0 && batch.last < SEQUENCE_END;
    let fits = countable && batch.last.checked_sub(batch.first) == Some(batch.records.len() as u64 - 1);
    if !fits {
        return Err(refusal::CHAIN.refuse().at_field("last").into());
    }
    let mut read: Vec<Hashed<'_>> = Vec::with_capacity(batch.records.len());
    let mut before: Option<[u8; 32]> = None;
    for (index, bytes) in batch.records.iter().enumerate() {
        let record = TapRecord::parse(bytes).map_err(|_| malformed(index))?;
        let own = record.gate == gate && record.epoch == batch.epoch;
        let numbered = record.sequence == batch.first + index as u64;
        let chained = before.is_none_or(|hash| hash == record.previous);
        if !own || !numbered || !chained || (record.sequence == 1) != (record.previous == [0; 32]) {
            return Err(malformed(index).into());
        }
        let hash = TapRecord::hash(bytes);
        before = Some(hash);
        read.push((record, Digest(hash)));
    }
    Ok(read)
}

pub(super) fn check_signature(batch: &GateBatch, key: &[u8; 33], records: &[Hashed<'_>]) -> Result<(), Refusal> {
    let wrong = || refusal::BATCH_SIGNATURE.refuse().at_field("signature");
    let key = Key::from_compressed(key).ok_or_else(wrong)?;
    let ((first, _), (_, last)) = records.first().zip(records.last()).ok_or_else(wrong)?;
    let message = record::batch_message(&first.gate, batch.epoch, batch.first, batch.last, &last.0);
    if RustCrypto.verifies(&key, &key.signed_hash(&message), &batch.signature) { Ok(()) } else { Err(wrong()) }
}

pub(super) fn checked(
    batch: &GateBatch,
    network: Division,
    records: &[Hashed<'_>],
    outcomes: Vec<Outcome>,
) -> CheckedBatch {
    let checked =
        records.iter().zip(outcomes).zip(&batch.records).map(|(((record, hash), outcome), bytes)| CheckedRecord {
            sequence: record.sequence,
            bytes: bytes.clone(),
            hash: *hash,
            previous: Digest(record.previous),
            station: record.station,
            line: record.line,
            direction: record.direction.into(),
            at: effective(record),
            uncertainty: DurationMs(i64::from(record.uncertainty_ms)),
            shown_fen: (record.amount_fen >= 0).then(|| Fen(i64::from(record.amount_fen))),
            flags: record.flags,
            deny_sequence: record.deny_sequence,
            deny_age_s: record.deny_age_s,
            gate_reason: record.reason,
            outcome,
        });
    CheckedBatch {
        records: checked.collect(),
        gate: batch.gate.clone(),
        epoch: batch.epoch,
        first: batch.first,
        network,
        signature: hex::encode(batch.signature),
    }
}

/// The gate's time without its drift.
pub(crate) fn effective(record: &TapRecord<'_>) -> Instant {
    Instant(record.gate_time_ms.saturating_sub(i64::from(record.drift_ms)))
}
