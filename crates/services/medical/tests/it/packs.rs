//! The packs and catalogues of the region profile can be published; faulty ones cannot.

use super::calculation::pack;
use huitong_medical::model::catalogue::{Catalogue, validate as validate_catalogue};
use huitong_medical::model::policy::validate::{Validity, check_sequence, validate};
use huitong_medical::model::policy::{Cap, Fund, FundBase, Pack};
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
    assert_eq!(files.len(), 15, "seven cities, employees and residents, and the pilot pack of Shanghai");
    for (name, text) in &files {
        validate(&pack(text)).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
    }
    let shanghai = files.iter().filter(|(name, _)| name.contains("310100-employee"));
    assert_eq!(check_sequence(shanghai.map(|(_, text)| Validity::from(&pack(text))).collect()), Ok(()));
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

#[test]
fn floating_point_numbers_unknown_fields_and_drops_without_unit_do_not_even_read() {
    let toml = include_str!("../../../../../regions/yangtze/policies/330100-employee-2025.toml");
    let reads = |text: &str| {
        json_text(text).and_then(|json| {
            serde_json::from_str::<huitong_medical::model::policy::Pack>(&json).map_err(|error| error.to_string())
        })
    };
    assert!(reads(toml).is_ok());
    for (from, to) in [
        ("ratio = \"0.86\"", "ratio = 0.86"),
        ("amount = \"600.00\"", "amount = \"-600.00\""),
        ("grade = \"unconfirmed\"", "grade = \"unconfirmed\"\nunheard_of = 1"),
        ("adjust = { factor = \"0.90\" }", "adjust = \"0.90\""),
    ] {
        assert!(toml.contains(from), "{from}");
        assert!(reads(&toml.replacen(from, to, 1)).is_err(), "{from} → {to}");
    }
}
