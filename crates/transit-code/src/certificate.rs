//! The issuer certificate (发卡机构公钥证书, 117 bytes) and the root (根证书, 144 bytes).

use crate::bytes::{bcd, byte, is_bcd, part};
use crate::signature::{Key, RawSignature};

pub const CERTIFICATE_LENGTH: usize = 117;
pub const ROOT_LENGTH: usize = 144;

/// The service under which a root is looked up when the certificate's own service has none.
pub const GENERAL_SERVICE: [u8; 4] = [0x01, 0x01, 0x00, 0x00];

/// Which bytes of a certificate the root has signed: a profile's setting. Every one covers the issuer's key, bytes [20,53):
/// under another, whoever has seen one certificate could put a key of his own into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedRange {
    /// Fields 4 to 12, bytes [6,53), as in the field's programs.
    Fields4To12,
}

/// An issuer certificate as received.
#[derive(Clone, Copy, Debug)]
pub struct Certificate<'c>(pub &'c [u8; CERTIFICATE_LENGTH]);

impl Certificate<'_> {
    pub fn service(&self) -> [u8; 4] {
        part(self.0, 1)
    }

    pub fn ca_index(&self) -> u8 {
        byte(self.0, 5)
    }

    pub fn issuer(&self) -> [u8; 4] {
        part(self.0, 7)
    }

    pub fn serial(&self) -> [u8; 3] {
        part(self.0, 13)
    }

    /// The constants of the layout: header 0x24, format 0x12, SM2 in both algorithm fields, key length 0x21, BCD where it
    /// is due. The parameter id (0x00 and 0x20 are seen) is not checked.
    pub fn is_well_formed(&self) -> bool {
        let constants = [(0, 0x24), (6, 0x12), (16, 0x04), (17, 0x04), (19, 0x21)];
        constants.iter().all(|(at, value)| byte(self.0, *at) == *value)
            && is_bcd(&self.issuer())
            && month_end(byte(self.0, 11), byte(self.0, 12)).is_some()
    }

    /// Whether the MMYY month is over, in UTC+8.
    pub fn is_expired(&self, now: i64) -> bool {
        month_end(byte(self.0, 11), byte(self.0, 12)).is_none_or(|end| now >= end)
    }

    pub fn key(&self) -> Option<Key> {
        Key::from_compressed(&part(self.0, 20))
    }

    pub fn signature(&self) -> RawSignature {
        part(self.0, 53)
    }

    /// The bytes that the root signed, in a buffer of the caller.
    pub fn signed_bytes<'b>(&self, range: SignedRange, buffer: &'b mut [u8; 47]) -> &'b [u8] {
        match range {
            SignedRange::Fields4To12 => {
                *buffer = part(self.0, 6);
                &buffer[..]
            }
        }
    }
}

/// A root as received.
#[derive(Clone, Copy, Debug)]
pub struct Root<'r>(pub &'r [u8; ROOT_LENGTH]);

impl Root<'_> {
    pub fn service(&self) -> [u8; 4] {
        part(self.0, 1)
    }

    pub fn ca_index(&self) -> u8 {
        byte(self.0, 10)
    }

    /// Header 0x21, RID A000000632, SM2, parameter 0x11, key length 0x40.
    pub fn is_well_formed(&self) -> bool {
        let constants = [(0, 0x21), (13, 0x04), (14, 0x11), (15, 0x40)];
        constants.iter().all(|(at, value)| byte(self.0, *at) == *value)
            && part::<5>(self.0, 5) == [0xa0, 0x00, 0x00, 0x06, 0x32]
            && month_end(byte(self.0, 11), byte(self.0, 12)).is_some()
    }

    pub fn is_expired(&self, now: i64) -> bool {
        month_end(byte(self.0, 11), byte(self.0, 12)).is_none_or(|end| now >= end)
    }

    pub fn key(&self) -> Option<Key> {
        Key::from_coordinates(&part(self.0, 16), &part(self.0, 48))
    }

    /// The signed bytes, [0,80).
    pub fn signed_bytes(&self) -> [u8; 80] {
        part(self.0, 0)
    }

    /// By the root's own key: says nothing of its origin.
    pub fn self_signature(&self) -> RawSignature {
        part(self.0, 80)
    }
}

/// The first second after month MM of 20YY, in UTC+8, as Unix seconds. `None` unless both are BCD and the month exists.
fn month_end(month: u8, year: u8) -> Option<i64> {
    let (month, year) = (bcd(month)?, bcd(year)?);
    if !(1..=12).contains(&month) {
        return None;
    }
    let (mut year, mut month) = (2000 + i64::from(year), i64::from(month) + 1);
    if month == 13 {
        (year, month) = (year + 1, 1);
    }
    Some(days_before(year, month) * 86_400 - 8 * 3_600)
}

/// Days from 1970-01-01 to the first of a month after 2000 (Gregorian).
pub(crate) fn days_before(year: i64, month: i64) -> i64 {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let past = year - 1;
    let leap_days = past / 4 - past / 100 + past / 400 - 477;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let in_year = BEFORE.get(usize::try_from(month - 1).unwrap_or(0)).copied().unwrap_or(0);
    (year - 1970) * 365 + leap_days + in_year + i64::from(is_leap && month > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_at_midnight_of_shanghai() {
        // 2019-01-01 00:00:00 +08:00
        assert_eq!(month_end(0x12, 0x18), Some(1_546_272_000));
        // 2024-03-01 00:00:00 +08:00, after a leap day
        assert_eq!(month_end(0x02, 0x24), Some(1_709_222_400));
        assert_eq!(month_end(0x13, 0x24), None);
        assert_eq!(month_end(0x1a, 0x24), None);
    }
}
