//! Script steps, one a line.

use crate::gate::held::TableKind;
use std::path::PathBuf;
use std::str::FromStr;

use huitong_transit_code::gate::Direction;

use super::super::given;
use crate::gate::clock::ClockTrust;
use crate::gate::moment::Moment;

pub const STEPS: &str = "\
Steps of a script, one a line; `#` begins a comment:
  code HEX|BASE64 [in|out|boarding] [shown FEN]   a code before the reader; the word `code` may be left out
  image FILE [in|out|boarding] [shown FEN]        the same, from a PNG of the QR code
  passed HEX|BASE64 [in|out|boarding]             a neighbour gate of the station let it pass
  at TIME                        sets the gate's clock (RFC 3339 or Unix seconds); it stands from then on
  wait SECONDS                   moves the gate's clock; nobody waits
  drift MS UNCERTAINTY_MS        what the gate believes of its clock from now on: gate time − true time
  clock unknown|ERROR_S          how far the clock may be off, whatever the gate believes
  offline | online               the node cannot, can be reached
  tables | upload                asks the node for tables; hands over records
  key-set FILE | deny FILE | state FILE           takes a table by hand
  epoch                          begins a new store epoch, as a replaced gate does
  replay-table N                 a replay table of N places, filled again from the record

At the end of the script what is left is uploaded, if a node is named and can be reached.";

#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Code(Tap<Vec<u8>>),
    Image(Tap<PathBuf>),
    Passed(Tap<Vec<u8>>),
    At(Moment),
    Wait(i64),
    Drift { drift_ms: i32, uncertainty_ms: u32 },
    Clock(ClockTrust),
    Online(bool),
    Upload,
    Fetch,
    Table(TableKind, PathBuf),
    Epoch,
    ReplayTable(usize),
}

/// What is shown to the reader, which way, and the fare on the display.
#[derive(Debug, PartialEq, Eq)]
pub struct Tap<T> {
    pub shown: T,
    pub direction: Option<Direction>,
    pub amount_fen: Option<i32>,
}

/// The step of a line; `None` for an empty line or a comment.
pub fn step(line: &str) -> Result<Option<Step>, String> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let words: Vec<&str> = line.split_whitespace().collect();
    let step = match *words.as_slice() {
        [] => return Ok(None),
        ["code", code, ref rest @ ..] => Step::Code(tap(bytes(code)?, rest)?),
        ["image", file, ref rest @ ..] => Step::Image(tap(PathBuf::from(file), rest)?),
        ["passed", code, ref rest @ ..] => Step::Passed(tap(bytes(code)?, rest)?),
        ["at", time] => Step::At(time.parse()?),
        ["wait", seconds] => Step::Wait(number(seconds)?),
        ["drift", drift, uncertainty] => Step::Drift { drift_ms: number(drift)?, uncertainty_ms: number(uncertainty)? },
        ["clock", "unknown"] => Step::Clock(ClockTrust::Unknown),
        ["clock", seconds] => Step::Clock(ClockTrust::Seconds(number(seconds)?)),
        ["offline"] => Step::Online(false),
        ["online"] => Step::Online(true),
        ["upload"] => Step::Upload,
        ["tables"] => Step::Fetch,
        ["key-set", file] => Step::Table(TableKind::KeySet, file.into()),
        ["deny", file] => Step::Table(TableKind::Deny, file.into()),
        ["state", file] => Step::Table(TableKind::State, file.into()),
        ["epoch"] => Step::Epoch,
        ["replay-table", places] => Step::ReplayTable(number(places)?),
        [code, ref rest @ ..] => match given::decoded(code) {
            Some(code) => Step::Code(tap(code, rest)?),
            None => return Err(format!("no such step: {}", line.chars().take(60).collect::<String>())),
        },
    };
    Ok(Some(step))
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    given::decoded(text).ok_or_else(|| "a code is written in hexadecimal or base64".to_owned())
}

fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("{text} is no number that fits here"))
}

/// `in`, `out` or `boarding`.
pub fn direction(word: &str) -> Option<Direction> {
    match word {
        "in" => Some(Direction::In),
        "out" => Some(Direction::Out),
        "boarding" => Some(Direction::Boarding),
        _ => None,
    }
}

pub fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
        Direction::Boarding => "boarding",
    }
}

fn tap<T>(shown: T, rest: &[&str]) -> Result<Tap<T>, String> {
    let (way, rest) = match rest {
        [word, rest @ ..] if direction(word).is_some() => (direction(word), rest),
        rest => (None, rest),
    };
    let amount_fen = match rest {
        [] => None,
        ["shown", fen] => Some(number::<i32>(fen)?).filter(|fen| *fen >= 0),
        _ => return Err(format!("behind a code stand in, out or boarding, and `shown FEN`; not {}", rest.join(" "))),
    };
    Ok(Tap { shown, direction: way, amount_fen })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_step_or_a_code_or_says_what_is_wrong() {
        assert_eq!(step("  # only a comment"), Ok(None));
        let tapped = Tap { shown: vec![0x81, 1], direction: Some(Direction::Out), amount_fen: Some(300) };
        assert_eq!(step("code 8101 out shown 300 # at the exit"), Ok(Some(Step::Code(tapped))));
        let bare = Tap { shown: vec![0x81, 1], direction: None, amount_fen: None };
        assert_eq!(step("gQE="), Ok(Some(Step::Code(bare))));
        assert_eq!(step("at 2026-01-01T08:00:00+08:00"), Ok(Some(Step::At(Moment(1_767_225_600_000)))));
        assert_eq!(step("drift -20 5"), Ok(Some(Step::Drift { drift_ms: -20, uncertainty_ms: 5 })));
        assert!(step("dance").is_err() && step("wait long").is_err() && step("code 8101 sideways").is_err());
    }
}
