//! The worked examples of the specification (4.4), to the fen.

use huitong_kernel::money::Fen;
use huitong_medical::model::accumulators::Accumulators;
use huitong_medical::model::amounts::LineSums;
use huitong_medical::model::filing::FilingKind;
use huitong_medical::model::person::{CareType, HospitalLevel, PersonFacts};
use huitong_medical::model::policy::Pack;
use huitong_medical::model::settle::{ADMISSIONS, AccountBalances, Case, Computation, StaySoFar, compute};
use huitong_service_kit::toml_data::json_text;

pub fn fen(yuan: &str) -> Fen {
    yuan.parse().expect("an amount of the story")
}

pub fn pack(toml: &str) -> Pack {
    let json = json_text(toml).expect("the pack is TOML");
    serde_json::from_str(&json).expect("the pack has the right shape")
}

pub fn employee() -> PersonFacts {
    PersonFacts {
        birth_date: "1985-03-01".parse().expect("a date"),
        retired: false,
        work_start_date: None,
        student: false,
        family_doctor: false,
    }
}

pub fn case(total: &str, own: &str, pre: &str, filing: FilingKind) -> Case {
    let (total, own, pre) = (fen(total), fen(own), fen(pre));
    Case {
        facts: employee(),
        care_type: CareType::Outpatient,
        level: HospitalLevel::Three,
        care_date: "2026-03-10".parse().expect("a date"),
        visited_area: "310000".parse().expect("a code"),
        filing,
        sums: LineSums {
            total_fen: total,
            own_fen: own,
            over_fen: Fen::ZERO,
            pre_fen: pre,
            eligible_fen: total - own - pre,
        },
        accounts: AccountBalances::default(),
        account_wanted: false,
        accumulators: Accumulators::default(),
        disease: None,
        stay: StaySoFar::default(),
    }
}

/// An employee's pack of Nanjing as the examples use it: no exempt area; outpatient 60 % without deductible, inpatient
/// 88 % after 1 000.00, half for the second admission.
fn nanjing(referred: &str, not_filed: &str) -> Pack {
    pack(&format!(
        r#"
        area = "320100"
        scheme = "employee"
        version = "test"
        valid_from = "2023-01-01"
        year_start = "01-01"
        grade = "secondary"
        levels = ["3", "3top"]
        sources = []
        examples = []
        [[person_classes]]
        id = "employed"
        [[deductibles]]
        id = "outpatient"
        care_types = ["11"]
        kind = "per_year"
        amounts = [{{ class = "*", level = "*", amount = "0.00" }}]
        [[deductibles]]
        id = "inpatient"
        care_types = ["21"]
        kind = "per_admission"
        amounts = [{{ class = "*", level = "*", amount = "1000.00" }}]
        repeat_admissions = [{{ factor = "0.5" }}, {{ amount = "0.00" }}]
        [[funds]]
        id = "pool"
        fund_pay_type = "310101"
        field = "pool"
        name_zh = "统筹基金"
        name_en = "pool"
        base = "after_deductible"
        care_types = ["11"]
        adjusted_by_filing = true
        bands = [{{ from = "0.00", ratios = [{{ class = "*", level = "*", ratio = "0.6" }}] }}]
        [[funds]]
        id = "pool_inpatient"
        fund_pay_type = "310101"
        field = "pool"
        name_zh = "统筹基金"
        name_en = "pool"
        base = "after_deductible"
        care_types = ["21"]
        adjusted_by_filing = true
        bands = [{{ from = "0.00", ratios = [{{ class = "*", level = "*", ratio = "0.88" }}] }}]
        [filings]
        long_stay = {{ direct = true, adjust = "none" }}
        temp_referred = {{ direct = true, adjust = {referred} }}
        temp_self = {{ direct = true, adjust = {not_filed} }}
        [accounts]
        order = ["deductible", "pool", "account_history", "cash"]
        pays = "in_scope"
        mutual_aid_inside_account = true
        "#
    ))
}

fn check(computation: &Computation, funds: &str, person: &str) {
    assert_eq!(computation.amounts.fund_total_fen, fen(funds), "funds");
    assert_eq!(computation.amounts.person_total_fen, fen(person), "person");
}

#[test]
fn a1_an_employee_of_shanghai_at_a_tertiary_hospital_in_jiaxing() {
    let pilot = pack(include_str!("../../../../../regions/yangtze/policies/310100-employee-2018.toml"));
    let mut case = case("350.00", "50.00", "20.00", FilingKind::LongStay);
    case.facts.birth_date = "1978-03-01".parse().expect("a date");
    case.care_date = "2018-11-05".parse().expect("a date");
    case.visited_area = "330400".parse().expect("a code");
    case.accumulators.amounts.insert("deductible/outpatient".to_owned(), fen("1400.00"));
    let computation = compute(&pilot, &case).expect("the pilot pack settles it");
    assert_eq!(computation.class, "employed_to_44");
    assert_eq!(computation.amounts.deductible_fen, fen("100.00"));
    check(&computation, "90.00", "260.00");
}

#[test]
fn a2_one_bill_under_five_effects_of_filing() {
    let (points, factors) = (
        nanjing("{ points = \"0.1\" }", "{ points = \"0.2\" }"),
        nanjing("{ factor = \"0.9\" }", "{ factor = \"0.7\" }"),
    );
    let settle =
        |pack: &Pack, filing| compute(pack, &case("612.35", "0.00", "10.62", filing)).expect("the pack settles it");
    check(&settle(&points, FilingKind::LongStay), "361.04", "251.31");
    check(&settle(&points, FilingKind::TempReferred), "300.87", "311.48");
    check(&settle(&factors, FilingKind::TempReferred), "324.93", "287.42");
    check(&settle(&points, FilingKind::TempSelf), "240.69", "371.66");
    check(&settle(&factors, FilingKind::TempSelf), "252.73", "359.62");
}

#[test]
fn a2_without_any_filing_the_pack_forbids_direct_settlement() {
    let pack = nanjing("{ points = \"0.1\" }", "{ points = \"0.2\" }");
    let refused = compute(&pack, &case("612.35", "0.00", "10.62", FilingKind::None)).expect_err("not filed");
    assert_eq!(refused.code, "MED-2005");
}

#[test]
fn a3_the_second_admission_pays_half_the_deductible() {
    let pack = nanjing("\"none\"", "\"none\"");
    let mut case = case("48650.40", "1230.00", "1800.00", FilingKind::LongStay);
    case.care_type = CareType::Inpatient;
    case.accumulators.amounts.insert(ADMISSIONS.to_owned(), Fen(1));
    let computation = compute(&pack, &case).expect("the pack settles it");
    assert_eq!(computation.amounts.deductible_fen, fen("500.00"));
    check(&computation, "39705.95", "8944.45");
    case.accumulators.amounts.insert(ADMISSIONS.to_owned(), Fen(2));
    assert_eq!(compute(&pack, &case).expect("settles").amounts.deductible_fen, Fen::ZERO, "the last entry repeats");
}

#[test]
fn the_account_pays_the_own_part_inside_the_scope_and_the_current_year_first_where_the_pack_says_so() {
    let pack = nanjing("\"none\"", "\"none\"");
    let mut with_account = case("612.35", "100.00", "10.62", FilingKind::LongStay);
    with_account.account_wanted = true;
    with_account.accounts.history_fen = fen("5000.00");
    let amounts = compute(&pack, &with_account).expect("settles").amounts;
    // E = 501.73, fund 301.04 (301.038), own part inside the scope 200.69; 110.62 outside it are cash.
    assert_eq!((amounts.account_fen, amounts.cash_fen), (fen("200.69"), fen("110.62")));

    let pilot = self::pack(include_str!("../../../../../regions/yangtze/policies/310100-employee-2018.toml"));
    let mut pilot_case = case("350.00", "50.00", "20.00", FilingKind::LongStay);
    pilot_case.care_date = "2018-11-05".parse().expect("a date");
    pilot_case.visited_area = "330400".parse().expect("a code");
    pilot_case.accounts.current_fen = fen("80.00");
    pilot_case.accumulators.amounts.insert("deductible/outpatient".to_owned(), fen("1400.00"));
    let computation = compute(&pilot, &pilot_case).expect("settles");
    // 80.00 from the current account, then 100.00 deductible, then (280 − 80 − 100) × 50 % = 50.00.
    assert_eq!(computation.account_current_fen, fen("80.00"));
    check(&computation, "50.00", "300.00");
}

#[test]
fn a_crossed_cap_spills_cost_to_the_fund_that_the_pack_names() {
    let mut toml = include_str!("../../../../../regions/yangtze/policies/320100-employee-2023.toml").to_owned();
    toml = toml.replace("funds = [\"pool\"]", "funds = [\"pool\"]\nspill_to = \"large\"");
    toml.push_str(
        r#"
        [[funds]]
        id = "large"
        fund_pay_type = "310301"
        field = "large_amount"
        name_zh = "职工大额"
        name_en = "large amount"
        base = "spill"
        care_types = ["11"]
        adjusted_by_filing = false
        bands = [{ from = "0.00", ratios = [{ class = "*", level = "*", ratio = "0.8" }] }]
        "#,
    );
    let pack = pack(&toml);
    let mut case = case("10000.00", "0.00", "0.00", FilingKind::LongStay);
    case.accumulators.amounts.insert("cap/outpatient".to_owned(), fen("14500.00"));
    let computation = compute(&pack, &case).expect("settles");
    let paid: Vec<Fen> = computation.amounts.funds.iter().map(|fund| fund.paid_fen).collect();
    // 60 % of 10 000 is 6 000, room 500.00: 833.33 of cost used, 9 166.67 spill at 80 % = 7 333.34 (7 333.336).
    assert_eq!(paid, [fen("500.00"), fen("7333.34")]);
    check(&computation, "7833.34", "2166.66");
}

#[test]
fn serious_illness_counts_the_own_cost_of_the_whole_year() {
    let mut toml = include_str!("../../../../../regions/yangtze/policies/330400-resident-2023.toml").to_owned();
    toml.push_str(
        r#"
        [[funds]]
        id = "serious"
        fund_pay_type = "390201"
        field = "serious_illness"
        name_zh = "居民大病"
        name_en = "serious illness"
        base = "in_scope_own_year"
        care_types = ["11"]
        adjusted_by_filing = false
        bands = [
            { from = "0.00", to = "20000.00", ratios = [{ class = "*", level = "*", ratio = "0" }] },
            { from = "20000.00", to = "50000.00", ratios = [{ class = "*", level = "*", ratio = "0.6" }] },
            { from = "50000.00", ratios = [{ class = "*", level = "*", ratio = "0.7" }] },
        ]
        "#,
    );
    let pack = pack(&toml);
    let mut case = case("1000.00", "0.00", "0.00", FilingKind::LongStay);
    case.visited_area = "320100".parse().expect("a code");
    case.accumulators.amounts = [
        ("in_scope_own".to_owned(), fen("19900.00")),
        ("cap/outpatient".to_owned(), fen("1200.00")),
        ("deductible/outpatient".to_owned(), fen("200.00")),
    ]
    .into();
    let computation = compute(&pack, &case).expect("settles");
    // The outpatient cap is used up: x goes from 19 900 to 20 900; 900.00 lie above the line, × 60 % = 540.00.
    check(&computation, "540.00", "460.00");
}
