//! Contests (争议): a debtor says of one document that it is not owed, with evidence; the creditor answers, and the debtor accepts
//! the answer or escalates. One of the two is always the next to move, so that no two decisions cross on their way.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs, Instant};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Huitong rules: answer within 15 days, accept or escalate within 15 more; contest within 30 of the booking, where the region has
/// no rule for its clearing.
pub const CONTEST_DAYS: DurationMs = DurationMs::days(30);
pub const ANSWER_WITHIN: DurationMs = DurationMs::days(15);
pub const REPLY_WITHIN: DurationMs = DurationMs::days(15);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contest {
    pub contest: Uuid,
    /// The trip or the adjustment.
    pub document: Digest,
    /// The document's.
    pub booking_day: Date,
    pub creditor: Division,
    pub debtor: Division,
    pub reason: ContestReason,
    pub amount_fen: Fen,
    pub evidence: String,
    /// By the clock of the node that holds this: the creditor's time runs from when it was told.
    pub opened_at: Instant,
    /// When the creditor's answer is due, by the same clock.
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
    /// The creditor says that the claim stands; the debtor owes it when it accepts that.
    Upheld,
    /// The creditor gives a part back, by a `TripAdjust`; the debtor owes the rest when it accepts that.
    Adjusted,
    /// The creditor takes the claim back: the contest has ended.
    Withdrawn,
}

/// What the debtor says to an answer that leaves it something to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContestReply {
    pub contest: Uuid,
    pub document: Digest,
    /// Else the contest is escalated, and the creditor is the next to move.
    pub accepts: bool,
    /// Adjustments of the trip that the debtor knew: it accepts what is in force after them.
    pub adjusts: u32,
    pub explanation: String,
}

/// Who moves next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    Creditor,
    Debtor,
}

impl Party {
    pub fn name(self) -> &'static str {
        match self {
            Party::Creditor => "creditor",
            Party::Debtor => "debtor",
        }
    }
}

impl std::str::FromStr for Party {
    type Err = ();
    fn from_str(name: &str) -> Result<Party, ()> {
        [Party::Creditor, Party::Debtor].into_iter().find(|party| party.name() == name).ok_or(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContestState {
    Open,
    /// The claim stands, or a part of it, says the creditor; the debtor has not replied yet.
    Answered,
    /// Ended: the debtor accepts that the claim stands.
    Upheld,
    /// Ended: the debtor accepts what the creditor left of it.
    Adjusted,
    /// Ended: the creditor has taken the claim back.
    Withdrawn,
    /// Not answered in time, or the answer was not accepted: to the tribunal of the region.
    Escalated,
    /// Ended: the creditor did not take it, because it was late or the document is unknown there.
    Refused,
}

impl ContestState {
    pub const ALL: [ContestState; 7] = [
        ContestState::Open,
        ContestState::Answered,
        ContestState::Upheld,
        ContestState::Adjusted,
        ContestState::Withdrawn,
        ContestState::Escalated,
        ContestState::Refused,
    ];

    pub fn name(self) -> &'static str {
        match self {
            ContestState::Open => "open",
            ContestState::Answered => "answered",
            ContestState::Upheld => "upheld",
            ContestState::Adjusted => "adjusted",
            ContestState::Withdrawn => "withdrawn",
            ContestState::Escalated => "escalated",
            ContestState::Refused => "refused",
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
