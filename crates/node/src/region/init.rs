//! `huitong region init`: keys, certificates, the first manifest and a folder per node.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::bail;
use huitong_kernel::division::Division;
use huitong_kernel::manifest::{Jurisdiction, Manifest, NodeKey, NodeRecord, SignedManifest};
use huitong_kernel::random::RandomSource;
use huitong_kernel::suite::{Signer, SoftwareKey, Suite};
use huitong_kernel::time::{DurationMs, Instant};
use huitong_registry::model::api_key;
use huitong_transit::model::evidence::EVIDENCE_ONE_IN;

use super::manage::JoinRequest;
use super::profile::{JurisdictionProfile, RegionProfile};
use super::transit_issuers;
use crate::config::{ApiConfig, Bootstrap, ExchangeConfig, LogFormat, NodeConfig, SERVICES, Testing};
use crate::keys::{self, write_private, write_public};
use crate::{tls, transit_keys};

/// From the ports of a node's first member to those of its second.
const MEMBER_PORT_STEP: u16 = 5;
/// Signs gates' tables; the same for all members of a node.
const TRANSIT_TABLES_KEY: &str = "transit-tables.key";
/// Validity of a first manifest and of the keys in it.
const VALID_DAYS: i64 = 730;

pub struct Settings {
    pub suite: Suite,
    /// API ports are base, base + 10, …; exchange ports one above each.
    pub base_port: u16,
    pub clock_offsets_ms: Vec<i64>,
    /// A jurisdiction whose node gets two members, and the URL of their journal.
    pub shared_journal: Option<(Division, String)>,
}

/// Folder of a node within the region's folder.
pub fn node_folder(data: &Path, jurisdiction: &JurisdictionProfile) -> PathBuf {
    data.join(jurisdiction.division.as_str())
}

/// Sets up all nodes of the profile on this machine.
pub fn init(
    profile: &RegionProfile,
    data: &Path,
    settings: &Settings,
    now: Instant,
    random: &mut RandomSource,
) -> anyhow::Result<Manifest> {
    if data.join("region").exists() {
        bail!("{} holds a region already; start it with `huitong region run`", data.display());
    }
    let valid_to = now + DurationMs::days(VALID_DAYS);
    let (mut jurisdictions, mut nodes, mut roots) = (Vec::new(), Vec::new(), Vec::new());
    for (index, jurisdiction) in profile.jurisdictions.iter().enumerate() {
        let folder = node_folder(data, jurisdiction);
        let api = settings.base_port + u16::try_from(index * 10)?;
        let offset = settings.clock_offsets_ms.get(index).copied();
        let mut made = make_node(&folder, jurisdiction, settings.suite, (api, offset), (now, valid_to), random)?;
        if let Some((_, url)) = settings.shared_journal.as_ref().filter(|shared| shared.0 == jurisdiction.division) {
            add_member(&folder, url, &mut made.request.node)?;
        }
        jurisdictions.push(made.request.jurisdiction);
        nodes.push(made.request.node);
        roots.push((jurisdiction.division, made.root));
    }
    let manifest = Manifest {
        region: profile.name.clone(),
        version: 1,
        previous: None,
        suite: settings.suite,
        threshold: profile.threshold,
        valid_from: Instant(now.0 - DurationMs::days(1).0),
        valid_to,
        jurisdictions,
        nodes,
        calendars: profile.calendars(),
        clearing: profile.clearing.clone(),
    };
    let mut signed = SignedManifest::draft(&manifest);
    for (division, root) in &roots {
        signed.sign(*division, root)?;
    }
    signed.open()?;
    transit_issuers::make(profile, data, |city| {
        let answers = profile.jurisdictions.iter().find(|jurisdiction| jurisdiction.division.contains(city));
        let folder = answers.map(|jurisdiction| node_folder(data, jurisdiction));
        let second = folder.as_deref().map(second_member).filter(|folder| folder.exists());
        folder.into_iter().chain(second).collect()
    })?;
    let text = signed.write();
    for jurisdiction in &profile.jurisdictions {
        let folder = node_folder(data, jurisdiction);
        for folder in [folder.clone(), second_member(&folder)].iter().filter(|folder| folder.exists()) {
            write_public(&folder.join("manifest.json"), text.as_bytes())?;
        }
    }
    // Written last: a half-made region has no such folder and can be made again.
    write_public(&data.join("region/manifest.json"), text.as_bytes())?;
    Ok(manifest)
}

/// The folder of a node's second member.
pub fn second_member(folder: &Path) -> PathBuf {
    folder.with_file_name(format!("{}-2", folder.file_name().unwrap_or_default().to_string_lossy()))
}

/// A second member of a node: the same keys, ports five further, one journal for both.
fn add_member(folder: &Path, url: &str, record: &mut NodeRecord) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(folder.join("node.toml"))?;
    let mut config: NodeConfig = toml::from_str(&text)?;
    config.journal = url.to_owned();
    config.member = Some("1".to_owned());
    write_private(&folder.join("node.toml"), toml::to_string_pretty(&config)?.as_bytes())?;
    let second = second_member(folder);
    for file in ["keys/node.key", "keys/tls.key", "keys/tls.crt", "operator.key", TRANSIT_TABLES_KEY] {
        write_private(&second.join(file), &std::fs::read(folder.join(file))?)?;
    }
    config.member = Some("2".to_owned());
    for listen in [&mut config.api.listen, &mut config.exchange.listen] {
        listen.set_port(listen.port() + MEMBER_PORT_STEP);
    }
    record.api_url.push_str(&format!(",http://{}", config.api.listen));
    record.exchange_address.push_str(&format!(",{}", config.exchange.listen));
    write_private(&second.join("node.toml"), toml::to_string_pretty(&config)?.as_bytes())
}

/// What a node's set-up leaves behind.
pub struct MadeNode {
    /// Public data, for the manifest.
    pub request: JoinRequest,
    pub root: SoftwareKey,
}

/// Makes keys, certificate and configuration of one node; its API listens on `place.0`, the exchange one above.
pub fn make_node(
    folder: &Path,
    jurisdiction: &JurisdictionProfile,
    suite: Suite,
    place: (u16, Option<i64>),
    validity: (Instant, Instant),
    random: &mut RandomSource,
) -> anyhow::Result<MadeNode> {
    let root = keys::generate(&folder.join("keys/root.key"), suite, "sign manifests", random)?;
    let node_key = keys::generate(&folder.join("keys/node.key"), suite, "sign checkpoints", random)?;
    let (certificate, tls_key, pin) = tls::generate(&jurisdiction.node)?;
    write_public(&folder.join("keys/tls.crt"), certificate.as_bytes())?;
    write_private(&folder.join("keys/tls.key"), tls_key.as_bytes())?;
    let (api, clock_offset_ms) = place;
    transit_keys::generate(&folder.join(TRANSIT_TABLES_KEY))?;
    write_config(folder, jurisdiction, api, clock_offset_ms, random)?;
    // A clock that is somewhat behind must find the key valid, too.
    let valid_from = Instant(validity.0.0 - DurationMs::days(1).0);
    let key = node_key.public_key().clone();
    let request = JoinRequest {
        jurisdiction: Jurisdiction {
            division: jurisdiction.division,
            name_zh: jurisdiction.name_zh.clone(),
            name_en: jurisdiction.name_en.clone(),
            root_key: root.public_key().clone(),
            node: jurisdiction.node.clone(),
        },
        node: NodeRecord {
            name: jurisdiction.node.clone(),
            api_url: format!("http://127.0.0.1:{api}"),
            exchange_address: format!("127.0.0.1:{}", api + 1),
            tls_certificates: vec![pin],
            services: SERVICES.iter().map(|service| (*service).to_owned()).collect(),
            keys: vec![NodeKey { key, valid_from, valid_to: validity.1, revoked_at: None }],
        },
    };
    Ok(MadeNode { request, root })
}

fn write_config(
    folder: &Path,
    jurisdiction: &JurisdictionProfile,
    api: u16,
    clock_offset_ms: Option<i64>,
    random: &mut RandomSource,
) -> anyhow::Result<()> {
    let operator = api_key::generate(random);
    write_private(&folder.join("operator.key"), format!("{}\n", operator.text).as_bytes())?;
    let config = NodeConfig {
        pools: BTreeMap::new(),
        name: jurisdiction.node.clone(),
        data: "streams".into(),
        manifest: "manifest.json".into(),
        key: "keys/node.key".into(),
        tls_certificate: "keys/tls.crt".into(),
        tls_key: "keys/tls.key".into(),
        api: ApiConfig {
            listen: ([127, 0, 0, 1], api).into(),
            tls: false,
            body_bytes_max: 512 * 1024,
            requests_in_flight_max: 4_096,
            requests_per_second_max: 100_000,
            request_seconds_max: 30,
            header_seconds_max: 10,
        },
        exchange: ExchangeConfig { listen: ([127, 0, 0, 1], api + 1).into() },
        journal: "sqlite".to_owned(),
        journal_ca: None,
        member: None,
        transit_tables_key: TRANSIT_TABLES_KEY.into(),
        transit_issuers: "transit-issuers".into(),
        transit_evidence_one_in: EVIDENCE_ONE_IN,
        services: SERVICES.iter().map(|service| (*service).to_owned()).collect(),
        log: LogFormat::Text,
        bootstrap: Some(Bootstrap { key: operator.id, hash: operator.hash }),
        testing: clock_offset_ms.map(|clock_offset_ms| Testing { clock_offset_ms }),
    };
    write_public(&folder.join("node.toml"), toml::to_string_pretty(&config)?.as_bytes())
}
