//! Verification of what gates send, outside the writer and on all cores: the batch's signature and chain, and every code that
//! opened a gate again, from its received bytes, at the gate's time and under the gate's key set (J9, J10).
//!
//! The writer takes a [`CheckedBatch`] only; nothing but [`check`] makes one from foreign bytes. What it verifies itself are the records
//! behind one trip that a peer shows, by [`again`].

mod batch;
mod codes;

pub(crate) use batch::effective;
pub use batch::{CheckedBatch, CheckedRecord, GateBatch, RECORDS_MAX};
pub use codes::{Outcome, Verified, Verifier};

use huitong_kernel::division::Division;
use huitong_service_kit::{Refusal, Stop, StoreError, View, attachment};
use huitong_transit_code::Reason;

use crate::model::tap::TapKey;
use crate::query::{gates, taps};
use crate::{Transit, refusal};

/// Checks a batch of `operator`'s gate. A refusal changes nothing: the gate keeps its records and may send them again.
pub fn check(
    transit: &Transit,
    verifier: &Verifier,
    view: View<'_>,
    operator: &str,
    batch: &GateBatch,
) -> Result<CheckedBatch, Stop> {
    let gate = gates::gate(view, &batch.gate)?.filter(|gate| gate.active);
    let gate = gate.ok_or_else(|| refusal::GATE_UNKNOWN.refuse().at_field("gate"))?;
    if gate.operator != operator {
        return Err(refusal::NOT_THE_OPERATOR.refuse().at_field("gate").into());
    }
    let records = batch::records(batch)?;
    batch::check_signature(batch, &gate.key, &records)?;
    let rules = codes::Rules::read(transit, view, gate.network, &records)?;
    let outcomes = verifier.outcomes(&rules, &records);
    Ok(batch::checked(batch, gate.network, &records, outcomes))
}

/// What verification says now of records that are held, as it did at their upload: from their bytes, at the gate's time, under the
/// key sets that they name. The time window is the widest that a map of the network ever allowed.
pub fn again(
    view: View<'_>,
    network: Division,
    records: &[&[u8]],
) -> Result<Vec<Result<Box<Verified>, Reason>>, StoreError> {
    let read: Vec<_> = records.iter().map(|bytes| batch::hashed(bytes)).collect();
    let readable: Vec<_> = read.iter().flatten().copied().collect();
    let rules = codes::Rules::widest(view, network, &readable)?;
    let mut outcomes = rules.outcomes(&readable).into_iter().map(|outcome| match outcome {
        Outcome::Verified(verified) => Ok(verified),
        Outcome::NotVerified(reason) => Err(reason),
        // It is held as a code that opened a gate.
        Outcome::NotOpened => Err(Reason::Chain),
    });
    Ok(read
        .iter()
        .map(|record| {
            record.as_ref().map_or_else(|reason| Err(*reason), |_| outcomes.next().unwrap_or(Err(Reason::Chain)))
        })
        .collect())
}

/// The held record under this number, verified again.
pub fn tap(view: View<'_>, key: &TapKey) -> Result<CheckedBatch, Stop> {
    let gate = gates::gate(view, &key.gate)?.ok_or_else(|| refusal::GATE_UNKNOWN.refuse().at_field("gate"))?;
    // Views hold no larger numbers.
    let row = if key.sequence < 1 << 62 { taps::tap(view, key)? } else { None };
    let row = row.ok_or_else(|| refusal::TAP_UNKNOWN.refuse())?;
    let bytes = match taps::record(view, &row)? {
        Some(bytes) => bytes,
        None if attachment::is_erased(view, row.record_entry)? => return Err(refusal::TAP_ERASED.refuse().into()),
        None => return Err(StoreError::Damaged(format!("the record {key} is not in its entry")).into()),
    };
    held(view, gate.network, key, &bytes)
}

/// A held record, verified again as a batch of itself: the codes' time window is the widest that a map of the network ever allowed.
pub fn held(view: View<'_>, network: Division, key: &TapKey, bytes: &[u8]) -> Result<CheckedBatch, Stop> {
    let record = batch::hashed(bytes).map_err(|_| malformed(0))?;
    let rules = codes::Rules::widest(view, network, &[record])?;
    let outcomes = Verifier::new(1).outcomes(&rules, &[record]);
    let batch = GateBatch {
        gate: key.gate.clone(),
        epoch: key.epoch,
        first: key.sequence,
        last: key.sequence,
        records: vec![bytes.to_vec()],
        signature: [0; 64],
    };
    Ok(batch::checked(&batch, network, &[record], outcomes))
}

/// A record that is not as the layout says.
fn malformed(index: usize) -> Refusal {
    refusal::CHAIN.refuse().at_field(format!("records[{index}]"))
}
