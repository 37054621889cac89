//! `huitong journal …`: journals moved between SQLite and PostgreSQL, backed up, and restored to a moment.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use huitong_clearing::Clearing;
use huitong_kernel::division::Division;
use huitong_kernel::feed::Address;
use huitong_kernel::hash::HashFunction;
use huitong_kernel::time::Instant;
use huitong_medical::Medical;
use huitong_registry::Registry;
use huitong_service_kit::Service;
use huitong_service_kit::stream::ServiceLogic;
use huitong_store::copy::{self, Journal};
use huitong_store::group::GroupCommitter;
use huitong_store::{attachment, journal};
use huitong_transit::Transit;

use crate::config::{NodeConfig, SERVICES};
use crate::region::manage;
use crate::services::{shared_table, stream_path};

/// How often a backup that follows looks for new entries.
const FOLLOW_PAUSE: Duration = Duration::from_secs(1);

#[derive(Subcommand)]
pub enum JournalCommand {
    /// Move a stopped node's journals: from its files into PostgreSQL, or back
    Copy(CopyArguments),
    /// Copy what a node's journals hold into a folder; again and again, or continuously
    Backup(BackupArguments),
    /// Make a node's streams anew from a backup
    Restore(RestoreArguments),
    /// Take a restored journal for complete although a peer that could tell is away; the node is stopped
    Confirm(ConfirmArguments),
}

#[derive(Args)]
pub struct CopyArguments {
    /// The folder of the node, for instance data/310000
    #[arg(long)]
    data: PathBuf,
    /// sqlite (the node's own files) or postgres://…
    #[arg(long)]
    from: String,
    /// sqlite (the node's own files) or postgres://…
    #[arg(long)]
    to: String,
}

#[derive(Args)]
pub struct BackupArguments {
    /// The folder of the node; it may be running
    #[arg(long)]
    data: PathBuf,
    /// The folder of the backup, on another disk
    #[arg(long)]
    to: PathBuf,
    /// Go on until Ctrl-C, a second behind at most
    #[arg(long)]
    follow: bool,
}

#[derive(Args)]
pub struct RestoreArguments {
    /// The folder of the backup
    #[arg(long)]
    backup: PathBuf,
    /// The folder of the node; its streams must not exist
    #[arg(long)]
    data: PathBuf,
    /// Only what had been decided by then, for instance 2026-11-24T10:00:00+08:00
    #[arg(long)]
    until: Option<String>,
}

#[derive(Args)]
pub struct ConfirmArguments {
    /// The folder of the node
    #[arg(long)]
    data: PathBuf,
}

/// A node's folder.
struct Node {
    folder: PathBuf,
    config: NodeConfig,
    division: Division,
    function: HashFunction,
}

impl Node {
    fn open(folder: &Path) -> anyhow::Result<Node> {
        let manifest = manage::read(&folder.join("manifest.json"))?.content()?;
        let config = NodeConfig::read(&folder.join("node.toml"))?;
        let found = manifest.jurisdictions.iter().find(|jurisdiction| jurisdiction.node == config.name);
        let division = found.context("the manifest does not know this node")?.division;
        Ok(Node { folder: folder.to_owned(), config, division, function: manifest.hash_function() })
    }

    fn address(&self, service: &str) -> String {
        Address::new(self.division, service).to_string()
    }

    fn table(&self, url: &str, service: &str) -> anyhow::Result<Journal> {
        let table = shared_table(&NodeConfig { journal: url.to_owned(), ..self.config.clone() })?;
        Ok(Journal::Table { table: Box::new(table), stream: self.address(service) })
    }

    /// The journal proper of a service, for reading.
    fn journal(&self, service: &str) -> anyhow::Result<Option<Journal>> {
        if self.config.has_shared_journal() {
            return self.table(&self.config.journal, service).map(Some);
        }
        let path = stream_path(&self.config.data, service);
        if path.exists() { Ok(Some(Journal::read_file(&path)?)) } else { Ok(None) }
    }
}

pub fn run(command: &JournalCommand) -> anyhow::Result<i32> {
    match command {
        JournalCommand::Copy(arguments) => copy_journals(arguments),
        JournalCommand::Backup(arguments) => backup(arguments),
        JournalCommand::Restore(arguments) => restore(arguments),
        JournalCommand::Confirm(arguments) => confirm(arguments),
    }
}

fn copy_journals(arguments: &CopyArguments) -> anyhow::Result<i32> {
    let node = Node::open(&arguments.data)?;
    for service in SERVICES {
        let file = stream_path(&node.config.data, service);
        let copied = match (arguments.from.as_str(), arguments.to.as_str()) {
            ("sqlite", url) if url != "sqlite" => {
                if !file.exists() {
                    continue;
                }
                let (mut from, mut to) = (Journal::read_file(&file)?, node.table(url, service)?);
                let copied = copy::copy(&mut from, &mut to, node.function, None)?;
                (copied, copy::prove_equal(&mut from, &mut to, node.function)?)
            }
            (url, "sqlite") if url != "sqlite" => {
                let mut from = node.table(url, service)?;
                let copied = adopt_into(&node, service, &mut from, &file, None)?;
                (copied, copy::prove_equal(&mut from, &mut Journal::read_file(&file)?, node.function)?)
            }
            _ => bail!("name sqlite on one side and postgres://… on the other"),
        };
        let (entries, (sequence, chain)) = copied;
        println!("{}: {entries} entries copied; both end at {sequence} {chain}", node.address(service));
    }
    println!("Both sides were read again from the first entry: they are equal 两侧日志逐条核对一致.");
    println!("Now set `journal` in {} and start the node.", node.folder.join("node.toml").display());
    Ok(0)
}

/// Copies entries into a stream's file, building its views; gives how many.
fn adopt_into(node: &Node, service: &str, from: &mut Journal, file: &Path, until: Option<u64>) -> anyhow::Result<u64> {
    match service {
        Registry::NAME => adopt::<Registry>(node, from, file, until),
        Medical::NAME => adopt::<Medical>(node, from, file, until),
        Transit::NAME => adopt::<Transit>(node, from, file, until),
        Clearing::NAME => adopt::<Clearing>(node, from, file, until),
        other => bail!("the service {other} is not known"),
    }
}

fn adopt<S: Service + Default>(
    node: &Node,
    from: &mut Journal,
    file: &Path,
    until: Option<u64>,
) -> anyhow::Result<u64> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let logic = ServiceLogic::<S>::for_replay(Address::new(node.division, S::NAME), node.function);
    let mut target = GroupCommitter::open(file, node.function, logic)?;
    copy::check_beginning(from, target.head()?)?;
    let mut count = 0;
    loop {
        let mut entries = from.after(target.head()?.0)?;
        entries.retain(|entry| until.is_none_or(|until| entry.sequence <= until));
        if entries.is_empty() {
            // What a backup was told to erase after the moment is not there either.
            attachment::raise_floor(target.connection(), from.floor()?.min(target.head()?.0))?;
            return Ok(count);
        }
        count += entries.len() as u64;
        target.adopt(&entries)?;
    }
}

fn backup_file(backup: &Path, service: &str) -> PathBuf {
    backup.join(format!("{service}.journal.db"))
}

fn backup(arguments: &BackupArguments) -> anyhow::Result<i32> {
    let node = Node::open(&arguments.data)?;
    std::fs::create_dir_all(&arguments.to)?;
    back_up(&node, &arguments.to, true)?;
    if !arguments.follow {
        return Ok(0);
    }
    super::block_on(async {
        let mut told = std::pin::pin!(super::until_told_to_end());
        loop {
            tokio::select! {
                told = &mut told => return told,
                () = tokio::time::sleep(FOLLOW_PAUSE) => {
                    // A full disk or a database that is away: the next round may fare better.
                    if let Err(error) = tokio::task::block_in_place(|| back_up(&node, &arguments.to, false)) {
                        eprintln!("huitong: the backup waits: {error:#}");
                    }
                }
            }
        }
    })?;
    Ok(0)
}

/// Copies what the backup lacks. Private keys are not part of it: they are kept elsewhere.
fn back_up(node: &Node, to: &Path, tell: bool) -> anyhow::Result<()> {
    for service in SERVICES {
        let Some(mut from) = node.journal(service)? else { continue };
        let mut target = Journal::backup_file(&backup_file(to, service))?;
        let copied = copy::copy(&mut from, &mut target, node.function, None)?;
        if tell {
            let (sequence, chain) = target.head()?;
            println!("{}: {copied} entries copied; the backup ends at {sequence} {chain}", node.address(service));
        }
    }
    for file in ["node.toml", "manifest.json"] {
        std::fs::copy(node.folder.join(file), to.join(file)).with_context(|| format!("cannot copy {file}"))?;
    }
    Ok(())
}

fn restore(arguments: &RestoreArguments) -> anyhow::Result<i32> {
    let until: Option<Instant> = arguments.until.as_deref().map(moment).transpose()?;
    std::fs::create_dir_all(&arguments.data)?;
    for file in ["node.toml", "manifest.json"] {
        let target = arguments.data.join(file);
        if !target.exists() {
            std::fs::copy(arguments.backup.join(file), &target).with_context(|| format!("the backup has no {file}"))?;
        }
    }
    let node = Node::open(&arguments.data)?;
    let services: Vec<&str> =
        SERVICES.iter().copied().filter(|service| backup_file(&arguments.backup, service).exists()).collect();
    ensure!(!services.is_empty(), "{} holds no backup", arguments.backup.display());
    for service in &services {
        let file = stream_path(&node.config.data, service);
        ensure!(!file.exists(), "{} exists; move the old streams away first", file.display());
    }
    for service in services {
        let mut from = Journal::read_file(&backup_file(&arguments.backup, service))?;
        let last = until.map(|until| copy::last_by(&mut from, until)).transpose()?;
        if node.config.has_shared_journal() {
            let mut table = node.table(&node.config.journal, service)?;
            ensure!(table.head()?.0 == 0, "the database holds a journal of {} already", node.address(service));
            copy::copy(&mut from, &mut table, node.function, last)?;
        }
        let file = stream_path(&node.config.data, service);
        let entries = adopt_into(&node, service, &mut from, &file, last)?;
        journal::mark_unconfirmed(&file, true)?;
        let (sequence, chain) = Journal::read_file(&file)?.head()?;
        println!(
            "{}: {entries} entries restored, views built anew; it ends at {sequence} {chain}",
            node.address(service)
        );
    }
    println!(
        "The node takes calls once its peers have confirmed that they know of nothing newer 待对方节点确认后恢复受理."
    );
    Ok(0)
}

fn confirm(arguments: &ConfirmArguments) -> anyhow::Result<i32> {
    let node = Node::open(&arguments.data)?;
    for service in SERVICES {
        let file = stream_path(&node.config.data, service);
        if file.exists() {
            journal::mark_unconfirmed(&file, false)?;
        }
    }
    println!(
        "The node takes calls at its next start. If a peer holds more after all, it stops again, and what it took is a fork."
    );
    Ok(0)
}

/// A moment with its offset (RFC 3339).
fn moment(text: &str) -> anyhow::Result<Instant> {
    Instant::parse(text).with_context(|| format!("{text:?} is no moment; write 2026-11-24T10:00:00+08:00"))
}
