//! Figures without persons: small cells are withheld and cannot be computed from the others.

use huitong_kernel::hash::Digest;
use huitong_kernel::time::Date;
use huitong_transit::model::flow::{FlowTable, Published};
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::query::flows::{self, Cell, RIDERS_MIN, Table, rounded, withheld_together};
use proptest::prelude::*;

use super::stage::{Gate, Phone, Stage, digest, division};

fn shown(published: &Published, row: usize, column: usize) -> Option<u64> {
    published.cells.iter().find(|cell| (cell.0, cell.1) == (row, column)).map(|cell| cell.2)
}

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
        let published = table.publish(&digest("a day's key"));
        for (index, cell) in table.grid.iter().enumerate() {
            let shown = shown(&published, index / table.width(), index % table.width());
            prop_assert_eq!(shown.is_some(), !withheld[index] && cell.count > 0);
            prop_assert!(shown.is_none_or(|shown| shown % 5 == 0 && shown.abs_diff(cell.count) < 5));
        }
        prop_assert_eq!(published, table.publish(&digest("a day's key")));
    }

    #[test]
    fn a_total_that_one_table_withholds_is_not_told_by_another(
        one in proptest::collection::vec(prop_oneof![2 => Just(0_u64), 2 => 1_u64..10, 2 => 10_u64..30], 6),
        other in proptest::collection::vec(prop_oneof![2 => Just(0_u64), 2 => 1_u64..10, 2 => 10_u64..30], 6))
    {
        let (one, other) = (table(2, 3, &one), table(3, 2, &other));
        let withheld = withheld_together(&[(&one, one.total()), (&other, other.total())]);
        if one.grid[one.total()].count > 0 && other.grid[other.total()].count > 0 {
            prop_assert_eq!(withheld[0][one.total()], withheld[1][other.total()]);
        }
        for (table, withheld) in [&one, &other].into_iter().zip(&withheld) {
            let found = fillings(table, withheld);
            for index in 0..withheld.len() {
                prop_assert!(!withheld[index] || found[index].len() >= 2);
            }
        }
    }
}

#[test]
fn many_trips_of_few_riders_are_withheld_too() {
    let mut table = Table::new("test".to_owned(), vec!["a".to_owned()], vec!["x".to_owned(), "y".to_owned()]);
    table.add_rider(&[(0, 0, 200)]);
    (0..40).for_each(|_| table.add_rider(&[(0, 1, 1)]));
    assert_eq!(table.grid[0], Cell { count: 200, riders: 1 });
    let published = table.publish(&Digest::ZERO);
    let cells = (shown(&published, 0, 0), shown(&published, 0, 1));
    assert_eq!(cells, (None, None), "the second cell is withheld with the first");
}

#[test]
fn rounding_keeps_the_mean_and_depends_on_key_and_cell_alone() {
    let sum: u64 = (0..5_000).map(|cell| rounded(&digest("key"), &format!("cell {cell}"), 12)).sum();
    assert!((59_000..61_000).contains(&sum), "5 000 cells of 12 are {sum} together");
    assert_eq!(rounded(&digest("key"), "cell", 12), rounded(&digest("key"), "cell", 12));
    assert_eq!(rounded(&digest("key"), "cell", 15), 15);
}

const DAY: &str = "2026-11-24";

fn day() -> Date {
    DAY.parse().expect("a date")
}

/// The day as it would be counted now.
fn counted(stage: &Stage) -> flows::Day {
    let view = stage.region.view("310000");
    flows::count(&super::stage::transit(), view, division("310100"), day()).expect("readable")
}

/// What anybody is told of the day.
fn told(stage: &Stage, table: FlowTable) -> Option<Published> {
    flows::published(stage.region.view("310000"), division("310100"), day(), table).expect("readable")
}

fn figure(published: &Published, row: &str, column: &str) -> Option<u64> {
    let place =
        |names: &[String], name: &str| names.iter().position(|known| known == name).expect("a name of the table");
    shown(published, place(&published.rows, row), place(&published.columns, column))
}

/// Riders of a city from People's Square to Hongqiao, in the morning.
fn ride(stage: &mut Stage, gates: &mut [Gate; 2], city: &'static str, numbers: std::ops::RangeInclusive<u8>) {
    for number in numbers {
        let phone = Phone::new(city, number);
        stage.account(&phone, 10_000);
        gates[0].tap(&phone, In, stage.at(-60));
        gates[1].tap(&phone, Out, stage.at(-20));
    }
}

fn gates(stage: &mut Stage, number: u32) -> [Gate; 2] {
    let mut gate = |name: &str, station| stage.gate(&format!("SH-{name}-{number}"), "310100", station, 2);
    [gate("PEOPLE", 207), gate("HONGQIAO", 201)]
}

fn upload(stage: &mut Stage, gates: &[Gate; 2]) {
    for gate in gates {
        stage.upload(gate);
    }
}

#[test]
fn a_day_of_twelve_riders_is_shown_by_hour_once_it_is_finished() {
    let mut stage = Stage::new();
    let mut gates = gates(&mut stage, 1);
    ride(&mut stage, &mut gates, "330100", 1..=12);
    upload(&mut stage, &gates);
    stage.pass(1);
    assert!(!flows::is_finished(day(), stage.region.now));
    stage.pass(3 * 24 * 60);
    assert_eq!(told(&stage, FlowTable::Hours), None, "the day is not finished");
    stage.pass(2 * 24 * 60);
    assert!(flows::is_finished(day(), stage.region.now));
    let about_twelve = |figure: Option<u64>| assert!(matches!(figure, Some(10 | 15)), "{figure:?} for 12");
    let hours = told(&stage, FlowTable::Hours).expect("published");
    about_twelve(figure(&hours, "330100", "08"));
    about_twelve(shown(&hours, hours.rows.len(), hours.columns.len()));
    assert_eq!(
        hours.rows,
        ["310100", "320500", "330100", "330200", "other"],
        "cities of the key set, travelled or not"
    );
    assert_eq!(hours.columns.len(), 24);
    let stations = told(&stage, FlowTable::Stations).expect("published");
    about_twelve(figure(&stations, "207", "201"));
    assert!(stations.rows.len() > 4, "all stations of the map: {:?}", stations.rows);
    let total = |table: &Published| shown(table, table.rows.len(), table.columns.len());
    assert_eq!(total(&stations), total(&hours), "one figure is rounded one way");
    let days = told(&stage, FlowTable::StationDays).expect("published");
    for (station, name) in [("207", "entries"), ("207", "entries_paired"), ("201", "exits"), ("201", "exits_paired")] {
        about_twelve(figure(&days, station, name));
    }
    about_twelve(figure(&told(&stage, FlowTable::States).expect("published"), "charged", "0 days"));
    stage.check();
}

#[test]
fn somebody_who_compares_answers_before_and_after_a_late_trip_learns_nothing() {
    let mut stage = Stage::new();
    let (mut early, mut late) = (gates(&mut stage, 1), gates(&mut stage, 2));
    ride(&mut stage, &mut early, "330100", 1..=30);
    ride(&mut stage, &mut early, "330200", 1..=9);
    // The tenth rider of Ningbo passes gates that have no line to their node for a week.
    ride(&mut stage, &mut late, "330200", 10..=10);
    upload(&mut stage, &early);
    stage.pass(6 * 24 * 60);
    const TABLES: [FlowTable; 4] = [FlowTable::Hours, FlowTable::Stations, FlowTable::StationDays, FlowTable::States];
    let all = |stage: &Stage| TABLES.map(|table| told(stage, table).expect("published"));
    let before = all(&stage);
    assert_eq!(figure(&before[0], "330200", "08"), None, "nine riders");
    assert_eq!(figure(&before[0], "330100", "08"), None, "withheld with them");
    upload(&mut stage, &late);
    stage.pass(1);
    stage.pass(10 * 24 * 60);
    let [hours, ..] = counted(&stage).between_cities;
    let counted_now = hours.publish(&digest("any key"));
    assert_eq!(figure(&counted_now, "330200", "08"), Some(10), "counted today the trip would show, and its companion");
    assert!(figure(&counted_now, "330100", "08").is_some());
    assert_eq!(all(&stage), before, "what was told of the day is what is told of it");
    let published = stage.region.view("310000").all(
        "SELECT COUNT(*) FROM journal WHERE instr(bytes, 'transit.flows_published.v1') > 0 AND instr(bytes, '2026-11-24') > 0",
        [],
        |row| row.get::<_, u64>(0),
    );
    assert_eq!(published.expect("readable"), [1], "and it was published once");
    stage.check();
}

#[test]
fn two_days_of_the_same_riders_are_two_tables_and_neither_has_what_is_small() {
    let mut stage = Stage::new();
    let mut gates = gates(&mut stage, 1);
    ride(&mut stage, &mut gates, "330100", 1..=12);
    // The next day one of them stays away, and somebody from Suzhou comes.
    for number in 1..=11 {
        gates[0].tap(&Phone::new("330100", number), In, stage.at(23 * 60));
        gates[1].tap(&Phone::new("330100", number), Out, stage.at(23 * 60 + 40));
    }
    let stranger = Phone::new("320500", 1);
    gates[0].tap(&stranger, In, stage.at(23 * 60 + 1));
    gates[1].tap(&stranger, Out, stage.at(23 * 60 + 41));
    stage.pass(25 * 60);
    upload(&mut stage, &gates);
    stage.pass(7 * 24 * 60);
    let next = "2026-11-25".parse().expect("a date");
    let hours = flows::published(stage.region.view("310000"), division("310100"), next, FlowTable::Hours)
        .expect("readable")
        .expect("published");
    assert_eq!(figure(&hours, "320500", "08"), None, "one rider");
    assert_eq!(figure(&hours, "330100", "08"), None, "withheld, as the total would tell the other");
    let first = told(&stage, FlowTable::Hours).expect("published");
    assert_eq!(first.rows, hours.rows, "nobody's coming adds a row");
    stage.check();
}

#[test]
fn a_station_is_shown_by_its_riders_and_not_by_its_taps() {
    let mut stage = Stage::new();
    let mut gates = gates(&mut stage, 1);
    ride(&mut stage, &mut gates, "330100", 1..=12);
    for number in 20..=22 {
        gates[0].tap(&Phone::new("330100", number), In, stage.at(-30));
    }
    // One rider enters twelve times at another station and is never seen to leave.
    let mut other = stage.gate("SH-TIANZI", "310100", 205, 2);
    let restless = Phone::new("330100", 30);
    for time in 0..12 {
        other.tap(&restless, In, stage.at(-100 + 5 * time));
    }
    upload(&mut stage, &gates);
    stage.upload(&other);
    stage.pass(80 * 60);
    stage.pass(48 * 60);
    let entries = counted(&stage).figures.entries;
    let row = entries.rows.iter().position(|name| name == "205").expect("on the map");
    let cell = entries.grid[entries.place(row, 3)];
    assert_eq!((cell.count, cell.riders), (12, 1), "twelve entries, one rider");
    let days = told(&stage, FlowTable::StationDays).expect("published");
    assert_eq!(figure(&days, "205", "entries"), None);
    assert_eq!(figure(&days, "205", "entry_only"), None);
    assert_eq!(figure(&days, "207", "entry_only"), None, "three riders");
    let both = (figure(&days, "207", "entries"), figure(&days, "207", "entries_paired"));
    assert!(both.0.is_none() || both.1.is_none(), "their difference would be the three: {both:?}");
    stage.check();
}
