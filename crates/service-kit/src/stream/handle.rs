//! The handle to a running stream of a service.

use std::path::PathBuf;
use std::sync::Arc;

use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::HashFunction;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_store::StoreError;
use huitong_store::group::{Committed, GroupCommitter};
use huitong_store::readers::Readers;
use huitong_store::writer::{SubmitError, Writer};

use super::logic::{ApiCall, End, Outcome, ServiceLogic, Work};
use super::parked::Parked;
use crate::refusal::Refusal;
use crate::service::{Directory, Service};

/// Told which feeds have something to send.
pub type SentListener = Box<dyn Fn(&[Feed]) + Send>;

/// Where and how a stream runs.
pub struct StreamSettings {
    pub path: PathBuf,
    pub home: Address,
    pub function: HashFunction,
    pub random: RandomSource,
    pub directory: Arc<dyn Directory>,
    /// Told after each commit which feeds have something to send.
    pub on_sent: SentListener,
}

/// Why a call has no reply.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallFailure {
    #[error("refused: {}", .0.code)]
    Refused(Refusal),
    #[error("the stream is overloaded")]
    Overloaded,
    #[error("the stream is closed")]
    Closed,
    #[error(transparent)]
    Failed(Arc<StoreError>),
}

/// A running service: its writer, its readers, its waiting callers.
pub struct ServiceStream<S: Service> {
    service: Arc<S>,
    home: Address,
    function: HashFunction,
    writer: Writer<ServiceLogic<S>>,
    readers: Readers,
    parked: Arc<Parked<S::Reply>>,
}

impl<S: Service> ServiceStream<S> {
    /// Opens the stream's file and starts its writer.
    pub fn start(service: Arc<S>, settings: StreamSettings) -> Result<ServiceStream<S>, StoreError> {
        let StreamSettings { path, home, function, random, directory, on_sent } = settings;
        let logic = ServiceLogic::new(Arc::clone(&service), home.clone(), function, random, directory);
        let committer = GroupCommitter::open(&path, function, logic)?;
        let on_commit = Box::new(move |committed: &Committed| {
            if !committed.sent.is_empty() {
                on_sent(&committed.sent);
            }
        });
        let writer = Writer::start(S::NAME, committer, on_commit)?;
        Ok(ServiceStream { service, home, function, writer, readers: Readers::new(&path), parked: Arc::default() })
    }

    pub fn home(&self) -> &Address {
        &self.home
    }

    pub fn function(&self) -> HashFunction {
        self.function
    }

    pub fn readers(&self) -> &Readers {
        &self.readers
    }

    /// Makes a call; `done` runs on the writer's thread once the answer is durable: at once, or when the peer answered.
    pub fn call(
        &self,
        call: ApiCall<S::Command>,
        done: impl FnOnce(Result<S::Reply, CallFailure>) + Send + 'static,
    ) -> Result<(), CallFailure> {
        let parked = Arc::clone(&self.parked);
        self.submit(Work::Call(call), move |result| match result {
            Err(failure) => done(Err(failure)),
            Ok(End::Answered(result)) => done(result.map_err(CallFailure::Refused)),
            Ok(End::Parked(correlation)) => {
                parked.park(correlation, Box::new(move |result| done(result.map_err(CallFailure::Refused))));
            }
            Ok(End::Delivered(_) | End::Noted) => unreachable!("a call ends answered or parked"),
        })
    }

    /// Submits any work; callers that waited for it are told before `done` runs.
    pub fn submit(
        &self,
        work: Work<S::Command>,
        done: impl FnOnce(Result<End<S::Reply>, CallFailure>) + Send + 'static,
    ) -> Result<(), CallFailure> {
        let parked = Arc::clone(&self.parked);
        let completion = Box::new(move |result: Result<Outcome<S::Reply>, Arc<StoreError>>| match result {
            Err(error) => done(Err(CallFailure::Failed(error))),
            Ok(outcome) => {
                for (correlation, result) in &outcome.resolved {
                    parked.resolve(correlation, result);
                }
                done(Ok(outcome.end));
            }
        });
        self.writer.submit(work, completion).map_err(|error| match error {
            SubmitError::Overloaded => CallFailure::Overloaded,
            SubmitError::Closed => CallFailure::Closed,
        })
    }

    /// Whether anything is due, read beside the writer so that an idle tick costs it nothing.
    pub fn has_due(&self, now: Instant) -> Result<bool, StoreError> {
        self.readers.view(|view| Ok(!self.service.due(view, now, 1)?.is_empty()))
    }

    pub fn close(&self) {
        self.writer.close();
    }
}
