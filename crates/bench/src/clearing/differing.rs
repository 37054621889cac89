//! The same period where two nodes do not hold the same: one document is missing here, one there, one has another amount. They are found by the roots of ever smaller spans, and left out of what is netted.

use std::path::Path;
use std::time::Instant as Stopwatch;

use anyhow::ensure;
use huitong_clearing::Clearing;
use huitong_clearing::command::Command;
use huitong_clearing::model::statement::State;
use huitong_clearing::query::statements;
use huitong_kernel::clearing::Period;
use huitong_service_kit::harness::Region;
use huitong_store::journal::{self, Medium};
use huitong_store::params;

use super::closing::{check_netted, count, cut};
use super::fill::{Shape, lanes, messages_a_lane};
use super::stage::{self, NODES, PERIOD, division};

/// Node whose file is changed, sender and receiver of the lane, what happens to a document there.
const CHANGES: [(&str, (&str, &str), &str); 3] = [
    ("310000", ("310000", "330000"), "DELETE FROM item"),
    ("330000", ("310000", "330000"), "DELETE FROM item"),
    ("330000", ("330000", "310000"), "UPDATE item SET amount_fen = amount_fen + 1"),
];

/// Changes the files below `folder`, then closes the period.
pub fn run(folder: &Path, documents: u64, shape: Shape) -> anyhow::Result<()> {
    let documents = messages_a_lane(documents, shape) * lanes().len() as u64 * shape.a_message();
    change(folder, messages_a_lane(documents, shape))?;
    let mut region = stage::open(folder, shape.service());
    let start = Stopwatch::now();
    cut(&mut region, documents, shape)?;
    let cut_done = start.elapsed().as_secs_f64();
    let mut messages = 0;
    loop {
        let carried = stage::carry(&mut region);
        messages += carried;
        if count(&region, shape, |state| state >= State::Matched)? == lanes().len() {
            break;
        }
        ensure!(carried > 0, "what differs is not found");
    }
    let found = start.elapsed().as_secs_f64();
    let differing = confirm(&mut region, shape)?;
    while stage::carry(&mut region) > 0 {}
    let netted = start.elapsed().as_secs_f64();
    check_netted(&region, shape, documents)?;
    println!("  the same with three documents that differ between two nodes:");
    println!("    cut and stated on all nodes        {cut_done:>7.2} s");
    println!("    matched but for what differs       {:>7.2} s, {messages} messages in all", found - cut_done);
    println!("    confirmed without it, netted       {:>7.2} s", netted - found);
    println!("    together                           {netted:>7.2} s, {differing} documents found at each side");
    Ok(())
}

fn change(folder: &Path, messages: u64) -> anyhow::Result<()> {
    for (place, (node, (from, to), what)) in CHANGES.into_iter().enumerate() {
        let file = journal::open_writer(&folder.join(format!("{node}.db")), Medium::default())?;
        let number = messages * (place as u64 + 1) / 4 + 1;
        let sql = format!(
            "{what} WHERE lane = (SELECT lane FROM lane WHERE sender = ?1 AND receiver = ?2) AND number = ?3 AND line = 0"
        );
        ensure!(file.execute(&sql, params![from, to, number])? == 1, "a document is changed");
    }
    Ok(())
}

/// What differs is confirmed by clerks; gives the number of differences that each side knows.
fn confirm(region: &mut Region<Clearing>, shape: Shape) -> anyhow::Result<usize> {
    let period: Period = PERIOD.parse().expect("a period");
    let mut known = 0;
    for node in NODES {
        for peer in NODES.into_iter().filter(|peer| *peer != node) {
            let view = region.view(node);
            known += statements::differences(view, shape.service(), period, division(peer))?.len();
            let row = statements::statement(view, shape.service(), period, division(peer))?;
            if row.is_some_and(|row| row.own_confirmation.is_none()) {
                let service = shape.service().to_owned();
                let command = Command::Confirm { service, period, peer: division(peer) };
                region.call(node, "clerk", None, command).reply();
            }
        }
    }
    Ok(known / 2)
}
