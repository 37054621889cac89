//! This library's own gate under the suite, with a second gate next door.

use super::{Step, Target, Verdict};
use crate::cache::{Slot, Slots};
use crate::deny::{Chain, DenyTable, Row};
use crate::gate::{Gate, GateRules, Memory, Presented};
use crate::key_set::KEY_SET_LENGTH_MAX;
use crate::reason::Reason;
use crate::recent::{Place, Recent};
use crate::signature::{Key, RustCrypto};

/// Two gates of one station. Memory is leaked for each reset: this is for tests and for the report only.
#[derive(Default)]
pub struct OwnGate {
    gates: Option<[Gate<'static, RustCrypto>; 2]>,
}

fn leak<T: Clone + Default>(count: usize) -> &'static mut [T] {
    Box::leak(vec![T::default(); count].into_boxed_slice())
}

fn gate(operator: Key) -> Gate<'static, RustCrypto> {
    let memory = Memory {
        key_set: leak(KEY_SET_LENGTH_MAX),
        deny: DenyTable::new(leak::<Row>(64), leak::<Chain>(8)),
        replay: Recent::new(leak::<Place>(64)),
        passback: Recent::new(leak::<Place>(64)),
        cache: Slots { certificates: leak::<Slot>(8), authorisations: leak::<Slot>(32) },
    };
    Gate::new(RustCrypto, operator, GateRules::default(), memory)
}

impl Target for OwnGate {
    fn reset(&mut self, operator: &[u8; 33]) -> Result<(), String> {
        let operator = Key::from_compressed(operator).ok_or("the operator's key is not on the curve")?;
        self.gates = Some([gate(operator), gate(operator)]);
        Ok(())
    }

    fn take(&mut self, step: &Step) -> Result<Verdict, String> {
        let [here, next_door] = self.gates.as_mut().ok_or("reset comes first")?;
        let mut both = |load: &dyn Fn(&mut Gate<'static, RustCrypto>) -> Result<(), Reason>| {
            load(next_door).and(load(here)).err().unwrap_or(Reason::Ok)
        };
        let reason = match step {
            Step::KeySet(table) => both(&|gate| gate.load_key_set(table).map(drop)),
            Step::Deny(table) => both(&|gate| gate.apply_deny(table)),
            Step::State(table) => both(&|gate| gate.load_state(table)),
            Step::Present { code, now, direction } => {
                here.check(Presented { code, now: *now, clock_error_s: Some(0), direction: *direction }).reason
            }
            Step::PresentNextDoor { code, now, direction } => {
                let presented = Presented { code, now: *now, clock_error_s: Some(0), direction: *direction };
                let answer = next_door.check(presented);
                here.note_passed(&answer, *direction, *now).err().unwrap_or(answer.reason)
            }
        };
        Ok(Verdict::of(reason))
    }
}
