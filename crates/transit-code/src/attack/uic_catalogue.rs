//! The attacks with codes after UIC 918.9: A16, and those of the other layout that this one has too.

use super::Step;
use super::bench::{ISSUER, NOW};
use super::catalogue::{List, enter, leave};
use super::table_catalogue::super_hash;
use super::uic_bench::{UIC_ACCOUNT, UIC_KEY_ID, UIC_PLATFORM, UIC_PROVIDER};
use crate::deny::{DenyKind, entry};
use crate::gate::Direction;
use crate::key_set::UicKey;
use crate::make::uic::{self, Bits, Level1Fields, Sign};
use crate::profile::Profile;
use crate::reason::Reason;
use crate::uic::ecdsa::raw_signature;
use crate::uic::ride::{TOKEN_FORMAT, TimeStamp, Token};

/// n of P-256.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
/// 2.16.840.1.101.3.4.3.2: DSA with SHA-256.
const DSA: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x02];

/// The parts of a genuine code before they are put together.
struct Parts {
    authorisation: uic::Authorisation,
    level2: Bits,
    /// The phone's, in DER.
    signature: Vec<u8>,
}

/// n − s, big-endian: the other s that verifies.
fn other_s(s: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut difference: Vec<u8> = ORDER
        .iter()
        .zip(s)
        .rev()
        .map(|(n, s)| {
            let value = i16::from(*n) - i16::from(*s) - borrow;
            borrow = i16::from(value < 0);
            value.rem_euclid(256) as u8
        })
        .collect();
    difference.reverse();
    difference
}

impl List<'_> {
    pub fn uic(&mut self) {
        self.uic_genuine();
        self.uic_level1();
        self.uic_level2();
        self.uic_algorithms();
        self.uic_encodings();
        self.uic_tokens();
        self.uic_times();
        self.uic_replays();
        self.uic_tables();
    }

    fn uic_with(&self, change: impl FnOnce(&mut Level1Fields)) -> Vec<u8> {
        let mut fields = self.bench.uic_fields();
        change(&mut fields);
        self.bench.uic_code_of(&fields)
    }

    fn uic_with_token(&self, change: impl FnOnce(&mut Token)) -> Vec<u8> {
        let mut token = self.bench.uic_token();
        change(&mut token);
        self.bench.uic_code_of(&self.bench.uic_fields_of(&token))
    }

    fn uic_parts(&self) -> Parts {
        let authorisation = uic::authorisation(&self.bench.uic_fields(), &self.bench.uic_issuer);
        let data = uic::dynamic_content(None, TimeStamp::of_moment(NOW));
        let level2 = uic::level2(&authorisation, Some(&data));
        let signature = uic::der_signature(&self.bench.uic_user.sign(level2.bytes()));
        Parts { authorisation, level2, signature }
    }

    /// Level 2 of this authorisation, signed by the phone: what a rider can do who has only the phone's key.
    fn uic_by_phone(&self, authorisation: &uic::Authorisation) -> Vec<u8> {
        uic::code(authorisation, TimeStamp::of_moment(NOW), &self.bench.uic_user)
    }

    fn uic_genuine(&mut self) {
        let code = self.bench.uic_genuine();
        // The genuine code is made in the first second of a year, so the earlier one is shown in the year before.
        for (title, now) in [("now", NOW), ("30 s before, in the old year", NOW - 30), ("60 s after", NOW + 60)] {
            self.add("G", &format!("UIC: a genuine code, {title}"), vec![], enter(code.clone(), now), Reason::Ok);
        }
        let out = leave(code.clone(), NOW + 5);
        self.add("G", "UIC: the same code opens once more, at exit", vec![enter(code, NOW)], out, Reason::Ok);
        // Bits before level 1 and inside it move all that follows: every place in a byte is a border once.
        for length in 0..8 {
            let more = (b"FCB3".to_vec(), vec![0xa5; length]);
            let code = self.uic_with(|fields| {
                fields.data.insert(0, more);
                fields.data.push((vec![b'+'; length + 1], vec![0x5a]));
            });
            self.code("G", &format!("UIC: with a ticket of {length} bytes beside the token"), code, Reason::Ok);
        }
        let long = self.uic_with(|fields| fields.data.push((b"FCB3".to_vec(), vec![0x81; 600])));
        self.code("G", "UIC: with a ticket of 600 bytes", long, Reason::Ok);
    }

    fn uic_level1(&mut self) {
        let bench = self.bench;
        let fields = bench.uic_fields();
        let parts = self.uic_parts();
        let minted = self.uic_by_phone(&uic::authorisation(&fields, &bench.uic_attacker));
        self.code("A1", "UIC: level 1 signed by the attacker", minted, Reason::AuthorisationSignature);
        let unsigned = uic::Authorisation { signature: None, ..parts.authorisation.clone() };
        self.code("A4", "UIC: level-1 signature cut out", self.uic_by_phone(&unsigned), Reason::AuthorisationSignature);
        let empty = uic::Authorisation { signature: Some(Vec::new()), ..parts.authorisation.clone() };
        self.code("A4", "UIC: level-1 signature emptied", self.uic_by_phone(&empty), Reason::AuthorisationSignature);
        let mut dearer = bench.uic_token();
        dearer.limit_fen = 15_000;
        let changes: [(&str, Level1Fields); 5] = [
            ("the token's limit", bench.uic_fields_of(&dearer)),
            ("end of validity", Level1Fields { end_year: Some(2_100), ..fields.clone() }),
            ("validity", Level1Fields { validity_s: Some(120), ..fields.clone() }),
            ("level-1 key algorithm left out", Level1Fields { level1_key_oid: None, ..fields.clone() }),
            (
                "a block added, as a program that encodes again would",
                Level1Fields {
                    data: [fields.data.clone(), vec![(b"FCB3".to_vec(), vec![1])]].concat(),
                    ..fields.clone()
                },
            ),
        ];
        for (title, changed) in changes {
            let changed = uic::Authorisation { level1: uic::level1(&changed), ..parts.authorisation.clone() };
            let code = self.uic_by_phone(&changed);
            self.code(
                "A16",
                &format!("UIC: level 1 changed after signing: {title}"),
                code,
                Reason::AuthorisationSignature,
            );
        }
        let mut stolen = fields.clone();
        stolen.level2_key = Some(bench.uic_attacker.key().compressed().to_vec());
        let stolen = uic::Authorisation { level1: uic::level1(&stolen), ..parts.authorisation };
        let stolen = uic::code(&stolen, TimeStamp::of_moment(NOW), &bench.uic_attacker);
        self.code("A5", "UIC: phone's key exchanged for the attacker's", stolen, Reason::AuthorisationSignature);
        for at in [6, 40, 100] {
            let mut flipped = bench.uic_genuine();
            flipped[at] ^= 0x10;
            // The first bytes say which key, so that one is missing; later ones are under the signature.
            let expected = if at == 6 { Reason::RootMissing } else { Reason::AuthorisationSignature };
            self.code("A16", &format!("UIC: a bit of byte {at} flipped"), flipped, expected);
        }
    }

    fn uic_level2(&mut self) {
        let bench = self.bench;
        let parts = self.uic_parts();
        self.code("A16", "UIC: level-2 signature stripped", uic::header(&parts.level2, None), Reason::UserSignature);
        let bare = uic::header(&uic::level2(&parts.authorisation, None), None);
        self.code("A16", "UIC: level-2 key there, but neither signature nor data", bare, Reason::UserSignature);
        let emptied = uic::header(&parts.level2, Some(&[]));
        self.code("A16", "UIC: level-2 signature emptied", emptied, Reason::UserSignature);
        let copied = uic::header(&parts.level2, parts.authorisation.signature.as_deref());
        self.code("A16", "UIC: level-2 signature replaced by the issuer's", copied, Reason::UserSignature);
        let without_data = uic::level2(&parts.authorisation, None);
        let signature = uic::der_signature(&bench.uic_user.sign(without_data.bytes()));
        let without_data = uic::header(&without_data, Some(&signature));
        self.code("A16", "UIC: level 2 signed without data", without_data, Reason::UserSignature);
        let fixed = self.uic_with(|fields| fields.level2_key = None);
        self.code("A16", "UIC: no level-2 key: a code that a screenshot copies", fixed, Reason::UserKey);

        let foreign = uic::code(&parts.authorisation, TimeStamp::of_moment(NOW), &bench.uic_attacker);
        self.code("A9", "UIC: level 2 signed by another key", foreign, Reason::UserSignature);
        let later = uic::dynamic_content(None, TimeStamp::of_moment(NOW + 1));
        let later = uic::header(&uic::level2(&parts.authorisation, Some(&later)), Some(&parts.signature));
        self.code("A9", "UIC: time of generation changed", later, Reason::UserSignature);
        let named = uic::dynamic_content(Some(b"app"), TimeStamp::of_moment(NOW));
        let named = uic::header(&uic::level2(&parts.authorisation, Some(&named)), Some(&parts.signature));
        self.code("A16", "UIC: level-2 data encoded again with one more field", named, Reason::UserSignature);
        for (title, point) in [
            ("not on the curve", [vec![2; 1], vec![0xff; 32]].concat()),
            ("of prefix 05", [vec![5; 1], vec![1; 32]].concat()),
            ("empty", Vec::new()),
            ("the point at infinity", vec![0]),
        ] {
            let code = self.uic_with(|fields| fields.level2_key = Some(point));
            self.code("A7", &format!("UIC: level-2 key {title}"), code, Reason::UserKey);
        }
        for (title, r, s) in [("r = 0", [0; 32], [1; 32]), ("s = 0", [1; 32], [0; 32]), ("r = n", ORDER, [1; 32])] {
            let der = uic::der_signature(&[r, s].concat().try_into().unwrap_or([0; 64]));
            let code = uic::header(&parts.level2, Some(&der));
            self.code("A8", &format!("UIC: level 2: {title}"), code, Reason::UserSignature);
            let forged = uic::Authorisation { signature: Some(der), ..parts.authorisation.clone() };
            let code = self.uic_by_phone(&forged);
            self.code("A8", &format!("UIC: level 1: {title}"), code, Reason::AuthorisationSignature);
        }
    }

    /// Properly signed, so that only the object identifier can be the reason.
    fn uic_algorithms(&mut self) {
        let exchanged = self.uic_with(|fields| fields.level1_signing_oid = Some(DSA.to_vec()));
        self.code("A16", "UIC: level-1 signing algorithm exchanged", exchanged, Reason::AuthorisationSignature);
        let absent = self.uic_with(|fields| fields.level1_signing_oid = None);
        self.code("A16", "UIC: level-1 signing algorithm not named", absent, Reason::AuthorisationSignature);
        let exchanged = self.uic_with(|fields| fields.level1_key_oid = Some(DSA.to_vec()));
        self.code("A16", "UIC: level-1 key algorithm exchanged", exchanged, Reason::AuthorisationSignature);
        let exchanged = self.uic_with(|fields| fields.level2_signing_oid = Some(DSA.to_vec()));
        self.code("A16", "UIC: level-2 signing algorithm exchanged", exchanged, Reason::UserSignature);
        let absent = self.uic_with(|fields| fields.level2_signing_oid = None);
        self.code("A16", "UIC: level-2 signing algorithm not named", absent, Reason::UserSignature);
        let exchanged = self.uic_with(|fields| fields.level2_key_oid = Some(DSA.to_vec()));
        self.code("A16", "UIC: level-2 key algorithm exchanged", exchanged, Reason::UserKey);
    }

    /// The same content in other bits: a reader that encodes again before it verifies would let them pass.
    fn uic_encodings(&mut self) {
        let genuine = self.bench.uic_genuine();
        let Parts { level2, signature, .. } = self.uic_parts();
        let mut long = Bits::default();
        long.push(1, 1);
        long.text(b"U2");
        long.append(&level2);
        long.push(0x8000 | signature.len() as u32, 16);
        signature.iter().for_each(|byte| long.push(u32::from(*byte), 8));
        self.code("A16", "UIC: a length in two octets that fits one", long.bytes().to_vec(), Reason::Format);
        let mut filled = uic::header(&level2, Some(&signature));
        let bits = 1 + 8 + 14 + level2.count() + 8 + 8 * signature.len();
        if let Some(last) = filled.last_mut().filter(|_| bits % 8 != 0) {
            *last |= 1;
        } else {
            filled.push(1);
        }
        self.code("A16", "UIC: a filling bit that is not zero", filled, Reason::Format);
        self.code("A12", "UIC: a byte behind the code", [genuine.as_slice(), &[0]].concat(), Reason::Format);
        for length in [3, 4, 60, genuine.len() - 1] {
            self.code("A12", &format!("UIC: cut after {length} bytes"), genuine[..length].to_vec(), Reason::Format);
        }
        self.code("A12", "UIC: 1025 bytes", [&genuine[..], &vec![0; 1_025 - genuine.len()]].concat(), Reason::Format);
        let older = [&[genuine[0], genuine[1], genuine[2] - 2], &genuine[3..]].concat();
        self.code("A12", "UIC: header of version 1", older, Reason::Format);
    }

    fn uic_tokens(&mut self) {
        let none = self.uic_with(|fields| fields.data = vec![(b"FCB3".to_vec(), vec![1, 2, 3])]);
        self.code("A12", "UIC: no account token", none, Reason::Format);
        let mut other = self.bench.uic_token();
        other.limit_fen = 1;
        let twice = self.uic_with(|fields| fields.data.push((TOKEN_FORMAT.to_vec(), other.to_bytes().to_vec())));
        self.code("A12", "UIC: two account tokens", twice, Reason::Format);
        let letters = self.uic_with_token(|token| token.account.number[9] = 0xf0);
        self.code("A12", "UIC: a nibble of the account that is no digit", letters, Reason::Format);
        let endless = self.uic_with(|fields| fields.end_day = None);
        self.code("A12", "UIC: end of validity without its day", endless, Reason::Format);
        let no_such_day = self.uic_with(|fields| fields.end_day = Some(366));
        self.code("A12", "UIC: end of validity on a day that its year has not", no_such_day, Reason::Format);
        let unlimited = self.uic_with(|fields| fields.validity_s = None);
        self.code("A12", "UIC: no validity", unlimited, Reason::Format);
        let kind = self.uic_with_token(|token| token.account_type = 0xdd);
        self.code("A6", "UIC: account type not allowed for the issuer", kind, Reason::AccountType);
        let issuer = self.uic_with_token(|token| token.account.issuer = [0x99, 0x32, 0x00, 0x00]);
        self.code("A5", "UIC: token of an issuer that the key is not of", issuer, Reason::IssuerMismatch);
        let platform = self.uic_with_token(|token| token.platform = [0x00, 0x00, 0x00, 0x31]);
        self.code("A12", "UIC: code of a platform whose profile is another", platform, Reason::Format);
        let other_layout = {
            let mut fields = self.bench.fields();
            fields.platform = UIC_PLATFORM;
            self.bench.code_of(&fields)
        };
        self.code("A12", "code of the other layout, of a platform whose profile is UIC", other_layout, Reason::Format);
        let poor = self.uic_with_token(|token| token.limit_fen = 799);
        self.code("A15", "UIC: limit below the highest fare", poor, Reason::Limit);
    }

    fn uic_times(&mut self) {
        let bench = self.bench;
        let genuine = bench.uic_genuine();
        for (title, now, expected) in [
            ("31 s in the future", NOW - 31, Reason::CodeFuture),
            ("61 s old", NOW + 61, Reason::CodeExpired),
            ("eight hours old: another clock must not be tried", NOW + 8 * 3_600, Reason::CodeExpired),
            ("eight hours ahead: another clock must not be tried", NOW - 8 * 3_600, Reason::CodeFuture),
        ] {
            self.add("A10", &format!("UIC: {title}"), vec![], enter(genuine.clone(), now), expected);
        }
        let last_year = bench.uic_code_at(&bench.uic_fields(), NOW - 365 * 86_400 + 100);
        self.code(
            "A10",
            "UIC: a code of a year ago, whose day and time come again soon",
            last_year,
            Reason::CodeFuture,
        );
        for validity in [121, 3_600] {
            let code = self.uic_with(|fields| fields.validity_s = Some(validity));
            self.code("A11", &format!("UIC: claims to be valid for {validity} s"), code, Reason::Validity);
        }
        let mut old = bench.uic_fields();
        old.end_year = Some(2_025);
        let old = bench.uic_code_at(&old, NOW - 365 * 86_400);
        self.code("A10", "UIC: a code of exactly a year ago", old, Reason::AuthorisationExpired);
        let far = self.uic_with(|fields| fields.end_year = Some(2_027));
        self.code("A11", "UIC: end of validity so far ahead that its day comes again", far, Reason::Validity);
        let until = |year, day, minute| {
            self.uic_with(|fields| {
                (fields.end_year, fields.end_day, fields.end_minute) = (Some(year), Some(day), Some(minute));
            })
        };
        let (passed, last) = (until(2_025, 365, 1_439), until(2_026, 1, 0));
        self.code("A14", "UIC: end of validity passed a minute ago", passed, Reason::AuthorisationExpired);
        self.code("G", "UIC: end of validity is now", last.clone(), Reason::Ok);
        self.add("A14", "UIC: a second later", vec![], enter(last, NOW + 1), Reason::AuthorisationExpired);
    }

    fn uic_replays(&mut self) {
        let bench = self.bench;
        let genuine = bench.uic_genuine();
        let first = || vec![enter(genuine.clone(), NOW)];
        self.add(
            "A13",
            "UIC: the same code at the same gate",
            first(),
            enter(genuine.clone(), NOW + 1),
            Reason::Replay,
        );
        let Parts { level2, signature, .. } = self.uic_parts();
        let raw = raw_signature(&signature).unwrap_or([0; 64]);
        let other = [&raw[..32], &other_s(&raw[32..])].concat().try_into().unwrap_or([0; 64]);
        let twin = uic::header(&level2, Some(&uic::der_signature(&other)));
        self.add("G", "UIC: the other s verifies too", vec![], enter(twin.clone(), NOW), Reason::Ok);
        self.add("A13", "UIC: the same content with the other s", first(), enter(twin, NOW + 1), Reason::Replay);
        let next_door = vec![Step::PresentNextDoor { code: genuine.clone(), now: NOW, direction: Direction::In }];
        let again = enter(genuine.clone(), NOW + 1);
        self.add("A13", "UIC: the same code at the next gate of the station", next_door, again, Reason::Replay);
        let fresh = bench.uic_code_at(&bench.uic_fields(), NOW + 10);
        let fresh = enter(fresh, NOW + 10);
        self.add("A13", "UIC: a fresh code of the same ticket enters again at once", first(), fresh, Reason::Passback);
    }

    fn uic_tables(&mut self) {
        let bench = self.bench;
        let genuine = || enter(bench.uic_genuine(), NOW);
        let unknown = self.uic_with(|fields| fields.key_id = Some(UIC_KEY_ID + 1));
        self.code("A2", "UIC: key number that the key set does not have", unknown, Reason::RootMissing);
        let stranger = self.uic_with(|fields| fields.provider = Some(UIC_PROVIDER + 1));
        self.code("A2", "UIC: provider that the key set does not have", stranger, Reason::RootMissing);
        let named = self.uic_with(|fields| fields.provider_text = Some(b"31999".to_vec()));
        self.code("A2", "UIC: provider named twice", named, Reason::RootMissing);
        let mut second = bench.key_set_content();
        let (key_id, key) = (UIC_KEY_ID + 1, bench.uic_attacker.key().compressed());
        second.version = 3;
        second.uic_keys.push(UicKey { key_id, key, ..bench.uic_key_record() });
        let second = vec![bench.key_set(&second)];
        let other = enter(self.uic_with(|fields| fields.key_id = Some(key_id)), NOW);
        self.add("A2", "UIC: number of another key of the provider", second, other, Reason::AuthorisationSignature);
        let mut revoked = bench.key_set_content();
        (revoked.version, revoked.revocations) = (3, vec![(ISSUER, bench.uic_key_record().serial())]);
        let cached = vec![genuine(), bench.key_set(&revoked)];
        let later = bench.uic_code_at(&bench.uic_fields(), NOW + 5);
        let out = leave(later, NOW + 5);
        self.add("A2", "UIC: key revoked after level 1 was cached", cached, out, Reason::CertificateRevoked);
        let mut moved = bench.key_set_content();
        moved.version = 3;
        moved.platforms = vec![(UIC_PLATFORM, Profile::Jtt1179, 0)];
        self.add("A12", "UIC: platform given another profile", vec![bench.key_set(&moved)], genuine(), Reason::Format);
        for (title, kind, key) in [
            ("account", DenyKind::Account, [&ISSUER[..], &UIC_ACCOUNT].concat()),
            ("platform", DenyKind::Platform, UIC_PLATFORM.to_vec()),
            ("key", DenyKind::Certificate, [&ISSUER[..], &bench.uic_key_record().serial()].concat()),
        ] {
            let adds = vec![(entry(kind, &key), NOW - 3_600)];
            let delta = bench.deny(2, super_hash(bench), NOW - 30, adds);
            self.add("A14", &format!("UIC: {title} on the deny list"), vec![delta], genuine(), Reason::Denied);
        }
    }
}
