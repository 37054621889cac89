//! `huitong region …`

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use huitong_kernel::division::Division;
use huitong_kernel::manifest::Manifest;
use huitong_kernel::suite::{PublicKey, Suite};
use huitong_kernel::time::DurationMs;
use huitong_service_kit::http::Clock;
use indicatif::{ProgressBar, ProgressStyle};

use crate::clock::SystemClock;
use crate::demo::Region;
use crate::demo::audit::audit;
use crate::demo::bills::Samples;
use crate::demo::clearing::report::ClearingReport;
use crate::demo::load::load;
use crate::demo::morning::{Settings as MorningSettings, play};
use crate::demo::report::Report;
use crate::demo::transit;
use crate::demo::transit::report::TransitReport;
use crate::region::profile::{JurisdictionProfile, RegionProfile};
use crate::region::{init, manage};
use crate::{entropy, keys};

#[derive(Subcommand)]
pub enum RegionCommand {
    /// Make keys, certificates, node folders and the first signed manifest
    Init(InitArguments),
    /// Start all nodes here, play a morning, go on serving until Ctrl-C
    Run(RunArguments),
    /// Play a morning and audit it
    Demo(DemoArguments),
    /// Show the manifest in force
    Show(ShowArguments),
    /// Draft a manifest with a new key for a node
    RotateKey(RotateArguments),
    /// Draft a manifest in which a key speaks for nobody any more
    RevokeKey(RevokeArguments),
    /// Draft a manifest with other addresses, members or services of a node
    ChangeNode(ChangeNodeArguments),
    /// At a jurisdiction that wants to join: make its keys, configuration and request
    PrepareJoin(PrepareJoinArguments),
    /// Draft a manifest with the jurisdiction and node of a request
    Join(JoinArguments),
    /// Sign a draft with a jurisdiction's root key
    Sign(SignArguments),
    /// Put a sufficiently signed draft into force
    Publish(ManifestArguments),
}

#[derive(Args, Clone)]
pub struct InitArguments {
    /// Folder of the region profile
    #[arg(long, default_value = "regions/yangtze")]
    profile: PathBuf,
    /// Folder for keys, manifest and streams
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// ed25519-sha256 or sm2-sm3
    #[arg(long, default_value = "ed25519-sha256")]
    suite: Suite,
    /// First port: APIs listen on base, base + 10, …; the exchange one above each
    #[arg(long, default_value_t = 7310)]
    base_port: u16,
    /// A jurisdiction whose node gets two members on a shared journal: 330000=postgres://user:password@host/database
    #[arg(long)]
    shared_journal: Option<SharedJournalArgument>,
    /// For tests: clock error of each node in milliseconds, in the order of the profile
    #[arg(long, hide = true, value_delimiter = ',', allow_hyphen_values = true)]
    clock_offsets_ms: Vec<i64>,
}

/// `DIVISION=URL`
#[derive(Clone)]
struct SharedJournalArgument {
    division: Division,
    url: String,
}

impl std::str::FromStr for SharedJournalArgument {
    type Err = String;
    fn from_str(text: &str) -> Result<SharedJournalArgument, String> {
        let (division, url) = text.split_once('=').ok_or("write DIVISION=URL")?;
        let division = division.parse().map_err(|_| "a division has six digits".to_owned())?;
        Ok(SharedJournalArgument { division, url: url.to_owned() })
    }
}

#[derive(Args)]
pub struct RunArguments {
    #[command(flatten)]
    init: InitArguments,
    /// Bills of the morning
    #[arg(long, default_value_t = 2_000)]
    bills: usize,
    /// Riders of each city on the day of transit; 0 leaves it out
    #[arg(long, default_value_t = RIDERS)]
    riders: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Riders of each city.
const RIDERS: usize = 24;

#[derive(Args)]
pub struct DemoArguments {
    #[command(flatten)]
    init: InitArguments,
    #[arg(long, default_value_t = 2_000)]
    bills: usize,
    /// Riders of each city on the day of transit; 0 leaves it out
    #[arg(long, default_value_t = RIDERS)]
    riders: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Cashiers working at the same time
    #[arg(long, default_value_t = 16)]
    cashiers: usize,
    /// End after the morning instead of serving on
    #[arg(long)]
    once: bool,
    /// Print one JSON document instead of the report
    #[arg(long)]
    json: bool,
    /// The nodes run already: do not start them
    #[arg(long)]
    attach: bool,
}

#[derive(Args)]
pub struct ShowArguments {
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// Another manifest file, for instance a draft
    #[arg(long)]
    manifest: Option<PathBuf>,
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct ManifestArguments {
    /// Folder of the region
    #[arg(long, default_value = "data")]
    data: PathBuf,
}

#[derive(Args)]
pub struct RotateArguments {
    #[command(flatten)]
    manifest: ManifestArguments,
    /// The node's name
    #[arg(long)]
    node: String,
    /// Where the new private key is written; the node's configuration must name it
    #[arg(long)]
    key: PathBuf,
    /// How long old and new key both speak
    #[arg(long, default_value_t = 24)]
    overlap_hours: i64,
}

#[derive(Args)]
pub struct RevokeArguments {
    #[command(flatten)]
    manifest: ManifestArguments,
    /// The public key, as `region show` prints it
    #[arg(long)]
    key: PublicKey,
}

#[derive(Args)]
pub struct ChangeNodeArguments {
    #[command(flatten)]
    manifest: ManifestArguments,
    /// The node's name
    #[arg(long)]
    node: String,
    /// URL of its API; of several members, separated by commas
    #[arg(long)]
    api: Option<String>,
    /// host:port of its exchange; of several members, separated by commas
    #[arg(long)]
    exchange: Option<String>,
    /// The services that it runs, separated by commas; a split one as name/parts
    #[arg(long, value_delimiter = ',')]
    services: Option<Vec<String>>,
}

#[derive(Args)]
pub struct PrepareJoinArguments {
    #[command(flatten)]
    manifest: ManifestArguments,
    /// The jurisdiction's code, six digits
    #[arg(long)]
    division: Division,
    #[arg(long)]
    name_zh: String,
    #[arg(long)]
    name_en: String,
    /// The new node's name: small letters, digits, hyphens
    #[arg(long)]
    node: String,
    /// Port of its API; the exchange listens one above
    #[arg(long)]
    port: u16,
}

#[derive(Args)]
pub struct JoinArguments {
    #[command(flatten)]
    manifest: ManifestArguments,
    /// The request that `region prepare-join` made
    #[arg(long)]
    request: PathBuf,
}

#[derive(Args)]
pub struct SignArguments {
    #[command(flatten)]
    manifest: ManifestArguments,
    #[arg(long)]
    jurisdiction: Division,
    /// The jurisdiction's root key file
    #[arg(long)]
    key: PathBuf,
}

pub fn run(command: RegionCommand) -> anyhow::Result<i32> {
    match command {
        RegionCommand::Init(arguments) => {
            let manifest = make(&arguments)?;
            println!("The region {} lies in {}.", manifest.region, arguments.data.display());
            println!("Start it with: huitong region run --data {}", arguments.data.display());
            Ok(0)
        }
        RegionCommand::Run(arguments) => {
            let RunArguments { init, bills, riders, seed } = arguments;
            demo(&DemoArguments { init, bills, riders, seed, cashiers: 16, once: false, json: false, attach: false })
        }
        RegionCommand::Demo(arguments) => demo(&arguments),
        RegionCommand::Show(arguments) => show(&arguments),
        RegionCommand::RotateKey(arguments) => rotate(&arguments),
        RegionCommand::ChangeNode(arguments) => {
            let manifest = manifest_path(&arguments.manifest);
            drafted(&manage::change_node(&manifest, &arguments.node, |record| {
                record.api_url = arguments.api.clone().unwrap_or_else(|| record.api_url.clone());
                record.exchange_address = arguments.exchange.clone().unwrap_or_else(|| record.exchange_address.clone());
                record.services = arguments.services.clone().unwrap_or_else(|| record.services.clone());
            })?)
        }
        RegionCommand::RevokeKey(arguments) => {
            let draft = manage::revoke_key(&manifest_path(&arguments.manifest), &arguments.key, now())?;
            drafted(&draft)
        }
        RegionCommand::PrepareJoin(arguments) => prepare_join(&arguments),
        RegionCommand::Join(arguments) => {
            let text = std::fs::read_to_string(&arguments.request)
                .with_context(|| format!("cannot read {}", arguments.request.display()))?;
            let request = serde_json::from_str(&text).context("this is no request of `region prepare-join`")?;
            drafted(&manage::join(&manifest_path(&arguments.manifest), request)?)
        }
        RegionCommand::Sign(arguments) => {
            let draft = manage::draft_path(&manifest_path(&arguments.manifest));
            let count = manage::sign(&draft, arguments.jurisdiction, &arguments.key)?;
            println!("{} carries {count} signatures now.", draft.display());
            Ok(0)
        }
        RegionCommand::Publish(arguments) => publish(&arguments),
    }
}

fn now() -> huitong_kernel::time::Instant {
    SystemClock { offset_ms: 0 }.now()
}

fn manifest_path(arguments: &ManifestArguments) -> PathBuf {
    arguments.data.join("region/manifest.json")
}

fn drafted(draft: &Path) -> anyhow::Result<i32> {
    println!("Draft: {}", draft.display());
    println!("Next: each jurisdiction runs `huitong region sign`, then one runs `huitong region publish`.");
    Ok(0)
}

fn make(arguments: &InitArguments) -> anyhow::Result<Manifest> {
    let profile = RegionProfile::read(&arguments.profile)?;
    let settings = init::Settings {
        suite: arguments.suite,
        base_port: arguments.base_port,
        clock_offsets_ms: arguments.clock_offsets_ms.clone(),
        shared_journal: arguments.shared_journal.clone().map(|shared| (shared.division, shared.url)),
    };
    init::init(&profile, &arguments.data, &settings, now(), &mut entropy::random_source()?)
}

fn rotate(arguments: &RotateArguments) -> anyhow::Result<i32> {
    let manifest = manifest_path(&arguments.manifest);
    let suite = manage::read(&manifest)?.content()?.suite;
    // Before the key is made: a refused rotation must not replace a key that a draft already names.
    manage::check_no_draft(&manifest)?;
    if arguments.key.exists() {
        anyhow::bail!("{} exists already; name a new file for the new key", arguments.key.display());
    }
    let key = keys::generate(&arguments.key, suite, "sign checkpoints", &mut entropy::random_source()?)?;
    let public = huitong_kernel::suite::Signer::public_key(&key).clone();
    let overlap_to = now() + DurationMs(arguments.overlap_hours * 3_600_000);
    let draft = manage::rotate_key(&manifest, &arguments.node, public.clone(), now(), overlap_to)?;
    println!("New key of {}: {public}", arguments.node);
    println!(
        "Once the manifest is published, set `key` in its node.toml to {} and restart it.",
        arguments.key.display()
    );
    drafted(&draft)
}

fn prepare_join(arguments: &PrepareJoinArguments) -> anyhow::Result<i32> {
    let manifest = manage::read(&manifest_path(&arguments.manifest))?.content()?;
    let jurisdiction = JurisdictionProfile {
        division: arguments.division,
        name_zh: arguments.name_zh.clone(),
        name_en: arguments.name_en.clone(),
        node: arguments.node.clone(),
    };
    let folder = init::node_folder(&arguments.manifest.data, &jurisdiction);
    if folder.exists() {
        anyhow::bail!("{} exists already", folder.display());
    }
    let (place, validity) = ((arguments.port, None), (now(), manifest.valid_to));
    let random = &mut entropy::random_source()?;
    let made = init::make_node(&folder, &jurisdiction, manifest.suite, place, validity, random)?;
    let request = folder.join("join-request.json");
    keys::write_public(&request, serde_json::to_string_pretty(&made.request)?.as_bytes())?;
    println!("Request: {}", request.display());
    println!("Next: the region's office runs `huitong region join --request {}`.", request.display());
    Ok(0)
}

fn publish(arguments: &ManifestArguments) -> anyhow::Result<i32> {
    let manifest = manifest_path(arguments);
    let mut nodes = Vec::new();
    for entry in std::fs::read_dir(&arguments.data)? {
        let folder = entry?.path();
        if folder.join("node.toml").exists() {
            nodes.push(folder.join("manifest.json"));
        }
    }
    let accepted = manage::publish(&manifest, &nodes)?;
    println!("Version {} is in force; running nodes take it within a second.", accepted.version);
    Ok(0)
}

fn show(arguments: &ShowArguments) -> anyhow::Result<i32> {
    let path = arguments.manifest.clone().unwrap_or_else(|| arguments.data.join("region/manifest.json"));
    let signed = manage::read(&path)?;
    let manifest = signed.content()?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&manifest)?);
        return Ok(0);
    }
    println!("{} version {}, suite {}, hash {}", manifest.region, manifest.version, manifest.suite, signed.hash());
    println!("valid {} to {}", manifest.valid_from, manifest.valid_to);
    println!(
        "signed by {} of {} jurisdictions, {} needed",
        signed.signatures().len(),
        manifest.jurisdictions.len(),
        manifest.threshold
    );
    for jurisdiction in &manifest.jurisdictions {
        println!("\n{} {} {}", jurisdiction.division, jurisdiction.name_zh, jurisdiction.name_en);
        let Some(node) = manifest.node(&jurisdiction.node) else { continue };
        println!("  node {}  API {}  exchange {}", node.name, node.api_url, node.exchange_address);
        for key in &node.keys {
            let state = key.check(now()).map_or_else(|error| error.to_string(), |()| "speaks".to_owned());
            println!("  {} until {}: {state}", key.key, key.valid_to);
        }
    }
    Ok(0)
}

fn demo(arguments: &DemoArguments) -> anyhow::Result<i32> {
    if !arguments.init.data.join("region").exists() {
        make(&arguments.init)?;
    }
    let profile = RegionProfile::read(&arguments.init.profile)?;
    let region = Region::open(&arguments.init.data, profile)?;
    super::block_on(async {
        let mut nodes = if arguments.attach { Vec::new() } else { region.start().await? };
        let result = tokio::select! {
            result = morning(&region, arguments) => result,
            told = super::until_told_to_end() => told.map(|()| 0),
        };
        if result.as_ref().is_ok_and(|code| *code == 0) && !arguments.once {
            println!("\nThe nodes go on serving 节点继续服务; Ctrl-C ends them.");
            watch(&mut nodes).await?;
        }
        for node in nodes {
            node.stop().await?;
        }
        result
    })
}

/// Until the person ends it, or a node ends by itself.
async fn watch(nodes: &mut [crate::supervisor::NodeProcess]) -> anyhow::Result<()> {
    let mut told = std::pin::pin!(super::until_told_to_end());
    loop {
        tokio::select! {
            told = &mut told => return told,
            () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {
                if let Some(node) = nodes.iter_mut().find_map(|node| node.has_ended().then(|| node.log.clone())) {
                    anyhow::bail!("a node ended by itself; its log is {}", node.display());
                }
            }
        }
    }
}

async fn morning(region: &Region, arguments: &DemoArguments) -> anyhow::Result<i32> {
    let samples = Samples::read(&region.profile)?;
    let quiet = arguments.json;
    if !quiet {
        println!("Loading the profile {} {} …", region.profile.name, region.profile.name_zh);
    }
    let keys = load(region, &samples).await?;
    let settings = MorningSettings { bills: arguments.bills, seed: arguments.seed, cashiers: arguments.cashiers };
    let progress = if quiet { ProgressBar::hidden() } else { ProgressBar::new(settings.bills as u64) };
    progress.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} bills  {per_sec}  {eta}")?);
    let told = play(region, &samples, &keys, settings, progress).await?;
    let audited = audit(region, &told)?;
    let mut report = Report::new(region, settings, &told, audited).await?;
    if !quiet {
        report.print();
    }
    if arguments.riders > 0 {
        if !quiet {
            println!("\nA day of transit begins 互联互通的一天开始 …");
        }
        let settings = transit::Settings { riders: arguments.riders, seed: arguments.seed };
        report.transit = Some(transit::play(region, settings).await?);
        report.transit.iter().filter(|_| !quiet).for_each(TransitReport::print);
    }
    report.clearing = Some(crate::demo::clearing::play(region).await?);
    if quiet {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.clearing.iter().for_each(ClearingReport::print);
        where_next(region, &keys);
    }
    let is_good = report.is_good()
        && report.transit.as_ref().is_none_or(TransitReport::is_good)
        && report.clearing.as_ref().is_none_or(ClearingReport::is_good);
    Ok(if is_good { 0 } else { super::FAILED })
}

fn where_next(region: &Region, keys: &crate::demo::load::CashierKeys) {
    println!("\nWhere to look next 接下来:");
    for node in &region.manifest.nodes {
        println!("  {:<10} {}/docs   (OpenAPI at /openapi.json, health at /health/ready)", node.name, node.api_url);
    }
    println!("  huitong region show --data {}", region.data.display());
    println!("  huitong verify --data {}", region.node_folder("310000").display());
    println!(
        "  huitong clearing explain --data {} --service medical --period {} --peer 330000",
        region.node_folder("310000").display(),
        huitong_kernel::clearing::Period::of(huitong_kernel::clearing::PeriodKind::Month, now().business_date())
    );
    println!("  huitong medical recompute --data {}", region.node_folder("330000").display());
    if keys.contains_key("H31010100001") {
        println!("  cashiers' keys: {} (demonstration only)", region.data.join("region/cashiers.json").display());
    }
}
