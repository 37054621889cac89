//! The views of feeds: which entry is which message, how far a feed was received, which checkpoints are receipted.

use huitong_kernel::checkpoint::SignedNote;
use huitong_kernel::entry::{Entry, EntryKind, Sequence};
use huitong_kernel::feed::Feed;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::merkle;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;
use crate::view::View;

/// A message of a feed with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedMessage {
    pub number: Sequence,
    pub bytes: Vec<u8>,
}

/// Writes what an entry means for the feeds. Called for every entry, live and in replay.
pub(crate) fn apply(connection: &Connection, function: HashFunction, entry: &Entry) -> Result<(), StoreError> {
    match &entry.kind {
        EntryKind::Decision => Ok(()),
        EntryKind::Sent { feed, number } | EntryKind::Received { feed, number } => {
            let leaf = merkle::leaf_hash(function, &entry.bytes);
            let id = feed_id(connection, feed)?;
            connection
                .prepare_cached("INSERT INTO feed_message (feed, number, sequence, leaf) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![id, number, entry.sequence, leaf.0])?;
            Ok(())
        }
        EntryKind::CheckpointReceived { feed } | EntryKind::ReceiptReceived { feed } => {
            let size = checkpoint_size(entry)?;
            let id = feed_id(connection, feed)?;
            // The same checkpoint may be receipted twice after a lost answer; the first evidence stays.
            connection
                .prepare_cached("INSERT OR IGNORE INTO feed_evidence (feed, size, sequence) VALUES (?1, ?2, ?3)")?
                .execute(params![id, size, entry.sequence])?;
            Ok(())
        }
    }
}

fn checkpoint_size(entry: &Entry) -> Result<Sequence, StoreError> {
    let damaged = || StoreError::Damaged(format!("entry {} holds no signed checkpoint", entry.sequence));
    let text = std::str::from_utf8(&entry.bytes).map_err(|_| damaged())?;
    let note: SignedNote = text.parse().map_err(|_| damaged())?;
    Ok(note.checkpoint().map_err(|_| damaged())?.size)
}

fn feed_id(connection: &Connection, feed: &Feed) -> Result<i64, StoreError> {
    let name = feed.to_string();
    if let Some(id) = known_feed_id(connection, &name)? {
        return Ok(id);
    }
    connection.execute("INSERT INTO feed (name) VALUES (?1)", [&name])?;
    Ok(connection.last_insert_rowid())
}

fn known_feed_id(connection: &Connection, name: &str) -> Result<Option<i64>, StoreError> {
    let mut select = connection.prepare_cached("SELECT id FROM feed WHERE name = ?1")?;
    Ok(select.query_row([name], |row| row.get(0)).optional()?)
}

/// How many messages of `feed` this stream holds.
pub fn size(connection: &Connection, feed: &Feed) -> Result<Sequence, StoreError> {
    let mut select = connection
        .prepare_cached("SELECT MAX(number) FROM feed_message WHERE feed = (SELECT id FROM feed WHERE name = ?1)")?;
    let size: Option<Sequence> = select.query_row([feed.to_string()], |row| row.get(0))?;
    Ok(size.unwrap_or(0))
}

/// Up to `limit` messages after number `after`, in order.
pub fn messages_after(
    connection: &Connection,
    feed: &Feed,
    after: Sequence,
    limit: usize,
) -> Result<Vec<FeedMessage>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT m.number, j.bytes FROM feed_message m JOIN journal j ON j.sequence = m.sequence
         WHERE m.feed = (SELECT id FROM feed WHERE name = ?1) AND m.number > ?2 ORDER BY m.number LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = select.query_map(params![feed.to_string(), after, limit], |row| {
        Ok(FeedMessage { number: row.get(0)?, bytes: row.get(1)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The leaf hashes of messages `first..=last`, in order.
pub fn leaves(
    connection: &Connection,
    feed: &Feed,
    first: Sequence,
    last: Sequence,
) -> Result<Vec<Digest>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT leaf FROM feed_message WHERE feed = (SELECT id FROM feed WHERE name = ?1)
         AND number BETWEEN ?2 AND ?3 ORDER BY number",
    )?;
    let rows = select.query_map(params![feed.to_string(), first, last], |row| Ok(Digest(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Like [`leaves`], of a view: leaf hashes of the messages `first` to `last`, in order.
pub fn leaves_of(view: View<'_>, feed: &Feed, first: Sequence, last: Sequence) -> Result<Vec<Digest>, StoreError> {
    view.all(
        "SELECT leaf FROM feed_message WHERE feed = (SELECT id FROM feed WHERE name = ?1)
         AND number BETWEEN ?2 AND ?3 ORDER BY number",
        params![feed.to_string(), first, last],
        |row| Ok(Digest(row.get(0)?)),
    )
}

/// The smallest note (checkpoint with receipt) of `feed` that covers its first `size` messages, in a view.
pub fn evidence_over(view: View<'_>, feed: &Feed, size: Sequence) -> Result<Option<String>, StoreError> {
    let bytes: Option<Vec<u8>> = view.one(
        "SELECT j.bytes FROM feed_evidence e JOIN journal j ON j.sequence = e.sequence
         WHERE e.feed = (SELECT id FROM feed WHERE name = ?1) AND e.size >= ?2 ORDER BY e.size LIMIT 1",
        params![feed.to_string(), size],
        |row| row.get(0),
    )?;
    bytes
        .map(|bytes| String::from_utf8(bytes).map_err(|_| StoreError::Damaged("a note is not UTF-8".to_owned())))
        .transpose()
}

/// The newest note (checkpoint with receipt) that covers at least `size` messages of `feed`, smallest first;
/// `None` when none does.
pub fn evidence_covering(connection: &Connection, feed: &Feed, size: Sequence) -> Result<Option<String>, StoreError> {
    note(
        connection,
        "SELECT j.bytes FROM feed_evidence e JOIN journal j ON j.sequence = e.sequence
         WHERE e.feed = (SELECT id FROM feed WHERE name = ?1) AND e.size >= ?2 ORDER BY e.size LIMIT 1",
        params![feed.to_string(), size],
    )
}

/// The note over the largest part of `feed`.
pub fn evidence_latest(connection: &Connection, feed: &Feed) -> Result<Option<String>, StoreError> {
    note(
        connection,
        "SELECT j.bytes FROM feed_evidence e JOIN journal j ON j.sequence = e.sequence
         WHERE e.feed = (SELECT id FROM feed WHERE name = ?1) ORDER BY e.size DESC LIMIT 1",
        params![feed.to_string()],
    )
}

fn note(connection: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<Option<String>, StoreError> {
    let bytes: Option<Vec<u8>> = connection.prepare_cached(sql)?.query_row(params, |row| row.get(0)).optional()?;
    bytes
        .map(|bytes| String::from_utf8(bytes).map_err(|_| StoreError::Damaged("a note is not UTF-8".to_owned())))
        .transpose()
}

/// All feeds that start or end at this stream.
pub fn all(connection: &Connection) -> Result<Vec<Feed>, StoreError> {
    let mut select = connection.prepare_cached("SELECT name FROM feed ORDER BY name")?;
    let names = select.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    names.iter().map(|name| name.parse().map_err(|_| StoreError::Damaged(format!("feed name {name:?}")))).collect()
}

/// The number that the next message of `feed` will get, the open group included.
pub fn next_number(view: View<'_>, feed: &Feed) -> Result<Sequence, StoreError> {
    let last: Option<Option<Sequence>> = view.one(
        "SELECT MAX(number) FROM feed_message WHERE feed = (SELECT id FROM feed WHERE name = ?1)",
        [feed.to_string()],
        |row| row.get(0),
    )?;
    Ok(last.flatten().unwrap_or(0) + 1)
}

/// The bytes of one message, the open group included.
pub fn message(view: View<'_>, feed: &Feed, number: Sequence) -> Result<Option<Vec<u8>>, StoreError> {
    view.one(
        "SELECT j.bytes FROM feed_message m JOIN journal j ON j.sequence = m.sequence
         WHERE m.feed = (SELECT id FROM feed WHERE name = ?1) AND m.number = ?2",
        params![feed.to_string(), number],
        |row| row.get(0),
    )
}
