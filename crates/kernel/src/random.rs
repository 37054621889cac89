//! The injected source of randomness: seeded in tests and in the simulator, from the system in production.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A deterministic generator; two with one seed give the same sequence.
#[derive(Clone, Debug)]
pub struct RandomSource(ChaCha12Rng);

impl RandomSource {
    pub fn from_seed(seed: [u8; 32]) -> RandomSource {
        RandomSource(ChaCha12Rng::from_seed(seed))
    }

    /// For tests, load plays and the simulator, where the seed is printed for a rerun.
    pub fn from_number(seed: u64) -> RandomSource {
        RandomSource(ChaCha12Rng::seed_from_u64(seed))
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `0..bound`.
    ///
    /// # Panics
    /// When `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a range must not be empty");
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }
}
