//! A day of settlement between two nodes: the same documents with the same bytes, or differences with their cause.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs, Instant, ToSpan};
use huitong_service_kit::named;
use serde::{Deserialize, Serialize};

use super::Totals;

/// What a node's books hold of a day of settlement with another jurisdiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayTotals {
    pub day: Date,
    pub totals: Totals,
    /// SHA-256 over the numbers and document hashes, in order.
    pub list_hash: Digest,
}

/// How long after midnight a day is compared: its last answers are on their way.
pub const GRACE: DurationMs = DurationMs::minutes(60);

/// When a day of settlement is compared.
pub fn due_at(day: Date) -> Instant {
    let next = day.checked_add(1.day()).unwrap_or(day);
    Instant::start_of(next) + GRACE
}

/// A document of a day, as a node's books hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayDocument {
    pub settlement: String,
    pub document: Digest,
    pub total_fen: Fen,
    pub fund_fen: Fen,
    /// Of the document in the feed from home to visited; nothing where the other node does not say it yet.
    #[serde(default)]
    pub number: u64,
}

named! {
    /// The one class of a document that two nodes do not hold alike.
    DayClass {
        HomeMore = "home_more",
        VisitedMore = "visited_more",
        DataDiffer = "data_differ",
    }
}

named! {
    /// Why, as far as the books and the feed of the visited node tell.
    DayCause {
        /// Home has booked, and the message with the document has not come yet.
        AnswerOnItsWay = "answer_on_its_way",
        /// The message has come, and was refused here: it answers nothing that was open, or does not hold.
        AnswerRefused = "answer_refused",
        /// Home does not list what it has signed: its books are not whole, as after a restored backup.
        MissingAtHome = "missing_at_home",
        /// The same number for other bytes.
        OtherDocument = "other_document",
        /// Found before causes were kept.
        NotRecorded = "not_recorded",
    }
}

named! {
    /// What to do.
    DayProposal {
        /// Home is asked again: what was on its way has come by then.
        AskAgain = "ask_again",
        /// Both sides' clerks look at the signed message (`huitong prove`), and at why it was refused.
        ShowProof = "show_proof",
    }
}

/// A document that two nodes do not hold alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayDifference {
    pub settlement: String,
    pub class: DayClass,
    pub cause: DayCause,
    pub proposal: DayProposal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visited: Option<DayDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<DayDocument>,
    /// Why the message was refused here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

impl DayDifference {
    pub fn not_recorded(settlement: String) -> DayDifference {
        DayDifference {
            settlement,
            class: DayClass::DataDiffer,
            cause: DayCause::NotRecorded,
            proposal: DayProposal::AskAgain,
            visited: None,
            home: None,
            code: None,
        }
    }
}
