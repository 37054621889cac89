//! A vendor's gate program as a child process, spoken to over its standard input and output.

use std::io::{BufReader, Error, ErrorKind, Read, Take};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use anyhow::Context;
use huitong_transit_code::attack::LineGate;

/// Bytes of answers a program may give in a whole run: some hundred short lines are due.
const ANSWERS_BYTES_MAX: u64 = 4 << 20;

/// The program; ended when dropped.
pub struct Vendor {
    child: Child,
}

pub type VendorGate = LineGate<BufReader<Take<Answers>>, ChildStdin>;

impl Vendor {
    /// Starts the command by the shell, so that arguments and pipes can stand in it.
    pub fn start(command: &str, patience: Duration) -> anyhow::Result<(Vendor, VendorGate)> {
        let mut child = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command}"))?;
        let to = child.stdin.take().context("the child has a standard input")?;
        let out = child.stdout.take().context("the child has a standard output")?;
        let from = BufReader::new(Answers::of(out, patience).take(ANSWERS_BYTES_MAX));
        Ok((Vendor { child }, LineGate { from, to }))
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The child's answers. A gate that does not answer in time is given up, so that the report still gets written.
pub struct Answers {
    chunks: Receiver<Vec<u8>>,
    left: Vec<u8>,
    patience: Duration,
    is_given_up: bool,
}

impl Answers {
    fn of(mut out: ChildStdout, patience: Duration) -> Answers {
        let (send, chunks) = sync_channel(16);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Answers { chunks, left: Vec::new(), patience, is_given_up: false }
    }
}

impl Read for Answers {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let gone = || Error::new(ErrorKind::TimedOut, "it gave no answer in time");
        if self.is_given_up {
            return Err(gone());
        }
        if self.left.is_empty() {
            self.left = match self.chunks.recv_timeout(self.patience) {
                Ok(chunk) => chunk,
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Err(RecvTimeoutError::Timeout) => {
                    self.is_given_up = true;
                    return Err(gone());
                }
            };
        }
        let count = self.left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.left[..count]);
        self.left.drain(..count);
        Ok(count)
    }
}
