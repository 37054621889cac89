//! The packs and catalogues of the region profile can be published; faulty ones cannot.

use super::calculation::{fen, pack};
use super::stays::{HANGZHOU, date};
use huitong_medical::model::catalogue::{Catalogue, validate as validate_catalogue};
use huitong_medical::model::filing::{Adjustment, FilingKind};
use huitong_medical::model::person::HospitalLevel;
use huitong_medical::model::policy::validate::{Validity, check_sequence, validate, validities, warnings};
use huitong_medical::model::policy::{
    AmountCell, Cap, CellValue, ChronicDisease, Deductible, Fund, FundBase, Grade, Pack, RatioCell, SourceQuote, Waiver,
};
use huitong_service_kit::toml_data::json_text;

fn files(folder: &str) -> Vec<(String, String)> {
    let folder = format!("{}/../../../regions/yangtze/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the region profile is part of the project")
        .map(|entry| entry.expect("readable").path())
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("readable")))
        .collect();
    files.sort();
    files
}

#[test]
fn every_pack_of_the_profile_passes_its_validation_and_its_examples() {
    let files = files("policies");
    assert_eq!(files.len(), 17, "eight cities, employees and residents, and the pilot pack of Shanghai");
    for (name, text) in &files {
        validate(&pack(text)).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
    }
    let shanghai = files.iter().filter(|(name, _)| name.contains("310100-employee"));
    let shanghai: Vec<Pack> = shanghai.map(|(_, text)| pack(text)).collect();
    assert_eq!(check_sequence(validities(&shanghai.iter().collect::<Vec<_>>())), Ok(()));
}

#[test]
fn every_catalogue_of_the_profile_passes_its_validation() {
    for (name, text) in files("catalogues") {
        let json = json_text(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let catalogue: Catalogue = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{name}: {error}"));
        validate_catalogue(&catalogue).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
    }
}

#[track_caller]
fn check_fault(from: &str, to: &str, code: &str) {
    let toml = include_str!("../../../../../regions/yangtze/policies/330100-employee-2025.toml");
    assert!(toml.contains(from), "the fault must change the file");
    let refusal = validate(&pack(&toml.replacen(from, to, 1))).expect_err("a faulty pack is refused");
    assert_eq!(refusal.code, code, "{from} → {to}");
}

#[test]
fn a_faulty_pack_is_refused_with_the_code_of_its_fault() {
    let version = |name: &str| format!("version = \"{name}\"");
    let toml = include_str!("../../../../../regions/yangtze/policies/330100-employee-2025.toml");
    let own = version(&pack(toml).version);
    for name in ["", " ", "a/b", &"v".repeat(33)] {
        check_fault(&own, &version(name), "MED-1012");
    }
    check_fault("valid_from = \"2025-01-01\"", "valid_from = \"2025-01-01\"\nvalid_to = \"2024-01-01\"", "MED-6001");
    check_fault("from = \"0.00\"", "from = \"90.00\"\nto = \"80.00\"", "MED-6002");
    check_fault("ratio = \"0.86\"", "ratio = \"1.2\"", "MED-6002");
    check_fault(
        "temp_referred = { direct = true, adjust = { factor = \"0.90\" } }",
        "temp_referred = { direct = true, adjust = { factor = \"9\" } }",
        "MED-6002",
    );
    check_fault("level = \"2\", ratio = \"0.8\"", "level = \"2\", ratio = \"0.99\"", "MED-6002");
    check_fault("{ class = \"employed\", level = \"*\", amount = \"600.00\" },", "", "MED-6003");
    check_fault("expected_funds = \"", "expected_funds = \"9", "MED-6005");
    check_fault("\"grade_below_confirmed\", ", "", "MED-6008");
}

#[test]
fn funds_that_spill_into_each_other_over_any_of_their_caps_are_refused() {
    let pack = pack(include_str!("../../../../../regions/yangtze/policies/330100-employee-2025.toml"));
    let fund = |id: &str| Fund { id: id.to_owned(), base: FundBase::Spill, ..pack.funds[0].clone() };
    let cap = |id: &str, of: &str, spill_to: Option<&str>| Cap {
        id: id.to_owned(),
        funds: vec![of.to_owned()],
        spill_to: spill_to.map(str::to_owned),
        ..pack.caps[0].clone()
    };
    let looped = Pack {
        funds: [pack.funds.clone(), vec![fund("one"), fund("other")]].concat(),
        caps: vec![
            cap("a", "one", None),
            cap("b", "one", Some("other")),
            cap("c", "other", None),
            cap("d", "other", Some("one")),
        ],
        ..pack.clone()
    };
    assert_eq!(validate(&looped).expect_err("a loop").code, "MED-6002");
}

/// As the pack is published: what does not read is refused with its field.
#[track_caller]
fn check_unread(from: &str, to: &str, code: &str, field: &str) {
    assert!(HANGZHOU.contains(from), "{from}");
    let text = HANGZHOU.replacen(from, to, 1);
    let refusal = Pack::read(&json_text(&text).expect("TOML")).expect_err("a faulty pack is refused");
    assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), (code, Some(field)), "{from} → {to}");
}

#[test]
fn a_pack_that_does_not_read_is_refused_with_its_field() {
    let adjust = "filings.temp_referred.adjust";
    let referred = "temp_referred = { direct = true, adjust = { factor = \"0.90\" } }";
    for unitless in ["adjust = \"0.90\"", "adjust = 10", "adjust = { drop = \"0.1\" }"] {
        let text = format!("temp_referred = {{ direct = true, {unitless} }}");
        check_unread(referred, &text, "MED-6004", adjust);
    }
    check_unread(referred, "temp_referred = { direct = true }", "MED-6004", adjust);
    let malformed = "temp_referred = { direct = true, adjust = { factor = \"0.9x\" } }";
    check_unread(referred, malformed, "MED-1004", "filings.?.adjust.factor");
    let amount = "deductibles[0].amounts[0].amount";
    check_unread("amount = \"600.00\"", "amount = \"-600.00\"", "MED-1004", amount);
    check_unread("amount = \"600.00\"", "amount = \"600.005\"", "MED-1004", amount);
    check_unread("grade = \"unconfirmed\"", "grade = \"unconfirmed\"\nunheard_of = 1", "MED-1013", "unheard_of");
    check_unread("valid_from = \"2025-01-01\"", "valid_from = \"2025-02-30\"", "MED-1005", "valid_from");
    check_unread("version = \"2025.2\"\n", "", "MED-1002", "version");
}

/// The fault, and the place that is named.
#[track_caller]
fn check_place(fault: impl FnOnce(&mut Pack), code: &str, place: &str) {
    let mut faulty = pack(HANGZHOU);
    fault(&mut faulty);
    let refusal = validate(&faulty).expect_err("a faulty pack is refused");
    assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), (code, Some(place)));
}

#[test]
fn what_a_pack_says_twice_is_refused_with_its_place() {
    let repeats = |fault: fn(&mut Pack), place: &str| check_place(fault, "MED-6011", place);
    repeats(
        |pack| {
            let cell = pack.deductibles[0].amounts[0].clone();
            pack.deductibles[0].amounts.push(AmountCell { amount: fen("1.00"), ..cell });
        },
        "deductibles.outpatient, employed/*",
    );
    repeats(
        |pack| {
            let cell = pack.funds[0].bands[0].ratios[0].clone();
            pack.funds[0].bands[0].ratios.push(cell);
        },
        "funds.pool.bands[0], employed/community",
    );
    repeats(|pack| pack.person_classes.push(pack.person_classes[0].clone()), "person_classes.retired_family_doctor");
    repeats(|pack| pack.levels.push(HospitalLevel::Two), "levels.2");
    repeats(|pack| pack.funds.push(pack.funds[0].clone()), "funds.pool");
    repeats(|pack| pack.caps.push(pack.caps[0].clone()), "caps, cap/pool");
    // Only the first of two tables would ever be looked at.
    let second = |pack: &mut Pack| {
        let table = Deductible { id: "other".to_owned(), ..pack.deductibles[0].clone() };
        pack.deductibles.push(table);
    };
    repeats(second, "deductibles, care type 11");
    repeats(|pack| pack.chronic = vec![renal("a", &["M07800", "M07800"])], "chronic, M07800");
    repeats(|pack| pack.chronic = vec![renal("a", &["M07800"]), renal("a", &["M07801"])], "caps, cap/chronic/a");
}

fn renal(id: &str, codes: &[&str]) -> ChronicDisease {
    ChronicDisease {
        id: id.to_owned(),
        codes: codes.iter().map(|code| (*code).to_owned()).collect(),
        name_zh: "肾".to_owned(),
        name_en: "renal".to_owned(),
        ratios: Vec::new(),
        cap: Vec::new(),
    }
}

#[test]
fn cells_of_classes_and_levels_that_the_pack_does_not_have_are_refused() {
    let astray = |fault: fn(&mut Pack), place: &str| check_place(fault, "MED-1012", place);
    astray(
        |pack| {
            let cell = RatioCell { class: "retird".to_owned(), ..pack.funds[0].bands[0].ratios[0].clone() };
            pack.funds[0].bands[0].ratios.push(cell);
        },
        "funds.pool.bands[0]",
    );
    astray(
        |pack| {
            let cell = AmountCell { level: "4".to_owned(), ..pack.deductibles[0].amounts[0].clone() };
            pack.deductibles[0].amounts.push(cell);
        },
        "deductibles.outpatient",
    );
}

#[test]
fn inversions_and_steps_are_found_in_whatever_order_the_levels_are_listed() {
    let listed = |order: [usize; 5]| {
        let mut pack = pack(HANGZHOU);
        pack.levels = order.map(|place| HospitalLevel::ALL[place]).to_vec();
        pack
    };
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 4, 0, 3, 1]] {
        assert_eq!(validate(&listed(order)), Ok(()), "{order:?}");
        let mut rising = listed(order);
        let cell = rising.funds[0].bands[0].ratios.iter_mut().find(|cell| cell.key() == ("employed", "3"));
        cell.expect("a cell of the story").ratio = "0.81".parse().expect("a ratio");
        assert_eq!(validate(&rising).expect_err("it rises").field.as_deref(), Some("ratio_rises:pool"), "{order:?}");
        let mut steep = listed(order);
        let cell = steep.funds[0].bands[0].ratios.iter_mut().find(|cell| cell.key() == ("employed", "3"));
        cell.expect("a cell of the story").ratio = "0.40".parse().expect("a ratio");
        assert!(warnings(&steep).contains(&"ratio_step_above_30:pool".to_owned()), "{order:?}");
    }
}

/// 5.2, the rest of what is refused: each with its code and its place.
#[test]
fn every_rule_of_the_specification_refuses_with_a_place() {
    check_place(|pack| pack.funds[0].bands[0].from = fen("10.00"), "MED-6002", "funds.pool.bands[0]");
    check_place(|pack| pack.caps[0].spill_to = Some("nobody".to_owned()), "MED-6002", "caps.pool");
    check_place(|pack| pack.caps[0].funds.push("nobody".to_owned()), "MED-6002", "caps.pool");
    check_place(|pack| drop(pack.deductibles.pop()), "MED-6003", "deductibles");
    let no_pool = |pack: &mut Pack| pack.funds.retain(|fund| fund.id != "inpatient");
    check_place(
        |pack| {
            no_pool(pack);
            pack.caps.iter_mut().for_each(|cap| cap.funds.retain(|fund| fund != "inpatient"));
        },
        "MED-6003",
        "funds",
    );
    let falls = |pack: &mut Pack| {
        let cell = pack.deductibles[1].amounts.iter_mut().find(|cell| cell.level == "3").expect("a cell of the story");
        cell.amount = fen("1.00");
    };
    check_place(falls, "MED-6002", "deductible_falls:inpatient");
    let waived = |reason: &str| {
        let mut pack = pack(HANGZHOU);
        falls(&mut pack);
        pack.waivers = vec![Waiver { inversion: "deductible_falls:inpatient".to_owned(), reason: reason.to_owned() }];
        pack.examples.clear();
        validate(&pack)
    };
    assert_eq!(waived("文件如此规定"), Ok(()));
    assert_eq!(waived(" ").expect_err("no reason").code, "MED-6002");
    let retired = |pack: &mut Pack| {
        for cell in pack.funds[0].bands[0].ratios.iter_mut().filter(|cell| cell.class == "retired") {
            cell.ratio = "0.10".parse().expect("a ratio");
        }
    };
    check_place(retired, "MED-6002", "retired_below_employed:pool");
}

#[test]
fn what_is_worth_a_second_look_is_named_and_must_be_acknowledged() {
    let warned = |change: fn(&mut Pack)| {
        let mut pack = pack(HANGZHOU);
        change(&mut pack);
        let warnings = warnings(&pack);
        let known = pack.acknowledged.clone();
        warnings.into_iter().filter(|warning| !known.contains(warning)).collect::<Vec<_>>()
    };
    assert!(warned(|_| ()).is_empty());
    // 0.85 on 88 % would be 13.2 points; the ceiling of a referral is 10.
    let referred = |pack: &mut Pack| {
        let rule = pack.filings.get_mut(&FilingKind::TempReferred).expect("a rule");
        rule.adjust = Adjustment::Factor("0.85".parse().expect("a ratio"));
    };
    assert_eq!(warned(referred), ["drop_above_ceiling:temp_referred"]);
    assert_eq!(warned(|pack| pack.caps[0].amounts[0].amount = fen("500.00")), ["cap_below_deductible:pool"]);
    // Whatever the pack says of itself: one of its documents was compared by nobody.
    let boast = |pack: &mut Pack| {
        pack.grade = Grade::Confirmed;
        pack.acknowledged.retain(|warning| warning != "grade_below_confirmed");
    };
    assert_eq!(warned(boast), ["grade_below_confirmed"]);
    let quoted = |pack: &mut Pack| {
        let value = CellValue::Ratio("0.79".parse().expect("a ratio"));
        let (table, class) = ("funds.pool.bands[0]".to_owned(), "employed".to_owned());
        let text = "三级医院79%".to_owned();
        pack.sources[0].quotes.push(SourceQuote { text, table, class, level: HospitalLevel::Three, value });
    };
    assert_eq!(warned(quoted), ["source_differs:funds.pool.bands[0]/employed/3"]);
    let agrees = |pack: &mut Pack| {
        let value = CellValue::Amount(fen("800.00"));
        let (table, class) = ("deductibles.inpatient".to_owned(), "employed".to_owned());
        let text = "三级医院起付线800元".to_owned();
        pack.sources[0].quotes.push(SourceQuote { text, table, class, level: HospitalLevel::Three, value });
    };
    assert!(warned(agrees).is_empty());
    let nowhere = |pack: &mut Pack| {
        let value = CellValue::Amount(fen("800.00"));
        let (table, class) = ("deductibles.unheard_of".to_owned(), "employed".to_owned());
        let text = "三级医院起付线800元".to_owned();
        pack.sources[0].quotes.push(SourceQuote { text, table, class, level: HospitalLevel::Three, value });
    };
    check_place(nowhere, "MED-1012", "sources.china-medical-insurance (public project, MIT)");
}

#[test]
fn versions_that_overlap_or_leave_a_gap_are_refused_unless_the_gap_is_declared() {
    let version = |name: &str, from: &str, to: Option<&str>| Validity {
        version: name.to_owned(),
        from: date(from),
        to: to.map(date),
        gap_declared: false,
    };
    let first = version("1", "2024-01-01", Some("2025-01-01"));
    let after = |from: &str| version("2", from, None);
    assert_eq!(check_sequence(vec![after("2025-01-01"), first.clone()]), Ok(()), "in whatever order");
    let refused = |versions| check_sequence(versions).expect_err("a wrong sequence").code;
    assert_eq!(refused(vec![first.clone(), after("2024-12-31")]), "MED-6001", "a day has two");
    assert_eq!(refused(vec![first.clone(), after("2025-01-02")]), "MED-6001", "a day has none");
    assert_eq!(
        refused(vec![version("1", "2024-01-01", None), after("2025-01-01")]),
        "MED-6001",
        "the first has no end"
    );
    let declared = Validity { gap_declared: true, ..first };
    assert_eq!(check_sequence(vec![declared, after("2025-07-01")]), Ok(()));
}

#[test]
fn floating_point_numbers_do_not_even_read() {
    assert!(json_text(&HANGZHOU.replacen("ratio = \"0.86\"", "ratio = 0.86", 1)).is_err());
}
