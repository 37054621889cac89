//! Contests (争议): a debtor says of one document that it is not owed, with evidence; the creditor answers in time.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs, Instant};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Huitong rules: contest within 30 days of the statement, answer within 15.
pub const CONTEST_WITHIN: DurationMs = DurationMs::days(30);
pub const ANSWER_WITHIN: DurationMs = DurationMs::days(15);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contest {
    pub contest: Uuid,
    /// The trip, adjustment or split.
    pub document: Digest,
    /// The document's.
    pub booking_day: Date,
    pub creditor: Division,
    pub debtor: Division,
    pub reason: ContestReason,
    pub amount_fen: Fen,
    pub evidence: String,
    pub opened_at: Instant,
    /// When the creditor's answer is due.
    pub answer_by: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContestReason {
    NotVerified,
    DeniedBefore,
    Duplicate,
    FareWrong,
    OverLimit,
    NoAccount,
    TooLate,
}

impl ContestReason {
    pub const ALL: [ContestReason; 7] = [
        ContestReason::NotVerified,
        ContestReason::DeniedBefore,
        ContestReason::Duplicate,
        ContestReason::FareWrong,
        ContestReason::OverLimit,
        ContestReason::NoAccount,
        ContestReason::TooLate,
    ];

    pub fn name(self) -> &'static str {
        match self {
            ContestReason::NotVerified => "NOT_VERIFIED",
            ContestReason::DeniedBefore => "DENIED_BEFORE",
            ContestReason::Duplicate => "DUPLICATE",
            ContestReason::FareWrong => "FARE_WRONG",
            ContestReason::OverLimit => "OVER_LIMIT",
            ContestReason::NoAccount => "NO_ACCOUNT",
            ContestReason::TooLate => "TOO_LATE",
        }
    }

    pub fn parse(name: &str) -> Option<ContestReason> {
        ContestReason::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContestAnswer {
    pub contest: Uuid,
    pub document: Digest,
    pub decision: ContestDecision,
    pub explanation: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContestDecision {
    /// The claim stands: the debtor owes it.
    Upheld,
    /// A `TripAdjust` follows with the right amount.
    Adjusted,
    /// The creditor takes the claim back.
    Withdrawn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContestState {
    Open,
    Upheld,
    Adjusted,
    Withdrawn,
    /// Not answered in time, or the answer was not accepted: to the tribunal of the region.
    Escalated,
}

impl ContestState {
    pub const ALL: [ContestState; 5] = [
        ContestState::Open,
        ContestState::Upheld,
        ContestState::Adjusted,
        ContestState::Withdrawn,
        ContestState::Escalated,
    ];

    pub fn name(self) -> &'static str {
        match self {
            ContestState::Open => "open",
            ContestState::Upheld => "upheld",
            ContestState::Adjusted => "adjusted",
            ContestState::Withdrawn => "withdrawn",
            ContestState::Escalated => "escalated",
        }
    }

    pub fn parse(name: &str) -> Option<ContestState> {
        ContestState::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl std::str::FromStr for ContestState {
    type Err = ();
    fn from_str(name: &str) -> Result<ContestState, ()> {
        ContestState::parse(name).ok_or(())
    }
}

impl std::str::FromStr for ContestReason {
    type Err = ();
    fn from_str(name: &str) -> Result<ContestReason, ()> {
        ContestReason::parse(name).ok_or(())
    }
}

impl From<ContestDecision> for ContestState {
    fn from(decision: ContestDecision) -> ContestState {
        match decision {
            ContestDecision::Upheld => ContestState::Upheld,
            ContestDecision::Adjusted => ContestState::Adjusted,
            ContestDecision::Withdrawn => ContestState::Withdrawn,
        }
    }
}
