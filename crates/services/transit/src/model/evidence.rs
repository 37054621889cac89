//! Code bytes on demand (transit specification §10.1): home asks for the records behind a trip's taps and verifies them itself.

use huitong_kernel::hash::Digest;
use huitong_kernel::time::DurationMs;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::tap::TapKey;

/// Huitong rule: how long the visited city has to hand over the records. Within the term of a contest, so that silence is contested.
pub const EVIDENCE_WITHIN: DurationMs = DurationMs::days(7);
/// Huitong rule: in so many different hours of the term the node that is waited for must have been heard (its deny list comes every
/// hour, in the same feed as the answer). Until then it is not silent: this node was stopped, or the link was.
pub const HEARD_HOURS: u32 = 24;
/// Huitong rule: as the trip stands the records are asked for, and shown, once in this time.
pub const SHOWN_AGAIN: DurationMs = DurationMs::days(1);
/// Huitong rule: of how many claims home asks for the records of one, by chance.
pub const EVIDENCE_ONE_IN: u32 = 64;

/// Home wants the records of a trip's taps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceAsk {
    pub ask: Uuid,
    pub trip_id: Digest,
    /// Adjustments of the trip that home knows.
    #[serde(default)]
    pub adjusts: u32,
}

/// The records of the taps that the trip has now; none, if there is no such trip of the asking city.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub ask: Uuid,
    pub trip_id: Digest,
    pub records: Vec<ShownRecord>,
}

/// A gate's record as it was received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownRecord {
    pub tap: TapKey,
    /// Base64; none: its bytes were erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

/// Why home asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AskCause {
    /// A clerk wants to see.
    Clerk,
    /// A clerk contests the trip.
    Contest,
    /// Drawn by chance: the visited city cannot tell which claims are.
    Sample,
    /// The account was in another city at the same time.
    Overlap,
}

impl AskCause {
    pub fn name(self) -> &'static str {
        match self {
            AskCause::Clerk => "clerk",
            AskCause::Contest => "contest",
            AskCause::Sample => "sample",
            AskCause::Overlap => "overlap",
        }
    }
}

/// What came of an ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceState {
    /// Not answered yet.
    Asked,
    /// Every record is that of the claim, and every code verifies.
    Genuine,
    /// A record is missing, is not that of the claim, or its code does not verify.
    NotVerified,
    /// The visited city says that it has erased a record.
    Erased,
    /// No answer in time. One that comes later is looked at still.
    Silent,
}

impl EvidenceState {
    const ALL: [EvidenceState; 5] = [
        EvidenceState::Asked,
        EvidenceState::Genuine,
        EvidenceState::NotVerified,
        EvidenceState::Erased,
        EvidenceState::Silent,
    ];

    pub fn name(self) -> &'static str {
        match self {
            EvidenceState::Asked => "asked",
            EvidenceState::Genuine => "genuine",
            EvidenceState::NotVerified => "not_verified",
            EvidenceState::Erased => "erased",
            EvidenceState::Silent => "silent",
        }
    }

    /// Whether an answer is looked at.
    pub fn awaits_records(self) -> bool {
        matches!(self, EvidenceState::Asked | EvidenceState::Silent)
    }
}

impl std::str::FromStr for EvidenceState {
    type Err = ();
    fn from_str(name: &str) -> Result<EvidenceState, ()> {
        EvidenceState::ALL.into_iter().find(|state| state.name() == name).ok_or(())
    }
}

impl std::str::FromStr for AskCause {
    type Err = ();
    fn from_str(name: &str) -> Result<AskCause, ()> {
        let all = [AskCause::Clerk, AskCause::Contest, AskCause::Sample, AskCause::Overlap];
        all.into_iter().find(|cause| cause.name() == name).ok_or(())
    }
}
