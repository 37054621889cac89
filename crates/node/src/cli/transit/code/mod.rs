//! `huitong transit code …`: the issuer's and the phone's side of a ride code, for tests; and a code taken apart.

mod authorise;
mod fields;
mod inspect;
pub mod key;
mod profile;
mod show;
mod test_keys;
mod test_tables;
mod uic;

use clap::Subcommand;

/// Make, show and take apart ride codes
///
/// A ride in a minute, with the published test keys:
///   huitong transit code test-tables --out tables
///   huitong transit code key --out user.key
///   huitong transit code authorise --test-keys --user user.key --out authorisation.txt
///   huitong transit code show --authorisation authorisation.txt --key user.key --out code.png
///   huitong transit code inspect code.png --key-set tables/key-set.bin
///
/// The same in the second layout: key, authorise and show with --profile uic-918-9
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub enum CodeCommand {
    /// Make a key for a rider's phone
    Key(key::KeyArguments),
    /// Sign an authorisation (fields 1 to 15, or level 1) as the issuer does
    Authorise(authorise::AuthoriseArguments),
    /// Make a fresh code of an authorisation, as the phone does
    Show(show::ShowArguments),
    /// Name every field of a code; verify it when given a key set
    Inspect(inspect::InspectArguments),
    /// Make key set, deny list and station state of the published test keys, for trying a gate
    TestTables(test_tables::TestTablesArguments),
}

pub fn run(command: CodeCommand) -> anyhow::Result<i32> {
    match command {
        CodeCommand::Key(arguments) => key::run(&arguments),
        CodeCommand::Authorise(arguments) => authorise::run(&arguments),
        CodeCommand::Show(arguments) => show::run(&arguments),
        CodeCommand::Inspect(arguments) => inspect::run(&arguments),
        CodeCommand::TestTables(arguments) => test_tables::run(&arguments),
    }
}
