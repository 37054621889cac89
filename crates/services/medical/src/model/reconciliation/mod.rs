//! Reconciliation (对账, section 13): the same documents as two sides know them, and each difference in exactly one class, with its cause
//! and what to do about it.

mod compare;
mod day;

pub use compare::{Books, compare};
pub use day::{DayCause, DayClass, DayDifference, DayDocument, DayProposal, DayTotals, GRACE, due_at};

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{Refusal, named};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::refusal;

/// Rows of one comparison at most.
pub const ROWS_MAX: usize = 20_000;

/// An amount of a row at most: so many of them still add up to an amount that can be kept.
const ROW_AMOUNT_MAX: Fen = Fen(Fen::LIMIT.0 / ROWS_MAX as i64);

/// A document as one side's books know it (a row of 3202).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Row {
    /// `setl_id`, `mdtrt_id`, `psn_no`
    pub settlement: String,
    pub visit: String,
    pub person: String,
    pub total_fen: Fen,
    pub fund_fen: Fen,
    pub account_fen: Fen,
    /// `refd_setl_flag`: a contra.
    pub is_contra: bool,
}

impl Row {
    /// With the sign of its kind: some hospitals write what they refund as positive amounts beside the flag.
    pub fn signed(&self) -> Row {
        let signed = |amount: Fen| if self.is_contra && !amount.is_negative() { -amount } else { amount };
        Row {
            total_fen: signed(self.total_fen),
            fund_fen: signed(self.fund_fen),
            account_fen: signed(self.account_fen),
            ..self.clone()
        }
    }

    fn can_be_summed(&self) -> bool {
        let amounts = [self.total_fen, self.fund_fen, self.account_fen];
        amounts.iter().all(|amount| amount.0.unsigned_abs() <= ROW_AMOUNT_MAX.0.unsigned_abs())
    }
}

/// Refuses foreign rows whose sums could not be kept.
pub fn check_rows(rows: &[Row]) -> Result<(), Refusal> {
    if rows.len() > ROWS_MAX {
        return Err(refusal::TOO_MANY_LINES.with("limit", ROWS_MAX).at_field("rows"));
    }
    let Some(index) = rows.iter().position(|row| !row.can_be_summed()) else { return Ok(()) };
    let field = format!("rows[{index}]");
    Err(refusal::NUMBER_MALFORMED.with("field", &field).at_field(field))
}

/// What this side knows beside the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub row: Row,
    /// `msgid` of the call that made it
    pub message_id: String,
    /// Of a contra: the settlement that it takes back.
    pub contra_of: Option<String>,
    /// A contra of it is booked, on whichever day.
    pub is_taken_back: bool,
    pub document: Digest,
}

impl Known {
    /// A settlement that can still be taken back.
    fn stands(&self) -> bool {
        self.contra_of.is_none() && !self.is_taken_back
    }
}

named! {
    /// The one class of a difference (`stmt_rslt`).
    DifferenceClass {
        /// 000101
        PlatformMore = "platform_more",
        /// 000102
        InstitutionMore = "institution_more",
        /// 000103
        DataDiffer = "data_differ",
    }
}

named! {
    /// Why they differ, as far as the books tell.
    Cause {
        /// The hospital never got the answer of a settlement that was booked.
        AnswerLost = "answer_lost",
        /// The platform has taken the settlement back, and the hospital does not know.
        ReversedOnOneSide = "reversed_on_one_side",
        /// The hospital booked a settlement that the platform does not have.
        NeverBooked = "never_booked",
        /// The hospital took a settlement back, and the platform does not know.
        RefundMissing = "refund_missing",
        /// The same document with other amounts.
        AmountTyped = "amount_typed",
        /// The same document under another number, of a settlement, a visit or a person.
        NumberTyped = "number_typed",
        /// The same document once more.
        Duplicate = "duplicate",
        /// It is on the neighbouring day there: clocks, midnight.
        OtherDay = "other_day",
    }
}

named! {
    /// What to do.
    Proposal {
        /// The hospital books it from the journal.
        Rebook = "rebook",
        /// The hospital marks it as taken back.
        MarkReversed = "mark_reversed",
        /// The call is reversed by its message id, so that it is refused for good.
        Reverse = "reverse",
        /// The settlement is taken back here too.
        TakeBack = "take_back",
        /// The hospital corrects its amounts to the signed document's.
        Correct = "correct",
        /// The hospital takes its record away: nothing stands behind it.
        Remove = "remove",
        /// Nothing: it is matched with the neighbouring day.
        NeighbourDay = "neighbour_day",
    }
}

named! {
    /// How a difference stands.
    DifferenceState {
        /// Nothing is done yet, or what was asked for was refused.
        Open = "open",
        /// Home is asked for a contra, and has not answered yet.
        Asked = "asked",
        /// Its fix has happened here, or there is nothing to do.
        Resolved = "resolved",
        /// The fix is the hospital's, and the hospital says that it has happened. The next comparison shows it.
        Confirmed = "confirmed",
    }
}

impl DifferenceClass {
    /// `stmt_rslt`
    pub fn code(self) -> &'static str {
        match self {
            DifferenceClass::PlatformMore => "000101",
            DifferenceClass::InstitutionMore => "000102",
            DifferenceClass::DataDiffer => "000103",
        }
    }
}

/// `stmt_rslt` of what is equal.
pub const EQUAL: &str = "000000";

/// A document that two sides do not know alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub class: DifferenceClass,
    pub cause: Cause,
    pub proposal: Proposal,
    /// As the platform knows it, and as the hospital does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Row>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<Row>,
    /// Of the call to reverse, or that made the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The settlement to be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
    pub is_resolved: bool,
    /// Under which name home's answer is awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// Why home has refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// The contra that is booked now: the hospital's own record takes its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contra: Option<String>,
}

/// What becomes of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceStep {
    Asked {
        waiting: String,
    },
    Resolved {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contra: Option<String>,
    },
    /// It is open again.
    Refused(Refusal),
}

impl Difference {
    /// The settlement that is to be taken back. Journals of before name it where others name the call.
    pub fn to_take_back(&self) -> Option<&str> {
        let named = self.original.as_deref().or(self.message_id.as_deref());
        named.filter(|_| self.proposal == Proposal::TakeBack)
    }

    /// The call that is to be reversed.
    pub fn to_reverse(&self) -> Option<&str> {
        self.message_id.as_deref().filter(|_| self.proposal == Proposal::Reverse)
    }

    /// Whether the fix is this node's to carry out.
    pub fn is_ours(&self) -> bool {
        self.to_take_back().or(self.to_reverse()).is_some()
    }

    pub fn state(&self) -> DifferenceState {
        match (self.is_resolved, &self.asked) {
            (true, _) if self.is_ours() || self.proposal == Proposal::NeighbourDay => DifferenceState::Resolved,
            (true, _) => DifferenceState::Confirmed,
            (false, Some(_)) => DifferenceState::Asked,
            (false, None) => DifferenceState::Open,
        }
    }

    pub fn take(&mut self, step: DifferenceStep) {
        (self.asked, self.refusal) = (None, None);
        match step {
            DifferenceStep::Asked { waiting } => self.asked = Some(waiting),
            DifferenceStep::Resolved { contra } => (self.is_resolved, self.contra) = (true, contra),
            DifferenceStep::Refused(refusal) => self.refusal = Some(refusal),
        }
    }

    /// The document's number.
    pub fn settlement(&self) -> &str {
        let row = self.platform.as_ref().or(self.institution.as_ref());
        row.map_or("", |row| row.settlement.as_str())
    }
}

/// Count and sums, as 3201 compares them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub documents: u64,
    pub total_fen: Fen,
    pub fund_fen: Fen,
    pub account_fen: Fen,
}

impl Totals {
    pub fn of<'r>(rows: impl Iterator<Item = &'r Row>) -> Totals {
        rows.fold(Totals::default(), |sum, row| Totals {
            documents: sum.documents + 1,
            total_fen: sum.total_fen + row.total_fen,
            fund_fen: sum.fund_fen + row.fund_fen,
            account_fen: sum.account_fen + row.account_fen,
        })
    }
}

/// A comparison with a hospital.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    pub reconciliation: Uuid,
    pub institution: String,
    /// Days of settlement, both inclusive.
    pub from: Date,
    pub to: Date,
    /// Home area, or its province; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<Division>,
    pub made_at: Instant,
    pub platform: Totals,
    pub institution_totals: Totals,
    pub differences: Vec<Difference>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_whose_sums_could_not_be_kept_are_refused() {
        let row = |total: i64| Row {
            settlement: "A1".to_owned(),
            visit: "S1".to_owned(),
            person: "P1".to_owned(),
            total_fen: Fen(total),
            fund_fen: Fen::ZERO,
            account_fen: Fen::ZERO,
            is_contra: total < 0,
        };
        let most = ROW_AMOUNT_MAX.0;
        let kept = vec![row(-most); ROWS_MAX];
        check_rows(&kept).expect("they add up");
        assert!(Fen::try_from(Totals::of(kept.iter()).total_fen.0).is_ok());
        for amount in [most + 1, -most - 1, i64::MIN] {
            let refused = check_rows(&[row(100), row(amount)]).expect_err("refused");
            assert_eq!((refused.code.as_str(), refused.arguments[0].1.as_str()), ("MED-1004", "rows[1]"));
        }
        let too_many = check_rows(&vec![row(1); ROWS_MAX + 1]).expect_err("refused");
        assert_eq!(too_many.code.as_str(), "MED-1011");
    }
}
