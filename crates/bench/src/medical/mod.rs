//! `huitong-bench medical [computing|recomputing [N]]`: settlements computed in memory on one core, and a home's journal of N
//! settlements computed anew and under another pack.

mod bills;
mod computing;
mod fill;
// Drawn from by the pinned results too, so that what is measured is what is pinned.
#[path = "../../../services/medical/tests/it/mix.rs"]
mod mix;
mod recomputing;

use std::path::Path;
use std::process::Command;

use anyhow::ensure;

const POLICIES: &str = "regions/yangtze/policies";
const SETTLEMENTS: usize = 1_000_000;

/// Both parts, or only the one named.
pub fn run(words: &[String]) -> anyhow::Result<()> {
    let word = |place: usize| words.get(place).map(String::as_str);
    if let (Some("recompute"), Some(folder)) = (word(0), word(1)) {
        // What `recomputing` starts as a process of its own.
        return recomputing::run(Path::new(folder));
    }
    println!("machine: {} cores", std::thread::available_parallelism()?);
    let wanted = |name: &str| word(0).is_none_or(|word| word == name);
    if wanted("computing") {
        computing::run()?;
    }
    if wanted("recomputing") {
        recompute(word(1).map_or(Ok(SETTLEMENTS), str::parse)?)?;
    }
    Ok(())
}

/// Fills a journal and reads it in a process of its own, so that memory is that of reading.
fn recompute(settlements: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    fill::fill(folder.path(), settlements)?;
    let mut process = Command::new(std::env::current_exe()?);
    let status = process.args(["medical", "recompute"]).arg(folder.path()).status()?;
    ensure!(status.success(), "recomputing failed");
    Ok(())
}
