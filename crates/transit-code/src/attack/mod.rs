//! The attacks a gate must refuse (transit specification §5.7), each built so that all earlier checks pass; and what must
//! pass beside them. A vendor's gate is tried through [`Target`].

mod bench;
mod catalogue;
mod line_gate;
mod own_gate;
mod report;
mod uic_bench;
mod uic_catalogue;

pub use bench::{Bench, NOW};
pub use catalogue::attacks;
pub use line_gate::LineGate;
pub use own_gate::OwnGate;
pub use report::{Finding, Report};

use crate::gate::Direction;
use crate::reason::Reason;

/// One thing done to the gate.
#[derive(Clone, Debug)]
pub enum Step {
    KeySet(Vec<u8>),
    Deny(Vec<u8>),
    State(Vec<u8>),
    /// A code before the reader at this time, Unix seconds.
    Present {
        code: Vec<u8>,
        now: i64,
        direction: Direction,
    },
    /// The same at another gate of the station, whose passes this gate hears of.
    PresentNextDoor {
        code: Vec<u8>,
        now: i64,
        direction: Direction,
    },
}

/// A story whose last step is judged.
#[derive(Clone, Debug)]
pub struct Attack {
    /// As the specification numbers it, for instance `A13`; `G` for genuine codes that must pass.
    pub id: &'static str,
    pub title: String,
    /// What happens before; each of these steps must succeed.
    pub before: Vec<Step>,
    pub judged: Step,
    pub expected: Reason,
}

/// A gate under test, begun anew for each attack with the operator's key.
pub trait Target {
    /// Forgets everything; takes tables signed by this key (33 bytes, compressed) from now on.
    fn reset(&mut self, operator: &[u8; 33]) -> Result<(), String>;
    /// The field code and, if the gate tells it, the reason's name.
    fn take(&mut self, step: &Step) -> Result<Verdict, String>;
}

/// What a gate said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// 0, −1, −101 …
    pub code: i32,
    pub reason: Option<String>,
}

impl Verdict {
    pub fn of(reason: Reason) -> Verdict {
        Verdict { code: reason.field_code(), reason: Some(reason.name().to_owned()) }
    }
}

/// Plays all attacks against a gate.
pub fn run(target: &mut impl Target) -> Report {
    let bench = Bench::new();
    let findings = attacks(&bench).into_iter().map(|attack| play(target, &bench, attack)).collect();
    Report { findings }
}

fn play(target: &mut impl Target, bench: &Bench, attack: Attack) -> Finding {
    let verdict = judge(target, bench, &attack);
    Finding::new(attack.id, &attack.title, attack.expected, verdict)
}

fn judge(target: &mut impl Target, bench: &Bench, attack: &Attack) -> Result<Verdict, String> {
    target.reset(&bench.operator_key())?;
    for step in bench.tables().iter().chain(&attack.before) {
        let verdict = target.take(step)?;
        if verdict.code != 0 {
            return Err(format!("a step before the attack was refused with {}: {verdict:?}", verdict.code));
        }
    }
    target.take(&attack.judged)
}
