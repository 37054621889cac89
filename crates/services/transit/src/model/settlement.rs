//! What the two sides compare: documents by day, day totals, revenue splits.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::named;
use serde::{Deserialize, Serialize};

use super::trip::TripFinal;

/// What a document of a day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    Trip,
    Adjust,
    Split,
}

impl DocumentKind {
    pub const ALL: [DocumentKind; 3] = [DocumentKind::Trip, DocumentKind::Adjust, DocumentKind::Split];

    pub fn name(self) -> &'static str {
        match self {
            DocumentKind::Trip => "trip",
            DocumentKind::Adjust => "adjust",
            DocumentKind::Split => "split",
        }
    }

    pub fn parse(name: &str) -> Option<DocumentKind> {
        DocumentKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A document that one node issued to another and that moves money between two cities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Trip id; of adjustments and splits SHA-256 over their key.
    pub id: Digest,
    pub kind: DocumentKind,
    /// The node that issued it and the node that received it.
    pub issuer: Division,
    pub receiver: Division,
    /// The cities: who is owed, who owes. A negative amount goes the other way.
    pub creditor: Division,
    pub debtor: Division,
    pub booking_day: Date,
    pub travel_day: Date,
    pub amount_fen: Fen,
    /// Of adjustments and splits: the trip that they belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trip: Option<Digest>,
}

impl Document {
    /// What a final trip claims from home.
    pub fn of_claim(trip: &TripFinal, Claim { issuer, receiver }: Claim) -> Document {
        Document {
            id: trip.trip_id,
            kind: DocumentKind::Trip,
            issuer,
            receiver,
            creditor: trip.network,
            debtor: trip.home,
            booking_day: trip.booking_day,
            travel_day: trip.travel_day,
            amount_fen: trip.charge_fen(),
            trip: None,
        }
    }
}

/// Between which nodes a trip is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub issuer: Division,
    pub receiver: Division,
}

impl std::str::FromStr for DocumentKind {
    type Err = ();
    fn from_str(name: &str) -> Result<DocumentKind, ()> {
        DocumentKind::parse(name).ok_or(())
    }
}

/// Counts and sums of a day's documents of one issuer for one receiver, and the root over their sorted ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DayTotals {
    #[schema(value_type = String)]
    pub issuer: Division,
    #[schema(value_type = String)]
    pub receiver: Division,
    #[schema(value_type = String, format = Date)]
    pub booking_day: Date,
    pub trips: u64,
    #[schema(value_type = i64)]
    pub trips_fen: Fen,
    pub adjusts: u64,
    #[schema(value_type = i64)]
    pub adjusts_fen: Fen,
    pub splits: u64,
    #[schema(value_type = i64)]
    pub splits_fen: Fen,
    /// SHA-256 over (id, amount) of all documents in ascending order of id.
    #[schema(value_type = String)]
    pub root: Digest,
}

/// The documents of a day in ascending order of id, in pages: sent by both sides when their totals differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayDocuments {
    pub issuer: Division,
    pub receiver: Division,
    pub booking_day: Date,
    /// 0, 1, 2 …
    pub page: u32,
    pub is_last: bool,
    pub documents: Vec<(Digest, Fen)>,
}

named! {
    /// The one class of a difference between the two sides' documents of a day.
    DifferenceClass {
        OnlyIssuer = "only_issuer",
        OnlyReceiver = "only_receiver",
        AmountsDiffer = "amounts_differ",
    }
}

named! {
    /// Why a document differs, as far as the side that looks can tell.
    DifferenceCause {
        /// The receiver never took it, by what the issuer knows: no answer came.
        NotAnswered = "not_answered",
        /// The receiver has answered it and does not hold it.
        AnsweredNotHeld = "answered_not_held",
        /// The receiver holds no such trip.
        NeverReceived = "never_received",
        /// The receiver holds the trip, its document is gone.
        DocumentLost = "document_lost",
        /// The issuer holds the trip, its document is gone.
        IssuerDocumentLost = "issuer_document_lost",
        /// The issuer holds no such trip.
        UnknownAtIssuer = "unknown_at_issuer",
        /// Only the other side's journal can tell.
        UnknownHere = "unknown_here",
        /// One of the two was changed after it was sent.
        AmountChanged = "amount_changed",
    }
}

named! {
    /// What a clerk should do about a difference.
    Proposal {
        SendAgain = "send_again",
        ReplayViews = "replay_views",
        Contest = "contest",
        CompareJournals = "compare_journals",
    }
}

impl DifferenceCause {
    pub fn proposal(self) -> Proposal {
        match self {
            DifferenceCause::NotAnswered | DifferenceCause::NeverReceived => Proposal::SendAgain,
            DifferenceCause::AnsweredNotHeld | DifferenceCause::UnknownHere | DifferenceCause::AmountChanged => {
                Proposal::CompareJournals
            }
            DifferenceCause::DocumentLost | DifferenceCause::IssuerDocumentLost => Proposal::ReplayViews,
            DifferenceCause::UnknownAtIssuer => Proposal::Contest,
        }
    }
}

/// A partner's part of a cross-border trip's revenue: a second document, so that charging never waits for it. The partner
/// issues it, as the creditor: only it knows which of its periods is open when the notice comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitNotice {
    pub trip_id: Digest,
    /// The document that is split: the trip, or an adjustment of it.
    pub of: Digest,
    pub operating: Division,
    pub partner: Division,
    pub rule: String,
    pub rule_version: u32,
    /// Metres, stops or shares by jurisdiction.
    pub weights: Vec<(Division, u64)>,
    pub parts: Vec<(Division, Fen)>,
    pub amount_fen: Fen,
    /// On which the operating node gave notice. The partner books its part on a day of its own.
    pub booking_day: Date,
    pub travel_day: Date,
}
