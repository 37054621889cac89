//! All attacks, in the order of the specification. Those with codes after UIC 918.9 are in `uic_catalogue`.

use super::bench::{ACCOUNT, Bench, ISSUER, NOW};
use super::table_catalogue::super_hash;
use super::{Attack, Step};
use crate::deny::{DenyKind, entry};
use crate::gate::Direction;
use crate::make::{self, AuthorisationFields, RootFields, Sign};
use crate::reason::Reason;

/// n of SM2.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x72, 0x03, 0xdf,
    0x6b, 0x21, 0xc6, 0x05, 0x2b, 0x53, 0xbb, 0xf4, 0x09, 0x39, 0xd5, 0x41, 0x23,
];

pub(super) struct List<'b> {
    pub bench: &'b Bench,
    pub attacks: Vec<Attack>,
}

/// Every attack, and what must pass beside it.
pub fn attacks(bench: &Bench) -> Vec<Attack> {
    let mut list = List { bench, attacks: Vec::new() };
    list.genuine();
    list.certificates();
    list.authorisations();
    list.users();
    list.signatures();
    list.times();
    list.formats();
    list.replays();
    list.lists_and_limits();
    list.signature_stripped();
    list.clocks();
    list.tables();
    list.uic();
    list.after_pass();
    list.exits();
    list.boardings();
    list.attacks
}

pub(super) fn present(code: Vec<u8>, now: i64, direction: Direction) -> Step {
    Step::Present { code, now, clock_error_s: Some(0), direction }
}

pub(super) fn enter(code: Vec<u8>, now: i64) -> Step {
    present(code, now, Direction::In)
}

pub(super) fn leave(code: Vec<u8>, now: i64) -> Step {
    present(code, now, Direction::Out)
}

fn changed(mut code: Vec<u8>, at: usize, value: u8) -> Vec<u8> {
    code[at] ^= value;
    code
}

impl List<'_> {
    pub fn add(&mut self, id: &'static str, title: &str, before: Vec<Step>, judged: Step, expected: Reason) {
        self.attacks.push(Attack { id, title: title.to_owned(), before, judged, expected });
    }

    pub fn code(&mut self, id: &'static str, title: &str, code: Vec<u8>, expected: Reason) {
        self.add(id, title, Vec::new(), enter(code, NOW), expected);
    }

    pub fn with(&self, change: impl FnOnce(&mut AuthorisationFields)) -> Vec<u8> {
        let mut fields = self.bench.fields();
        change(&mut fields);
        self.bench.code_of(&fields)
    }

    fn genuine(&mut self) {
        let code = self.bench.genuine();
        for (title, now) in [("now", NOW), ("30 s before", NOW - 30), ("60 s after", NOW + 60)] {
            self.add("G", &format!("a genuine code, {title}"), vec![], enter(code.clone(), now), Reason::Ok);
        }
        let out = leave(code.clone(), NOW + 5);
        self.add("G", "the same code opens once more, at exit", vec![enter(code, NOW)], out, Reason::Ok);
        for length in [0, 10, 255] {
            let code = self.with(|fields| fields.custom = vec![0; length]);
            self.code("G", &format!("a custom field of {length} bytes"), code, Reason::Ok);
        }
    }

    fn certificates(&mut self) {
        let bench = self.bench;
        let fields = bench.certificate_fields();
        let own = make::certificate(fields, &bench.issuer.key(), &bench.attacker);
        self.code(
            "A1",
            "certificate signed by the attacker's own key",
            self.with(|code| code.certificate = own),
            Reason::CertificateSignature,
        );
        let inside = make::certificate(fields, &bench.attacker.key(), &bench.attacker);
        let mut minted = bench.fields();
        minted.certificate = inside;
        let minted = make::code(&make::authorisation(&minted, &bench.attacker), NOW as u32, &bench.user);
        self.code("A1", "certificate that verifies under the key inside it", minted, Reason::CertificateSignature);

        let unknown = make::CertificateFields { ca_index: 0xf2, ..fields };
        let unknown = make::certificate(unknown, &bench.issuer.key(), &bench.attacker);
        self.code(
            "A2",
            "root that is not in the key set",
            self.with(|code| code.certificate = unknown),
            Reason::RootMissing,
        );
        let mut expired = bench.key_set_content();
        expired.version = 3;
        expired.roots.push(make::root(RootFields { ca_index: 0xf3, expiry: [0x12, 0x24] }, &bench.root));
        let old_root = bench.certificate(make::CertificateFields { ca_index: 0xf3, ..fields });
        let code = self.with(|code| code.certificate = old_root);
        self.add("A2", "root past its month", vec![bench.key_set(&expired)], enter(code, NOW), Reason::RootMissing);
        let mut revoked = bench.key_set_content();
        (revoked.version, revoked.revocations) = (3, vec![(ISSUER, [0, 0, 1])]);
        let genuine = bench.genuine();
        self.add(
            "A2",
            "certificate revoked",
            vec![bench.key_set(&revoked)],
            enter(genuine.clone(), NOW),
            Reason::CertificateRevoked,
        );
        let cached = vec![enter(genuine, NOW), bench.key_set(&revoked)];
        let second = make::code(&bench.genuine()[..291], (NOW + 5) as u32, &bench.user);
        let out = leave(second, NOW + 5);
        self.add("A2", "certificate revoked after it was cached", cached, out, Reason::CertificateRevoked);

        // January 2026 ends at 1769875200 in UTC+8.
        let january = bench.certificate(make::CertificateFields { expiry: [0x01, 0x26], ..fields });
        let mut code = bench.fields();
        (code.certificate, code.validity_s) = (january, 30);
        let authorised = make::authorisation(&code, &bench.issuer);
        let tables = || {
            let mut set = bench.key_set_content();
            (set.version, set.not_before) = (3, 1_769_875_200 - 86_400);
            vec![bench.key_set(&set), bench.deny(2, super_hash(bench), 1_769_875_200 - 60, Vec::new())]
        };
        for (title, now, expected) in [
            ("last second of the certificate's month", 1_769_875_199, Reason::Ok),
            ("first second after the certificate's month", 1_769_875_200, Reason::CertificateExpired),
        ] {
            let code = make::code(&authorised, now as u32, &bench.user);
            self.add("A3", title, tables(), enter(code, now), expected);
        }
    }

    fn authorisations(&mut self) {
        let bench = self.bench;
        let genuine = bench.genuine();
        let mut zeroed = genuine.clone();
        zeroed[227..291].fill(0);
        self.code("A4", "authorisation signature zeroed", bench.signed_again(&zeroed), Reason::AuthorisationSignature);
        let tag = bench.signed_again(&changed(genuine.clone(), 226, 0x15));
        self.code("A4", "authorisation signature without its tag", tag, Reason::AuthorisationSignature);
        let cut = [&genuine[..226], &genuine[291..]].concat();
        self.code("A4", "authorisation signature cut out", cut, Reason::Format);
        for (title, at) in [
            ("payment account", 135),
            ("account number", 145),
            ("platform", 153),
            ("limit, high byte", 155),
            ("limit, low byte", 157),
            ("authorisation expiry", 191),
            ("validity", 196),
            ("custom field: entry state rewritten by the phone", 209),
            ("custom field: entry station", 213),
            ("custom field: entry time", 217),
            ("phone id", 225),
        ] {
            let code = bench.signed_again(&changed(genuine.clone(), at, 0x01));
            self.code("A5", &format!("changed after signing: {title}"), code, Reason::AuthorisationSignature);
        }
        let mut other_user = genuine.clone();
        other_user[158..191].copy_from_slice(&bench.attacker.key().compressed());
        let stolen = make::code(&other_user[..291], NOW as u32, &bench.attacker);
        self.code("A5", "user key exchanged for the attacker's", stolen, Reason::AuthorisationSignature);
        let issuer = bench.signed_again(&changed(genuine.clone(), 149, 0x01));
        self.code("A5", "issuer code changed", issuer, Reason::IssuerMismatch);
        let certificate = bench.signed_again(&changed(genuine.clone(), 3 + 40, 0x01));
        self.code("A5", "certificate: a byte of the issuer's key changed", certificate, Reason::CertificateSignature);
        self.code(
            "A6",
            "account type not allowed for the issuer",
            self.with(|code| code.account_type = 0xdd),
            Reason::AccountType,
        );
        let mut nobody = bench.certificate_fields();
        nobody.issuer = [0x99, 0x32, 0x00, 0x00];
        let certificate = bench.certificate(nobody);
        let stranger = self.with(|code| {
            code.certificate = certificate;
            code.account.issuer = [0x99, 0x32, 0x00, 0x00];
        });
        self.code("A6", "issuer that the key set does not name", stranger, Reason::AccountType);
    }

    fn users(&mut self) {
        let bench = self.bench;
        let off_curve = {
            let mut key = [0; 33];
            key[0] = 2;
            // The first small x that no point has.
            (1..=u8::MAX).find(|x| {
                key[32] = *x;
                crate::signature::Key::from_compressed(&key).is_none()
            });
            key
        };
        self.code("A7", "user key not on the curve", self.with(|code| code.user_key = off_curve), Reason::UserKey);
        self.code("A7", "user key with prefix 04", self.with(|code| code.user_key[0] = 4), Reason::UserKey);
        let genuine = bench.genuine();
        let foreign = make::code(&genuine[..291], NOW as u32, &bench.attacker);
        self.code("A9", "user signature by another key", foreign, Reason::UserSignature);
        self.code("A9", "generation time changed", changed(genuine.clone(), 294, 1), Reason::UserSignature);
        let older = make::code(&genuine[..291], NOW as u32 - 1, &bench.user);
        let moved = [&genuine[..295], &older[295..]].concat();
        self.code("A9", "signature of another moment", moved, Reason::UserSignature);
        self.code("A9", "version changed", changed(genuine.clone(), 0, 0x03), Reason::Version);
        self.code("A9", "length field changed", changed(genuine, 2, 0x01), Reason::Format);
    }

    fn signatures(&mut self) {
        let bench = self.bench;
        let genuine = bench.genuine();
        let mut below = ORDER;
        below[31] -= 1;
        let mut one = [0; 32];
        one[31] = 1;
        let bad = [
            ("r = 0", [[0; 32], one].concat()),
            ("s = 0", [one, [0; 32]].concat()),
            ("r = n", [ORDER, one].concat()),
            ("s = n", [one, ORDER].concat()),
            ("r + s = n", [one, below].concat()),
            ("r and s all ones", vec![0xff; 64]),
        ];
        for (title, signature) in bad {
            let mut certificate = genuine.clone();
            certificate[56..120].copy_from_slice(&signature);
            let mut authorisation = genuine.clone();
            authorisation[227..291].copy_from_slice(&signature);
            let mut user = genuine.clone();
            user[296..360].copy_from_slice(&signature);
            let certificate = bench.signed_again(&certificate);
            let authorisation = bench.signed_again(&authorisation);
            self.code("A8", &format!("certificate: {title}"), certificate, Reason::CertificateSignature);
            self.code("A8", &format!("authorisation: {title}"), authorisation, Reason::AuthorisationSignature);
            self.code("A8", &format!("user: {title}"), user, Reason::UserSignature);
        }
    }

    fn times(&mut self) {
        let genuine = self.bench.genuine();
        for (title, now, expected) in [
            ("31 s in the future", NOW - 31, Reason::CodeFuture),
            ("a day in the future", NOW - 80_000, Reason::CodeFuture),
            ("61 s old", NOW + 61, Reason::CodeExpired),
            ("eight hours old: another clock must not be tried", NOW + 8 * 3_600, Reason::CodeExpired),
            ("eight hours ahead: another clock must not be tried", NOW - 8 * 3_600, Reason::CodeFuture),
        ] {
            self.add("A10", title, vec![], enter(genuine.clone(), now), expected);
        }
        for validity in [0, 121, 65_535] {
            let code = self.with(|code| code.validity_s = validity);
            self.code("A11", &format!("claims to be valid for {validity} s"), code, Reason::Validity);
        }
    }

    /// A gate that does not know the time refuses what depends on it, and says that the time is why; of all else it says what
    /// it is.
    fn clocks(&mut self) {
        let bench = self.bench;
        let forged = bench.signed_again(&changed(bench.genuine(), 157, 1));
        let unknown = |code: &[u8], now| Step::Present {
            code: code.to_vec(),
            now,
            clock_error_s: None,
            direction: Direction::In,
        };
        for (layout, code) in [("", bench.genuine()), ("UIC: ", bench.uic_genuine())] {
            for (title, now) in [
                ("right", NOW),
                ("in the year 1970", 0),
                ("an hour behind", NOW - 3_600),
                ("two days behind", NOW - 2 * 86_400),
                ("two days ahead", NOW + 2 * 86_400),
                ("40 days ahead", NOW + 40 * 86_400),
                ("200 days ahead", NOW + 200 * 86_400),
                ("80 years ahead", NOW + 80 * 365 * 86_400),
            ] {
                let title = format!("{layout}the gate's clock is {title}, as nobody knows");
                self.add("A10", &title, vec![], unknown(&code, now), Reason::Clock);
            }
            for (error_s, expected) in [(30, Reason::Ok), (31, Reason::Clock), (i64::MAX, Reason::Clock)] {
                let (id, clock_error_s) = (if expected == Reason::Ok { "G" } else { "A10" }, Some(error_s));
                let judged = Step::Present { code: code.clone(), now: NOW, clock_error_s, direction: Direction::In };
                self.add(id, &format!("{layout}the gate's clock may be {error_s} s off"), vec![], judged, expected);
            }
        }
        let judged = unknown(&forged, NOW + 40 * 86_400);
        self.add("A5", "limit changed, and the clock unknown", vec![], judged, Reason::AuthorisationSignature);
    }

    fn formats(&mut self) {
        let genuine = self.bench.genuine();
        let mut lies = genuine.clone();
        lies[197] = 255;
        self.code("A12", "custom field longer than the code", lies, Reason::Format);
        let mut shorter = genuine.clone();
        shorter[197] = 12;
        self.code("A12", "custom field shorter than it is", shorter, Reason::Format);
        self.code("A12", "a byte behind the code", [genuine.as_slice(), &[0]].concat(), Reason::Format);
        for length in [0, 1, 197, 331, 359] {
            self.code("A12", &format!("cut after {length} bytes"), genuine[..length].to_vec(), Reason::Format);
        }
        self.code("A12", "588 bytes", vec![0x81; 588], Reason::Format);
        self.code("A12", "a nibble of the account that is no digit", changed(genuine, 145, 0xf0), Reason::Format);
    }

    fn replays(&mut self) {
        let bench = self.bench;
        let genuine = bench.genuine();
        let first = || vec![enter(genuine.clone(), NOW)];
        self.add("A13", "the same code at the same gate", first(), enter(genuine.clone(), NOW + 1), Reason::Replay);
        let mut other_nonce = genuine.clone();
        let body = other_nonce.len() - 65;
        other_nonce.truncate(body);
        other_nonce.push(0x15);
        other_nonce.extend(bench.user.sign_again(&genuine[..body]));
        self.add("A13", "the same content signed again", first(), enter(other_nonce, NOW + 1), Reason::Replay);
        let next_door = vec![Step::PresentNextDoor { code: genuine.clone(), now: NOW, direction: Direction::In }];
        self.add(
            "A13",
            "the same code at the next gate of the station",
            next_door,
            enter(genuine.clone(), NOW + 1),
            Reason::Replay,
        );
        let fresh = make::code(&genuine[..291], NOW as u32 + 10, &bench.user);
        self.add(
            "A13",
            "a fresh code of the same ticket enters again at once",
            first(),
            enter(fresh, NOW + 10),
            Reason::Passback,
        );
        let companion = make::code(
            &make::authorisation(
                &{
                    let mut fields = bench.fields();
                    fields.custom[8] = 8;
                    fields
                },
                &bench.issuer,
            ),
            NOW as u32 + 10,
            &bench.user,
        );
        self.add("G", "a companion with a ticket of its own enters", first(), enter(companion, NOW + 10), Reason::Ok);
    }

    fn lists_and_limits(&mut self) {
        let bench = self.bench;
        let account = [&ISSUER[..], &ACCOUNT].concat();
        let certificate = [&ISSUER[..], &[0, 0, 1]].concat();
        for (title, kind, key) in [
            ("account", DenyKind::Account, account.as_slice()),
            ("platform", DenyKind::Platform, &[0, 0, 0, 0x31]),
            ("issuer", DenyKind::Issuer, &ISSUER),
            ("certificate", DenyKind::Certificate, &certificate),
        ] {
            let delta = bench.deny(2, super_hash(bench), NOW - 30, vec![(entry(kind, key), NOW - 3_600)]);
            self.add(
                "A14",
                &format!("{title} on the deny list"),
                vec![delta],
                enter(bench.genuine(), NOW),
                Reason::Denied,
            );
        }
        let later = bench.deny(2, super_hash(bench), NOW - 30, vec![(entry(DenyKind::Account, &account), NOW + 1)]);
        self.add(
            "G",
            "account on the deny list from the next second on",
            vec![later],
            enter(bench.genuine(), NOW),
            Reason::Ok,
        );
        let mut old = bench.fields();
        old.expiry = NOW as u32 - 1;
        self.code("A14", "authorisation expired a second ago", bench.code_of(&old), Reason::AuthorisationExpired);
        let now = NOW + 24 * 3_600;
        let stale = make::code(&bench.genuine()[..291], now as u32, &bench.user);
        self.add("A14", "deny list older than its age limit", vec![], enter(stale, now), Reason::DenyStale);
        self.code("A15", "limit below the highest fare", self.with(|code| code.limit_fen = 799), Reason::Limit);
        self.code(
            "A15",
            "limit of 256 fen, read as two bytes it would be more",
            self.with(|code| code.limit_fen = 0x00_01_00),
            Reason::Limit,
        );
        let poor = self.with(|code| code.limit_fen = 799);
        self.add("G", "at exit a shortfall locks nobody in", vec![], leave(poor, NOW), Reason::Ok);
    }

    /// What A16 asks of codes after UIC 918.9, done to codes of this family.
    fn signature_stripped(&mut self) {
        let bench = self.bench;
        let genuine = bench.genuine();
        self.code("A16", "user signature stripped", genuine[..295].to_vec(), Reason::Format);
        let mut copied = genuine.clone();
        let authorisation: Vec<u8> = genuine[226..291].to_vec();
        copied[295..].copy_from_slice(&authorisation);
        self.code("A16", "user signature replaced by the issuer's", copied, Reason::UserSignature);
        let algorithm = bench.signed_again(&changed(genuine.clone(), 3 + 16, 0x05));
        self.code("A16", "signature algorithm exchanged", algorithm, Reason::CertificateSignature);
        let text: Vec<u8> = genuine.iter().flat_map(|byte| char::from(*byte).to_string().into_bytes()).collect();
        self.code("A16", "payload converted to another character set", text, Reason::Version);
    }
}
