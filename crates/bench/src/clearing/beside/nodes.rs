//! Two nodes in this process, each with the production streams of medical and clearing; one carrier thread a feed, as exchange and
//! node carry, without network and signatures.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant as Stopwatch};

use huitong_clearing::Clearing;
use huitong_kernel::clearing::ClearingRule;
use huitong_kernel::division::Division;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::HashFunction;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_medical::Medical;
use huitong_service_kit::stream::{ApiCall, Delivery, ServiceStream, StreamPort, StreamSettings};
use huitong_service_kit::{Directory, Principal, Service};

use crate::clearing::stage::{division, rule};

pub const VISITED: &str = "310000";
pub const HOME: &str = "330000";
pub const BOTH: [&str; 2] = [VISITED, HOME];
/// Messages carried together, as in the exchange.
const CARRIED_MAX: usize = 1_024;
/// Carriers look again after this time even if nobody rang; due timers as often.
const PAUSE: Duration = Duration::from_millis(200);

struct Pair;

impl Directory for Pair {
    fn jurisdiction_of(&self, part: Division) -> Option<Division> {
        self.jurisdictions().into_iter().find(|node| node.contains(part))
    }

    fn jurisdictions(&self) -> Vec<Division> {
        BOTH.map(division).to_vec()
    }

    fn clearing_rules(&self) -> Vec<ClearingRule> {
        vec![rule("medical"), rule("transit")]
    }
}

pub struct Nodes {
    pub medical: BTreeMap<&'static str, Arc<ServiceStream<Medical>>>,
    pub clearing: BTreeMap<&'static str, Arc<ServiceStream<Clearing>>>,
    clock: Clock,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Clone, Copy)]
pub struct Clock {
    begin: Stopwatch,
    from: Instant,
}

impl Clock {
    pub fn now(self) -> Instant {
        self.from + DurationMs(i64::try_from(self.begin.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}

/// What is rung when a feed has something new.
type Bells = BTreeMap<Feed, SyncSender<()>>;

pub fn address(node: &str, service: &str) -> Address {
    Address::new(division(node), service)
}

/// Between the same service of both nodes, and between the services of a node.
fn feeds() -> Vec<Feed> {
    let mut feeds = Vec::new();
    for (node, other) in [(VISITED, HOME), (HOME, VISITED)] {
        for service in ["medical", "clearing"] {
            feeds.push(Feed::new(address(node, service), address(other, service)));
        }
        feeds.push(Feed::new(address(node, "medical"), address(node, "clearing")));
        feeds.push(Feed::new(address(node, "clearing"), address(node, "medical")));
    }
    feeds
}

fn start<S: Service + Default>(
    folder: &Path,
    node: &str,
    clock: Clock,
    bells: &Bells,
) -> anyhow::Result<Arc<ServiceStream<S>>> {
    let (home, bells) = (address(node, S::NAME), bells.clone());
    let seed = node.parse::<u64>()? + S::NAME.len() as u64;
    let settings = StreamSettings {
        path: folder.join(format!("{node}-{}.db", S::NAME)),
        home,
        function: HashFunction::Sha256,
        random: RandomSource::from_number(seed),
        directory: Arc::new(Pair),
        on_sent: Box::new(move |sent| {
            for bell in sent.iter().filter_map(|feed| bells.get(feed)) {
                // One that has rung already rings.
                let _ = bell.try_send(());
            }
        }),
        shared: None,
        eligible: Box::new(|| true),
        uptime: Arc::new(move || DurationMs(clock.begin.elapsed().as_millis() as i64)),
    };
    Ok(Arc::new(ServiceStream::start(Arc::new(S::default()), settings)?))
}

impl Nodes {
    pub fn start(folder: &Path) -> anyhow::Result<Nodes> {
        let from = Instant::start_of("2026-11-24".parse().expect("a date")) + DurationMs::minutes(9 * 60);
        let clock = Clock { begin: Stopwatch::now(), from };
        let (mut bells, mut waiting) = (Bells::new(), Vec::new());
        for feed in feeds() {
            let (bell, ring) = sync_channel(1);
            bells.insert(feed.clone(), bell);
            waiting.push((feed, ring));
        }
        let mut nodes = Nodes {
            medical: BTreeMap::new(),
            clearing: BTreeMap::new(),
            clock,
            stop: Arc::default(),
            threads: Vec::new(),
        };
        for node in BOTH {
            nodes.medical.insert(node, start(folder, node, clock, &bells)?);
            nodes.clearing.insert(node, start(folder, node, clock, &bells)?);
        }
        for (feed, ring) in waiting {
            let (from, to, stop) = (nodes.port(&feed.from), nodes.port(&feed.to), Arc::clone(&nodes.stop));
            nodes.threads.push(std::thread::spawn(move || carry(&feed, &*from, &*to, &ring, clock, &stop)));
        }
        let (ports, stop) = (BOTH.map(|node| Arc::clone(&nodes.medical[node])), Arc::clone(&nodes.stop));
        nodes.threads.push(std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                ports.iter().for_each(|port| port.tick(clock.now()).expect("timers"));
                std::thread::sleep(PAUSE);
            }
        }));
        Ok(nodes)
    }

    fn port(&self, address: &Address) -> Arc<dyn StreamPort> {
        let node = if address.jurisdiction == division(VISITED) { VISITED } else { HOME };
        match address.service_name() {
            "medical" => Arc::clone(&self.medical[node]) as Arc<dyn StreamPort>,
            _ => Arc::clone(&self.clearing[node]) as Arc<dyn StreamPort>,
        }
    }

    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Whether everything that was sent has come.
    pub fn is_quiet(&self) -> anyhow::Result<bool> {
        for feed in feeds() {
            if self.port(&feed.from).feed_size(&feed)? != self.port(&feed.to).feed_size(&feed)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub fn stop(self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| anyhow::anyhow!("a carrier failed"))?;
        }
        self.medical.values().for_each(|stream| stream.close());
        self.clearing.values().for_each(|stream| stream.close());
        Ok(())
    }
}

fn carry(
    feed: &Feed,
    from: &dyn StreamPort,
    to: &dyn StreamPort,
    ring: &Receiver<()>,
    clock: Clock,
    stop: &AtomicBool,
) {
    let mut held = to.feed_size(feed).expect("readable");
    while !stop.load(Ordering::Relaxed) {
        let messages = from.messages_after(feed, held, CARRIED_MAX).expect("readable");
        if messages.is_empty() {
            // Rung, or time to look again.
            let _ = ring.recv_timeout(PAUSE);
            continue;
        }
        let entries = messages.into_iter().map(|message| message.bytes).collect();
        held = deliver(to, feed, held + 1, entries, clock.now()).expect("taken");
    }
}

/// Gives messages to a stream and waits until they are durable; gives how many of the feed it holds.
pub fn deliver(
    to: &dyn StreamPort,
    feed: &Feed,
    first: u64,
    entries: Vec<Vec<u8>>,
    now: Instant,
) -> anyhow::Result<u64> {
    let (sender, receiver) = channel();
    let delivery = Delivery { feed: feed.clone(), first, entries, evidence: None, now };
    to.deliver(delivery, Box::new(move |end| drop(sender.send(end))))?;
    Ok(receiver.recv()??)
}

/// Makes a call of a participant and waits for the reply.
pub fn call<S: Service>(
    stream: &ServiceStream<S>,
    participant: &str,
    command: S::Command,
    now: Instant,
) -> anyhow::Result<S::Reply> {
    let (sender, receiver) = channel();
    let principal =
        Principal { id: participant.to_owned(), participant: participant.to_owned(), permissions: Arc::default() };
    let call = ApiCall { command, principal, request_id: String::new(), idempotency: None, now };
    stream.call(call, move |result| drop(sender.send(result)))?;
    Ok(receiver.recv()??)
}
