//! Days, contests and what is cleared, as events tell of them.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_ledger::Transfer;
use huitong_ledger::clearing::Share;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::NewDebt;
use crate::model::contest::{ContestState, Party};
use crate::model::rider::AccountToken;
use crate::model::settlement::{DifferenceCause, DifferenceClass, Proposal};

/// A contest was decided, or escalated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ContestEnded {
    pub contest: Uuid,
    pub state: ContestState,
    /// Of who ended or escalated it.
    pub explanation: String,
    /// Of an escalated one: who moves next, where that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits: Option<Party>,
    /// Adjustments of the trip that the end covers; later ones have answers of their own. None: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjusts: Option<u32>,
    /// What home owes now of a claim that it had contested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged: Option<ContestCharge>,
    /// Contests of documents that are owed with it: clearing holds them from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Uuid>,
    pub transfers: Vec<Transfer>,
}

/// Home charges a trip at last that it had contested.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ContestCharge {
    pub trip: Digest,
    pub payer: AccountToken,
    pub paid_fen: Fen,
    pub owed_fen: Fen,
    /// What home bears itself.
    pub lost_fen: Fen,
    /// The most that the rider pays of the trip, whatever it is adjusted to; none: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rider_max_fen: Option<Fen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debt: Option<NewDebt>,
}

/// What this node and a peer have paid each other for a period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClearedBooked {
    pub period: Period,
    pub peer: Division,
    /// Of what was due to cities of this node.
    pub due: Vec<Share>,
    /// Of what cities of this node owed.
    pub owed: Vec<Share>,
    pub transfers: Vec<Transfer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayDifference {
    pub id: Digest,
    pub class: DifferenceClass,
    pub issuer_fen: Option<Fen>,
    pub receiver_fen: Option<Fen>,
    pub cause: DifferenceCause,
    pub proposal: Proposal,
}
