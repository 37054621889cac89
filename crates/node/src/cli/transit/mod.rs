//! `huitong transit …`: what gate vendors, issuers and testers use at the desk. None of it needs a running node.

mod attack_suite;
mod code;
mod conformance;
mod gate;
mod given;
mod moment;
mod picture;
mod vendor;

use clap::Subcommand;

#[derive(Subcommand)]
pub enum TransitCommand {
    /// Play every attack against a gate and print the conformance report
    AttackSuite(attack_suite::AttackSuiteArguments),
    /// Make, show and take apart ride codes
    #[command(subcommand)]
    Code(code::CodeCommand),
    /// A gate for testing: reads codes, keeps its record, uploads it
    Gate(Box<gate::GateArguments>),
}

pub fn run(command: TransitCommand) -> anyhow::Result<i32> {
    match command {
        TransitCommand::AttackSuite(arguments) => attack_suite::run(&arguments),
        TransitCommand::Code(command) => code::run(command),
        TransitCommand::Gate(arguments) => super::block_on(gate::run(*arguments)),
    }
}
