//! `huitong verify`: a data folder checked without the node's code path for writing.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use huitong_clearing::Clearing;
use huitong_kernel::checkpoint::{Checkpoint, SignedNote};
use huitong_kernel::division::Division;
use huitong_kernel::entry::EntryKind;
use huitong_kernel::feed::Feed;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::manifest::Manifest;
use huitong_kernel::merkle::{CompactRange, leaf_hash};
use huitong_medical::Medical;
use huitong_registry::Registry;
use huitong_service_kit::Service;
use huitong_store::{View, attachment, journal};
use huitong_transit::Transit;
use serde::Serialize;
use std::collections::BTreeMap;

use crate::demo::audit::compare;
use crate::region::manage;
use crate::services::stream_path;

#[derive(Args)]
pub struct VerifyArguments {
    /// The folder of a node, for instance data/310000
    #[arg(long)]
    data: PathBuf,
    #[arg(long)]
    json: bool,
}

/// What was checked in one stream.
#[derive(Debug, Serialize)]
struct Verified {
    stream: String,
    entries: u64,
    messages: u64,
    /// Signed checkpoints whose root, signatures and receipts hold.
    checkpoints: u64,
    /// What lies beside entries until it is erased, held against the hashes in them.
    attachments: u64,
    faults: Vec<String>,
}

pub fn run(arguments: &VerifyArguments) -> anyhow::Result<i32> {
    let manifest = manage::read(&arguments.data.join("manifest.json"))?.content()?;
    let config = std::fs::read_to_string(arguments.data.join("node.toml")).context("this is no node's folder")?;
    let config: crate::config::NodeConfig = toml::from_str(&config)?;
    let jurisdiction = manifest.jurisdictions.iter().find(|jurisdiction| jurisdiction.node == config.name);
    let division = jurisdiction.context("the manifest does not know this node")?.division;
    let folder = arguments.data.join(&config.data);
    let runs = |service: &str| config.leads(service) || config.has_shared_journal();
    let mut verified = vec![verify_stream::<Registry>(&folder, division, &manifest)?];
    if runs(Medical::NAME) {
        verified.push(verify_stream::<Medical>(&folder, division, &manifest)?);
    }
    if runs(Transit::NAME) {
        verified.push(verify_stream::<Transit>(&folder, division, &manifest)?);
    }
    if runs(Clearing::NAME) {
        verified.push(verify_stream::<Clearing>(&folder, division, &manifest)?);
    }
    let good = verified.iter().all(|stream| stream.faults.is_empty());
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&verified)?);
    } else {
        for stream in &verified {
            println!(
                "{}: {} entries chained, {} of them with attachments, {} messages in their trees, {} checkpoints with receipts",
                stream.stream, stream.entries, stream.attachments, stream.messages, stream.checkpoints
            );
            stream.faults.iter().for_each(|fault| println!("  FAULT {fault}"));
        }
        println!("{}", if good { "All holds 全部成立." } else { "Something does not hold 有不成立之处." });
    }
    Ok(if good { 0 } else { super::FAILED })
}

fn verify_stream<S: Service + Default>(
    folder: &Path,
    division: Division,
    manifest: &Manifest,
) -> anyhow::Result<Verified> {
    let path = stream_path(folder, S::NAME);
    if !path.exists() {
        bail!("{} does not exist", path.display());
    }
    let mut verified = Verified {
        stream: format!("{division}/{}", S::NAME),
        entries: 0,
        messages: 0,
        checkpoints: 0,
        attachments: 0,
        faults: Vec::new(),
    };
    let function = manifest.hash_function();
    let connection = journal::open_reader(&path)?;
    if let Err(error) = journal::check_file(&connection) {
        verified.faults.push(error.to_string());
    }
    match journal::verify_chain(&connection, function) {
        Ok((sequence, _)) => verified.entries = sequence,
        Err(error) => verified.faults.push(error.to_string()),
    }
    verify_feeds(&connection, manifest, &mut verified)?;
    verify_attachments(&connection, function, &mut verified)?;
    for difference in compare::<S>(folder, division, function)? {
        verified.faults.push(format!(
            "the view {} differs from replay: {} rows only live, {} only replayed",
            difference.table, difference.only_live, difference.only_replayed
        ));
    }
    Ok(verified)
}

/// Holds what lies beside entries against the hashes that they name. What was erased by a decision is not missed; what is missing
/// otherwise was lost.
fn verify_attachments(
    connection: &huitong_store::journal::Connection,
    function: HashFunction,
    verified: &mut Verified,
) -> anyhow::Result<()> {
    let floor = attachment::floor(connection)?;
    journal::each_from(connection, 1, |entry| {
        if entry.kind != EntryKind::Decision {
            return Ok(());
        }
        let named = serde_json::from_slice::<attachment::Said<Digest>>(&entry.bytes)?.attachment;
        let held = attachment::of(View::new(connection), entry.sequence)?;
        let fault = match (named, held) {
            (None, None) => return Ok(()),
            (Some(_), None) if entry.sequence <= floor => return Ok(()),
            (Some(_), None) => Some("is missing, and no decision erased it"),
            (named, Some(bytes)) => {
                verified.attachments += 1;
                (named != Some(function.hash(&[&bytes]))).then_some("is not what the entry names")
            }
        };
        verified.faults.extend(fault.map(|fault| format!("what lies beside entry {} {fault}", entry.sequence)));
        Ok(())
    })?;
    Ok(())
}

/// Builds every feed's tree from the messages' bytes and holds each signed checkpoint against it.
fn verify_feeds(
    connection: &huitong_store::journal::Connection,
    manifest: &Manifest,
    verified: &mut Verified,
) -> anyhow::Result<()> {
    let function = manifest.hash_function();
    let mut trees: BTreeMap<Feed, CompactRange> = BTreeMap::new();
    let mut roots: BTreeMap<(Feed, u64), Digest> = BTreeMap::new();
    let mut notes: Vec<(Feed, Vec<u8>)> = Vec::new();
    journal::each_from(connection, 1, |entry| {
        match entry.kind {
            EntryKind::Sent { feed, number } | EntryKind::Received { feed, number } => {
                let tree = trees.entry(feed.clone()).or_insert_with(|| CompactRange::new(function));
                tree.push(leaf_hash(function, &entry.bytes));
                verified.messages += 1;
                if tree.size() != number {
                    verified.faults.push(format!("{feed}: message {number} stands at place {}", tree.size()));
                }
                roots.insert((feed, number), tree.root());
            }
            EntryKind::CheckpointReceived { feed } | EntryKind::ReceiptReceived { feed } => {
                notes.push((feed, entry.bytes));
            }
            EntryKind::Decision => {}
        }
        Ok(())
    })?;
    for (feed, note) in notes {
        match check_note(&feed, &note, &roots, manifest) {
            Ok(()) => verified.checkpoints += 1,
            Err(fault) => verified.faults.push(format!("{feed}: {fault}")),
        }
    }
    Ok(())
}

/// A note must fit the tree, and carry valid signatures of sender and receiver by keys that the manifest lists.
fn check_note(
    feed: &Feed,
    note: &[u8],
    roots: &BTreeMap<(Feed, u64), Digest>,
    manifest: &Manifest,
) -> Result<(), String> {
    let text = std::str::from_utf8(note).map_err(|_| "a checkpoint is not UTF-8".to_owned())?;
    let note: SignedNote = text.parse().map_err(|error| format!("a checkpoint cannot be read: {error}"))?;
    let checkpoint = note.checkpoint().map_err(|error| error.to_string())?;
    if checkpoint.origin != Checkpoint::origin_of(&manifest.region, feed) {
        return Err("a checkpoint of another feed".to_owned());
    }
    if roots.get(&(feed.clone(), checkpoint.size)) != Some(&checkpoint.root) {
        return Err(format!("the checkpoint of size {} is not that of the messages", checkpoint.size));
    }
    for party in [&feed.from, &feed.to] {
        let node = manifest.node_of(party.jurisdiction).ok_or("an unknown party")?;
        // When a note was signed is not in it, so any key that the manifest lists counts, past ones included.
        let signed = node.keys.iter().any(|key| note.verify(&node.name, &key.key).is_ok());
        if !signed {
            return Err(format!("the checkpoint of size {} is not signed by {}", checkpoint.size, node.name));
        }
    }
    Ok(())
}
