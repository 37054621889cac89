//! What API callers may wish, and what they are told.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::CallState;
use crate::model::amounts::{FundPayment, LineSums};
use crate::model::document::{DataVersion, SettledDocument};
use crate::model::filing::FilingKind;
use crate::model::lines::{Line, SplitLine};
use crate::model::message::{Certificate, Eligibility, FilingState, Quote};
use crate::model::person::{CareType, Scheme};

/// A wish. The institution is always the caller's participant.
pub enum Command {
    PublishPolicy {
        text: String,
    },
    PublishCatalogue {
        text: String,
    },
    CreditAccount {
        person: String,
        bucket: AccountBucket,
        amount: Fen,
    },
    AskEligibility {
        home_area: Division,
        certificate: Certificate,
        care_type: CareType,
    },
    File(FilingWish),
    RevokeFiling {
        filing: Uuid,
    },
    OpenVisit(VisitWish),
    AddLines {
        visit: Uuid,
        batch: String,
        lines: Vec<Line>,
    },
    RevokeLines {
        visit: Uuid,
        batch: String,
    },
    AskQuote {
        visit: Uuid,
        batch: String,
        account_wanted: bool,
        total: Option<Fen>,
    },
    /// Settles the batch as last quoted; the four sums must equal the split where given.
    Settle {
        visit: Uuid,
        batch: String,
        quote: Uuid,
        message_id: String,
        total: Fen,
        sums: Option<SentSums>,
    },
    SettleBill(Box<BillWish>),
    Cancel {
        settlement: String,
    },
    Reverse {
        message_id: String,
    },
}

/// Which account of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountBucket {
    Current,
    History,
    MutualAid,
}

pub struct FilingWish {
    pub home_area: Division,
    pub certificate: Certificate,
    pub kind: FilingKind,
    pub areas: Vec<Division>,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
}

pub struct VisitWish {
    pub home_area: Division,
    pub certificate: Certificate,
    pub scheme: Scheme,
    pub care_type: CareType,
    pub emergency: bool,
}

pub struct BillWish {
    pub message_id: String,
    pub visit: VisitWish,
    pub batch: String,
    pub account_wanted: bool,
    pub total: Fen,
    pub lines: Vec<Line>,
}

/// The four sums of 2207 that must equal the split.
#[derive(Clone, Copy, Debug)]
pub struct SentSums {
    pub own: Fen,
    pub over: Fen,
    pub pre: Fen,
    pub eligible: Fen,
}

/// What the caller is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Published(DataVersion),
    Credited { balance_fen: Fen },
    Eligible(Eligibility),
    Filed(FilingState),
    Visit { visit: Uuid, number: String, person: String },
    Lines { sums: LineSums, lines: Vec<SplitLine> },
    Revoked,
    Quoted(Box<Quote>),
    Settled(Box<SettledReply>),
    Cancelled(Box<SettledReply>),
    Call { message_id: String, state: CallState },
}

/// The part of the document that a cashier needs at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledReply {
    pub settlement: String,
    pub visit: String,
    pub message_id: String,
    pub person: String,
    pub total_fen: Fen,
    pub funds: Vec<FundPayment>,
    pub fund_total_fen: Fen,
    pub person_total_fen: Fen,
    pub account_fen: Fen,
    pub mutual_aid_fen: Fen,
    /// What the cashier collects.
    pub cash_fen: Fen,
    pub account_balance_fen: Fen,
    pub contra_of: Option<String>,
}

impl SettledReply {
    pub fn of(document: &SettledDocument) -> SettledReply {
        let amounts = &document.amounts;
        SettledReply {
            settlement: document.settlement.clone(),
            visit: document.visit.clone(),
            message_id: document.message_id.clone(),
            person: document.person.clone(),
            total_fen: amounts.lines.total_fen,
            funds: amounts.funds.clone(),
            fund_total_fen: amounts.fund_total_fen,
            person_total_fen: amounts.person_total_fen,
            account_fen: amounts.account_fen,
            mutual_aid_fen: amounts.mutual_aid_fen,
            cash_fen: amounts.cash_fen,
            account_balance_fen: document.account_balance_fen,
            contra_of: document.contra_of.clone(),
        }
    }
}
