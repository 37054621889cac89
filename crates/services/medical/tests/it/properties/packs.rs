//! I3 to I9 and I16 under drawn packs. `compute` checks its own result before it gives it; here the same is worked out from outside.

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_medical::model::accumulators::negated;
use huitong_medical::model::explain::Rule;
use huitong_medical::model::policy::validate::validate;
use huitong_medical::model::policy::{Cap, DeductibleKind, Pack};
use huitong_medical::model::settle::{Case, Computation, compute, compute_unexplained, fund_total_under};
use proptest::prelude::*;

use super::pack_drawing::draw;
use crate::mix;

const BILLS: usize = 40;

/// I7: no more of the deductible than is left of it.
fn check_deductible(pack: &Pack, case: &Case, computation: &Computation) {
    let taken = computation.amounts.deductible_fen;
    let Some(rule) = pack.deductible(case.care_type) else { return assert_eq!(taken, Fen::ZERO) };
    let amount = rule.amount(&computation.class, case.level).expect("every cell is there");
    let before = match rule.kind {
        DeductibleKind::PerYear | DeductibleKind::PerYearHighestLevel => case.accumulators.get(&rule.key()),
        DeductibleKind::PerVisit | DeductibleKind::PerAdmission => case.stay.deductible_fen,
    };
    // What later admissions pay may be an amount of its own.
    let amount = if rule.kind == DeductibleKind::PerAdmission { amount.max(Fen(30_000)) } else { amount };
    assert!(taken <= (amount - before).max(Fen::ZERO), "I7: {taken} of {amount}, {before} before");
    assert!(taken <= case.sums.eligible_fen);
    assert_eq!(computation.deltas.get(&rule.key()).copied().unwrap_or_default(), taken, "I7: it is counted");
}

/// I7: after = before + this, worked out by hand; taking it back restores exactly.
fn check_accumulators(case: &Case, computation: &Computation) {
    let mut by_hand: BTreeMap<&str, Fen> = BTreeMap::new();
    let parts = case.accumulators.amounts.iter().chain(&computation.deltas);
    parts.for_each(|(key, amount)| *by_hand.entry(key).or_default() += *amount);
    by_hand.retain(|_, amount| *amount != Fen::ZERO);
    let after = case.accumulators.after(&computation.deltas);
    assert!(after.amounts.iter().map(|(key, amount)| (key.as_str(), *amount)).eq(by_hand), "I7: after = before + this");
    assert_eq!(after.after(&negated(&computation.deltas)).amounts, case.accumulators.amounts, "I7: restored exactly");
}

/// I8: each cap counts what its funds have paid, and holds.
fn check_caps(pack: &Pack, case: &Case, computation: &Computation) {
    let paid_under = |cap: &Cap| -> Fen {
        let funds = pack.funds.iter().filter(|fund| cap.funds.contains(&fund.id));
        let types: Vec<&str> = funds.map(|fund| fund.fund_pay_type.as_str()).collect();
        let paid = computation.amounts.funds.iter().filter(|paid| types.contains(&paid.fund.as_str()));
        paid.map(|paid| paid.paid_fen).sum()
    };
    for cap in pack.caps.iter().filter(|cap| cap.care_types.contains(&case.care_type)) {
        let key = cap.key();
        let (before, added) = (case.accumulators.get(&key), computation.deltas.get(&key).copied().unwrap_or_default());
        assert_eq!(added, paid_under(cap), "I8: cap {} counts what its funds pay", cap.id);
        let amount = cap.amount(&computation.class, case.level).expect("every cell is there");
        assert!(before + added <= amount.max(before), "I8: cap {} holds", cap.id);
    }
}

/// The steps lead to every amount.
fn check_steps(computation: &Computation) {
    let amounts = &computation.amounts;
    let results =
        |rule| computation.steps.iter().filter(move |step| step.rule == rule).filter_map(|step| step.result_fen);
    assert_eq!(results(Rule::Fund).sum::<Fen>(), amounts.fund_total_fen);
    assert_eq!(results(Rule::Totals).sum::<Fen>(), amounts.person_total_fen);
    assert_eq!(results(Rule::Cash).sum::<Fen>(), amounts.cash_fen);
    assert_eq!(results(Rule::Deductible).sum::<Fen>(), amounts.deductible_fen);
    assert_eq!(results(Rule::MutualAid).sum::<Fen>(), amounts.mutual_aid_fen);
}

/// I16: what was written down gives the same again, with or without its explanation.
fn check_again(pack: &Pack, case: &Case, computation: &Computation) {
    fn again<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
        serde_json::from_str(&serde_json::to_string(value).expect("plain data")).expect("reads what it wrote")
    }
    assert_eq!(&again(computation), computation);
    assert_eq!(&compute(&again(pack), &again(case)).expect("settles"), computation, "I16");
    let unexplained = compute_unexplained(pack, case).expect("settles");
    assert_eq!(unexplained, Computation { steps: Vec::new(), ..computation.clone() });
    assert_eq!(fund_total_under(pack, case, case.filing), Some(computation.amounts.fund_total_fen));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn a_year_under_a_drawn_pack_keeps_every_invariant(seed in any::<u64>()) {
        let pack = draw(&mut RandomSource::from_number(seed));
        validate(&pack).expect("a drawn pack is regular");
        for case in mix::cases(&pack, seed, BILLS) {
            match compute(&pack, &case) {
                Err(refusal) => prop_assert_eq!(refusal.code, "MED-2005", "only a missing filing stands in the way"),
                Ok(computation) => {
                    check_deductible(&pack, &case, &computation);
                    check_accumulators(&case, &computation);
                    check_caps(&pack, &case, &computation);
                    check_steps(&computation);
                    check_again(&pack, &case, &computation);
                }
            }
        }
    }

    #[test]
    fn a_drawn_pack_with_a_fault_is_refused(seed in any::<u64>(), which in 0..6_usize) {
        let mut random = RandomSource::from_number(seed);
        let mut pack = draw(&mut random);
        let code = match which {
            0 => { pack.funds[0].bands[0].ratios[0].ratio = "1.0001".parse().expect("a ratio"); "MED-6002" }
            1 => { pack.funds[1].bands[0].from = Fen(-1); "MED-6002" }
            2 => { pack.funds[0].bands.clear(); "MED-6002" }
            3 => { pack.deductibles[0].amounts.retain(|cell| cell.class != "retired"); "MED-6003" }
            4 => { pack.funds[4].bands[0].ratios.retain(|cell| cell.class != "retired"); "MED-6003" }
            _ => { pack.valid_to = Some(pack.valid_from); "MED-6001" }
        };
        prop_assert_eq!(validate(&pack).expect_err("a faulty pack").code, code);
    }
}
