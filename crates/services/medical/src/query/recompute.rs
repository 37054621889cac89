//! Recomputation of past settlements from their entries alone: the pack as published, the case as recorded, the document as
//! sent. The accumulators of the case are held against those rebuilt in order. Everything must come out the same (I16).

use std::collections::HashMap;

use huitong_kernel::entry::EntryKind;
use huitong_kernel::hash::Digest;
use huitong_service_kit::StoreError;
use huitong_store::journal::{self, Connection};
use serde::Serialize;

use super::settled_entries::{self, Booked, Document, Looked};
use crate::model::accumulators::{Accumulators, Deltas};
use crate::model::explain::Step;
use crate::model::person::Scheme;
use crate::model::policy::Pack;
use crate::model::settle::{Case, compute};

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recomputed {
    pub computed: u64,
    /// Settlements whose document is not what the calculation gives now.
    pub differing: Vec<String>,
}

#[derive(Default)]
struct Rebuilt {
    packs: HashMap<Digest, Pack>,
    accumulators: HashMap<(String, Scheme, i16), Accumulators>,
    /// Booked, with its document to come: the message follows its decision.
    pending: Option<Pending>,
    /// Of steps as they are written now.
    written: Vec<u8>,
    outcome: Recomputed,
}

struct Pending {
    settlement: String,
    case: Option<Case>,
    deltas: Deltas,
    /// Whether its case begins with what the settlements before have left.
    continues: bool,
}

/// Recomputes every settlement of a home's journal, or the one named.
pub fn all(connection: &Connection, only: Option<&str>) -> Result<Recomputed, StoreError> {
    let mut rebuilt = Rebuilt::default();
    journal::each_from(connection, 1, |entry| match entry.kind {
        EntryKind::Decision => rebuilt.take(&entry.bytes),
        EntryKind::Sent { .. } => rebuilt.compare(&entry.bytes, only),
        EntryKind::Received { .. } | EntryKind::CheckpointReceived { .. } | EntryKind::ReceiptReceived { .. } => Ok(()),
    })?;
    Ok(rebuilt.outcome)
}

impl Rebuilt {
    fn take(&mut self, entry: &[u8]) -> Result<(), StoreError> {
        for looked in settled_entries::events(entry)? {
            match looked {
                Looked::Published(published) => {
                    self.packs.insert(published.version.hash, serde_json::from_str(&published.text)?);
                }
                Looked::Settled(booked) => self.note(*booked),
            }
        }
        Ok(())
    }

    fn note(&mut self, booked: Booked<'_>) {
        let key = (booked.person.into_owned(), booked.scheme, booked.insurance_year);
        let before = self.accumulators.entry(key).or_default();
        let continues = booked.case.as_ref().is_some_and(|case| case.accumulators == *before);
        before.add(&booked.deltas);
        let (settlement, case, deltas) = (booked.settlement.into_owned(), booked.case, booked.deltas);
        self.pending = Some(Pending { settlement, case, deltas, continues });
    }

    fn compare(&mut self, message: &[u8], only: Option<&str>) -> Result<(), StoreError> {
        let Some(pending) = self.pending.take() else { return Ok(()) };
        if only.is_some_and(|only| only != pending.settlement) {
            return Ok(());
        }
        // A contra mirrors its original; there is nothing to compute.
        let Some(document) = settled_entries::document(message)? else { return Ok(()) };
        self.outcome.computed += 1;
        if !self.is_same(&pending, &document)? {
            self.outcome.differing.push(pending.settlement);
        }
        Ok(())
    }

    fn is_same(&mut self, booked: &Pending, document: &Document<'_>) -> Result<bool, StoreError> {
        let (Some(case), Some(pack)) = (&booked.case, self.packs.get(&document.pack.hash)) else { return Ok(false) };
        let Ok(computation) = compute(pack, case) else { return Ok(false) };
        let is_same = booked.continues
            && computation.amounts == document.amounts
            && computation.deltas == document.deltas
            && computation.deltas == booked.deltas
            && computation.class == document.class
            && computation.filing == document.filing
            && computation.insurance_year == document.insurance_year
            && computation.pool_ratio == document.pool_ratio;
        Ok(is_same && self.explains_alike(&computation.steps, document)?)
    }

    /// The same bytes say the same; other bytes may, from a hand that writes JSON otherwise.
    fn explains_alike(&mut self, steps: &[Step], document: &Document<'_>) -> Result<bool, StoreError> {
        let signed = document.steps.get();
        self.written.clear();
        serde_json::to_writer(&mut self.written, steps)?;
        Ok(self.written == signed.as_bytes() || serde_json::from_str::<Vec<Step>>(signed)? == steps)
    }
}
