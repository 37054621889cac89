//! `huitong medical recompute`

use std::path::PathBuf;

use clap::Args;

use crate::cli::FAILED;

#[derive(Args)]
pub struct RecomputeArguments {
    /// The folder of the home node, for instance data/330000
    #[arg(long)]
    data: PathBuf,
    /// One settlement; all when absent
    #[arg(long)]
    settlement: Option<String>,
    #[arg(long)]
    json: bool,
}

pub fn recompute(arguments: &RecomputeArguments) -> anyhow::Result<i32> {
    let config = crate::config::NodeConfig::read(&arguments.data.join("node.toml"))?;
    let path = crate::services::stream_path(&config.data, "medical");
    let connection = huitong_store::journal::open_reader(&path)?;
    let outcome = huitong_medical::query::recompute::all(&connection, arguments.settlement.as_deref())?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&outcome)?);
    } else {
        println!("{} settlements computed again, {} differ.", outcome.computed, outcome.differing.len());
        if outcome.by_pool > 0 {
            println!("{} of them by core systems of pools: their signed answers were compared.", outcome.by_pool);
        }
        for settlement in &outcome.differing {
            println!("  DIFFERS 不一致 {settlement}");
        }
    }
    let found = arguments.settlement.is_none() || outcome.computed > 0;
    if !found {
        println!("No such settlement at this home node; ask the node of the insured place (参保地).");
    }
    Ok(if outcome.differing.is_empty() && found { 0 } else { FAILED })
}
