//! `huitong-bench transit`: the verifier against its raw signature operations, and taps accepted, paired and
//! priced on one core.

mod stage;
mod taps;
mod verifier;

use std::path::Path;

/// Both, or only the one named.
pub fn run(folder: &Path, part: Option<&str>) -> anyhow::Result<()> {
    let wanted = |name: &str| part.is_none_or(|part| part == name);
    if wanted("verifier") {
        verifier::run()?;
    }
    if wanted("taps") {
        taps::run(folder)?;
    }
    Ok(())
}
