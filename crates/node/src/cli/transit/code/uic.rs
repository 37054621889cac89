//! Codes after UIC 918.9: level 1 as an issuer gives it to a phone, and level 2 as the phone adds it.
//!
//! An authorisation is handed over as a header without level-2 signature: every reader of the layout can take it apart.

use std::path::Path;

use anyhow::{Context, bail};
use huitong_transit_code::attack::Bench;
use huitong_transit_code::code::Account;
use huitong_transit_code::make::uic::{self, Authorisation, Bits, Level1Fields, Sign, SigningKey};
use huitong_transit_code::uic::CODE_LENGTH_MAX;
use huitong_transit_code::uic::clock;
use huitong_transit_code::uic::ecdsa::P256Key;
use huitong_transit_code::uic::layout::Header;
use huitong_transit_code::uic::per::Span;
use huitong_transit_code::uic::ride::{END_AHEAD_MAX_S, RideCode, TimeStamp, Token};

use super::super::given;
use super::authorise::{AuthoriseArguments, Authorised};
use super::test_keys;
use crate::gate::moment::Moment;

/// Seconds of the mean year, to guess a moment's year by.
const YEAR_S: i64 = 31_556_952;
/// Seconds that the layout can say.
const VALIDITY_MAX_S: u16 = 3_600;

/// The private key of P-256 in a file of 64 hexadecimal digits.
pub fn private_key(path: &Path) -> anyhow::Result<SigningKey> {
    let scalar = given::exactly("private key", &path.display().to_string())?;
    SigningKey::from_bytes(&scalar).with_context(|| format!("{} is no private key of P-256", path.display()))
}

/// Level 1, signed.
pub fn authorise(arguments: &AuthoriseArguments, platform: [u8; 4]) -> anyhow::Result<Authorised> {
    let Issuer { key, issuer, provider, key_id } = issuer(arguments)?;
    let account = Account { issuer, number: arguments.account_number()? };
    let token = Token {
        account,
        platform,
        account_type: arguments.account_type,
        limit_fen: arguments.limit_fen,
        ticket_number: arguments.ticket.to_be_bytes(),
    };
    if !(1..=VALIDITY_MAX_S).contains(&arguments.validity_s) {
        bail!("a code of this layout is valid for 1 to {VALIDITY_MAX_S} seconds");
    }
    let expires = arguments.expires();
    if expires.seconds() > Moment::now().seconds().saturating_add(END_AHEAD_MAX_S) {
        bail!("gates refuse an authorisation that ends in more than {} days (-105)", END_AHEAD_MAX_S / 86_400);
    }
    let (year, day, minute) = end_of_validity(expires)?;
    let fields = Level1Fields {
        end_year: Some(year),
        end_day: Some(day),
        end_minute: Some(minute),
        validity_s: Some(u32::from(arguments.validity_s)),
        ..Level1Fields::of_ride(provider, key_id, &token, &user_key(arguments)?)
    };
    let authorisation = uic::authorisation(&fields, &key);
    let bytes = uic::header(&uic::level2(&authorisation, None), None);
    // Minutes are all that is told.
    let expires = Moment(expires.seconds().div_euclid(60).saturating_mul(60_000));
    Ok(Authorised { bytes, account, expires })
}

/// Who signs level 1, and how key sets name the key.
struct Issuer {
    key: SigningKey,
    issuer: [u8; 4],
    provider: u16,
    key_id: u32,
}

fn issuer(arguments: &AuthoriseArguments) -> anyhow::Result<Issuer> {
    let Some(path) = &arguments.issuer_key else {
        test_keys::announce();
        let record = Bench::new().uic_key_record();
        return Ok(Issuer {
            key: test_keys::uic_test_key("uic issuer")?,
            issuer: record.issuer,
            provider: arguments.provider.unwrap_or(record.provider),
            key_id: arguments.key_id.unwrap_or(record.key_id),
        });
    };
    let (Some(issuer), Some(provider), Some(key_id)) = (&arguments.issuer, arguments.provider, arguments.key_id) else {
        bail!("with --issuer-key give --issuer, --provider and --key-id");
    };
    Ok(Issuer { key: private_key(path)?, issuer: given::exactly("issuer", issuer)?, provider, key_id })
}

fn user_key(arguments: &AuthoriseArguments) -> anyhow::Result<P256Key> {
    let Some(given) = &arguments.user else {
        test_keys::announce();
        return Ok(test_keys::uic_test_key("uic user")?.key());
    };
    let bytes = given::argument(given).context("the user's key")?;
    let private = bytes.as_array().and_then(SigningKey::from_bytes).map(|key| key.key());
    let key = private.or_else(|| P256Key::from_point(&bytes));
    key.context("the user's key: a private key file, or a public key of P-256 of 33 or 65 bytes")
}

/// Year, day of the year and minute of the day, UTC.
fn end_of_validity(moment: Moment) -> anyhow::Result<(u32, u32, u32)> {
    let (day, second) = clock::day_of_year(moment.seconds());
    let about = 1970 + moment.seconds() / YEAR_S;
    let year = (about - 1..=about + 1).find(|year| clock::moment(*year, day, second) == Some(moment.seconds()));
    let year = year.and_then(|year| u32::try_from(year).ok()).filter(|year| (2016..=2269).contains(year));
    Ok((year.context("an authorisation ends between 2016 and 2269")?, day, second / 60))
}

/// A code as the phone displays it.
pub fn code(authorisation: &[u8], at: Moment, phone: &SigningKey) -> anyhow::Result<Vec<u8>> {
    let Ok(header) = Header::parse(authorisation) else { bail!("this is no authorisation after UIC 918.9") };
    let (Some(signature), None, None) = (header.level1_signature, header.level2_data, header.level2_signature) else {
        bail!("this is no authorisation: level 1 with its signature, and nothing of level 2");
    };
    let mut buffer = [0; CODE_LENGTH_MAX];
    let mut octets = |span: Span| header.cut(span, &mut buffer).map(<[u8]>::to_vec);
    let (Ok(level1), Ok(signature)) = (octets(header.level1_span), octets(signature)) else {
        bail!("the authorisation is cut short");
    };
    let named =
        header.level1.level2_key.and_then(|span| octets(span).ok()).and_then(|point| P256Key::from_point(&point));
    if named != Some(phone.key()) {
        bail!("the authorisation names another user key; every gate would refuse the code (-104)");
    }
    let level1 = bits(&level1, header.level1_span.to - header.level1_span.from);
    let bytes =
        uic::code(&Authorisation { level1, signature: Some(signature) }, TimeStamp::of_moment(at.seconds()), phone);
    if RideCode::parse(&bytes).is_err() {
        bail!("with time and signature the authorisation becomes no code");
    }
    Ok(bytes)
}

/// The first so many bits of the bytes.
fn bits(bytes: &[u8], count: usize) -> Bits {
    let mut bits = Bits::default();
    for (byte, left) in bytes.iter().zip((1..=count).rev().step_by(8)) {
        let width = left.min(8);
        bits.push(u32::from(*byte) >> (8 - width), width as u32);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_that_were_cut() {
        for count in [1, 7, 8, 9, 23, 24] {
            let taken = bits(&[0xa5, 0xff, 0x81], count);
            let mask = |at: usize| (0..8).filter(|bit| at * 8 + bit < count).fold(0, |mask, bit| mask | 0x80 >> bit);
            let expected: Vec<u8> = (0..count.div_ceil(8)).map(|at| [0xa5_u8, 0xff, 0x81][at] & mask(at)).collect();
            assert_eq!((taken.count(), taken.bytes()), (count, expected.as_slice()));
        }
    }

    #[test]
    fn an_end_is_told_by_year_day_and_minute() {
        assert_eq!(end_of_validity(Moment(1_767_225_600_000)).ok(), Some((2026, 1, 0)));
        assert_eq!(end_of_validity(Moment(1_767_225_599_000)).ok(), Some((2025, 365, 1_439)));
        assert!(end_of_validity(Moment(0)).is_err());
    }
}
