//! Reconciliation (对账, section 13): the same documents as two sides know them, and each difference in exactly one class, with its cause
//! and what to do about it.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs, Instant, ToSpan};
use huitong_service_kit::{Refusal, named};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::refusal;

/// Rows of one comparison at most.
pub const ROWS_MAX: usize = 20_000;

/// An amount of a row at most: so many of them still add up to an amount that can be kept.
const ROW_AMOUNT_MAX: Fen = Fen(Fen::LIMIT.0 / ROWS_MAX as i64);

/// A document as one side's books know it (a row of 3202).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        /// Nothing: it is matched with the neighbouring day.
        NeighbourDay = "neighbour_day",
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
    pub is_resolved: bool,
}

impl Difference {
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

impl Reconciliation {
    /// The difference that the next fix of a document is about: a visit that was mistyped makes two of one document.
    pub fn next_open(&mut self, settlement: &str) -> Option<&mut Difference> {
        self.differences.iter_mut().find(|of| !of.is_resolved && of.settlement() == settlement)
    }
}

/// What a node's books hold of a day of settlement with another jurisdiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayTotals {
    pub day: Date,
    pub totals: Totals,
    /// SHA-256 over the numbers and document hashes, in order.
    pub list_hash: Digest,
}

/// How long after midnight a day is compared: its last answers are on their way.
pub const GRACE: DurationMs = DurationMs::minutes(60);

/// When a day of settlement is compared.
pub fn due_at(day: Date) -> Instant {
    let next = day.checked_add(1.day()).unwrap_or(day);
    Instant::start_of(next) + GRACE
}

/// A document of a day, as a node's books hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayDocument {
    pub settlement: String,
    pub document: Digest,
    pub total_fen: Fen,
    pub fund_fen: Fen,
}

type Key<'r> = (&'r str, &'r str, &'r str);

fn key(row: &Row) -> Key<'_> {
    (&row.person, &row.visit, &row.settlement)
}

/// Compares what the platform holds of the days with what an institution says, by person, visit and settlement. `near` are the platform's
/// documents of the neighbouring days; `message_id` tells the call that an institution names for a settlement that nobody knows.
pub fn compare(
    platform: &[Known],
    near: &[Known],
    institution: &[Row],
    message_id: impl Fn(&Row) -> Option<String>,
) -> Vec<Difference> {
    let mut theirs: BTreeMap<Key<'_>, &Row> = institution.iter().map(|row| (key(row), row)).collect();
    let mut found = Vec::new();
    for known in platform {
        let difference = match theirs.remove(&key(&known.row)) {
            Some(row) if *row == known.row => continue,
            Some(row) => differs(known, row),
            None => only_here(known),
        };
        found.push(difference);
    }
    for row in theirs.into_values() {
        found.push(only_there(row, platform, near, message_id(row)));
    }
    found.sort_by(|one, other| one.settlement().cmp(other.settlement()));
    found
}

fn differs(known: &Known, row: &Row) -> Difference {
    let (cause, proposal, message_id) = match (known.row.is_contra, row.is_contra) {
        (false, true) if !known.is_taken_back => {
            (Cause::RefundMissing, Proposal::TakeBack, known.row.settlement.clone())
        }
        (false, false) | (true, true) => (Cause::AmountTyped, Proposal::Correct, known.message_id.clone()),
        _ => (Cause::ReversedOnOneSide, Proposal::MarkReversed, known.message_id.clone()),
    };
    Difference {
        class: DifferenceClass::DataDiffer,
        cause,
        proposal,
        platform: Some(known.row.clone()),
        institution: Some(row.clone()),
        message_id: Some(message_id),
        is_resolved: false,
    }
}

fn only_here(known: &Known) -> Difference {
    let (cause, proposal) = if known.contra_of.is_some() {
        (Cause::ReversedOnOneSide, Proposal::MarkReversed)
    } else {
        (Cause::AnswerLost, Proposal::Rebook)
    };
    Difference {
        class: DifferenceClass::PlatformMore,
        cause,
        proposal,
        platform: Some(known.row.clone()),
        institution: None,
        message_id: Some(known.message_id.clone()),
        is_resolved: false,
    }
}

fn only_there(row: &Row, platform: &[Known], near: &[Known], message_id: Option<String>) -> Difference {
    let is_near = near.iter().any(|known| known.row == *row);
    // A contra of the hospital's own, under a number of its own or the original's.
    let original = only(platform.iter().chain(near).filter(|known| may_be_taken_back_by(known, row)));
    let (cause, proposal) = match (is_near, row.is_contra, original) {
        (true, _, _) => (Cause::OtherDay, Proposal::NeighbourDay),
        (false, true, Some(_)) => (Cause::RefundMissing, Proposal::TakeBack),
        _ => (Cause::NeverBooked, Proposal::Reverse),
    };
    let of_original = original.filter(|_| cause == Cause::RefundMissing).map(|known| known.row.settlement.clone());
    Difference {
        class: DifferenceClass::InstitutionMore,
        cause,
        proposal,
        platform: None,
        institution: Some(row.clone()),
        message_id: of_original.or(message_id),
        is_resolved: cause == Cause::OtherDay,
    }
}

/// Whether a contra of the hospital's own can be of this settlement.
fn may_be_taken_back_by(known: &Known, contra: &Row) -> bool {
    let of = |row: &Row| (row.total_fen.0.unsigned_abs(), row.fund_fen.0.unsigned_abs());
    let is_open = known.contra_of.is_none() && !known.is_taken_back;
    let is_same_visit = (&known.row.person, &known.row.visit) == (&contra.person, &contra.visit);
    is_open && is_same_visit && of(&known.row) == of(contra)
}

/// Of several nobody can tell which is meant: then it is none.
fn only<T>(mut candidates: impl Iterator<Item = T>) -> Option<T> {
    let first = candidates.next();
    if candidates.next().is_some() { None } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(settlement: &str, total: i64) -> Row {
        Row {
            settlement: settlement.to_owned(),
            visit: format!("visit of {settlement}"),
            person: "P1".to_owned(),
            total_fen: Fen(total),
            fund_fen: Fen(total / 2),
            account_fen: Fen::ZERO,
            is_contra: total < 0,
        }
    }

    fn known(row: Row, contra_of: Option<&str>) -> Known {
        let message_id = format!("message of {}", row.settlement);
        Known { row, message_id, contra_of: contra_of.map(str::to_owned), is_taken_back: false, document: Digest::ZERO }
    }

    #[test]
    fn each_difference_is_in_exactly_one_class_with_its_cause() {
        let mut back = row("A4", -40);
        back.visit = "visit of A1".to_owned();
        let platform = [known(row("A1", 100), None), known(row("A2", 200), None), known(back, Some("A0"))];
        let near = [known(row("A5", 500), None)];
        let mut refund = row("R1", -100);
        refund.visit = "visit of A1".to_owned();
        let theirs = [row("A1", 101), row("A5", 500), row("X9", 900), refund];
        let found = compare(&platform, &near, &theirs, |_| Some("named".to_owned()));
        let told: Vec<_> = found.iter().map(|of| (of.settlement(), of.class.code(), of.cause, of.proposal)).collect();
        assert_eq!(
            told,
            [
                ("A1", "000103", Cause::AmountTyped, Proposal::Correct),
                ("A2", "000101", Cause::AnswerLost, Proposal::Rebook),
                ("A4", "000101", Cause::ReversedOnOneSide, Proposal::MarkReversed),
                ("A5", "000102", Cause::OtherDay, Proposal::NeighbourDay),
                ("R1", "000102", Cause::RefundMissing, Proposal::TakeBack),
                ("X9", "000102", Cause::NeverBooked, Proposal::Reverse),
            ]
        );
        assert_eq!(compare(&platform[..2], &[], &[row("A2", 200), row("A1", 100)], |_| None), [], "order is nothing");
    }

    /// A visit with two settlements, the second of `total`.
    fn visit_of_two(total: i64) -> [Known; 2] {
        ["A1", "A2"].map(|settlement| {
            let mut row = row(settlement, if settlement == "A1" { 100 } else { total });
            row.visit = "visit of A1".to_owned();
            known(row, None)
        })
    }

    /// What is proposed when the hospital has refunded `total` of the visit under a number of its own.
    fn proposed(visit: &[Known], total: i64) -> (Proposal, Option<String>) {
        let mut refund = row("R1", -total);
        refund.visit = "visit of A1".to_owned();
        let mut theirs: Vec<Row> = visit.iter().map(|known| known.row.clone()).collect();
        theirs.push(refund);
        let found = compare(visit, &[], &theirs, |_| Some("named".to_owned()));
        let [difference] = found.as_slice() else { panic!("one difference, not {found:?}") };
        (difference.proposal, difference.message_id.clone())
    }

    #[test]
    fn the_settlement_that_a_hospital_refunded_is_the_one_with_its_amounts_that_still_stands() {
        let reversed_by_name = (Proposal::Reverse, Some("named".to_owned()));
        assert_eq!(proposed(&visit_of_two(200), 200), (Proposal::TakeBack, Some("A2".to_owned())));
        assert_eq!(proposed(&visit_of_two(200), 300), reversed_by_name, "none has these amounts");
        let mut alike = visit_of_two(100);
        assert_eq!(proposed(&alike, 100), reversed_by_name, "it could be either");
        alike[0].is_taken_back = true;
        assert_eq!(proposed(&alike, 100), (Proposal::TakeBack, Some("A2".to_owned())), "only the second still stands");
    }

    #[test]
    fn a_settlement_that_the_hospital_marks_as_refunded_is_taken_back_unless_it_is() {
        let mut ours = known(row("A1", 100), None);
        let marked = Row { is_contra: true, ..row("A1", 100) };
        let told = |ours: &Known| {
            let found = compare(std::slice::from_ref(ours), &[], std::slice::from_ref(&marked), |_| None);
            found.into_iter().map(|of| (of.cause, of.proposal, of.message_id)).collect::<Vec<_>>()
        };
        assert_eq!(told(&ours), [(Cause::RefundMissing, Proposal::TakeBack, Some("A1".to_owned()))]);
        ours.is_taken_back = true;
        let call = Some("message of A1".to_owned());
        assert_eq!(told(&ours), [(Cause::ReversedOnOneSide, Proposal::MarkReversed, call)]);
    }

    #[test]
    fn rows_whose_sums_could_not_be_kept_are_refused() {
        let most = ROW_AMOUNT_MAX.0;
        let kept = vec![row("A1", -most); ROWS_MAX];
        check_rows(&kept).expect("they add up");
        assert!(Fen::try_from(Totals::of(kept.iter()).total_fen.0).is_ok());
        for amount in [most + 1, -most - 1, i64::MIN] {
            let refused = check_rows(&[row("A1", 100), row("A2", amount)]).expect_err("refused");
            assert_eq!((refused.code.as_str(), refused.arguments[0].1.as_str()), ("MED-1004", "rows[1]"));
        }
        let too_many = check_rows(&vec![row("A1", 1); ROWS_MAX + 1]).expect_err("refused");
        assert_eq!(too_many.code.as_str(), "MED-1011");
    }
}
