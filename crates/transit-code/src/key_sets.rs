//! The key sets that a gate holds: the newest, and beside it the one in force while the newest is announced for later.

use crate::key_set::KeySet;
use crate::reason::Reason;

/// At most two, one behind the other in the caller's memory.
#[derive(Debug)]
pub(crate) struct HeldKeySets<'m> {
    memory: &'m mut [u8],
    /// Of the older and of the newest; 0 where there is none.
    older: usize,
    newest: usize,
}

impl<'m> HeldKeySets<'m> {
    pub fn new(memory: &'m mut [u8]) -> HeldKeySets<'m> {
        HeldKeySets { memory, older: 0, newest: 0 }
    }

    pub fn clear(&mut self) {
        (self.older, self.newest) = (0, 0);
    }

    pub fn newest(&self) -> Option<KeySet<'_>> {
        KeySet::parse(self.memory.get(self.older..self.older + self.newest)?).ok()
    }

    fn older(&self) -> Option<KeySet<'_>> {
        KeySet::parse(self.memory.get(..self.older)?).ok()
    }

    /// The newest whose time has come; the newest of all where none has.
    pub fn at(&self, now: i64) -> Option<KeySet<'_>> {
        let has_begun = |set: &KeySet<'_>| set.not_before() <= now;
        let newest = self.newest();
        if newest.as_ref().is_some_and(has_begun) {
            return newest;
        }
        self.older().filter(has_begun).or(newest)
    }

    /// Takes a newer set. Of those held, the one in force stays beside it until its time has come. `clock` is a time that
    /// can be trusted, if there was one. [`Reason::ReplayFull`], and nothing changes, where both do not fit.
    pub fn take(&mut self, set: &KeySet<'_>, clock: Option<i64>) -> Result<(), Reason> {
        let has_begun = clock.is_some_and(|now| set.not_before() <= now);
        let in_force = clock.map_or_else(|| self.newest(), |now| self.at(now)).map(|held| held.version());
        let is_older = in_force.is_some() && in_force == self.older().map(|held| held.version());
        let (from, mut length) = if is_older { (0, self.older) } else { (self.older, self.newest) };
        let bytes = set.bytes();
        if has_begun || (clock.is_none() && length.saturating_add(bytes.len()) > self.memory.len()) {
            length = 0;
        }
        if length.saturating_add(bytes.len()) > self.memory.len() {
            return Err(Reason::ReplayFull);
        }
        self.memory.copy_within(from..from + length, 0);
        if let Some(place) = self.memory.get_mut(length..length + bytes.len()) {
            place.copy_from_slice(bytes);
            (self.older, self.newest) = (length, bytes.len());
        }
        Ok(())
    }
}
