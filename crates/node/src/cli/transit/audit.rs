//! `huitong transit audit`: the invariants of transit once more, over a node's folder.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use huitong_store::View;
use huitong_transit::Transit;
use huitong_transit::query::audit::{self, VIOLATIONS_MAX};

/// Check trips, taps, money and figures of a node against the invariants 核查不变量
///
/// Reads beside a running node and changes nothing. Exit code 1 if anything is violated. Signatures are checked on a sample of
/// at most 2 000 codes, chosen by the hashes of their records.
#[derive(Args)]
pub struct AuditArguments {
    /// The node's folder, for instance data/310000
    #[arg(long)]
    data: PathBuf,
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &AuditArguments) -> anyhow::Result<i32> {
    let config = crate::config::NodeConfig::read(&arguments.data.join("node.toml"))?;
    let keeper = crate::region::keeper::ManifestKeeper::open(&config.manifest)?;
    let connection = huitong_store::journal::open_reader(&crate::services::stream_path(&config.data, "transit"))?;
    let manifest = keeper.current();
    let own = manifest.jurisdictions.iter().find(|jurisdiction| jurisdiction.node == config.name);
    let own = own.with_context(|| format!("the manifest knows no jurisdiction of the node {}", config.name))?.division;
    let audit = audit::audit(&Transit::default(), View::new(&connection), &keeper, own)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&audit)?);
    } else {
        println!(
            "{} trips 行程, {} taps 过闸记录, {} trips of own riders 本地账户行程, {} documents 单据",
            audit.trips, audit.taps, audit.home_trips, audit.documents
        );
        println!("{} of {} codes verified again 抽样复验乘车码", audit.codes_verified, audit.codes);
        for violation in &audit.violations {
            println!("  VIOLATED 违反 {} {}: {}", violation.invariant, violation.key, violation.sentence);
        }
        match audit.violations.len() {
            0 => println!("All invariants hold 全部不变量成立."),
            VIOLATIONS_MAX => println!("At least {VIOLATIONS_MAX} violations 违反项."),
            count => println!("{count} violations 违反项."),
        }
    }
    Ok(if audit.violations.is_empty() { 0 } else { super::super::FAILED })
}
