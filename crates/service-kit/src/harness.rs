//! A region of one service without network: messages are carried by hand, in order, at chosen moments. For tests that
//! read like stories; it runs the very streams that production runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use huitong_kernel::clearing::ClearingRule;
use huitong_kernel::division::Division;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::HashFunction;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_store::group::GroupCommitter;
use huitong_store::replay::{self, Difference};
use huitong_store::{View, feeds};

use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::service::{Directory, Service};
use crate::stream::logic::{ApiCall, Delivery, End, Outcome, ServiceLogic, Work};
use crate::stream::record::Idempotency;

/// Each jurisdiction answers for itself.
struct Provinces {
    provinces: Vec<Division>,
    rules: Vec<ClearingRule>,
}

impl Directory for Provinces {
    fn jurisdiction_of(&self, division: Division) -> Option<Division> {
        self.provinces.iter().copied().find(|province| province.contains(division))
    }

    fn jurisdictions(&self) -> Vec<Division> {
        self.provinces.clone()
    }

    fn clearing_rules(&self) -> Vec<ClearingRule> {
        self.rules.clone()
    }
}

/// The same service at several jurisdictions, with a clock that stands until it is moved.
pub struct Region<S: Service> {
    nodes: BTreeMap<Division, GroupCommitter<ServiceLogic<S>>>,
    service: fn() -> S,
    folder: PathBuf,
    pub now: Instant,
    /// How callers that waited were told, by correlation.
    pub told: BTreeMap<String, Result<S::Reply, Refusal>>,
    provinces: Vec<Division>,
    rules: Vec<ClearingRule>,
    /// Streams opened so far: each has random numbers of its own.
    opened: u64,
}

/// How a call in a story ended so far.
#[derive(Debug)]
pub enum Called<R> {
    Replied(R),
    Refused(Refusal),
    Waiting(String),
}

impl<R> Called<R> {
    /// The reply.
    ///
    /// # Panics
    /// When there is none.
    pub fn reply(self) -> R {
        match self {
            Called::Replied(reply) => reply,
            Called::Refused(refusal) => panic!("refused with {} {:?}", refusal.code, refusal.arguments),
            Called::Waiting(correlation) => panic!("still waiting for {correlation}"),
        }
    }

    /// The code of the refusal.
    ///
    /// # Panics
    /// When the call was not refused.
    pub fn code(self) -> String {
        match self {
            Called::Refused(refusal) => refusal.code,
            Called::Replied(_) => panic!("granted, but a refusal was expected"),
            Called::Waiting(correlation) => panic!("still waiting for {correlation}"),
        }
    }
}

const FUNCTION: HashFunction = HashFunction::Sha256;

impl<S: Service> Region<S> {
    /// Starts the service at each of the provinces, on files below `folder`.
    pub fn new(folder: PathBuf, provinces: &[&str], service: fn() -> S) -> Region<S> {
        let provinces: Vec<Division> = provinces.iter().map(|code| code.parse().expect("a code")).collect();
        let mut region = Region {
            nodes: BTreeMap::new(),
            service,
            folder,
            now: Instant::start_of("2026-11-24".parse().expect("a date")) + DurationMs::minutes(9 * 60),
            told: BTreeMap::new(),
            provinces: provinces.clone(),
            rules: Vec::new(),
            opened: 0,
        };
        for province in provinces {
            region.restart(province);
        }
        region
    }

    /// A jurisdiction joins with a node of its own: all nodes know of it from now on.
    pub fn join(&mut self, province: &str) {
        self.provinces.push(province.parse().expect("a code"));
        for province in self.provinces.clone() {
            self.restart(province);
        }
    }

    /// All nodes know these rules for clearing from now on.
    pub fn set_clearing_rules(&mut self, rules: Vec<ClearingRule>) {
        self.rules = rules;
        for province in self.provinces.clone() {
            self.restart(province);
        }
    }

    /// Opens a node's file anew, as after a crash: whatever was not committed is gone.
    pub fn restart(&mut self, province: Division) {
        self.nodes.remove(&province);
        self.opened += 1;
        let logic = self.logic(province);
        let committer = GroupCommitter::open(&self.path(province), FUNCTION, logic).expect("the stream opens");
        self.nodes.insert(province, committer);
    }

    fn logic(&self, province: Division) -> ServiceLogic<S> {
        let home = Address::new(province, S::NAME);
        let seed = province.as_str().parse::<u64>().expect("digits") + self.now.0.unsigned_abs() + (self.opened << 42);
        let directory = Arc::new(Provinces { provinces: self.provinces.clone(), rules: self.rules.clone() });
        ServiceLogic::new(Arc::new((self.service)()), home, FUNCTION, RandomSource::from_number(seed), directory)
    }

    fn path(&self, province: Division) -> PathBuf {
        self.folder.join(format!("{province}.db"))
    }

    pub fn view(&self, at: &str) -> View<'_> {
        self.nodes[&at.parse().expect("a code")].view()
    }

    /// The journal of a node, for what reads it as a file.
    pub fn journal(&self, at: &str) -> &huitong_store::journal::Connection {
        self.nodes[&at.parse().expect("a code")].connection()
    }

    /// A call of `participant` at the node of `at`, under an idempotency key if given.
    pub fn call(&mut self, at: &str, participant: &str, key: Option<&str>, command: S::Command) -> Called<S::Reply> {
        self.call_as(at, participant, key.map(|key| (key, key)), command)
    }

    /// Like [`Region::call`], with the content that the key stands for.
    pub fn call_as(
        &mut self,
        at: &str,
        participant: &str,
        key: Option<(&str, &str)>,
        command: S::Command,
    ) -> Called<S::Reply> {
        let idempotency = key.map(|(key, content)| Idempotency {
            key: key.to_owned(),
            request: HashFunction::Sha256.hash(&[content.as_bytes()]),
        });
        let principal = Principal {
            id: format!("somebody@{participant}"),
            participant: participant.to_owned(),
            permissions: Arc::default(),
        };
        let request_id = "story".to_owned();
        let call = ApiCall { command, principal, request_id, idempotency, now: self.now };
        match self.run(at.parse().expect("a code"), Work::Call(call)) {
            End::Answered(Ok(reply)) => Called::Replied(reply),
            End::Answered(Err(refusal)) => Called::Refused(refusal),
            End::Parked(correlation) => match self.told.get(&correlation) {
                Some(Ok(reply)) => Called::Replied(reply.clone()),
                Some(Err(refusal)) => Called::Refused(refusal.clone()),
                None => Called::Waiting(correlation),
            },
            End::Delivered(_) | End::Noted => panic!("a call ends answered or parked"),
        }
    }

    /// A call whose answer comes from elsewhere: carries all messages until nothing moves.
    pub fn ask(&mut self, at: &str, participant: &str, key: Option<&str>, command: S::Command) -> Called<S::Reply> {
        match self.call(at, participant, key, command) {
            Called::Waiting(correlation) => {
                self.carry_all();
                match self.told.get(&correlation) {
                    Some(Ok(reply)) => Called::Replied(reply.clone()),
                    Some(Err(refusal)) => Called::Refused(refusal.clone()),
                    None => Called::Waiting(correlation),
                }
            }
            ended => ended,
        }
    }

    fn run(&mut self, at: Division, work: Work<S::Command>) -> End<S::Reply> {
        let node = self.nodes.get_mut(&at).expect("a node of the region");
        let (mut outcomes, _) = node.run(vec![work]);
        let Outcome { end, resolved } = outcomes.remove(0).expect("storage works in a story");
        self.told.extend(resolved);
        end
    }

    /// Gives a message to a stream as if it came as number `number` of `feed`.
    pub fn deliver(&mut self, feed: &Feed, first: u64, entries: Vec<Vec<u8>>) {
        let delivery = Delivery { feed: feed.clone(), first, entries, evidence: None, now: self.now };
        self.run(feed.to.jurisdiction, Work::Deliver(delivery));
    }

    /// Gives a receipted checkpoint to the receiver of its feed, as what a parcel leaves behind.
    pub fn leave_evidence(&mut self, feed: &Feed, note: String) {
        let first = feeds::next_number(self.view(feed.to.jurisdiction.as_str()), feed).expect("readable");
        let delivery = Delivery { feed: feed.clone(), first, entries: Vec::new(), evidence: Some(note), now: self.now };
        self.run(feed.to.jurisdiction, Work::Deliver(delivery));
    }

    /// Carries what `from` has for `to`; gives the number of messages.
    pub fn carry(&mut self, from: &str, to: &str) -> usize {
        let address = |code: &str| Address::new(code.parse().expect("a code"), S::NAME);
        let feed = Feed::new(address(from), address(to));
        let held = feeds::next_number(self.view(to), &feed).expect("readable");
        let sent = feeds::next_number(self.view(from), &feed).expect("readable");
        let read = |number| feeds::message(self.view(from), &feed, number).expect("readable").expect("sent");
        let entries: Vec<Vec<u8>> = (held..sent).map(read).collect();
        let count = entries.len();
        self.deliver(&feed, held, entries);
        count
    }

    /// Carries all messages between all nodes until nothing moves.
    pub fn carry_all(&mut self) {
        let names: Vec<String> = self.provinces.iter().map(Division::to_string).collect();
        loop {
            let mut moved = 0;
            for from in &names {
                for to in names.iter().filter(|to| *to != from) {
                    moved += self.carry(from, to);
                }
            }
            if moved == 0 {
                return;
            }
        }
    }

    /// Moves the clock and lets every node see what is due.
    pub fn pass(&mut self, time: DurationMs) {
        self.now = self.now + time;
        for province in self.provinces.clone() {
            self.run(province, Work::Tick { now: self.now });
        }
    }

    /// Lets one node see what is due.
    pub fn tick(&mut self, at: &str) {
        self.run(at.parse().expect("a code"), Work::Tick { now: self.now });
    }

    /// The views that differ from replay, over all nodes: none, if all is well.
    pub fn replay_differences(&self) -> Vec<Difference> {
        let mut differences = Vec::new();
        for province in &self.provinces {
            let scratch = self.folder.join(format!("{province}-{}.scratch", self.now.0));
            let mut logic = self.logic(*province);
            let found = replay::compare(&self.path(*province), &scratch, FUNCTION, &mut logic);
            differences.extend(found.expect("the stream replays"));
            std::fs::remove_file(&scratch).expect("the scratch file exists");
        }
        differences
    }
}
