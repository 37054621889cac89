//! Ride codes of the replay's riders: laid out as real ones; signed only where that is asked for.

use anyhow::Context;
use huitong_kernel::division::Division;
use huitong_kernel::time::Instant;
use huitong_transit::model::key_set::{IssuerText, KeySetText, PlatformText};
use huitong_transit::verify::{Outcome, Verified};
use huitong_transit_code::attack::Bench;
use huitong_transit_code::chain::Checked;
use huitong_transit_code::code::{Account, Code};
use huitong_transit_code::custom;
use huitong_transit_code::make::{self, AuthorisationFields};
use huitong_transit_code::profile::Profile;
use huitong_transit_code::record::TapRecord;

use super::city::Places;

const DAY_MS: i64 = 86_400_000;
/// Where field 6, the account's number, begins.
const NUMBER_AT: usize = 136;
const NUMBER_LENGTH: usize = 10;
const SIGNATURE_LENGTH: usize = 65;

pub struct Codes {
    bench: Bench,
    fields: AuthorisationFields,
    /// A whole code without signatures, of nobody.
    blank: Vec<u8>,
    city: Division,
    home: u32,
}

impl Codes {
    pub fn new(places: &Places) -> anyhow::Result<Codes> {
        let bench = Bench::new();
        let fields = AuthorisationFields { limit_fen: 2_000, ..bench.fields() };
        let mut blank = make::authorisation_body(&fields);
        blank.extend([0; SIGNATURE_LENGTH]);
        blank.extend([0; 4]);
        blank.extend([0; SIGNATURE_LENGTH]);
        let home = places.home_node.as_str().parse().context("a division is six digits")?;
        Ok(Codes { bench, fields, blank, city: places.home_city, home })
    }

    pub fn bench(&self) -> &Bench {
        &self.bench
    }

    /// A code that looks like one and carries no signature.
    pub fn unsigned(&self, rider: u32, generated: u32) -> Vec<u8> {
        let mut code = self.blank.clone();
        code[NUMBER_AT..NUMBER_AT + NUMBER_LENGTH].copy_from_slice(&number(rider));
        let at = code.len() - SIGNATURE_LENGTH - 4;
        code[at..at + 4].copy_from_slice(&generated.to_be_bytes());
        code
    }

    /// The same with the signatures of issuer and phone.
    pub fn signed(&self, rider: u32, generated: u32) -> Vec<u8> {
        let account = Account { number: number(rider), ..self.fields.account };
        let authorisation =
            make::authorisation(&AuthorisationFields { account, ..self.fields.clone() }, &self.bench.issuer);
        make::code(&authorisation, generated, &self.bench.user)
    }

    /// What verification would find of an unsigned code, were it signed.
    pub fn believed(&self, record: &TapRecord<'_>) -> Outcome {
        let code = match Code::parse(record.code) {
            Ok(code) => code,
            Err(reason) => return Outcome::NotVerified(reason),
        };
        let generation_time = i64::from(code.generation_time());
        Outcome::Verified(Box::new(Verified {
            code: Checked {
                profile: Profile::Jtt1179,
                account: code.account(),
                platform: code.platform(),
                account_type: code.account_type(),
                certificate_issuer: code.certificate().issuer(),
                serial: code.certificate().serial(),
                home: self.home,
                limit_fen: code.limit_fen(),
                ticket_number: custom::ticket_number(code.custom()),
                generation_time,
                age_s: record.gate_time_ms.div_euclid(1_000) - generation_time,
                replay_key: code.replay_key(),
            },
            city: self.city,
        }))
    }

    /// The key set that verifies the signed ones.
    pub fn key_set(&self, now: Instant) -> KeySetText {
        let content = self.bench.key_set_content();
        let fields = &self.fields;
        KeySetText {
            version: 1,
            not_before: Instant(now.0 - DAY_MS),
            not_after: Instant(now.0 + 400 * DAY_MS),
            roots: content.roots.iter().map(hex::encode).collect(),
            issuers: vec![IssuerText {
                issuer: hex::encode(fields.account.issuer),
                city: self.city,
                name_zh: "重放测试发码机构".to_owned(),
                account_types: vec![fields.account_type],
                same_issuer: true,
            }],
            revocations: Vec::new(),
            platforms: vec![PlatformText {
                platform: hex::encode(fields.platform),
                profile: Profile::Jtt1179.name().to_owned(),
                gen_offset_s: 0,
            }],
            uic_keys: Vec::new(),
        }
    }
}

/// A rider's account number: decimal digits.
fn number(rider: u32) -> [u8; NUMBER_LENGTH] {
    let mut number = [0; NUMBER_LENGTH];
    let mut rest = rider;
    for byte in number.iter_mut().rev() {
        let two = (rest % 100) as u8;
        *byte = ((two / 10) << 4) | (two % 10);
        rest /= 100;
    }
    number
}
