//! The state of a gate's station: open or closed, free exit, the fare that must be covered at entry, and what the city sets
//! for its gates.
//!
//! Layout, big-endian: `HTS2` · seq u32 · network u32 (six digits as a number) · station u32 · as of i64 · flags u8
//! (1 closed, 2 free exit, 4 deny lists over their age are accepted) · provisional fare u32 (fen) · fare pack version u32 ·
//! skew u32 · pass-back u32 · age limit of deny lists u32 (seconds). `HTS1` ended before the skew.

use crate::bytes::{byte, i64_at, part, u32_at};
use crate::reason::Reason;

pub const MAGIC: &[u8; 4] = b"HTS2";
pub const STATE_LENGTH: usize = 45;
/// No city opens the time window further, seconds.
pub const SKEW_MAX_S: u32 = 120;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceState {
    pub sequence: u32,
    pub network: u32,
    pub station: u32,
    pub as_of: i64,
    pub is_closed: bool,
    pub is_free_exit: bool,
    /// The highest single fare from here, fen.
    pub provisional_fen: u32,
    pub fare_pack_version: u32,
    pub rules: CityRules,
}

/// What a city sets for the gates of its network; a gate may have settings of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CityRules {
    /// At most [`SKEW_MAX_S`].
    pub skew_s: u32,
    /// A second entry of the same ticket within this time is refused.
    pub passback_s: u32,
    /// The age at which a deny list is too old.
    pub deny_age_max_s: u32,
    /// What is done then: codes are accepted with a flag, at the city's risk, or refused.
    pub accepts_stale_deny: bool,
}

impl Default for CityRules {
    fn default() -> CityRules {
        CityRules { skew_s: 30, passback_s: 60, deny_age_max_s: 24 * 3_600, accepts_stale_deny: false }
    }
}

impl ServiceState {
    pub fn parse(bytes: &[u8]) -> Result<ServiceState, Reason> {
        if bytes.len() != STATE_LENGTH || part::<4>(bytes, 0) != *MAGIC {
            return Err(Reason::Chain);
        }
        let (flags, skew_s) = (byte(bytes, 24), u32_at(bytes, 33));
        if flags > 7 || skew_s > SKEW_MAX_S {
            return Err(Reason::Chain);
        }
        Ok(ServiceState {
            sequence: u32_at(bytes, 4),
            network: u32_at(bytes, 8),
            station: u32_at(bytes, 12),
            as_of: i64_at(bytes, 16),
            is_closed: flags & 1 == 1,
            is_free_exit: flags & 2 == 2,
            provisional_fen: u32_at(bytes, 25),
            fare_pack_version: u32_at(bytes, 29),
            rules: CityRules {
                skew_s,
                passback_s: u32_at(bytes, 37),
                deny_age_max_s: u32_at(bytes, 41),
                accepts_stale_deny: flags & 4 == 4,
            },
        })
    }

    pub fn to_bytes(&self) -> [u8; STATE_LENGTH] {
        let mut bytes = [0; STATE_LENGTH];
        bytes[..4].copy_from_slice(MAGIC);
        bytes[4..8].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.network.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.station.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.as_of.to_be_bytes());
        bytes[24] =
            u8::from(self.is_closed) | u8::from(self.is_free_exit) << 1 | u8::from(self.rules.accepts_stale_deny) << 2;
        bytes[25..29].copy_from_slice(&self.provisional_fen.to_be_bytes());
        bytes[29..33].copy_from_slice(&self.fare_pack_version.to_be_bytes());
        bytes[33..37].copy_from_slice(&self.rules.skew_s.to_be_bytes());
        bytes[37..41].copy_from_slice(&self.rules.passback_s.to_be_bytes());
        bytes[41..].copy_from_slice(&self.rules.deny_age_max_s.to_be_bytes());
        bytes
    }
}
