//! One process of a node: its streams, its links, its clock, its copy of the manifest.

use std::collections::BTreeMap;
use std::rc::Rc;

use huitong_clearing::Clearing;
use huitong_exchange::link::{FeedSource, Link, Speaker};
use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::Digest;
use huitong_kernel::manifest::{Manifest, SignedManifest};
use huitong_kernel::random::RandomSource;
use huitong_kernel::suite::SoftwareKey;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_medical::Medical;
use huitong_registry::Registry;
use huitong_service_kit::Service;
use huitong_store::StoreError;
use huitong_store::feeds::{self, FeedMessage};
use huitong_store::member::Role;
use huitong_store::shared::SharedJournal;
use huitong_transit::Transit;

use crate::database::Database;
use crate::region;
use crate::stream::{self, Opening, Stream};
use crate::workload::transit_keys;

/// The services of every node.
pub const SERVICES: &[&str] = &[Registry::NAME, Medical::NAME, Transit::NAME, Clearing::NAME];

/// The streams of a process as its links see them.
pub struct Streams(pub Vec<Box<dyn Stream>>);

pub struct Process {
    pub node: usize,
    pub member: usize,
    pub disk: String,
    pub streams: Streams,
    pub links: BTreeMap<usize, Link>,
    pub key: Rc<SoftwareKey>,
    pub signed: SignedManifest,
    pub manifest: Manifest,
    /// What its clock shows more than the true time.
    pub skew: DurationMs,
    /// The true time at its start, later if it was frozen since.
    pub started: Instant,
}

/// What starting a process needs.
pub struct Start<'a> {
    pub node: usize,
    pub member: usize,
    pub key: Rc<SoftwareKey>,
    pub signed: SignedManifest,
    pub skew: DurationMs,
    pub now: Instant,
    pub database: &'a Database,
    pub random: &'a mut RandomSource,
}

/// The name of a process's disk.
pub fn disk_name(node: usize, member: usize) -> String {
    format!("{}.{member}", region::DIVISIONS[node])
}

impl Process {
    /// Starts the process on its disk. A new service is opened here.
    pub fn start(mut start: Start<'_>) -> Result<Process, StoreError> {
        let disk = disk_name(start.node, start.member);
        let streams = vec![
            start.open(Registry, &disk)?,
            start.open(Medical::default(), &disk)?,
            start.open(Transit::new(transit_keys(start.node)), &disk)?,
            start.open(Clearing, &disk)?,
        ];
        let Start { node, member, key, signed, skew, now, .. } = start;
        let manifest = signed.content().expect("the office signs what can be read");
        let links = (0..region::DIVISIONS.len())
            .filter(|peer| *peer != node)
            .map(|peer| {
                let mut link = Link::new(region::name(peer));
                link.set_members(region::MEMBERS[peer]);
                (peer, link)
            })
            .collect();
        Ok(Process { node, member, disk, streams: Streams(streams), links, key, signed, manifest, skew, started: now })
    }

    pub fn clock(&self, now: Instant) -> Instant {
        now + self.skew
    }

    pub fn uptime(&self, now: Instant) -> DurationMs {
        now - self.started
    }

    /// A link, who speaks on it, and the journals it reads.
    pub fn talk(&mut self, peer: usize, now: Instant) -> (&mut Link, Speaker<'_>, &Streams) {
        let (clock, uptime) = (self.clock(now), self.uptime(now));
        let speaker =
            Speaker { node: region::name(self.node), key: &*self.key, manifest: &self.manifest, now: clock, uptime };
        (self.links.get_mut(&peer).expect("a link to every peer"), speaker, &self.streams)
    }

    /// Takes the next manifest, if it is one.
    pub fn accept(&mut self, next: &SignedManifest) -> bool {
        match next.accept_after(&self.signed) {
            Ok(manifest) => {
                (self.signed, self.manifest) = (next.clone(), manifest);
                true
            }
            Err(_) => false,
        }
    }

    /// Whether nothing may be written: a restored journal that the peers have not confirmed, or that they know to be old.
    pub fn is_on_hold(&self) -> bool {
        self.streams.0.iter().any(|stream| stream.is_unconfirmed())
            || self.links.values().any(|link| !link.lost(&self.streams).is_empty())
    }
}

impl Start<'_> {
    fn open<S: Service>(&mut self, service: S, disk: &str) -> Result<Box<dyn Stream>, StoreError> {
        let home = Address::new(region::division(self.node), S::NAME);
        let mut seed = || RandomSource::from_number(self.random.next_u64());
        let random = seed();
        let shared = (region::MEMBERS[self.node] > 1).then(|| {
            let connection = self.database.connect(disk, seed());
            SharedJournal::new(Box::new(connection), &home.to_string(), disk)
        });
        let opening = Opening {
            disk,
            home,
            random,
            directory: region::directory(),
            shared,
            // Each stream on its own: leaders of one node may be different members.
            eligible: Box::new(|| true),
        };
        stream::open(service, opening)
    }
}

impl Streams {
    pub fn get(&self, address: &Address) -> Option<&dyn Stream> {
        self.0.iter().find(|stream| stream.home() == address).map(|stream| &**stream)
    }

    pub fn get_mut(&mut self, address: &Address) -> Option<&mut Box<dyn Stream>> {
        self.0.iter_mut().find(|stream| stream.home() == address)
    }

    /// Feeds of the streams that this process leads.
    fn feeds(&self, chosen: impl Fn(&Feed, &Address) -> bool) -> Result<Vec<Feed>, StoreError> {
        let mut found = Vec::new();
        for stream in self.0.iter().filter(|stream| stream.role() == Role::Leading) {
            found.extend(feeds::all(stream.connection())?.into_iter().filter(|feed| chosen(feed, stream.home())));
        }
        Ok(found)
    }
}

impl FeedSource for Streams {
    fn serves(&self, address: &Address) -> Option<bool> {
        self.get(address).map(|stream| stream.role() == Role::Leading)
    }

    fn leads(&self) -> Vec<String> {
        let leading = self.0.iter().filter(|stream| stream.role() == Role::Leading);
        leading.map(|stream| stream.home().service.clone()).collect()
    }

    fn outgoing(&self) -> Result<Vec<Feed>, StoreError> {
        self.feeds(|feed, home| feed.from == *home)
    }

    fn incoming(&self) -> Result<Vec<Feed>, StoreError> {
        self.feeds(|feed, home| feed.to == *home)
    }

    fn sent_size(&self, feed: &Feed) -> Result<Sequence, StoreError> {
        self.get(&feed.from).map_or(Ok(0), |stream| feeds::size(stream.connection(), feed))
    }

    fn received_size(&self, feed: &Feed) -> Result<Sequence, StoreError> {
        self.get(&feed.to).map_or(Ok(0), |stream| feeds::size(stream.connection(), feed))
    }

    fn messages_after(&self, feed: &Feed, after: Sequence, limit: usize) -> Result<Vec<FeedMessage>, StoreError> {
        let stream = self.get(&feed.from);
        stream.map_or(Ok(Vec::new()), |stream| feeds::messages_after(stream.connection(), feed, after, limit))
    }

    fn sent_leaves(&self, feed: &Feed, count: Sequence) -> Result<Vec<Digest>, StoreError> {
        let stream = self.get(&feed.from);
        stream.map_or(Ok(Vec::new()), |stream| feeds::leaves(stream.connection(), feed, 1, count))
    }

    fn received_leaves(&self, feed: &Feed, count: Sequence) -> Result<Vec<Digest>, StoreError> {
        let stream = self.get(&feed.to);
        stream.map_or(Ok(Vec::new()), |stream| feeds::leaves(stream.connection(), feed, 1, count))
    }

    fn sent_evidence(&self, feed: &Feed) -> Result<Option<String>, StoreError> {
        self.get(&feed.from).map_or(Ok(None), |stream| feeds::evidence_latest(stream.connection(), feed))
    }

    fn received_evidence(&self, feed: &Feed) -> Result<Option<String>, StoreError> {
        self.get(&feed.to).map_or(Ok(None), |stream| feeds::evidence_latest(stream.connection(), feed))
    }
}
