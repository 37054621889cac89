//! Recomputation of past settlements from their entries alone: the pack as published, the case as recorded, the document as
//! sent. The accumulators of the case are held against those rebuilt in order. Everything must come out the same (I16).

use std::collections::BTreeMap;

use huitong_kernel::entry::EntryKind;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_service_kit::stream::record::Record;
use huitong_service_kit::{Envelope, StoreError};
use huitong_store::journal::{self, Connection};
use serde::Serialize;

use crate::command::Reply;
use crate::event::{Event, SettlementBooked};
use crate::model::accumulators::Accumulators;
use crate::model::document::SettledDocument;
use crate::model::invariants;
use crate::model::message::{CommitOutcome, Message};
use crate::model::person::Scheme;
use crate::model::policy::Pack;
use crate::model::settle::compute;

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
    answer: Option<Digest>,
    packs: BTreeMap<Digest, Pack>,
    accumulators: BTreeMap<(String, Scheme, i16), Accumulators>,
    /// Booked, with its document to come: the message follows its decision.
    pending: Option<(SettlementBooked, Accumulators)>,
    outcome: Recomputed,
}

/// Recomputes every settlement of a home's journal, or the one named.
pub fn all(connection: &Connection, only: Option<&str>) -> Result<Recomputed, StoreError> {
    let mut rebuilt = Rebuilt::default();
    journal::each_from(connection, 1, |entry| {
        match entry.kind {
            EntryKind::Decision => {
                let record: Record<Event, Reply> = serde_json::from_slice(&entry.bytes)?;
                for event in record.events {
                    rebuilt.take(event)?;
                }
            }
            EntryKind::Sent { .. } => rebuilt.compare(&entry.bytes, only)?,
            EntryKind::Received { .. } | EntryKind::CheckpointReceived { .. } | EntryKind::ReceiptReceived { .. } => {}
        }
        Ok(())
    })?;
    Ok(rebuilt.outcome)
}

impl Rebuilt {
    fn take(&mut self, event: Event) -> Result<(), StoreError> {
        match event {
            Event::PolicyPublished { version, text, .. } => {
                self.packs.insert(version.hash, serde_json::from_str(&text)?);
            }
            Event::Settled(booked) => {
                let key = (booked.person.clone(), booked.scheme, booked.insurance_year);
                let before = self.accumulators.remove(&key).unwrap_or_default();
                self.accumulators.insert(key, before.after(&booked.deltas));
                self.pending = Some((booked, before));
            }
            Event::PoolAnswered(signed) => {
                self.answer = Some(HashFunction::Sha256.hash(&[signed.answer.as_bytes()]));
            }
            _ => {}
        }
        Ok(())
    }

    fn compare(&mut self, message: &[u8], only: Option<&str>) -> Result<(), StoreError> {
        let signed = self.answer.take();
        let Some((booked, before)) = self.pending.take() else { return Ok(()) };
        let wanted = only.is_none_or(|only| only == booked.settlement);
        let envelope: Envelope<Message> = serde_json::from_slice(message)?;
        // A contra mirrors its original; there is nothing to compute.
        let Message::CommitAnswer(answer) = envelope.message else { return Ok(()) };
        let CommitOutcome::Settled(document) = answer.outcome else { return Ok(()) };
        if !wanted {
            return Ok(());
        }
        self.outcome.computed += 1;
        if let Some(by) = &document.computed_by {
            self.outcome.by_pool += 1;
            let holds = invariants::holds(&document.amounts).is_ok() && document.deltas == booked.deltas;
            if signed != Some(by.answer) || !holds {
                self.outcome.differing.push(booked.settlement);
            }
            return Ok(());
        }
        if !self.is_same(&booked, &before, &document) {
            self.outcome.differing.push(booked.settlement);
        }
        Ok(())
    }

    fn is_same(&self, booked: &SettlementBooked, before: &Accumulators, document: &SettledDocument) -> bool {
        let (Some(case), Some(pack)) = (&booked.case, self.packs.get(&document.pack.hash)) else { return false };
        let Ok(computation) = compute(pack, case) else { return false };
        case.accumulators == *before
            && computation.amounts == document.amounts
            && computation.steps == document.steps
            && computation.deltas == document.deltas
            && computation.deltas == booked.deltas
            && computation.class == document.class
            && computation.filing == document.filing
    }
}
