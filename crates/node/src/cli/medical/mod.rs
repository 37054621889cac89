//! `huitong medical …`

mod days;
mod fhir;
mod policy;
mod receipt;
mod recompute;
mod reconcile;
mod sandbox;
mod settle;
mod verify_receipt;

use clap::Subcommand;

#[derive(Subcommand)]
pub enum MedicalCommand {
    /// Settle an outpatient bill at a running node
    Settle(settle::SettleArguments),
    /// Compute past settlements again, from their entries alone
    Recompute(recompute::RecomputeArguments),
    /// Compare a hospital's records with the node's books, and mend what differs
    Reconcile(reconcile::ReconcileArguments),
    /// Days with other jurisdictions: whether both nodes hold the same documents, and what differs 与外地对账
    Days(days::DaysArguments),
    /// Write a hospital's settlements of some days from the journal, for records that it lost
    Rebuild(reconcile::RebuildArguments),
    /// Print the receipt of a settlement, each step explained, with its verifiable QR code 结算凭证
    Receipt(receipt::ReceiptArguments),
    /// Verify a receipt against a manifest, offline 核验凭证
    VerifyReceipt(verify_receipt::VerifyReceiptArguments),
    /// A region of invented persons behind a proxy with faults on request, and a conformance report for a hospital's system
    Sandbox(sandbox::SandboxArguments),
    /// Plays the home node against the core system of a pool, with faults, and prints a conformance report 核心系统沙箱
    PoolSandbox(sandbox::pool::PoolSandboxArguments),
    /// Check policy packs, compare two, or ask what a past month would have cost under another
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Check the sums of FHIR documents
    #[command(subcommand)]
    Fhir(fhir::FhirCommand),
}

pub fn run(command: MedicalCommand) -> anyhow::Result<i32> {
    match command {
        MedicalCommand::Settle(arguments) => super::block_on(settle::settle(arguments)),
        MedicalCommand::Recompute(arguments) => recompute::recompute(&arguments),
        MedicalCommand::Reconcile(arguments) => super::block_on(reconcile::reconcile(arguments)),
        MedicalCommand::Days(arguments) => super::block_on(days::days(arguments)),
        MedicalCommand::Rebuild(arguments) => super::block_on(reconcile::rebuild(arguments)),
        MedicalCommand::Receipt(arguments) => super::block_on(receipt::receipt(arguments)),
        MedicalCommand::VerifyReceipt(arguments) => super::block_on(verify_receipt::verify(arguments)),
        MedicalCommand::Sandbox(arguments) => sandbox::run(&arguments),
        MedicalCommand::PoolSandbox(arguments) => super::block_on(sandbox::pool::run(arguments)),
        MedicalCommand::Policy(command) => policy::run(command),
        MedicalCommand::Fhir(command) => fhir::run(command),
    }
}
