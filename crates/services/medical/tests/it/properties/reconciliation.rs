//! Whatever a hospital has kept of its settlements, and however it has kept it: every record and every document is in exactly one place, each
//! difference in one class, and when every proposal is carried out there is nothing left to do.

use std::collections::BTreeSet;

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_medical::model::reconciliation::{
    Books, Cause, Difference, DifferenceClass, DifferenceState, Known, Proposal, Row, compare,
};
use proptest::prelude::*;
use proptest::sample::Index;

/// A settlement of one of few visits with one of few amounts, so that many are alike; whether it is taken back, on which of three days each is.
#[derive(Clone, Debug)]
struct Drawn {
    visit: usize,
    total: i64,
    day: usize,
    contra_day: Option<usize>,
}

/// What has become of a hospital's record.
#[derive(Clone, Debug)]
enum Harm {
    Lose(Index),
    Repeat(Index),
    TypeAmount(Index, i64),
    TypeNumber(Index, usize),
    TypeVisit(Index, usize),
    Mark(Index),
    WritePositive(Index),
    /// Of the hospital's own, under a number of its own or of the original.
    Refund(Index, Option<usize>),
    Invent(usize, i64),
}

fn drawn() -> impl Strategy<Value = Drawn> {
    (0..3_usize, 1..3_i64, 0..3_usize, prop::option::weighted(0.3, 0..3_usize))
        .prop_map(|(visit, total, day, contra_day)| Drawn { visit, total: total * 100, day, contra_day })
}

fn harm() -> impl Strategy<Value = Harm> {
    let any_index = any::<Index>;
    prop_oneof![
        any_index().prop_map(Harm::Lose),
        any_index().prop_map(Harm::Repeat),
        (any_index(), 1..300_i64).prop_map(|(index, by)| Harm::TypeAmount(index, by)),
        (any_index(), 0..12_usize).prop_map(|(index, number)| Harm::TypeNumber(index, number)),
        (any_index(), 0..4_usize).prop_map(|(index, visit)| Harm::TypeVisit(index, visit)),
        any_index().prop_map(Harm::Mark),
        any_index().prop_map(Harm::WritePositive),
        (any_index(), prop::option::of(0..4_usize)).prop_map(|(index, number)| Harm::Refund(index, number)),
        (0..4_usize, 1..3_i64).prop_map(|(visit, total)| Harm::Invent(visit, total * 100)),
    ]
}

fn contra(original: &mut Known, number: String) -> Known {
    original.is_taken_back = true;
    let of = &original.row;
    let row = Row {
        settlement: number,
        total_fen: -of.total_fen,
        fund_fen: -of.fund_fen,
        account_fen: -of.account_fen,
        is_contra: true,
        ..of.clone()
    };
    Known { row, contra_of: Some(of.settlement.clone()), is_taken_back: false, ..original.clone() }
}

/// The documents of the day that is compared, and those of the neighbouring days.
fn documents(drawn: &[Drawn]) -> [Vec<Known>; 2] {
    let mut days = [Vec::new(), Vec::new()];
    for (index, of) in drawn.iter().enumerate() {
        let row = Row {
            settlement: format!("A{index}"),
            visit: format!("S{}", of.visit),
            person: format!("P{}", of.visit),
            total_fen: Fen(of.total),
            fund_fen: Fen(of.total / 2),
            account_fen: Fen(10),
            is_contra: false,
        };
        let call = format!("message {index}");
        let mut known = Known { row, message_id: call, contra_of: None, is_taken_back: false, document: Digest::ZERO };
        let taken_back = of.contra_day.map(|day| (day, contra(&mut known, format!("B{index}"))));
        days[usize::from(of.day > 0)].push(known);
        if let Some((day, contra)) = taken_back {
            days[usize::from(day > 0)].push(contra);
        }
    }
    days
}

/// The hospital's records of the day: what it was told of the day, and some of what it was told around midnight.
fn records(days: &[Vec<Known>; 2], around: usize, harms: &[Harm]) -> Vec<Row> {
    let told = days[0].iter().chain(days[1].iter().take(around));
    let mut rows: Vec<Row> = told.map(|known| known.row.clone()).collect();
    for (step, harm) in harms.iter().enumerate() {
        damage(&mut rows, step, harm);
    }
    rows
}

fn damage(rows: &mut Vec<Row>, step: usize, harm: &Harm) {
    let own = |number: Option<usize>| number.map_or_else(|| format!("R{step}"), |number| format!("A{number}"));
    if let Harm::Invent(visit, total) = harm {
        rows.push(Row {
            settlement: format!("X{step}"),
            visit: format!("S{visit}"),
            person: format!("P{visit}"),
            total_fen: Fen(*total),
            fund_fen: Fen(total / 2),
            account_fen: Fen(10),
            is_contra: false,
        });
    }
    if rows.is_empty() {
        return;
    }
    let count = rows.len();
    match harm {
        Harm::Lose(index) => drop(rows.swap_remove(index.index(count))),
        Harm::Repeat(index) => rows.push(rows[index.index(count)].clone()),
        Harm::TypeAmount(index, by) => rows[index.index(count)].total_fen += Fen(*by),
        Harm::TypeNumber(index, number) => rows[index.index(count)].settlement = format!("A{number}"),
        Harm::TypeVisit(index, visit) => rows[index.index(count)].visit = format!("S{visit}"),
        Harm::Mark(index) => rows[index.index(count)].is_contra ^= true,
        Harm::WritePositive(index) => {
            let row = &mut rows[index.index(count)];
            (row.total_fen, row.fund_fen) = (Fen(row.total_fen.0.abs()), Fen(row.fund_fen.0.abs()));
        }
        Harm::Refund(index, number) => {
            let of = rows[index.index(count)].clone();
            rows.push(Row { settlement: own(*number), total_fen: -of.total_fen, is_contra: true, ..of });
        }
        Harm::Invent(..) => {}
    }
}

fn found(days: &[Vec<Known>; 2], rows: &[Row]) -> Vec<Difference> {
    let [platform, near] = days;
    let call = |row: &Row| row.visit.ends_with(['0', '2', '4']).then(|| format!("call of {}", row.visit));
    compare(&Books { platform, near, matched_before: &BTreeSet::new() }, rows, call)
}

/// What is in no difference is alike; nothing is in two.
fn check_places(days: &[Vec<Known>; 2], rows: &[Row], differences: &[Difference]) {
    let mut rows_left = rows.to_vec();
    let mut here: Vec<Row> = days[0].iter().map(|known| known.row.clone()).collect();
    let mut near: Vec<Row> = days[1].iter().map(|known| known.row.clone()).collect();
    let take = |from: &mut Vec<Row>, row: &Row| {
        from.iter().position(|other| other == row).map(|at| from.swap_remove(at)).is_some()
    };
    let mut originals = BTreeSet::new();
    for difference in differences {
        let sides = (difference.platform.is_some(), difference.institution.is_some());
        let expected = match difference.class {
            DifferenceClass::PlatformMore => (true, false),
            DifferenceClass::InstitutionMore => (false, true),
            DifferenceClass::DataDiffer => (true, true),
        };
        assert_eq!(sides, expected, "{difference:?}");
        if let Some(row) = &difference.institution {
            assert!(take(&mut rows_left, row), "a record in two places: {row:?}");
        }
        if let Some(row) = &difference.platform {
            assert!(take(&mut here, row) || take(&mut near, row), "a document in two places: {row:?}");
        }
        if let Some(original) = &difference.original {
            assert!(originals.insert(original.clone()), "{original} is taken back twice");
        }
    }
    let mut equal: Vec<Row> = rows_left.iter().map(Row::signed).collect();
    equal.sort();
    here.sort();
    assert_eq!(equal, here, "what is in no difference is alike on both sides");
}

/// Carries out every proposal: the node's in the books, the hospital's in its records.
fn carry_out(days: &mut [Vec<Known>; 2], rows: &mut Vec<Row>, differences: &[Difference]) {
    for (step, of) in differences.iter().enumerate().filter(|(_, of)| of.state() == DifferenceState::Open) {
        if let Some(row) = &of.institution {
            let at = rows.iter().position(|other| other == row).expect("it is there");
            rows.swap_remove(at);
        }
        match of.proposal {
            Proposal::Rebook | Proposal::MarkReversed | Proposal::Correct => rows.extend(of.platform.clone()),
            Proposal::TakeBack => {
                let original = of.to_take_back().expect("it is named");
                let mut all = days.iter_mut().flatten();
                let original = all.find(|known| known.row.settlement == original).expect("it is known");
                assert!(original.contra_of.is_none() && !original.is_taken_back, "it stood");
                let contra = contra(original, format!("C{step}"));
                rows.extend(of.platform.clone());
                rows.push(contra.row.clone());
                days[0].push(contra);
            }
            Proposal::Reverse | Proposal::Remove => {}
            Proposal::NeighbourDay => unreachable!("that is never open"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn every_record_and_every_document_has_one_place_and_what_is_carried_out_is_not_found_again(
        drawn in prop::collection::vec(drawn(), 0..8),
        around in 0..3_usize,
        harms in prop::collection::vec(harm(), 0..8),
        turn in any::<Index>(),
    ) {
        let mut days = documents(&drawn);
        let mut rows = records(&days, around, &harms);
        let differences = found(&days, &rows);
        check_places(&days, &rows, &differences);
        let mut turned = rows.clone();
        if !turned.is_empty() {
            turned.rotate_left(turn.index(rows.len()));
            turned.reverse();
        }
        prop_assert_eq!(&found(&days, &turned), &differences, "the order of rows is nothing");
        carry_out(&mut days, &mut rows, &differences);
        let again = found(&days, &rows);
        check_places(&days, &rows, &again);
        let open: Vec<_> = again.iter().filter(|of| of.state() != DifferenceState::Resolved).collect();
        prop_assert!(open.is_empty(), "after {differences:#?}\nthere is still {open:#?}");
        prop_assert!(again.iter().all(|of| of.cause == Cause::OtherDay));
    }
}
