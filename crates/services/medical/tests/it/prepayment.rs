//! Prepayments: home fixes a quota, both sides watch it, more is asked for in an emergency; and what is posted to a hospital's account.

use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_ledger::{AccountCode, book};
use huitong_medical::command::{Command, Reply};
use huitong_medical::event::HospitalPosting;
use huitong_medical::model::prepayment::RaiseState;
use huitong_medical::query::prepayment::{Quota, quota, raise, used};
use huitong_medical::query::settlements::Role;
use uuid::Uuid;

use super::calculation::fen;
use super::country::{Country, HOSPITAL, division};
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
