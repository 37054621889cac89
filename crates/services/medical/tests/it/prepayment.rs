//! Prepayments: home fixes a quota, both sides watch it, more is asked for in an emergency; and what is posted to a hospital's account.

use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_ledger::{AccountCode, book};
use huitong_medical::command::{Command, Reply, SettledReply};
use huitong_medical::event::HospitalPosting;
use huitong_medical::model::prepayment::{RaiseState, band};
use huitong_medical::query::prepayment::{Quota, quota, raise, used};
use huitong_medical::query::settlements::Role;
use uuid::Uuid;

use super::calculation::fen;
use super::country::{Country, HOSPITAL, division};
use super::lanes::{HOME, VISITED, cut, paid};
use super::settlement::used_up_deductible;

const SHANGHAI: &str = "310000";
const ZHEJIANG: &str = "330000";

impl Country {
    fn set_quota(&mut self, amount: &str) -> huitong_service_kit::harness::Called<Reply> {
        let set = Command::SetQuota { peer: division(SHANGHAI), year: 2026, amount: fen(amount) };
        let called = self.region.call(ZHEJIANG, "pool", None, set);
        self.region.carry_all();
        called
    }

    /// What each side knows of the quota.
    #[track_caller]
    fn quotas(&self) -> [Quota; 2] {
        let of = |node: &str, role, peer: &str| {
            quota(self.region.view(node), role, division(peer), 2026).expect("readable").expect("a quota")
        };
        [of(ZHEJIANG, Role::Home, SHANGHAI), of(SHANGHAI, Role::Visited, ZHEJIANG)]
    }

    fn alarms(&self, node: &str) -> Vec<String> {
        let sql = "SELECT sentence FROM alarm ORDER BY sequence, ordinal LIMIT 100";
        self.region.view(node).all(sql, [], |row| row.get(0)).expect("readable")
    }
}

impl Country {
    /// What both sides have used; each has the band of it.
    #[track_caller]
    fn check_bands(&self) -> u8 {
        let [home, visited] = self.quotas();
        let used = |node: &str, role, peer: &str| {
            used(self.region.view(node), role, division(peer), division(node)).expect("readable")
        };
        let (at_home, at_visited) = (used(ZHEJIANG, Role::Home, SHANGHAI), used(SHANGHAI, Role::Visited, ZHEJIANG));
        assert_eq!(at_home, at_visited, "both measure the same");
        assert_eq!((home.band, visited.band), (band(at_home, home.quota_fen), band(at_visited, visited.quota_fen)));
        home.band
    }

    /// Bills until the band is reached.
    #[track_caller]
    fn rise_to(&mut self, band: u8, name: &str) -> Vec<SettledReply> {
        let mut settled = Vec::new();
        while self.check_bands() < band {
            assert!(settled.len() < 20, "the band is never reached");
            settled.push(self.settled(&format!("{name}-{:04}", settled.len())));
        }
        settled
    }

    /// How often the duty officers were told of a prepayment, on each side alike.
    #[track_caller]
    fn times_told(&self) -> usize {
        let [home, visited] = [ZHEJIANG, SHANGHAI]
            .map(|node| self.alarms(node).iter().filter(|text| text.contains("prepayment")).count());
        assert_eq!(home, visited);
        home
    }
}

#[test]
fn the_band_falls_with_all_that_is_given_back_and_the_next_rise_is_told_again() {
    type TakeBack = fn(&SettledReply) -> Command;
    let ways: [TakeBack; 3] = [
        |settled| Command::Cancel { settlement: settled.settlement.clone() },
        |settled| Command::Refund { settlement: settled.settlement.clone() },
        |settled| Command::Reverse { message_id: settled.message_id.clone() },
    ];
    for (way, take_back) in ways.into_iter().enumerate() {
        let mut country = Country::new();
        used_up_deductible(&mut country);
        country.set_quota("1000.00").reply();
        let mut settled = country.rise_to(90, "first");
        assert_eq!(country.times_told(), 2, "at 70 and at 90 percent");
        let last = settled.pop().expect("a bill");
        country.region.ask(SHANGHAI, HOSPITAL, None, take_back(&last)).reply();
        assert_eq!((country.check_bands(), country.times_told()), (70, 2), "way {way}: on the way down nobody is told");
        settled.extend(country.rise_to(90, "second"));
        assert_eq!(country.times_told(), 3, "way {way}: it rises above 90 percent again");
        for settled in settled.iter().rev() {
            country.region.ask(SHANGHAI, HOSPITAL, None, take_back(settled)).reply();
        }
        assert_eq!((country.check_bands(), country.times_told()), (0, 3));
        country.rise_to(70, "third");
        assert_eq!(country.times_told(), 4, "way {way}: from the beginning");
        assert_eq!(country.region.replay_differences(), [], "views equal replay");
    }
}

#[test]
fn the_band_falls_when_the_month_is_paid_and_a_refund_afterwards_is_measured_too() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    country.set_quota("1000.00").reply();
    let settled = country.rise_to(90, "bill");
    for node in [HOME, VISITED] {
        cut(&mut country, node, "2026-11");
    }
    country.region.carry_all();
    let owed = country.check_books(3 + settled.len() as u64, 0).ledger_fen;
    let parts: Vec<(&str, i64)> = owed.iter().map(|(part, amount)| (part.as_str(), amount.0)).collect();
    for node in [HOME, VISITED] {
        paid(&mut country, node, "2026-11", &parts);
    }
    assert_eq!((country.check_bands(), country.times_told()), (0, 2));
    let refund = Command::Refund { settlement: settled[0].settlement.clone() };
    country.region.ask(SHANGHAI, HOSPITAL, None, refund).reply();
    assert_eq!((country.check_bands(), country.times_told()), (0, 2));
    country.rise_to(70, "later");
    assert_eq!(country.times_told(), 3);
}

#[test]
fn a_quota_below_what_is_used_already_is_told_at_once() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    country.settled("bill-0001");
    country.set_quota("10.00").reply();
    for node in [ZHEJIANG, SHANGHAI] {
        assert!(country.alarms(node).iter().any(|text| text.contains("100 % or more")), "{:?}", country.alarms(node));
    }
}

#[test]
fn both_sides_are_told_when_a_prepayment_is_used_to_seventy_and_ninety_percent_and_when_it_is_used_up() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    country.set_quota("1000.00").reply();
    assert_eq!(country.set_quota("2000.00").code(), "MED-5011", "fixed once a year");
    // Each bill takes some 130 yuan of the funds now.
    for (number, band) in (0..8).zip([0, 0, 0, 0, 0, 70, 90, 100]) {
        country.settled(&format!("bill-{number:04}"));
        let [home, visited] = country.quotas();
        assert_eq!((home.band, visited.band), (band, band), "bill {number}");
    }
    let told = |country: &Country, node: &str| {
        country.alarms(node).into_iter().filter(|text| text.contains("prepayment")).collect::<Vec<_>>()
    };
    for node in [ZHEJIANG, SHANGHAI] {
        assert_eq!(told(&country, node).len(), 3, "once each: {:?}", told(&country, node));
    }
    let own = |node: &str, role, peer: &str| {
        used(country.region.view(node), role, division(peer), division(node)).expect("readable")
    };
    assert_eq!(own(ZHEJIANG, Role::Home, SHANGHAI), own(SHANGHAI, Role::Visited, ZHEJIANG), "both measure the same");
    // What is taken back is free again, and used up once more it is told once more.
    let last = country.settled("bill-0007").settlement;
    country.cancel(&last).reply();
    assert_eq!(country.quotas().map(|quota| quota.band), [90, 90]);
    country.settled("bill-0008");
    for node in [ZHEJIANG, SHANGHAI] {
        assert_eq!(told(&country, node).len(), 4, "{:?}", told(&country, node));
    }
    country.check_books(12, 1);
}

#[test]
fn a_raise_is_asked_for_granted_in_part_and_known_on_both_sides() {
    let mut country = Country::new();
    let ask = || Command::AskRaise { peer: division(ZHEJIANG), amount: fen("500.00"), reason: "疫情".to_owned() };
    assert_eq!(country.region.call(SHANGHAI, "pool", None, ask()).code(), "MED-5012", "no quota yet");
    country.set_quota("1000.00").reply();
    let asked = country.region.call(SHANGHAI, "pool", None, ask()).reply();
    let Reply::RaiseAsked { raise: id } = asked else { panic!("a raise, not {asked:?}") };
    country.region.carry_all();
    country.region.pass(DurationMs::minutes(10 * 24 * 60));
    assert!(country.alarms(ZHEJIANG).iter().any(|text| text.contains("overdue")), "nobody has answered");
    let answer = |amount: &str| Command::AnswerRaise { raise: id, amount: fen(amount) };
    country.region.call(ZHEJIANG, "pool", None, answer("300.00")).reply();
    country.region.carry_all();
    let [home, visited] = country.quotas();
    assert_eq!((home.quota_fen, visited.quota_fen), (fen("1300.00"), fen("1300.00")));
    let state = |node: &str| raise(country.region.view(node), id).expect("readable").expect("known");
    for node in [ZHEJIANG, SHANGHAI] {
        assert_eq!((state(node).state, state(node).granted_fen), (RaiseState::Raised, fen("300.00")));
    }
    assert_eq!(country.region.call(ZHEJIANG, "pool", None, answer("1.00")).code(), "MED-5013", "it is answered");
    let unknown = Command::AnswerRaise { raise: Uuid::nil(), amount: Fen::ZERO };
    assert_eq!(country.region.call(ZHEJIANG, "pool", None, unknown).code(), "MED-5013");
    country.check_books(0, 0);
}

#[test]
fn a_hospital_s_account_is_paid_cut_and_corrected_by_group_and_the_book_balances() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    let settled = country.settled("bill-0001");
    let mut post = |posting, amount: &str, reference: &str| {
        let post = Command::PostHospital {
            institution: HOSPITAL.to_owned(),
            posting,
            amount: fen(amount),
            reference: reference.to_owned(),
        };
        country.region.call(SHANGHAI, "pool", None, post)
    };
    post(HospitalPosting::Paid, "100.00", "v-1").reply();
    post(HospitalPosting::AuditCut, "20.00", "v-2").reply();
    post(HospitalPosting::GroupDifference, "-5.00", "v-3").reply();
    assert_eq!(post(HospitalPosting::Paid, "100.00", "v-1").code(), "MED-5014", "a voucher counts once");
    assert_eq!(post(HospitalPosting::Paid, "-1.00", "v-4").code(), "MED-1004");
    let owed = AccountCode::new(&["payable", "hospital", HOSPITAL]);
    let balance = book::balance(country.region.view(SHANGHAI), &owed).expect("readable");
    let all = country.check_books(4, 0).fund_total_fen;
    assert_eq!(balance.credits_posted - balance.debits_posted, all - fen("125.00"));
    assert!(settled.fund_total_fen > Fen::ZERO);
}
