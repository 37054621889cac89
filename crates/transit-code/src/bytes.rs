//! Reading fixed places of byte arrays. Every place lies inside by the type's length, so nothing here can fail.

/// `LENGTH` bytes from `at`; zeros where the slice ends earlier, which no caller's layout allows.
pub(crate) fn part<const LENGTH: usize>(bytes: &[u8], at: usize) -> [u8; LENGTH] {
    debug_assert!(at + LENGTH <= bytes.len(), "the layout lies within its record");
    let mut part = [0; LENGTH];
    if let Some(found) = bytes.get(at..at.saturating_add(LENGTH)) {
        part.copy_from_slice(found);
    }
    part
}

pub(crate) fn byte(bytes: &[u8], at: usize) -> u8 {
    part::<1>(bytes, at)[0]
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(part(bytes, at))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(part(bytes, at))
}

pub(crate) fn i64_at(bytes: &[u8], at: usize) -> i64 {
    i64::from_be_bytes(part(bytes, at))
}

/// Three bytes, big-endian.
pub(crate) fn u24_at(bytes: &[u8], at: usize) -> u32 {
    let [high, middle, low] = part(bytes, at);
    u32::from_be_bytes([0, high, middle, low])
}

/// Whether all nibbles are decimal digits.
pub(crate) fn is_bcd(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte >> 4 <= 9 && byte & 0x0f <= 9)
}

/// The two digits of a BCD byte; `None` if a nibble is no digit.
pub(crate) fn bcd(byte: u8) -> Option<u8> {
    is_bcd(&[byte]).then(|| (byte >> 4) * 10 + (byte & 0x0f))
}
