//! The state of a gate's station: open or closed, free exit, the fare that must be covered at entry.
//!
//! Layout, big-endian: `HTS1` · seq u32 · network u32 (six digits as a number) · station u32 · as of i64 · flags u8
//! (1 closed, 2 free exit) · provisional fare u32 (fen) · fare pack version u32.

use crate::bytes::{byte, i64_at, part, u32_at};
use crate::reason::Reason;

pub const MAGIC: &[u8; 4] = b"HTS1";
pub const STATE_LENGTH: usize = 33;

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
}

impl ServiceState {
    pub fn parse(bytes: &[u8]) -> Result<ServiceState, Reason> {
        if bytes.len() != STATE_LENGTH || part::<4>(bytes, 0) != *MAGIC || byte(bytes, 24) > 3 {
            return Err(Reason::Chain);
        }
        Ok(ServiceState {
            sequence: u32_at(bytes, 4),
            network: u32_at(bytes, 8),
            station: u32_at(bytes, 12),
            as_of: i64_at(bytes, 16),
            is_closed: byte(bytes, 24) & 1 == 1,
            is_free_exit: byte(bytes, 24) & 2 == 2,
            provisional_fen: u32_at(bytes, 25),
            fare_pack_version: u32_at(bytes, 29),
        })
    }

    pub fn to_bytes(&self) -> [u8; STATE_LENGTH] {
        let mut bytes = [0; STATE_LENGTH];
        bytes[..4].copy_from_slice(MAGIC);
        bytes[4..8].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.network.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.station.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.as_of.to_be_bytes());
        bytes[24] = u8::from(self.is_closed) | u8::from(self.is_free_exit) << 1;
        bytes[25..29].copy_from_slice(&self.provisional_fen.to_be_bytes());
        bytes[29..].copy_from_slice(&self.fare_pack_version.to_be_bytes());
        bytes
    }
}
