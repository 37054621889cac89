//! `huitong-bench streams`: what 1, 2 and 4 streams of one service commit together, in one process. Each stream is the
//! production stream of medical (decide, journal, views, ledger, fsync) that books credits to persons' accounts; persons are
//! spread over the parts by key range. No HTTP, no exchange: the part that spreading multiplies.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant as Stopwatch};

use huitong_kernel::division::Division;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::HashFunction;
use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::split::Split;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_medical::Medical;
use huitong_medical::command::{AccountBucket, Command};
use huitong_service_kit::stream::record::Idempotency;
use huitong_service_kit::stream::{ApiCall, Delivery, ServiceStream, SplitStream, StreamPort, StreamSettings};
use huitong_service_kit::{Directory, Envelope, Principal, Service};
use serde_json::json;

const PERSONS: usize = 2_000;
/// Calls waiting at each stream.
const WAITING: usize = 256;
const ROUNDS: usize = 5;
const PHASE: Duration = Duration::from_secs(3);
const HOME: &str = "330000";

struct Alone;

impl Directory for Alone {
    fn jurisdiction_of(&self, division: Division) -> Option<Division> {
        Some(division)
    }

    fn jurisdictions(&self) -> Vec<Division> {
        Vec::new()
    }
}

fn person(number: usize) -> String {
    format!("P33010099{number:06}")
}

/// Measures 1, 2 and 4 streams in turn, several times; tells the medians.
pub fn run(folder: &Path) -> anyhow::Result<()> {
    const PARTS: [u8; 3] = [1, 2, 4];
    let mut rates: [Vec<f64>; PARTS.len()] = Default::default();
    for round in 0..ROUNDS {
        for (rates, parts) in rates.iter_mut().zip(PARTS) {
            rates.push(measure(&folder.join(format!("{round}-{parts}")), parts)?);
        }
    }
    for rates in &mut rates {
        rates.sort_by(f64::total_cmp);
    }
    let median = |place: usize| rates[place][ROUNDS / 2];
    for (place, parts) in PARTS.iter().enumerate() {
        println!("  {parts} streams: {:>8.0} commands/s, {:.2} times one", median(place), median(place) / median(0));
    }
    Ok(())
}

fn measure(folder: &Path, parts: u8) -> anyhow::Result<f64> {
    std::fs::create_dir_all(folder)?;
    let service = Arc::new(Medical::default());
    let streams = SplitStream::start(&service, parts, Instant(1), |split| {
        let home = split.address(&Address::new(HOME.parse().expect("a code"), Medical::NAME));
        let begin = Stopwatch::now();
        Ok(StreamSettings {
            path: folder.join(format!("{}.db", split.part)),
            home,
            function: HashFunction::Sha256,
            random: RandomSource::from_number(u64::from(split.part)),
            directory: Arc::new(Alone),
            on_sent: Box::new(|_| {}),
            shared: None,
            eligible: Box::new(|| true),
            uptime: Arc::new(move || DurationMs(begin.elapsed().as_millis() as i64)),
        })
    })?;
    enrol(&streams, parts)?;
    let (done, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let next = Arc::new(AtomicU64::new(0));
    let callers: Vec<_> = (0..parts)
        .map(|part| {
            let stream = Arc::clone(&streams.parts()[usize::from(part)]);
            let (done, stop, next) = (Arc::clone(&done), Arc::clone(&stop), Arc::clone(&next));
            std::thread::spawn(move || call(&stream, (part, parts), &done, &stop, &next))
        })
        .collect();
    std::thread::sleep(PHASE / 5);
    let (before, begin) = (done.load(Ordering::Relaxed), Stopwatch::now());
    std::thread::sleep(PHASE);
    let rate = (done.load(Ordering::Relaxed) - before) as f64 / begin.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.join().map_err(|_| anyhow::anyhow!("a caller failed"))?;
    }
    streams.parts().iter().for_each(|part| part.close());
    Ok(rate)
}

/// Registry's publications, to the part that holds each person.
fn enrol(streams: &SplitStream<Medical>, parts: u8) -> anyhow::Result<()> {
    let mut entries: Vec<Vec<Vec<u8>>> = vec![Vec::new(); usize::from(parts)];
    for number in 0..PERSONS {
        let person = person(number);
        let part = usize::from(Split::part_of(&person, parts));
        let message = json!({ "name": "registry.insured.v1", "body": {
            "person": person, "pool": "330100", "scheme": "employee", "certificate_type": "03",
            "certificate_number": format!("BENCH{number}"), "name": "测试", "version": 1,
            "facts": { "birth_date": "1985-03-01", "retired": false, "student": false, "family_doctor": false },
        }});
        let id = huitong_kernel::id::new_uuid(Instant(1), &mut RandomSource::from_number(number as u64));
        entries[part].push(serde_json::to_vec(&Envelope { id, cycle: id, episode: id, at: Instant(1), message })?);
    }
    for (part, entries) in streams.parts().iter().zip(entries) {
        let registry = Address::new(HOME.parse().expect("a code"), "registry");
        let feed = Feed::new(registry, part.home().clone());
        let (sender, receiver) = std::sync::mpsc::channel();
        let delivery = Delivery { feed, first: 1, entries, evidence: None, now: Instant(1) };
        part.deliver(delivery, Box::new(move |end| drop(sender.send(end))))?;
        receiver.recv()??;
    }
    Ok(())
}

/// Keeps a number of credits waiting at one stream.
fn call(
    stream: &Arc<ServiceStream<Medical>>,
    place: (u8, u8),
    done: &Arc<AtomicU64>,
    stop: &AtomicBool,
    next: &AtomicU64,
) {
    let (part, parts) = place;
    let own: Vec<String> = (0..PERSONS).map(person).filter(|person| Split::part_of(person, parts) == part).collect();
    let (give, take) = sync_channel(WAITING);
    for _ in 0..WAITING {
        // There is room for all.
        let _ = give.send(());
    }
    while !stop.load(Ordering::Relaxed) && take.recv().is_ok() {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let key = format!("bench-{number:012}");
        let call = ApiCall {
            command: Command::CreditAccount {
                person: own[number as usize % own.len()].clone(),
                bucket: AccountBucket::Current,
                amount: Fen(1),
            },
            principal: Principal {
                id: "bench".to_owned(),
                participant: "bench".to_owned(),
                permissions: Arc::default(),
            },
            request_id: String::new(),
            idempotency: Some(Idempotency { request: HashFunction::Sha256.hash(&[key.as_bytes()]), key }),
            now: Instant(1),
        };
        let (give, counted) = (give.clone(), Arc::clone(done));
        let told = stream.call(call, move |result| {
            counted.fetch_add(u64::from(result.is_ok()), Ordering::Relaxed);
            // Nobody takes it when the run is over.
            let _ = give.send(());
        });
        assert!(told.is_ok(), "the queue is longer than what waits");
    }
}
