//! Stays: from admission over the details of many days to the settlement of the discharge, in one or in parts.

use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_medical::command::{Command, Reply, SettledReply, VisitWish};
use huitong_medical::model::filing::FilingKind;
use huitong_medical::model::lines::Line;
use huitong_medical::model::message::{Message, Quote};
use huitong_medical::model::person::CareType;
use huitong_medical::query::visits;
use huitong_service_kit::harness::Called;
use uuid::Uuid;

use super::calculation::fen;
use super::country::{Country, HOSPITAL, insured, line, visit};

pub const HANGZHOU: &str = include_str!("../../../../../regions/yangtze/policies/330100-employee-2025.toml");

pub fn date(text: &str) -> Date {
    text.parse().expect("a date of the story")
}

pub fn on(day: &str, line: Line) -> Line {
    Line { day: date(day), ..line }
}

/// So many consultations of 20.00 (甲), as bulk of a stay.
pub fn care(number: &str, day: &str, quantity: i64) -> Line {
    let amount = Fen(quantity * 2_000).yuan();
    on(day, line(number, "F002431", &quantity.to_string(), "20.00", &amount))
}

pub fn admission(began_on: &str) -> VisitWish {
    VisitWish { care_type: CareType::Inpatient, began_on: Some(date(began_on)), ..visit() }
}

impl Country {
    pub fn admit(&mut self, began_on: &str) -> Called<Reply> {
        self.region.ask("310000", HOSPITAL, None, Command::OpenVisit(admission(began_on)))
    }

    pub fn admitted(&mut self, began_on: &str) -> Uuid {
        match self.admit(began_on).reply() {
            Reply::Visit { visit, .. } => visit,
            other => panic!("a visit, not {other:?}"),
        }
    }

    pub fn add(&mut self, visit: Uuid, batch: &str, lines: Vec<Line>) -> Called<Reply> {
        let add = Command::AddLines { visit, batch: batch.to_owned(), replaces: false, lines };
        self.region.call("310000", HOSPITAL, None, add)
    }

    pub fn discharge(&mut self, visit: Uuid, ended_on: &str) -> Called<Reply> {
        let discharge = Command::Discharge { visit, ended_on: date(ended_on), details: None };
        let called = self.region.call("310000", HOSPITAL, None, discharge);
        self.region.carry_all();
        called
    }

    pub fn quote(&mut self, visit: Uuid, batch: &str, interim: bool) -> Called<Reply> {
        let batch = batch.to_owned();
        let ask = Command::AskQuote { visit, batch, interim, account_wanted: false, total: None };
        self.region.ask("310000", HOSPITAL, None, ask)
    }

    pub fn quoted(&mut self, visit: Uuid, batch: &str, interim: bool) -> Quote {
        match self.quote(visit, batch, interim).reply() {
            Reply::Quoted(quote) => *quote,
            other => panic!("a quote, not {other:?}"),
        }
    }

    pub fn settle_quote(&mut self, visit: Uuid, quote: &Quote, key: &str) -> Called<Reply> {
        let command = Command::Settle {
            visit,
            batch: quote.batch.clone(),
            quote: quote.quote,
            message_id: key.to_owned(),
            total: quote.computation.amounts.lines.total_fen,
            sums: None,
        };
        self.region.ask("310000", HOSPITAL, Some(key), command)
    }

    pub fn settle_stay(&mut self, visit: Uuid, batch: &str, interim: bool, key: &str) -> (Quote, SettledReply) {
        let quote = self.quoted(visit, batch, interim);
        match self.settle_quote(visit, &quote, key).reply() {
            Reply::Settled(settled) => (quote, *settled),
            other => panic!("settled, not {other:?}"),
        }
    }

    pub fn cancel(&mut self, settlement: &str) -> Called<Reply> {
        let cancel = Command::Cancel { settlement: settlement.to_owned() };
        self.region.ask("310000", HOSPITAL, None, cancel)
    }

    pub fn take_back_discharge(&mut self, visit: Uuid) -> Called<Reply> {
        let called = self.region.call("310000", HOSPITAL, None, Command::CancelDischarge { visit });
        self.region.carry_all();
        called
    }

    /// Of visited and of home.
    pub fn state(&self, visit: Uuid) -> (String, String) {
        let visited = visits::visited_visit(self.region.view("310000"), visit).expect("readable").expect("known");
        let number = visited.number.expect("home has answered");
        let home = visits::home_visit(self.region.view("330000"), &number).expect("readable").expect("known");
        (visited.state, home.state)
    }
}

pub fn both(state: &str) -> (String, String) {
    (state.to_owned(), state.to_owned())
}

/// Hangzhou, level 3: deductible 800.00, 84 %.
#[test]
fn a_stay_is_settled_as_one_when_the_person_has_left() {
    let mut country = Country::new();
    let visit = country.admitted("2026-11-20");
    country.add(visit, "1", vec![care("1", "2026-11-20", 300)]).reply();
    country.add(visit, "1", vec![care("2", "2026-11-22", 700)]).reply();
    assert_eq!(country.quote(visit, "1", false).code(), "MED-4012", "not discharged");
    assert_eq!(country.discharge(visit, "2026-11-21").code(), "MED-3006", "a line is of a later day");
    country.discharge(visit, "2026-11-23").reply();
    assert_eq!(country.state(visit), both("discharged"));
    let (quote, settled) = country.settle_stay(visit, "1", false, "stay-1");
    assert_eq!(quote.care_date, date("2026-11-23"), "the day of discharge selects pack and year");
    assert_eq!(settled.total_fen, fen("20000.00"));
    assert_eq!(quote.computation.amounts.deductible_fen, fen("800.00"));
    assert_eq!(settled.fund_total_fen, fen("16128.00"), "19 200.00 × 84 %");
    assert_eq!(country.state(visit), both("closed"));
    assert_eq!(country.add(visit, "1", vec![care("3", "2026-11-23", 1)]).code(), "MED-3001");
    country.check_books(1, 0);
}

#[test]
fn a_return_takes_back_from_a_line_of_an_earlier_day_and_never_more_than_was_given() {
    let mut country = Country::new();
    let visit = country.admitted("2026-11-20");
    country.add(visit, "1", vec![care("1", "2026-11-20", 10)]).reply();
    let back =
        |number: &str, quantity: i64| Line { original: Some("1".to_owned()), ..care(number, "2026-11-21", -quantity) };
    assert_eq!(country.add(visit, "1", vec![back("2", 11)]).code(), "MED-3005");
    let Reply::Lines { sums, lines } = country.add(visit, "1", vec![back("2", 4)]).reply() else { panic!("lines") };
    assert_eq!((sums.total_fen, sums.eligible_fen), (fen("120.00"), fen("120.00")));
    assert_eq!(lines[0].number, "1", "what is left of the original is told");
    assert_eq!(country.add(visit, "1", vec![back("3", 7)]).code(), "MED-3005", "six are left");
    assert_eq!(
        country.add(visit, "1", vec![care("2", "2026-11-22", 1)]).code(),
        "MED-3003",
        "a return uses its number"
    );
    assert_eq!(country.add(visit, "2", vec![back("4", 1)]).code(), "MED-3005", "of another batch");
    country.discharge(visit, "2026-11-22").reply();
    let (_, settled) = country.settle_stay(visit, "1", false, "stay-1");
    assert_eq!(settled.total_fen, fen("120.00"));
    country.check_books(1, 0);
}

#[test]
fn an_interim_settlement_takes_the_deductible_and_the_last_one_takes_none() {
    let mut country = Country::new();
    let visit = country.admitted("2026-11-10");
    country.add(visit, "1", vec![care("1", "2026-11-10", 20)]).reply();
    let (_, first) = country.settle_stay(visit, "1", true, "interim-1");
    assert_eq!(first.fund_total_fen, Fen::ZERO, "400.00 of 800.00 are taken");
    country.add(visit, "2", vec![care("2", "2026-11-20", 100)]).reply();
    country.discharge(visit, "2026-11-22").reply();
    let (quote, last) = country.settle_stay(visit, "2", false, "stay-2");
    assert_eq!(quote.computation.amounts.deductible_fen, fen("400.00"), "what is left of it");
    assert_eq!(last.fund_total_fen, fen("1344.00"), "1 600.00 × 84 %");
    country.check_books(2, 0);
    assert_eq!(country.cancel(&first.settlement).code(), "MED-4016", "the last one first");
    country.cancel(&last.settlement).reply();
    assert_eq!(country.state(visit), both("discharged"), "the stay is open again");
    country.cancel(&first.settlement).reply();
    let (quote, _) = country.settle_stay(visit, "1", true, "interim-3");
    assert_eq!(quote.computation.amounts.deductible_fen, fen("400.00"), "as if nothing had been settled");
    let (_, again) = country.settle_stay(visit, "2", false, "stay-4");
    assert_eq!(again.fund_total_fen, last.fund_total_fen);
    country.check_books(4, 2);
}

#[test]
fn a_stay_is_settled_only_when_none_of_its_batches_is_left() {
    let mut country = Country::new();
    let visit = country.admitted("2026-11-20");
    country.add(visit, "1", vec![care("1", "2026-11-20", 1)]).reply();
    country.add(visit, "2", vec![care("2", "2026-11-21", 1)]).reply();
    country.discharge(visit, "2026-11-22").reply();
    assert_eq!(country.quote(visit, "2", false).code(), "MED-4012", "batch 1 is not settled");
    country.settle_stay(visit, "1", true, "interim-1");
    country.settle_stay(visit, "2", false, "stay-2");
    country.check_books(2, 0);
}

#[test]
fn nobody_is_admitted_twice_and_an_admission_can_be_taken_back() {
    let mut country = Country::new();
    let visit = country.admitted("2026-11-20");
    assert_eq!(country.admit("2026-11-21").code(), "MED-3002");
    let cancel = Command::CancelVisit { visit };
    country.region.call("310000", HOSPITAL, None, cancel).reply();
    country.region.carry_all();
    assert_eq!(country.state(visit), both("cancelled"));
    let second = country.admitted("2026-11-21");
    country.add(second, "1", vec![care("1", "2026-11-21", 1)]).reply();
    country.settle_stay(second, "1", true, "interim-1");
    let cancel = Command::CancelVisit { visit: second };
    assert_eq!(country.region.call("310000", HOSPITAL, None, cancel).code(), "MED-3010", "something is settled");
    assert_eq!(country.admit("2026-01-01").code(), "MED-1005", "registered too late");
    assert_eq!(country.admit("2026-11-25").code(), "MED-1005", "tomorrow");
}

#[test]
fn a_discharge_can_be_taken_back_until_it_is_settled() {
    let mut country = Country::new();
    let visit = country.admitted("2026-11-20");
    country.add(visit, "1", vec![care("1", "2026-11-20", 1)]).reply();
    country.discharge(visit, "2026-11-21").reply();
    assert_eq!(country.add(visit, "1", vec![care("2", "2026-11-22", 1)]).code(), "MED-3006", "after the discharge");
    let quote = country.quoted(visit, "1", false);
    country.take_back_discharge(visit).reply();
    assert_eq!(country.state(visit), both("open"));
    assert_eq!(country.settle_quote(visit, &quote, "stay-1").code(), "MED-4012", "the person lies in hospital again");
    country.add(visit, "1", vec![care("2", "2026-11-22", 1)]).reply();
    country.discharge(visit, "2026-11-22").reply();
    country.settle_stay(visit, "1", false, "stay-2");
    assert_eq!(country.take_back_discharge(visit).code(), "MED-3011");
    country.check_books(1, 0);
}

/// Half of the deductible for the second admission, none for later ones.
#[test]
fn the_second_admission_of_the_year_pays_half_and_the_third_nothing() {
    let rule = "kind = \"per_admission\"\nrepeat_admissions = [{ factor = \"0.5\" }, { amount = \"0.00\" }]";
    let mut country = Country::with_pack(&HANGZHOU.replace("kind = \"per_visit\"", rule));
    country.file(FilingKind::LongStay);
    let mut taken = Vec::new();
    let mut settlements = Vec::new();
    for number in 0..3 {
        let visit = country.admitted("2026-11-20");
        country.add(visit, "1", vec![care("1", "2026-11-20", 100)]).reply();
        country.discharge(visit, "2026-11-21").reply();
        let (quote, settled) = country.settle_stay(visit, "1", false, &format!("stay-{number}"));
        taken.push(quote.computation.amounts.deductible_fen);
        settlements.push((visit, settled.settlement));
    }
    assert_eq!(taken, [fen("800.00"), fen("400.00"), Fen::ZERO]);
    let (visit, last) = &settlements[2];
    country.cancel(last).reply();
    let (quote, _) = country.settle_stay(*visit, "1", false, "stay-again");
    assert_eq!(quote.computation.amounts.deductible_fen, Fen::ZERO, "it is the third admission still");
    country.check_books(4, 1);
}

#[test]
fn a_stay_that_cost_nothing_does_not_make_the_next_admission_cheaper() {
    let rule = "kind = \"per_admission\"\nrepeat_admissions = [{ factor = \"0.5\" }]";
    let mut country = Country::with_pack(&HANGZHOU.replace("kind = \"per_visit\"", rule));
    country.file(FilingKind::LongStay);
    let nothing = country.admitted("2026-11-19");
    country.add(nothing, "1", vec![care("1", "2026-11-19", 1)]).reply();
    let returned = Line { original: Some("1".to_owned()), ..care("2", "2026-11-19", -1) };
    country.add(nothing, "1", vec![returned]).reply();
    country.discharge(nothing, "2026-11-19").reply();
    let (_, settled) = country.settle_stay(nothing, "1", false, "stay-nothing");
    assert_eq!(settled.total_fen, Fen::ZERO);
    let visit = country.admitted("2026-11-20");
    country.add(visit, "1", vec![care("1", "2026-11-20", 100)]).reply();
    country.discharge(visit, "2026-11-21").reply();
    let (quote, _) = country.settle_stay(visit, "1", false, "stay-first");
    assert_eq!(quote.computation.amounts.deductible_fen, fen("800.00"), "the first that cost something");
    country.check_books(2, 0);
}

/// The insurance year begins in the middle of November.
fn with_year(rule: &str) -> Country {
    let pack =
        HANGZHOU.replace("year_start = \"01-01\"", &format!("year_start = \"11-15\"\nstay_across_year = \"{rule}\""));
    let mut country = Country::with_pack(&pack);
    country.file(FilingKind::LongStay);
    country
}

#[test]
fn a_stay_across_the_insurance_year_is_cut_where_the_pack_says_so() {
    let mut country = with_year("interim_at_year_end");
    let visit = country.admitted("2026-11-10");
    country.add(visit, "1", vec![care("1", "2026-11-12", 100), care("2", "2026-11-18", 100)]).reply();
    country.discharge(visit, "2026-11-20").reply();
    assert_eq!(country.quote(visit, "1", false).code(), "MED-3009", "fees of two years");
    let revoke = Command::RevokeLines { visit, batch: "1".to_owned() };
    country.region.call("310000", HOSPITAL, None, revoke).reply();
    country.add(visit, "1", vec![care("1", "2026-11-12", 100)]).reply();
    country.add(visit, "2", vec![care("2", "2026-11-18", 100)]).reply();
    let (first, _) = country.settle_stay(visit, "1", true, "interim-1");
    let (last, _) = country.settle_stay(visit, "2", false, "stay-2");
    assert_eq!((first.computation.insurance_year, last.computation.insurance_year), (2025, 2026));
    country.check_books(2, 0);

    let mut country = with_year("one_at_discharge");
    let visit = country.admitted("2026-11-10");
    country.add(visit, "1", vec![care("1", "2026-11-12", 100), care("2", "2026-11-18", 100)]).reply();
    country.discharge(visit, "2026-11-20").reply();
    let (quote, _) = country.settle_stay(visit, "1", false, "stay-1");
    assert_eq!(quote.computation.insurance_year, 2026, "all of it is of the year of the discharge");
}

#[test]
fn insurance_that_ends_during_a_stay_is_refused_or_settled_up_to_that_day() {
    let mut suspended = insured();
    (suspended.suspended_from, suspended.version) = (Some(date("2026-11-18")), 2);
    let admitted = |rule: &str| {
        let pack = HANGZHOU.replace(
            "grade = \"unconfirmed\"\nlevels",
            &format!("grade = \"unconfirmed\"\nmidstay_change = \"{rule}\"\nlevels"),
        );
        let mut country = Country::with_pack(&pack);
        country.file(FilingKind::LongStay);
        let visit = country.admitted("2026-11-10");
        country.publish("330000", "330000", Message::Insured(suspended.clone()));
        country.add(visit, "1", vec![care("1", "2026-11-17", 100)]).reply();
        country.add(visit, "2", vec![care("2", "2026-11-18", 100)]).reply();
        country.discharge(visit, "2026-11-20").reply();
        (country, visit)
    };
    let (mut country, visit) = admitted("reject");
    assert_eq!(country.quote(visit, "2", true).code(), "MED-2008");
    let (mut country, visit) = admitted("split");
    country.settle_stay(visit, "1", true, "interim-1");
    assert_eq!(country.quote(visit, "2", true).code(), "MED-2008", "after the insurance has ended");
    country.check_books(1, 0);
}

#[test]
fn the_lines_of_a_long_stay_travel_in_parts() {
    let mut country = Country::new();
    let visit = country.admitted("2026-11-20");
    for call in 0..22 {
        let lines = (0..100).map(|index| care(&format!("{call}-{index}"), "2026-11-21", 1)).collect();
        country.add(visit, "1", lines).reply();
    }
    country.discharge(visit, "2026-11-22").reply();
    let (quote, settled) = country.settle_stay(visit, "1", false, "stay-1");
    assert_eq!(settled.total_fen, fen("44000.00"));
    assert_eq!(quote.computation.class, "employed");
    country.check_books(1, 0);
}

/// 3.2: filed before the discharge is settled, a filing counts, also for days that are past.
#[test]
fn what_is_filed_before_the_discharge_is_settled_counts_and_what_comes_after_is_too_late() {
    let mut country = Country::unfiled();
    let visit = country.admitted("2026-11-10");
    country.add(visit, "1", vec![care("1", "2026-11-12", 100)]).reply();
    country.discharge(visit, "2026-11-20").reply();
    assert_eq!(country.quote(visit, "1", false).code(), "MED-2005", "not filed");
    country.file(FilingKind::TempSelf);
    let quote = country.quoted(visit, "1", false);
    assert_eq!(quote.computation.amounts.fund_total_fen, fen("705.60"), "1 200.00 × 84 % × 0.70");
    let long = quote.alternatives.iter().find(|other| other.filing == FilingKind::LongStay).expect("possible");
    assert_eq!((long.fund_total_fen, long.gain_fen), (fen("1008.00"), fen("302.40")));
    assert_eq!(quote.at_home_fen, Some(fen("1008.00")));
    country.file(FilingKind::LongStay);
    assert_eq!(country.settle_quote(visit, &quote, "stay-1").code(), "MED-4003", "a better filing: a new offer");
    let (_, settled) = country.settle_stay(visit, "1", false, "stay-2");
    assert_eq!(settled.fund_total_fen, fen("1008.00"));
    assert_eq!(country.try_file(FilingKind::TempReferred).code(), "MED-2007", "discharged and settled");
    country.check_books(1, 0);
}
