//! A whole region in one process and one thread: time is a number, the network is a queue, disks are memory. Everything that
//! decides anything is the code that production runs.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use huitong_exchange::parcel::Parcel;
use huitong_kernel::clearing::{Period, PeriodKind};
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::manifest::SignedManifest;
use huitong_kernel::random::RandomSource;
use huitong_kernel::suite::SoftwareKey;
use huitong_kernel::time::{DurationMs, Instant};

use huitong_store::journal;
use huitong_transit::model::parameters::Parameters;

use crate::check::Checker;
use crate::client::Clients;
use crate::coverage::Coverage;
use crate::database::Database;
use crate::disk::Disk;
use crate::malice::Malice;
use crate::network::Network;
use crate::plan::{Item, Passage, Plan, What};
use crate::process::{Process, Start, disk_name};
use crate::region::{self, MEMBERS, Office};
use crate::vfs;
use crate::workload::{self, Workload};

/// Longer than the simulated networks wait for a record.
const HOURS: DurationMs = DurationMs::minutes(3 * 60);
/// How often timers, manifests and shared journals are looked at.
const TICK: DurationMs = DurationMs(200);
/// After healing, everything must have come to rest by then.
const REST: DurationMs = DurationMs::minutes(30);
/// Entries printed of each journal after a failure.
const LAST_ENTRIES: u64 = 12;
/// A run with more steps than this does not come to rest.
const STEPS_MAX: u64 = 400_000;

/// Where a process of a node runs, whether it is up or not.
pub struct Place {
    pub node: usize,
    pub member: usize,
    pub process: Option<Process>,
    /// Kept on disk by production: the signing key, the manifest.
    pub key: Rc<SoftwareKey>,
    pub signed: SignedManifest,
    pub skew: DurationMs,
    /// Nothing runs until then.
    pub frozen_until: Instant,
    /// What an operator would find on an older backup.
    pub old_backup: Option<Disk>,
    /// The newest backup, while an older one is in its place.
    pub newest_backup: Option<Disk>,
}

#[derive(Clone, Debug)]
pub enum Event {
    /// A client makes its call, or repeats it.
    Ask(usize),
    /// The writer of a stream takes what is queued.
    Flush {
        place: usize,
        stream: usize,
    },
    Tick {
        place: usize,
    },
    LinkTurn {
        place: usize,
        peer: usize,
    },
    Parcel {
        from: usize,
        to: usize,
        call: Call,
        bytes: Vec<u8>,
    },
    Answer {
        to: usize,
        call: Call,
        bytes: Vec<u8>,
    },
    CallTimeout {
        call: Call,
    },
    Manifest {
        place: usize,
        version: u64,
    },
    Restart {
        place: usize,
    },
    Planned(Item),
    Heal,
}

impl Event {
    /// What it carries.
    fn bytes(&self) -> &[u8] {
        match self {
            Event::Parcel { bytes, .. } | Event::Answer { bytes, .. } => bytes,
            _ => &[],
        }
    }

    /// Everything else of it.
    fn line(&self) -> String {
        match self {
            Event::Parcel { from, to, call, .. } => format!("Parcel {from} → {to} {call:?}"),
            Event::Answer { to, call, .. } => format!("Answer → {to} {call:?}"),
            other => format!("{other:?}"),
        }
    }
}

/// A call from a process to a member of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    pub place: usize,
    pub peer: usize,
    pub member: usize,
    pub number: u64,
}

/// What went wrong, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub step: u64,
    pub at: DurationMs,
    pub what: String,
}

pub struct World {
    pub now: Instant,
    pub random: RandomSource,
    pub places: Vec<Place>,
    pub office: Office,
    pub database: Database,
    pub network: Network,
    pub clients: Clients,
    pub workloads: Vec<Box<dyn Workload>>,
    pub coverage: Coverage,
    pub checker: Checker,
    pub malice: Malice,
    /// Calls under way, one a link and member.
    pub calls: BTreeMap<(usize, usize, usize), u64>,
    /// Flushes and link turns that are in the queue already.
    pub due: BTreeSet<(u8, usize, usize)>,
    queue: BTreeMap<(Instant, u64), Event>,
    counter: u64,
    started: Instant,
    /// What all clocks have gone on at once: links and disks noticed nothing of it.
    passed: DurationMs,
    step: u64,
    trace: Digest,
    /// Prints every step.
    loud: bool,
}

impl World {
    /// Founds the region and starts every process.
    pub fn new(seed: u64, loud: bool) -> World {
        vfs::start(seed);
        let mut random = RandomSource::from_number(seed ^ 0x5eed);
        let started = Instant::start_of("2026-11-24".parse().expect("a date")) + DurationMs::minutes(9 * 60);
        let (office, keys) = Office::found(started, &mut random);
        let mut places = Vec::new();
        for node in 0..region::DIVISIONS.len() {
            for member in 0..MEMBERS[node] {
                places.push(Place {
                    node,
                    member,
                    process: None,
                    key: keys[node].clone(),
                    signed: office.newest().clone(),
                    skew: DurationMs(0),
                    frozen_until: started,
                    old_backup: None,
                    newest_backup: None,
                });
            }
        }
        World {
            now: started,
            random,
            places,
            office,
            database: Database::default(),
            network: Network::default(),
            clients: Clients::default(),
            workloads: workload::all(),
            coverage: Coverage::default(),
            checker: Checker::default(),
            malice: Malice::default(),
            calls: BTreeMap::new(),
            due: BTreeSet::new(),
            queue: BTreeMap::new(),
            counter: 0,
            started,
            passed: DurationMs(0),
            step: 0,
            trace: Digest::ZERO,
            loud,
        }
    }

    /// Plays a plan to its end; gives the coverage, and a digest over all steps that is the same in every run.
    pub fn play(mut self, plan: &Plan) -> Result<(Coverage, Digest), Failure> {
        for place in 0..self.places.len() {
            self.start_process(place);
            self.after(DurationMs(place as i64), Event::Tick { place });
        }
        for stage in 0..3 {
            self.set_up(stage);
            self.run_until_rest(DurationMs::minutes(2))?;
        }
        self.make_backups();
        let begin = self.now;
        let last = plan.items.iter().map(|item| item.at).max().unwrap_or_default();
        for item in &plan.items {
            self.at(begin + item.at, Event::Planned(*item));
        }
        self.at(begin + last + DurationMs::seconds(20), Event::Heal);
        self.run_until_rest(DurationMs(last.0 + REST.0))?;
        self.check_end().map_err(|what| self.failure(what))?;
        self.reached().map_err(|what| self.failure(what))?;
        self.coverage.steps = self.step;
        self.finish_coverage();
        Ok((self.coverage, self.trace))
    }

    fn set_up(&mut self, stage: usize) {
        for number in 0..self.workloads.len() {
            for wish in self.workloads[number].set_up(stage) {
                let client = self.clients.add(wish, number, &mut self.random);
                // What is needed for everything else is asked for once.
                self.clients.0[client].curious = false;
                self.after(DurationMs(client as i64), Event::Ask(client));
            }
        }
    }

    /// Handles events until nothing is left to be done, or fails when that takes too long.
    fn run_until_rest(&mut self, limit: DurationMs) -> Result<(), Failure> {
        let end = self.now + limit;
        loop {
            let Some(((at, _), event)) = self.queue.pop_first() else { return Ok(()) };
            self.now = self.now.max(at);
            if self.step.is_multiple_of(64) && self.is_at_rest() {
                self.queue.insert((at, self.counter), event);
                self.counter += 1;
                self.step += 1;
                return Ok(());
            }
            if self.now > end || self.step > STEPS_MAX {
                return Err(self.failure(self.unrest()));
            }
            self.take(event).map_err(|what| self.failure(what))?;
        }
    }

    fn failure(&self, what: String) -> Failure {
        if self.loud {
            self.print_journals();
        }
        Failure { step: self.step, at: self.now - self.started, what }
    }

    fn take(&mut self, event: Event) -> Result<(), String> {
        self.step += 1;
        let line = format!("{} {} {}", self.step, self.now.0, event.line());
        self.trace = HashFunction::Sha256.hash(&[&self.trace.0, line.as_bytes(), event.bytes()]);
        if self.loud && !matches!(event, Event::Tick { .. }) {
            println!("{:>7} {:>8} ms  {}", self.step, (self.now - self.started).0, event.line());
            if !event.bytes().is_empty() {
                self.say(&content(event.bytes()));
            }
        }
        if let Some(until) = self.frozen(&event) {
            self.at(until, event);
            return Ok(());
        }
        match event {
            Event::Ask(client) => self.ask(client),
            Event::Flush { place, stream } => self.flush(place, stream),
            Event::Tick { place } => self.tick(place),
            Event::LinkTurn { place, peer } => self.link_turn(place, peer),
            Event::Parcel { from, to, call, bytes } => self.parcel(from, to, call, &bytes),
            Event::Answer { to, call, bytes } => self.answer(to, call, &bytes),
            Event::CallTimeout { call } => self.call_timeout(call),
            Event::Manifest { place, version } => self.manifest(place, version),
            Event::Restart { place } => self.start_process(place),
            Event::Planned(item) => match item.what {
                What::Action(number) => self.act(number, item.seed),
                What::Fault(fault) => self.inject(fault, item.seed),
                What::Passage(passage) => self.pass(passage),
            },
            Event::Heal => self.heal(),
        }
        self.check()
    }

    /// When the process that an event is for runs again, if it stands still.
    fn frozen(&self, event: &Event) -> Option<Instant> {
        let place = match event {
            Event::Flush { place, .. } | Event::Tick { place } | Event::LinkTurn { place, .. } => *place,
            Event::Parcel { to, .. } | Event::Answer { to, .. } => *to,
            Event::CallTimeout { call } => call.place,
            Event::Manifest { place, .. } => *place,
            Event::Ask(_) | Event::Restart { .. } | Event::Planned(_) | Event::Heal => return None,
        };
        let until = self.places[place].frozen_until;
        (until > self.now).then_some(until)
    }

    pub fn at(&mut self, at: Instant, event: Event) {
        self.counter += 1;
        self.queue.insert((at, self.counter), event);
    }

    pub fn after(&mut self, delay: DurationMs, event: Event) {
        self.at(self.now + delay, event);
    }

    pub fn next_number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// The true date and time.
    pub fn wall(&self) -> Instant {
        self.now + self.passed
    }

    /// What a clock that shows the right time shows more than [`World::now`].
    pub fn passed(&self) -> DurationMs {
        self.passed
    }

    fn pass(&mut self, passage: Passage) {
        let (now, parameters) = (self.wall(), Parameters::default());
        let today = parameters.business_day(now);
        let until = match passage {
            Passage::Hours => now + HOURS,
            Passage::Day => parameters.day_begins(today) + DurationMs::days(1),
            Passage::Month => parameters.day_begins(Period::of(PeriodKind::Month, today).next_day()),
        };
        // A clock may be two minutes behind.
        let until = until + DurationMs::minutes(3);
        let length = until - now;
        self.passed.0 += length.0;
        for place in &mut self.places {
            place.skew.0 += length.0;
            place.process.iter_mut().for_each(|process| process.skew.0 += length.0);
        }
        self.coverage.effect(passage.name(), 1);
    }

    /// Starts the process of a place on its disk.
    pub fn start_process(&mut self, place: usize) {
        let Place { node, member, key, signed, skew, process, .. } = &self.places[place];
        if process.is_some() {
            return;
        }
        let start = Start {
            node: *node,
            member: *member,
            key: key.clone(),
            signed: signed.clone(),
            skew: *skew,
            now: self.now,
            database: &self.database,
            random: &mut self.random,
        };
        match Process::start(start) {
            Ok(process) => self.places[place].process = Some(process),
            Err(error) => self.checker.remember(format!("the process {} does not start: {error}", self.disk(place))),
        }
        for peer in 0..region::DIVISIONS.len() {
            self.ring(place, peer, DurationMs(1));
        }
    }

    pub fn disk(&self, place: usize) -> String {
        disk_name(self.places[place].node, self.places[place].member)
    }

    /// The ends of all journals, for whoever looks for the reason of a failure.
    fn print_journals(&self) {
        for process in self.places.iter().filter_map(|place| place.process.as_ref()) {
            for stream in &process.streams.0 {
                println!("journal of {} on {}:", stream.home(), process.disk);
                let first = journal::head(stream.connection()).map_or(0, |head| head.0.saturating_sub(LAST_ENTRIES));
                // What cannot be read is not printed.
                let _ = journal::each_from(stream.connection(), first, |entry| {
                    let text: String = String::from_utf8_lossy(&entry.bytes).chars().take(600).collect();
                    println!("  {} {} {text}", entry.sequence, entry.kind);
                    Ok(())
                });
            }
        }
    }

    /// A line among the steps, when they are printed.
    pub fn say(&self, line: &str) {
        if self.loud {
            println!("                         {line}");
        }
    }

    pub fn tick_after(&mut self, place: usize) {
        self.after(TICK, Event::Tick { place });
    }

    /// Whether something of the plan is still to come.
    pub fn has_plans(&self) -> bool {
        self.queue.values().any(|event| {
            matches!(
                event,
                Event::Planned(_) | Event::Heal | Event::Restart { .. } | Event::Ask(_) | Event::Flush { .. }
            )
        })
    }

    /// What network and database did, for the report.
    fn finish_coverage(&mut self) {
        let trouble = self.network.trouble;
        let lost = self.database.lost_answers();
        for (name, count) in [
            ("parcels lost", trouble.lost),
            ("parcels delayed", trouble.delayed),
            ("parcels doubled", trouble.doubled),
            ("parcels cut off", trouble.cut),
            ("database answers lost, applied", lost.applied),
            ("database answers lost, dropped", lost.dropped),
            ("database answers lost, late", lost.late),
            ("places taken", lost.taken),
        ] {
            self.coverage.effect(name, count);
        }
    }
}

/// What a parcel carries, in a few words.
fn content(bytes: &[u8]) -> String {
    let Ok(parcel) = Parcel::decode(bytes) else { return format!("{} bytes of garbage", bytes.len()) };
    let mut parts = Vec::new();
    for batch in &parcel.batches {
        parts.push(format!("{} from {} × {}", batch.feed, batch.first, batch.messages.len()));
    }
    parts.extend(parcel.receipts.iter().map(|receipt| format!("receipt for {}", receipt.feed)));
    parts.extend(parcel.refused.iter().map(|refused| format!("{} refused: {}", refused.feed, refused.refusal)));
    if parcel.asks_held {
        parts.push("asks what is held".to_owned());
    }
    parts.extend(
        parcel.held.iter().flat_map(|held| &held.feeds).map(|held| format!("holds {} of {}", held.size, held.feed)),
    );
    parts.join("; ")
}
