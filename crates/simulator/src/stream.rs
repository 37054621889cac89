//! A service's stream in the simulator: the production member and logic on a simulated disk, with its queue and its waiting
//! callers. [`Stream`] hides which service it is.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::HashFunction;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::stream::logic::{End, Outcome};
use huitong_service_kit::stream::record::Idempotency;
use huitong_service_kit::stream::{ApiCall, Delivery, ServiceLogic, Work};
use huitong_service_kit::{Directory, Principal, Refusal, Service};
use huitong_store::group::GroupCommitter;
use huitong_store::journal::{Connection, Medium};
use huitong_store::member::{Eligible, Member, Role};
use huitong_store::replay::{self, Difference};
use huitong_store::shared::SharedJournal;
use huitong_store::{StoreError, journal};
use serde_json::Value;

use crate::vfs;

pub const FUNCTION: HashFunction = HashFunction::Sha256;

/// Names a call of a client, over all nodes.
pub type Ticket = u64;

/// A call on its way to a stream.
pub struct Call {
    pub ticket: Ticket,
    /// The service's `Command`.
    pub command: Box<dyn Any>,
    pub participant: String,
    pub idempotency: Idempotency,
}

/// What a client was told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Replied(Value),
    Refused(Refusal),
    /// Nothing was booked, or nobody knows: repeat with the same key.
    Failed(String),
}

/// What one group brought.
#[derive(Default)]
pub struct Ran {
    pub told: Vec<(Ticket, Told)>,
    /// Feeds with new messages.
    pub sent: Vec<Feed>,
    /// Whether everything queued was committed.
    pub durable: bool,
    pub fault: Option<String>,
}

pub trait Stream {
    fn home(&self) -> &Address;
    fn role(&self) -> Role;
    fn connection(&self) -> &Connection;
    fn queue_call(&mut self, call: Call, now: Instant);
    fn queue_delivery(&mut self, delivery: Delivery);
    fn queue_receipt(&mut self, feed: Feed, note: String);
    /// Queues a tick if something is due.
    fn queue_tick(&mut self, now: Instant);
    /// Processes everything queued as one group.
    fn run(&mut self, uptime: DurationMs) -> Ran;
    /// Views that differ from replay.
    fn replay_differences(&self) -> Result<Vec<Difference>, StoreError>;
    /// Restored from a backup, and on hold until the peers confirm.
    fn is_unconfirmed(&self) -> bool;
    fn confirm(&mut self) -> Result<(), StoreError>;
}

/// What opening a stream needs.
pub struct Opening<'a> {
    pub disk: &'a str,
    pub home: Address,
    pub random: RandomSource,
    pub directory: Arc<dyn Directory>,
    pub shared: Option<SharedJournal>,
    pub eligible: Eligible,
}

struct Hosted<S: Service> {
    home: Address,
    member: Member<ServiceLogic<S>>,
    service: Arc<S>,
    directory: Arc<dyn Directory>,
    queue: Vec<(Work<S::Command>, Option<Ticket>)>,
    parked: BTreeMap<String, Vec<Ticket>>,
    unconfirmed: bool,
}

/// Opens a service's stream on a disk, as a node does when it starts.
pub fn open<S: Service>(service: S, opening: Opening<'_>) -> Result<Box<dyn Stream>, StoreError> {
    let Opening { disk, home, random, directory, shared, eligible } = opening;
    let service = Arc::new(service);
    let logic = ServiceLogic::new(Arc::clone(&service), home.clone(), FUNCTION, random, Arc::clone(&directory));
    let path = format!("/{disk}/{}.db", S::NAME);
    let medium = Medium { vfs: Some(vfs::NAME), ..Medium::default() };
    let committer = GroupCommitter::open_on(Path::new(&path), medium, FUNCTION, logic, shared)?;
    let unconfirmed = journal::is_unconfirmed(committer.connection())?;
    let member = Member::new(committer, eligible);
    let (queue, parked) = (Vec::new(), BTreeMap::new());
    Ok(Box::new(Hosted { home, member, service, directory, queue, parked, unconfirmed }))
}

impl<S: Service> Hosted<S> {
    fn ended(&mut self, outcome: Outcome<S::Reply>, ticket: Option<Ticket>, ran: &mut Ran) {
        let Outcome { end, resolved } = outcome;
        match (end, ticket) {
            (End::Answered(result), Some(ticket)) => ran.told.push((ticket, told::<S>(result))),
            (End::Parked(correlation), Some(ticket)) => self.parked.entry(correlation).or_default().push(ticket),
            (End::Answered(_) | End::Parked(_) | End::Delivered(_) | End::Noted, _) => {}
        }
        for (correlation, result) in resolved {
            for ticket in self.parked.remove(&correlation).unwrap_or_default() {
                ran.told.push((ticket, told::<S>(result.clone())));
            }
        }
    }
}

fn told<S: Service>(result: Result<S::Reply, Refusal>) -> Told {
    match result {
        Ok(reply) => Told::Replied(serde_json::to_value(reply).expect("a reply is plain data")),
        Err(refusal) => Told::Refused(refusal),
    }
}

impl<S: Service> Stream for Hosted<S> {
    fn home(&self) -> &Address {
        &self.home
    }

    fn role(&self) -> Role {
        self.member.role()
    }

    fn connection(&self) -> &Connection {
        self.member.committer().connection()
    }

    fn queue_call(&mut self, call: Call, now: Instant) {
        let command = *call.command.downcast::<S::Command>().expect("a workload calls its own service");
        let principal = Principal {
            id: format!("somebody@{}", call.participant),
            participant: call.participant,
            permissions: Arc::default(),
        };
        let request_id = call.ticket.to_string();
        let call_work = ApiCall { command, principal, request_id, idempotency: Some(call.idempotency), now };
        self.queue.push((Work::Call(call_work), Some(call.ticket)));
    }

    fn queue_delivery(&mut self, delivery: Delivery) {
        self.queue.push((Work::Deliver(delivery), None));
    }

    fn queue_receipt(&mut self, feed: Feed, note: String) {
        self.queue.push((Work::Receipt { feed, note }, None));
    }

    fn queue_tick(&mut self, now: Instant) {
        let view = self.member.committer().view();
        if self.service.due(view, now, 1).is_ok_and(|due| !due.is_empty()) {
            self.queue.push((Work::Tick { now }, None));
        }
    }

    fn run(&mut self, uptime: DurationMs) -> Ran {
        let (works, tickets): (Vec<_>, Vec<_>) = std::mem::take(&mut self.queue).into_iter().unzip();
        let turn = self.member.turn(uptime, works);
        if self.member.role() == Role::Following {
            // As production does: another member may be the one to see the answers.
            self.parked.clear();
        }
        let mut ran = Ran { durable: true, fault: turn.fault.map(|fault| fault.to_string()), ..Ran::default() };
        for (outcome, ticket) in turn.outcomes.into_iter().zip(tickets) {
            match outcome {
                Ok(outcome) => self.ended(outcome, ticket, &mut ran),
                Err(error) => {
                    ran.durable = false;
                    ran.fault.get_or_insert_with(|| error.to_string());
                    ran.told.extend(ticket.map(|ticket| (ticket, Told::Failed(error.to_string()))));
                }
            }
        }
        ran.sent = turn.committed.map(|committed| committed.sent).unwrap_or_default();
        ran
    }

    fn replay_differences(&self) -> Result<Vec<Difference>, StoreError> {
        let random = RandomSource::from_number(0);
        let directory = Arc::clone(&self.directory);
        let mut logic = ServiceLogic::new(Arc::clone(&self.service), self.home.clone(), FUNCTION, random, directory);
        replay::compare_in_memory(self.connection(), FUNCTION, &mut logic)
    }

    fn is_unconfirmed(&self) -> bool {
        self.unconfirmed
    }

    fn confirm(&mut self) -> Result<(), StoreError> {
        journal::set_unconfirmed(self.connection(), false)?;
        self.unconfirmed = false;
        Ok(())
    }
}
