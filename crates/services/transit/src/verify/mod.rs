//! Verification of what gates send, outside the writer and on all cores: the batch's signature and chain, and every code that
//! opened a gate again, from its received bytes, at the gate's time and under the gate's key set (J9, J10).
//!
//! The writer takes a [`CheckedBatch`] only; nothing but [`check`] makes one from foreign bytes.

mod batch;
mod codes;

pub use batch::{CheckedBatch, CheckedRecord, GateBatch, RECORDS_MAX};
pub use codes::{Outcome, Verified, Verifier};

use huitong_service_kit::{Refusal, Stop, View};

use crate::query::gates;
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

/// A record that is not as the layout says.
fn malformed(index: usize) -> Refusal {
    refusal::CHAIN.refuse().at_field(format!("records[{index}]"))
}
