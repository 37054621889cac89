//! What services and the clearing of their node tell each other: documents that move money between jurisdictions, the cuts of
//! periods, and what was paid.
//!
//! A document is final for both sides by one message of the service's feed between their nodes, and a cut is a message of the
//! same feed. Both nodes' services hand both on to their own clearing in the order of that feed, so that both clearings hold the
//! same list for every period without asking each other.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A document that moves money between two jurisdictions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The service's own: of a settlement the hash of its message, of a trip its id.
    pub id: Digest,
    /// For people: `setl_id` of a settlement; empty where there is none but the id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub number: String,
    /// Division that is owed, and division that owes. A negative amount goes the other way.
    pub creditor: Division,
    pub debtor: Division,
    /// The day of care or travel; a document that comes after a cut keeps it.
    pub day: Date,
    /// The sum of the parts.
    pub amount_fen: Fen,
    /// For instance `settlement`, `contra`, `trip`, `adjust`, `split`.
    pub kind: String,
    /// The document that this one changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Digest>,
    /// By the service's accounts (fund); a document of one part has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<(String, Fen)>,
}

/// The documents that one message of the feed `from`/service > `to`/service made final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documents {
    pub from: Division,
    pub to: Division,
    /// Of the message in that feed.
    pub number: u64,
    pub documents: Vec<Document>,
}

/// The cut of a period in the feed `from`/service > `to`/service: what came before it in that feed, and after the cut before it,
/// belongs to the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    pub from: Division,
    pub to: Division,
    pub period: Period,
    /// Of the marker's message in that feed.
    pub number: u64,
}

/// From clearing to a service of its node: cut the period now, towards every other jurisdiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    pub period: Period,
}

/// From a service to its node's clearing: its own contest of a document has begun, or ended. What is held is not paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub document: Digest,
    /// The service's contest.
    pub contest: Uuid,
    pub is_held: bool,
}

/// From the creditor's clearing to its service: a contest has ended so that `amount_fen` of the document stays owed; the service
/// issues what gives the rest back, as a document of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveBack {
    pub contest: Uuid,
    pub document: Digest,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub number: String,
    pub amount_fen: Fen,
}

/// The service's answer: nothing, or the code of the refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenBack {
    pub contest: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// From clearing to a service of its node: what the other jurisdiction owed by these documents is paid, or what this one owed.
/// The service books it against its own accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleared {
    pub period: Period,
    /// The jurisdiction at the other side.
    pub peer: Division,
    pub shares: Vec<Share>,
}

/// What was cleared between two divisions, by the service's accounts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Share {
    pub creditor: Division,
    pub debtor: Division,
    /// As in [`Document::parts`]; empty for documents of one part.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub part: String,
    /// Negative where more was given back than came new.
    pub amount_fen: Fen,
}
