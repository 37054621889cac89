//! Whatever is settled: our own documents about it keep F1 to F9.

use huitong_kernel::decimal::{Price, Quantity, Ratio};
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_medical::fhir::check::check;
use huitong_medical::fhir::export::{
    Adjudicated, Payment, by_fund, claim_response, explanation_of_benefit, payment_reconciliation,
};
use huitong_medical::fhir::node::Node;
use huitong_medical::model::amounts::LineSums;
use huitong_medical::model::catalogue::FeeClass;
use huitong_medical::model::document::{DataVersion, SettledDocument};
use huitong_medical::model::filing::FilingKind;
use huitong_medical::model::lines::{SplitLine, SplitReason};
use huitong_medical::model::person::{CareType, HospitalLevel, Scheme};
use huitong_medical::model::policy::Pack;
use huitong_medical::model::settle::{Case, Computation, compute};
use proptest::prelude::*;

use super::calculation::{case, pack};
use super::country::{HOSPITAL, PERSON, division};

const PACKS: [&str; 4] = [
    include_str!("../../../../../regions/yangtze/policies/330100-employee-2025.toml"),
    include_str!("../../../../../regions/yangtze/policies/320100-employee-2023.toml"),
    include_str!("../../../../../regions/yangtze/policies/330200-resident-2023.toml"),
    include_str!("../../../../../regions/yangtze/policies/340100-resident-2025.toml"),
];

/// A line of any class, price, quantity and limit, split by the code that splits lines.
fn line(index: usize, (class, price, quantity, ratio, limit): (u8, i64, i64, i64, i64)) -> SplitLine {
    let class = [FeeClass::A, FeeClass::B, FeeClass::C][usize::from(class)];
    let unsplit = SplitLine {
        number: (index + 1).to_string(),
        day: "2026-03-10".parse().expect("a date"),
        code: format!("X{index:06}"),
        local_code: (index.is_multiple_of(2)).then(|| format!("own {index}")),
        quantity: Quantity::ONE,
        price: Price::from_units(price),
        total_fen: Fen::ZERO,
        own_fen: Fen::ZERO,
        over_fen: Fen::ZERO,
        pre_fen: Fen::ZERO,
        eligible_fen: Fen::ZERO,
        class,
        reason: SplitReason::Class,
        self_pay_ratio: if class == FeeClass::B { Ratio::from_units(ratio) } else { Ratio::ZERO },
        price_limit: (limit > 0).then(|| Price::from_units(limit)),
    };
    unsplit.with_quantity(Quantity::from_units(quantity))
}

fn document(pack: &Pack, case: &Case, computation: Computation) -> SettledDocument {
    let version = DataVersion { area: pack.area, version: pack.version.clone(), hash: Digest::ZERO };
    SettledDocument {
        settlement: "A3301002603100000001".to_owned(),
        visit: "S3301002603100000001".to_owned(),
        message_id: "message-0001".to_owned(),
        visited: division("310000"),
        home_area: pack.area,
        institution: HOSPITAL.to_owned(),
        level: HospitalLevel::Three,
        person: PERSON.to_owned(),
        scheme: Scheme::Employee,
        class: computation.class,
        care_type: CareType::Outpatient,
        care_date: case.care_date,
        computed_by: None,
        stay: None,
        batch: "1".to_owned(),
        settled_at: Instant::start_of(case.care_date),
        period: "2026-03".to_owned(),
        insurance_year: computation.insurance_year,
        filing: computation.filing,
        pack: version.clone(),
        grade: pack.grade,
        catalogues: vec![version],
        lines_hash: Digest::ZERO,
        amounts: computation.amounts,
        pool_ratio: computation.pool_ratio,
        accumulators_version: 0,
        deltas: computation.deltas,
        account_balance_fen: Fen::ZERO,
        steps: computation.steps,
        contra_of: None,
    }
}

fn contra(document: &SettledDocument) -> SettledDocument {
    SettledDocument {
        settlement: "A3301002603100000002".to_owned(),
        amounts: document.amounts.negated(),
        steps: Vec::new(),
        contra_of: Some(document.settlement.clone()),
        ..document.clone()
    }
}

fn faults(node: &Node) -> Vec<String> {
    let written = serde_json::to_vec(node).expect("JSON");
    let report = check(&Node::read(&written).expect("JSON")).expect("R4");
    report.findings.iter().map(|finding| format!("{} {}", finding.rule.name(), finding.english())).collect()
}

fn payment(document: &SettledDocument) -> Payment {
    Payment {
        settlement: document.settlement.clone(),
        message_id: document.message_id.clone(),
        day: document.care_date,
        amount: document.amounts.lines.total_fen - document.amounts.cash_fen,
        contra_of: document.contra_of.clone(),
    }
}

proptest! {
    #[test]
    fn every_document_about_a_random_settlement_or_its_contra_adds_up(
        which in 0..PACKS.len(),
        bills in prop::collection::vec((
            prop::collection::vec((0..3_u8, 0..3_000_000_000_i64, 1..200_000_i64, 1..9_999_i64, 0..2_000_000_000_i64), 1..8),
            0..4_usize, any::<bool>(), 0..200_000_i64,
        ), 1..6),
    ) {
        let pack = pack(PACKS[which]);
        let filings = [FilingKind::LongStay, FilingKind::TempReferred, FilingKind::TempSelf, FilingKind::TempEmergency];
        let (mut accumulators, mut payments) = (Default::default(), Vec::new());
        for (lines, filing, account_wanted, balance) in bills {
            let lines: Vec<SplitLine> = lines.into_iter().enumerate().map(|(index, parts)| line(index, parts)).collect();
            let mut case = case("0.00", "0.00", "0.00", filings[filing]);
            case.sums = LineSums::of(&lines);
            case.account_wanted = account_wanted;
            case.accounts.history_fen = Fen(balance);
            case.accumulators = accumulators;
            let computation = compute(&pack, &case).expect("the pack settles it");
            accumulators = case.accumulators.after(&computation.deltas);
            let settled = document(&pack, &case, computation);
            let taken_back = contra(&settled);
            for document in [&settled, &taken_back] {
                let adjudicated = Adjudicated::settled(document, &lines);
                for write in [claim_response, explanation_of_benefit, by_fund] {
                    let node = write(&adjudicated);
                    let is_empty = node.get("type") == Some(&Node::text("collection")) && node.get("entry").is_none();
                    if !is_empty {
                        prop_assert_eq!(faults(&node), Vec::<String>::new(), "{}", serde_json::to_string(&node).expect("JSON"));
                    }
                }
                payments.push(payment(document));
            }
            payments.pop();
        }
        let period = "2026-03".parse().expect("a period");
        let paid = payment_reconciliation(division("310000"), HOSPITAL, period, Instant(0), &payments);
        prop_assert_eq!(faults(&paid), Vec::<String>::new());
    }
}

/// Paths of all amounts of a document: a value with a currency.
fn amounts(node: &Node, path: &str, found: &mut Vec<String>) {
    match node {
        Node::Object(members) => {
            if node.get("currency").is_some() {
                found.push(format!("{path}.value"));
            }
            let joined = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            members.iter().for_each(|(name, member)| amounts(member, &joined(name), found));
        }
        Node::Array(values) => {
            values.iter().enumerate().for_each(|(index, value)| amounts(value, &format!("{path}[{index}]"), found));
        }
        _ => {}
    }
}

proptest! {
    /// One amount of a document that adds up is altered by a fen or more: it is found, whichever it is. Excepted is a unit price of a
    /// quantity so small that the line costs the same.
    #[test]
    fn any_one_altered_amount_is_found(
        lines in prop::collection::vec((0..3_u8, 0..3_000_000_000_i64, 1..200_000_i64, 1..9_999_i64, 0..2_000_000_000_i64), 1..6),
        is_contra in any::<bool>(),
        which in 0..3_usize,
        place in any::<prop::sample::Index>(),
        by in prop_oneof![1..1_000_000_i64, -1_000_000..0_i64],
    ) {
        let pack = pack(PACKS[0]);
        let lines: Vec<SplitLine> = lines.into_iter().enumerate().map(|(index, parts)| line(index, parts)).collect();
        let mut case = case("0.00", "0.00", "0.00", FilingKind::LongStay);
        case.sums = LineSums::of(&lines);
        let computation = compute(&pack, &case).expect("the pack settles it");
        let settled = document(&pack, &case, computation);
        let taken_back = contra(&settled);
        let told = Adjudicated::settled(if is_contra { &taken_back } else { &settled }, &lines);
        let period = "2026-03".parse().expect("a period");
        let payments = [payment(&settled), payment(&taken_back), payment(&settled)];
        let mut node = match which {
            0 => claim_response(&told),
            1 => explanation_of_benefit(&told),
            _ => payment_reconciliation(division("310000"), HOSPITAL, period, Instant(0), &payments),
        };
        let mut places = Vec::new();
        amounts(&node, "", &mut places);
        let place = &places[place.index(places.len())];
        let Some(Node::Number(digits)) = node.at_mut(place) else { panic!("a number at {place}") };
        if place.contains("unitPrice") {
            let price: Price = digits.parse().expect("a price");
            *digits = Price::from_units(price.units() + by * 10_000).to_string();
            let index: usize = place[5..place.find(']').expect("of an item")].parse().expect("an index");
            let altered = SplitLine { price: digits.parse().expect("a price"), ..lines[index].clone() };
            let costs = altered.with_quantity(altered.quantity).total_fen;
            prop_assume!(costs != lines[index].total_fen);
        } else {
            let amount: Price = digits.parse().expect("an amount");
            *digits = Price::from_units(amount.units() + by * 10_000).to_string();
        }
        prop_assert!(!faults(&node).is_empty(), "{} at {place}", serde_json::to_string(&node).expect("JSON"));
    }
}
