//! A gate: its tables and all checks in their order. The first check that fails decides.
//!
//! Architecture invariant: a gate asks nobody while a rider stands before it. It needs the code, its clock and its tables.

use crate::cache::Slots;
use crate::chain::{Checked, Checker, Failure, TimeRules};
use crate::deny::{Delta, DenyTable};
use crate::key_set::KeySet;
use crate::reason::Reason;
use crate::recent::Recent;
use crate::signature::{Key, Signatures};
use crate::state::ServiceState;
use crate::table::signed_body;

/// Which way a tap goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Direction {
    In = 1,
    Out = 2,
    /// One tap is the whole trip, as on most buses.
    Boarding = 3,
}

impl Direction {
    pub fn from_number(number: u8) -> Option<Direction> {
        [Direction::In, Direction::Out, Direction::Boarding].into_iter().find(|direction| *direction as u8 == number)
    }
}

/// What a city does where its rules leave a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    Refuse,
    AcceptFlagged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateRules {
    pub time: TimeRules,
    /// The age at which a deny list is too old.
    pub deny_age_max_s: i64,
    pub deny_stale: Policy,
    /// What to do while the gate's own clock cannot be trusted.
    pub clock_untrusted: Policy,
    /// A second entry of the same ticket within this time is refused.
    pub passback_s: i64,
}

impl Default for GateRules {
    fn default() -> GateRules {
        GateRules {
            time: TimeRules::default(),
            deny_age_max_s: 24 * 3_600,
            deny_stale: Policy::Refuse,
            clock_untrusted: Policy::Refuse,
            passback_s: 60,
        }
    }
}

/// A code before the gate.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'p> {
    /// The scanner's raw bytes.
    pub code: &'p [u8],
    /// The gate's corrected time, Unix seconds.
    pub now: i64,
    /// How far the gate's clock may be off, seconds; `None` when it is unknown.
    pub clock_error_s: Option<i64>,
    pub direction: Direction,
}

/// The gate's answer. It opens only after the tap record is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub reason: Reason,
    /// `now − generation time`, where it came to that; for the display.
    pub age_s: i64,
    pub flags: u8,
    /// What the code says, once its signatures are good.
    pub checked: Option<Checked>,
}

impl Answer {
    pub fn accepts(&self) -> bool {
        self.reason == Reason::Ok
    }
}

/// At exit the authorised limit was below the fare: opened all the same.
pub const FLAG_OVER_LIMIT: u8 = 1;
/// Accepted with a deny list over its age limit: the visited side carries the risk.
pub const FLAG_DENY_STALE: u8 = 2;
/// Accepted while the gate's clock could not be trusted.
pub const FLAG_CLOCK: u8 = 4;
/// Passed while exits were free by order.
pub const FLAG_FREE_EXIT: u8 = 8;

/// The memory of a gate, given by the caller; sizes are limits for the gate's life.
pub struct Memory<'m> {
    /// Holds the key set: [`crate::key_set::KEY_SET_LENGTH_MAX`] bytes suffice for any.
    pub key_set: &'m mut [u8],
    pub deny: DenyTable<'m>,
    /// At least the codes of `validity_max_s + 2·skew_s` seconds.
    pub replay: Recent<'m>,
    pub passback: Recent<'m>,
    pub cache: Slots<'m>,
}

pub struct Gate<'m, S> {
    signatures: S,
    operator: Key,
    pub rules: GateRules,
    memory: Memory<'m>,
    /// Length of the loaded key set; 0 before the first.
    key_set_length: usize,
    state: Option<ServiceState>,
}

impl<'m, S: Signatures> Gate<'m, S> {
    /// A gate that takes tables signed by `operator`. Until a key set and a state are loaded it refuses all.
    pub fn new(signatures: S, operator: Key, rules: GateRules, memory: Memory<'m>) -> Gate<'m, S> {
        Gate { signatures, operator, rules, memory, key_set_length: 0, state: None }
    }

    /// Takes a newer key set. The one in force stays when this one is older, malformed, or not the operator's.
    pub fn load_key_set(&mut self, table: &[u8]) -> Result<u32, Reason> {
        let body = signed_body(table, &self.operator, &self.signatures)?;
        let set = KeySet::parse(body)?;
        if !set.roots_verify(&self.signatures) || self.key_set().is_some_and(|held| held.version() >= set.version()) {
            return Err(Reason::Chain);
        }
        let version = set.version();
        self.memory.key_set.get_mut(..body.len()).ok_or(Reason::ReplayFull)?.copy_from_slice(body);
        self.key_set_length = body.len();
        Ok(version)
    }

    /// Applies the next delta of a home's deny list, or a newer snapshot.
    pub fn apply_deny(&mut self, table: &[u8]) -> Result<(), Reason> {
        let body = signed_body(table, &self.operator, &self.signatures)?;
        self.memory.deny.apply(&Delta::parse(body)?)
    }

    /// Takes a newer state of the station.
    pub fn load_state(&mut self, table: &[u8]) -> Result<(), Reason> {
        let state = ServiceState::parse(signed_body(table, &self.operator, &self.signatures)?)?;
        if self.state.is_some_and(|held| held.sequence >= state.sequence) {
            return Err(Reason::Chain);
        }
        self.state = Some(state);
        Ok(())
    }

    pub fn key_set(&self) -> Option<KeySet<'_>> {
        KeySet::parse(self.memory.key_set.get(..self.key_set_length)?).ok()
    }

    pub fn state(&self) -> Option<&ServiceState> {
        self.state.as_ref()
    }

    /// The deny list's sequence and age for a home: the age proof of a tap record.
    pub fn deny_age(&self, home: u32, now: i64) -> Option<(u32, i64)> {
        self.memory.deny.chain(home).map(|chain| (chain.sequence, now.saturating_sub(chain.as_of)))
    }

    /// Another gate of the station let this code pass.
    pub fn note_passed(&mut self, answer: &Answer, direction: Direction, now: i64) -> Result<(), Reason> {
        match &answer.checked {
            Some(checked) => self.remember(checked, direction, now),
            None => Ok(()),
        }
    }

    /// Checks a code; if it passes, its replay key is used up.
    pub fn check(&mut self, presented: Presented<'_>) -> Answer {
        let clock_good = presented.clock_error_s.is_some_and(|error| error.abs() <= self.rules.time.skew_s);
        let refuses_clock = !clock_good && self.rules.clock_untrusted == Policy::Refuse;
        let set = self.memory.key_set.get(..self.key_set_length).and_then(|bytes| KeySet::parse(bytes).ok());
        let mut checker =
            Checker { signatures: &self.signatures, cache: &mut self.memory.cache, rules: self.rules.time };
        let checked = match checker.check(presented.code, set.as_ref(), presented.now) {
            Err(Failure { reason: Reason::CodeExpired | Reason::CodeFuture, age_s }) if refuses_clock => {
                return Answer { reason: Reason::Clock, age_s, flags: 0, checked: None };
            }
            Err(Failure { reason, age_s }) => return Answer { reason, age_s, flags: 0, checked: None },
            Ok(checked) => checked,
        };
        let mut flags = 0;
        let decided = if refuses_clock { Err(Reason::Clock) } else { self.decide(&checked, &presented, &mut flags) };
        if !clock_good {
            flags |= FLAG_CLOCK;
        }
        Answer { reason: decided.err().unwrap_or(Reason::Ok), age_s: checked.age_s, flags, checked: Some(checked) }
    }

    /// Steps 7 to 10.
    fn decide(&mut self, checked: &Checked, presented: &Presented<'_>, flags: &mut u8) -> Result<(), Reason> {
        let Presented { now, direction, .. } = *presented;
        let state = self.state.ok_or(Reason::KeySet)?;
        let deny_is_old = self.deny_age(checked.home, now).is_none_or(|(_, age)| age > self.rules.deny_age_max_s);
        if deny_is_old {
            if self.rules.deny_stale == Policy::Refuse {
                return Err(Reason::DenyStale);
            }
            *flags |= FLAG_DENY_STALE;
        }
        if self.memory.deny.denies(checked, now) {
            return Err(Reason::Denied);
        }
        if state.provisional_fen > checked.limit_fen {
            if direction != Direction::Out {
                return Err(Reason::Limit);
            }
            // A shortfall never locks the rider in.
            *flags |= FLAG_OVER_LIMIT;
        }
        if self.memory.replay.holds(&directed(checked, direction), now) {
            return Err(Reason::Replay);
        }
        if direction == Direction::In && self.memory.passback.holds(&ticket(checked), now) {
            return Err(Reason::Passback);
        }
        if direction == Direction::Out {
            *flags |= if state.is_free_exit { FLAG_FREE_EXIT } else { 0 };
        } else if state.is_closed {
            return Err(Reason::Closed);
        }
        self.remember(checked, direction, now)
    }

    fn remember(&mut self, checked: &Checked, direction: Direction, now: i64) -> Result<(), Reason> {
        let keep_s = i64::from(self.rules.time.validity_max_s) + 2 * self.rules.time.skew_s;
        let replay = self.memory.replay.insert(&directed(checked, direction), now, now.saturating_add(keep_s));
        replay.map_err(|_| Reason::ReplayFull)?;
        match direction {
            Direction::In => {
                let until = now.saturating_add(self.rules.passback_s);
                self.memory.passback.insert(&ticket(checked), now, until).map_err(|_| Reason::ReplayFull)
            }
            Direction::Out => {
                self.memory.passback.forget(&ticket(checked));
                Ok(())
            }
            Direction::Boarding => Ok(()),
        }
    }
}

/// A code passes once per direction.
fn directed(checked: &Checked, direction: Direction) -> [u8; 32] {
    let mut key = checked.replay_key;
    key[31] ^= direction as u8;
    key
}

/// Issuer, account and ticket number: what may not enter twice.
fn ticket(checked: &Checked) -> [u8; 32] {
    crate::signature::sm3(&[&checked.account.issuer, &checked.account.number, &checked.ticket_number])
}
