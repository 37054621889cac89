//! Randomness from the system: the only place that asks for it.

use huitong_kernel::random::RandomSource;

/// A generator seeded by the operating system.
pub fn random_source() -> anyhow::Result<RandomSource> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
    Ok(RandomSource::from_seed(seed))
}
