//! A question to a pool as the journal keeps it: what is asked, who is owed the answer, and what the node needs to give it.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::suite::PublicKey;
use huitong_kernel::time::{Date, Instant};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::check::Asked;
use super::request::{Original, Question, Request, Reverse, Why};
use crate::model::amounts::{Amounts, LineSums};
use crate::model::document::{DataVersion, StayDates};
use crate::model::filing_effect::FilingTerm;
use crate::model::message::{CallReference, Eligibility, VisitFacts};
use crate::model::person::Scheme;

/// Who computes for a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolComputing {
    pub pool: Division,
    /// Whether its own core system does.
    pub delegated: bool,
    /// The key that signs its answers; kept when the node computes again, for what the pool has settled.
    pub public_key: PublicKey,
    /// Whether the node's configuration names an endpoint for it: without one nothing can be posted.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub has_endpoint: bool,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PoolAsk {
    pub ask: Uuid,
    pub pool: Division,
    pub asker: Asker,
    pub owed: Owed,
    /// The bytes that are posted first.
    pub request: String,
    pub asked_at: Instant,
    /// Of a question that books nothing: until then it is answered, else refused. Of another: then the duty officer is told.
    pub deadline: Instant,
}

/// The visited node that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    pub jurisdiction: Division,
    pub cycle: Uuid,
    pub episode: Uuid,
}

/// What the visited node is owed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owed {
    /// What the node knows by itself; the benefit comes from the pool.
    Eligibility {
        correlation: String,
        known: Box<Eligibility>,
    },
    Quote {
        correlation: String,
        offered: Box<OfferedFor>,
    },
    /// A commit came after its offer had expired: a new one.
    Renewal {
        call: CallReference,
        offered: Box<OfferedFor>,
    },
    Settlement(Box<Settling>),
    TakeBack {
        call: CallReference,
        settlement: String,
        visit: String,
        why: Why,
        correlation: Option<String>,
    },
}

/// What an offer is made for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfferedFor {
    pub number: String,
    pub batch: String,
    pub lines_hash: Digest,
    pub catalogues: Vec<DataVersion>,
    pub sums: LineSums,
    pub person: String,
    pub scheme: Scheme,
    pub care_date: Date,
    pub days: (Date, Date),
    pub interim: bool,
    #[serde(default)]
    pub is_stay: bool,
    pub account_wanted: bool,
}

/// What is being settled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settling {
    pub call: CallReference,
    pub facts: VisitFacts,
    pub stay: Option<StayDates>,
    pub offered: OfferedFor,
    /// The accepted offer; none of a whole bill.
    pub quote: Option<Uuid>,
    pub quoted: Option<Amounts>,
}

/// The answer to a question, as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedAnswer {
    pub ask: Uuid,
    pub step: Step,
    /// The bytes that are signed.
    pub answer: String,
    /// Hexadecimal.
    pub signature: String,
}

huitong_service_kit::named! {
    /// What a question is at.
    Step {
        /// Its own call is to be answered.
        Call = "call",
        /// Whether a settling call was booked is not known: query.
        Query = "query",
        /// It is to be taken back, or kept from ever being booked.
        Reverse = "reverse",
    }
}

impl PoolAsk {
    /// The bytes to post at a step, and the last part of the address.
    pub fn request_at(&self, step: Step) -> (&'static str, String) {
        let question = match step {
            Step::Call => return (self.owed.path(), self.request.clone()),
            Step::Query => Question::Query(self.original()),
            Step::Reverse => {
                Question::Reverse(Reverse { original: self.original(), why: Why::Reversal, settled: None })
            }
        };
        (question.path(), Request::text(self.ask, self.pool, self.asked_at, question))
    }

    /// The call that a settling question is about.
    fn original(&self) -> Original {
        let call = self.owed.call().cloned();
        let call = call.unwrap_or(CallReference { institution: String::new(), message_id: String::new() });
        Original { visited: self.asker.jurisdiction, institution: call.institution, message_id: call.message_id }
    }
}

impl Owed {
    pub fn path(&self) -> &'static str {
        match self {
            Owed::Eligibility { .. } => "eligibility",
            Owed::Quote { .. } | Owed::Renewal { .. } => "quote",
            Owed::Settlement(_) => "commit",
            Owed::TakeBack { .. } => "reverse",
        }
    }

    /// Whether the pool may book something by it.
    pub fn books(&self) -> bool {
        matches!(self, Owed::Settlement(_) | Owed::TakeBack { .. })
    }

    pub fn call(&self) -> Option<&CallReference> {
        match self {
            Owed::Settlement(settling) => Some(&settling.call),
            Owed::Renewal { call, .. } | Owed::TakeBack { call, .. } => Some(call),
            Owed::Eligibility { .. } | Owed::Quote { .. } => None,
        }
    }

    /// `mdtrt_id` and batch of what may be booked.
    pub fn booked_for(&self) -> Option<(&str, &str)> {
        match self {
            Owed::Settlement(settling) => Some((&settling.offered.number, &settling.offered.batch)),
            Owed::TakeBack { visit, .. } => Some((visit, "")),
            Owed::Eligibility { .. } | Owed::Quote { .. } | Owed::Renewal { .. } => None,
        }
    }
}

impl OfferedFor {
    pub fn filing_term(&self) -> FilingTerm {
        FilingTerm::of(self.care_date, self.is_stay, self.interim)
    }

    pub fn asked<'a>(&self, quoted: Option<&'a Amounts>) -> Asked<'a> {
        Asked { sums: self.sums, care_date: self.care_date, account_wanted: self.account_wanted, quoted }
    }
}

/// What a settled document says of a pool that has computed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComputedBy {
    /// The pool's own number of the settlement, or of its contra.
    pub reference: String,
    /// SHA-256 of the answer that the pool signed, which home's journal keeps.
    pub answer: Digest,
}
