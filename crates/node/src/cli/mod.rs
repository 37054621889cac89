//! The command line: `huitong --help` tells the story.

mod call;
mod clearing;
mod journal;
mod medical;
mod node;
mod proof;
mod region;
mod transit;
mod verify;

use clap::{Parser, Subcommand};

/// Exit codes: 0 done, 1 failed (the message says what to do next), 2 the command line was wrong.
pub const FAILED: i32 = 1;

const STORY: &str = "\
Huitong 汇通 joins the public services of neighbouring jurisdictions: one node per jurisdiction, every message signed and \
receipted, money settled and cleared, every figure traceable.

A region on this machine, played once:
  huitong region run                          four nodes, a morning at the cashiers, then they go on serving
  huitong region demo --once --json           the same for scripts: one JSON document, exit 0 only if nothing was lost

A region by hand:
  huitong region init --data data             keys, certificates and the signed manifest
  huitong node --config data/310000/node.toml one node; start each on its own machine
  huitong region show --data data             who takes part, which keys speak, until when

Every endpoint (a node's /docs lists them) from the command line:
  huitong call GET /v1/medical/prepayments --node http://127.0.0.1:7310 --key ht_…
  huitong call POST /v1/medical/filings --body filing.json --node … --key …

For operators:
  huitong journal backup --data data/310000 --to /backup/310000 --follow
  huitong journal restore --backup /backup/310000 --data data/310000
  huitong journal copy --data data/310000 --from sqlite --to postgres://…

At a hospital:
  huitong medical settle bill.json --node http://127.0.0.1:7310 --key ht_…
  huitong medical fhir check claim.json       every sum of FHIR documents, offline
  huitong medical sandbox                     a region to try the hospital's system at, with faults and a report

At a pool that computes in a core system of its own:
  huitong medical pool-sandbox --endpoint … --public-key …   plays the home node, with faults and a report

At a clearing centre:
  huitong clearing close --service transit --period 2026-11-24 --node http://127.0.0.1:7310 --key ht_…
  huitong clearing show --node http://127.0.0.1:7310 --key ht_…
  huitong clearing explain --data data/310000 --service transit --period 2026-11-24 --peer 330000

For makers of ticket gates:
  huitong transit attack-suite --vendor NAME --command ./vendor-gate
  huitong transit gate --help                 a gate for testing

For auditors, offline:
  huitong verify --data data/310000           chain, trees, receipts, views equal replay
  huitong prove … > proof.json                one message, without disclosing the others
  huitong verify-proof proof.json --manifest data/region/manifest.json
  huitong medical recompute --data data/330000  every settlement again, from its entries alone
  huitong transit audit --data data/310000    trips, taps, money and figures against the invariants";

#[derive(Parser)]
#[command(name = "huitong", version, about = "Public services across jurisdictions 汇通", long_about = STORY)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run one node
    Node(node::NodeArguments),
    /// Set up, run, show and change a region
    #[command(subcommand)]
    Region(region::RegionCommand),
    /// Check a node's data folder without the code that writes it
    Verify(verify::VerifyArguments),
    /// Move journals between SQLite and PostgreSQL, back them up, restore them
    #[command(subcommand)]
    Journal(journal::JournalCommand),
    /// Make a proof of one message
    Prove(proof::ProveArguments),
    /// Check a proof against a manifest, offline
    VerifyProof(proof::VerifyProofArguments),
    /// Call any endpoint of a node's API 调用接口
    Call(call::CallArguments),
    /// Settle bills, recompute settlements
    #[command(subcommand)]
    Medical(medical::MedicalCommand),
    /// Ride codes: try a gate, make codes, play a gate 乘车码
    #[command(subcommand)]
    Transit(transit::TransitCommand),
    /// Periods cut, statements, netting, payments, every figure explained 清算
    #[command(subcommand)]
    Clearing(clearing::ClearingCommand),
}

/// Runs the command line; gives the exit code.
pub fn run() -> i32 {
    let line = CommandLine::parse();
    let result = match line.command {
        Command::Node(arguments) => node::run(&arguments),
        Command::Region(command) => region::run(command),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Journal(command) => journal::run(&command),
        Command::Prove(arguments) => proof::prove(&arguments),
        Command::VerifyProof(arguments) => proof::verify(&arguments),
        Command::Call(arguments) => block_on(call::run(arguments)),
        Command::Medical(command) => medical::run(command),
        Command::Transit(command) => transit::run(command),
        Command::Clearing(command) => clearing::run(command),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("huitong: {error:#}");
            FAILED
        }
    }
}

/// Runs a future on a runtime of its own.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(future)
}

/// Ends when the person presses Ctrl-C or the process is asked to terminate.
async fn until_told_to_end() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
