//! `huitong transit replay`: a day of a real metro through a node's stream.

mod city;
mod codes;
mod day;
mod gates;
mod reconcile;
mod report;
mod riders;
mod stream;

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_transit::command::Command;
use huitong_transit::model::message::Message;
use huitong_transit::model::network::Network;

use city::Places;
use codes::Codes;
use day::Day;
use gates::Gates;
use report::{Measured, Replay};
use riders::Riders;
use stream::Node;

/// Drive passenger counts of a real metro through a node's stream and reconcile 客流重放
///
/// FILE is a day of the Hangzhou metro as published (record_2019-01-05.csv): entries and exits per station and ten minutes.
/// Each counted passenger becomes a tap record of one of the station's gates, chained and numbered; the gates hand over
/// their batches every ten minutes, some late, out of order or twice. The node takes them, makes trips of them and prices
/// them, on disk and by the code that serves gates. At the end its figures must be those of the file, station by station.
///
/// Invented, since the counts do not tell: who the passengers are (most exits go to somebody who can have come from
/// elsewhere), and the map (a ring; the stations have no names). Fares are Hangzhou's, unconfirmed. Riders have their
/// accounts at another node that does not run, so their trips are priced and wait for it: charging is not replayed.
///
/// Signatures are not made and not checked, as 2.5 million would take an hour; --signed SHARE signs that share of the
/// batches with the published test keys and verifies them as a node does.
///
/// Exit code 0 only if every figure reconciles.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct ReplayArguments {
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Riders before one comes back for another trip
    #[arg(long, default_value_t = 600_000, value_parser = clap::value_parser!(u32).range(1..=4_000_000))]
    riders: u32,
    /// The same seed gives the same replay
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// An empty folder that keeps the stream's file; without it a temporary one is used and removed
    #[arg(long)]
    data: Option<PathBuf>,
    /// Print one JSON document instead of the report
    #[arg(long)]
    json: bool,
    /// The share of batches with real signatures, 0 to 1, for instance 0.01
    #[arg(long, default_value_t = 0.0)]
    signed: f64,
    /// One passenger of so many, for a quick look
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    fraction: u32,
}

/// Gates registered in one call.
const GATES_PER_CALL: usize = 500;
/// Fewer passings than this prove nothing by agreeing.
const PASSINGS_MIN: u64 = 100;
/// Between the last of all limits and the end of the replay.
const AFTER: DurationMs = DurationMs::minutes(60);

pub fn run(arguments: &ReplayArguments) -> anyhow::Result<i32> {
    if !(0.0..=1.0).contains(&arguments.signed) {
        bail!("--signed is a share between 0 and 1");
    }
    let mut days =
        arguments.files.iter().map(|file| Day::read(file, arguments.fraction)).collect::<anyhow::Result<Vec<_>>>()?;
    let passings: u64 = days.iter().map(Day::passings_counted).sum();
    if passings < PASSINGS_MIN {
        bail!(
            "过闸人次过少 / {passings} passings are left of the files, at least {PASSINGS_MIN} are needed to reconcile anything"
        );
    }
    days.sort_by_key(|day| day.date);
    if days.windows(2).any(|pair| pair[0].date == pair[1].date) {
        bail!("同一天给了两次 / a day is given twice");
    }
    let temporary = Scratch::new(arguments.data.is_none())?;
    let folder = arguments.data.clone().unwrap_or_else(|| temporary.0.clone());
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let signed_ppm = (arguments.signed * 1e6) as u64;
    if !arguments.json {
        report::announce(arguments, signed_ppm);
    }
    let mut play = Play::begin(&folder, &days, arguments, signed_ppm)?;
    let measured = play.days(&days)?;
    let result = play.node.view(|view| reconcile::reconcile(view, play.places.network, &days))?;
    let replay = Replay::new(arguments, &play, measured, result);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&replay)?);
    } else {
        print!("{replay}");
    }
    play.node.stream.close();
    Ok(if replay.reconciles { 0 } else { crate::cli::FAILED })
}

/// A folder that is removed at the end, if it was made.
struct Scratch(PathBuf, bool);

impl Scratch {
    fn new(is_needed: bool) -> anyhow::Result<Scratch> {
        let number = crate::entropy::random_source()?.next_u64();
        Ok(Scratch(std::env::temp_dir().join(format!("huitong-replay-{number:016x}")), is_needed))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.1 {
            // Nothing is lost if it stays: the system empties its temporary folder.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// Everything that takes part.
struct Play {
    places: Places,
    node: Node,
    network: Network,
    codes: Codes,
    gates: Gates,
    riders: Riders,
    random: RandomSource,
}

impl Play {
    fn begin(
        folder: &std::path::Path,
        days: &[Day],
        arguments: &ReplayArguments,
        signed_ppm: u64,
    ) -> anyhow::Result<Play> {
        let places = Places::new()?;
        let first = days.first().context("at least one day")?;
        let mut stations: Vec<u32> = days.iter().flat_map(|day| day.flows.stations.keys().copied()).collect();
        stations.sort_unstable();
        stations.dedup();
        let map = city::map(&places, &stations)?;
        let (map_text, pack_text) = (serde_json::to_string(&map)?, serde_json::to_string(&city::pack()?)?);
        let network = Network::new(map).map_err(|field| anyhow::anyhow!("the map of the replay: {field}"))?;
        let codes = Codes::new(&places)?;
        let mut node = Node::start(folder, places, arguments.seed)?;
        let now = Instant(first.slot_begins(0).0 - DurationMs::minutes(60).0);
        node.receive(1, Message::KeySet(codes.key_set(now)), now)?;
        node.command(Command::PublishMap { text: map_text }, now)?;
        node.command(Command::PublishPack { text: pack_text }, now)?;
        for gates in city::gates(&places, &stations, codes.bench()).chunks(GATES_PER_CALL) {
            node.command(Command::RegisterGates { gates: gates.to_vec() }, now)?;
        }
        let mut random = RandomSource::from_number(arguments.seed);
        let gates = Gates::new(RandomSource::from_number(random.next_u64()), signed_ppm);
        Ok(Play { places, node, network, codes, gates, riders: Riders::new(arguments.riders), random })
    }

    fn days(&mut self, days: &[Day]) -> anyhow::Result<Measured> {
        let mut measured = Measured::begin();
        let mut now = Instant::default();
        for day in days {
            for slot in day.slots() {
                for passing in day.passings(slot, &mut self.riders, &self.network, &mut self.random) {
                    self.gates.pass(passing);
                }
                now = day.slot_begins(slot) + day::SLOT;
                self.hand_over(now)?;
                if slot % (day.slots().len() / 4) == 0 {
                    measured.note_memory();
                }
            }
        }
        while self.gates.has_later() {
            now = now + day::SLOT;
            self.hand_over(now)?;
        }
        measured.taken(&self.node.taken);
        // Single-sided taps wait for late uploads; then nothing can come any more.
        let parameters = &self.network.map.parameters;
        let end = now + parameters.trip_limit() + parameters.upload_wait() + AFTER;
        self.node.tick(end)?;
        measured.end(self.node.bytes_on_disk());
        Ok(measured)
    }

    fn hand_over(&mut self, now: Instant) -> anyhow::Result<()> {
        for sent in self.gates.hand_over(&self.codes)? {
            self.node.take(sent, &self.codes, now)?;
        }
        self.node.tick(now)
    }
}
