//! A stream as the exchange sees it, whatever its service.

use huitong_kernel::entry::{Entry, Sequence};
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_store::feeds::{self, FeedMessage};
use huitong_store::{StoreError, journal};

use super::alarms::{self, Alarm, AlarmPlace};
use super::handle::{CallFailure, ServiceStream};
use super::logic::{Delivery, End, Work};
use crate::service::Service;

/// Runs on the writer's thread once the work is durable; carries the feed's size for a delivery, else 0.
pub type Delivered = Box<dyn FnOnce(Result<Sequence, CallFailure>) + Send>;

pub trait StreamPort: Send + Sync {
    fn home(&self) -> &Address;
    /// Takes a peer's verified messages.
    fn deliver(&self, delivery: Delivery, done: Delivered) -> Result<(), CallFailure>;
    /// Takes a peer's verified receipt.
    fn note_receipt(&self, feed: Feed, note: String, done: Delivered) -> Result<(), CallFailure>;
    /// Lets the service see what is due.
    fn tick(&self, now: Instant) -> Result<(), CallFailure>;
    /// All feeds that start or end here.
    fn feeds(&self) -> Result<Vec<Feed>, StoreError>;
    fn feed_size(&self, feed: &Feed) -> Result<Sequence, StoreError>;
    fn messages_after(&self, feed: &Feed, after: Sequence, limit: usize) -> Result<Vec<FeedMessage>, StoreError>;
    fn leaves(&self, feed: &Feed, first: Sequence, last: Sequence) -> Result<Vec<Digest>, StoreError>;
    /// The newest signed checkpoint with receipt over `feed`.
    fn evidence_latest(&self, feed: &Feed) -> Result<Option<String>, StoreError>;
    fn evidence_covering(&self, feed: &Feed, size: Sequence) -> Result<Option<String>, StoreError>;
    fn entry(&self, sequence: Sequence) -> Result<Option<Entry>, StoreError>;
    fn head(&self) -> Result<(Sequence, Digest), StoreError>;
    /// Sentences for the duty officer before a place, newest first.
    fn alarms(&self, before: AlarmPlace, limit: usize) -> Result<Vec<Alarm>, StoreError>;
    /// Whether this member decides now.
    fn is_leading(&self) -> bool;
    /// Whether what this member knows is not old.
    fn is_current(&self) -> bool;
    /// Takes nothing more, for the reason given.
    fn hold(&self, reason: &str);
    /// Why nothing is taken, if so.
    fn held(&self) -> Option<String>;
    /// On hold until the peers confirm that they know of nothing newer.
    fn awaits_confirmation(&self) -> bool;
    /// Takes works again after a restore.
    fn confirm(&self) -> Result<(), StoreError>;
    fn close(&self);
}

impl<S: Service> StreamPort for ServiceStream<S> {
    fn home(&self) -> &Address {
        ServiceStream::home(self)
    }

    fn deliver(&self, delivery: Delivery, done: Delivered) -> Result<(), CallFailure> {
        self.submit(Work::Deliver(delivery), |end| done(end.map(size_of)))
    }

    fn note_receipt(&self, feed: Feed, note: String, done: Delivered) -> Result<(), CallFailure> {
        self.submit(Work::Receipt { feed, note }, |end| done(end.map(size_of)))
    }

    fn tick(&self, now: Instant) -> Result<(), CallFailure> {
        if !self.is_leading() {
            return Ok(());
        }
        let due = self.has_due(now).map_err(|error| CallFailure::Failed(std::sync::Arc::new(error)))?;
        if due { self.submit(Work::Tick { now }, |_| {}) } else { Ok(()) }
    }

    fn feeds(&self) -> Result<Vec<Feed>, StoreError> {
        self.readers().snapshot(feeds::all)
    }

    fn feed_size(&self, feed: &Feed) -> Result<Sequence, StoreError> {
        self.readers().snapshot(|connection| feeds::size(connection, feed))
    }

    fn messages_after(&self, feed: &Feed, after: Sequence, limit: usize) -> Result<Vec<FeedMessage>, StoreError> {
        self.readers().snapshot(|connection| feeds::messages_after(connection, feed, after, limit))
    }

    fn leaves(&self, feed: &Feed, first: Sequence, last: Sequence) -> Result<Vec<Digest>, StoreError> {
        self.readers().snapshot(|connection| feeds::leaves(connection, feed, first, last))
    }

    fn evidence_latest(&self, feed: &Feed) -> Result<Option<String>, StoreError> {
        self.readers().snapshot(|connection| feeds::evidence_latest(connection, feed))
    }

    fn evidence_covering(&self, feed: &Feed, size: Sequence) -> Result<Option<String>, StoreError> {
        self.readers().snapshot(|connection| feeds::evidence_covering(connection, feed, size))
    }

    fn entry(&self, sequence: Sequence) -> Result<Option<Entry>, StoreError> {
        self.readers().snapshot(|connection| journal::entry(connection, sequence))
    }

    fn head(&self) -> Result<(Sequence, Digest), StoreError> {
        self.readers().snapshot(journal::head)
    }

    fn alarms(&self, before: AlarmPlace, limit: usize) -> Result<Vec<Alarm>, StoreError> {
        self.readers().view(|view| alarms::before(view, before, limit))
    }

    fn is_leading(&self) -> bool {
        ServiceStream::is_leading(self)
    }

    fn is_current(&self) -> bool {
        ServiceStream::is_current(self)
    }

    fn hold(&self, reason: &str) {
        ServiceStream::hold(self, reason);
    }

    fn held(&self) -> Option<String> {
        ServiceStream::held(self)
    }

    fn awaits_confirmation(&self) -> bool {
        ServiceStream::awaits_confirmation(self)
    }

    fn confirm(&self) -> Result<(), StoreError> {
        ServiceStream::confirm(self)
    }

    fn close(&self) {
        ServiceStream::close(self);
    }
}

fn size_of<R>(end: End<R>) -> Sequence {
    match end {
        End::Delivered(size) => size,
        End::Answered(_) | End::Parked(_) | End::Noted => 0,
    }
}
