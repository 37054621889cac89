//! Stories of the registry.

use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_registry::Registry;
use huitong_registry::command::{Command, PERSONS_MAX, Reply};
use huitong_registry::model::api_key;
use huitong_registry::model::participant::{Participant, ParticipantKind};
use huitong_registry::model::published::{Facts, Insured};
use huitong_registry::model::role::Role;
use huitong_registry::query::authenticate::authenticate;
use huitong_service_kit::harness::{Called, Region};

struct Office {
    region: Region<Registry>,
    random: RandomSource,
    _folder: tempfile::TempDir,
}

fn hospital() -> Participant {
    Participant {
        code: "H31010100001".to_owned(),
        kind: ParticipantKind::Hospital,
        name_zh: "测试医院".to_owned(),
        name_en: "Test Hospital".to_owned(),
        division: "310101".parse().expect("a code"),
        level: Some("3".to_owned()),
        active: true,
    }
}

fn insured() -> Insured {
    Insured {
        person: "P310100001".to_owned(),
        pool: "310100".parse().expect("a code"),
        scheme: "employee".to_owned(),
        certificate_type: "02".to_owned(),
        certificate_number: "11010519491231002X".to_owned(),
        name: "测试甲".to_owned(),
        facts: Facts {
            birth_date: "1949-12-31".parse().expect("a date"),
            retired: true,
            work_start_date: None,
            student: false,
            family_doctor: false,
        },
        suspended_from: None,
        version: 0,
    }
}

impl Office {
    fn new() -> Office {
        let folder = tempfile::tempdir().expect("a folder");
        let region = Region::new(folder.path().to_owned(), &["310000", "330000"], Registry::default);
        Office { region, random: RandomSource::from_number(1), _folder: folder }
    }

    fn call(&mut self, command: Command) -> Called<Reply> {
        self.region.call("310000", "operator", None, command)
    }

    fn with_hospital() -> Office {
        let mut office = Office::new();
        office.call(Command::PutParticipant(hospital())).reply();
        office
    }

    /// A cashier of the hospital with a key.
    fn cashier(&mut self, expires_at: Instant) -> api_key::NewKey {
        let (id, participant) = ("cashier".to_owned(), hospital().code);
        self.call(Command::AddPrincipal { id, participant, roles: vec![Role::Cashier] }).reply();
        let new = api_key::generate(&mut self.random);
        let (principal, key, hash) = ("cashier".to_owned(), new.id.clone(), new.hash);
        self.call(Command::IssueKey { principal, key, hash, expires_at }).reply();
        new
    }

    fn knows(&self, key: &str) -> bool {
        let found = authenticate(self.region.view("310000"), key, self.region.now).expect("readable");
        found.is_some_and(|principal| principal.may("medical.settle") && !principal.may("registry.key.write"))
    }
}

#[test]
fn a_hospital_is_registered_changed_and_published_to_every_jurisdiction() {
    let mut office = Office::new();
    let version = |called: Called<Reply>| match called.reply() {
        Reply::Participant { version, .. } => version,
        other => panic!("a participant, not {other:?}"),
    };
    assert_eq!(version(office.call(Command::PutParticipant(hospital()))), 1);
    assert_eq!(version(office.call(Command::PutParticipant(hospital()))), 1, "the same again changes nothing");
    let closed = Participant { active: false, ..hospital() };
    assert_eq!(version(office.call(Command::PutParticipant(closed))), 2);
    for medical in ["310000/medical", "330000/medical"] {
        let feed = format!("310000/registry>{medical}").parse().expect("a feed");
        let next = huitong_store::feeds::next_number(office.region.view("310000"), &feed).expect("readable");
        assert_eq!(next, 3, "two versions went to {medical}");
    }
    assert_eq!(office.region.replay_differences(), []);
}

#[test]
fn a_key_opens_until_it_expires_or_is_revoked() {
    let mut office = Office::with_hospital();
    let expires_at = office.region.now + DurationMs::days(1);
    let key = office.cashier(expires_at);
    assert!(office.knows(&key.text));
    let forged = format!("{}{}", &key.text[..key.text.len() - 1], if key.text.ends_with('0') { '1' } else { '0' });
    assert!(!office.knows(&forged), "another secret under the same id");
    office.region.now = expires_at;
    assert!(!office.knows(&key.text), "expired");
    office.region.now = expires_at + DurationMs(-1);
    assert!(office.knows(&key.text));
    office.call(Command::RevokeKey { key: key.id.clone() }).reply();
    assert!(!office.knows(&key.text), "revoked, at once");
    assert_eq!(office.call(Command::RevokeKey { key: key.id }).code(), "REG-3003");
    assert_eq!(office.region.replay_differences(), []);
}

#[test]
fn insured_persons_stay_at_home_and_all_of_a_list_are_enrolled_or_none() {
    let mut office = Office::new();
    office.call(Command::PutInsured(vec![insured()])).reply();
    let abroad = "310000/registry>330000/medical".parse().expect("a feed");
    let next = huitong_store::feeds::next_number(office.region.view("310000"), &abroad).expect("readable");
    assert_eq!(next, 1, "nothing personal crossed the border");
    let wrong = Insured { certificate_number: "110105194912310021".to_owned(), person: "P2".to_owned(), ..insured() };
    let good = Insured { person: "P3".to_owned(), ..insured() };
    assert_eq!(office.call(Command::PutInsured(vec![good, wrong])).code(), "REG-1003");
    let view = office.region.view("310000");
    assert!(huitong_registry::query::insured(view, "P3").expect("readable").is_none(), "none of the list");
}

#[track_caller]
fn check(command: Command, code: &str) {
    assert_eq!(Office::with_hospital().call(command).code(), code);
}

#[test]
fn each_fault_has_its_own_code() {
    check(Command::PutParticipant(Participant { code: "short".to_owned(), ..hospital() }), "REG-1003");
    check(Command::PutParticipant(Participant { level: Some("9".to_owned()), ..hospital() }), "REG-1003");
    let elsewhere = "330102".parse().expect("a code");
    check(Command::PutParticipant(Participant { division: elsewhere, ..hospital() }), "REG-2001");
    check(Command::PutInsured(vec![Insured { pool: elsewhere, ..insured() }]), "REG-2001");
    check(Command::PutInsured(vec![insured(), insured()]), "REG-1003");
    check(Command::PutInsured(vec![insured(); PERSONS_MAX + 1]), "REG-2004");
    let principal = |participant: &str, roles| Command::AddPrincipal {
        id: "somebody".to_owned(),
        participant: participant.to_owned(),
        roles,
    };
    check(principal("nobody", vec![Role::Cashier]), "REG-2002");
    check(principal("H31010100001", Vec::new()), "REG-1003");
    let (principal, key) = ("nobody".to_owned(), "0011223344556677".to_owned());
    check(Command::IssueKey { principal, key, hash: Default::default(), expires_at: Instant(1) }, "REG-3001");
    check(Command::Republish { jurisdiction: "440000".parse().expect("a code") }, "REG-2001");
}
