//! A gate in memory of the caller: the context first, then its tables, each aligned.

use core::ffi::c_void;
use core::mem::{align_of, size_of};
use core::slice;

use huitong_transit_code::cache::{Slot, Slots};
use huitong_transit_code::deny::{Chain, DenyTable, Row};
use huitong_transit_code::gate::{Gate, GateRules, Memory};
use huitong_transit_code::key_set::KEY_SET_LENGTH_MAX;
use huitong_transit_code::recent::{Place, Recent};
use huitong_transit_code::signature::{Key, RustCrypto};

/// Every part begins at a multiple of this.
const ALIGNMENT: usize = 16;
/// The key set in force and one that is announced.
const KEY_SETS_LENGTH: u32 = 2 * KEY_SET_LENGTH_MAX as u32;
/// Marks memory that `ht_ctx_init` has made.
const MADE: u64 = 0x6875_6974_6f6e_6731;

/// How many entries the tables have.
pub struct Sizes {
    pub deny: u32,
    pub homes: u32,
    pub replay: u32,
    pub passback: u32,
    pub certificates: u32,
    pub authorisations: u32,
}

pub struct Context {
    made: u64,
    pub gate: Gate<'static, RustCrypto>,
}

const fn padded(bytes: usize) -> usize {
    bytes.saturating_add(ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT
}

const fn table<T>(count: u32) -> usize {
    assert!(align_of::<T>() <= ALIGNMENT, "a table's rows fit the alignment of the memory");
    padded(size_of::<T>().saturating_mul(count as usize))
}

/// Takes the parts off the caller's memory, one after the other.
struct Carver {
    next: *mut u8,
}

impl Carver {
    /// # Safety
    /// The sum of all parts taken lies within the memory.
    unsafe fn take<T: Copy + Default>(&mut self, count: u32) -> &'static mut [T] {
        let at = self.next.cast::<T>();
        // SAFETY: `Context::size` counted this part; every part begins aligned.
        unsafe {
            for index in 0..count as usize {
                at.add(index).write(T::default());
            }
            self.next = self.next.add(table::<T>(count));
            slice::from_raw_parts_mut(at, count as usize)
        }
    }
}

impl Context {
    pub fn size(sizes: &Sizes) -> usize {
        let parts = [
            padded(size_of::<Context>()),
            table::<u8>(KEY_SETS_LENGTH),
            table::<Row>(sizes.deny),
            table::<Chain>(sizes.homes),
            table::<Place>(sizes.replay),
            table::<Place>(sizes.passback),
            table::<Slot>(sizes.certificates),
            table::<Slot>(sizes.authorisations),
        ];
        parts.iter().fold(0, |sum: usize, part| sum.saturating_add(*part))
    }

    /// Makes a gate; false if the memory is null, too small or not aligned.
    ///
    /// # Safety
    /// `memory` is null or points to `length` bytes that nobody else uses from now on.
    pub unsafe fn make(memory: *mut c_void, length: usize, sizes: &Sizes, operator: Key, rules: GateRules) -> bool {
        if memory.is_null() || !(memory as usize).is_multiple_of(ALIGNMENT) || length < Context::size(sizes) {
            return false;
        }
        // SAFETY: the parts' sum is `Context::size`, which fits by the check above.
        unsafe {
            let mut carver = Carver { next: memory.cast::<u8>().add(padded(size_of::<Context>())) };
            let memory_of_gate = Memory {
                key_set: carver.take::<u8>(KEY_SETS_LENGTH),
                deny: DenyTable::new(carver.take::<Row>(sizes.deny), carver.take::<Chain>(sizes.homes)),
                replay: Recent::new(carver.take::<Place>(sizes.replay)),
                passback: Recent::new(carver.take::<Place>(sizes.passback)),
                cache: Slots {
                    certificates: carver.take::<Slot>(sizes.certificates),
                    authorisations: carver.take::<Slot>(sizes.authorisations),
                },
            };
            let gate = Gate::new(RustCrypto, operator, rules, memory_of_gate);
            memory.cast::<Context>().write(Context { made: MADE, gate });
        }
        true
    }

    /// The gate that was made there; `None` for null or memory without one.
    ///
    /// # Safety
    /// `memory` is null or points to memory given to [`Context::make`], used by one thread at a time.
    pub unsafe fn of<'c>(memory: *mut c_void) -> Option<&'c mut Context> {
        // SAFETY: the caller's promise above.
        unsafe { memory.cast::<Context>().as_mut() }.filter(|context| context.made == MADE)
    }
}
