//! A vendor's gate behind a line protocol: what the suite sends, one line a step, and the gate's answer, one line each.
//!
//! `reset KEY` · `key-set TABLE` · `deny TABLE` · `state TABLE` · `verify NOW in|out CODE` · `passed NOW in|out CODE`, bytes in
//! hexadecimal; answered with the field code and, if the gate tells it, the reason's name (`-` for none).

use std::fmt::Write as _;
use std::io::{BufRead, Write};

use super::{Step, Target, Verdict};
use crate::gate::Direction;

/// A gate that reads from `to` and answers on `from`.
pub struct LineGate<R, W> {
    pub from: R,
    pub to: W,
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::In | Direction::Boarding => "in",
        Direction::Out => "out",
    }
}

impl<R: BufRead, W: Write> LineGate<R, W> {
    fn ask(&mut self, line: &str) -> Result<Verdict, String> {
        let mut answer = String::new();
        writeln!(self.to, "{line}")
            .and_then(|()| self.to.flush())
            .map_err(|error| format!("the gate is gone: {error}"))?;
        self.from.read_line(&mut answer).map_err(|error| format!("the gate is gone: {error}"))?;
        let mut words = answer.split_whitespace();
        let code = words.next().and_then(|word| word.parse().ok());
        let code = code.ok_or_else(|| format!("the gate answered {answer:?}, which begins with no code"))?;
        let reason = words.next().filter(|word| *word != "-").map(str::to_owned);
        Ok(Verdict { code, reason })
    }
}

impl<R: BufRead, W: Write> Target for LineGate<R, W> {
    fn reset(&mut self, operator: &[u8; 33]) -> Result<(), String> {
        match self.ask(&format!("reset {}", hexadecimal(operator)))? {
            Verdict { code: 0, .. } => Ok(()),
            other => Err(format!("the gate did not take the operator's key: {}", other.code)),
        }
    }

    fn take(&mut self, step: &Step) -> Result<Verdict, String> {
        let line = match step {
            Step::KeySet(table) => format!("key-set {}", hexadecimal(table)),
            Step::Deny(table) => format!("deny {}", hexadecimal(table)),
            Step::State(table) => format!("state {}", hexadecimal(table)),
            Step::Present { code, now, direction } => {
                format!("verify {now} {} {}", way(*direction), hexadecimal(code))
            }
            Step::PresentNextDoor { code, now, direction } => {
                format!("passed {now} {} {}", way(*direction), hexadecimal(code))
            }
        };
        self.ask(&line)
    }
}
