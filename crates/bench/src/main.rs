//! `make bench`: settlements per second and latency with one process per node, the load generator beside them, TLS and
//! signatures and fsync on; and the floors of fsync and signatures in the same run.
//!
//! `huitong-bench streams` tells what 1, 2 and 4 streams of one service commit together.
//! `huitong-bench transit [verifier|taps|closing]` measures ride codes, taps and the closing of a period.
//! `huitong-bench clearing [taking|closing|load]` takes documents, closes a period of ten million, and closes beside settlements.
//! `huitong-bench medical [computing|recomputing]` computes settlements on one core, and a month of a home's journal anew.
//! `huitong-bench million` settles a million bills between two nodes and tells their memory on the way and after a restart.

mod clearing;
mod floors;
mod load;
mod medical;
mod memory;
mod streams;
mod transit;

use anyhow::{Context, bail};
use huitong_node::demo::Region;
use huitong_node::demo::bills::Samples;
use huitong_node::demo::load::{CashierKeys, load as load_profile};
use huitong_node::region::profile::RegionProfile;
use huitong_node::supervisor::NodeProcess;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How long each rate is held.
const PHASE: Duration = Duration::from_secs(10);
const MILLION: usize = 1_000_000;
/// Callers that keep the nodes busy.
const CALLERS: usize = 128;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|word| word == "streams") {
        let folder = tempfile::tempdir()?;
        println!("machine: {} cores", std::thread::available_parallelism()?);
        return streams::run(folder.path());
    }
    if arguments.get(1).is_some_and(|word| word == "transit") {
        println!("machine: {} cores", std::thread::available_parallelism()?);
        let folder = tempfile::tempdir()?;
        return transit::run(folder.path(), arguments.get(2).map(String::as_str));
    }
    if arguments.get(1).is_some_and(|word| word == "clearing") {
        return clearing::run(&arguments[2..]);
    }
    if arguments.get(1).is_some_and(|word| word == "medical") {
        return medical::run(&arguments[2..]);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("region");
    let program = std::env::current_exe()?.with_file_name("huitong");
    let made = Command::new(&program)
        .args(["region", "init", "--base-port", "29310", "--data"])
        .arg(&data)
        .status()
        .context("build with `make bench`, which builds the nodes too")?;
    if !made.success() {
        bail!("the region could not be made; run from the project's folder");
    }
    // SAFETY: no other thread reads the environment yet.
    unsafe { std::env::set_var("HUITONG_PROGRAM", &program) };
    let region = Region::open(&data, RegionProfile::read(Path::new("regions/yangtze"))?)?;
    let nodes = region.start().await?;
    let samples = Samples::read(&region.profile)?;
    let keys = load_profile(&region, &samples).await?;
    if std::env::args().any(|argument| argument == "million") {
        return million(&region, &samples, &keys, nodes).await;
    }
    let ids = ids(&nodes);
    println!("machine: {} cores, shared by four nodes and the load generator", std::thread::available_parallelism()?);
    println!("\nfloors in this run (one core):");
    floors::print(folder.path())?;
    println!("\nidle: {}", memory::describe(&ids)?);
    let load = load::Load::new(&region, &samples, &keys, |_| true)?;
    println!("\nopen loop, {} s each (target: p99 ≤ 60 ms at 1 000/s):", PHASE.as_secs());
    for rate in [250, 500, 1_000] {
        println!("  {}", load.open_loop(rate, PHASE, &ids).await?);
    }
    println!("\nclosed loop, {} s each (target: ≥ 2 000 settlements/s):", PHASE.as_secs());
    for callers in [16, 64, 256] {
        println!("  {}", load.closed_loop(callers, PHASE, &ids).await?);
    }
    println!("\nafter: {}", memory::describe(&ids)?);
    for node in nodes {
        node.stop().await?;
    }
    Ok(())
}

fn ids(nodes: &[NodeProcess]) -> Vec<u32> {
    nodes.iter().filter_map(|node| node.id()).collect()
}

/// A million settlements that two nodes hold both, one as visited and one as home.
async fn million(
    region: &Region,
    samples: &Samples,
    keys: &CashierKeys,
    nodes: Vec<NodeProcess>,
) -> anyhow::Result<()> {
    let load = load::Load::new(region, samples, keys, |play| {
        let of_two = |code: &str| code.starts_with("31") || code.starts_with("33");
        of_two(&play.visited) && of_two(&play.home_area)
    })?;
    while load.sent() < MILLION {
        let told = load.closed_loop(CALLERS, PHASE, &ids(&nodes)).await?;
        println!("{:>8} sent: {told}; {}", load.sent(), memory::describe(&ids(&nodes))?);
    }
    for node in nodes {
        node.stop().await?;
    }
    let start = std::time::Instant::now();
    let nodes = region.start().await?;
    println!("all nodes ready again after {:.1} s; {}", start.elapsed().as_secs_f64(), memory::describe(&ids(&nodes))?);
    let told = load.closed_loop(CALLERS, PHASE, &ids(&nodes)).await?;
    println!("{:>8} sent: {told}; {}", load.sent(), memory::describe(&ids(&nodes))?);
    for node in nodes {
        node.stop().await?;
    }
    Ok(())
}
