//! The keys, tables and codes that attacks are made from: the published test keys, never in a real key set.

use super::uic_bench::UIC_PLATFORM;
use super::{Setup, Step};
use crate::code::Account;
use crate::deny::Entry;
use crate::gate::Station;
use crate::key_set::KEY_SET_LENGTH_MAX;
use crate::make::uic;
use crate::make::{
    self, AuthorisationFields, CertificateFields, DeltaContent, IssuerContent, KeySetContent, RootFields, Sign,
    SigningKey,
};
use crate::profile::Profile;
use crate::state::ServiceState;

/// 2026-01-01T00:00:00Z, when the genuine code is made.
pub const NOW: i64 = 1_767_225_600;
pub const ISSUER: [u8; 4] = [0x99, 0x31, 0x00, 0x00];
pub const HOME: u32 = 310_000;
pub const ACCOUNT: [u8; 10] = [0x00, 0x00, 0x31, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x18];
pub const PLATFORM: [u8; 4] = [0x00, 0x00, 0x00, 0x31];

pub struct Bench {
    pub root: SigningKey,
    pub issuer: SigningKey,
    pub user: SigningKey,
    pub attacker: SigningKey,
    pub uic_issuer: uic::SigningKey,
    pub uic_user: uic::SigningKey,
    pub uic_attacker: uic::SigningKey,
    operator: SigningKey,
}

impl Default for Bench {
    fn default() -> Bench {
        Bench::new()
    }
}

impl Bench {
    /// # Panics
    /// Never: the texts give private keys.
    pub fn new() -> Bench {
        let key = |name: &str| {
            SigningKey::of_test(&format!("huitong transit test {name}")).expect("SM3 of the text is a private key")
        };
        let uic_key = |name: &str| {
            uic::SigningKey::of_test(&format!("huitong transit test {name}")).expect("SM3 of the text is a private key")
        };
        Bench {
            root: key("root"),
            issuer: key("issuer"),
            user: key("user"),
            attacker: key("attacker"),
            uic_issuer: uic_key("uic issuer"),
            uic_user: uic_key("uic user"),
            uic_attacker: uic_key("uic attacker"),
            operator: key("operator"),
        }
    }

    pub fn operator_key(&self) -> [u8; 33] {
        self.operator.key().compressed()
    }

    /// A gate at the station of [`Bench::station`].
    pub fn setup(&self) -> Setup {
        let ServiceState { network, station, .. } = self.station();
        Setup { operator: self.operator_key(), station: Station { network, station } }
    }

    /// The fields of the genuine certificate: valid to the end of 2099.
    pub fn certificate_fields(&self) -> CertificateFields {
        CertificateFields {
            service: [0x01, 0x01, 0x00, 0x00],
            ca_index: 0xf1,
            issuer: ISSUER,
            expiry: [0x12, 0x99],
            serial: [0, 0, 1],
        }
    }

    pub fn certificate(&self, fields: CertificateFields) -> [u8; 117] {
        make::certificate(fields, &self.issuer.key(), &self.root)
    }

    /// The fields of the genuine authorisation.
    pub fn fields(&self) -> AuthorisationFields {
        let mut custom = vec![0; 28];
        (custom[0], custom[8]) = (0x5c, 7);
        AuthorisationFields {
            certificate: self.certificate(self.certificate_fields()),
            pay_account: *b"\0\0\0\0\0\0\0\0TEST0001",
            account: Account { issuer: ISSUER, number: ACCOUNT },
            platform: PLATFORM,
            account_type: 1,
            limit_fen: 1_500,
            user_key: self.user.key().compressed(),
            expiry: 4_102_444_799,
            validity_s: 30,
            custom,
        }
    }

    /// A code made at `made`, Unix seconds, of these fields, properly signed.
    pub fn code_at(&self, fields: &AuthorisationFields, made: i64) -> Vec<u8> {
        make::code(&make::authorisation(fields, &self.issuer), made as u32, &self.user)
    }

    pub fn code_of(&self, fields: &AuthorisationFields) -> Vec<u8> {
        self.code_at(fields, NOW)
    }

    pub fn genuine(&self) -> Vec<u8> {
        self.code_of(&self.fields())
    }

    /// The user signs again what stands before field 17.
    pub fn signed_again(&self, code: &[u8]) -> Vec<u8> {
        let body = &code[..code.len() - 65];
        make::code(
            &body[..body.len() - 4],
            u32::from_be_bytes(body[body.len() - 4..].try_into().unwrap_or_default()),
            &self.user,
        )
    }

    pub fn key_set_content(&self) -> KeySetContent {
        KeySetContent {
            version: 2,
            not_before: NOW - 86_400,
            not_after: NOW + 365 * 86_400,
            roots: vec![make::root(RootFields { ca_index: 0xf1, expiry: [0x12, 0x99] }, &self.root)],
            issuers: vec![IssuerContent { issuer: ISSUER, home: HOME, same_issuer: true, account_types: vec![0, 1] }],
            revocations: Vec::new(),
            platforms: vec![(PLATFORM, Profile::Jtt1179, 0), (UIC_PLATFORM, Profile::Uic9189, 0)],
            uic_keys: vec![self.uic_key_record()],
        }
    }

    pub fn key_set(&self, content: &KeySetContent) -> Step {
        let body = make::key_set(content);
        assert!(body.len() <= KEY_SET_LENGTH_MAX, "the bench's key set is small");
        Step::KeySet(make::signed_table(&body, &self.operator))
    }

    pub fn deny(&self, sequence: u32, previous: [u8; 32], as_of: i64, adds: Vec<(Entry, i64)>) -> Step {
        let content =
            DeltaContent { home: HOME, sequence, is_snapshot: sequence == 1, previous, as_of, adds, removes: vec![] };
        Step::Deny(make::signed_table(&make::deny_delta(&content), &self.operator))
    }

    pub fn state(&self, state: ServiceState) -> Step {
        Step::State(make::signed_table(&state.to_bytes(), &self.operator))
    }

    /// A station with a highest fare of 8 yuan.
    pub fn station(&self) -> ServiceState {
        ServiceState {
            sequence: 1,
            network: 310_100,
            station: 1,
            as_of: NOW,
            provisional_fen: 800,
            fare_pack_version: 1,
            ..ServiceState::default()
        }
    }

    /// A table signed by somebody else.
    pub fn forged(&self, step: Step) -> Step {
        let sign = |table: Vec<u8>| make::signed_table(&table[..table.len() - 64], &self.attacker);
        match step {
            Step::KeySet(table) => Step::KeySet(sign(table)),
            Step::Deny(table) => Step::Deny(sign(table)),
            Step::State(table) => Step::State(sign(table)),
            other => other,
        }
    }

    /// The tables a gate has at the beginning.
    pub fn tables(&self) -> Vec<Step> {
        vec![
            self.key_set(&self.key_set_content()),
            self.deny(1, [0; 32], NOW - 60, Vec::new()),
            self.state(self.station()),
        ]
    }
}
