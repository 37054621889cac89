//! `huitong medical sandbox`: a region of real nodes and invented persons for a hospital's IT, behind a proxy that records what the
//! hospital's system sends and does faults on request.

mod control;
mod faults;
mod listener;
mod nodes;
pub mod pool;
mod proxy;
mod record;
mod report;
mod rules;
mod welcome;

use std::fmt::Display;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use huitong_kernel::suite::Suite;
use huitong_service_kit::http::Clock;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::cli::{FAILED, until_told_to_end};
use crate::clock::SystemClock;
use crate::demo::Region;
use crate::demo::bills::Samples;
use crate::demo::load::load;
use crate::entropy;
use crate::region::init;
use crate::region::profile::RegionProfile;
use faults::{Fault, Faults};
use nodes::Nodes;
use proxy::Sandbox;
use record::Record;
use report::Report;

/// How often it is looked whether the nodes still run.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Args)]
pub struct SandboxArguments {
    /// Folder of the region; made when there is none. Without it: a folder that is removed at the end
    #[arg(long)]
    data: Option<PathBuf>,
    /// Port of the sandbox on 127.0.0.1; the nodes take port + 1, + 2, + 11, + 12, …
    #[arg(long, default_value_t = 7400, value_parser = clap::value_parser!(u16).range(1_024..=65_000))]
    port: u16,
    /// Folder of the region profile
    #[arg(long, default_value = "regions/yangtze")]
    profile: PathBuf,
    /// The hospital that the system under test plays; by default the profile's first
    #[arg(long)]
    hospital: Option<String>,
    /// A fault for the next message of a transaction: 2207=timeout_after_commit, 2207=late:20, *=duplicate
    #[arg(long = "fault", value_name = "INFNO=FAULT[:SECONDS]")]
    faults: Vec<Fault>,
    /// Where the report goes at the end; JSON if the name ends in .json
    #[arg(long)]
    report: Option<PathBuf>,
}

/// The region's folder; a temporary one is removed at the end.
struct Folder {
    path: PathBuf,
    is_temporary: bool,
}

impl Folder {
    fn of(data: Option<&Path>) -> anyhow::Result<Folder> {
        if let Some(path) = data {
            return Ok(Folder { path: path.to_owned(), is_temporary: false });
        }
        let now = SystemClock { offset_ms: 0 }.now();
        let name = huitong_kernel::id::new_uuid(now, &mut entropy::random_source()?);
        let path = std::env::temp_dir().join(format!("huitong-sandbox-{name}"));
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Folder { path, is_temporary: true })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_temporary
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            eprintln!("{} could not be removed: {error}", self.path.display());
        }
    }
}

/// The exit code is 0 unless a rule is broken.
pub fn run(arguments: &SandboxArguments) -> anyhow::Result<i32> {
    let profile = RegionProfile::read(&arguments.profile)?;
    let samples = Samples::read(&profile)?;
    let mut faults = Faults::default();
    for fault in &arguments.faults {
        faults.add(fault.clone()).map_err(|why| anyhow::anyhow!(why))?;
    }
    let hospital = hospital(arguments, &samples)?;
    let folder = Folder::of(arguments.data.as_deref())?;
    if !folder.path.join("region").exists() {
        make(&profile, &folder.path, arguments.port)?;
    }
    let region = Region::open(&folder.path, profile)?;
    let report = super::super::block_on(serve(arguments, region, &samples, (hospital, faults)))?;
    let Some(report) = report else { return Ok(0) };
    println!("\n{report}");
    if let Some(path) = &arguments.report {
        write(&report, path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(if report.is_broken() { FAILED } else { 0 })
}

fn hospital(arguments: &SandboxArguments, samples: &Samples) -> anyhow::Result<String> {
    let wanted = |code: &str| arguments.hospital.as_deref().is_none_or(|wanted| wanted == code);
    let found = samples.institutions.iter().find(|known| wanted(&known.code));
    let known = || samples.institutions.iter().map(|known| known.code.as_str()).collect::<Vec<_>>().join(", ");
    Ok(found.with_context(|| format!("the profile has these hospitals: {}", known()))?.code.clone())
}

fn make(profile: &RegionProfile, folder: &Path, port: u16) -> anyhow::Result<()> {
    let settings = init::Settings {
        suite: Suite::Ed25519Sha256,
        base_port: port + 1,
        clock_offsets_ms: Vec::new(),
        shared_journal: None,
    };
    let now = SystemClock { offset_ms: 0 }.now();
    init::init(profile, folder, &settings, now, &mut entropy::random_source()?).map(drop)
}

fn write(report: &(impl Serialize + Display), path: &Path) -> anyhow::Result<()> {
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let text = if is_json { serde_json::to_string_pretty(report)? } else { report.to_string() };
    Ok(std::fs::write(path, text)?)
}

/// Starts, serves until it is told to end, and ends the nodes; no report when it was told before it served.
async fn serve(
    arguments: &SandboxArguments,
    region: Region,
    samples: &Samples,
    (hospital, faults): (String, Faults),
) -> anyhow::Result<Option<Report>> {
    let address = (Ipv4Addr::LOCALHOST, arguments.port);
    let listener = TcpListener::bind(address);
    let listener =
        listener.await.with_context(|| format!("cannot listen on port {}; choose --port", arguments.port))?;
    println!("Starting a region of {} nodes 正在启动{}个节点 …", region.divisions().len(), region.divisions().len());
    let processes = tokio::select! {
        started = region.start() => started?,
        told = until_told_to_end() => return told.map(|()| None),
    };
    let nodes = Arc::new(Nodes::new(processes));
    let keys = tokio::select! {
        loaded = load(&region, samples) => loaded,
        told = until_told_to_end() => {
            nodes.stop().await?;
            return told.map(|()| None);
        }
    };
    let key = keys?.get(&hospital).cloned().context("every hospital of the profile was given a key")?;
    let division = format!("{}0000", hospital.get(1..3).unwrap_or_default());
    let place = region.leader(&division).await?;
    let member = region.members(&division)?.into_iter().nth(place).context("a member leads")?;
    let sandbox = Arc::new(Sandbox {
        region,
        nodes: Arc::clone(&nodes),
        hospital,
        node_url: member.1,
        http: proxy::http_client()?,
        faults: Mutex::new(faults),
        record: Mutex::new(Record::default()),
    });
    welcome::print(&sandbox, samples, arguments.port, &key);
    let served = tokio::select! {
        () = listener::serve(listener, proxy::router(Arc::clone(&sandbox))) => Ok(()),
        told = until_told_to_end() => told,
        ended = watch(&nodes) => Err(ended),
    };
    let report = Report::of(&sandbox);
    nodes.stop().await?;
    served.map(|()| Some(report))
}

/// Ends when a node has ended by itself.
async fn watch(nodes: &Nodes) -> anyhow::Error {
    loop {
        tokio::time::sleep(LOOK).await;
        if let Some(log) = nodes.ended().await {
            return anyhow::anyhow!("a node ended by itself; its log is {}", log.display());
        }
    }
}
