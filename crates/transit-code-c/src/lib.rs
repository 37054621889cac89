//! The verifier for gate vendors, behind the C interface of `include/huitong_transit.h`.
//!
//! All memory is the caller's; nothing is allocated; no function panics or unwinds. This is the only crate of the verifier
//! that holds `unsafe` code: it turns the caller's pointers into slices, nothing else.
#![cfg_attr(not(feature = "std"), no_std)]

mod context;

use core::ffi::c_void;
use core::slice;

use huitong_transit_code::Reason;
use huitong_transit_code::gate::{Answer, Direction, GateRules, Policy, Presented, Station, TablesUsed};
use huitong_transit_code::signature::Key;
use huitong_transit_code::state::SKEW_MAX_S;

use crate::context::{Context, Sizes};

/// Settings of a gate: `ht_config` of the header.
#[repr(C)]
pub struct Config {
    /// The operator's key, compressed: tables must be signed by it.
    pub operator_key: [u8; 33],
    /// Where the gate stands: other stations' states are not taken. The network is six digits, never 0.
    pub network: u32,
    pub station: u32,
    pub deny_entries_max: u32,
    pub homes_max: u32,
    pub replay_entries_max: u32,
    pub passback_entries_max: u32,
    pub certificates_cached: u32,
    pub authorisations_cached: u32,
    /// As `deny_age_max_s`, `passback_s` and `deny_stale_policy`: [`CITY`] for what the station's state says.
    pub skew_s: u32,
    pub validity_max_s: u32,
    pub key_set_age_max_s: u32,
    pub deny_age_max_s: u32,
    pub passback_s: u32,
    /// 0: refuse; 1: accept with a flag.
    pub deny_stale_policy: u32,
    pub clock_untrusted_policy: u32,
}

/// What a code says and what became of it: `ht_result` of the header.
#[repr(C)]
pub struct Outcome {
    pub accept: i32,
    pub field_code: i32,
    pub reason: u32,
    pub flags: u32,
    pub profile: u32,
    pub age_s: i64,
    pub generation_time: i64,
    pub limit_fen: u32,
    pub home: u32,
    pub issuer: [u8; 4],
    pub account: [u8; 10],
    pub platform: [u8; 4],
    pub ticket_number: [u8; 8],
    pub replay_key: [u8; 32],
    /// For the tap record: the tables that this answer was given by. 0 where none was held, or the rider's home is not known.
    pub key_set_version: u32,
    pub deny_home: u32,
    pub deny_sequence: u32,
    pub deny_age_s: u32,
    pub fare_pack_version: u32,
}

/// `HT_CODE_LENGTH_MAX` of the header.
const _: () = assert!(huitong_transit_code::uic::CODE_LENGTH_MAX == 1_024);

/// The library was used wrongly: a null pointer, memory that is too small or not aligned to 16 bytes, a number out of range.
pub const MISUSE: i32 = -1_000;

/// `HT_CITY` of the header: a setting that is left to the city.
pub const CITY: u32 = u32::MAX;

fn sizes(config: &Config) -> Sizes {
    Sizes {
        deny: config.deny_entries_max,
        homes: config.homes_max,
        replay: config.replay_entries_max,
        passback: config.passback_entries_max,
        certificates: config.certificates_cached,
        authorisations: config.authorisations_cached,
    }
}

fn rules(config: &Config) -> Option<GateRules> {
    let policy = |number| match number {
        0 => Some(Policy::Refuse),
        1 => Some(Policy::AcceptFlagged),
        _ => None,
    };
    let own = |number| (number != CITY).then_some(i64::from(number));
    let deny_stale = match config.deny_stale_policy {
        CITY => None,
        number => Some(policy(number)?),
    };
    let rules = GateRules {
        station: Some(Station { network: config.network, station: config.station }),
        skew_s: own(config.skew_s),
        validity_max_s: u16::try_from(config.validity_max_s).ok()?,
        key_set_age_max_s: i64::from(config.key_set_age_max_s),
        deny_age_max_s: own(config.deny_age_max_s),
        deny_stale,
        clock_untrusted: policy(config.clock_untrusted_policy)?,
        passback_s: own(config.passback_s),
    };
    (rules.skew_s.is_none_or(|skew_s| skew_s <= i64::from(SKEW_MAX_S)) && config.network != 0).then_some(rules)
}

/// Bytes that [`ht_ctx_init`] needs for these settings; 0 if `config` is null.
///
/// # Safety
/// `config` points to an `ht_config` or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ht_ctx_size(config: *const Config) -> usize {
    // SAFETY: the caller's promise above.
    unsafe { config.as_ref() }.map_or(0, |config| Context::size(&sizes(config)))
}

/// Makes a gate in the caller's memory. 0, or −1000 for misuse.
///
/// # Safety
/// `memory` points to `length` bytes that nobody else uses until the gate is given up; `config` to an `ht_config`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ht_ctx_init(memory: *mut c_void, length: usize, config: *const Config) -> i32 {
    // SAFETY: the caller's promise above.
    let Some(config) = (unsafe { config.as_ref() }) else { return MISUSE };
    let (Some(rules), Some(operator)) = (rules(config), Key::from_compressed(&config.operator_key)) else {
        return MISUSE;
    };
    // SAFETY: `length` bytes behind `memory` are the gate's, by the caller's promise.
    if unsafe { Context::make(memory, length, &sizes(config), operator, rules) } { 0 } else { MISUSE }
}

/// Turns a caller's pointer and length into a slice; `None` for null.
///
/// # Safety
/// `bytes` is null or points to `length` readable bytes.
unsafe fn slice<'c>(bytes: *const u8, length: usize) -> Option<&'c [u8]> {
    // SAFETY: the caller's promise above; a length over isize::MAX cannot be true.
    (!bytes.is_null() && length <= isize::MAX as usize).then(|| unsafe { slice::from_raw_parts(bytes, length) })
}

macro_rules! table {
    ($(#[$documentation:meta])* $name:ident, $load:ident) => {
        $(#[$documentation])*
        ///
        /// # Safety
        /// `context` was made by [`ht_ctx_init`] and is used by one thread at a time; `table` points to `length` bytes.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(context: *mut c_void, table: *const u8, length: usize) -> i32 {
            // SAFETY: the caller's promise above.
            let (context, table) = unsafe { (Context::of(context), slice(table, length)) };
            match (context, table) {
                (Some(context), Some(table)) => match context.gate.$load(table) {
                    Ok(_) => 0,
                    Err(reason) => reason.field_code(),
                },
                _ => MISUSE,
            }
        }
    };
}

table!(
    /// Takes a newer key set (layout `HTK2`): 0, −107 if it is older, malformed or not the operator's, −204 if it does not fit.
    /// One that is announced for later decides nothing until its time; the one in force stays until then.
    ht_load_keyset,
    load_key_set
);
table!(
    /// Applies the next delta of a deny list, or a snapshot: 0, −107 if it does not follow, −204 if it does not fit.
    ht_apply_deny,
    apply_deny
);
table!(
    /// Takes a newer state of the gate's own station: 0, or −107.
    ht_load_state,
    load_state
);

/// Checks a code. Gives the field code: 0 passes. `out` is filled in every case but misuse (−1000). `clock_error_s` is how far
/// the gate's clock may be off, negative if that is unknown.
///
/// # Safety
/// `context` as for the tables; `code` points to `length` bytes, `out` to an `ht_result`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ht_verify(
    context: *mut c_void,
    code: *const u8,
    length: usize,
    now: i64,
    clock_error_s: i64,
    direction: u32,
    out: *mut Outcome,
) -> i32 {
    // SAFETY: the caller's promise above.
    let (context, code, out) = unsafe { (Context::of(context), slice(code, length), out.as_mut()) };
    let direction = u8::try_from(direction).ok().and_then(Direction::from_number);
    let (Some(context), Some(code), Some(out), Some(direction)) = (context, code, out, direction) else {
        return MISUSE;
    };
    let clock_error_s = (clock_error_s >= 0).then_some(clock_error_s);
    let answer = context.gate.check(Presented { code, now, clock_error_s, direction });
    *out = outcome(&answer, &context.gate.tables_used(&answer, now));
    out.field_code
}

/// This code passed at another gate of the station, or here before a restart: from now on it is used up here, whatever the
/// tables and the clock of this gate say of it. No signature is checked: the caller knows who told it. 0, −1 for what is no
/// code, −204 if a table is full.
///
/// # Safety
/// `context` as for the tables; `code` points to `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ht_note_passed(
    context: *mut c_void,
    code: *const u8,
    length: usize,
    now: i64,
    direction: u32,
) -> i32 {
    // SAFETY: the caller's promise above.
    let (context, code) = unsafe { (Context::of(context), slice(code, length)) };
    let direction = u8::try_from(direction).ok().and_then(Direction::from_number);
    let (Some(context), Some(code), Some(direction)) = (context, code, direction) else { return MISUSE };
    context.gate.note(code, direction, now).err().map_or(0, Reason::field_code)
}

/// The text of a reason, NUL-terminated ASCII, for instance `TRN-AUTH-SIG`; null for an unknown number.
#[unsafe(no_mangle)]
pub extern "C" fn ht_reason_name(reason: u32) -> *const u8 {
    let found = u8::try_from(reason).ok().and_then(Reason::from_number);
    found.map_or(core::ptr::null(), |reason| NAMES[reason as usize].as_ptr())
}

/// The longest name and its NUL.
const NAME_LENGTH_MAX: usize = 24;

static NAMES: [[u8; NAME_LENGTH_MAX]; 26] = {
    let mut names = [[0; NAME_LENGTH_MAX]; 26];
    let mut number = 0;
    while number < names.len() {
        let name = huitong_transit_code::reason::name_of(number).as_bytes();
        assert!(name.len() < NAME_LENGTH_MAX, "a reason's name leaves room for its NUL");
        let mut index = 0;
        while index < name.len() {
            names[number][index] = name[index];
            index += 1;
        }
        number += 1;
    }
    names
};

fn outcome(answer: &Answer, used: &TablesUsed) -> Outcome {
    let mut outcome = Outcome {
        accept: i32::from(answer.accepts()),
        field_code: answer.reason.field_code(),
        reason: u32::from(answer.reason as u8),
        flags: u32::from(answer.flags),
        profile: 0,
        age_s: answer.age_s,
        generation_time: 0,
        limit_fen: 0,
        home: 0,
        issuer: [0; 4],
        account: [0; 10],
        platform: [0; 4],
        ticket_number: [0; 8],
        replay_key: [0; 32],
        key_set_version: used.key_set_version,
        deny_home: used.deny_home,
        deny_sequence: used.deny_sequence,
        deny_age_s: used.deny_age_s,
        fare_pack_version: used.fare_pack_version,
    };
    if let Some(checked) = &answer.checked {
        outcome.profile = u32::from(checked.profile as u8);
        outcome.generation_time = checked.generation_time;
        outcome.limit_fen = checked.limit_fen;
        outcome.home = checked.home;
        outcome.issuer = checked.account.issuer;
        outcome.account = checked.account.number;
        outcome.platform = checked.platform;
        outcome.ticket_number = checked.ticket_number;
        outcome.replay_key = checked.replay_key;
    }
    outcome
}

#[cfg(not(feature = "std"))]
#[panic_handler]
fn stop(_: &core::panic::PanicInfo<'_>) -> ! {
    // Nothing here panics; a gate's watchdog ends a loop that should never be reached.
    loop {
        core::hint::spin_loop();
    }
}

/// The precompiled core names this even where nothing unwinds.
#[cfg(not(feature = "std"))]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
