//! Words for whoever reads the standard output. A reader may go away before the end (`… | head -1`): that is no failure, and
//! no reason to stop.

use std::fmt::Display;
use std::io::{ErrorKind, Write};

/// Writes the text and the end of a line.
pub fn line(text: impl Display) -> std::io::Result<()> {
    unless_gone(writeln!(std::io::stdout().lock(), "{text}"))
}

/// Writes the text as it is.
pub fn text(text: impl Display) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    unless_gone(write!(out, "{text}").and_then(|()| out.flush()))
}

fn unless_gone(written: std::io::Result<()>) -> std::io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
