//! A seeded mix of cases under a pack of the region profile: persons of every class with a year of bills each, outpatient and
//! inpatient, filed and not filed, with the accumulators that the bills before have left. The pinned results and the benchmark
//! (`huitong-bench medical computing`) draw from it.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Date;
use huitong_medical::model::accumulators::Accumulators;
use huitong_medical::model::amounts::LineSums;
use huitong_medical::model::filing::FilingKind;
use huitong_medical::model::person::{CareType, PersonFacts, Scheme};
use huitong_medical::model::policy::Pack;
use huitong_medical::model::settle::{AccountBalances, Case, StaySoFar, compute};
use huitong_service_kit::toml_data::json_text;

const BILLS_OF_A_PERSON: u64 = 8;
const AREAS: [&str; 8] = ["310101", "310118", "320100", "320509", "330100", "330421", "340100", "340200"];

/// A pack file and variants of it that no file has: chronic care, drops in points.
pub fn pack(folder: &str, file: &str) -> Pack {
    let (file, variant) = file.split_once('+').unwrap_or((file, ""));
    let mut text = std::fs::read_to_string(format!("{folder}/{file}.toml")).expect("a file of the region profile");
    match variant {
        "chronic" => text.push_str(CHRONIC),
        "points" => {
            text =
                text.replace("factor = \"0.90\"", "points = \"0.10\"").replace("factor = \"0.85\"", "points = \"0.10\"")
        }
        _ => {}
    }
    serde_json::from_str(&json_text(&text).expect("TOML")).expect("a pack")
}

const CHRONIC: &str = r#"
[[chronic]]
id = "renal"
codes = ["M07800", "M07801"]
name_zh = "慢性肾功能衰竭"
name_en = "renal failure"
ratios = [{ class = "*", level = "*", ratio = "0.92" }, { class = "retired", level = "3", ratio = "0.95" }]
cap = [{ class = "*", level = "*", amount = "6000.00" }]
[[chronic]]
id = "diabetes"
codes = ["M01600"]
name_zh = "糖尿病"
name_en = "diabetes"
[[funds]]
id = "chronic"
fund_pay_type = "310101"
field = "pool"
name_zh = "统筹基金（门诊慢特病）"
name_en = "pool fund, chronic care"
base = "after_deductible"
care_types = ["14"]
bands_from = "year"
adjusted_by_filing = true
[[funds.bands]]
from = "0.00"
to = "4000.00"
ratios = [{ class = "*", level = "*", ratio = "0.8" }]
[[funds.bands]]
from = "4000.00"
ratios = [{ class = "*", level = "*", ratio = "0.85" }]
"#;

/// So many cases; the same for the same seed.
pub fn cases(pack: &Pack, seed: u64, count: usize) -> Vec<Case> {
    let mut random = RandomSource::from_number(seed);
    let mut cases = Vec::with_capacity(count);
    while cases.len() < count {
        let mut person = Person::draw(pack, &mut random);
        for _ in 0..1 + random.below(BILLS_OF_A_PERSON) {
            cases.push(person.next_case(pack, &mut random));
        }
    }
    cases.truncate(count);
    cases
}

struct Person {
    facts: PersonFacts,
    filing: FilingKind,
    accounts: AccountBalances,
    accumulators: Accumulators,
    first_day: Date,
    stay: StaySoFar,
}

fn one_in(random: &mut RandomSource, count: u64) -> bool {
    random.below(count) == 0
}

fn yuan(random: &mut RandomSource, below: u64) -> Fen {
    Fen(random.below(below * 100) as i64)
}

impl Person {
    fn draw(pack: &Pack, random: &mut RandomSource) -> Person {
        let age = if pack.scheme == Scheme::Employee { 20 + random.below(65) } else { random.below(90) };
        let birth_date = Date::constant(2025 - age as i16, 1 + random.below(12) as i8, 1 + random.below(28) as i8);
        let facts = PersonFacts {
            birth_date,
            retired: pack.scheme == Scheme::Employee && age >= 60,
            work_start_date: one_in(random, 2).then(|| Date::constant(1990 + random.below(25) as i16, 7, 1)),
            student: pack.scheme == Scheme::Resident && (6..22).contains(&age),
            family_doctor: one_in(random, 3),
        };
        let accounts = AccountBalances {
            current_fen: yuan(random, 1_500),
            history_fen: yuan(random, 8_000),
            mutual_aid_fen: if one_in(random, 4) { yuan(random, 500) } else { Fen::ZERO },
        };
        let kinds = [
            FilingKind::LongStay,
            FilingKind::LongStay,
            FilingKind::TempReferred,
            FilingKind::TempEmergency,
            FilingKind::TempSelf,
            FilingKind::None,
        ];
        let filing = *random.pick(&kinds);
        let first_day = pack.valid_from;
        Person { facts, filing, accounts, accumulators: Accumulators::default(), first_day, stay: StaySoFar::default() }
    }

    /// The next bill; what it leaves is what the one after begins with.
    fn next_case(&mut self, pack: &Pack, random: &mut RandomSource) -> Case {
        let chronic = !pack.chronic.is_empty() && one_in(random, 6);
        let care_type = match random.below(20) {
            _ if chronic => CareType::ChronicOutpatient,
            0..10 => CareType::Outpatient,
            10 => CareType::Emergency,
            11 | 12 => CareType::Pharmacy,
            _ => CareType::Inpatient,
        };
        let disease = chronic.then(|| random.pick(&diseases(pack)).clone());
        let is_stay = care_type == CareType::Inpatient;
        // Every now and then an interim settlement came before; else the stay begins with this bill.
        let stay = if is_stay && one_in(random, 4) { self.stay } else { StaySoFar::default() };
        let case = Case {
            facts: self.facts,
            care_type,
            level: *random.pick(&pack.levels),
            care_date: Date::constant(self.first_day.year(), 12, 1 + random.below(30) as i8),
            visited_area: random.pick(&AREAS).parse::<Division>().expect("a code"),
            filing: self.filing,
            sums: sums(random, is_stay),
            accounts: self.accounts,
            account_wanted: one_in(random, 2),
            accumulators: self.accumulators.clone(),
            disease,
            stay,
        };
        if let Ok(computation) = compute(pack, &case) {
            self.accumulators = self.accumulators.after(&computation.deltas);
            self.accounts.current_fen -= computation.account_current_fen;
            self.accounts.history_fen -= computation.amounts.account_fen - computation.account_current_fen;
            self.accounts.mutual_aid_fen -= computation.amounts.mutual_aid_fen;
            if is_stay {
                let deductible_fen = stay.deductible_fen + computation.amounts.deductible_fen;
                let settlements = stay.settlements + 1;
                self.stay = StaySoFar { settlements, deductible_fen, admission: computation.admission };
            }
        }
        case
    }
}

fn diseases(pack: &Pack) -> Vec<String> {
    pack.chronic.iter().flat_map(|chronic| chronic.codes.iter().cloned()).collect()
}

/// Most bills are small; some cross every cap.
fn sums(random: &mut RandomSource, is_stay: bool) -> LineSums {
    let below = match (is_stay, random.below(20)) {
        (false, 0) => 50_000,
        (false, _) => 1_500,
        (true, 0) => 900_000,
        (true, 1..5) => 200_000,
        (true, _) => 30_000,
    };
    let total = yuan(random, below);
    let part = |of: Fen, random: &mut RandomSource| Fen(of.0 * random.below(20) as i64 / 100);
    let own = part(total, random);
    let over = if one_in(random, 3) { part(total - own, random) } else { Fen::ZERO };
    let pre = part(total - own - over, random);
    LineSums { total_fen: total, own_fen: own, over_fen: over, pre_fen: pre, eligible_fen: total - own - over - pre }
}
