//! Group commit: many works decided one after the other, one transaction, one fsync, then all outcomes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use huitong_kernel::entry::{Entry, EntryKind, Sequence, chain};
use huitong_kernel::feed::Feed;
use huitong_kernel::hash::{Digest, HashFunction};
use rusqlite::Connection;

use crate::error::StoreError;
use crate::journal::{Medium, Pace};
use crate::shared::SharedJournal;
use crate::view::{Tx, View};
use crate::{attachment, feeds, journal};

/// What a stream does with a work. Implemented once, by the service kit, for all services.
pub trait Logic: Send {
    type Work: Send;
    type Outcome: Send;

    /// The tables of the views, as idempotent SQL (`CREATE TABLE IF NOT EXISTS …`).
    fn schema(&self) -> Vec<&'static str>;

    /// What the stream's writer is tuned for.
    fn pace(&self) -> Pace {
        Pace::default()
    }

    /// Decides one work, perhaps a second time after its group was given up. An error gives up this work, or the whole group
    /// where [`StoreError::spoils_group`].
    fn process(&mut self, scope: &mut Scope<'_>, work: &Self::Work) -> Result<Done<Self::Outcome>, StoreError>;

    /// Applies the meaning of a recorded entry to the service's views; used by replay.
    fn replay(&mut self, tx: Tx<'_>, entry: &Entry) -> Result<(), StoreError>;

    /// The group was given up: whatever was remembered from it is void.
    fn forget(&mut self);
}

/// How a work ended.
pub enum Done<T> {
    /// Its entries stay.
    Keep(T),
    /// Its entries and view changes are taken back; the outcome (a refusal) is still told.
    Undo(T),
}

/// What a committed group brought.
#[derive(Clone, Debug, Default)]
pub struct Committed {
    pub head: Sequence,
    /// Feeds with new messages to send.
    pub sent: Vec<Feed>,
}

/// The end of the stream as the open group sees it.
#[derive(Default)]
struct Tail {
    sequence: Sequence,
    chain: Digest,
    /// Messages per feed, loaded when first asked for.
    numbers: BTreeMap<Feed, Sequence>,
    /// Entries of the open group.
    pending: Vec<Entry>,
    /// A group was given up and the journal could not be read since: nothing of this holds.
    is_stale: bool,
}

/// The one writer of a stream, without a thread: give it works, get outcomes.
pub struct GroupCommitter<L: Logic> {
    connection: Connection,
    function: HashFunction,
    logic: L,
    tail: Tail,
    /// The journal proper, when it is not the file itself.
    shared: Option<SharedJournal>,
}

/// What the logic may do while it processes a work.
pub struct Scope<'a> {
    connection: &'a Connection,
    function: HashFunction,
    tail: &'a mut Tail,
}

impl Scope<'_> {
    pub fn view(&self) -> View<'_> {
        View::new(self.connection)
    }

    pub fn tx(&self) -> Tx<'_> {
        Tx::new(self.connection)
    }

    /// How many messages of `feed` this stream holds, those of the open group included.
    pub fn feed_size(&mut self, feed: &Feed) -> Result<Sequence, StoreError> {
        if let Some(size) = self.tail.numbers.get(feed) {
            return Ok(*size);
        }
        let size = feeds::size(self.connection, feed)?;
        self.tail.numbers.insert(feed.clone(), size);
        Ok(size)
    }

    /// Appends an entry and writes its meaning for the feeds.
    ///
    /// # Panics
    /// When a message does not carry the next number of its feed: the caller must have checked it.
    pub fn append(&mut self, kind: EntryKind, bytes: Vec<u8>) -> Result<Sequence, StoreError> {
        self.append_with(kind, bytes, None)
    }

    /// The same with an attachment, whose hash the entry's bytes name.
    pub fn append_with(
        &mut self,
        kind: EntryKind,
        bytes: Vec<u8>,
        attachment: Option<Vec<u8>>,
    ) -> Result<Sequence, StoreError> {
        if let EntryKind::Sent { feed, number } | EntryKind::Received { feed, number } = &kind {
            let size = self.feed_size(feed)?;
            assert_eq!(*number, size + 1, "messages of {feed} are numbered without gaps");
        }
        let sequence = self.tail.sequence + 1;
        let chain = chain(self.function, self.tail.chain, sequence, &kind, &bytes);
        let entry = Entry { sequence, kind, bytes, chain, attachment };
        // At once, so that a later work of the same group can read what an earlier one has appended.
        journal::append(self.connection, std::slice::from_ref(&entry))?;
        feeds::apply(self.connection, self.function, &entry)?;
        if let EntryKind::Sent { feed, number } | EntryKind::Received { feed, number } = &entry.kind {
            self.tail.numbers.insert(feed.clone(), *number);
        }
        self.tail.sequence = sequence;
        self.tail.chain = chain;
        self.tail.pending.push(entry);
        Ok(sequence)
    }

    /// Processes one work in a savepoint of its own: `Undo` and errors take back what it did, and nothing else.
    fn attempt<L: Logic>(&mut self, logic: &mut L, work: &L::Work) -> Result<L::Outcome, StoreError> {
        let (length, sequence, chain) = (self.tail.pending.len(), self.tail.sequence, self.tail.chain);
        self.connection.prepare_cached("SAVEPOINT work")?.execute([])?;
        let (keep, outcome) = match logic.process(self, work) {
            Ok(Done::Keep(outcome)) => (true, Ok(outcome)),
            Ok(Done::Undo(outcome)) => (false, Ok(outcome)),
            Err(error) => (false, Err(error)),
        };
        if !keep {
            // An I/O error may have ended the transaction already; then there is no savepoint to go back to.
            if !self.connection.is_autocommit() {
                self.connection.prepare_cached("ROLLBACK TO work")?.execute([])?;
            }
            self.tail.cut(length, sequence, chain);
        }
        if !self.connection.is_autocommit() {
            self.connection.prepare_cached("RELEASE work")?.execute([])?;
        }
        outcome
    }
}

impl Tail {
    /// Forgets what was appended after the given point.
    fn cut(&mut self, length: usize, sequence: Sequence, chain: Digest) {
        for entry in self.pending.drain(length..) {
            if let EntryKind::Sent { feed, .. } | EntryKind::Received { feed, .. } = entry.kind {
                self.numbers.remove(&feed);
            }
        }
        self.sequence = sequence;
        self.chain = chain;
    }
}

/// The results of a group, in the order of its works.
pub type Outcomes<T> = Vec<Result<T, Arc<StoreError>>>;

impl<L: Logic> GroupCommitter<L> {
    /// Opens the stream's file, creating it and its tables when missing.
    pub fn open(path: &Path, function: HashFunction, logic: L) -> Result<GroupCommitter<L>, StoreError> {
        GroupCommitter::open_on(path, Medium::default(), function, logic, None)
    }

    /// The same on another medium, or with the journal in a shared table, of which the file then holds a copy.
    pub fn open_on(
        path: &Path,
        medium: Medium,
        function: HashFunction,
        logic: L,
        shared: Option<SharedJournal>,
    ) -> Result<GroupCommitter<L>, StoreError> {
        let medium = Medium { copy: shared.is_some(), pace: logic.pace(), ..medium };
        let connection = journal::open_writer(path, medium)?;
        for schema in logic.schema() {
            connection.execute_batch(schema)?;
        }
        let mut committer = GroupCommitter { connection, function, logic, tail: Tail::default(), shared };
        committer.reload()?;
        Ok(committer)
    }

    /// Processes the works in order and commits them together. An error of the group reaches every work:
    /// then nothing of it was written.
    pub fn run(&mut self, works: Vec<L::Work>) -> (Outcomes<L::Outcome>, Option<Committed>) {
        let count = works.len();
        match self.run_group(&works) {
            Ok((outcomes, committed)) => (outcomes, Some(committed)),
            Err(error) => {
                self.give_up();
                let error = Arc::new(error);
                ((0..count).map(|_| Err(Arc::clone(&error))).collect(), None)
            }
        }
    }

    /// Read access to the views as of the last commit.
    pub fn view(&self) -> View<'_> {
        View::new(&self.connection)
    }

    fn run_group(&mut self, works: &[L::Work]) -> Result<(Outcomes<L::Outcome>, Committed), StoreError> {
        self.begin()?;
        let outcomes = match self.process(works)? {
            Some(outcomes) => outcomes,
            None => {
                self.give_up();
                self.begin()?;
                self.process_guarded(works)?
            }
        };
        let mut durable_elsewhere = false;
        if let Some(shared) = &mut self.shared
            && !self.tail.pending.is_empty()
        {
            shared.append(&self.tail.pending)?;
            durable_elsewhere = true;
        }
        let committed = self.connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        if let Err(error) = committed {
            // The shared journal has it; this copy catches up before it goes on.
            return Err(if durable_elsewhere { StoreError::Unknown(error.to_string()) } else { error.into() });
        }
        let committed = Committed { head: self.tail.sequence, sent: sent_feeds(&self.tail.pending) };
        self.tail.pending.clear();
        if let Some(shared) = &mut self.shared {
            shared.follow_erasure(attachment::floor(&self.connection)?);
        }
        Ok((outcomes, committed))
    }

    /// Begins a group at the journal's end.
    fn begin(&mut self) -> Result<(), StoreError> {
        if self.tail.is_stale {
            self.reload()?;
        }
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(())
    }

    /// All works one after the other, without savepoints: those would copy every page that a work changes. `None` when something
    /// must be taken back, which hardly happens: deciding writes nothing before it refuses.
    fn process(&mut self, works: &[L::Work]) -> Result<Option<Outcomes<L::Outcome>>, StoreError> {
        let mut outcomes = Vec::with_capacity(works.len());
        for work in works {
            let before = self.connection.total_changes();
            let mut scope = Scope { connection: &self.connection, function: self.function, tail: &mut self.tail };
            let done = self.logic.process(&mut scope, work);
            let is_clean = self.connection.total_changes() == before;
            match done {
                Err(error) if self.is_spoilt_by(&error) => return Err(error),
                Ok(Done::Keep(outcome)) => outcomes.push(Ok(outcome)),
                Ok(Done::Undo(outcome)) if is_clean => outcomes.push(Ok(outcome)),
                Err(error) if is_clean => outcomes.push(Err(Arc::new(error))),
                Ok(Done::Undo(_)) | Err(_) => return Ok(None),
            }
        }
        Ok(Some(outcomes))
    }

    /// The same, where each work can be taken back without the others.
    fn process_guarded(&mut self, works: &[L::Work]) -> Result<Outcomes<L::Outcome>, StoreError> {
        let mut outcomes = Vec::with_capacity(works.len());
        for work in works {
            let mut scope = Scope { connection: &self.connection, function: self.function, tail: &mut self.tail };
            match scope.attempt(&mut self.logic, work) {
                Err(error) if self.is_spoilt_by(&error) => return Err(error),
                outcome => outcomes.push(outcome.map_err(Arc::new)),
            }
        }
        Ok(outcomes)
    }

    fn is_spoilt_by(&self, error: &StoreError) -> bool {
        error.spoils_group() || self.connection.is_autocommit()
    }

    /// The head of the file's journal: sequence number and chain value.
    pub fn head(&self) -> Result<(Sequence, Digest), StoreError> {
        journal::head(&self.connection)
    }

    /// The connection of the writer, for reads beside the views.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    pub fn shared(&mut self) -> Option<&mut SharedJournal> {
        self.shared.as_mut()
    }

    /// Takes over what other members appended to the shared journal; gives the number of entries.
    pub fn catch_up(&mut self) -> Result<u64, StoreError> {
        let mut count = 0;
        loop {
            let head = journal::head(&self.connection)?;
            let Some(shared) = &mut self.shared else { return Ok(count) };
            let entries = shared.entries_after(head)?;
            if entries.is_empty() {
                return Ok(count);
            }
            count += entries.len() as u64;
            self.adopt(&entries)?;
        }
    }

    /// Takes entries that were decided elsewhere, in one transaction: from the shared journal, or from a backup. Each must
    /// follow the one before.
    pub fn adopt(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        let adopted = self.write_adopted(entries);
        if adopted.is_err() {
            self.give_up();
        }
        adopted
    }

    fn write_adopted(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut head = journal::head(&self.connection)?;
        for entry in entries {
            head = journal::check_link(self.function, head, entry)?;
            // Before its meaning: that may be to erase attachments.
            journal::append(&self.connection, std::slice::from_ref(entry))?;
            feeds::apply(&self.connection, self.function, entry)?;
            self.logic.replay(Tx::new(&self.connection), entry)?;
        }
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.reload()
    }

    fn give_up(&mut self) {
        if !self.connection.is_autocommit() {
            // If even this fails, SQLite rolls back by itself when the file is next opened.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        self.logic.forget();
        // Where the journal cannot be read now, it is read before the next group.
        self.tail.is_stale = true;
        let _ = self.reload();
    }

    fn reload(&mut self) -> Result<(), StoreError> {
        let (sequence, chain) = journal::head(&self.connection)?;
        self.tail = Tail { sequence, chain, ..Tail::default() };
        Ok(())
    }
}

fn sent_feeds(entries: &[Entry]) -> Vec<Feed> {
    let mut sent: Vec<Feed> = Vec::new();
    for entry in entries {
        if let EntryKind::Sent { feed, .. } = &entry.kind
            && !sent.contains(feed)
        {
            sent.push(feed.clone());
        }
    }
    sent
}
