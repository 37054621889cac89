//! `huitong-bench transit`: the verifier against its raw signature operations, taps accepted, paired and priced on one core,
//! a period of ten million trips closed.

mod closing;
mod stage;
mod taps;
mod verifier;

use std::path::Path;

pub fn run(folder: &Path) -> anyhow::Result<()> {
    verifier::run()?;
    taps::run(folder)?;
    closing::run(folder)
}
