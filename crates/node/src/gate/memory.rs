//! The gate's tables in memory, of configured sizes, and how they are filled again after a restart.

use anyhow::bail;
use huitong_transit_code::Reason;
use huitong_transit_code::cache::{Slot, Slots};
use huitong_transit_code::deny::{Chain, DenyTable, Row};
use huitong_transit_code::gate::{Gate, GateRules, Memory};
use huitong_transit_code::key_set::KEY_SET_LENGTH_MAX;
use huitong_transit_code::recent::{Place, Recent};
use huitong_transit_code::record::TapRecord;
use huitong_transit_code::signature::{Key, RustCrypto};

use super::clock::corrected_s;
use super::record_store::RecordStore;

pub type TestGate = Gate<'static, RustCrypto>;

/// Places of a replay table at most, and of all that a script asks for one after the other.
pub const REPLAY_PLACES_MAX: u32 = 1 << 24;

/// Entries of the fixed tables.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Sizes {
    /// Places of the replay table; when they are full the gate refuses
    #[arg(long, default_value_t = 4_096, value_parser = clap::value_parser!(u32).range(1..=i64::from(REPLAY_PLACES_MAX)))]
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

/// Memory for the program's life: a gate is made once, and once more for each `replay-table` of a script, which the device
/// gives a limited number of places ([`REPLAY_PLACES_MAX`]).
fn leak<T: Clone + Default>(count: u32) -> &'static mut [T] {
    Box::leak(vec![T::default(); count as usize].into_boxed_slice())
}

pub fn gate(operator: Key, rules: GateRules, sizes: Sizes) -> TestGate {
    let memory = Memory {
        // The one in force, and one that is announced.
        key_set: Box::leak(vec![0; 2 * KEY_SET_LENGTH_MAX].into_boxed_slice()),
        deny: DenyTable::new(leak::<Row>(sizes.deny_entries), leak::<Chain>(sizes.homes)),
        replay: Recent::new(leak::<Place>(sizes.replay_places)),
        passback: Recent::new(leak::<Place>(sizes.replay_places)),
        cache: Slots { certificates: leak::<Slot>(sizes.cached), authorisations: leak::<Slot>(sizes.cached) },
    };
    Gate::new(RustCrypto, operator, rules, memory)
}

/// Remembers again what passed lately, from the record: a restart must not let a code pass a second time. Gives how many.
///
/// The passes are played again in their order, so the table frees what it freed before the restart, and nothing else: no
/// clock is asked, and a record of another time, as one made while the clock was a day ahead, forgets nothing. One pass more
/// than there are places, so that a table that is too small is found.
pub fn remember(gate: &mut TestGate, store: &RecordStore, sizes: Sizes) -> anyhow::Result<usize> {
    let count = sizes.replay_places as usize + 1;
    let newest: Vec<_> = store.kept().iter().rev().filter(|kept| kept.is_pass).take(count).collect();
    let mut remembered = 0;
    for kept in newest.iter().rev() {
        let bytes = store.read(kept)?;
        let Ok(record) = TapRecord::parse(&bytes) else { bail!("a record changed under the running gate") };
        let at = corrected_s(record.gate_time_ms, record.drift_ms);
        match gate.note(record.code, record.direction, at) {
            Ok(()) => remembered += 1,
            Err(Reason::ReplayFull) => {
                bail!("the replay table is smaller than the {remembered} passes it must remember; give it more places")
            }
            // To go on would open to this code a second time.
            Err(reason) => bail!(
                "the code of record {}:{}, which passed, cannot be read: {}",
                kept.epoch,
                kept.sequence,
                reason.english()
            ),
        }
    }
    Ok(remembered)
}
