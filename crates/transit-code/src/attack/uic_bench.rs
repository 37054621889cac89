//! The keys and codes after UIC 918.9 that attacks are made from.

use super::bench::{Bench, ISSUER, NOW};
use crate::code::Account;
use crate::key_set::UicKey;
use crate::make::uic::{self, Level1Fields, Sign};
use crate::uic::Algorithm;
use crate::uic::ride::{TimeStamp, Token};

/// No company's RICS code.
pub const UIC_PROVIDER: u16 = 31_999;
pub const UIC_KEY_ID: u32 = 42;
pub const UIC_ACCOUNT: [u8; 10] = [0x00, 0x00, 0x31, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x26];
pub const UIC_PLATFORM: [u8; 4] = [0x00, 0x00, 0x00, 0x32];

impl Bench {
    pub fn uic_key_record(&self) -> UicKey {
        UicKey {
            provider: UIC_PROVIDER,
            key_id: UIC_KEY_ID,
            algorithm: Algorithm::EcdsaP256Sha256,
            key: self.uic_issuer.key().compressed(),
            issuer: ISSUER,
        }
    }

    pub fn uic_token(&self) -> Token {
        Token {
            account: Account { issuer: ISSUER, number: UIC_ACCOUNT },
            platform: UIC_PLATFORM,
            account_type: 1,
            limit_fen: 1_500,
            ticket_number: [0, 0, 0, 0, 0, 0, 0, 9],
        }
    }

    /// Level 1 of the genuine code: to 31 March 2026, each code for 30 s.
    pub fn uic_fields(&self) -> Level1Fields {
        self.uic_fields_of(&self.uic_token())
    }

    pub fn uic_fields_of(&self, token: &Token) -> Level1Fields {
        Level1Fields {
            end_year: Some(2_026),
            end_day: Some(90),
            end_minute: Some(1_439),
            validity_s: Some(30),
            ..Level1Fields::of_ride(UIC_PROVIDER, UIC_KEY_ID, token, &self.uic_user.key())
        }
    }

    /// A code made at `made`, Unix seconds, of these fields, properly signed.
    pub fn uic_code_at(&self, fields: &Level1Fields, made: i64) -> Vec<u8> {
        uic::code(&uic::authorisation(fields, &self.uic_issuer), TimeStamp::of_moment(made), &self.uic_user)
    }

    pub fn uic_code_of(&self, fields: &Level1Fields) -> Vec<u8> {
        self.uic_code_at(fields, NOW)
    }

    pub fn uic_genuine(&self) -> Vec<u8> {
        self.uic_code_of(&self.uic_fields())
    }
}
