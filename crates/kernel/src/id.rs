//! Typed identifiers: UUIDv7 (RFC 9562 §5.7) made from the injected clock and random source.

use crate::random::RandomSource;
use crate::time::Instant;

/// A UUIDv7 of the given instant.
pub fn new_uuid(now: Instant, random: &mut RandomSource) -> uuid::Uuid {
    let mut bytes = [0_u8; 10];
    random.fill(&mut bytes);
    uuid::Builder::from_unix_timestamp_millis(now.0.max(0).unsigned_abs(), &bytes).into_uuid()
}

/// Declares a newtype over a UUID, one per noun, so that no function takes one noun's id for another's.
#[macro_export]
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub ::uuid::Uuid);

        impl $name {
            pub fn new(now: $crate::time::Instant, random: &mut $crate::random::RandomSource) -> Self {
                Self($crate::id::new_uuid(now, random))
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::uuid::Error;
            fn from_str(text: &str) -> Result<Self, ::uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_7_sort_by_time_and_repeat_with_the_seed() {
        let early = new_uuid(Instant(1_000), &mut RandomSource::from_number(1));
        let late = new_uuid(Instant(2_000), &mut RandomSource::from_number(1));
        assert_eq!(early.get_version_num(), 7);
        assert!(early < late);
        assert_eq!(early, new_uuid(Instant(1_000), &mut RandomSource::from_number(1)));
    }
}
