//! Packs that nobody wrote, and that the validation lets pass: every kind of deductible, several bands, funds that take what spills,
//! serious illness, supplements, caps inside caps, drops in points and as factors, accounts in any order.

use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_medical::model::policy::Pack;
use huitong_medical::model::policy::validate::warnings;
use serde_json::{Value, json};

const LEVELS: [&str; 5] = ["community", "1", "2", "3", "3top"];

/// A drawn pack; its warnings are acknowledged.
pub fn draw(random: &mut RandomSource) -> Pack {
    let mut value = json(random);
    let pack: Pack = serde_json::from_value(value.clone()).expect("a pack");
    value["acknowledged"] = json!(warnings(&pack));
    serde_json::from_value(value).expect("a pack")
}

struct Shape {
    classes: Vec<&'static str>,
    levels: Vec<&'static str>,
}

fn yuan(random: &mut RandomSource, below: u64) -> String {
    Fen(random.below(below * 100) as i64).yuan()
}

fn chance(random: &mut RandomSource, one_in: u64) -> bool {
    random.below(one_in) == 0
}

/// Between 0 and 1, in 10⁻⁴.
fn ratio(units: i64) -> String {
    let units = units.clamp(0, 10_000);
    format!("{}.{:04}", units / 10_000, units % 10_000)
}

/// Falls with the level, the retired have no less.
fn ratios(shape: &Shape, random: &mut RandomSource) -> Value {
    let (base, step, bonus) = (random.below(9_000), random.below(800), random.below(1_500));
    let mut cells = Vec::new();
    for class in &shape.classes {
        for (place, level) in shape.levels.iter().enumerate() {
            let more = if *class == "retired" { bonus } else { 0 };
            let units = (base + more) as i64 - step as i64 * place as i64;
            cells.push(json!({ "class": class, "level": level, "ratio": ratio(units) }));
        }
    }
    json!(cells)
}

/// Rises with the level.
fn amounts(shape: &Shape, random: &mut RandomSource, below: u64) -> Value {
    let mut cells = Vec::new();
    for class in &shape.classes {
        let (base, step) = (random.below(below * 100), random.below(below * 20));
        for (place, level) in shape.levels.iter().enumerate() {
            let amount = Fen((base + step * place as u64) as i64).yuan();
            cells.push(json!({ "class": class, "level": level, "amount": amount }));
        }
    }
    json!(cells)
}

/// Bands that follow each other, from `from` on.
fn bands(shape: &Shape, random: &mut RandomSource, from: u64) -> Value {
    let count = 1 + random.below(3);
    let mut from = from * 100;
    let mut bands = Vec::new();
    for place in 0..count {
        let to = from + 100 + random.below(5_000_000);
        let mut band = json!({ "from": Fen(from as i64).yuan(), "ratios": ratios(shape, random) });
        if place + 1 < count || chance(random, 5) {
            band["to"] = json!(Fen(to as i64).yuan());
        }
        bands.push(band);
        from = to;
    }
    json!(bands)
}

fn deductible(id: &str, care_types: &[&str], shape: &Shape, random: &mut RandomSource) -> Value {
    let kind = *random.pick(&["per_year", "per_visit", "per_admission", "per_year_highest_level"]);
    let mut table =
        json!({ "id": id, "care_types": care_types, "kind": kind, "amounts": amounts(shape, random, 2_000) });
    if kind == "per_admission" {
        let factor = ratio(random.below(10_001) as i64);
        table["repeat_admissions"] = json!([{ "factor": factor }, { "amount": yuan(random, 300) }]);
    }
    if kind == "per_year_highest_level" && chance(random, 2) {
        table["year_max"] = json!(yuan(random, 3_000));
    }
    table
}

fn fund(id: &str, number: u64, base: &str, care_types: &[&str], bands: Value, random: &mut RandomSource) -> Value {
    let fields =
        ["pool", "civil_servant", "company", "serious_illness", "large_amount", "disabled", "medical_aid", "other"];
    json!({
        "id": id, "fund_pay_type": format!("31010{number}"), "field": random.pick(&fields), "name_zh": id, "name_en": id,
        "base": base, "care_types": care_types, "bands_from": random.pick(&["year", "settlement"]),
        "adjusted_by_filing": chance(random, 2), "bands": bands,
    })
}

fn cap(
    id: &str,
    funds: &[&str],
    care_types: &[&str],
    spill_to: Option<&str>,
    shape: &Shape,
    random: &mut RandomSource,
) -> Value {
    let mut cap =
        json!({ "id": id, "care_types": care_types, "funds": funds, "amounts": amounts(shape, random, 60_000) });
    if let Some(fund) = spill_to {
        cap["spill_to"] = json!(fund);
    }
    cap
}

const OUTPATIENT: [&str; 4] = ["11", "13", "14", "41"];
const ALL: [&str; 5] = ["11", "13", "14", "21", "41"];

fn funds(shape: &Shape, random: &mut RandomSource) -> (Vec<Value>, Vec<Value>) {
    let mut funds = Vec::new();
    let mut plain = |id, number, base, care: &[&str], from, random: &mut RandomSource| {
        let bands = bands(shape, random, from);
        funds.push(fund(id, number, base, care, bands, random));
    };
    plain("out", 1, "after_deductible", &OUTPATIENT, 0, random);
    plain("in", 2, "after_deductible", &["21"], 0, random);
    plain("above", 3, "spill", &ALL, 0, random);
    plain("beyond", 4, "spill", &ALL, 0, random);
    let line = random.below(20_000);
    plain("serious", 5, "in_scope_own_year", &ALL, line, random);
    plain("supplement", 6, "in_scope_own_left", &ALL, 0, random);
    let mut caps = Vec::new();
    let mut add = |id, funds: &[&str], care: &[&str], spill, random: &mut RandomSource| {
        if !chance(random, 4) {
            caps.push(cap(id, funds, care, spill, shape, random));
        }
    };
    add("out", &["out"], &OUTPATIENT, None, random);
    add("pool", &["out", "in"], &ALL, Some("above"), random);
    add("above", &["above"], &ALL, Some("beyond"), random);
    add("beyond", &["beyond", "serious"], &ALL, None, random);
    add("supplement", &["supplement"], &ALL, None, random);
    (funds, caps)
}

fn filings(random: &mut RandomSource) -> Value {
    let mut rule = |direct: bool| {
        let adjust = match random.below(3) {
            0 => json!("none"),
            1 => json!({ "points": ratio(random.below(3_000) as i64) }),
            _ => json!({ "factor": ratio(5_000 + random.below(5_001) as i64) }),
        };
        json!({ "direct": direct, "adjust": adjust })
    };
    json!({
        "long_stay": rule(true), "temp_referred": rule(true), "temp_emergency": rule(true), "temp_self": rule(true),
        "exempt_area": rule(true), "none": rule(false),
    })
}

fn json(random: &mut RandomSource) -> Value {
    let classes = if chance(random, 2) { vec!["retired", "young", "employed"] } else { vec!["retired", "employed"] };
    let mut levels: Vec<&str> = LEVELS.into_iter().filter(|_| !chance(random, 3)).collect();
    if levels.is_empty() {
        levels.push("3");
    }
    let shape = Shape { classes, levels };
    let person_classes = [
        json!({ "id": "retired", "retired": true }),
        json!({ "id": "young", "retired": false, "age_to": 44 }),
        json!({ "id": "employed" }),
    ];
    let named = |class: &Value| shape.classes.iter().any(|id| class["id"] == **id);
    let (funds, caps) = funds(&shape, random);
    let chronic = json!({
        "id": "renal", "codes": ["M07800"], "name_zh": "肾", "name_en": "renal", "ratios": ratios(&shape, random),
        "cap": amounts(&shape, random, 8_000),
    });
    let orders = [
        ["account_current", "deductible", "pool", "account_history", "mutual_aid", "cash"],
        ["deductible", "pool", "account_current", "account_history", "mutual_aid", "cash"],
        ["deductible", "pool", "mutual_aid", "account_history", "account_current", "cash"],
    ];
    json!({
        "area": "330100", "scheme": random.pick(&["employee", "resident"]), "version": "drawn", "valid_from": "2025-01-01",
        "year_start": random.pick(&["01-01", "07-01"]), "grade": "confirmed", "sources": [],
        "person_classes": person_classes.iter().filter(|class| named(class)).collect::<Vec<_>>(),
        "levels": shape.levels,
        "deductibles": [deductible("out", &OUTPATIENT, &shape, random), deductible("in", &["21"], &shape, random)],
        "funds": funds, "caps": caps,
        "chronic": if chance(random, 2) { json!([chronic]) } else { json!([]) },
        "filings": filings(random),
        "exempt_areas": [{ "areas": ["310118", "330421"], "valid_from": "2020-01-01", "grade": "confirmed" }],
        "accounts": {
            "order": random.pick(&orders), "pays": random.pick(&["in_scope", "all"]),
            "mutual_aid_inside_account": chance(random, 2),
        },
        "examples": [],
    })
}
