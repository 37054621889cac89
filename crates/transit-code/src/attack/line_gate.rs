//! A vendor's gate behind a line protocol: what the suite sends, one line a step, and the gate's answer, one line each.
//!
//! `reset KEY NETWORK STATION` · `key-set TABLE` · `deny TABLE` · `state TABLE` · `verify NOW ERROR WAY CODE` ·
//! `passed NOW WAY CODE`. Bytes are hexadecimal, numbers decimal, WAY is `in`, `out` or `boarding`, ERROR how many seconds the
//! clock may be off, `-` if that is unknown. Answered with the field code and, if the gate tells it, the reason's name (`-` for
//! none).

use std::fmt::Write as _;
use std::io::{BufRead, Write};

use super::{Setup, Step, Target, Verdict};
use crate::gate::{Direction, Station};

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
        Direction::In => "in",
        Direction::Out => "out",
        Direction::Boarding => "boarding",
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
    fn reset(&mut self, setup: &Setup) -> Result<(), String> {
        let Station { network, station } = setup.station;
        match self.ask(&format!("reset {} {network} {station}", hexadecimal(&setup.operator)))? {
            Verdict { code: 0, .. } => Ok(()),
            other => Err(format!("the gate did not take the operator's key: {}", other.code)),
        }
    }

    fn take(&mut self, step: &Step) -> Result<Verdict, String> {
        let line = match step {
            Step::KeySet(table) => format!("key-set {}", hexadecimal(table)),
            Step::Deny(table) => format!("deny {}", hexadecimal(table)),
            Step::State(table) => format!("state {}", hexadecimal(table)),
            Step::Present { code, now, clock_error_s, direction } => {
                let error = clock_error_s.map_or("-".to_owned(), |error_s| error_s.to_string());
                format!("verify {now} {error} {} {}", way(*direction), hexadecimal(code))
            }
            Step::PresentNextDoor { code, now, direction } => {
                format!("passed {now} {} {}", way(*direction), hexadecimal(code))
            }
        };
        self.ask(&line)
    }
}
