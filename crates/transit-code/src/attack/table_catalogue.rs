//! The attacks by tables and on their rules: old, forged and foreign ones, key sets to come, what a profile or a policy of the
//! key set must not open.

use super::Step;
use super::bench::{Bench, HOME, ISSUER, NOW, PLATFORM};
use super::catalogue::{List, enter};
use crate::deny::{DenyKind, entry};
use crate::make::{self, KeySetContent, Sign};
use crate::profile::Profile;
use crate::reason::Reason;
use crate::state::ServiceState;

impl List<'_> {
    pub fn tables(&mut self) {
        self.old_and_forged();
        self.states();
        self.key_sets_to_come();
        self.key_outside_the_signature();
        self.certificate_of_another_issuer();
    }

    fn old_and_forged(&mut self) {
        let bench = self.bench;
        let mut newer = bench.key_set_content();
        newer.version = 3;
        let content = bench.key_set_content();
        self.add("A17", "an older key set", vec![bench.key_set(&newer)], bench.key_set(&content), Reason::Chain);
        self.add(
            "A17",
            "a key set signed by somebody else",
            vec![],
            bench.forged(bench.key_set(&newer)),
            Reason::Chain,
        );
        let second = || bench.deny(2, super_hash(bench), NOW - 30, Vec::new());
        self.add("A17", "an old delta of the deny list again", vec![second()], second(), Reason::Chain);
        self.add(
            "A17",
            "a delta that does not follow",
            vec![],
            bench.deny(2, [7; 32], NOW - 30, vec![]),
            Reason::Chain,
        );
        self.add(
            "A17",
            "a delta with a hole before it",
            vec![],
            bench.deny(3, super_hash(bench), NOW - 30, vec![]),
            Reason::Chain,
        );
        self.add("A17", "a forged delta", vec![], bench.forged(second()), Reason::Chain);
        let now = NOW + 7 * 86_400;
        let late = make::code(&bench.genuine()[..291], now as u32, &bench.user);
        self.add("A17", "key set older than its age limit", vec![], enter(late, now), Reason::KeySet);
    }

    fn states(&mut self) {
        let bench = self.bench;
        let state = |sequence| bench.state(ServiceState { sequence, ..bench.station() });
        self.add("A17", "an older state of the station", vec![state(3)], state(2), Reason::Chain);
        let closed = ServiceState { sequence: 2, is_closed: true, ..bench.station() };
        self.add(
            "A17",
            "entry where the station is closed",
            vec![bench.state(closed)],
            enter(bench.genuine(), NOW),
            Reason::Closed,
        );
        let (own, genuine) = (bench.station(), enter(bench.genuine(), NOW));
        for (title, elsewhere) in [
            ("a newer state of another station", ServiceState { sequence: 9, station: own.station + 1, ..own }),
            ("a newer state of another network", ServiceState { sequence: 9, network: own.network + 1, ..own }),
        ] {
            self.add("A17", title, vec![], bench.state(elsewhere), Reason::Chain);
        }
        let reopened =
            vec![bench.state(ServiceState { sequence: 2, is_closed: true, ..own }), bench.state(state_3(own))];
        self.add("G", "entry where the station is open again", reopened, genuine, Reason::Ok);
    }

    /// Keepers announce key sets: until its time a new one neither shuts the gate nor decides.
    fn key_sets_to_come(&mut self) {
        let bench = self.bench;
        let from = NOW + 1_000;
        let announced = |change: &dyn Fn(&mut KeySetContent)| {
            let mut content = bench.key_set_content();
            (content.version, content.not_before) = (3, from);
            change(&mut content);
            bench.key_set(&content)
        };
        let revokes = || announced(&|content| content.revocations = vec![(ISSUER, [0, 0, 1])]);
        let before = || vec![enter(bench.genuine(), NOW), revokes()];
        let code = |made| bench.code_at(&bench.fields(), made);
        let last = enter(code(from - 1), from - 1);
        self.add("G", "a key set that is announced does not decide yet", before(), last, Reason::Ok);
        let first = enter(code(from), from);
        self.add("A2", "certificate revoked from now on, as announced", before(), first, Reason::CertificateRevoked);
        let mut old = bench.key_set_content();
        old.version = 1;
        self.add("A17", "an older key set behind an announced one", before(), bench.key_set(&old), Reason::Chain);
        self.add("A17", "the announced key set again", before(), revokes(), Reason::Chain);
        let mut recalled = bench.key_set_content();
        recalled.version = 4;
        let recalled = [before(), vec![bench.key_set(&recalled)]].concat();
        self.add("G", "an announced key set that is recalled", recalled, enter(code(from), from), Reason::Ok);
    }

    /// Whoever has seen one certificate puts a key of his own into it, where the root's signature leaves the key out.
    fn key_outside_the_signature(&mut self) {
        let bench = self.bench;
        let mut certificate = bench.certificate(bench.certificate_fields());
        let signed = [&certificate[..1], &certificate[5..19]].concat();
        certificate[53..].copy_from_slice(&bench.root.sign(&signed));
        certificate[20..53].copy_from_slice(&bench.attacker.key().compressed());
        let mut fields = bench.fields();
        fields.certificate = certificate;
        let minted = make::code(&make::authorisation(&fields, &bench.attacker), NOW as u32, &bench.user);
        let mut content = bench.key_set_content();
        content.version = 3;
        content.platforms = vec![(PLATFORM, Profile::Jtt1179CertificateB, 0)];
        let title = "another's key in a certificate of a profile whose signature does not cover it";
        self.add("A1", title, vec![bench.key_set(&content)], enter(minted, NOW), Reason::Format);
    }

    /// A key set may let an issuer's accounts ride under another issuer's certificate; that certificate can be denied too.
    fn certificate_of_another_issuer(&mut self) {
        let bench = self.bench;
        let other = [0x99, 0x33, 0x00, 0x00];
        let fields = make::CertificateFields { issuer: other, serial: [0, 0, 5], ..bench.certificate_fields() };
        let certificate = bench.certificate(fields);
        let code = self.with(|code| code.certificate = certificate);
        let mut content = bench.key_set_content();
        content.version = 3;
        content.issuers.iter_mut().for_each(|issuer| issuer.same_issuer = false);
        let stories = [
            ("G", "certificate of another issuer, where the key set allows it", None, Reason::Ok),
            (
                "A14",
                "issuer of the certificate on the deny list",
                Some(entry(DenyKind::Issuer, &other)),
                Reason::Denied,
            ),
            (
                "A14",
                "certificate of another issuer on the deny list",
                Some(entry(DenyKind::Certificate, &[&other[..], &[0, 0, 5]].concat())),
                Reason::Denied,
            ),
            ("A14", "issuer of the account on the deny list", Some(entry(DenyKind::Issuer, &ISSUER)), Reason::Denied),
        ];
        for (id, title, denied, expected) in stories {
            let adds = denied.into_iter().map(|entry| (entry, NOW - 3_600)).collect();
            let before = vec![bench.key_set(&content), bench.deny(2, super_hash(bench), NOW - 30, adds)];
            self.add(id, title, before, enter(code.clone(), NOW), expected);
        }
    }
}

fn state_3(own: ServiceState) -> ServiceState {
    ServiceState { sequence: 3, ..own }
}

/// The hash that the delta after the bench's first one names.
pub(super) fn super_hash(bench: &Bench) -> [u8; 32] {
    match bench.deny(1, [0; 32], NOW - 60, Vec::new()) {
        Step::Deny(table) => crate::deny::Delta::parse(&table[..table.len() - 64])
            .map(|delta| {
                debug_assert_eq!(delta.home(), HOME);
                delta.hash()
            })
            .unwrap_or_default(),
        _ => [0; 32],
    }
}
