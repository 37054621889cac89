//! Contests (争议): a debtor says of one document that it is not owed, with evidence; the creditor answers, and the debtor accepts
//! the answer or escalates to the tribunal of the region. One of the two is always the next to move.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::named;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::statement::Place;

/// Longest evidence and explanation, in characters.
pub const TEXT_MAX: usize = 2_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contest {
    pub contest: Uuid,
    pub service: String,
    /// Whose statement holds the document.
    pub period: Period,
    /// The jurisdictions, not the divisions of the document.
    pub creditor: Division,
    pub debtor: Division,
    pub place: Place,
    pub document: Digest,
    pub amount_fen: Fen,
    pub reason: Reason,
    pub evidence: String,
    /// By the debtor's clock.
    pub opened_at: Instant,
}

named! {
    /// Medical specification §13 and transit specification §13.3.
    Reason {
        NotOurInsured = "not_our_insured",
        FilingInvalid = "filing_invalid",
        Duplicate = "duplicate",
        Amount = "amount",
        Catalogue = "catalogue",
        PolicyVersion = "policy_version",
        Period = "period",
        EvidenceMissing = "evidence_missing",
        NotVerified = "not_verified",
        DeniedBefore = "denied_before",
        FareWrong = "fare_wrong",
        OverLimit = "over_limit",
        NoAccount = "no_account",
        TooLate = "too_late",
    }
}

named! {
    ContestState {
        Open = "open",
        /// The creditor says that the claim stands, or a part of it.
        Answered = "answered",
        /// Not answered in time, or the answer was not accepted: before the tribunal (争议仲裁).
        Escalated = "escalated",
        /// Ended: the debtor owes it.
        Upheld = "upheld",
        /// Ended: the debtor owes a part.
        Adjusted = "adjusted",
        /// Ended: the creditor takes the claim back.
        Withdrawn = "withdrawn",
        /// Ended: the creditor did not take the contest.
        Refused = "refused",
    }
}

impl ContestState {
    pub fn has_ended(self) -> bool {
        !matches!(self, ContestState::Open | ContestState::Answered | ContestState::Escalated)
    }
}

named! {
    /// What the creditor says.
    Ruling {
        Upheld = "upheld",
        Adjusted = "adjusted",
        Withdrawn = "withdrawn",
    }
}

impl From<Ruling> for ContestState {
    fn from(ruling: Ruling) -> ContestState {
        match ruling {
            Ruling::Upheld => ContestState::Upheld,
            Ruling::Adjusted => ContestState::Adjusted,
            Ruling::Withdrawn => ContestState::Withdrawn,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub contest: Uuid,
    pub ruling: Ruling,
    /// What stays owed of the document.
    pub amount_fen: Fen,
    pub explanation: String,
    /// Of an escalated contest: the tribunal's decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tribunal: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub contest: Uuid,
    pub accepts: bool,
    pub explanation: String,
}
