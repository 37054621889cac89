//! A service's stream split by key range: `330000/transit/0` … `330000/transit/7`. Each part is a stream of its own, with its
//! own journal, feeds and views.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::feed::Address;
use crate::hash::HashFunction;

/// Parts of a stream at most.
pub const PARTS_MAX: u8 = 64;

/// Which part of how many a stream is. Recorded as the first entry of its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    pub part: u8,
    pub of: u8,
}

impl Split {
    /// The part that holds a key: the range of the key's hash (the first eight bytes of its SHA-256, big-endian). With twice
    /// as many parts, each range falls into two.
    pub fn part_of(key: &str, of: u8) -> u8 {
        let digest = HashFunction::Sha256.hash(&[key.as_bytes()]);
        let first = digest.0.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        ((u128::from(first) * u128::from(of)) >> 64) as u8
    }

    pub fn is_valid(self) -> bool {
        (1..=PARTS_MAX).contains(&self.of) && self.part < self.of
    }

    /// The address of this part of a service.
    pub fn address(self, service: &Address) -> Address {
        Address::new(service.jurisdiction, &format!("{}/{}", service.service, self.part))
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "part {} of {}", self.part, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_spread_evenly_and_twice_as_many_parts_halve_each_range() {
        let mut counts = [0_u32; 8];
        for number in 0..8_000 {
            let key = format!("card-{number}");
            let part = Split::part_of(&key, 8);
            counts[usize::from(part)] += 1;
            assert_eq!(Split::part_of(&key, 4), part / 2);
            assert_eq!(Split::part_of(&key, 1), 0);
        }
        assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
    }
}
