//! Other layouts, for looking at only: no gate opens to what stands here, because what their signatures cover is not known
//! or not of this family.

use crate::bytes::{byte, is_bcd, part, u16_at, u32_at};
use crate::reason::Reason;

/// Seconds from 1970-01-01T00:00:00Z to 2000-01-01 00:00:00 +08:00, the epoch of `metro-2018`.
pub const METRO_2018_EPOCH: i64 = 946_656_000;
pub const METRO_2018_LENGTH: usize = 360;

/// A code in the order of `metro-2018`: signature before the custom field, times from the year 2000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metro2018 {
    pub account: [u8; 10],
    pub issuer: [u8; 4],
    pub platform: [u8; 4],
    pub limit_fen: u32,
    pub user_key: [u8; 33],
    /// Unix seconds.
    pub authorisation_expiry: i64,
    pub validity_s: u16,
    pub custom: [u8; 28],
    /// Unix seconds.
    pub generation_time: i64,
}

pub fn metro_2018(bytes: &[u8]) -> Result<Metro2018, Reason> {
    if bytes.len() != METRO_2018_LENGTH || byte(bytes, 0) < 0x80 {
        return Err(Reason::Format);
    }
    let code = Metro2018 {
        account: part(bytes, 136),
        issuer: part(bytes, 146),
        platform: part(bytes, 150),
        limit_fen: crate::bytes::u24_at(bytes, 155),
        user_key: part(bytes, 158),
        authorisation_expiry: i64::from(u32_at(bytes, 191)) + METRO_2018_EPOCH,
        validity_s: u16_at(bytes, 195),
        custom: part(bytes, 263),
        generation_time: i64::from(u32_at(bytes, 291)) + METRO_2018_EPOCH,
    };
    if is_bcd(&code.account) && is_bcd(&code.issuer) { Ok(code) } else { Err(Reason::Format) }
}

/// A code of the family `alipay-offline`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlipayOffline<'c> {
    pub version: u8,
    /// 1 secp256k1, 2 SM2.
    pub algorithm: u8,
    pub key_index: u8,
    pub user: [u8; 16],
    /// Unix seconds.
    pub expiry: u32,
    pub validity_s: u16,
    pub limit_fen: u16,
    pub card_number: &'c [u8],
    pub card_data: &'c [u8],
    pub body_signature: &'c [u8],
    /// Unix seconds.
    pub time: u32,
    pub code_signature: &'c [u8],
}

pub fn alipay_offline(bytes: &[u8]) -> Result<AlipayOffline<'_>, Reason> {
    const FIXED: usize = 73;
    if bytes.len() <= FIXED || !matches!(byte(bytes, 1), 1 | 2) {
        return Err(Reason::Format);
    }
    let mut rest = bytes.get(FIXED..).ok_or(Reason::Format)?;
    let card_number = counted(&mut rest)?;
    let card_data = counted(&mut rest)?;
    let body_signature = counted(&mut rest)?;
    let time = counted(&mut rest)?.first_chunk().ok_or(Reason::Format)?;
    let code_signature = counted(&mut rest)?;
    if !rest.is_empty() {
        return Err(Reason::Format);
    }
    Ok(AlipayOffline {
        version: byte(bytes, 0),
        algorithm: byte(bytes, 1),
        key_index: byte(bytes, 2),
        user: part(bytes, 4),
        expiry: u32_at(bytes, 20),
        validity_s: u16_at(bytes, 24),
        limit_fen: u16_at(bytes, 26),
        card_number,
        card_data,
        body_signature,
        time: u32::from_be_bytes(*time),
        code_signature,
    })
}

/// A length byte and as many bytes.
fn counted<'c>(rest: &mut &'c [u8]) -> Result<&'c [u8], Reason> {
    let (length, after) = rest.split_first().ok_or(Reason::Format)?;
    let (found, after) = after.split_at_checked(usize::from(*length)).ok_or(Reason::Format)?;
    *rest = after;
    Ok(found)
}
