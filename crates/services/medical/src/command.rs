//! What API callers may wish, and what they are told.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::{CallState, HospitalPosting, KeptAnswer, KeptFile};
use crate::model::amounts::{FundPayment, LineSums};
use crate::model::document::{DataVersion, SettledDocument};
use crate::model::filing::{FilingState, FilingStatus, FilingWish};
use crate::model::lines::{Line, SplitLine};
use crate::model::message::{Certificate, ChronicState, Eligibility, Quote, Wants};
use crate::model::person::{CareType, Scheme};
use crate::model::reconciliation::{Reconciliation, Row, Totals};
use crate::model::visit::VisitDetails;
use crate::pool::ask::{PoolComputing, SignedAnswer, Step};

/// A wish. The institution is always the caller's participant.
#[derive(Clone)]
pub enum Command {
    PublishPolicy {
        text: String,
    },
    /// 撤回
    WithdrawPolicy {
        area: Division,
        scheme: Scheme,
        version: String,
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
        wants: Wants,
    },
    /// Keeps what was answered to a message of the national interface: the same message is answered the same for ever.
    KeepAnswer(KeptAnswer),
    File(FilingWish),
    /// At home: suspends, takes up again or revokes a filing.
    MoveFiling {
        filing: Uuid,
        status: FilingStatus,
    },
    RegisterChronic(ChronicWish),
    /// At home: ends a registration with that day.
    EndChronic {
        registration: Uuid,
        valid_to: Date,
    },
    OpenVisit(VisitWish),
    /// Says more, or otherwise, of a visit.
    DescribeVisit {
        visit: Uuid,
        details: Box<VisitDetails>,
    },
    Discharge {
        visit: Uuid,
        ended_on: Date,
        details: Option<Box<VisitDetails>>,
    },
    CancelDischarge {
        visit: Uuid,
    },
    /// Takes back a registration or an admission.
    CancelVisit {
        visit: Uuid,
    },
    AddLines {
        visit: Uuid,
        batch: String,
        /// Whether they take the place of the batch's lines, or come to them.
        replaces: bool,
        lines: Vec<Line>,
    },
    /// All lines of a batch.
    RevokeLines {
        visit: Uuid,
        batch: String,
    },
    /// These lines of a visit and no others, all of them or none.
    RevokeChosenLines {
        visit: Uuid,
        /// Where they must be; in any batch of the visit when absent.
        batch: Option<String>,
        /// `feedetl_sn`
        numbers: Vec<String>,
    },
    AskQuote {
        visit: Uuid,
        batch: String,
        /// `mid_setl_flag`: the stay goes on.
        interim: bool,
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
    /// Compares a hospital's records with the books.
    Reconcile(Box<ReconcileWish>),
    /// Carries out what is proposed for a difference.
    FixDifference {
        reconciliation: Uuid,
        /// Its place in the comparison, from 1 on.
        number: usize,
    },
    /// Compares a day with another jurisdiction once more.
    CompareDay {
        home: Division,
        day: Date,
    },
    KeepFile(KeptFile),
    /// Home: the quota of a year, once.
    SetQuota {
        peer: Division,
        year: i16,
        amount: Fen,
    },
    /// Visited: asks for more in an emergency.
    AskRaise {
        peer: Division,
        amount: Fen,
        reason: String,
    },
    /// Home: grants a raise, or a part of it; nothing of it is a refusal.
    AnswerRaise {
        raise: Uuid,
        amount: Fen,
    },
    PostHospital {
        institution: String,
        posting: HospitalPosting,
        amount: Fen,
        reference: String,
    },
    SettleBill(Box<BillWish>),
    Cancel {
        settlement: String,
    },
    /// 退费: also after the period of the settlement was cut.
    Refund {
        settlement: String,
    },
    Reverse {
        message_id: String,
    },
    /// The node's own: who computes for a pool.
    SetPoolComputing(PoolComputing),
    /// The node's own: what the core system of a pool has answered.
    TakePoolAnswer(SignedAnswer),
    /// The node's own: the pool has not answered, or not in time.
    MissPoolAnswer {
        ask: Uuid,
        step: Step,
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

#[derive(Clone)]
pub struct ReconcileWish {
    /// Days of settlement, both inclusive.
    pub from: Date,
    pub to: Date,
    /// Home area of the documents, or its province; all when absent.
    pub home: Option<Division>,
    pub rows: Vec<Row>,
    /// What the rows must come to.
    pub stated: Option<Totals>,
}

#[derive(Clone)]
pub struct ChronicWish {
    pub home_area: Division,
    pub certificate: Certificate,
    pub scheme: Scheme,
    /// `opsp_dise_code`
    pub disease: String,
    pub valid_from: Date,
}

#[derive(Clone, Debug)]
pub struct VisitWish {
    pub home_area: Division,
    pub certificate: Certificate,
    pub scheme: Scheme,
    pub care_type: CareType,
    /// Of a stay: the day of admission. Absent: today.
    pub began_on: Option<Date>,
    pub emergency: bool,
    pub disease: Option<String>,
    pub details: Option<Box<VisitDetails>>,
}

#[derive(Clone)]
pub struct BillWish {
    pub message_id: String,
    pub visit: VisitWish,
    pub batch: String,
    pub account_wanted: bool,
    pub total: Fen,
    pub lines: Vec<Line>,
}

/// The four sums of 2207; each that is sent must equal the split.
#[derive(Clone, Copy, Debug, Default)]
pub struct SentSums {
    pub own: Option<Fen>,
    pub over: Option<Fen>,
    pub pre: Option<Fen>,
    pub eligible: Option<Fen>,
}

/// What the caller is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Published(DataVersion),
    Withdrawn,
    Credited {
        balance_fen: Fen,
    },
    Eligible(Eligibility),
    Kept,
    RaiseAsked {
        raise: Uuid,
    },
    Reconciled(Box<Reconciliation>),
    Filed(FilingState),
    Moved,
    Registered(ChronicState),
    Visit {
        visit: Uuid,
        number: String,
        person: String,
    },
    Lines {
        sums: LineSums,
        lines: Vec<SplitLine>,
    },
    Revoked,
    Quoted(Box<Quote>),
    Settled(Box<SettledReply>),
    Cancelled(Box<SettledReply>),
    Call {
        message_id: String,
        state: CallState,
    },
    PoolSet,
    /// Whether it had an effect.
    PoolTaken(bool),
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
