//! The thread around a [`Member`]: a bounded queue in, outcomes out through callbacks after the commit.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use huitong_kernel::time::DurationMs;

use crate::error::StoreError;
use crate::group::{Committed, Logic};
use crate::member::{Member, Role};

/// Works waiting at most; beyond that the caller is told to come back later.
pub const QUEUE_LENGTH_MAX: usize = 4_096;
/// Works committed together at most: bounds the time a caller waits for its group.
pub const GROUP_SIZE_MAX: usize = 512;
/// How often a member of a shared journal takes a turn without works.
const TURN_PAUSE: Duration = Duration::from_millis(100);

/// A follower that has heard nothing for longer does not vouch for what it knows.
const CURRENT_MS: i64 = 3_000;

/// Called on the writer's thread once the group is durable (or has failed).
pub type Completion<T> = Box<dyn FnOnce(Result<T, Arc<StoreError>>) + Send>;
/// Told after each commit, before the completions run.
pub type CommitListener = Box<dyn Fn(&Committed) + Send>;
/// Told when the member's role changed, and whenever it cannot do its part.
pub type RoleListener = Box<dyn Fn(Role, Option<&StoreError>) + Send>;
/// Time since the start, by a clock that is never set.
pub type Uptime = Arc<dyn Fn() -> DurationMs + Send + Sync>;

/// What the writer tells, and asks.
pub struct Surroundings {
    pub on_commit: CommitListener,
    pub on_role: RoleListener,
    pub uptime: Uptime,
}

/// The queue is full or the writer has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    #[error("the stream is overloaded")]
    Overloaded,
    #[error("the stream is closed")]
    Closed,
}

type Submission<L> = (<L as Logic>::Work, Completion<<L as Logic>::Outcome>);

/// The handle to a stream's writer.
pub struct Writer<L: Logic> {
    queue: Mutex<Option<SyncSender<Submission<L>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    leading: Leading,
}

/// Whether a member decides now: until when, in uptime. A leader that waits for its database lets this run out, as its lease
/// does, although nothing tells it that another one leads.
#[derive(Clone)]
pub struct Leading {
    until_ms: Arc<AtomicI64>,
    /// When the journal was last heard of.
    heard_ms: Arc<AtomicI64>,
    uptime: Uptime,
}

impl Leading {
    pub fn now(&self) -> bool {
        (self.uptime)().0 < self.until_ms.load(Ordering::Relaxed)
    }

    /// Whether what the member knows is not old: it leads, or heard of the journal a moment ago.
    pub fn is_current(&self) -> bool {
        self.now() || (self.uptime)().0 - self.heard_ms.load(Ordering::Relaxed) < CURRENT_MS
    }

    fn set(&self, until: DurationMs) {
        self.until_ms.store(until.0, Ordering::Relaxed);
    }
}

impl<L: Logic + 'static> Writer<L> {
    /// Starts the thread.
    pub fn start(name: &str, mut member: Member<L>, surroundings: Surroundings) -> Result<Writer<L>, StoreError> {
        let (sender, receiver) = sync_channel(QUEUE_LENGTH_MAX);
        let leading = Leading {
            until_ms: Arc::default(),
            heard_ms: Arc::new(AtomicI64::new(i64::MIN / 2)),
            uptime: Arc::clone(&surroundings.uptime),
        };
        leading.set(member.leads_until());
        let told = leading.clone();
        let thread = std::thread::Builder::new().name(format!("writer {name}")).spawn(move || {
            serve(&mut member, &receiver, &surroundings, &told);
            member.resign();
        })?;
        Ok(Writer { queue: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)), leading })
    }

    /// Whether this member decides.
    pub fn leading(&self) -> &Leading {
        &self.leading
    }

    /// Queues a work; `done` runs after its group is durable.
    pub fn submit(&self, work: L::Work, done: Completion<L::Outcome>) -> Result<(), SubmitError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        match queue.as_ref().ok_or(SubmitError::Closed)?.try_send((work, done)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(SubmitError::Overloaded),
            Err(TrySendError::Disconnected(_)) => Err(SubmitError::Closed),
        }
    }

    /// Takes no new work, finishes what is queued, and waits for the thread.
    pub fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic of the writer was already reported by the panic hook.
            let _ = thread.join();
        }
    }
}

fn serve<L: Logic>(
    member: &mut Member<L>,
    queue: &Receiver<Submission<L>>,
    surroundings: &Surroundings,
    leading: &Leading,
) {
    let shared = member.is_shared();
    loop {
        let (mut works, mut completions) = (Vec::new(), Vec::new());
        match next::<L>(queue, shared) {
            Ok((work, done)) => {
                works.push(work);
                completions.push(done);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        while !works.is_empty()
            && works.len() < GROUP_SIZE_MAX
            && let Ok((work, done)) = queue.try_recv()
        {
            works.push(work);
            completions.push(done);
        }
        let turn = member.turn((surroundings.uptime)(), works);
        leading.set(member.leads_until());
        if turn.fault.is_none() {
            leading.heard_ms.store((surroundings.uptime)().0, Ordering::Relaxed);
        }
        if turn.changed || turn.fault.is_some() {
            (surroundings.on_role)(member.role(), turn.fault.as_deref());
        }
        if let Some(committed) = turn.committed {
            (surroundings.on_commit)(&committed);
        }
        for (done, outcome) in completions.into_iter().zip(turn.outcomes) {
            done(outcome);
        }
    }
}

/// The next work; a member of a shared journal does not wait for ever.
fn next<L: Logic>(queue: &Receiver<Submission<L>>, shared: bool) -> Result<Submission<L>, RecvTimeoutError> {
    if shared { queue.recv_timeout(TURN_PAUSE) } else { queue.recv().map_err(|_| RecvTimeoutError::Disconnected) }
}
