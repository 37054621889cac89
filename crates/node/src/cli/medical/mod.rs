//! `huitong medical …`

mod policy;
mod recompute;
mod reconcile;
mod sandbox;
mod settle;

use clap::Subcommand;

#[derive(Subcommand)]
pub enum MedicalCommand {
    /// Settle an outpatient bill at a running node
    Settle(settle::SettleArguments),
    /// Compute past settlements again, from their entries alone
    Recompute(recompute::RecomputeArguments),
    /// Compare a hospital's records with the node's books, and mend what differs
    Reconcile(reconcile::ReconcileArguments),
    /// Write a hospital's settlements of some days from the journal, for records that it lost
    Rebuild(reconcile::RebuildArguments),
    /// A region of invented persons behind a proxy with faults on request, and a conformance report for a hospital's system
    Sandbox(sandbox::SandboxArguments),
    /// Check policy packs, compare two, or ask what a past month would have cost under another
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
}

pub fn run(command: MedicalCommand) -> anyhow::Result<i32> {
    match command {
        MedicalCommand::Settle(arguments) => super::block_on(settle::settle(arguments)),
        MedicalCommand::Recompute(arguments) => recompute::recompute(&arguments),
        MedicalCommand::Reconcile(arguments) => super::block_on(reconcile::reconcile(arguments)),
        MedicalCommand::Rebuild(arguments) => super::block_on(reconcile::rebuild(arguments)),
        MedicalCommand::Sandbox(arguments) => sandbox::run(&arguments),
        MedicalCommand::Policy(command) => policy::run(command),
    }
}
