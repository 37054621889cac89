//! This library's own gate under the suite.

use super::{Setup, Step, Target, Verdict};
use crate::cache::{Slot, Slots};
use crate::deny::{Chain, DenyTable, Row};
use crate::gate::{Gate, GateRules, Memory, Presented};
use crate::key_set::KEY_SET_LENGTH_MAX;
use crate::reason::Reason;
use crate::recent::{Place, Recent};
use crate::signature::{Key, RustCrypto};

/// A gate with the default rules, or with some of its own. Its memory is leaked, once: this is for tests and for the report.
#[derive(Default)]
pub struct OwnGate {
    rules: GateRules,
    gate: Option<Gate<'static, RustCrypto>>,
}

fn leak<T: Clone + Default>(count: usize) -> &'static mut [T] {
    Box::leak(vec![T::default(); count].into_boxed_slice())
}

fn gate(operator: Key, rules: GateRules) -> Gate<'static, RustCrypto> {
    let memory = Memory {
        key_set: leak(2 * KEY_SET_LENGTH_MAX),
        deny: DenyTable::new(leak::<Row>(64), leak::<Chain>(8)),
        replay: Recent::new(leak::<Place>(64)),
        passback: Recent::new(leak::<Place>(64)),
        cache: Slots { certificates: leak::<Slot>(8), authorisations: leak::<Slot>(32) },
    };
    Gate::new(RustCrypto, operator, rules, memory)
}

impl OwnGate {
    pub fn with_rules(rules: GateRules) -> OwnGate {
        OwnGate { rules, gate: None }
    }
}

impl Target for OwnGate {
    fn reset(&mut self, setup: &Setup) -> Result<(), String> {
        let operator = Key::from_compressed(&setup.operator).ok_or("the operator's key is not on the curve")?;
        let rules = GateRules { station: Some(setup.station), ..self.rules };
        match &mut self.gate {
            Some(gate) => gate.begin_anew(operator, rules),
            None => self.gate = Some(gate(operator, rules)),
        }
        Ok(())
    }

    fn take(&mut self, step: &Step) -> Result<Verdict, String> {
        let gate = self.gate.as_mut().ok_or("reset comes first")?;
        let reason_of = |taken: Result<(), Reason>| taken.err().unwrap_or(Reason::Ok);
        let reason = match step {
            Step::KeySet(table) => reason_of(gate.load_key_set(table).map(drop)),
            Step::Deny(table) => reason_of(gate.apply_deny(table)),
            Step::State(table) => reason_of(gate.load_state(table)),
            Step::Present { code, now, clock_error_s, direction } => {
                let (now, clock_error_s, direction) = (*now, *clock_error_s, *direction);
                gate.check(Presented { code, now, clock_error_s, direction }).reason
            }
            Step::PresentNextDoor { code, now, direction } => reason_of(gate.note(code, *direction, *now)),
        };
        Ok(Verdict::of(reason))
    }
}
