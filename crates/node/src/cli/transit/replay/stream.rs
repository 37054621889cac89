//! The node under load: a stream of the service on disk, given works as the endpoints give them, never more than it can take.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use anyhow::anyhow;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::HashFunction;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::stream::handle::CallFailure;
use huitong_service_kit::stream::{ApiCall, Delivery, ServiceStream, StreamSettings, Work};
use huitong_service_kit::{Envelope, Service, StoreError, View};
use huitong_transit::Transit;
use huitong_transit::command::{Command, Reply, TakenReply};
use huitong_transit::model::message::Message;
use huitong_transit::query::taps;
use huitong_transit::verify::{CheckedBatch, Verifier, check};

use super::city::{Places, TwoNodes, operator};
use super::codes::Codes;
use super::gates::Sent;

/// Works given and not yet durable.
const IN_FLIGHT_MAX: usize = 256;
/// Signed batches are verified beside the writer, as production does.
const VERIFIER_WORKERS: usize = 1;

pub struct Node {
    pub stream: ServiceStream<Transit>,
    transit: Arc<Transit>,
    verifier: Verifier,
    places: Places,
    sender: Sender<Result<Option<TakenReply>, CallFailure>>,
    done: Receiver<Result<Option<TakenReply>, CallFailure>>,
    in_flight: usize,
    pub taken: TakenReply,
    path: PathBuf,
}

impl Node {
    pub fn start(folder: &Path, places: Places, seed: u64) -> anyhow::Result<Node> {
        let started = std::time::Instant::now();
        let transit = Arc::new(Transit::default());
        let path = crate::services::stream_path(folder, Transit::NAME);
        anyhow::ensure!(!path.exists(), "{} exists: the replay begins with an empty folder", path.display());
        let settings = StreamSettings {
            path: path.clone(),
            home: Address::new(places.node, Transit::NAME),
            function: HashFunction::Sha256,
            random: RandomSource::from_number(seed),
            directory: Arc::new(TwoNodes(places)),
            on_sent: Box::new(|_| {}),
            shared: None,
            eligible: Box::new(|| true),
            uptime: Arc::new(move || DurationMs(i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX))),
        };
        let stream = ServiceStream::start(Arc::clone(&transit), settings)?;
        let (sender, done) = channel();
        let (verifier, taken) = (Verifier::new(VERIFIER_WORKERS), TakenReply::default());
        Ok(Node { stream, transit, verifier, places, sender, done, in_flight: 0, taken, path })
    }

    /// A batch from a gate.
    pub fn take(&mut self, sent: Sent, codes: &Codes, now: Instant) -> anyhow::Result<()> {
        let checked = if sent.is_signed {
            let participant = operator().participant;
            let batch = &sent.batch;
            self.stream.readers().view(|view| check(&self.transit, &self.verifier, view, &participant, batch))
        } else {
            CheckedBatch::trusted(&sent.batch, self.places.network, |record| codes.believed(record))
        };
        let checked = checked.map_err(|stop| anyhow!("a batch of {} was refused: {stop:?}", sent.batch.gate))?;
        self.give(Command::TakeTaps(Box::new(checked)), now)
    }

    /// A command whose reply is waited for.
    pub fn command(&mut self, command: Command, now: Instant) -> anyhow::Result<()> {
        self.give(command, now)?;
        self.settle()
    }

    fn give(&mut self, command: Command, now: Instant) -> anyhow::Result<()> {
        self.wait_below(IN_FLIGHT_MAX)?;
        let call = ApiCall { command, principal: operator(), request_id: "replay".to_owned(), idempotency: None, now };
        let sender = self.sender.clone();
        let done = move |reply: Result<Reply, CallFailure>| {
            let told = reply.map(|reply| if let Reply::Taken(taken) = reply { Some(taken) } else { None });
            // The replay waits for every work, so the receiver is there.
            let _ = sender.send(told);
        };
        self.stream.call(call, done)?;
        self.in_flight += 1;
        Ok(())
    }

    /// Waits until all works are durable.
    pub fn settle(&mut self) -> anyhow::Result<()> {
        self.wait_below(1)
    }

    fn wait_below(&mut self, count: usize) -> anyhow::Result<()> {
        while self.in_flight >= count {
            let told = self.done.recv()?.map_err(|failure| anyhow!("the node refused a work: {failure}"))?;
            self.in_flight -= 1;
            if let Some(taken) = told {
                self.taken.accepted += taken.accepted;
                self.taken.duplicate += taken.duplicate;
                self.taken.impossible += taken.impossible;
                self.taken.refused += taken.refused;
                self.taken.passback += taken.passback;
            }
        }
        Ok(())
    }

    /// Trips that are due become final.
    pub fn tick(&mut self, now: Instant) -> anyhow::Result<()> {
        self.settle()?;
        loop {
            let is_due = self.view(|view| Ok(!taps::due_riders(view, now, 1)?.is_empty()))?;
            if !is_due {
                return Ok(());
            }
            self.submit(Work::Tick { now })?;
        }
    }

    /// A message of the home node, as if it came over the network.
    pub fn receive(&mut self, number: u64, message: Message, now: Instant) -> anyhow::Result<()> {
        let id = huitong_kernel::id::new_uuid(now, &mut RandomSource::from_number(number));
        let envelope = Envelope { id, cycle: id, episode: id, at: now, message };
        let from = Address::new(self.places.home_node, Transit::NAME);
        let feed = Feed::new(from, self.stream.home().clone());
        let entries = vec![serde_json::to_vec(&envelope)?];
        self.submit(Work::Deliver(Delivery { feed, first: number, entries, evidence: None, now }))
    }

    fn submit(&mut self, work: Work<Command>) -> anyhow::Result<()> {
        let sender = self.sender.clone();
        self.stream.submit(work, move |end| drop(sender.send(end.map(|_| None))))?;
        self.in_flight += 1;
        self.settle()
    }

    pub fn view<T>(&self, read: impl FnOnce(View<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.stream.readers().view(read)
    }

    /// Bytes of the stream's file and its log.
    pub fn bytes_on_disk(&self) -> u64 {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        [self.path.clone(), log.into()]
            .iter()
            .filter_map(|path| std::fs::metadata(path).ok())
            .map(|file| file.len())
            .sum()
    }
}
