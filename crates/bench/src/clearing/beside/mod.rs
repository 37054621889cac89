//! Closings beside settlements at full speed: two nodes' streams in one process, windows with and without a closing in turn.

mod bills;
mod closer;
mod nodes;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Stopwatch};

use bills::Counts;
use closer::Closer;
use nodes::{Nodes, VISITED};

const WINDOW: Duration = Duration::from_secs(6);
pub const ROUNDS: u64 = 7;
/// Trips of a period that is closed, beside the settlements since the last closing.
pub const TRIPS: u64 = 200_000;

#[derive(Default)]
struct Measured {
    without: Vec<f64>,
    with: Vec<f64>,
    /// Only while a closing runs.
    during: Vec<f64>,
    seconds: Vec<f64>,
    settlements: Vec<f64>,
}

pub fn run(folder: &Path, rounds: u64, trips: u64) -> anyhow::Result<()> {
    let nodes = Nodes::start(folder)?;
    bills::set_up(&nodes)?;
    let mut closer = Closer::new();
    // Begins the periods of both services.
    closer.close(&nodes)?;
    closer.check(&nodes, 0)?;
    let (counts, stop) = (Arc::new(Counts::default()), Arc::new(AtomicBool::new(false)));
    let caller = {
        let (stream, counts, stop) = (Arc::clone(&nodes.medical[VISITED]), Arc::clone(&counts), Arc::clone(&stop));
        let clock = nodes.clock();
        std::thread::spawn(move || bills::send(&stream, clock, &counts, &stop))
    };
    let mut measured = Measured::default();
    for round in 0..rounds {
        closer.tell(&nodes, trips)?;
        std::thread::sleep(WINDOW / 6);
        // In turn which comes first: what grows with time falls on both.
        if round % 2 == 0 {
            measured.without.push(window(&counts, || Ok(()))?);
        }
        with(&nodes, &mut closer, &counts, &mut measured)?;
        if round % 2 == 1 {
            measured.without.push(window(&counts, || Ok(()))?);
        }
        measured.settlements.push(closer.check(&nodes, trips)? as f64);
    }
    stop.store(true, Ordering::Relaxed);
    caller.join().map_err(|_| anyhow::anyhow!("the caller failed"))?;
    while !nodes.is_quiet()? {
        std::thread::sleep(WINDOW / 60);
    }
    let (settled, failed) = (counts.settled.load(Ordering::Relaxed), counts.failed.load(Ordering::Relaxed));
    anyhow::ensure!(failed == 0, "{failed} bills failed");
    closer.check_end(&nodes, settled)?;
    nodes.stop()?;
    print(&measured, trips, settled);
    Ok(())
}

/// Settlements per second of a window in which `part` runs, from its beginning.
fn window(counts: &Counts, part: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let (start, before) = (Stopwatch::now(), counts.settled.load(Ordering::Relaxed));
    part()?;
    std::thread::sleep(WINDOW.saturating_sub(start.elapsed()));
    Ok((counts.settled.load(Ordering::Relaxed) - before) as f64 / start.elapsed().as_secs_f64())
}

fn with(nodes: &Nodes, closer: &mut Closer, counts: &Counts, measured: &mut Measured) -> anyhow::Result<()> {
    let rate = window(counts, || {
        let before = counts.settled.load(Ordering::Relaxed);
        let seconds = closer.close(nodes)?;
        measured.during.push((counts.settled.load(Ordering::Relaxed) - before) as f64 / seconds);
        measured.seconds.push(seconds);
        Ok(())
    })?;
    measured.with.push(rate);
    Ok(())
}

fn print(measured: &Measured, trips: u64, settled: u64) {
    let ratios: Vec<f64> = measured.with.iter().zip(&measured.without).map(|(with, without)| with / without).collect();
    println!("\nclosings beside settlements, two nodes' medical and clearing in one process:");
    println!("  windows of {} s without a closing: {:.0} settlements/s", WINDOW.as_secs(), median(&measured.without));
    println!("  windows with one at their beginning: {:.0}/s", median(&measured.with));
    let ratio = median(&ratios);
    let verdict = if ratio > 0.9 { "within the goal" } else { "MISSES the goal" };
    println!("  ratio, median of {} pairs: {ratio:.3} ({verdict} of > 0.9); all: {ratios:.2?}", ratios.len());
    println!(
        "  a closing ({trips} trips, {:.0} settlements) takes {:.2} s, in which {:.0} are settled a second",
        median(&measured.settlements),
        median(&measured.seconds),
        median(&measured.during)
    );
    println!("  {settled} settlements, each booked, told and stated at both nodes once");
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
