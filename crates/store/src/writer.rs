//! The thread around a [`GroupCommitter`]: a bounded queue in, outcomes out through callbacks after the commit.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::error::StoreError;
use crate::group::{Committed, GroupCommitter, Logic};

/// Works waiting at most; beyond that the caller is told to come back later.
pub const QUEUE_LENGTH_MAX: usize = 4_096;
/// Works committed together at most: bounds the time a caller waits for its group.
pub const GROUP_SIZE_MAX: usize = 512;

/// Called on the writer's thread once the group is durable (or has failed).
pub type Completion<T> = Box<dyn FnOnce(Result<T, Arc<StoreError>>) + Send>;
/// Told after each commit, before the completions run.
pub type CommitListener = Box<dyn Fn(&Committed) + Send>;

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
}

impl<L: Logic + 'static> Writer<L> {
    /// Starts the thread.
    pub fn start(name: &str, committer: GroupCommitter<L>, on_commit: CommitListener) -> Result<Writer<L>, StoreError> {
        let (sender, receiver) = sync_channel(QUEUE_LENGTH_MAX);
        let thread = std::thread::Builder::new()
            .name(format!("writer {name}"))
            .spawn(move || serve(committer, &receiver, &on_commit))?;
        Ok(Writer { queue: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
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

fn serve<L: Logic>(mut committer: GroupCommitter<L>, queue: &Receiver<Submission<L>>, on_commit: &CommitListener) {
    while let Ok(first) = queue.recv() {
        let (mut works, mut completions) = (vec![first.0], vec![first.1]);
        while works.len() < GROUP_SIZE_MAX
            && let Ok((work, done)) = queue.try_recv()
        {
            works.push(work);
            completions.push(done);
        }
        let (outcomes, committed) = committer.run(works);
        if let Some(committed) = committed {
            on_commit(&committed);
        }
        for (done, outcome) in completions.into_iter().zip(outcomes) {
            done(outcome);
        }
    }
}
