//! `huitong clearing close`

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::NodeAddress;

#[derive(Args)]
pub struct CloseArguments {
    #[command(flatten)]
    address: NodeAddress,
    /// For instance transit
    #[arg(long)]
    service: String,
    /// The open period, for instance 2026-11-24 or 2026-11
    #[arg(long)]
    period: String,
    /// Even if it is not over: what comes later falls into the next one
    #[arg(long)]
    early: bool,
}

pub async fn run(arguments: CloseArguments) -> anyhow::Result<i32> {
    let CloseArguments { address, service, period, early } = arguments;
    let path = format!("/v1/clearing/periods/{service}/{period}/closing");
    let key = format!("close-{service}-{period}");
    let body = json!({ "early": early });
    address.client().send::<_, Value>(Method::POST, &path, Some(&key), &body).await?;
    println!("Period {period} of {service} is cut; statements follow as soon as every node has cut it.");
    println!("业务{service}账期{period}已切账；各节点切账后自动出表。");
    Ok(0)
}
