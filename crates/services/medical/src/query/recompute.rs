//! Recomputation of past settlements from their entries alone: the pack as published, the case as recorded, the document as
//! sent. The accumulators of the case are held against those rebuilt in order. Everything must come out the same (I16).

use std::collections::HashMap;

use huitong_kernel::entry::EntryKind;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_service_kit::StoreError;
use huitong_store::journal::{self, Connection};
use serde::Serialize;

use super::settled_entries::{self, Booked, Document, Looked};
use crate::model::accumulators::{Accumulators, Deltas};
use crate::model::explain::Step;
use crate::model::invariants;
use crate::model::person::Scheme;
use crate::model::policy::Pack;
use crate::model::settle::{Case, compute};

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recomputed {
    pub computed: u64,
    /// Of them, those that the core system of a pool has computed: the answer that it signed is held against the document.
    pub by_pool: u64,
    /// Settlements whose document is not what the calculation gives now.
    pub differing: Vec<String>,
}

#[derive(Default)]
struct Rebuilt {
    /// SHA-256 of what a pool has signed, of the decision that is being looked at.
    signed: Option<Digest>,
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
                Looked::Answered(signed) => {
                    self.signed = Some(HashFunction::Sha256.hash(&[signed.answer.as_bytes()]));
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
        let signed = self.signed.take();
        let Some(pending) = self.pending.take() else { return Ok(()) };
        if only.is_some_and(|only| only != pending.settlement) {
            return Ok(());
        }
        // A contra mirrors its original; there is nothing to compute.
        let Some(document) = settled_entries::document(message)? else { return Ok(()) };
        self.outcome.computed += 1;
        let is_same = match &document.computed_by {
            Some(by) => {
                self.outcome.by_pool += 1;
                let holds = invariants::holds(&document.amounts).is_ok() && document.deltas == pending.deltas;
                signed == Some(by.answer) && holds
            }
            None => self.is_same(&pending, &document)?,
        };
        if !is_same {
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
