//! `huitong transit …`: what gate vendors, issuers and testers use at the desk. None of it needs a running node.

mod attack_suite;
mod audit;
mod code;
mod conformance;
mod gate;
mod given;
mod import;
mod output;
pub(in crate::cli) mod picture;
mod replay;
mod vendor;

use clap::Subcommand;

#[derive(Subcommand)]
pub enum TransitCommand {
    AttackSuite(attack_suite::AttackSuiteArguments),
    Audit(audit::AuditArguments),
    #[command(subcommand)]
    Code(code::CodeCommand),
    Gate(Box<gate::GateArguments>),
    Import(import::ImportArguments),
    Replay(replay::ReplayArguments),
}

pub fn run(command: TransitCommand) -> anyhow::Result<i32> {
    match command {
        TransitCommand::AttackSuite(arguments) => attack_suite::run(&arguments),
        TransitCommand::Audit(arguments) => audit::run(&arguments),
        TransitCommand::Code(command) => code::run(command),
        TransitCommand::Gate(arguments) => super::block_on(gate::run(*arguments)),
        TransitCommand::Import(arguments) => import::run(&arguments),
        TransitCommand::Replay(arguments) => replay::run(&arguments),
    }
}
