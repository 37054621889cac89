//! What home's node asks the core system of a pool. Money in fen, dates `YYYY-MM-DD`, codes as in the messages between nodes.

use huitong_kernel::division::Division;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::CONTRACT;
use crate::model::accumulators::Accumulators;
use crate::model::amounts::{Amounts, LineSums};
use crate::model::document::DataVersion;
use crate::model::filing::FilingKind;
use crate::model::person::{CareType, HospitalLevel, PersonFacts, Scheme};
use crate::model::settle::{AccountBalances, StaySoFar};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    pub contract: String,
    /// Idempotency key: the same ask has the same bytes, for ever.
    pub ask: Uuid,
    pub pool: Division,
    /// When home decided to ask.
    pub at: Instant,
    pub question: Question,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "call", content = "body", rename_all = "snake_case")]
pub enum Question {
    /// 待遇检查: books nothing.
    Eligibility(EligibilityQuestion),
    /// 预结算: books nothing.
    Quote(Box<Bill>),
    /// 结算
    Commit(Box<Commit>),
    /// What became of a commit: books nothing.
    Query(Original),
    /// 冲正, 撤销, 退费
    Reverse(Reverse),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EligibilityQuestion {
    pub person: String,
    pub scheme: Scheme,
    pub facts: PersonFacts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_from: Option<Date>,
    pub care_type: CareType,
    pub care_date: Date,
    pub visited_area: Division,
    /// The filing in force by the node's books.
    pub filing: FilingKind,
    pub accounts: AccountBalances,
    /// Whether the answer is to say what the insurance year has used.
    pub accumulators_wanted: bool,
}

/// A bill to be priced: what the calculation looks at, as home's node knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bill {
    /// `mdtrt_id`
    pub visit: String,
    pub batch: String,
    pub institution: String,
    pub visited_area: Division,
    pub level: HospitalLevel,
    pub care_type: CareType,
    pub began_on: Date,
    /// Of a stay: the day of discharge, or of the last line of an interim settlement.
    pub care_date: Date,
    /// First and last day of the lines.
    pub days: (Date, Date),
    pub interim: bool,
    /// `psn_no`
    pub person: String,
    pub scheme: Scheme,
    pub facts: PersonFacts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_from: Option<Date>,
    pub filing: FilingKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disease: Option<String>,
    pub stay: StaySoFar,
    pub accounts: AccountBalances,
    pub account_wanted: bool,
    /// By insurance year, the newest first, as booked so far; a pool that keeps its own uses its own.
    pub accumulators: Vec<(i16, Accumulators)>,
    pub sums: LineSums,
    pub catalogues: Vec<DataVersion>,
    pub lines_hash: Digest,
    /// The split lines as visited sent them; absent with a quoted batch, and with one of more than `LINES_MAX`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Box<RawValue>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Commit {
    pub original: Original,
    pub bill: Bill,
    /// The offer that is accepted: only these amounts may be settled. Absent of a bill that was not quoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted: Option<Amounts>,
}

/// The call of an institution, which names a settlement for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    pub visited: Division,
    pub institution: String,
    pub message_id: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reverse {
    pub original: Original,
    pub why: Why,
    /// `setl_id` and the pool's own reference, of what home's node has booked. Absent: it has booked nothing, and never will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// 冲正
    Reversal,
    /// 撤销
    Cancel,
    /// 退费
    Refund,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    pub settlement: String,
    pub reference: String,
    pub fund_total_fen: Fen,
}

impl Question {
    /// The last part of the address.
    pub fn path(&self) -> &'static str {
        match self {
            Question::Eligibility(_) => "eligibility",
            Question::Quote(_) => "quote",
            Question::Commit(_) => "commit",
            Question::Query(_) => "query",
            Question::Reverse(_) => "reverse",
        }
    }
}

impl Request {
    /// The bytes, written once: from here on only they count.
    pub fn text(ask: Uuid, pool: Division, at: Instant, question: Question) -> String {
        let request = Request { contract: CONTRACT.to_owned(), ask, pool, at, question };
        serde_json::to_string(&request).expect("a request holds nothing that JSON cannot express")
    }
}

/// SHA-256 over a request's bytes: an answer names what it answers.
pub fn hash(request: &str) -> Digest {
    HashFunction::Sha256.hash(&[request.as_bytes()])
}
