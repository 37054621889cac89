//! The gate's tables in memory, of configured sizes, and how they are filled again after a restart.

use anyhow::bail;
use huitong_transit_code::Reason;
use huitong_transit_code::cache::{Slot, Slots};
use huitong_transit_code::chain::Checked;
use huitong_transit_code::code::Code;
use huitong_transit_code::custom::ticket_number;
use huitong_transit_code::deny::{Chain, DenyTable, Row};
use huitong_transit_code::gate::{Answer, Gate, GateRules, Memory, Presented};
use huitong_transit_code::key_set::KEY_SET_LENGTH_MAX;
use huitong_transit_code::profile::Profile;
use huitong_transit_code::recent::{Place, Recent};
use huitong_transit_code::record::TapRecord;
use huitong_transit_code::signature::{Key, RustCrypto};

use super::clock::corrected_s;
use super::record_store::RecordStore;

pub type TestGate = Gate<'static, RustCrypto>;

/// Entries of the fixed tables.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Sizes {
    /// Places of the replay table; when they are full the gate refuses
    #[arg(long, default_value_t = 4_096, value_parser = clap::value_parser!(u32).range(1..=1 << 24))]
    pub replay_places: u32,
    /// Entries of all deny lists together
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1 << 24))]
    pub deny_entries: u32,
    /// Homes with a deny list
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    pub homes: u32,
    /// Certificates and authorisations remembered as verified
    #[arg(long, default_value_t = 1_024, value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    pub cached: u32,
}

impl Sizes {
    pub fn with_replay_places(self, places: u32) -> Sizes {
        Sizes { replay_places: places, ..self }
    }
}

/// Memory for the program's life: a gate is made once, and once more for each `replay-table` of a script.
fn leak<T: Clone + Default>(count: u32) -> &'static mut [T] {
    Box::leak(vec![T::default(); count as usize].into_boxed_slice())
}

pub fn gate(operator: Key, rules: GateRules, sizes: Sizes) -> TestGate {
    let memory = Memory {
        key_set: Box::leak(vec![0; KEY_SET_LENGTH_MAX].into_boxed_slice()),
        deny: DenyTable::new(leak::<Row>(sizes.deny_entries), leak::<Chain>(sizes.homes)),
        replay: Recent::new(leak::<Place>(sizes.replay_places)),
        passback: Recent::new(leak::<Place>(sizes.replay_places)),
        cache: Slots { certificates: leak::<Slot>(sizes.cached), authorisations: leak::<Slot>(sizes.cached) },
    };
    Gate::new(RustCrypto, operator, rules, memory)
}

/// Remembers again what passed lately, from the record: a restart must not let a code pass a second time. Gives how many.
///
/// "Lately" counts from the last record, not from now: what is older can still be asked for only if the clock went back.
pub fn remember(gate: &mut TestGate, store: &RecordStore) -> anyhow::Result<usize> {
    let keep_s = i64::from(gate.rules.time.validity_max_s) + 2 * gate.rules.time.skew_s;
    let Some(last) = store.last() else { return Ok(0) };
    let from = last.time_s.saturating_sub(keep_s.max(gate.rules.passback_s));
    let mut remembered = 0;
    for kept in store.kept().iter().filter(|kept| kept.time_s >= from) {
        let bytes = store.read(kept)?;
        let Ok(record) = TapRecord::parse(&bytes) else { bail!("a record changed under the running gate") };
        if record.reason != Reason::Ok {
            continue;
        }
        if note(gate, &record) == Err(Reason::ReplayFull) {
            bail!("the replay table is smaller than the {remembered} passes it must remember; give it more places");
        }
        remembered += 1;
    }
    Ok(remembered)
}

fn note(gate: &mut TestGate, record: &TapRecord<'_>) -> Result<(), Reason> {
    let now = corrected_s(record.gate_time_ms, record.drift_ms);
    let Ok(code) = Code::parse(record.code) else { return check_again(gate, record, now) };
    // What the record says passed is used up, whatever the tables of today would say of it.
    let checked = Checked {
        profile: Profile::Jtt1179,
        account: code.account(),
        platform: code.platform(),
        account_type: code.account_type(),
        certificate_issuer: code.certificate().issuer(),
        serial: code.certificate().serial(),
        home: record.deny_home,
        limit_fen: code.limit_fen(),
        ticket_number: ticket_number(code.custom()),
        generation_time: i64::from(code.generation_time()),
        age_s: 0,
        replay_key: code.replay_key(),
    };
    let answer = Answer { reason: Reason::Ok, age_s: 0, flags: record.flags, checked: Some(checked) };
    gate.note_passed(&answer, record.direction, now)
}

/// A code of another layout is read once more by the checks that let it pass. Whatever today's lists say of it, it is used up.
fn check_again(gate: &mut TestGate, record: &TapRecord<'_>, now: i64) -> Result<(), Reason> {
    let presented = Presented { code: record.code, now, clock_error_s: Some(0), direction: record.direction };
    let answer = gate.check(presented);
    match answer.reason {
        Reason::Ok | Reason::Replay => Ok(()),
        _ => gate.note_passed(&answer, record.direction, now),
    }
}
