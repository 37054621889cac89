//! What the machine can do at best: durable writes, signatures.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use huitong_kernel::random::RandomSource;
use huitong_kernel::suite::{Signer, SoftwareKey, Suite};

const ROUNDS: u32 = 300;

pub fn print(folder: &Path) -> anyhow::Result<()> {
    let mut file = std::fs::File::create(folder.join("fsync"))?;
    let start = Instant::now();
    for _ in 0..ROUNDS {
        file.write_all(&[0; 4_096])?;
        file.sync_data()?;
    }
    println!("  fsync of 4 KiB: {:.2} ms", per_round_ms(start));
    for suite in [Suite::Ed25519Sha256, Suite::Sm2Sm3] {
        let key = SoftwareKey::generate(suite, &mut RandomSource::from_number(1));
        let start = Instant::now();
        for _ in 0..ROUNDS {
            key.sign(b"a checkpoint of a feed")?;
        }
        let sign = per_round_ms(start);
        let signature = key.sign(b"a checkpoint of a feed")?;
        let start = Instant::now();
        for _ in 0..ROUNDS {
            key.public_key().verify(b"a checkpoint of a feed", &signature)?;
        }
        println!("  {suite}: sign {:.3} ms, verify {:.3} ms", sign, per_round_ms(start));
    }
    Ok(())
}

fn per_round_ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1_000.0 / f64::from(ROUNDS)
}
