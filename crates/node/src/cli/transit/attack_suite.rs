//! `huitong transit attack-suite`

use std::time::Duration;

use clap::Args;
use huitong_transit_code::attack::{self, OwnGate};

use super::conformance::{Conformance, three_signatures_us};
use super::output;
use super::vendor::Vendor;

/// Play every attack against a gate and print the conformance report
///
/// The attacks are those of the transit specification (§5.7), each built so that all earlier checks pass; genuine codes that
/// must pass stand beside them.
///
/// Without --command the gate under test is this library's own. With it, the command is started by `sh -c` and spoken to
/// over its standard input and output, one line a step, one line an answer:
///
///   reset KEY NETWORK STATION      the operator's key, the gate's place; the gate forgets everything
///   key-set TABLE | deny TABLE | state TABLE
///   verify NOW ERROR WAY CODE      a code before the reader at NOW (Unix seconds), by a clock that
///                                  may be ERROR seconds off, - if nobody knows how far
///   passed NOW WAY CODE            another gate of the station let it pass
///
/// WAY is in, out or boarding; bytes are hexadecimal. The answer is the field code (0, -1, -101 …) and, if the gate tells it, the reason's name.
///
/// Exit code 0 only if every answer is as expected.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct AttackSuiteArguments {
    /// Print one JSON document instead of the report
    #[arg(long)]
    json: bool,
    /// Whose gate this is, for the report's head
    #[arg(long)]
    vendor: Option<String>,
    /// A vendor's gate program, for instance "./vendor-gate --line"
    #[arg(long)]
    command: Option<String>,
    /// How long the program may take for one answer, seconds
    #[arg(long, default_value_t = 10)]
    patience_s: u64,
}

pub fn run(arguments: &AttackSuiteArguments) -> anyhow::Result<i32> {
    let (report, time_us) = match &arguments.command {
        None => (attack::run(&mut OwnGate::default()), Some(three_signatures_us()?)),
        Some(command) => {
            let (_vendor, mut gate) = Vendor::start(command, Duration::from_secs(arguments.patience_s))?;
            (attack::run(&mut gate), None)
        }
    };
    let gate = arguments.command.as_deref().unwrap_or("huitong-transit-code");
    let conformance = Conformance::new(arguments.vendor.clone(), gate, report, time_us);
    if arguments.json {
        output::line(serde_json::to_string_pretty(&conformance)?)?;
    } else {
        output::text(&conformance)?;
    }
    Ok(if conformance.passed { 0 } else { crate::cli::FAILED })
}
