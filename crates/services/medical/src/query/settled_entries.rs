//! What recomputation and what-if replay read of a home's journal: of a decision the events that they look at, of a sent document
//! what is compared. The rest of an entry is skipped, not built: a month has millions of them.

use std::borrow::Cow;

use huitong_kernel::decimal::Ratio;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_service_kit::{Envelope, StoreError};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::accumulators::Deltas;
use crate::model::amounts::Amounts;
use crate::model::filing::FilingKind;
use crate::model::person::Scheme;
use crate::model::settle::Case;
use crate::pool::ask::ComputedBy;

/// The events of a decision, in [`crate::event::Event`]'s form.
#[derive(Deserialize)]
struct Decided<'a> {
    #[serde(borrow)]
    events: Vec<Happened<'a>>,
}

#[derive(Deserialize)]
struct Happened<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// A published pack.
#[derive(Deserialize)]
pub struct Published<'a> {
    pub version: PackVersion,
    #[serde(borrow)]
    pub text: Cow<'a, str>,
}

#[derive(Deserialize)]
pub struct PackVersion {
    pub hash: Digest,
}

/// A settlement as home has booked it: of [`crate::event::SettlementBooked`] what is looked at.
#[derive(Deserialize)]
pub struct Booked<'a> {
    #[serde(borrow)]
    pub settlement: Cow<'a, str>,
    pub home_area: Division,
    #[serde(borrow)]
    pub visit: Cow<'a, str>,
    #[serde(borrow)]
    pub person: Cow<'a, str>,
    pub scheme: Scheme,
    pub insurance_year: i16,
    #[serde(borrow)]
    pub period: Cow<'a, str>,
    #[serde(default)]
    pub deltas: Deltas,
    #[serde(borrow, default)]
    pub contra_of: Option<Cow<'a, str>>,
    #[serde(default)]
    pub deductible_fen: Fen,
    #[serde(default)]
    pub admission: Option<u32>,
    #[serde(borrow, default)]
    pub funds: Vec<(Cow<'a, str>, Fen)>,
    #[serde(default)]
    pub case: Option<Case>,
}

/// What a pool has signed.
#[derive(Deserialize)]
pub struct Signed<'a> {
    #[serde(borrow)]
    pub answer: Cow<'a, str>,
}

/// An event that is looked at.
pub enum Looked<'a> {
    Answered(Signed<'a>),
    Published(Published<'a>),
    Settled(Box<Booked<'a>>),
}

/// The events of a decision's entry that are looked at, in order.
pub fn events(entry: &[u8]) -> Result<Vec<Looked<'_>>, StoreError> {
    let decided: Decided<'_> = serde_json::from_slice(entry)?;
    let mut looked = Vec::new();
    for Happened { event, body } in decided.events {
        match event.as_ref() {
            "medical.policy_published.v1" => looked.push(Looked::Published(serde_json::from_str(body.get())?)),
            "medical.pool_answered.v1" => looked.push(Looked::Answered(serde_json::from_str(body.get())?)),
            "medical.settled.v1" => looked.push(Looked::Settled(serde_json::from_str(body.get())?)),
            _ => {}
        }
    }
    Ok(looked)
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// Of an answer to a commit: other outcomes than a settlement have no document.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    outcome: Outcome<'a>,
}

#[derive(Deserialize)]
struct Outcome<'a> {
    #[serde(borrow, default)]
    settled: Option<Document<'a>>,
}

/// What the calculation answers for in a settled document.
#[derive(Deserialize)]
pub struct Document<'a> {
    #[serde(borrow)]
    pub class: Cow<'a, str>,
    pub insurance_year: i16,
    pub filing: FilingKind,
    pub pack: PackVersion,
    pub amounts: Amounts,
    #[serde(default)]
    pub pool_ratio: Option<Ratio>,
    pub deltas: Deltas,
    /// The core system of a pool.
    #[serde(default)]
    pub computed_by: Option<ComputedBy>,
    /// As they were signed: compared byte for byte before anybody reads them.
    #[serde(borrow)]
    pub steps: &'a RawValue,
}

/// The document that a message carries, if it is one that was computed: a contra mirrors its original.
pub fn document(message: &[u8]) -> Result<Option<Document<'_>>, StoreError> {
    let envelope: Envelope<Named<'_>> = serde_json::from_slice(message)?;
    if envelope.message.name != "medical.commit_answer.v1" {
        return Ok(None);
    }
    let answer: Answer<'_> = serde_json::from_str(envelope.message.body.get())?;
    Ok(answer.outcome.settled)
}
