//! `huitong transit import`: real records of a city, taken in and matched.

mod records;
mod report;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use huitong_transit::model::import::Import;
use huitong_transit::model::import::counts::Counts;
use huitong_transit::model::parameters::Parameters;

/// Take in real records of a city's fare collection and match them 导入刷卡记录
///
/// FILE is a CSV of Shenzhen Tong (深圳通) records as published by the city's open-data platform: columns by their names, in
/// any order. Trips are matched by the rules that match trips of this region; as there is no fare table of that city, the
/// fares in the file are taken where they are plausible, and none is invented.
///
/// Every line ends in exactly one place: in a pair, alone with a reason, as a bus ride, as a duplicate, quarantined with a
/// reason, or told as unreadable. No whole card number and no number plate is printed.
///
/// Exit code 0 if every line was accounted for; 1 if the file is not such a file.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct ImportArguments {
    file: PathBuf,
    /// Write one line per record with what became of it, as CSV
    #[arg(long, value_name = "CSV")]
    out: Option<PathBuf>,
    /// Print one JSON document instead of the report
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &ImportArguments) -> anyhow::Result<i32> {
    let file = &arguments.file;
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let import = match Import::new(&bytes, &Parameters::default()) {
        Ok(import) => import,
        Err(fault) => {
            eprintln!("{}: {fault}", file.display());
            return Ok(crate::cli::FAILED);
        }
    };
    let counts = Counts::of(&import);
    if let Some(out) = &arguments.out {
        write(out, &import).with_context(|| format!("cannot write {}", out.display()))?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&counts)?);
    } else {
        print!("{}", report::Report { counts: &counts, file: &file.display().to_string() });
    }
    Ok(0)
}

fn write(out: &Path, import: &Import) -> anyhow::Result<()> {
    let written = records::write(std::io::BufWriter::new(std::fs::File::create(out)?), import)?;
    anyhow::ensure!(written == import.lines.len(), "{written} of {} lines were written", import.lines.len());
    Ok(())
}
