//! `huitong node`

use std::path::PathBuf;

use clap::Args;

use crate::config::NodeConfig;
use crate::logging;
use crate::running::RunningNode;

#[derive(Args)]
pub struct NodeArguments {
    /// The node's configuration, as `huitong region init` writes it
    #[arg(long)]
    config: PathBuf,
}

pub fn run(arguments: &NodeArguments) -> anyhow::Result<i32> {
    let config = NodeConfig::read(&arguments.config)?;
    logging::start(config.log);
    super::block_on(async {
        let node = RunningNode::start(&config).await?;
        super::until_told_to_end().await?;
        tracing::info!("the node ends: running requests are finished, nothing new is taken");
        node.stop().await;
        Ok(0)
    })
}
