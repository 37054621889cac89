//! `huitong transit gate`: a gate for testing. It checks codes as a gate does, keeps its record as a gate must, and hands it
//! to its node.

mod answer;
mod play;
mod script;

use std::io::BufReader;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use huitong_transit_code::gate::{Direction, GateRules, Policy};
use huitong_transit_code::make::Sign;
use huitong_transit_code::record::text_field;
use huitong_transit_code::signature::Key;
use huitong_transit_code::state::SKEW_MAX_S;
use serde_json::json;

use answer::Screen;
pub use answer::reason_text;
use play::Player;

use super::{given, output};
use crate::demo::client::ApiClient;
use crate::gate::clock::ClockTrust;
use crate::gate::device::{Device, Place, Started};
use crate::gate::folder::Folder;
use crate::gate::memory::Sizes;

/// A gate for testing: reads codes, keeps its record, uploads it
///
/// Codes and steps come from standard input or a script; each code is answered with open or refuse, the field code, and the
/// reason in both languages.
///
/// The folder is the gate's memory: its key (gate.key), its record (records.bin: length of two bytes and its inverse,
/// record, SM3 of the record, and so on), the tables it took (tables.json), what it knows of its clock (clock.json), how far
/// the node has acknowledged (acknowledged.json). A record is on disk before the gate answers. After a crash the gate goes
/// on where it was, and what passed stays used up.
///
/// A gate that was never told the time refuses every code (-207). The node tells it with the tables; without a node say how
/// far this machine's clock may be off, by --clock-error-s or the step `clock`.
///
/// A first ride:
///   huitong transit code test-tables --out tables      (prints the operator key)
///   huitong transit gate --folder g1 --gate SH-0101-A07 --station 1 --line 1 --direction both --network 310100 \
///       --operator-key 03… --clock-error-s 1
///   key-set tables/key-set.bin
///   deny tables/deny.bin
///   state tables/state.bin
///   image code.png in
///
/// Exit code 0 when every line was played and nothing waits for a node that can be reached.
#[derive(Args)]
#[command(verbatim_doc_comment, after_long_help = script::STEPS)]
pub struct GateArguments {
    /// The gate's memory; made when it is not there
    #[arg(long)]
    folder: PathBuf,
    /// Print the gate's public key, to register it at the node, and end
    #[arg(long)]
    show_key: bool,
    /// The gate's id: letters, digits, `-`, `_`, `.`; at most 16
    #[arg(long, required_unless_present = "show_key", value_parser = gate_name)]
    gate: Option<String>,
    /// Its station, or the stop
    #[arg(long, required_unless_present = "show_key")]
    station: Option<u32>,
    /// Its line
    #[arg(long, required_unless_present = "show_key")]
    line: Option<u32>,
    /// in, out, boarding or both
    #[arg(long, required_unless_present = "show_key", value_parser = gate_direction)]
    direction: Option<GateDirection>,
    /// Its network, six digits
    #[arg(long, required_unless_present = "show_key")]
    network: Option<u32>,
    /// Whose tables the gate takes: SM2 public key, 66 hexadecimal digits
    #[arg(long, required_unless_present = "show_key")]
    operator_key: Option<String>,
    /// Vehicle number on a bus, at most 12 characters
    #[arg(long, default_value = "")]
    vehicle: String,
    /// Base address of the node's API: tables are fetched at the start, records uploaded at the end
    #[arg(long, requires = "key")]
    node: Option<String>,
    /// API key of the gate
    #[arg(long, env = "HUITONG_KEY")]
    key: Option<String>,
    /// A file of steps; `-` for standard input
    #[arg(long, default_value = "-")]
    script: PathBuf,
    /// By your word, this machine's clock is off by at most so many seconds; else only a node's word counts
    #[arg(long, value_parser = clap::value_parser!(i64).range(0..))]
    clock_error_s: Option<i64>,
    /// Begin without network
    #[arg(long)]
    offline: bool,
    /// One JSON document a line
    #[arg(long)]
    json: bool,
    /// The city's choice: while the clock cannot be trusted, accept with a flag
    #[arg(long)]
    accept_untrusted_clock: bool,
    /// The gate's own setting: with a deny list over its age limit, accept with a flag. Else as the city's state says
    #[arg(long)]
    accept_stale_deny_list: bool,
    /// The gate's own setting: the time window is open so many seconds on both sides. Else as the city's state says
    #[arg(long, value_parser = clap::value_parser!(i64).range(0..=i64::from(SKEW_MAX_S)))]
    skew_s: Option<i64>,
    /// The gate's own setting: a second entry within so many seconds is refused. Else as the city's state says
    #[arg(long, value_parser = clap::value_parser!(i64).range(0..=86_400))]
    passback_s: Option<i64>,
    #[command(flatten)]
    sizes: Sizes,
    /// For tests: end by abort when this record is on disk and not yet answered
    #[arg(long, hide = true)]
    fail_after_record: Option<u64>,
}

/// `None`: both ways.
#[derive(Clone, Copy)]
struct GateDirection(Option<Direction>);

fn gate_direction(word: &str) -> Result<GateDirection, String> {
    match (word, script::direction(word)) {
        ("both", _) => Ok(GateDirection(None)),
        (_, Some(direction)) => Ok(GateDirection(Some(direction))),
        (_, None) => Err("in, out, boarding or both".to_owned()),
    }
}

/// The id stands in records, addresses and idempotency keys.
fn gate_name(name: &str) -> Result<String, String> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if is_plain && (1..=16).contains(&name.len()) {
        Ok(name.to_owned())
    } else {
        Err("1 to 16 letters, digits, `-`, `_`, `.`".to_owned())
    }
}

pub async fn run(arguments: GateArguments) -> anyhow::Result<i32> {
    let folder = Folder::new(&arguments.folder)?;
    if arguments.show_key {
        output::line(hex::encode(folder.key()?.key().compressed()))?;
        return Ok(0);
    }
    let screen = Screen { json: arguments.json };
    let (mut device, started) =
        Device::open(folder, place(&arguments)?, operator(&arguments)?, rules(&arguments), arguments.sizes)?;
    device.fail_after_record = arguments.fail_after_record;
    if let Some(seconds) = arguments.clock_error_s {
        device.clock.trust = ClockTrust::Seconds(seconds);
    }
    tell_start(screen, &device, &started);
    let client = arguments.node.as_ref().zip(arguments.key.as_ref()).map(|(node, key)| ApiClient::new(node, key));
    let mut player = Player { device, client, is_online: !arguments.offline, screen, faults: 0 };
    let has_node = player.client.is_some();
    if has_node && player.is_online {
        player.fetch().await?;
    }
    if arguments.script.as_os_str() == "-" {
        player.play(std::io::stdin().lock()).await?;
    } else {
        let path = &arguments.script;
        let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        player.play(BufReader::new(file)).await?;
    }
    if has_node && player.is_online && !player.device.waiting().is_empty() {
        player.upload().await?;
    }
    let waits_in_vain = has_node && player.is_online && !player.device.waiting().is_empty();
    Ok(if player.faults == 0 && !waits_in_vain { 0 } else { crate::cli::FAILED })
}

fn place(arguments: &GateArguments) -> anyhow::Result<Place> {
    let name = arguments.gate.clone().context("--gate")?;
    Ok(Place {
        id: text_field(&name).context("--gate has at most 16 characters")?,
        name,
        station: arguments.station.context("--station")?,
        line: arguments.line.context("--line")?,
        network: arguments.network.context("--network")?,
        vehicle: text_field(&arguments.vehicle).context("--vehicle has at most 12 ASCII characters")?,
        direction: arguments.direction.context("--direction")?.0,
    })
}

fn operator(arguments: &GateArguments) -> anyhow::Result<Key> {
    let given = arguments.operator_key.as_ref().context("--operator-key")?;
    Key::from_compressed(&given::exactly("operator's key", given)?).context("the operator's key is not on the curve")
}

fn rules(arguments: &GateArguments) -> GateRules {
    GateRules {
        skew_s: arguments.skew_s,
        passback_s: arguments.passback_s,
        clock_untrusted: if arguments.accept_untrusted_clock { Policy::AcceptFlagged } else { Policy::Refuse },
        deny_stale: arguments.accept_stale_deny_list.then_some(Policy::AcceptFlagged),
        ..GateRules::default()
    }
}

fn tell_start(screen: Screen, device: &Device, started: &Started) {
    let waiting = device.waiting().len();
    let mut text = format!(
        "gate 闸机 {}: {} records, {waiting} to upload, {} passes remembered",
        device.place.name,
        device.store.kept().len(),
        started.remembered
    );
    if started.cut_bytes > 0 {
        text.push_str(&format!("\n  a torn record of {} bytes was cut; it was never answered", started.cut_bytes));
    }
    if started.lost_store {
        text.push_str("\n  the store was lost: a new epoch begins");
    }
    for table in &started.refused_tables {
        text.push_str(&format!("\n  the kept {} is not taken 不予加载: {}", table.kind.word(), table.why));
    }
    let is_known = device.clock.read().error_s.is_some();
    if !is_known {
        text.push_str(
            "\n  nobody told the time 时钟未校准: every code is refused (-207) until a node does, or --clock-error-s",
        );
    }
    let refused = started.refused_tables.iter().map(|table| json!({ "table": table.kind.word(), "why": table.why }));
    screen.tell(
        &text,
        &json!({
            "step": "start", "gate": device.place.name, "records": device.store.kept().len(), "waiting": waiting,
            "remembered": started.remembered, "cut_bytes": started.cut_bytes, "lost_store": started.lost_store,
            "refused_tables": refused.collect::<Vec<_>>(), "clock_trusted": is_known,
        }),
    );
}
