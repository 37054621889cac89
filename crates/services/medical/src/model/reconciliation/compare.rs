//! Which record of a hospital is which document of the books. A document is matched by one row at most, and a row with one document at most;
//! what is matched and not alike, and what is left over on either side, is one difference.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::money::Fen;

use super::{Cause, Difference, DifferenceClass, Known, Proposal, Row};

/// What the platform holds.
pub struct Books<'k> {
    /// Of the days that are compared.
    pub platform: &'k [Known],
    /// Of other days: the neighbouring ones, what the rows name, and what their refunds may be of.
    pub near: &'k [Known],
    /// Numbers that an earlier comparison has matched with another day.
    pub matched_before: &'k BTreeSet<String>,
}

/// Compares by person, visit and settlement; `message_id` tells the call that an institution names for a settlement that nobody knows. The
/// order of rows is nothing.
pub fn compare(books: &Books<'_>, institution: &[Row], message_id: impl Fn(&Row) -> Option<String>) -> Vec<Difference> {
    let mut matching = Matching::new(books, institution);
    matching.pair_documents();
    matching.pair_refunds();
    let mut found = matching.of_rows(message_id);
    found.extend(matching.left_documents(books.matched_before));
    found.sort_by(|one, other| one.settlement().cmp(other.settlement()));
    found
}

struct Record<'r> {
    /// As the hospital wrote it, and with the sign of its kind.
    sent: &'r Row,
    row: Row,
    /// The document that it is.
    document: Option<usize>,
    /// The settlement that it takes back, while the platform knows nothing of it.
    takes_back: Option<usize>,
}

struct Matching<'r> {
    records: Vec<Record<'r>>,
    /// First those of the days that are compared.
    documents: Vec<&'r Known>,
    here: usize,
    is_taken: Vec<bool>,
    /// A row says that it is taken back.
    is_refunded: Vec<bool>,
}

fn amounts(row: &Row) -> (Fen, Fen, Fen) {
    (row.total_fen, row.fund_fen, row.account_fen)
}

/// Total and funds, whichever way they go.
fn sums(row: &Row) -> (u64, u64) {
    (row.total_fen.0.unsigned_abs(), row.fund_fen.0.unsigned_abs())
}

impl<'r> Matching<'r> {
    fn new(books: &Books<'r>, institution: &'r [Row]) -> Matching<'r> {
        let record = |sent: &'r Row| Record { sent, row: sent.signed(), document: None, takes_back: None };
        let mut records: Vec<Record<'r>> = institution.iter().map(record).collect();
        let order = |row: &Row| (row.settlement.clone(), row.visit.clone(), row.person.clone(), row.is_contra);
        records.sort_by_cached_key(|record| (order(&record.row), amounts(&record.row), amounts(record.sent)));
        let documents: Vec<&Known> = books.platform.iter().chain(books.near).collect();
        let (is_taken, is_refunded) = (vec![false; documents.len()], vec![false; documents.len()]);
        Matching { records, documents, here: books.platform.len(), is_taken, is_refunded }
    }

    /// From what says most to what says least.
    fn pair_documents(&mut self) {
        let own = |row: &Row| (row.person.clone(), row.visit.clone());
        let numbers = |row: &Row| (own(row), row.settlement.clone());
        let is_meant = |document: &Known, is_here: bool| is_here || document.row.is_contra;
        self.pair(|row| Some(row.clone()), |document, _| Some(document.row.clone()));
        let with_kind = |row: &Row| (numbers(row), row.is_contra);
        self.pair(|row| Some(with_kind(row)), |document, _| Some(with_kind(&document.row)));
        // The mark of a refund is wanting, or too much. What is marked of another day's settlement is a refund of it.
        self.pair(
            |row| Some(numbers(row)),
            |document, is_here| is_meant(document, is_here).then(|| numbers(&document.row)),
        );
        // A refund under the number of its original.
        self.pair(
            |row| row.is_contra.then(|| numbers(row)),
            |document, _| document.contra_of.clone().map(|of| (own(&document.row), of)),
        );
        // Numbers that were mistyped. A settlement of another day is in another day's records.
        let content = |row: &Row| (own(row), row.is_contra, amounts(row));
        self.pair(
            |row| Some(content(row)),
            |document, is_here| is_meant(document, is_here).then(|| content(&document.row)),
        );
        let number = |row: &Row| (row.settlement.clone(), row.is_contra);
        self.pair(|row| Some(number(row)), |document, _| Some(number(&document.row)));
    }

    /// Pairs rows and documents that are left and have the same key; of several the first with the first.
    fn pair<K: Ord>(&mut self, of_row: impl Fn(&Row) -> Option<K>, of_document: impl Fn(&Known, bool) -> Option<K>) {
        let mut free: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        for (index, document) in self.documents.iter().enumerate().rev() {
            if !self.is_taken[index]
                && let Some(key) = of_document(document, index < self.here)
            {
                free.entry(key).or_default().push(index);
            }
        }
        for record in self.records.iter_mut().filter(|record| record.document.is_none()) {
            let document = of_row(&record.row).and_then(|key| free.get_mut(&key)?.pop());
            if let Some(document) = document {
                self.is_taken[document] = true;
                record.document = Some(document);
            }
        }
    }

    /// Refunds of the hospital's own: of the settlement that they name, else of the one with their amounts in their visit. Where there are
    /// fewer refunds than such settlements nobody can tell which is meant.
    fn pair_refunds(&mut self) {
        for record in &mut self.records {
            let is_marked = |index: &usize| {
                let known = self.documents[*index];
                record.row.is_contra && known.stands() && sums(&known.row) == sums(&record.row)
            };
            if let Some(index) = record.document.filter(is_marked) {
                record.takes_back = Some(index);
                self.is_refunded[index] = true;
            }
        }
        let own = |row: &Row| (row.person.clone(), row.visit.clone(), sums(row));
        self.refunds(|row| (own(row), row.settlement.clone()));
        self.refunds(own);
    }

    fn refunds<K: Ord>(&mut self, key: impl Fn(&Row) -> K) {
        let mut groups: BTreeMap<K, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for (index, record) in self.records.iter().enumerate() {
            if record.row.is_contra && record.document.is_none() && record.takes_back.is_none() {
                groups.entry(key(&record.row)).or_default().0.push(index);
            }
        }
        for (index, document) in self.documents.iter().enumerate() {
            if document.stands() && !self.is_refunded[index] {
                groups.entry(key(&document.row)).or_default().1.push(index);
            }
        }
        for (refunds, originals) in groups.into_values().filter(|(refunds, originals)| refunds.len() >= originals.len())
        {
            for (refund, original) in refunds.into_iter().zip(originals) {
                self.records[refund].takes_back = Some(original);
                self.is_refunded[original] = true;
            }
        }
    }

    fn of_rows(&self, message_id: impl Fn(&Row) -> Option<String>) -> Vec<Difference> {
        let again = self.repeated();
        let differences = self.records.iter().zip(again).filter_map(|(record, again)| match record.document {
            Some(document) => self.paired(record, document),
            None => Some(self.left_row(record, again, &message_id)),
        });
        differences.collect()
    }

    /// A row and its document, if they are not alike.
    fn paired(&self, record: &Record<'_>, document: usize) -> Option<Difference> {
        let (known, row) = (self.documents[document], &record.row);
        if known.row == *row {
            return (document >= self.here).then(|| Difference {
                message_id: Some(known.message_id.clone()),
                is_resolved: true,
                ..only_there(record.sent, Cause::OtherDay, Proposal::NeighbourDay)
            });
        }
        let is_same_kind = known.row.is_contra == row.is_contra;
        let (cause, proposal) = match record.takes_back {
            Some(_) => (Cause::RefundMissing, Proposal::TakeBack),
            None if is_same_kind && amounts(&known.row) == amounts(row) => (Cause::NumberTyped, Proposal::Correct),
            None if is_same_kind || known.stands() => (Cause::AmountTyped, Proposal::Correct),
            None => (Cause::ReversedOnOneSide, Proposal::MarkReversed),
        };
        let call = record.takes_back.is_none().then(|| known.message_id.clone());
        Some(Difference {
            class: DifferenceClass::DataDiffer,
            platform: Some(known.row.clone()),
            message_id: call,
            original: self.original(record),
            ..only_there(record.sent, cause, proposal)
        })
    }

    fn original(&self, record: &Record<'_>) -> Option<String> {
        record.takes_back.map(|index| self.documents[index].row.settlement.clone())
    }

    /// Of each row, whether it says again what another says, or what is taken back already.
    fn repeated(&self) -> Vec<bool> {
        let number = |row: &Row| (row.settlement.clone(), row.is_contra);
        let refund = |row: &Row| (row.person.clone(), row.visit.clone(), sums(row));
        let taken = self.documents.iter().zip(&self.is_taken).filter(|(_, is_taken)| **is_taken);
        let mut seen: BTreeSet<_> = taken.map(|(known, _)| number(&known.row)).collect();
        let documents = self.documents.iter().zip(&self.is_refunded);
        let over =
            documents.filter(|(known, is_refunded)| known.contra_of.is_none() && (**is_refunded || !known.stands()));
        let over: BTreeSet<_> = over.map(|(known, _)| refund(&known.row)).collect();
        let paired = self.records.iter().filter(|record| record.document.or(record.takes_back).is_some());
        seen.extend(paired.map(|record| number(&record.row)));
        let is_again = |record: &Record<'_>| {
            let is_left = record.document.or(record.takes_back).is_none();
            let is_refunded = record.row.is_contra && over.contains(&refund(&record.row));
            is_left && (!seen.insert(number(&record.row)) || is_refunded)
        };
        self.records.iter().map(is_again).collect()
    }

    fn left_row(&self, record: &Record<'_>, is_again: bool, message_id: impl Fn(&Row) -> Option<String>) -> Difference {
        if let Some(original) = self.original(record) {
            let missing = only_there(record.sent, Cause::RefundMissing, Proposal::TakeBack);
            return Difference { original: Some(original), ..missing };
        }
        if is_again {
            return only_there(record.sent, Cause::Duplicate, Proposal::Remove);
        }
        // No call makes a refund of the hospital's own.
        match message_id(record.sent).filter(|_| !record.row.is_contra) {
            Some(call) => {
                let unknown = only_there(record.sent, Cause::NeverBooked, Proposal::Reverse);
                Difference { message_id: Some(call), ..unknown }
            }
            None => only_there(record.sent, Cause::NeverBooked, Proposal::Remove),
        }
    }

    /// Documents of the days that no row is.
    fn left_documents(&self, matched_before: &BTreeSet<String>) -> Vec<Difference> {
        let here = self.documents[..self.here].iter().zip(&self.is_taken);
        let left = here.filter(|(_, is_taken)| !**is_taken).map(|(known, _)| *known);
        left.map(|known| only_here(known, matched_before.contains(&known.row.settlement))).collect()
    }
}

fn only_here(known: &Known, is_matched: bool) -> Difference {
    let (cause, proposal) = match (is_matched, &known.contra_of) {
        (true, _) => (Cause::OtherDay, Proposal::NeighbourDay),
        (false, Some(_)) => (Cause::ReversedOnOneSide, Proposal::MarkReversed),
        (false, None) => (Cause::AnswerLost, Proposal::Rebook),
    };
    Difference {
        platform: Some(known.row.clone()),
        message_id: Some(known.message_id.clone()),
        is_resolved: is_matched,
        ..difference(DifferenceClass::PlatformMore, cause, proposal)
    }
}

fn only_there(row: &Row, cause: Cause, proposal: Proposal) -> Difference {
    let found = difference(DifferenceClass::InstitutionMore, cause, proposal);
    Difference { institution: Some(row.clone()), ..found }
}

fn difference(class: DifferenceClass, cause: Cause, proposal: Proposal) -> Difference {
    Difference {
        class,
        cause,
        proposal,
        platform: None,
        institution: None,
        message_id: None,
        original: None,
        is_resolved: false,
        asked: None,
        refusal: None,
        contra: None,
    }
}

#[cfg(test)]
mod tests {
    use huitong_kernel::hash::Digest;

    use super::*;

    /// Of the visit of the first settlement.
    fn row(settlement: &str, total: i64) -> Row {
        Row {
            settlement: settlement.to_owned(),
            visit: "S1".to_owned(),
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

    fn taken_back(row: Row) -> Known {
        Known { is_taken_back: true, ..known(row, None) }
    }

    fn found(platform: &[Known], near: &[Known], rows: &[Row]) -> Vec<Difference> {
        compare(&Books { platform, near, matched_before: &BTreeSet::new() }, rows, |_| Some("named".to_owned()))
    }

    type Told = (String, &'static str, Cause, Proposal, Option<String>);

    /// Each difference with the settlement that is to be taken back.
    fn told(platform: &[Known], near: &[Known], rows: &[Row]) -> Vec<Told> {
        let differences = found(platform, near, rows).into_iter();
        let told = |of: Difference| (of.settlement().to_owned(), of.class.code(), of.cause, of.proposal, of.original);
        differences.map(told).collect()
    }

    fn one(settlement: &str, class: &'static str, cause: Cause, proposal: Proposal) -> Told {
        (settlement.to_owned(), class, cause, proposal, None)
    }

    fn refund(settlement: &str, original: &str) -> Told {
        let (cause, proposal) = (Cause::RefundMissing, Proposal::TakeBack);
        (settlement.to_owned(), "000102", cause, proposal, Some(original.to_owned()))
    }

    #[test]
    fn each_difference_is_in_exactly_one_class_with_its_cause() {
        let of_visit = |visit: &str, row: Row| Row { visit: visit.to_owned(), ..row };
        let platform = [
            known(row("A1", 100), None),
            known(of_visit("S2", row("A2", 200)), None),
            known(of_visit("S4", row("A4", -40)), Some("A0")),
        ];
        let near = [known(of_visit("S5", row("A5", 500)), None)];
        let rows = [row("A1", 101), of_visit("S5", row("A5", 500)), of_visit("S9", row("X9", 900)), row("R1", -100)];
        assert_eq!(
            told(&platform, &near, &rows),
            [
                one("A1", "000103", Cause::AmountTyped, Proposal::Correct),
                one("A2", "000101", Cause::AnswerLost, Proposal::Rebook),
                one("A4", "000101", Cause::ReversedOnOneSide, Proposal::MarkReversed),
                one("A5", "000102", Cause::OtherDay, Proposal::NeighbourDay),
                refund("R1", "A1"),
                one("X9", "000102", Cause::NeverBooked, Proposal::Reverse),
            ]
        );
    }

    #[test]
    fn rows_in_any_order_and_refunds_with_either_sign_are_equal() {
        let platform = [taken_back(row("A1", 100)), known(row("A2", -100), Some("A1"))];
        let positive = Row { is_contra: true, ..row("A2", 100) };
        assert_eq!(found(&platform, &[], &[positive, row("A1", 100)]), []);
        assert_eq!(found(&platform, &[], &[row("A1", 100), row("A2", -100)]), []);
    }

    #[test]
    fn of_two_refunds_of_one_settlement_one_is_booked_and_the_other_is_taken_away() {
        let rows = [row("A1", 100), row("R2", -100), row("R1", -100)];
        let again = one("R2", "000102", Cause::Duplicate, Proposal::Remove);
        assert_eq!(told(&[known(row("A1", 100), None)], &[], &rows), [refund("R1", "A1"), again.clone()]);
        // The one that is booked already.
        let booked = [taken_back(row("A1", 100)), known(row("R1", -100), Some("A1"))];
        assert_eq!(told(&booked, &[], &rows), [again]);
    }

    #[test]
    fn the_settlement_that_a_hospital_refunded_is_the_one_with_its_amounts_that_still_stands() {
        let two = |total: i64| [known(row("A1", 100), None), known(row("A2", total), None)];
        let with = |platform: &[Known], more: &[Row]| {
            let rows: Vec<Row> = platform.iter().map(|known| known.row.clone()).chain(more.iter().cloned()).collect();
            told(platform, &[], &rows)
        };
        let nothing_behind = [one("R1", "000102", Cause::NeverBooked, Proposal::Remove)];
        assert_eq!(with(&two(200), &[row("R1", -200)]), [refund("R1", "A2")]);
        assert_eq!(with(&two(200), &[row("R1", -300)]), nothing_behind, "none has these amounts");
        assert_eq!(with(&two(100), &[row("R1", -100)]), nothing_behind, "it could be either");
        let both = [refund("R1", "A1"), refund("R2", "A2")];
        assert_eq!(with(&two(100), &[row("R2", -100), row("R1", -100)]), both, "both are meant");
        assert_eq!(with(&two(100), &[row("A2", -100)]), [refund("A2", "A2")], "it is named");
        let mut alike = two(100);
        alike[0].is_taken_back = true;
        assert_eq!(with(&alike, &[row("R1", -100)]), [refund("R1", "A2")], "only the second still stands");
    }

    #[test]
    fn a_refund_finds_its_original_and_its_contra_on_other_days() {
        assert_eq!(told(&[], &[known(row("A1", 100), None)], &[row("R1", -100)]), [refund("R1", "A1")]);
        let near = [taken_back(row("A1", 100)), known(row("A2", -100), Some("A1"))];
        let numbered = |row: &str| [one(row, "000103", Cause::NumberTyped, Proposal::Correct)];
        assert_eq!(told(&[], &near, &[row("R1", -100)]), numbered("A2"));
        assert_eq!(told(&[], &near, &[row("A1", -100)]), numbered("A2"), "under the number of its original");
        let [difference] = &found(&[], &near, &[row("A2", -100)])[..] else { panic!("one difference") };
        assert_eq!((difference.cause, difference.is_resolved), (Cause::OtherDay, true));
    }

    #[test]
    fn a_settlement_that_the_hospital_marks_as_refunded_is_taken_back_unless_it_is() {
        let marked = |total: i64| Row { is_contra: true, ..row("A1", total) };
        let differs = |cause, proposal| one("A1", "000103", cause, proposal);
        let missing = differs(Cause::RefundMissing, Proposal::TakeBack);
        let ours = [known(row("A1", 100), None)];
        assert_eq!(
            told(&ours, &[], &[marked(100)]),
            [(missing.0, missing.1, missing.2, missing.3, Some("A1".to_owned()))]
        );
        let typed = differs(Cause::AmountTyped, Proposal::Correct);
        assert_eq!(told(&ours, &[], &[marked(50)]), [typed], "a part is not taken back");
        let over = differs(Cause::ReversedOnOneSide, Proposal::MarkReversed);
        assert_eq!(told(&[taken_back(row("A1", 100))], &[], &[marked(100)]), [over]);
    }

    #[test]
    fn a_row_that_is_sent_twice_is_matched_once() {
        let again = [one("A1", "000102", Cause::Duplicate, Proposal::Remove)];
        let ours = [known(row("A1", 100), None)];
        assert_eq!(told(&ours, &[], &[row("A1", 100), row("A1", 100)]), again);
        assert_eq!(told(&ours, &[], &[row("A1", 99), row("A1", 100)]), again, "the one that is alike counts");
        assert_eq!(told(&[], &ours, &[row("A1", 100), row("A1", 100)]).last(), again.last(), "on another day too");
    }

    #[test]
    fn a_document_that_was_matched_with_another_day_is_not_missed_here() {
        let matched = BTreeSet::from(["A1".to_owned()]);
        let books = Books { platform: &[known(row("A1", 100), None)], near: &[], matched_before: &matched };
        let [difference] = &compare(&books, &[], |_| None)[..] else { panic!("one difference") };
        assert_eq!((difference.class, difference.cause), (DifferenceClass::PlatformMore, Cause::OtherDay));
        assert!(difference.is_resolved);
    }
}
