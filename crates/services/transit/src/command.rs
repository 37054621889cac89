//! What API callers may wish, and what they are told.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::contest::{ContestDecision, ContestReason, ContestState};
use crate::model::deny::DenyEntry;
use crate::model::evidence::EvidenceState;
use crate::model::invoice::{Buyer, Invoice};
use crate::model::key_set::KeySetText;
use crate::model::network::{LineId, StationId};
use crate::model::order::{FreeExitRule, OrderKind};
use crate::model::rider::AccountToken;
use crate::model::tap::{TapKey, TapState};
use crate::verify::CheckedBatch;

/// A wish. The operator is always the caller's participant.
#[derive(Clone)]
pub enum Command {
    // Dated data
    PublishKeySet(KeySetText),
    /// JSON of a `StationMap`.
    PublishMap {
        text: String,
    },
    /// JSON of a fare `Pack`.
    PublishPack {
        text: String,
    },
    /// JSON of a `SplitRule`.
    PublishSplit {
        text: String,
    },
    RegisterGates {
        gates: Vec<GateWish>,
    },
    Order(OrderWish),
    /// Ends an order before its time; without `to` it is withdrawn.
    EndOrder {
        order: Uuid,
        to: Option<Instant>,
        reason: String,
    },

    // Visited side
    /// A gate's records, already verified outside the writer.
    TakeTaps(Box<CheckedBatch>),
    /// A clerk takes a record out of quarantine.
    ReleaseTap(Box<ReleaseWish>),
    /// A clerk completes or cancels a trip.
    AdjustTrip {
        trip: Digest,
        wish: AdjustWish,
    },

    // Home side
    OpenAccount(AccountWish),
    CloseAccount {
        account: AccountToken,
    },
    /// A rider has paid.
    Pay {
        account: AccountToken,
        amount: Fen,
        reference: String,
    },
    /// An invoice of a month that is over.
    IssueInvoice {
        account: AccountToken,
        month: Period,
        buyer: Buyer,
    },
    Authorise(AuthoriseWish),
    AskGrant(GrantWish),
    /// Puts an entry on the own deny list, for a cause such as `lost`.
    Deny {
        entry: DenyEntry,
        cause: String,
    },
    Lift {
        entry: DenyEntry,
        cause: String,
    },
    /// A rider says where a single-sided trip began or ended.
    CompleteTrip {
        trip: Digest,
        account: AccountToken,
        station: StationId,
    },

    // Clearing
    OpenContest {
        document: Digest,
        reason: ContestReason,
        evidence: String,
    },
    /// A clerk of the paying side wants the records behind a trip.
    AskEvidence {
        trip: Digest,
    },
    AnswerContest {
        contest: Uuid,
        decision: ContestDecision,
        explanation: String,
        amount: Option<Fen>,
    },
    /// The debtor accepts an answer, or does not.
    ReplyContest {
        contest: Uuid,
        accepts: bool,
        explanation: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateWish {
    pub gate: String,
    pub network: Division,
    pub station: StationId,
    pub line: LineId,
    /// Compressed SM2 key, 66 hexadecimal digits.
    pub key: String,
    pub active: bool,
}

#[derive(Clone)]
pub struct OrderWish {
    pub network: Division,
    pub station: Option<StationId>,
    pub line: Option<LineId>,
    pub gate: Option<String>,
    pub from: Instant,
    pub to: Instant,
    pub kind: OrderKind,
    pub rule: FreeExitRule,
    pub reason: String,
}

/// A record that a clerk believes, verified again outside the writer.
#[derive(Clone)]
pub struct ReleaseWish {
    pub tap: TapKey,
    pub checked: CheckedBatch,
    /// Where neither the record nor its gate names a station of the map.
    pub station: Option<StationId>,
    /// SM3 of the record that is right, where two came under its number.
    pub record: Option<Digest>,
    pub reason: String,
}

/// What a clerk decides on a trip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustWish {
    /// The missing side.
    Complete { station: StationId },
    /// Fare 0.
    Cancel,
    /// Another amount, at most the original.
    Charge { amount_fen: Fen },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountWish {
    pub account: AccountToken,
    pub city: Division,
    pub account_type: u8,
    pub trip_limit_fen: Fen,
    pub day_limit_fen: Fen,
    pub unpaid_limit_fen: Fen,
    /// The networks that the rider opened.
    pub networks: Vec<Division>,
}

/// A phone asks for an authorisation (fields 1 to 15 of a code), model U.
#[derive(Clone)]
pub struct AuthoriseWish {
    pub account: AccountToken,
    /// Compressed SM2 key of the phone.
    pub user_key: [u8; 33],
    pub ticket: [u8; 8],
    pub platform: [u8; 4],
    /// At most 7 days ahead; the default when absent.
    pub expiry: Option<Instant>,
    pub validity_s: u16,
}

/// A phone asks for the code of a visited city, model P.
#[derive(Clone)]
pub struct GrantWish {
    pub account: AccountToken,
    pub network: Division,
    pub user_key: [u8; 33],
    pub expiry: Option<Instant>,
}

/// What the caller is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Published {
        name: String,
        version: u32,
    },
    Gates {
        registered: usize,
    },
    Ordered {
        order: Uuid,
        affected: usize,
        /// Other trips wait to be changed.
        #[serde(default)]
        waits: bool,
    },
    OrderEnded {
        order: Uuid,
        version: u32,
    },
    Taken(TakenReply),
    Released {
        tap: String,
        state: TapState,
    },
    Adjusted {
        trip: Digest,
        adjust: Option<Uuid>,
        charge_fen: Fen,
    },
    Account {
        account: AccountToken,
    },
    Invoiced(Box<Invoice>),
    Paid {
        balance_fen: Fen,
        unpaid_fen: Fen,
    },
    Authorised {
        id: Uuid,
        authorisation: String,
        expiry: Instant,
        limit_fen: Fen,
    },
    Granted {
        grant: Uuid,
        authorisation: String,
        validity_s: u16,
        expiry: Instant,
    },
    Denied {
        pending: bool,
    },
    Completing {
        trip: Digest,
    },
    Contested {
        contest: Uuid,
        state: ContestState,
    },
    EvidenceAsked {
        ask: Uuid,
        state: EvidenceState,
        answer_by: Instant,
    },
}

/// What became of a batch. Its records are held: they need not be sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TakenReply {
    /// The gate's records are held without a hole up to this number of the epoch.
    pub held_to: u64,
    pub accepted: u32,
    pub duplicate: u32,
    pub impossible: u32,
    /// Tries that the gate itself refused.
    pub refused: u32,
    pub passback: u32,
    /// Another record was held under a number of this batch. Both are quarantined; the gate must begin a new epoch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new_epoch_required: bool,
}
