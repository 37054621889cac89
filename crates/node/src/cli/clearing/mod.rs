//! `huitong clearing …`: periods cut, statements shown, every figure explained.

mod close;
mod explain;
mod recomputed;
mod show;

use clap::{Args, Subcommand};

use crate::demo::client::ApiClient;

#[derive(Subcommand)]
pub enum ClearingCommand {
    /// Cut the open period of a service at a running node; the other nodes follow 切账
    Close(close::CloseArguments),
    /// Statements, netting matrix, payments; one statement as CSV or for print 清算表
    Show(show::ShowArguments),
    /// Recompute a statement or trace a document from a node's folder, offline 数字溯源
    Explain(explain::ExplainArguments),
}

/// A running node and who asks.
#[derive(Args)]
pub struct NodeAddress {
    /// Base address of the node's API
    #[arg(long)]
    node: String,
    /// API key of a clearing clerk
    #[arg(long, env = "HUITONG_KEY")]
    key: String,
}

impl NodeAddress {
    fn client(&self) -> ApiClient {
        ApiClient::new(&self.node, &self.key)
    }
}

pub fn run(command: ClearingCommand) -> anyhow::Result<i32> {
    match command {
        ClearingCommand::Close(arguments) => super::block_on(close::run(arguments)),
        ClearingCommand::Show(arguments) => super::block_on(show::run(arguments)),
        ClearingCommand::Explain(arguments) => explain::run(&arguments),
    }
}
