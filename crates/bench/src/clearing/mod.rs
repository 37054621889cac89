//! `huitong-bench clearing`: documents taken from services, a period of ten million of them cut, matched and netted by four nodes on
//! one core, the search for documents that differ, and what closings cost the settlements beside them.

mod beside;
mod closing;
mod differing;
mod fill;
mod stage;
mod taking;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use fill::Shape;
use huitong_kernel::time::Instant;

const DOCUMENTS: u64 = 10_000_000;
/// Beside it, to show that memory does not grow with the documents.
const FEWER: u64 = 1_000_000;

/// All parts, or only the one named; `closing` takes a number of documents and a service, `load` rounds and trips.
pub fn run(words: &[String]) -> anyhow::Result<()> {
    let word = |place: usize| words.get(place).map(String::as_str);
    let shape = |place: usize| word(place).and_then(Shape::parse);
    let number = |place: usize| word(place).map(str::parse::<u64>).transpose();
    if let (Some(step @ ("close" | "differ")), Some(folder)) = (word(0), word(1)) {
        // What `closing` starts as a process of its own.
        let (documents, shape) = (number(2)?.context("a number")?, shape(3).context("a service")?);
        let run = if step == "close" { closing::run } else { differing::run };
        return run(Path::new(folder), documents, shape);
    }
    println!("machine: {} cores", std::thread::available_parallelism()?);
    let folder = tempfile::tempdir()?;
    let wanted = |name: &str| word(0).is_none_or(|word| word == name);
    if wanted("taking") {
        taking::run(folder.path())?;
    }
    if wanted("closing") {
        println!("\na period of four nodes closed, one thread:");
        let all = number(1)?.map_or(vec![FEWER, DOCUMENTS], |documents| vec![documents]);
        for shape in shape(2).map_or(vec![Shape::Trips, Shape::Settlements], |shape| vec![shape]) {
            for documents in &all {
                close(&folder.path().join("period"), *documents, shape)?;
            }
        }
    }
    if wanted("load") {
        beside::run(folder.path(), number(1)?.unwrap_or(beside::ROUNDS), number(2)?.unwrap_or(beside::TRIPS))?;
    }
    Ok(())
}

/// Fills files, keeps a copy, closes the one and then the other, each in a process of its own, so that memory is that of closing.
fn close(folder: &Path, documents: u64, shape: Shape) -> anyhow::Result<()> {
    fill::fill(folder, documents, shape, Instant::start_of("2027-01-01".parse().expect("a date")))?;
    let copy = folder.with_extension("copy");
    ensure!(Command::new("cp").arg("-r").args([folder, &copy]).status()?.success(), "the files are copied");
    for (step, folder) in [("close", folder), ("differ", &copy)] {
        let mut process = Command::new(std::env::current_exe()?);
        process.args(["clearing", step]).arg(folder).args([&documents.to_string(), shape.service()]);
        ensure!(process.status()?.success(), "{step} failed");
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}
