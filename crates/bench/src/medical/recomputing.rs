//! A month of a home's settlements computed anew from its journal, and computed under another pack.

use std::path::Path;
use std::time::Instant as Stopwatch;

use anyhow::ensure;
use huitong_medical::query::{recompute, what_if};
use huitong_store::journal;

use super::{SETTLEMENTS, fill};
use crate::memory;

/// Seconds for a million.
const GOAL_S: f64 = 60.0;

pub fn run(folder: &Path) -> anyhow::Result<()> {
    let connection = journal::open_reader(&fill::path(folder))?;
    let start = Stopwatch::now();
    let found = recompute::all(&connection, None)?;
    let seconds = start.elapsed().as_secs_f64();
    ensure!(
        found.differing.is_empty() && found.computed > 0,
        "{} differ: {:?}",
        found.differing.len(),
        found.differing.first()
    );
    println!("  recomputed  {}: {}", describe(found.computed, seconds), peak()?);
    let pack = fill::pack()?.replace("\"0.86\"", "\"0.80\"");
    let pack = serde_json::from_str(&pack)?;
    let start = Stopwatch::now();
    let what_if = what_if::run(&connection, &what_if::Question { pack: &pack, period: Some("2026-11") })?;
    let seconds = start.elapsed().as_secs_f64();
    ensure!(what_if.total.settlements == found.computed && !what_if.largest.is_empty(), "all were played again");
    println!("  under another pack  {}: {}", describe(what_if.total.settlements, seconds), peak()?);
    Ok(())
}

fn describe(settlements: u64, seconds: f64) -> String {
    let rate = settlements as f64 / seconds;
    let million = SETTLEMENTS as f64 / rate;
    let verdict = if million <= GOAL_S { "within the goal" } else { "MISSES the goal" };
    format!(
        "{settlements} in {seconds:.1} s, {rate:.0}/s, one thread; a million in {million:.0} s ({verdict} of < {GOAL_S:.0} s)"
    )
}

fn peak() -> anyhow::Result<String> {
    Ok(format!("peak resident memory {:.0} MiB", memory::own_peak_mib()?))
}
