//! A gate: its tables and all checks in their order. The first check that fails decides.
//!
//! Architecture invariant: a gate asks nobody while a rider stands before it. It needs the code, its clock and its tables.

use crate::cache::Slots;
use crate::chain::{Checked, Checker, Failure, TimeRules};
use crate::deny::{Delta, DenyTable};
use crate::key_set::KeySet;
use crate::key_sets::HeldKeySets;
use crate::pass::Pass;
use crate::reason::Reason;
use crate::recent::Recent;
use crate::signature::{Key, Signatures};
use crate::state::{CityRules, ServiceState};
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

/// Where a gate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Station {
    /// Six digits as a number.
    pub network: u32,
    pub station: u32,
}

/// The gate's own settings. Where one is `None`, what the city sets is in force, as the station's state says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateRules {
    /// Whose states the gate takes; `None`: the caller sees to that, for another station's are signed by the same operator.
    pub station: Option<Station>,
    pub skew_s: Option<i64>,
    /// The longest validity of a code, seconds.
    pub validity_max_s: u16,
    /// The age at which a key set is too old.
    pub key_set_age_max_s: i64,
    /// The age at which a deny list is too old.
    pub deny_age_max_s: Option<i64>,
    pub deny_stale: Option<Policy>,
    /// What to do while the gate's own clock cannot be trusted.
    pub clock_untrusted: Policy,
    /// A second entry of the same ticket within this time is refused.
    pub passback_s: Option<i64>,
}

impl Default for GateRules {
    fn default() -> GateRules {
        let TimeRules { validity_max_s, key_set_age_max_s, .. } = TimeRules::default();
        GateRules {
            station: None,
            skew_s: None,
            validity_max_s,
            key_set_age_max_s,
            deny_age_max_s: None,
            deny_stale: None,
            clock_untrusted: Policy::Refuse,
            passback_s: None,
        }
    }
}

/// What is in force of the rules that a city sets: the gate's own setting, else the city's, else the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    pub skew_s: i64,
    pub deny_age_max_s: i64,
    pub deny_stale: Policy,
    pub passback_s: i64,
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

/// The tables that a check went by, as its tap record tells them: the proof of their age in a contest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TablesUsed {
    /// 0: none was held.
    pub key_set_version: u32,
    /// 0: the rider's home is not known, or no list of it was held.
    pub deny_home: u32,
    pub deny_sequence: u32,
    pub deny_age_s: u32,
    pub fare_pack_version: u32,
}

/// The memory of a gate, given by the caller; sizes are limits for the gate's life.
pub struct Memory<'m> {
    /// Holds the key set in force and one that is announced: twice [`crate::key_set::KEY_SET_LENGTH_MAX`] bytes suffice for
    /// any two.
    pub key_set: &'m mut [u8],
    pub deny: DenyTable<'m>,
    /// At least the codes of `validity_max_s + 2·skew_s` seconds.
    pub replay: Recent<'m>,
    /// At least the tickets of `passback_s` seconds.
    pub passback: Recent<'m>,
    pub cache: Slots<'m>,
}

pub struct Gate<'m, S> {
    signatures: S,
    operator: Key,
    pub rules: GateRules,
    key_sets: HeldKeySets<'m>,
    deny: DenyTable<'m>,
    replay: Recent<'m>,
    passback: Recent<'m>,
    cache: Slots<'m>,
    state: Option<ServiceState>,
    /// The last time that could be trusted.
    clock: Option<i64>,
    /// The time of the last pass that was remembered.
    last_pass: Option<i64>,
}

impl<'m, S: Signatures> Gate<'m, S> {
    /// A gate that takes tables signed by `operator`. Until a key set and a state are loaded it refuses all.
    pub fn new(signatures: S, operator: Key, rules: GateRules, memory: Memory<'m>) -> Gate<'m, S> {
        let Memory { key_set, deny, replay, passback, cache } = memory;
        let key_sets = HeldKeySets::new(key_set);
        let (state, clock, last_pass) = (None, None, None);
        Gate { signatures, operator, rules, key_sets, deny, replay, passback, cache, state, clock, last_pass }
    }

    /// Forgets everything, and goes on as a new gate of this operator with these rules.
    pub fn begin_anew(&mut self, operator: Key, rules: GateRules) {
        (self.operator, self.rules) = (operator, rules);
        (self.state, self.clock, self.last_pass) = (None, None, None);
        self.key_sets.clear();
        self.deny.clear();
        self.replay.clear();
        self.passback.clear();
        self.cache.clear();
    }

    /// Takes a newer key set. The one in force stays when this one is older, malformed, or not the operator's; and, when this
    /// one is announced for later, until its time has come.
    pub fn load_key_set(&mut self, table: &[u8]) -> Result<u32, Reason> {
        let body = signed_body(table, &self.operator, &self.signatures)?;
        let set = KeySet::parse(body)?;
        if !set.roots_verify(&self.signatures) || self.key_set().is_some_and(|held| held.version() >= set.version()) {
            return Err(Reason::Chain);
        }
        self.key_sets.take(&set, self.clock)?;
        Ok(set.version())
    }

    /// Applies the next delta of a home's deny list, or a newer snapshot.
    pub fn apply_deny(&mut self, table: &[u8]) -> Result<(), Reason> {
        let body = signed_body(table, &self.operator, &self.signatures)?;
        self.deny.apply(&Delta::parse(body)?)
    }

    /// Takes a newer state of the station; [`Reason::Chain`] for another station's.
    pub fn load_state(&mut self, table: &[u8]) -> Result<(), Reason> {
        let state = ServiceState::parse(signed_body(table, &self.operator, &self.signatures)?)?;
        let of = Station { network: state.network, station: state.station };
        let is_elsewhere = self.rules.station.is_some_and(|own| own != of);
        if is_elsewhere || self.state.is_some_and(|held| held.sequence >= state.sequence) {
            return Err(Reason::Chain);
        }
        self.state = Some(state);
        Ok(())
    }

    /// The newest key set held, in force or announced.
    pub fn key_set(&self) -> Option<KeySet<'_>> {
        self.key_sets.newest()
    }

    /// The key set by which codes are checked at `now`.
    pub fn key_set_at(&self, now: i64) -> Option<KeySet<'_>> {
        self.key_sets.at(now)
    }

    pub fn state(&self) -> Option<&ServiceState> {
        self.state.as_ref()
    }

    /// The rules that a city sets, as they are in force here now.
    pub fn in_force(&self) -> InForce {
        let city = self.state.map_or_else(CityRules::default, |state| state.rules);
        let stale = if city.accepts_stale_deny { Policy::AcceptFlagged } else { Policy::Refuse };
        InForce {
            skew_s: self.rules.skew_s.unwrap_or(i64::from(city.skew_s)),
            deny_age_max_s: self.rules.deny_age_max_s.unwrap_or(i64::from(city.deny_age_max_s)),
            deny_stale: self.rules.deny_stale.unwrap_or(stale),
            passback_s: self.rules.passback_s.unwrap_or(i64::from(city.passback_s)),
        }
    }

    /// The deny list's sequence and age for a home: the age proof of a tap record.
    pub fn deny_age(&self, home: u32, now: i64) -> Option<(u32, i64)> {
        self.deny.chain(home).map(|chain| (chain.sequence, now.saturating_sub(chain.as_of)))
    }

    /// The tables by which this answer was given at `now`, while none was loaded since.
    pub fn tables_used(&self, answer: &Answer, now: i64) -> TablesUsed {
        let mut used = TablesUsed {
            key_set_version: self.key_set_at(now).map_or(0, |set| set.version()),
            fare_pack_version: self.state.map_or(0, |state| state.fare_pack_version),
            ..TablesUsed::default()
        };
        if let Some(checked) = &answer.checked
            && let Some((sequence, age_s)) = self.deny_age(checked.home, now)
        {
            (used.deny_home, used.deny_sequence) = (checked.home, sequence);
            used.deny_age_s = u32::try_from(age_s.max(0)).unwrap_or(u32::MAX);
        }
        used
    }

    /// This code passed, at another gate of the station or here before a restart: from now on it is used up here, and so, for
    /// its time, is the ticket. Whatever this gate would say of the code, it is not asked; only the code's format is looked at.
    ///
    /// [`Reason::Format`] or [`Reason::Version`] for what is no code; [`Reason::ReplayFull`] if a table has no room.
    pub fn note(&mut self, code: &[u8], direction: Direction, now: i64) -> Result<(), Reason> {
        let pass = Pass::of_code(code, self.key_set_at(now).as_ref(), now)?;
        self.remember(&pass, direction, now)
    }

    /// The same for an answer that accepted.
    pub fn note_passed(&mut self, answer: &Answer, direction: Direction, now: i64) -> Result<(), Reason> {
        answer.checked.as_ref().map_or(Ok(()), |checked| self.remember(&Pass::of_checked(checked), direction, now))
    }

    /// Checks a code; if it passes, its replay key is used up.
    pub fn check(&mut self, presented: Presented<'_>) -> Answer {
        let GateRules { validity_max_s, key_set_age_max_s, .. } = self.rules;
        let rules = TimeRules { skew_s: self.in_force().skew_s, validity_max_s, key_set_age_max_s };
        let skew_s = rules.skew_s.max(0).unsigned_abs();
        let clock_good = presented.clock_error_s.is_some_and(|error_s| error_s.unsigned_abs() <= skew_s);
        if clock_good {
            self.clock = Some(presented.now);
        }
        let set = self.key_sets.at(presented.now);
        let mut checker = Checker { signatures: &self.signatures, cache: &mut self.cache, rules };
        if !clock_good && self.rules.clock_untrusted == Policy::Refuse {
            // What fails whatever the time is told as such. All else is the clock's fault, as far as anybody can know.
            return match checker.check_without_times(presented.code, set.as_ref(), presented.now) {
                Err(Failure { reason, age_s }) => Answer { reason, age_s, flags: 0, checked: None },
                Ok(checked) => {
                    Answer { reason: Reason::Clock, age_s: checked.age_s, flags: FLAG_CLOCK, checked: Some(checked) }
                }
            };
        }
        let checked = match checker.check(presented.code, set.as_ref(), presented.now) {
            Err(Failure { reason, age_s }) => return Answer { reason, age_s, flags: 0, checked: None },
            Ok(checked) => checked,
        };
        let mut flags = if clock_good { 0 } else { FLAG_CLOCK };
        let decided = self.decide(&checked, &presented, &mut flags);
        Answer { reason: decided.err().unwrap_or(Reason::Ok), age_s: checked.age_s, flags, checked: Some(checked) }
    }

    /// Steps 7 to 10.
    fn decide(&mut self, checked: &Checked, presented: &Presented<'_>, flags: &mut u8) -> Result<(), Reason> {
        let Presented { now, direction, .. } = *presented;
        let state = self.state.ok_or(Reason::KeySet)?;
        let rules = self.in_force();
        let deny_is_old = self.deny_age(checked.home, now).is_none_or(|(_, age)| age > rules.deny_age_max_s);
        if deny_is_old {
            if rules.deny_stale == Policy::Refuse {
                return Err(Reason::DenyStale);
            }
            *flags |= FLAG_DENY_STALE;
        }
        if self.deny.denies(checked, now) {
            return Err(Reason::Denied);
        }
        if state.provisional_fen > checked.limit_fen {
            if direction != Direction::Out {
                return Err(Reason::Limit);
            }
            // A shortfall never locks the rider in.
            *flags |= FLAG_OVER_LIMIT;
        }
        let pass = Pass::of_checked(checked);
        if self.replay.holds(&pass.directed(direction), now) {
            return Err(Reason::Replay);
        }
        if direction == Direction::In && self.passback.holds(&pass.ticket, now) {
            return Err(Reason::Passback);
        }
        if direction == Direction::Out {
            *flags |= if state.is_free_exit { FLAG_FREE_EXIT } else { 0 };
        } else if state.is_closed {
            return Err(Reason::Closed);
        }
        // Room in both tables first: a refused rider must be able to try again with the same code.
        self.bound_after_jump(now);
        self.replay.make_room(&pass.directed(direction), now).map_err(|_| Reason::ReplayFull)?;
        if direction == Direction::In {
            self.passback.make_room(&pass.ticket, now).map_err(|_| Reason::ReplayFull)?;
        }
        self.remember(&pass, direction, now)
    }

    /// Uses a pass up, as far as there is room.
    fn remember(&mut self, pass: &Pass, direction: Direction, now: i64) -> Result<(), Reason> {
        self.bound_after_jump(now);
        // A code from the future, which another clock let pass, comes into its window here later.
        let last_s = now.max(pass.generated(now)).saturating_add(self.keep_s());
        let replay = self.replay.insert(&pass.directed(direction), now, last_s);
        let passback = match direction {
            Direction::In => self.passback.insert(&pass.ticket, now, now.saturating_add(self.in_force().passback_s)),
            Direction::Out => {
                self.passback.forget(&pass.ticket);
                Ok(())
            }
            Direction::Boarding => Ok(()),
        };
        replay.and(passback).map_err(|_| Reason::ReplayFull)
    }

    /// How long a code can pass at most after it was made, by clocks that may be off.
    fn keep_s(&self) -> i64 {
        i64::from(self.rules.validity_max_s).saturating_add(self.in_force().skew_s.saturating_mul(2))
    }

    /// After a jump back of the clock, what was remembered before it would stay for as long as the clock was ahead, and no
    /// rider would find room. A jump within the time that passes are kept changes nothing.
    fn bound_after_jump(&mut self, now: i64) {
        let keep_s = self.keep_s();
        if self.last_pass.is_some_and(|last| now.saturating_add(keep_s) < last) {
            let bound = |span_s: i64| now.saturating_add(span_s.saturating_mul(2));
            self.replay.keep_until_at_most(bound(keep_s));
            self.passback.keep_until_at_most(bound(keep_s.max(self.in_force().passback_s)));
        }
        self.last_pass = Some(now);
    }
}
