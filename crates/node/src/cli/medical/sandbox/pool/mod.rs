//! `huitong medical pool-sandbox`: plays the home node against the core system of a pool (统筹区核心系统): every call of the contract,
//! with faults, and a conformance report. The contract: docs/services/medical-pool-endpoint.md.

mod asker;
mod report;
mod trials;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use huitong_kernel::division::Division;
use huitong_kernel::suite::{PublicKey, Signer, SoftwareKey, Suite};
use huitong_medical::pool::request::Bill;
use huitong_service_kit::http::Clock;

use crate::cli::FAILED;
use crate::clock::SystemClock;
use crate::pool_endpoint::config::PoolConfig;
use crate::{entropy, keys};
use asker::Asker;

/// What is asked about where nobody says otherwise: an invented person, three lines. `TODAY` stands for the day.
const BILL: &str = include_str!("bill.json");
/// A file larger than this is no bill.
const BILL_BYTES_MAX: u64 = 1024 * 1024;

#[derive(Args)]
pub struct PoolSandboxArguments {
    /// Address of the core system's endpoint, without the name of the call
    #[arg(long, required_unless_present = "show_bill")]
    endpoint: Option<String>,
    /// Key that signs its answers: ed25519:HEX
    #[arg(long, required_unless_present = "show_bill")]
    public_key: Option<String>,
    /// The pool, six digits
    #[arg(long, default_value = "330100")]
    pool: Division,
    /// PEM file of the certificates that the endpoint's may be signed by
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Key file with which the sandbox signs as the node `sandbox`; made when there is none. The endpoint must accept its public key
    #[arg(long, default_value = "pool-sandbox.key")]
    key: PathBuf,
    /// A bill of the contract (JSON) for a test person of the core system; by default an invented one
    #[arg(long)]
    bill: Option<PathBuf>,
    /// Print the invented bill, to be adapted, and end
    #[arg(long)]
    show_bill: bool,
    /// Where the report goes too; JSON if the name ends in .json
    #[arg(long)]
    report: Option<PathBuf>,
}

/// The exit code is 0 unless a rule is broken, or nothing could be tried.
pub async fn run(arguments: PoolSandboxArguments) -> anyhow::Result<i32> {
    let text = bill(arguments.bill.as_deref())?;
    if arguments.show_bill {
        print!("{text}");
        return Ok(0);
    }
    let bill: Bill = serde_json::from_str(&text).context("the bill is not one of the contract 不是契约规定的费用单")?;
    let key = key(&arguments.key)?;
    println!("The sandbox signs as node \"sandbox\" with 沙箱以节点sandbox的身份签名，公钥: {}", key.public_key());
    let public_key = arguments.public_key.unwrap_or_default();
    let public_key: PublicKey = public_key.parse().map_err(|error| anyhow::anyhow!("--public-key: {error}"))?;
    let endpoint = arguments.endpoint.unwrap_or_default();
    let config = PoolConfig { endpoint, public_key, computes: true, ca: arguments.ca };
    config.check(arguments.pool)?;
    let mut asker = Asker::new(&config, arguments.pool, key, bill)?;
    let report = report::of(&mut asker, config.endpoint).await;
    println!("\n{report}");
    if let Some(path) = &arguments.report {
        super::write(&report, path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(if report.is_good() { 0 } else { FAILED })
}

fn bill(path: Option<&Path>) -> anyhow::Result<String> {
    let Some(path) = path else {
        let today = SystemClock { offset_ms: 0 }.now().business_date();
        return Ok(BILL.replace("TODAY", &today.to_string()));
    };
    let context = || format!("cannot read {}", path.display());
    if std::fs::metadata(path).with_context(context)?.len() > BILL_BYTES_MAX {
        anyhow::bail!("{} is too large for a bill 文件过大", path.display());
    }
    std::fs::read_to_string(path).with_context(context)
}

fn key(path: &Path) -> anyhow::Result<SoftwareKey> {
    if path.exists() {
        return keys::read(path);
    }
    keys::generate(path, Suite::Ed25519Sha256, "pool sandbox", &mut entropy::random_source()?)
}
