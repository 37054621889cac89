//! `cargo run --example seeds` writes `corpus/<target>/<number>`: genuine codes, tables and records.
//!
//! An example and no target: cargo-fuzz would build it as one, and it has no fuzzer to link with.

use huitong_transit_code_fuzz::seeds;

fn main() -> std::io::Result<()> {
    for target in ["code", "chain", "table", "record"] {
        let folder = format!("corpus/{target}");
        std::fs::create_dir_all(&folder)?;
        for (number, seed) in seeds().into_iter().enumerate() {
            std::fs::write(format!("{folder}/{number}"), seed)?;
        }
    }
    Ok(())
}
