//! What a handler has at hand: the service's stream and the clock.

use std::sync::Arc;
use std::time::Duration;

use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_store::View;
use tokio::sync::oneshot;

use super::caller::Caller;
use super::kit_refusals;
use super::problem::Problem;
use crate::refusal::Stop;
use crate::service::Service;
use crate::stream::{ApiCall, CallFailure, ServiceStream};

/// The clock of the edge; everything below takes the time as an argument.
pub trait Clock: Send + Sync {
    fn now(&self) -> Instant;
}

/// How long a caller is kept waiting for a peer's answer before it is told to come back.
pub const ANSWER_WAIT: Duration = Duration::from_secs(10);

pub struct Edge<S: Service> {
    pub stream: Arc<ServiceStream<S>>,
    pub clock: Arc<dyn Clock>,
    pub answer_wait: Duration,
}

/// How a call went, as far as is known now.
pub enum Asked<R> {
    Replied(R),
    /// The peer has not answered in time; the outcome will be in the journal.
    Waiting,
}

impl<S: Service> Clone for Edge<S> {
    fn clone(&self) -> Self {
        Edge { stream: Arc::clone(&self.stream), clock: Arc::clone(&self.clock), answer_wait: self.answer_wait }
    }
}

impl<S: Service> Edge<S> {
    /// Makes a call and waits for its end, for a peer's answer at most [`Edge::answer_wait`].
    pub async fn ask(&self, command: S::Command, caller: &Caller, request: Digest) -> Result<Asked<S::Reply>, Problem> {
        let (sender, receiver) = oneshot::channel();
        let call = ApiCall {
            command,
            principal: caller.principal.clone(),
            request_id: caller.request_id.clone(),
            idempotency: caller.idempotency(request),
            now: self.clock.now(),
        };
        // The caller may have gone; the outcome is in the journal all the same.
        let told = self.stream.call(call, |result| drop(sender.send(result)));
        told.map_err(|failure| Problem::from_failure::<S>(&failure))?;
        match tokio::time::timeout(self.answer_wait, receiver).await {
            Ok(Ok(Ok(reply))) => Ok(Asked::Replied(reply)),
            Ok(Ok(Err(failure))) => Err(Problem::from_failure::<S>(&failure)),
            // Not answered in time, or let go because another member leads now.
            Ok(Err(_)) | Err(_) => Ok(Asked::Waiting),
        }
    }

    /// Like [`Edge::ask`] for commands that no peer has to answer.
    pub async fn ask_here(&self, command: S::Command, caller: &Caller, request: Digest) -> Result<S::Reply, Problem> {
        match self.ask(command, caller, request).await? {
            Asked::Replied(reply) => Ok(reply),
            Asked::Waiting => Err(Problem::kit(&kit_refusals::STILL_WAITING)),
        }
    }

    /// Reads the views; runs where blocking is allowed.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(View<'_>) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Problem> {
        let stream = Arc::clone(&self.stream);
        let result = tokio::task::spawn_blocking(move || stream.readers().view(read)).await;
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Stop::Refused(refusal))) => Err(Problem::from_refusal::<S>(&refusal)),
            Ok(Err(Stop::Failed(error))) => Err(Problem::from_failure::<S>(&CallFailure::Failed(Arc::new(error)))),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
}
