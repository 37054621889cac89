//! The handle to a running stream of a service.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::HashFunction;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_store::group::{Committed, GroupCommitter};
use huitong_store::journal::Medium;
use huitong_store::member::{Eligible, Member, Role};
use huitong_store::readers::Readers;
use huitong_store::shared::SharedJournal;
use huitong_store::writer::{Leading, SubmitError, Surroundings, Uptime, Writer};
use huitong_store::{StoreError, journal};

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
    /// The journal proper when several members share it; `None`: the file is the journal.
    pub shared: Option<SharedJournal>,
    /// Whether this member may lead now.
    pub eligible: Eligible,
    pub uptime: Uptime,
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
    /// Restored from a backup, and not confirmed by the peers.
    #[error("the stream is on hold")]
    OnHold,
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
    path: PathBuf,
    standing: Mutex<Standing>,
    /// Whether `standing` is not good; read for every work.
    on_hold: AtomicBool,
}

/// A fault that stays is told once and then now and then, not ten times a second.
#[derive(Default)]
struct Repeated(Mutex<(String, u64)>);

/// Turns between two lines about the same fault: about half a minute.
const SAME_FAULT_PAUSE: u64 = 300;

impl Repeated {
    fn is_worth_a_line(&self, fault: &str) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != fault {
            *last = (fault.to_owned(), 0);
        }
        last.1 += 1;
        last.1 % SAME_FAULT_PAUSE == 1
    }
}

/// Whether this journal is known to be the newest.
#[derive(PartialEq, Eq)]
enum Standing {
    Good,
    /// Restored from a backup: perhaps others know of more.
    Unconfirmed,
    /// Others know of more.
    TooOld(String),
}

impl<S: Service> ServiceStream<S> {
    /// Opens the stream's file and starts its writer.
    pub fn start(service: Arc<S>, settings: StreamSettings) -> Result<ServiceStream<S>, StoreError> {
        let StreamSettings { path, home, function, random, directory, on_sent, shared, eligible, uptime } = settings;
        let logic = ServiceLogic::new(Arc::clone(&service), home.clone(), function, random, directory);
        let committer = GroupCommitter::open_on(&path, Medium::default(), function, logic, shared)?;
        let unconfirmed = journal::is_unconfirmed(committer.connection())?;
        let on_commit = Box::new(move |committed: &Committed| {
            if !committed.sent.is_empty() {
                on_sent(&committed.sent);
            }
        });
        let (stream, repeated) = (home.to_string(), Repeated::default());
        let parked: Arc<Parked<S::Reply>> = Arc::default();
        let waiting = Arc::clone(&parked);
        let on_role = Box::new(move |role: Role, fault: Option<&StoreError>| {
            if role == Role::Following {
                waiting.release_all();
            }
            match fault {
                None => tracing::info!(stream, ?role, "the role of this member changed"),
                Some(fault) if repeated.is_worth_a_line(&fault.to_string()) => {
                    tracing::warn!(stream, ?role, %fault, "this member cannot do its part");
                }
                Some(_) => {}
            }
        });
        let surroundings = Surroundings { on_commit, on_role, uptime };
        let writer = Writer::start(S::NAME, Member::new(committer, eligible), surroundings)?;
        let readers = Readers::new(&path);
        Ok(ServiceStream {
            service,
            home,
            function,
            writer,
            readers,
            parked,
            path,
            on_hold: AtomicBool::new(unconfirmed),
            standing: Mutex::new(if unconfirmed { Standing::Unconfirmed } else { Standing::Good }),
        })
    }

    /// Tells for as long as it is kept whether this member decides.
    pub fn leading(&self) -> Leading {
        self.writer.leading().clone()
    }

    /// Whether this member decides now.
    pub fn is_leading(&self) -> bool {
        self.writer.leading().now()
    }

    /// Whether what this member knows is not old: it leads, or heard of the journal a moment ago.
    pub fn is_current(&self) -> bool {
        self.writer.leading().is_current()
    }

    /// Takes nothing more: this journal is older than what others know of it.
    pub fn hold(&self, reason: &str) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = Standing::TooOld(reason.to_owned());
        self.on_hold.store(true, Ordering::Relaxed);
        // After a restart it must not serve before the peers were heard.
        if let Err(error) = journal::mark_unconfirmed(&self.path, true) {
            tracing::error!(stream = %self.home, %error, "the hold cannot be written down");
        }
    }

    /// Why nothing is taken, if so.
    pub fn held(&self) -> Option<String> {
        match &*self.standing.lock().unwrap_or_else(PoisonError::into_inner) {
            Standing::Good => None,
            Standing::Unconfirmed => Some("restored from a backup; waiting for the peers to confirm".to_owned()),
            Standing::TooOld(reason) => Some(reason.clone()),
        }
    }

    /// On hold until the peers confirm that they know of nothing newer.
    pub fn awaits_confirmation(&self) -> bool {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) != Standing::Good
    }

    /// The peers have confirmed this journal: it takes calls again.
    pub fn confirm(&self) -> Result<(), StoreError> {
        journal::mark_unconfirmed(&self.path, false)?;
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = Standing::Good;
        self.on_hold.store(false, Ordering::Relaxed);
        Ok(())
    }

    pub fn home(&self) -> &Address {
        &self.home
    }

    pub fn function(&self) -> HashFunction {
        self.function
    }

    /// The service, for its caches.
    pub fn service(&self) -> &Arc<S> {
        &self.service
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
        if self.on_hold.load(Ordering::Relaxed) {
            return Err(CallFailure::OnHold);
        }
        if !self.is_leading() {
            return Err(CallFailure::Failed(Arc::new(StoreError::NotLeading)));
        }
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
