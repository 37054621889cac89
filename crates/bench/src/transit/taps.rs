//! Taps accepted, paired and priced: everything of a node's work but the signatures, which are verified outside the writer and
//! measured above. One thread; fsync on; batches of 200 records, 32 batches a commit, as they queue under load (the writer commits
//! up to 512 together). Beside the rate by the clock stands that by the time of the core, without what is waited for the disk.

use std::path::Path;
use std::time::Instant as Stopwatch;

use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::stream::Work;
use huitong_transit::command::{Command, GateWish, Reply};
use huitong_transit::query::taps;
use huitong_transit::verify::{CheckedBatch, GateBatch, Outcome, Verified};
use huitong_transit_code::Reason;
use huitong_transit_code::chain::Checked;
use huitong_transit_code::code::Account;
use huitong_transit_code::gate::Direction;
use huitong_transit_code::make::{Sign, SigningKey};
use huitong_transit_code::profile::Profile;
use huitong_transit_code::record::{RECORD_LENGTH_MAX, TapRecord, text_field};
use serde_json::{Value, json};

use super::stage::{self, Stream, call, run as run_group};

const STATIONS: u32 = 100;
const TRIPS: usize = 200_000;
const BATCH: usize = 200;
const GROUP: usize = 32;
const CODE_LENGTH: usize = 360;
/// Taps a second on one core that a node must take.
const GOAL: f64 = 20_000.0;

fn now() -> Instant {
    Instant::start_of("2026-11-24".parse().expect("a date")) + DurationMs::minutes(22 * 60)
}

struct Tap {
    rider: u32,
    serial: u64,
    station: u32,
    direction: Direction,
    at: Instant,
}

pub fn run(folder: &Path) -> anyhow::Result<()> {
    let mut stream = stage::open(&folder.join("taps.db"))?;
    set_up(&mut stream)?;
    let batches = batches()?;
    let count = 2 * TRIPS;
    let core = core_s();
    let start = Stopwatch::now();
    let mut accepted = 0;
    for group in batches.chunks(GROUP) {
        let works = group.iter().map(|batch| call(Command::TakeTaps(Box::new(batch.clone())), now())).collect();
        for reply in run_group(&mut stream, works)? {
            let Reply::Taken(taken) = reply else { anyhow::bail!("a batch was sent") };
            accepted += taken.accepted as usize;
        }
    }
    let taken_s = start.elapsed().as_secs_f64();
    let start = Stopwatch::now();
    while !taps::due_riders(stream.view(), now(), 1)?.is_empty() {
        run_group(&mut stream, vec![Work::Tick { now: now() }])?;
    }
    let final_s = start.elapsed().as_secs_f64();
    let core = core_s().zip(core).map(|(end, begin)| end - begin);
    let trips: Option<i64> =
        stream.view().one("SELECT COUNT(*) FROM trip WHERE kind = 'paired'", [], |row| row.get(0))?;
    anyhow::ensure!(accepted == count && trips == Some(TRIPS as i64), "{accepted} taps accepted, {trips:?} trips");
    let rate = count as f64 / (taken_s + final_s);
    let verdict = if rate >= GOAL { "within the goal" } else { "MISSES the goal" };
    println!("\ntaps, one thread, {count} taps to {TRIPS} trips, fsync on:");
    println!("  accepted  {:>9.0} taps/s", count as f64 / taken_s);
    println!("  paired, priced, claimed {:>9.0} taps/s", count as f64 / final_s);
    println!("  together  {rate:>9.0} taps/s ({verdict} of ≥ {GOAL:.0})");
    if let Some(core) = core {
        println!("  of the core's time {:>9.0} taps/s: {:.1} µs a tap", count as f64 / core, core * 1e6 / count as f64);
    }
    Ok(())
}

/// Seconds that this thread has run, as Linux counts them.
fn core_s() -> Option<f64> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = told.split(' ').next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

fn set_up(stream: &mut Stream) -> anyhow::Result<()> {
    let stations: Vec<Value> = (1..=STATIONS)
        .map(|id| json!({"id": id, "name_zh": format!("站{id}"), "name_en": format!("Stop {id}"), "lines": [1], "jurisdiction": "310100"}))
        .collect();
    let edges: Vec<Value> =
        (1..STATIONS).map(|id| json!({"from": id, "to": id + 1, "line": 1, "metres": 1_700})).collect();
    let map = json!({
        "network": "310100", "version": 1, "name_zh": "测试", "name_en": "Bench", "grade": "unconfirmed",
        "source": "bench", "mode": "gated", "stations": stations, "edges": edges, "parameters": {"final_wait_min": 0},
    });
    let pack = json!({
        "pack": "metro", "version": 1, "network": "310100", "network_version": 1, "valid_from": "2019-01-01",
        "grade": "official", "source": "bench", "route": "shortest_distance",
        "groups": [{"name": "network", "basis": "distance", "bands": [{"upto_m": 6_000, "fare_fen": 300}],
            "steps": [{"step_m": 10_000, "add_fen": 100}]}],
        "examples": [{"metres": 6_000, "fare_fen": 300}],
    });
    let key = hex::encode(SigningKey::of_test("bench gate").expect("a key").key().compressed());
    let gates: Vec<GateWish> = (1..=STATIONS)
        .map(|station| GateWish {
            gate: format!("G{station}"),
            network: "310100".parse().expect("a code"),
            station,
            line: 1,
            key: key.clone(),
            active: true,
        })
        .collect();
    run_group(stream, vec![call(Command::PublishMap { text: map.to_string() }, now())])?;
    run_group(stream, vec![call(Command::PublishPack { text: pack.to_string() }, now())])?;
    run_group(stream, vec![call(Command::RegisterGates { gates }, now())])?;
    Ok(())
}

/// The day's records by gate, chained, in batches; the batches of all gates in the order of their time.
fn batches() -> anyhow::Result<Vec<CheckedBatch>> {
    let mut random = RandomSource::from_number(7);
    let begins = Instant(now().0 - 15 * 3_600_000);
    let mut by_gate: Vec<Vec<Tap>> = (0..STATIONS).map(|_| Vec::new()).collect();
    for trip in 0..TRIPS as u64 {
        let rider = (trip / 2) as u32;
        let from = 1 + random.below(u64::from(STATIONS)) as u32;
        let to = 1 + (from + random.below(u64::from(STATIONS) - 1) as u32) % STATIONS;
        // A rider's second trip is hours behind the first.
        let entry = Instant(begins.0 + (trip % 2) as i64 * 7 * 3_600_000 + random.below(4 * 3_600_000) as i64);
        let exit = entry + DurationMs::minutes(130);
        by_gate[from as usize - 1].push(Tap {
            rider,
            serial: 2 * trip,
            station: from,
            direction: Direction::In,
            at: entry,
        });
        by_gate[to as usize - 1].push(Tap {
            rider,
            serial: 2 * trip + 1,
            station: to,
            direction: Direction::Out,
            at: exit,
        });
    }
    let mut timed = Vec::new();
    for taps in &mut by_gate {
        taps.sort_by_key(|tap| tap.at);
        let (mut previous, mut sequence) = ([0; 32], 0);
        for part in taps.chunks(BATCH) {
            let first = sequence + 1;
            let mut records = Vec::with_capacity(part.len());
            for tap in part {
                sequence += 1;
                let bytes = record(tap, sequence, previous)?;
                previous = TapRecord::hash(&bytes);
                records.push(bytes);
            }
            let gate = format!("G{}", part[0].station);
            let batch = GateBatch { gate, epoch: 1, first, last: sequence, records, signature: [0; 64] };
            let mut of = part.iter();
            let network = "310100".parse()?;
            let checked = CheckedBatch::trusted(&batch, network, |_| of.next().map_or(Outcome::NotOpened, verified));
            let checked = checked.map_err(|stop| anyhow::anyhow!("a batch of the bench: {stop}"))?;
            timed.push((part[part.len() - 1].at, checked));
        }
    }
    timed.sort_by_key(|(at, _)| *at);
    Ok(timed.into_iter().map(|(_, batch)| batch).collect())
}

fn record(tap: &Tap, sequence: u64, previous: [u8; 32]) -> anyhow::Result<Vec<u8>> {
    let code = vec![tap.serial as u8; CODE_LENGTH];
    let record = TapRecord {
        gate: text_field(&format!("G{}", tap.station)).expect("a short name"),
        epoch: 1,
        sequence,
        station: tap.station,
        line: 1,
        direction: tap.direction,
        vehicle: [0; 12],
        gate_time_ms: tap.at.0,
        drift_ms: 0,
        uncertainty_ms: 500,
        reason: Reason::Ok,
        flags: 0,
        amount_fen: -1,
        key_set_version: 1,
        deny_home: 330_000,
        deny_sequence: 1,
        deny_age_s: 600,
        fare_pack_version: 1,
        previous,
        code: &code,
    };
    let mut buffer = [0; RECORD_LENGTH_MAX];
    let length = record.write(&mut buffer).ok_or_else(|| anyhow::anyhow!("a record has its place"))?;
    Ok(buffer[..length].to_vec())
}

fn verified(tap: &Tap) -> Outcome {
    let Digest(replay_key) = HashFunction::Sha256.hash(&[&tap.serial.to_be_bytes()]);
    let mut number = [0; 10];
    // BCD of the rider's number.
    hex::decode_to_slice(format!("{:020}", tap.rider), &mut number).expect("twenty digits");
    let code = Checked {
        profile: Profile::Jtt1179,
        account: Account { issuer: [0x99, 0x33, 0x01, 0x00], number },
        platform: [0, 0, 0, 1],
        account_type: 1,
        certificate_issuer: [0x99, 0x33, 0x01, 0x00],
        serial: [0, 0, 1],
        home: 330_000,
        limit_fen: 3_000,
        ticket_number: [0; 8],
        generation_time: tap.at.0 / 1_000 - 3,
        age_s: 3,
        replay_key,
    };
    Outcome::Verified(Box::new(Verified { code, city: "330100".parse().expect("a code") }))
}
