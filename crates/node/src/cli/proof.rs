//! `huitong prove` and `huitong verify-proof`

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use huitong_exchange::proof::Proof;
use huitong_kernel::checkpoint::SignedNote;
use huitong_kernel::feed::Feed;
use huitong_kernel::time::Instant;
use huitong_store::feeds;
use huitong_store::journal;
use huitong_store::readers::Readers;

use crate::region::manage;

#[derive(Args)]
pub struct ProveArguments {
    /// The folder of a node, for instance data/310000
    #[arg(long)]
    data: PathBuf,
    /// For instance '330000/medical>310000/medical'
    #[arg(long)]
    feed: Feed,
    /// Number of the message in the feed
    #[arg(long)]
    number: u64,
}

#[derive(Args)]
pub struct VerifyProofArguments {
    /// The proof, as `huitong prove` printed it
    proof: PathBuf,
    /// The region's manifest
    #[arg(long)]
    manifest: PathBuf,
}

pub fn prove(arguments: &ProveArguments) -> anyhow::Result<i32> {
    let manifest = manage::read(&arguments.data.join("manifest.json"))?.content()?;
    let config: crate::config::NodeConfig = toml::from_str(
        &std::fs::read_to_string(arguments.data.join("node.toml")).context("this is no node's folder")?,
    )?;
    let feed = &arguments.feed;
    let own = |division| manifest.jurisdiction(division).is_some_and(|known| known.node == config.name);
    let service = if own(feed.from.jurisdiction) {
        &feed.from.service
    } else if own(feed.to.jurisdiction) {
        &feed.to.service
    } else {
        bail!("the feed neither starts nor ends at {}", config.name)
    };
    let path = crate::services::stream_path(&arguments.data.join(&config.data), service);
    let connection = journal::open_reader(&path)?;
    let note = feeds::evidence_covering(&connection, feed, arguments.number)?;
    let note = note.context("no receipted checkpoint covers this message yet; try again after the next receipt")?;
    let size = note.parse::<SignedNote>()?.checkpoint()?.size;
    let leaves = feeds::leaves(&connection, feed, 1, size)?;
    let message = Readers::new(&path).view(|view| feeds::message(view, feed, arguments.number))?;
    let message = String::from_utf8(message.context("no such message")?)?;
    let proof = Proof::build(&manifest.region, feed, arguments.number, message, &manifest, &leaves, note);
    println!("{}", serde_json::to_string_pretty(&proof)?);
    Ok(0)
}

pub fn verify(arguments: &VerifyProofArguments) -> anyhow::Result<i32> {
    let text = std::fs::read_to_string(&arguments.proof)
        .with_context(|| format!("cannot read {}", arguments.proof.display()))?;
    let proof: Proof = serde_json::from_str(&text).context("this is no proof")?;
    let manifest = manage::read(&arguments.manifest)?.content()?;
    #[derive(serde::Deserialize)]
    struct Dated {
        at: Instant,
    }
    let dated: Dated = serde_json::from_str(&proof.message).context("the message carries no time")?;
    match proof.verify(&manifest, dated.at) {
        Ok(()) => {
            println!("Proved: message {} of {}, sent and receipted.", proof.number, proof.feed);
            println!("已证明：{} 的第 {} 号报文已发出并有回执。", proof.feed, proof.number);
            Ok(0)
        }
        Err(fault) => {
            println!("NOT proved 不成立: {fault}");
            Ok(super::FAILED)
        }
    }
}
