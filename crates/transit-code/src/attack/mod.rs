//! The attacks a gate must refuse (transit specification §5.7), each built so that all earlier checks pass; and what must
//! pass beside them. A vendor's gate is tried through [`Target`].

mod after_pass;
mod bench;
mod catalogue;
mod exits;
mod line_gate;
mod own_gate;
mod report;
mod table_catalogue;
mod uic_bench;
mod uic_catalogue;

pub use bench::{Bench, NOW};
pub use catalogue::attacks;
pub use line_gate::LineGate;
pub use own_gate::OwnGate;
pub use report::{Finding, Report};

use crate::gate::{Direction, Station};
use crate::reason::Reason;

/// One thing done to the gate.
#[derive(Clone, Debug)]
pub enum Step {
    KeySet(Vec<u8>),
    Deny(Vec<u8>),
    State(Vec<u8>),
    /// A code before the reader at this time, Unix seconds, by a clock that may be so far off; `None`: nobody knows how far.
    Present {
        code: Vec<u8>,
        now: i64,
        clock_error_s: Option<i64>,
        direction: Direction,
    },
    /// Another gate of the station let a code pass by its own clock and tables, and this gate hears of it at this time.
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

/// What a gate under test is configured with.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Whose tables it takes: 33 bytes, compressed.
    pub operator: [u8; 33],
    /// Whose states it takes.
    pub station: Station,
}

/// A gate under test, begun anew for each attack.
pub trait Target {
    /// Forgets everything, and goes on as configured.
    fn reset(&mut self, setup: &Setup) -> Result<(), String>;
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
    run_those(target, |_| true)
}

/// Plays some of them.
pub fn run_those(target: &mut impl Target, wanted: impl Fn(&Attack) -> bool) -> Report {
    let bench = Bench::new();
    let attacks = attacks(&bench).into_iter().filter(wanted);
    Report { findings: attacks.map(|attack| play(target, &bench, attack)).collect() }
}

fn play(target: &mut impl Target, bench: &Bench, attack: Attack) -> Finding {
    let verdict = judge(target, bench, &attack);
    Finding::new(attack.id, &attack.title, attack.expected, verdict)
}

fn judge(target: &mut impl Target, bench: &Bench, attack: &Attack) -> Result<Verdict, String> {
    target.reset(&bench.setup())?;
    for step in bench.tables().iter().chain(&attack.before) {
        let verdict = target.take(step)?;
        if verdict.code != 0 {
            return Err(format!("a step before the attack was refused with {}: {verdict:?}", verdict.code));
        }
    }
    target.take(&attack.judged)
}
