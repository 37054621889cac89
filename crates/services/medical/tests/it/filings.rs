//! Filings take each other's place, are suspended and taken up again, and never touch what is settled.

use huitong_medical::command::{ChronicWish, Command, Reply};
use huitong_medical::model::filing::{FilingKind, FilingState, FilingStatus, FilingWish};
use huitong_medical::model::message::Message;
use huitong_medical::model::person::{CareType, Scheme};
use huitong_medical::query::{persons, visits};
use huitong_service_kit::harness::Called;

use super::calculation::fen;
use super::country::{Country, HOSPITAL, PERSON, certificate, division};
use super::stays::{HANGZHOU, care, date};

impl Country {
    fn filed(&mut self, wish: FilingWish) -> FilingState {
        match self.region.call("330000", "pool", None, Command::File(wish)).reply() {
            Reply::Filed(filing) => filing,
            other => panic!("a filing, not {other:?}"),
        }
    }

    fn statuses(&self) -> Vec<(FilingKind, FilingStatus)> {
        let filings = persons::filings(self.region.view("330000"), PERSON, None, 10).expect("readable");
        let mut all: Vec<_> = filings.into_iter().map(|filing| (filing.kind, filing.status)).collect();
        all.sort();
        all
    }
}

fn wish(kind: FilingKind, from: &str, to: Option<&str>) -> FilingWish {
    FilingWish {
        home_area: division("330100"),
        certificate: certificate(),
        kind,
        areas: vec![division("310000")],
        valid_from: date(from),
        valid_to: to.map(date),
        referral: None,
    }
}

#[test]
fn a_new_filing_of_the_same_place_and_days_takes_the_place_of_the_old() {
    let mut country = Country::unfiled();
    country.filed(wish(FilingKind::LongStay, "2026-12-01", Some("2027-04-30")));
    let other = FilingWish { areas: vec![division("320000")], ..wish(FilingKind::TempSelf, "2026-11-24", None) };
    country.filed(other);
    let referred = country.filed(wish(FilingKind::TempReferred, "2026-11-24", None));
    assert_eq!(referred.valid_to, Some(date("2027-05-23")), "six months");
    use FilingStatus::{Active, Superseded};
    assert_eq!(
        country.statuses(),
        [(FilingKind::LongStay, Superseded), (FilingKind::TempReferred, Active), (FilingKind::TempSelf, Active)]
    );
}

#[test]
fn a_filing_of_a_part_leaves_the_wider_one_in_force_before_and_elsewhere() {
    let mut country = Country::unfiled();
    country.filed(FilingWish { areas: Vec::new(), ..wish(FilingKind::LongStay, "2026-01-01", None) });
    country.filed(wish(FilingKind::TempSelf, "2027-03-01", None));
    let in_force = |area: &str, day: &str| {
        let view = country.region.view("330000");
        persons::filing_in_force(view, PERSON, division(area), date(day)).expect("readable")
    };
    assert_eq!(in_force("310000", "2026-11-30"), FilingKind::LongStay, "before it begins");
    assert_eq!(in_force("310000", "2027-03-02"), FilingKind::TempSelf);
    assert_eq!(in_force("320000", "2027-03-02"), FilingKind::LongStay, "elsewhere");
}

#[test]
fn a_filing_is_suspended_taken_up_again_and_revoked_by_home_and_the_hospital_of_a_stay_is_told() {
    let mut country = Country::unfiled();
    let filing = country.filed(wish(FilingKind::LongStay, "2026-01-01", None)).filing;
    let stay = country.admitted("2026-11-20");
    let go = |country: &mut Country, who: &str, status| {
        let called = country.region.call("330000", who, None, Command::MoveFiling { filing, status });
        country.region.carry_all();
        called
    };
    go(&mut country, "pool", FilingStatus::Suspended).reply();
    let known = visits::visited_visit(country.region.view("310000"), stay).expect("readable").expect("known");
    assert_eq!(known.filing.map(|told| told.status), Some(FilingStatus::Suspended));
    assert_eq!(country.settle("message-0001").code(), "MED-2005", "not in force");
    go(&mut country, "pool", FilingStatus::Active).reply();
    country.settled("message-0002");
    go(&mut country, "pool", FilingStatus::Revoked).reply();
    assert_eq!(go(&mut country, "pool", FilingStatus::Active).code(), "MED-2006", "revoked for good");
    assert_eq!(country.settle("message-0003").code(), "MED-2005");
    country.check_books(1, 0);
}

#[test]
fn what_cannot_be_filed_is_refused() {
    let mut country = Country::unfiled();
    let mut refused = |wish: FilingWish| country.region.call("330000", "pool", None, Command::File(wish)).code();
    assert_eq!(refused(wish(FilingKind::None, "2026-11-24", None)), "MED-2006");
    assert_eq!(refused(wish(FilingKind::ExemptArea, "2026-11-24", None)), "MED-2006");
    assert_eq!(refused(wish(FilingKind::LongStay, "2026-11-24", Some("2026-11-23"))), "MED-2006");
    assert_eq!(refused(wish(FilingKind::TempSelf, "2026-11-24", Some("2027-01-01"))), "MED-2006", "under six months");
    assert_eq!(refused(wish(FilingKind::LongStay, "2024-11-24", None)), "MED-2006", "too far back");
}

/// The edges of a filing's days. Today is 24 November 2026.
#[test]
fn a_filing_holds_from_its_first_day_to_its_last() {
    let mut country = Country::unfiled();
    let filed = |country: &mut Country, kind, from: &str, to| {
        country.region.call("330000", "pool", None, Command::File(wish(kind, from, to)))
    };
    use FilingKind::{LongStay, TempEmergency, TempReferred, TempSelf};
    for kind in [TempReferred, TempEmergency, TempSelf] {
        assert_eq!(
            filed(&mut country, kind, "2026-11-24", Some("2027-05-22")).code(),
            "MED-2006",
            "a day less than six months"
        );
        filed(&mut country, kind, "2026-11-24", Some("2027-05-23")).reply();
        filed(&mut country, kind, "2026-08-31", Some("2027-02-27")).reply();
        assert_eq!(
            filed(&mut country, kind, "2026-08-31", Some("2027-02-26")).code(),
            "MED-2006",
            "28 February, less a day"
        );
    }
    filed(&mut country, LongStay, "2026-11-24", Some("2026-11-24")).reply();
    for (from, code) in
        [("2025-11-24", None), ("2025-11-23", Some("MED-2006")), ("2027-11-24", None), ("2027-11-25", Some("MED-2006"))]
    {
        let called = filed(&mut country, LongStay, from, None);
        assert_eq!(code, matches!(called, Called::Refused(_)).then_some("MED-2006"), "{from}");
    }

    // From the day of discharge on, it is in force for the stay; from the day after, it is not.
    for (from, to, code) in [
        ("2026-11-20", None, None),
        ("2026-11-21", None, Some("MED-2005")),
        ("2026-11-10", Some("2026-11-20"), None),
        ("2026-11-01", None, None),
        ("2026-11-10", Some("2026-11-19"), Some("MED-2005")),
    ] {
        let mut country = Country::unfiled();
        let stay = country.admitted("2026-11-10");
        country.add(stay, "1", vec![care("1", "2026-11-12", 100)]).reply();
        country.discharge(stay, "2026-11-20").reply();
        filed(&mut country, LongStay, from, to).reply();
        let quoted = country.quote(stay, "1", false);
        assert_eq!(code, matches!(quoted, Called::Refused(_)).then_some("MED-2005"), "{from} {to:?}");
    }
}

/// A hospital of another province sees how the filing stands that it asked for, and files anew in its place; to revoke it is home's.
#[test]
fn a_hospital_elsewhere_sees_its_filing_and_replaces_it() {
    let mut country = Country::unfiled();
    let asked = |country: &mut Country, wish| country.region.ask("310000", HOSPITAL, None, Command::File(wish));
    let seen = |country: &Country, filing| {
        let asked = persons::asked_filing(country.region.view("310000"), filing).expect("readable").expect("asked for");
        assert_eq!(asked.institution, HOSPITAL);
        let filing = asked.filing.expect("answered");
        (filing.kind, filing.status)
    };
    use FilingKind::{LongStay, TempReferred, TempSelf};
    use FilingStatus::{Active, Revoked, Superseded, Suspended};
    assert_eq!(asked(&mut country, wish(TempSelf, "2026-11-24", Some("2026-12-24"))).code(), "MED-2006");
    let Reply::Filed(first) = asked(&mut country, wish(TempSelf, "2026-11-24", None)).reply() else { panic!("filed") };
    assert_eq!(seen(&country, first.filing), (TempSelf, Active));
    let wish = |kind, from| wish(kind, from, None);
    let Reply::Filed(second) = asked(&mut country, wish(TempReferred, "2026-11-24")).reply() else { panic!("filed") };
    assert_eq!(seen(&country, first.filing), (TempSelf, Superseded));
    asked(&mut country, wish(LongStay, "2026-11-25")).reply();
    assert_eq!(seen(&country, second.filing), (TempReferred, Active), "partly covered: it holds until then");

    let filing = second.filing;
    let here = country.region.call("310000", HOSPITAL, None, Command::MoveFiling { filing, status: Revoked });
    assert_eq!(here.code(), "MED-1010", "home's clerk does that");
    for status in [Suspended, Active, Revoked] {
        country.region.call("330000", "pool", None, Command::MoveFiling { filing, status }).reply();
        country.region.carry_all();
        assert_eq!(seen(&country, filing), (TempReferred, status));
    }
    let gone = Command::MoveFiling { filing: first.filing, status: Active };
    assert_eq!(country.region.call("330000", "pool", None, gone).code(), "MED-2006", "superseded for good");
    let unknown = Command::MoveFiling { filing: uuid::Uuid::nil(), status: Active };
    assert_eq!(country.region.call("330000", "pool", None, unknown).code(), "MED-2014");
    assert_eq!(country.region.replay_differences(), [], "views equal replay");
}

/// A hospital of the home jurisdiction takes back what it has filed, and nothing else.
#[test]
fn a_hospital_at_home_revokes_only_what_it_has_filed() {
    let mut country = Country::unfiled();
    const AT_HOME: &str = "H33010200001";
    let mut institution = super::country::institution(AT_HOME);
    if let Message::Institution(institution) = &mut institution {
        institution.division = division("330102");
    }
    country.publish("330000", "330000", institution);
    let clerks = country.filed(wish(FilingKind::LongStay, "2026-01-01", None)).filing;
    let own =
        country.region.call("330000", AT_HOME, None, Command::File(wish(FilingKind::TempReferred, "2026-11-24", None)));
    let Reply::Filed(own) = own.reply() else { panic!("filed") };
    let mut revoke = |filing| {
        let revoke = Command::MoveFiling { filing, status: FilingStatus::Revoked };
        country.region.call("330000", AT_HOME, None, revoke)
    };
    assert_eq!(revoke(clerks).code(), "MED-1010");
    revoke(own.filing).reply();
    assert_eq!(
        country.statuses(),
        [(FilingKind::LongStay, FilingStatus::Active), (FilingKind::TempReferred, FilingStatus::Revoked)]
    );
}

/// 50 % of what is eligible, at most 60.00 a year, for the disease M01.
fn with_chronic() -> Country {
    let disease = r#"
[[chronic]]
id = "hypertension"
codes = ["M01"]
name_zh = "高血压"
name_en = "hypertension"
ratios = [{ class = "*", level = "*", ratio = "0.5" }]
cap = [{ class = "*", level = "*", amount = "60.00" }]

[filings]"#;
    let pack = HANGZHOU
        .replacen("\n[filings]", disease, 1)
        .replace(r#"care_types = ["11", "13"]"#, r#"care_types = ["11", "13", "14"]"#);
    let mut country = Country::with_pack(&pack);
    country.file(FilingKind::LongStay);
    country
}

#[test]
fn chronic_care_needs_its_registration_and_has_a_ratio_and_a_cap_of_its_own() {
    let mut country = with_chronic();
    for number in 0..3 {
        country.settled(&format!("before-{number}"));
    }
    let bill = |message_id: &str, disease: Option<&str>| {
        let mut bill = super::country::bill(message_id);
        bill.visit.care_type = CareType::ChronicOutpatient;
        bill.visit.disease = disease.map(str::to_owned);
        Command::SettleBill(Box::new(bill))
    };
    let mut refused = |key: &str, disease| country.region.ask("310000", HOSPITAL, Some(key), bill(key, disease)).code();
    assert_eq!(refused("c-1", None), "MED-1002");
    assert_eq!(refused("c-2", Some("M01")), "MED-2013", "not registered");
    let register = |disease: &str| {
        Command::RegisterChronic(ChronicWish {
            home_area: division("330100"),
            certificate: certificate(),
            scheme: Scheme::Employee,
            disease: disease.to_owned(),
            valid_from: date("2026-11-24"),
        })
    };
    assert_eq!(country.region.ask("310000", HOSPITAL, None, register("M99")).code(), "MED-2012");
    country.region.ask("310000", HOSPITAL, None, register("M01")).reply();
    let mut paid = |key: &str| {
        let called = country.region.ask("310000", HOSPITAL, Some(key), bill(key, Some("M01")));
        match called.reply() {
            Reply::Settled(settled) => settled.fund_total_fen,
            other => panic!("settled, not {other:?}"),
        }
    };
    // 20.00 + 200.00 × 95 % (乙) are eligible, less what is left of the deductible; half of it, at most 60.00.
    let (first, second) = (paid("c-3"), paid("c-4"));
    assert_eq!(first + second, fen("60.00"), "the cap of the disease");
    country.check_books(5, 0);
}
