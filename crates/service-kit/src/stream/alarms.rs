//! Sentences for the duty officer, as the stream's view keeps them.

use huitong_kernel::entry::Sequence;
use huitong_kernel::time::Instant;
use huitong_store::{StoreError, View, params};

/// Where an alarm stands: when it was given, in which entry, and which of the entry's it is.
pub type AlarmPlace = (Instant, Sequence, u32);

/// Behind every alarm.
pub const NEWEST: AlarmPlace = (Instant(i64::MAX), Sequence::MAX >> 1, u32::MAX);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    pub place: AlarmPlace,
    pub sentence: String,
}

/// Alarms before a place, newest first, at most `limit`.
pub fn before(view: View<'_>, (at, sequence, ordinal): AlarmPlace, limit: usize) -> Result<Vec<Alarm>, StoreError> {
    view.all(
        "SELECT at, sequence, ordinal, sentence FROM alarm WHERE (at, sequence, ordinal) < (?1, ?2, ?3)
         ORDER BY at DESC, sequence DESC, ordinal DESC LIMIT ?4",
        params![at.0, sequence, ordinal, limit as i64],
        |row| Ok(Alarm { place: (Instant(row.get(0)?), row.get(1)?, row.get(2)?), sentence: row.get(3)? }),
    )
}

/// Whether the same sentence was told after `since`.
pub fn was_told(view: View<'_>, sentence: &str, since: Instant) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM alarm WHERE at > ?1 AND sentence = ?2 LIMIT 1";
    Ok(view.one(sql, params![since.0, sentence], |_| Ok(()))?.is_some())
}
