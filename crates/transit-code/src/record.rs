//! The tap record (过闸记录) a gate keeps: one after the other, each naming the hash of the one before.
//!
//! Layout, big-endian, 144 bytes and the code:
//!
//! | at | length | field |
//! |---|---|---|
//! | 0 | 1 | layout, 0x01 |
//! | 1 | 16 | gate id, ASCII, zeros behind |
//! | 17 | 4 | gate epoch: a replaced store begins a new one |
//! | 21 | 8 | sequence number in the epoch, from 1 |
//! | 29 | 4 | station, or stop |
//! | 33 | 4 | line |
//! | 37 | 1 | direction: 1 in, 2 out, 3 boarding |
//! | 38 | 12 | vehicle, ASCII, zeros behind |
//! | 50 | 8 | gate time, Unix milliseconds |
//! | 58 | 4 | drift estimate, milliseconds, signed: gate time − true time |
//! | 62 | 4 | its uncertainty, milliseconds |
//! | 66 | 1 | reason: 0 accepted |
//! | 67 | 1 | flags |
//! | 68 | 4 | amount shown or taken, fen, signed; −1 none |
//! | 72 | 4 | key-set version |
//! | 76 | 4 | deny list: home, six digits as a number; 0 none |
//! | 80 | 4 | deny list: sequence |
//! | 84 | 4 | deny list: age, seconds |
//! | 88 | 4 | fare pack version |
//! | 92 | 32 | SM3 of the record before; zeros at the start of an epoch |
//! | 124 | 18 | reserved, zeros |
//! | 142 | 2 | length of the code |
//! | 144 | | the code as scanned |

use crate::bytes::{byte, i64_at, part, u16_at, u32_at};
use crate::gate::Direction;
use crate::reason::Reason;
use crate::signature::sm3;
use crate::uic::CODE_LENGTH_MAX;

pub const LAYOUT: u8 = 1;
pub const RECORD_HEADER_LENGTH: usize = 144;
/// The longest scan a record keeps, one byte more than the longest code of either layout: longer ones are cut, and are
/// refused for their length anyway.
pub const SCAN_LENGTH_MAX: usize = CODE_LENGTH_MAX + 1;
pub const RECORD_LENGTH_MAX: usize = RECORD_HEADER_LENGTH + SCAN_LENGTH_MAX;

/// A gate's name, ASCII, zeros behind.
pub type GateId = [u8; 16];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapRecord<'r> {
    pub gate: GateId,
    pub epoch: u32,
    pub sequence: u64,
    pub station: u32,
    pub line: u32,
    pub direction: Direction,
    pub vehicle: [u8; 12],
    /// Unix milliseconds by the gate's clock.
    pub gate_time_ms: i64,
    /// Gate time − true time.
    pub drift_ms: i32,
    pub uncertainty_ms: u32,
    pub reason: Reason,
    pub flags: u8,
    /// −1: none shown.
    pub amount_fen: i32,
    pub key_set_version: u32,
    pub deny_home: u32,
    pub deny_sequence: u32,
    pub deny_age_s: u32,
    pub fare_pack_version: u32,
    pub previous: [u8; 32],
    pub code: &'r [u8],
}

/// Text as a fixed field, zeros behind; `None` if it is longer or not printable ASCII.
pub fn text_field<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let bytes = text.as_bytes();
    if bytes.len() > LENGTH || !bytes.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let mut field = [0; LENGTH];
    field.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    Some(field)
}

/// The text of a fixed field; `None` unless it is printable ASCII with nothing but zeros behind.
pub fn field_text(field: &[u8]) -> Option<&str> {
    let length = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    let (text, rest) = field.split_at_checked(length)?;
    let clean = text.iter().all(u8::is_ascii_graphic) && rest.iter().all(|byte| *byte == 0);
    if clean { core::str::from_utf8(text).ok() } else { None }
}

impl<'r> TapRecord<'r> {
    /// Writes the record; gives its length, or `None` if the buffer or the code is too long for it.
    pub fn write(&self, buffer: &mut [u8; RECORD_LENGTH_MAX]) -> Option<usize> {
        let code_length = u16::try_from(self.code.len()).ok()?;
        let length = RECORD_HEADER_LENGTH + self.code.len();
        buffer.get_mut(RECORD_HEADER_LENGTH..length)?.copy_from_slice(self.code);
        buffer[..RECORD_HEADER_LENGTH].fill(0);
        let mut put = |at: usize, bytes: &[u8]| buffer[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &[LAYOUT]);
        put(1, &self.gate);
        put(17, &self.epoch.to_be_bytes());
        put(21, &self.sequence.to_be_bytes());
        put(29, &self.station.to_be_bytes());
        put(33, &self.line.to_be_bytes());
        put(37, &[self.direction as u8]);
        put(38, &self.vehicle);
        put(50, &self.gate_time_ms.to_be_bytes());
        put(58, &self.drift_ms.to_be_bytes());
        put(62, &self.uncertainty_ms.to_be_bytes());
        put(66, &[self.reason as u8, self.flags]);
        put(68, &self.amount_fen.to_be_bytes());
        put(72, &self.key_set_version.to_be_bytes());
        put(76, &self.deny_home.to_be_bytes());
        put(80, &self.deny_sequence.to_be_bytes());
        put(84, &self.deny_age_s.to_be_bytes());
        put(88, &self.fare_pack_version.to_be_bytes());
        put(92, &self.previous);
        put(142, &code_length.to_be_bytes());
        Some(length)
    }

    /// Reads a record; [`Reason::Chain`] unless every byte is as the layout says.
    pub fn parse(bytes: &'r [u8]) -> Result<TapRecord<'r>, Reason> {
        let code = bytes.get(RECORD_HEADER_LENGTH..).ok_or(Reason::Chain)?;
        let reserved: [u8; 18] = part(bytes, 124);
        if byte(bytes, 0) != LAYOUT
            || bytes.len() > RECORD_LENGTH_MAX
            || usize::from(u16_at(bytes, 142)) != code.len()
            || reserved != [0; 18]
        {
            return Err(Reason::Chain);
        }
        let record = TapRecord {
            gate: part(bytes, 1),
            epoch: u32_at(bytes, 17),
            sequence: i64_at(bytes, 21) as u64,
            station: u32_at(bytes, 29),
            line: u32_at(bytes, 33),
            direction: Direction::from_number(byte(bytes, 37)).ok_or(Reason::Chain)?,
            vehicle: part(bytes, 38),
            gate_time_ms: i64_at(bytes, 50),
            drift_ms: i32::from_be_bytes(part(bytes, 58)),
            uncertainty_ms: u32_at(bytes, 62),
            reason: Reason::from_number(byte(bytes, 66)).ok_or(Reason::Chain)?,
            flags: byte(bytes, 67),
            amount_fen: i32::from_be_bytes(part(bytes, 68)),
            key_set_version: u32_at(bytes, 72),
            deny_home: u32_at(bytes, 76),
            deny_sequence: u32_at(bytes, 80),
            deny_age_s: u32_at(bytes, 84),
            fare_pack_version: u32_at(bytes, 88),
            previous: part(bytes, 92),
            code,
        };
        let texts_are_clean = field_text(&record.gate).is_some() && field_text(&record.vehicle).is_some();
        if texts_are_clean { Ok(record) } else { Err(Reason::Chain) }
    }

    /// The tap's hash: what the next record names, and what a trip is made of.
    pub fn hash(bytes: &[u8]) -> [u8; 32] {
        sm3(&[bytes])
    }
}

/// What a gate signs under a batch: which records, and the hash of the last, which chains all before it.
pub fn batch_message(gate: &GateId, epoch: u32, first: u64, last: u64, last_hash: &[u8; 32]) -> [u8; 91] {
    let mut message = [0; 91];
    message[..23].copy_from_slice(b"huitong.transit.batch.1");
    message[23..39].copy_from_slice(gate);
    message[39..43].copy_from_slice(&epoch.to_be_bytes());
    message[43..51].copy_from_slice(&first.to_be_bytes());
    message[51..59].copy_from_slice(&last.to_be_bytes());
    message[59..].copy_from_slice(last_hash);
    message
}
