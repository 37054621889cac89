//! How a service's stream processes calls, deliveries and ticks: the one write path.

use std::sync::Arc;

use huitong_kernel::division::Division;
use huitong_kernel::entry::{Entry, EntryKind, Sequence};
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::merkle;
use huitong_kernel::random::RandomSource;
use huitong_kernel::split::Split;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_store::group::{Done, Logic, Scope};
use huitong_store::journal::Pace;
use huitong_store::sabotage::{self, Sabotage};
use huitong_store::{StoreError, Tx, View, params};

use super::record::{Cause, Idempotency, Record};
use crate::http::kit_refusals;
use crate::principal::Principal;
use crate::refusal::{Refusal, Stop};
use crate::service::{
    Answer, Applied, CallResult, Context, Correlation, Decision, Directory, Input, Received, Service,
};

/// Due timers taken per tick: bounds the time a tick holds the writer.
const TIMERS_PER_TICK: usize = 256;
/// How often a duty officer is told that a timer is refused.
const REFUSED_AGAIN: DurationMs = DurationMs::minutes(60);

/// An API caller's wish.
pub struct ApiCall<C> {
    pub command: C,
    pub principal: Principal,
    pub request_id: String,
    pub idempotency: Option<Idempotency>,
    pub now: Instant,
}

/// Consecutive messages of a peer's feed, already verified by the exchange.
pub struct Delivery {
    pub feed: Feed,
    /// Number of the first entry.
    pub first: Sequence,
    pub entries: Vec<Vec<u8>>,
    /// The sender's signed checkpoint with the receipt; `None` between services of one node.
    pub evidence: Option<String>,
    pub now: Instant,
}

/// What enters a stream.
pub enum Work<C> {
    Call(ApiCall<C>),
    Deliver(Delivery),
    /// A peer's receipt for a checkpoint of a feed of this stream.
    Receipt {
        feed: Feed,
        note: String,
    },
    Tick {
        now: Instant,
    },
    /// The first work of a part.
    Split {
        split: Split,
        now: Instant,
    },
}

/// How a work ended.
pub struct Outcome<R> {
    pub end: End<R>,
    /// Callers to be told, whatever the end.
    pub resolved: Resolved<R>,
}

pub enum End<R> {
    Answered(CallResult<R>),
    Parked(Correlation),
    /// The feed now holds this many messages.
    Delivered(Sequence),
    Noted,
}

/// Callers to be told, with what.
pub type Resolved<R> = Vec<(Correlation, CallResult<R>)>;

/// How a message was taken: who is told, or why it had no effect.
type Taken<R> = Result<Resolved<R>, Refusal>;

/// A service as the logic of a stream.
pub struct ServiceLogic<S: Service> {
    service: Arc<S>,
    home: Address,
    function: HashFunction,
    random: RandomSource,
    directory: Arc<dyn Directory>,
}

impl<S: Service> ServiceLogic<S> {
    pub fn new(
        service: Arc<S>,
        home: Address,
        function: HashFunction,
        random: RandomSource,
        directory: Arc<dyn Directory>,
    ) -> ServiceLogic<S> {
        ServiceLogic { service, home, function, random, directory }
    }

    fn context(&mut self, now: Instant, principal: Principal, request_id: String) -> (Arc<S>, Context<'_>) {
        let context = Context {
            now,
            home: &self.home,
            function: self.function,
            principal,
            request_id,
            random: &mut self.random,
            directory: &*self.directory,
        };
        (Arc::clone(&self.service), context)
    }

    fn call(
        &mut self,
        scope: &mut Scope<'_>,
        call: &ApiCall<S::Command>,
    ) -> Result<Done<Outcome<S::Reply>>, StoreError> {
        if let Some(idempotency) = &call.idempotency
            && !sabotage::is(Sabotage::Idempotency)
            && let Some(end) = earlier_end(scope.view(), &call.principal.participant, idempotency)?
        {
            return Ok(Done::Keep(Outcome { end, resolved: Vec::new() }));
        }
        let cause = Cause::Call {
            principal: call.principal.id.clone(),
            participant: call.principal.participant.clone(),
            request_id: call.request_id.clone(),
            idempotency: call.idempotency.clone(),
        };
        let (service, mut context) = self.context(call.now, call.principal.clone(), call.request_id.clone());
        match service.decide(scope.view(), Input::Command(call.command.clone()), &mut context) {
            Err(Stop::Failed(error)) => Err(error),
            Err(Stop::Refused(refusal)) => {
                Ok(Done::Undo(Outcome { end: End::Answered(Err(refusal)), resolved: Vec::new() }))
            }
            Ok(decision) => {
                let record = self.record(scope, decision, cause, call.now)?;
                let end = match record.answer {
                    Answer::Now(reply) => End::Answered(Ok(reply)),
                    Answer::Later(correlation) => End::Parked(correlation),
                    Answer::None => panic!("a command of {} must be answered", S::NAME),
                };
                Ok(Done::Keep(Outcome { end, resolved: record.resolved }))
            }
        }
    }

    fn deliver(&mut self, scope: &mut Scope<'_>, delivery: &Delivery) -> Result<Outcome<S::Reply>, StoreError> {
        let Delivery { feed, first, entries, evidence, now } = delivery;
        let mut resolved = Vec::new();
        for (number, bytes) in (*first..).zip(entries) {
            let expected = scope.feed_size(feed)? + 1;
            // Messages that came twice have no second effect; a gap waits for the sender to rewind.
            if number == expected {
                resolved.extend(self.receive(scope, feed, number, bytes.clone(), *now)?);
            }
        }
        let size = scope.feed_size(feed)?;
        if let Some(note) = evidence {
            scope.append(EntryKind::CheckpointReceived { feed: feed.clone() }, note.clone().into_bytes())?;
        }
        Ok(Outcome { end: End::Delivered(size), resolved })
    }

    fn receive(
        &mut self,
        scope: &mut Scope<'_>,
        feed: &Feed,
        number: Sequence,
        bytes: Vec<u8>,
        now: Instant,
    ) -> Result<Resolved<S::Reply>, StoreError> {
        let leaf = merkle::leaf_hash(self.function, &bytes);
        let envelope = serde_json::from_slice(&bytes);
        scope.append(EntryKind::Received { feed: feed.clone(), number }, bytes)?;
        let reason = match envelope {
            Err(_) => kit_refusals::MESSAGE_UNREADABLE.refuse(),
            Ok(envelope) => {
                let received = Received { from: feed.from.clone(), number, leaf, envelope };
                match self.take_message(scope, received, feed, now)? {
                    Ok(resolved) => return Ok(resolved),
                    Err(refusal) => refusal,
                }
            }
        };
        let alarm = format!("message {number} of {feed} had no effect: {}", reason.code);
        let cause = Cause::Unread { feed: feed.clone(), number, reason };
        self.record(scope, Decision::nothing().alarm(alarm), cause, now)?;
        Ok(Vec::new())
    }

    /// A refusal comes before anything is written: there is nothing to undo.
    fn take_message(
        &mut self,
        scope: &mut Scope<'_>,
        received: Received<S::Message>,
        feed: &Feed,
        now: Instant,
    ) -> Result<Taken<S::Reply>, StoreError> {
        let number = received.number;
        let (service, mut context) = self.context(now, Principal::node(), String::new());
        match service.decide(scope.view(), Input::Message(received), &mut context) {
            Err(Stop::Failed(error)) => Err(error),
            Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
            // The message itself is in the journal; nothing followed.
            Ok(decision) if decision.is_nothing() => Ok(Ok(Vec::new())),
            Ok(decision) => {
                let cause = Cause::Message { feed: feed.clone(), number };
                Ok(Ok(self.record(scope, decision, cause, now)?.resolved))
            }
        }
    }

    fn tick(&mut self, scope: &mut Scope<'_>, now: Instant) -> Result<Outcome<S::Reply>, StoreError> {
        let mut resolved = Vec::new();
        for timer in self.service.due(scope.view(), now, TIMERS_PER_TICK)? {
            let (service, mut context) = self.context(now, Principal::node(), String::new());
            match service.decide(scope.view(), Input::Timer(timer), &mut context) {
                Ok(decision) => resolved.extend(self.record(scope, decision, Cause::Timer, now)?.resolved),
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::Refused(refusal)) => self.timer_refused(scope, &refusal, now)?,
            }
        }
        Ok(Outcome { end: End::Noted, resolved })
    }

    /// A refusal stops neither the node nor the other timers: nothing was changed, so the timer stays due, and a duty officer
    /// is told, once in [`REFUSED_AGAIN`] for each code.
    fn timer_refused(&mut self, scope: &mut Scope<'_>, refusal: &Refusal, now: Instant) -> Result<(), StoreError> {
        let alarm = format!("a timer of {} was refused: {}; it stays due", S::NAME, refusal.code);
        let told = scope.view().one(
            "SELECT 1 FROM alarm WHERE at > ?1 AND sentence = ?2 LIMIT 1",
            params![now.0 - REFUSED_AGAIN.0, alarm],
            |_| Ok(()),
        )?;
        if told.is_none() {
            self.record(scope, Decision::nothing().alarm(alarm), Cause::Timer, now)?;
        }
        Ok(())
    }

    /// Writes a decision: its messages, its record, and what the record means for the views.
    fn record(
        &mut self,
        scope: &mut Scope<'_>,
        decision: Decision<S>,
        cause: Cause,
        now: Instant,
    ) -> Result<Record<S::Event, S::Reply>, StoreError> {
        let Decision { events, messages, answer, resolved, alarms, attachment, erase } = decision;
        let hash = attachment.as_ref().map(|bytes| self.function.hash(&[bytes]));
        let record = Record { at: now, cause, events, answer, resolved, alarms, attachment: hash, erased: erase };
        let bytes = serde_json::to_vec(&record)?;
        let sequence = scope.append_with(EntryKind::Decision, bytes, attachment)?;
        apply_record(&*self.service, scope.tx(), &record, sequence)?;
        for sentence in &record.alarms {
            tracing::warn!(stream = %self.home, sequence, sentence, "alarm");
        }
        for message in messages {
            let feed = Feed::new(self.home.clone(), message.to);
            let number = scope.feed_size(&feed)? + 1;
            scope.append(EntryKind::Sent { feed, number }, message.bytes)?;
        }
        Ok(record)
    }
}

impl<S: Service> Logic for ServiceLogic<S> {
    type Work = Work<S::Command>;
    type Outcome = Outcome<S::Reply>;

    fn pace(&self) -> Pace {
        S::PACE
    }

    fn schema(&self) -> Vec<&'static str> {
        let mut schema = vec![include_str!("calls.sql")];
        schema.extend(S::schema());
        schema
    }

    fn process(
        &mut self,
        scope: &mut Scope<'_>,
        work: &Work<S::Command>,
    ) -> Result<Done<Outcome<S::Reply>>, StoreError> {
        match work {
            Work::Call(call) => self.call(scope, call),
            Work::Deliver(delivery) => self.deliver(scope, delivery).map(Done::Keep),
            Work::Receipt { feed, note } => {
                scope.append(EntryKind::ReceiptReceived { feed: feed.clone() }, note.clone().into_bytes())?;
                Ok(Done::Keep(Outcome { end: End::Noted, resolved: Vec::new() }))
            }
            Work::Tick { now } => self.tick(scope, *now).map(Done::Keep),
            Work::Split { split, now } => {
                self.record(scope, Decision::nothing(), Cause::Split(*split), *now)?;
                Ok(Done::Keep(Outcome { end: End::Noted, resolved: Vec::new() }))
            }
        }
    }

    fn replay(&mut self, tx: Tx<'_>, entry: &Entry) -> Result<(), StoreError> {
        if entry.kind != EntryKind::Decision {
            return Ok(());
        }
        let record: Record<S::Event, S::Reply> = serde_json::from_slice(&entry.bytes)?;
        apply_record(&*self.service, tx, &record, entry.sequence)
    }

    fn forget(&mut self) {}
}

/// A directory for replay, which decides nothing.
struct NoDirectory;

impl Directory for NoDirectory {
    fn jurisdiction_of(&self, _: Division) -> Option<Division> {
        None
    }

    fn jurisdictions(&self) -> Vec<Division> {
        Vec::new()
    }
}

impl<S: Service + Default> ServiceLogic<S> {
    /// The logic of a service for replay only: it applies what was decided, decides nothing and draws nothing.
    pub fn for_replay(home: Address, function: HashFunction) -> ServiceLogic<S> {
        ServiceLogic::new(Arc::new(S::default()), home, function, RandomSource::from_number(0), Arc::new(NoDirectory))
    }
}

/// What was told to the same participant under the same key, or that it waits still.
fn earlier_end<R: serde::de::DeserializeOwned>(
    view: View<'_>,
    participant: &str,
    idempotency: &Idempotency,
) -> Result<Option<End<R>>, StoreError> {
    let row = view.one(
        "SELECT request, correlation, result FROM api_call WHERE participant = ?1 AND key = ?2",
        params![participant, idempotency.key],
        |row| Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<String>>(2)?)),
    )?;
    let Some((request, correlation, result)) = row else { return Ok(None) };
    if Digest(request) != idempotency.request {
        return Ok(Some(End::Answered(Err(kit_refusals::IDEMPOTENCY_KEY_REUSED.refuse()))));
    }
    Ok(Some(match (result, correlation) {
        (Some(result), _) => End::Answered(serde_json::from_str(&result)?),
        (None, Some(correlation)) => End::Parked(correlation),
        (None, None) => return Err(StoreError::Damaged("a call neither waits nor has ended".to_owned())),
    }))
}

/// The only code that turns a record into view rows, live and in replay.
fn apply_record<S: Service>(
    service: &S,
    tx: Tx<'_>,
    record: &Record<S::Event, S::Reply>,
    sequence: Sequence,
) -> Result<(), StoreError> {
    let applied = Applied { sequence, at: record.at };
    for event in &record.events {
        service.apply(tx, event, &applied)?;
    }
    apply_cause(tx, record, sequence)?;
    record.erased.map_or(Ok(()), |up_to| tx.erase_attachments(up_to))?;
    for (correlation, result) in &record.resolved {
        let result = serde_json::to_string(result)?;
        tx.execute(
            "UPDATE api_call SET result = ?2 WHERE correlation = ?1 AND result IS NULL",
            params![correlation, result],
        )?;
    }
    for (ordinal, sentence) in record.alarms.iter().enumerate() {
        tx.execute(
            "INSERT INTO alarm (sequence, ordinal, at, sentence) VALUES (?1, ?2, ?3, ?4)",
            params![sequence, ordinal as i64, record.at.0, sentence],
        )?;
    }
    Ok(())
}

fn apply_cause<E, R: serde::Serialize>(
    tx: Tx<'_>,
    record: &Record<E, R>,
    sequence: Sequence,
) -> Result<(), StoreError> {
    match &record.cause {
        Cause::Call { participant, idempotency: Some(idempotency), .. } => {
            let (correlation, result) = match &record.answer {
                Answer::Now(reply) => (None, Some(serde_json::to_string(&Ok::<_, Refusal>(reply))?)),
                Answer::Later(correlation) => (Some(correlation), None),
                Answer::None => (None, None),
            };
            let insert = if sabotage::is(Sabotage::Idempotency) {
                "INSERT OR REPLACE INTO api_call (participant, key, request, correlation, result)
                 VALUES (?1, ?2, ?3, ?4, ?5)"
            } else {
                "INSERT INTO api_call (participant, key, request, correlation, result) VALUES (?1, ?2, ?3, ?4, ?5)"
            };
            tx.execute_one(insert, params![participant, idempotency.key, idempotency.request.0, correlation, result])
        }
        Cause::Unread { feed, number, reason } => tx.execute_one(
            "INSERT INTO unread_message (feed, number, sequence, code) VALUES (?1, ?2, ?3, ?4)",
            params![feed.to_string(), number, sequence, reason.code],
        ),
        Cause::Split(split) => {
            tx.execute_one("INSERT INTO stream_split (part, of) VALUES (?1, ?2)", params![split.part, split.of])
        }
        Cause::Call { .. } | Cause::Message { .. } | Cause::Timer => Ok(()),
    }
}
