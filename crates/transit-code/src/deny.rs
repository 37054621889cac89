//! Deny lists (黑名单): one chain of deltas per home, applied only in order, kept in a table of the caller's memory.
//!
//! A delta, big-endian: `HTD1` · home u32 (six digits as a number) · seq u32 · kind u8 (0 delta, 1 snapshot) ·
//! previous hash 32 · as of i64 · adds u32 · removes u32 · the adds (entry 15 · valid from i64) · the removes (entry 15).
//! An entry: kind u8 · key 14, left-aligned: account (issuer 4, number 10), platform 4, issuer 4, or certificate
//! (issuer 4, serial 3). The hash of a delta is SM3 of its bytes. A snapshot replaces what is held of its home; its
//! previous hash is the hash of the delta that it stands for, and the next delta follows that.

use crate::bytes::{byte, i64_at, part, u32_at};
use crate::chain::Checked;
use crate::reason::Reason;
use crate::signature::sm3;

pub const MAGIC: &[u8; 4] = b"HTD1";
pub const HEADER_LENGTH: usize = 61;
pub const ENTRY_LENGTH: usize = 15;
pub const ADD_LENGTH: usize = ENTRY_LENGTH + 8;

/// What is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DenyKind {
    Account = 1,
    Platform = 2,
    Issuer = 3,
    Certificate = 4,
}

/// Kind and key in the form of the delta.
pub type Entry = [u8; ENTRY_LENGTH];

/// An entry of a delta.
pub fn entry(kind: DenyKind, key: &[u8]) -> Entry {
    let mut entry = [0; ENTRY_LENGTH];
    entry[0] = kind as u8;
    entry[1..].iter_mut().zip(key).for_each(|(place, byte)| *place = *byte);
    entry
}

/// A row of the table; the caller gives the memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    entry: Entry,
    home: u32,
    valid_from: i64,
}

/// How far the chain of a home was applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    pub home: u32,
    pub sequence: u32,
    pub hash: [u8; 32],
    pub as_of: i64,
}

/// A delta whose lengths were checked.
#[derive(Clone, Copy, Debug)]
pub struct Delta<'d> {
    bytes: &'d [u8],
    adds: usize,
    removes: usize,
}

impl<'d> Delta<'d> {
    pub fn parse(bytes: &'d [u8]) -> Result<Delta<'d>, Reason> {
        if bytes.len() < HEADER_LENGTH || part::<4>(bytes, 0) != *MAGIC || byte(bytes, 12) > 1 {
            return Err(Reason::Chain);
        }
        let count = |at| usize::try_from(u32_at(bytes, at)).unwrap_or(usize::MAX);
        let delta = Delta { bytes, adds: count(53), removes: count(57) };
        let length = delta
            .adds
            .checked_mul(ADD_LENGTH)
            .and_then(|adds| delta.removes.checked_mul(ENTRY_LENGTH)?.checked_add(adds)?.checked_add(HEADER_LENGTH));
        if length == Some(bytes.len()) { Ok(delta) } else { Err(Reason::Chain) }
    }

    pub fn home(&self) -> u32 {
        u32_at(self.bytes, 4)
    }

    pub fn sequence(&self) -> u32 {
        u32_at(self.bytes, 8)
    }

    pub fn is_snapshot(&self) -> bool {
        byte(self.bytes, 12) == 1
    }

    pub fn previous(&self) -> [u8; 32] {
        part(self.bytes, 13)
    }

    pub fn as_of(&self) -> i64 {
        i64_at(self.bytes, 45)
    }

    /// The hash that the next delta names.
    pub fn hash(&self) -> [u8; 32] {
        if self.is_snapshot() { self.previous() } else { sm3(&[self.bytes]) }
    }

    /// Entries with the time from which they hold.
    pub fn adds(&self) -> impl Iterator<Item = (Entry, i64)> {
        let bytes = self.bytes.get(HEADER_LENGTH..).unwrap_or_default();
        bytes.chunks_exact(ADD_LENGTH).take(self.adds).map(|add| (part(add, 0), i64_at(add, ENTRY_LENGTH)))
    }

    pub fn removes(&self) -> impl Iterator<Item = Entry> {
        let bytes = self.bytes.get(HEADER_LENGTH + self.adds * ADD_LENGTH..).unwrap_or_default();
        bytes.chunks_exact(ENTRY_LENGTH).take(self.removes).map(|remove| part(remove, 0))
    }
}

/// The rows of all homes, ascending; and their chains.
#[derive(Debug)]
pub struct DenyTable<'m> {
    rows: &'m mut [Row],
    used: usize,
    chains: &'m mut [Chain],
    homes: usize,
}

impl<'m> DenyTable<'m> {
    /// An empty table in the caller's memory: rows for all entries, chains for all homes.
    pub fn new(rows: &'m mut [Row], chains: &'m mut [Chain]) -> DenyTable<'m> {
        DenyTable { rows, used: 0, chains, homes: 0 }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        (self.used, self.homes) = (0, 0);
    }

    /// Applies a delta that follows the last one of its home, or a snapshot that is newer. Anything else is
    /// [`Reason::Chain`]: the gate then asks for a snapshot. A table that cannot hold it is [`Reason::ReplayFull`]; in both
    /// cases nothing changes.
    pub fn apply(&mut self, delta: &Delta<'_>) -> Result<(), Reason> {
        let known = self.chain(delta.home()).copied();
        let follows = if delta.is_snapshot() {
            known.is_none_or(|known| delta.sequence() > known.sequence)
        } else {
            let (sequence, hash) = known.map_or((0, [0; 32]), |known| (known.sequence, known.hash));
            delta.previous() == hash && sequence.checked_add(1) == Some(delta.sequence())
        };
        if !follows || known.is_some_and(|known| delta.as_of() < known.as_of) {
            return Err(Reason::Chain);
        }
        let held = self.rows().iter().filter(|row| delta.is_snapshot() && row.home == delta.home()).count();
        let is_new_home = known.is_none();
        if self.used - held + delta.adds > self.rows.len() || (is_new_home && self.homes == self.chains.len()) {
            return Err(Reason::ReplayFull);
        }
        if delta.is_snapshot() {
            self.retain(|row| row.home != delta.home());
        }
        delta.removes().for_each(|entry| self.retain(|row| !(row.home == delta.home() && row.entry == entry)));
        delta.adds().for_each(|(entry, valid_from)| self.insert(Row { entry, home: delta.home(), valid_from }));
        self.advance(Chain {
            home: delta.home(),
            sequence: delta.sequence(),
            hash: delta.hash(),
            as_of: delta.as_of(),
        });
        Ok(())
    }

    /// The chain of a home; `None` if nothing of it was ever applied.
    pub fn chain(&self, home: u32) -> Option<&Chain> {
        self.chains.iter().take(self.homes).find(|chain| chain.home == home)
    }

    /// Whether the code's issuer, certificate, platform or account is denied at `now`. The issuer of the account and the one
    /// that the certificate names may differ by a policy of the key set; an entry of either counts.
    pub fn denies(&self, code: &Checked, now: i64) -> bool {
        let mut account = [0; 14];
        account[..4].copy_from_slice(&code.account.issuer);
        account[4..].copy_from_slice(&code.account.number);
        let certificate_of = |issuer: &[u8; 4]| {
            let mut certificate = [0; 7];
            certificate[..4].copy_from_slice(issuer);
            certificate[4..].copy_from_slice(&code.serial);
            entry(DenyKind::Certificate, &certificate)
        };
        [
            entry(DenyKind::Issuer, &code.account.issuer),
            entry(DenyKind::Issuer, &code.certificate_issuer),
            certificate_of(&code.account.issuer),
            certificate_of(&code.certificate_issuer),
            entry(DenyKind::Platform, &code.platform),
            entry(DenyKind::Account, &account),
        ]
        .iter()
        .any(|entry| self.holds(entry, now))
    }

    fn holds(&self, entry: &Entry, now: i64) -> bool {
        let rows = self.rows();
        let from = rows.partition_point(|row| row.entry < *entry);
        rows.iter().skip(from).take_while(|row| row.entry == *entry).any(|row| row.valid_from <= now)
    }

    fn rows(&self) -> &[Row] {
        self.rows.get(..self.used).unwrap_or_default()
    }

    fn insert(&mut self, row: Row) {
        let at = self.rows().partition_point(|held| (held.entry, held.home) < (row.entry, row.home));
        if let Some(held) =
            self.rows.get_mut(at).filter(|held| at < self.used && (held.entry, held.home) == (row.entry, row.home))
        {
            held.valid_from = row.valid_from;
            return;
        }
        if let Some(tail) = self.rows.get_mut(at..=self.used) {
            tail.rotate_right(1);
            tail[0] = row;
            self.used += 1;
        }
    }

    fn retain(&mut self, keep: impl Fn(&Row) -> bool) {
        let mut kept = 0;
        for index in 0..self.used {
            if self.rows.get(index).is_some_and(&keep) {
                self.rows.swap(kept, index);
                kept += 1;
            }
        }
        self.used = kept;
    }

    fn advance(&mut self, chain: Chain) {
        let known = self.chains.iter().take(self.homes).position(|known| known.home == chain.home);
        let at = known.unwrap_or(self.homes);
        if let Some(place) = self.chains.get_mut(at) {
            *place = chain;
            self.homes = self.homes.max(at + 1);
        }
    }
}
