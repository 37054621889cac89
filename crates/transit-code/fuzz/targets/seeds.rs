//! `cargo run --bin seeds` writes `corpus/<target>/<number>`.

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
