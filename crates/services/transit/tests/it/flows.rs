//! Figures without persons: small cells are withheld and cannot be computed from the others.

use huitong_kernel::hash::Digest;
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::query::flows::{self, Cell, RIDERS_MIN, Table, rounded};
use proptest::prelude::*;

use super::stage::{Phone, Stage, digest, division};

fn table(rows: usize, columns: usize, cells: &[u64]) -> Table {
    let names = |count: usize| (0..count).map(|number| number.to_string()).collect();
    let mut table = Table::new("test".to_owned(), names(rows), names(columns));
    // Each trip by a rider of its own.
    for (index, count) in cells.iter().enumerate() {
        (0..*count).for_each(|_| table.add_rider(&[(index / columns, index % columns, 1)]));
    }
    table
}

/// All ways to fill the withheld figures, given all others and that rows and columns add up: at most two values per figure.
fn fillings(table: &Table, withheld: &[bool]) -> Vec<Vec<u64>> {
    let (rows, width) = (table.rows.len() + 1, table.width());
    let open: Vec<usize> = (0..withheld.len()).filter(|index| withheld[*index]).collect();
    let mut values: Vec<u64> = table.grid.iter().map(|cell| cell.count).collect();
    let mut found: Vec<Vec<u64>> = vec![Vec::new(); withheld.len()];
    let bound = table.grid.iter().map(|cell| cell.count).max().unwrap_or(0) + 1;
    fill(&open, 0, &mut values, rows, width, bound, &mut found);
    found
}

fn adds_up(values: &[u64], rows: usize, width: usize, open: &[usize]) -> bool {
    let row_is_done = |row: usize| !open.iter().any(|index| index / width == row);
    let column_is_done = |column: usize| !open.iter().any(|index| index % width == column);
    let last = (rows - 1, width - 1);
    (0..rows).filter(|row| row_is_done(*row)).all(|row| {
        let sum: u64 = (0..last.1).map(|column| values[row * width + column]).sum();
        sum == values[row * width + last.1]
    }) && (0..width).filter(|column| column_is_done(*column)).all(|column| {
        let sum: u64 = (0..last.0).map(|row| values[row * width + column]).sum();
        sum == values[last.0 * width + column]
    })
}

fn fill(
    open: &[usize],
    at: usize,
    values: &mut Vec<u64>,
    rows: usize,
    width: usize,
    bound: u64,
    found: &mut [Vec<u64>],
) {
    if !adds_up(values, rows, width, &open[at..]) {
        return;
    }
    let Some(index) = open.get(at) else {
        for index in open {
            if !found[*index].contains(&values[*index]) {
                found[*index].push(values[*index]);
            }
        }
        return;
    };
    let (before, near) = (values[*index], values[*index].saturating_sub(1));
    // Values beside the true one are enough to show that it is not the only one.
    for value in near..=(before + 1).min(bound) {
        values[*index] = value;
        fill(open, at + 1, values, rows, width, bound, found);
    }
    values[*index] = before;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_withheld_figure_follows_from_all_the_others(cells in proptest::collection::vec(
        prop_oneof![3 => Just(0_u64), 3 => 1_u64..10, 3 => 10_u64..40], 6))
    {
        let table = table(2, 3, &cells);
        let withheld = table.withheld();
        let found = fillings(&table, &withheld);
        for (index, cell) in table.grid.iter().enumerate() {
            prop_assert!(cell.count == 0 || cell.riders >= RIDERS_MIN || withheld[index], "a small cell is shown");
            prop_assert!(!withheld[index] || found[index].len() >= 2, "figure {index} of {cells:?} can only be {:?}", found[index]);
        }
        let published = table.publish(&digest("a node's key"));
        for (index, shown) in published.grid.iter().enumerate() {
            let count = table.grid[index].count;
            prop_assert_eq!(shown.is_some(), !withheld[index] && count > 0);
            prop_assert!(shown.is_none_or(|shown| shown % 5 == 0 && shown.abs_diff(count) < 5));
        }
        prop_assert_eq!(published, table.publish(&digest("a node's key")));
    }
}

#[test]
fn many_trips_of_few_riders_are_withheld_too() {
    let mut table = Table::new("test".to_owned(), vec!["a".to_owned()], vec!["x".to_owned(), "y".to_owned()]);
    table.add_rider(&[(0, 0, 200)]);
    (0..40).for_each(|_| table.add_rider(&[(0, 1, 1)]));
    assert_eq!(table.grid[0], Cell { count: 200, riders: 1 });
    let shown = table.publish(&Digest::ZERO).grid;
    assert_eq!((shown[0], shown[1]), (None, None), "the second cell is withheld with the first");
}

#[test]
fn rounding_keeps_the_mean_and_depends_on_key_and_cell_alone() {
    let sum: u64 = (0..5_000).map(|cell| rounded(&digest("key"), &format!("cell {cell}"), 12)).sum();
    assert!((59_000..61_000).contains(&sum), "5 000 cells of 12 are {sum} together");
    assert_eq!(rounded(&digest("key"), "cell", 12), rounded(&digest("key"), "cell", 12));
    assert_eq!(rounded(&digest("key"), "cell", 15), 15);
}

#[test]
fn a_day_of_twelve_riders_is_shown_by_hour_once_it_is_finished() {
    let mut stage = Stage::new();
    let mut entry = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let mut exit = stage.gate("SH-HONGQIAO-1", "310100", 201, 2);
    for number in 1..=12 {
        let phone = Phone::new("330100", number);
        stage.account(&phone, 10_000);
        entry.tap(&phone, In, stage.at(-60));
        exit.tap(&phone, Out, stage.at(-20));
    }
    stage.upload(&entry);
    stage.upload(&exit);
    stage.pass(1);
    let day = "2026-11-24".parse().expect("a date");
    assert!(!flows::is_finished(day, stage.region.now));
    stage.pass(5 * 24 * 60);
    assert!(flows::is_finished(day, stage.region.now));
    let view = stage.region.view("310000");
    let hours = flows::hours(view, division("310100"), day).expect("readable").publish(&digest("key"));
    assert_eq!((hours.rows, hours.columns), (vec!["330100".to_owned()], vec!["08".to_owned()]));
    assert!(hours.grid.iter().all(|shown| shown.is_some_and(|count| count == 10 || count == 15)));
    let stations = flows::stations(view, division("310100"), day).expect("readable");
    assert_eq!((stations.rows.clone(), stations.columns.clone()), (vec!["207".to_owned()], vec!["201".to_owned()]));
    let days = flows::station_days::read(view, division("310100"), day).expect("readable");
    assert_eq!((days[&207].entries, days[&207].entries_paired, days[&207].unexplained()), (12, 12, 0));
    assert_eq!((days[&201].exits, days[&201].exits_paired, days[&201].riders), (12, 12, 12));
    stage.check();
}
