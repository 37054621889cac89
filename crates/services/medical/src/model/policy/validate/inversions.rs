//! What is mostly a typing error: ratios and deductibles that run the wrong way.

use huitong_kernel::money::Fen;
use huitong_service_kit::Refusal;

use super::{ranked, wrong};
use crate::model::person::HospitalLevel;
use crate::model::policy::{Band, FundBase, Pack, PersonClass, Waiver};

/// What is mostly a typing error (MED-6002): a retiree's ratio below an employee's, a ratio that rises or a deductible that falls with the
/// level. A waiver with its reason lets it pass.
pub fn inversions(pack: &Pack) -> Vec<Refusal> {
    let levels = ranked(pack);
    let mut found: Vec<String> = Vec::new();
    let retired = pack.person_classes.iter().filter(|class| class.retired == Some(true));
    for fund in pack.funds.iter().filter(|fund| fund.base == FundBase::AfterDeductible) {
        for band in &fund.bands {
            if !pack.person_classes.iter().all(|class| falls_with_level(&levels, band, &class.id)) {
                found.push(format!("ratio_rises:{}", fund.id));
            }
            let is_below = retired.clone().any(|old| {
                let mut working = pack.person_classes.iter().filter(|class| class.retired != Some(true));
                working.any(|young| below(pack, band, &old.id, &young.id))
            });
            if is_below {
                found.push(format!("retired_below_employed:{}", fund.id));
            }
        }
    }
    for deductible in &pack.deductibles {
        let falls = |class: &PersonClass| {
            let amounts: Vec<Fen> = levels.iter().filter_map(|level| deductible.amount(&class.id, *level)).collect();
            !amounts.is_sorted()
        };
        if pack.person_classes.iter().any(falls) {
            found.push(format!("deductible_falls:{}", deductible.id));
        }
    }
    found.dedup();
    let gives_reason = |waiver: &Waiver| !waiver.reason.trim().is_empty();
    let is_waived = |name: &String| pack.waivers.iter().any(|waiver| waiver.inversion == *name && gives_reason(waiver));
    found.into_iter().filter(|name| !is_waived(name)).map(wrong).collect()
}

fn falls_with_level(levels: &[HospitalLevel], band: &Band, class: &str) -> bool {
    let ratios: Vec<_> = levels.iter().filter_map(|level| band.ratio(class, *level)).collect();
    ratios.windows(2).all(|pair| pair[0] >= pair[1])
}

fn below(pack: &Pack, band: &Band, old: &str, young: &str) -> bool {
    pack.levels.iter().any(|level| band.ratio(old, *level) < band.ratio(young, *level))
}
