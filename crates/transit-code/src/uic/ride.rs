//! What Huitong asks of such a code, beyond the standard: who pays, in a block of level 1; an end of validity, a validity
//! and a time of generation. A code without one of them is refused as malformed.
//!
//! The block's format name is `*HTA1`: `*` marks a content that no RICS company defines, by the rule of the header. Its 30
//! bytes: issuer 4 (BCD) · account 10 (BCD) · platform 4 · account type 1 · single-spend limit 3 (fen) · ticket number 8.

use crate::bytes::{byte, is_bcd, part, u24_at};
use crate::code::Account;
use crate::reason::Reason;
use crate::uic::CODE_LENGTH_MAX;
use crate::uic::clock;
use crate::uic::layout::Header;
use crate::uic::per::Reader;

/// The format name of the account token (Huitong rule).
pub const TOKEN_FORMAT: &[u8] = b"*HTA1";
pub const TOKEN_LENGTH: usize = 30;
/// How far ahead an end of validity may lie (Huitong rule). The phone's time stamp has no year, so a code comes into its window
/// again a year later; it must have ended by then.
pub const END_AHEAD_MAX_S: i64 = 180 * 86_400;
/// The format name of `UicDynamicContentData` 1.
pub const DYNAMIC_FORMAT: &[u8] = b"FDC1";

/// Who pays, and how much at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub account: Account,
    pub platform: [u8; 4],
    pub account_type: u8,
    /// Three bytes on the wire: at most 16 777 215.
    pub limit_fen: u32,
    /// Separates companions who ride on one account.
    pub ticket_number: [u8; 8],
}

impl Token {
    pub fn parse(bytes: &[u8]) -> Result<Token, Reason> {
        if bytes.len() != TOKEN_LENGTH || !is_bcd(&bytes[..14]) {
            return Err(Reason::Format);
        }
        Ok(Token {
            account: Account { issuer: part(bytes, 0), number: part(bytes, 4) },
            platform: part(bytes, 14),
            account_type: byte(bytes, 18),
            limit_fen: u24_at(bytes, 19),
            ticket_number: part(bytes, 22),
        })
    }

    pub fn to_bytes(&self) -> [u8; TOKEN_LENGTH] {
        let mut bytes = [0; TOKEN_LENGTH];
        bytes[..4].copy_from_slice(&self.account.issuer);
        bytes[4..14].copy_from_slice(&self.account.number);
        bytes[14..18].copy_from_slice(&self.platform);
        bytes[18] = self.account_type;
        bytes[19..22].copy_from_slice(&self.limit_fen.to_be_bytes()[1..]);
        bytes[22..].copy_from_slice(&self.ticket_number);
        bytes
    }
}

/// When the phone made the code, UTC. The year is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeStamp {
    /// 1 to 366.
    pub day: u32,
    /// 0 to 86 399.
    pub second: u32,
}

impl TimeStamp {
    /// Of a moment, Unix seconds, between the years 1970 and 9999.
    pub fn of_moment(moment: i64) -> TimeStamp {
        let (day, second) = clock::day_of_year(moment);
        TimeStamp { day, second }
    }

    /// Of `UicDynamicContentData`: extension bit · presence of its five fields · application id · time stamp. What follows
    /// (place, responses, extension) is under the phone's signature and decides nothing here, so it is not read.
    pub fn of_dynamic_content(bytes: &[u8]) -> Result<TimeStamp, Reason> {
        let mut reader = Reader::new(bytes);
        let _is_extended = reader.flag()?;
        let (has_application, has_time, _) = (reader.flag()?, reader.flag()?, reader.bits(3)?);
        if has_application {
            reader.text()?;
        }
        if !has_time {
            return Err(Reason::Format);
        }
        Ok(TimeStamp { day: reader.number(1, 366)?, second: reader.number(0, 86_399)? })
    }
}

/// A code with all that a gate needs. Nothing is verified yet.
#[derive(Clone, Copy, Debug)]
pub struct RideCode<'c> {
    pub header: Header<'c>,
    pub token: Token,
    /// Unix seconds.
    pub authorisation_expiry: i64,
    pub validity_s: u16,
    /// `None` where level 2 has no data: the phone has made nothing.
    pub generated: Option<TimeStamp>,
}

impl<'c> RideCode<'c> {
    /// Step 1 of the checks.
    pub fn parse(bytes: &'c [u8]) -> Result<RideCode<'c>, Reason> {
        let header = Header::parse(bytes)?;
        let mut buffer = [0; CODE_LENGTH_MAX];
        let token = header.block(TOKEN_FORMAT)?.ok_or(Reason::Format)?;
        let token = Token::parse(header.cut(token.data, &mut buffer)?)?;
        let level1 = &header.level1;
        let (Some(year), Some(day), Some(minute), Some(validity_s)) =
            (level1.end_year, level1.end_day, level1.end_minute, level1.validity_s)
        else {
            return Err(Reason::Format);
        };
        let authorisation_expiry = clock::moment(i64::from(year), day, minute * 60).ok_or(Reason::Format)?;
        let generated = match header.level2_data {
            None => None,
            Some(block) if header.is_in_format(block, DYNAMIC_FORMAT) => {
                Some(TimeStamp::of_dynamic_content(header.cut(block.data, &mut buffer)?)?)
            }
            Some(_) => return Err(Reason::Format),
        };
        Ok(RideCode { header, token, authorisation_expiry, validity_s, generated })
    }
}
