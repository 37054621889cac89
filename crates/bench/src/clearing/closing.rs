//! A period of the whole region cut, matched and netted by the four streams one after the other in this thread.

use std::path::Path;
use std::time::Instant as Stopwatch;

use anyhow::ensure;
use huitong_clearing::Clearing;
use huitong_clearing::command::Command;
use huitong_clearing::event::BatchState;
use huitong_clearing::model::batch::REGION;
use huitong_clearing::model::message::Message;
use huitong_clearing::model::statement::State;
use huitong_clearing::query::{batches, statements};
use huitong_kernel::clearing::Period;
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::Marker;
use huitong_service_kit::harness::Region;
use huitong_store::feeds;

use super::fill::{Shape, lanes, messages_a_lane};
use super::stage::{self, NODES, PERIOD, bytes, division, told_by};
use super::taking;
use crate::memory;

/// Seconds, for ten million documents.
const GOAL: f64 = 60.0;

fn period() -> Period {
    PERIOD.parse().expect("a period")
}

/// Closes the period that lies below `folder`, in a process that does nothing else; tells times and memory.
pub fn run(folder: &Path, documents: u64, shape: Shape) -> anyhow::Result<()> {
    let documents = messages_a_lane(documents, shape) * lanes().len() as u64 * shape.a_message();
    let mut region = stage::open(folder, shape.service());
    let (start, used) = (Stopwatch::now(), own_seconds()?);
    cut(&mut region, documents, shape)?;
    let cut_done = start.elapsed().as_secs_f64();
    stage::carry(&mut region);
    let matched = start.elapsed().as_secs_f64();
    ensure!(count(&region, shape, |state| state >= State::Matched)? == lanes().len(), "all statements are matched");
    while stage::carry(&mut region) > 0 {}
    let netted = start.elapsed().as_secs_f64();
    let used = own_seconds()? - used;
    check_netted(&region, shape, documents)?;
    let verdict = match netted < GOAL {
        _ if documents < super::DOCUMENTS => "",
        true => ", within the goal of < 60 s",
        false => ", MISSES the goal of < 60 s",
    };
    println!("  {documents} {} documents, {} rows over four nodes:", shape.service(), 2 * documents);
    println!("    cut and stated on all nodes        {cut_done:>7.2} s");
    println!("    statements exchanged and matched   {:>7.2} s", matched - cut_done);
    println!("    confirmed, declared, netted, final {:>7.2} s", netted - matched);
    println!("    together                           {netted:>7.2} s, {used:.1} s of the core{verdict}");
    println!(
        "    peak resident memory {:.0} MiB for four nodes' streams, page cache of each {} KiB",
        memory::own_peak_mib()?,
        cache_kib(&region)?
    );
    println!("    then taken, {}", taking::describe(&mut region, shape, messages_a_lane(documents, shape) + 1)?);
    Ok(())
}

fn own_seconds() -> anyhow::Result<f64> {
    memory::processor_seconds(&[std::process::id()])
}

/// What a stream may hold of its file, from the open connection.
fn cache_kib(region: &Region<Clearing>) -> anyhow::Result<i64> {
    Ok(-region.view(NODES[0]).one("PRAGMA cache_size", [], |row| row.get(0))?.unwrap_or(0))
}

/// Clerks cut, the services mark their lanes and tell both ends: each node states as soon as both lanes of a pair are marked.
pub fn cut(region: &mut Region<Clearing>, documents: u64, shape: Shape) -> anyhow::Result<()> {
    let number = messages_a_lane(documents, shape) + 1;
    for node in NODES {
        let command = Command::Close { service: shape.service().to_owned(), period: period(), early: true };
        region.call(node, "clerk", None, command).reply();
    }
    for (from, to) in lanes() {
        let marker = Marker { from: division(from), to: division(to), period: period(), number };
        for node in [from, to] {
            let feed = told_by(shape.service(), node);
            let next = feeds::next_number(region.view(node), &feed)?;
            region.deliver(&feed, next, vec![bytes(Message::Marker(marker), region.now)]);
        }
    }
    Ok(())
}

/// Statements of all nodes in such a state.
pub fn count(region: &Region<Clearing>, shape: Shape, is: impl Fn(State) -> bool) -> anyhow::Result<usize> {
    let mut count = 0;
    for (node, peer) in lanes() {
        let row = statements::statement(region.view(node), shape.service(), period(), division(peer))?;
        count += usize::from(row.is_some_and(|row| is(row.state)));
    }
    Ok(count)
}

/// Every node holds the same final batch; what A says B owes is what B says; nothing was refused or lost.
pub fn check_netted(region: &Region<Clearing>, shape: Shape, documents: u64) -> anyhow::Result<()> {
    let mut digests = Vec::new();
    let (mut stated, mut payable, mut receivable) = (0, Fen::ZERO, Fen::ZERO);
    for node in NODES {
        let view = region.view(node);
        let row = batches::latest(view, shape.service(), period(), REGION)?;
        let row = row.ok_or_else(|| anyhow::anyhow!("{node} has no batch"))?;
        ensure!(row.state == BatchState::Final, "the batch is {} at {node}", row.state.name());
        ensure!(
            row.batch.positions.iter().map(|(_, amount)| *amount).sum::<Fen>() == Fen::ZERO,
            "positions sum to zero"
        );
        ensure!(row.batch.settled.len() == lanes().len() / 2, "every pair is in the batch");
        digests.push(row.digest);
        let unread = view.one("SELECT COUNT(*) FROM unread_message", [], |row| row.get::<_, u64>(0))?;
        ensure!(unread == Some(0), "{node} refused messages");
        for peer in NODES.into_iter().filter(|peer| *peer != node) {
            let own = statements::statement(view, shape.service(), period(), division(peer))?;
            let theirs = statements::statement(region.view(peer), shape.service(), period(), division(node))?;
            let (Some(own), Some(theirs)) = (own, theirs) else { anyhow::bail!("a statement is missing") };
            ensure!(own.payable() == theirs.receivable(), "{node} and {peer} say the same");
            stated += own.own.documents();
            payable += own.payable();
            receivable += own.receivable();
        }
    }
    ensure!(digests.iter().all(|digest| *digest == digests[0]), "one batch");
    ensure!(payable == receivable && payable > Fen::ZERO, "what is owed is owed to somebody");
    ensure!(stated.abs_diff(2 * documents) <= 2, "{stated} documents stated");
    Ok(())
}
