//! `huitong medical policy …`: packs as files, before they are published.

mod check;
mod diff;
mod what_if;

use std::path::Path;

use anyhow::{Context, anyhow};
use clap::Subcommand;
use huitong_medical::model::policy::Pack;
use huitong_service_kit::toml_data::json_text;
use serde_json::Value;

#[derive(Subcommand)]
pub enum PolicyCommand {
    /// All that is wrong with packs, each with its place: files, or folders of them
    Check(check::CheckArguments),
    /// What differs between two packs, and what that does to a bill
    Diff(diff::DiffArguments),
    /// What a past month would have cost under another pack, by person class, city, level and fund; nothing is booked
    WhatIf(what_if::WhatIfArguments),
}

pub fn run(command: PolicyCommand) -> anyhow::Result<i32> {
    match command {
        PolicyCommand::Check(arguments) => check::run(&arguments),
        PolicyCommand::Diff(arguments) => diff::run(&arguments),
        PolicyCommand::WhatIf(arguments) => what_if::run(&arguments),
    }
}

/// A pack's file, as a pack and as the data that it is.
fn read(path: &Path) -> anyhow::Result<(Pack, Value)> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let json = json_text(&text).map_err(|error| anyhow!("{}: {error}", path.display()))?;
    let pack = Pack::read(&json).map_err(|refusal| anyhow!("{}: {}", path.display(), check::told(&refusal)))?;
    Ok((pack, serde_json::from_str(&json)?))
}
