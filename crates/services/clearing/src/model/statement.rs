//! Statements (清算表): what two nodes hold of a period, lane by lane, and what each confirms to owe.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::hash::{Digest, RunningSha256};
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_ledger::clearing::Share;
use serde::{Deserialize, Serialize};

/// Where a document lies between two nodes: the lane by its sender, the message of the feed, the line in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place(pub Division, pub u64, pub u32);

/// What a side holds of a lane for a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LaneSum {
    #[schema(value_type = String)]
    pub sender: Division,
    /// The messages of the feed behind the cut before, up to this cut.
    pub after: u64,
    pub up_to: u64,
    pub documents: u64,
    /// What the sender's divisions owe, and what the receiver's owe.
    #[schema(value_type = i64)]
    pub sender_owes_fen: Fen,
    #[schema(value_type = i64)]
    pub receiver_owes_fen: Fen,
    /// SHA-256 over all documents in the order of the feed, see [`Root`].
    #[schema(value_type = String)]
    pub root: Digest,
}

/// One side's statement of a period towards the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Statement {
    pub service: String,
    #[schema(value_type = String)]
    pub period: Period,
    #[schema(value_type = String)]
    pub author: Division,
    /// Both lanes, the one with the lower sender first.
    pub lanes: [LaneSum; 2],
    #[schema(value_type = i64)]
    pub stated_at: Instant,
}

impl Statement {
    pub fn documents(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.documents).sum()
    }

    /// What the divisions of a node owe by all documents, contested ones included.
    pub fn owed_by(&self, node: Division) -> Fen {
        let owed = |lane: &LaneSum| if lane.sender == node { lane.sender_owes_fen } else { lane.receiver_owes_fen };
        self.lanes.iter().map(owed).sum()
    }
}

/// SHA-256 over (number, line, id, amount, creditor, debtor) of documents, integers big-endian, divisions as six digits.
#[derive(Clone, Default)]
pub struct Root(RunningSha256);

impl Root {
    pub fn add(&mut self, number: u64, line: u32, id: &[u8; 32], amount: Fen, creditor: &str, debtor: &str) {
        let mut bytes = [0_u8; 64];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        bytes[8..12].copy_from_slice(&line.to_be_bytes());
        bytes[12..44].copy_from_slice(id);
        bytes[44..52].copy_from_slice(&amount.0.to_be_bytes());
        for (place, code) in [(52, creditor), (58, debtor)] {
            let code = code.as_bytes();
            let length = code.len().min(6);
            bytes[place..place + length].copy_from_slice(&code[..length]);
        }
        self.0.add(&bytes);
    }

    pub fn digest(self) -> Digest {
        self.0.digest()
    }
}

/// What a debtor confirms to owe of a period: everything but what it holds back, and what it releases of earlier periods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    pub service: String,
    pub period: Period,
    pub held: Vec<Place>,
    pub held_fen: Fen,
    pub released: Vec<Place>,
    pub released_fen: Fen,
    /// The period's documents less `held`, plus `released`. Negative where more was given back than came new.
    pub payable_fen: Fen,
}

/// Numbers of messages and counts of documents at most, as far as another jurisdiction's are believed.
pub const NUMBER_MAX: u64 = 1 << 53;

/// Documents held back in one confirmation at most.
pub const HELD_MAX: usize = 10_000;

/// All documents of a statement by division and part, by which node owes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    pub own: Vec<Share>,
    pub theirs: Vec<Share>,
}

/// Where a statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Stated by this node (已出表); the other's statement has not come.
    Stated,
    /// The two sides hold other documents; they look for which.
    Differs,
    /// Both sides hold the same, or know what differs (已核对).
    Matched,
    /// Both debtors have confirmed what they owe (已确认).
    Confirmed,
    /// Told to all for the next netting.
    Declared,
    /// In a batch that is final, its payments instructed.
    Batched,
    /// Paid, for ever (已结清).
    Closed,
}

impl State {
    pub const ALL: [State; 7] = [
        State::Stated,
        State::Differs,
        State::Matched,
        State::Confirmed,
        State::Declared,
        State::Batched,
        State::Closed,
    ];

    pub fn name(self) -> &'static str {
        match self {
            State::Stated => "stated",
            State::Differs => "differs",
            State::Matched => "matched",
            State::Confirmed => "confirmed",
            State::Declared => "declared",
            State::Batched => "batched",
            State::Closed => "closed",
        }
    }
}

impl std::str::FromStr for State {
    type Err = ();
    fn from_str(name: &str) -> Result<State, ()> {
        State::ALL.into_iter().find(|state| state.name() == name).ok_or(())
    }
}

/// A span of a lane, for finding what differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub after: u64,
    pub up_to: u64,
    pub documents: u64,
    pub root: Digest,
}

/// A document as the other side compares it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub number: u64,
    pub line: u32,
    pub id: Digest,
    pub amount_fen: Fen,
    pub creditor: Division,
    pub debtor: Division,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceClass {
    OnlySender,
    OnlyReceiver,
    ContentDiffers,
}

impl DifferenceClass {
    pub fn name(self) -> &'static str {
        match self {
            DifferenceClass::OnlySender => "only_sender",
            DifferenceClass::OnlyReceiver => "only_receiver",
            DifferenceClass::ContentDiffers => "content_differs",
        }
    }
}

impl std::str::FromStr for DifferenceClass {
    type Err = ();
    fn from_str(name: &str) -> Result<DifferenceClass, ()> {
        let all = [DifferenceClass::OnlySender, DifferenceClass::OnlyReceiver, DifferenceClass::ContentDiffers];
        all.into_iter().find(|class| class.name() == name).ok_or(())
    }
}

/// A document that the lane's two ends do not hold alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub number: u64,
    pub line: u32,
    pub class: DifferenceClass,
    /// What the lane's sender holds, and its receiver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_fen: Option<Fen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver_fen: Option<Fen>,
}
