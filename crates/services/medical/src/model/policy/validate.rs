//! Validation of a pack (5.2): what is refused, and what must be acknowledged by name.

use huitong_kernel::decimal::Ratio;
use huitong_service_kit::Refusal;

use super::{Band, DeductibleKind, Fund, FundBase, Grade, Pack, examples};
use crate::model::exact::FineRatio;
use crate::model::filing::FilingKind;
use crate::refusal;

/// National ceilings for the drop, in points (3.2).
const CEILING_FILED: FineRatio = FineRatio(10_000_000);
const CEILING_NOT_FILED: FineRatio = FineRatio(20_000_000);
/// A step between neighbouring levels above this is worth a second look.
const RATIO_STEP: i64 = 3_000;

/// Refuses a pack that breaks a rule; warnings that are not acknowledged refuse it too.
pub fn validate(pack: &Pack) -> Result<(), Refusal> {
    if pack.valid_to.is_some_and(|end| end <= pack.valid_from) {
        return Err(refusal::PACK_DATES_INVALID.refuse());
    }
    check_bands(pack)?;
    check_cells(pack)?;
    check_spills(pack)?;
    check_inversions(pack)?;
    if let Some(warning) = warnings(pack).into_iter().find(|warning| !pack.acknowledged.contains(warning)) {
        return Err(refusal::WARNING_NOT_ACKNOWLEDGED.with("warning", warning));
    }
    examples::check(pack)
}

/// Packs of one pool and scheme must not overlap, and leave open only what is declared (MED-6001).
pub fn check_sequence(packs: &[Pack]) -> Result<(), Refusal> {
    let mut sorted: Vec<&Pack> = packs.iter().collect();
    sorted.sort_by_key(|pack| pack.valid_from);
    for pair in sorted.windows(2) {
        let (earlier, later) = (pair[0], pair[1]);
        let fits = match earlier.valid_to {
            None => false,
            Some(end) => end == later.valid_from || (end < later.valid_from && earlier.gap_after.is_some()),
        };
        if !fits {
            return Err(refusal::PACK_DATES_INVALID.refuse());
        }
    }
    Ok(())
}

/// Bands follow each other without overlap or gap; ratios lie in 0..1 (MED-6002).
fn check_bands(pack: &Pack) -> Result<(), Refusal> {
    let fits = |fund: &Fund| {
        let ends_fit = fund.bands.iter().all(|band| band.to.is_none_or(|to| band.from < to));
        let joined = fund.bands.windows(2).all(|pair| pair[0].to == Some(pair[1].from));
        let ratios = fund.bands.iter().flat_map(|band| &band.ratios);
        let mut in_range = ratios.map(|cell| (Ratio::ZERO..=Ratio::ONE).contains(&cell.ratio));
        !fund.bands.is_empty() && ends_fit && joined && in_range.all(|fits| fits)
    };
    if pack.funds.iter().all(fits) { Ok(()) } else { Err(refusal::BANDS_INVALID.refuse()) }
}

/// Every class and level has its cell in every table (MED-6003).
fn check_cells(pack: &Pack) -> Result<(), Refusal> {
    for class in &pack.person_classes {
        for level in &pack.levels {
            let missing = |care: &str| {
                refusal::CELL_MISSING.with("class", &class.id).with("level", level.name()).with("care", care)
            };
            for deductible in &pack.deductibles {
                deductible.amount(&class.id, *level).ok_or_else(|| missing(&deductible.id))?;
                if deductible.kind == DeductibleKind::PerAdmission && deductible.repeat_admissions.is_empty() {
                    return Err(missing(&deductible.id));
                }
            }
            for fund in &pack.funds {
                let all = fund.bands.iter().all(|band| band.ratio(&class.id, *level).is_some());
                all.then_some(()).ok_or_else(|| missing(&fund.id))?;
            }
            for cap in &pack.caps {
                cap.amount(&class.id, *level).ok_or_else(|| missing(&cap.id))?;
            }
        }
    }
    Ok(())
}

/// Spills name a fund that takes them, and never come back (MED-6002).
fn check_spills(pack: &Pack) -> Result<(), Refusal> {
    let takes = |id: &str| pack.funds.iter().any(|fund| fund.id == id && fund.base == FundBase::Spill);
    for cap in &pack.caps {
        let known = cap.funds.iter().all(|id| pack.funds.iter().any(|fund| fund.id == *id));
        let spill_known = cap.spill_to.as_deref().is_none_or(takes);
        if !known || !spill_known || spills_back(pack, cap.spill_to.as_deref(), &cap.funds) {
            return Err(refusal::BANDS_INVALID.refuse());
        }
    }
    Ok(())
}

fn spills_back(pack: &Pack, spill_to: Option<&str>, origins: &[String]) -> bool {
    let mut next = spill_to;
    for _ in 0..=pack.caps.len() {
        let Some(fund) = next else { return false };
        if origins.iter().any(|origin| origin == fund) {
            return true;
        }
        let cap = pack.caps.iter().find(|cap| cap.funds.iter().any(|id| id == fund));
        next = cap.and_then(|cap| cap.spill_to.as_deref());
    }
    true
}

/// A retiree's ratio below an employee's, or a ratio that rises with the level, is a typing error (MED-6002).
fn check_inversions(pack: &Pack) -> Result<(), Refusal> {
    let retired = pack.person_classes.iter().filter(|class| class.retired == Some(true));
    for fund in pack.funds.iter().filter(|fund| fund.base == FundBase::AfterDeductible) {
        for band in &fund.bands {
            let falls = pack.person_classes.iter().all(|class| falls_with_level(pack, band, &class.id));
            let retired_below = retired.clone().any(|old| {
                let working = pack.person_classes.iter().filter(|class| class.retired != Some(true));
                working.into_iter().any(|young| below(pack, band, &old.id, &young.id))
            });
            if !falls || retired_below {
                return Err(refusal::BANDS_INVALID.refuse());
            }
        }
    }
    Ok(())
}

fn falls_with_level(pack: &Pack, band: &Band, class: &str) -> bool {
    let ratios: Vec<_> = pack.levels.iter().filter_map(|level| band.ratio(class, *level)).collect();
    ratios.windows(2).all(|pair| pair[0] >= pair[1])
}

fn below(pack: &Pack, band: &Band, old: &str, young: &str) -> bool {
    pack.levels.iter().any(|level| band.ratio(old, *level) < band.ratio(young, *level))
}

/// What the publisher must have read: `drop_above_ceiling:KIND`, `grade_below_confirmed`, `ratio_step_above_30:FUND`.
pub fn warnings(pack: &Pack) -> Vec<String> {
    let mut warnings = Vec::new();
    if pack.grade < Grade::Confirmed {
        warnings.push("grade_below_confirmed".to_owned());
    }
    for (kind, rule) in &pack.filings {
        let ceiling = match kind {
            FilingKind::TempReferred | FilingKind::TempEmergency => CEILING_FILED,
            FilingKind::TempSelf | FilingKind::None => CEILING_NOT_FILED,
            FilingKind::LongStay | FilingKind::ExemptArea => FineRatio(0),
        };
        let adjusted = pack.funds.iter().filter(|fund| fund.adjusted_by_filing);
        let mut ratios = adjusted.flat_map(|fund| &fund.bands).flat_map(|band| &band.ratios);
        if rule.direct && ratios.any(|cell| rule.adjust.drop_of(cell.ratio) > ceiling) {
            warnings.push(format!("drop_above_ceiling:{}", kind.name()));
        }
    }
    for fund in &pack.funds {
        let steep =
            fund.bands.iter().any(|band| pack.person_classes.iter().any(|class| has_step(pack, band, &class.id)));
        if steep {
            warnings.push(format!("ratio_step_above_30:{}", fund.id));
        }
    }
    warnings
}

fn has_step(pack: &Pack, band: &Band, class: &str) -> bool {
    let ratios: Vec<_> = pack.levels.iter().filter_map(|level| band.ratio(class, *level)).collect();
    ratios.windows(2).any(|pair| pair[0].units() - pair[1].units() > RATIO_STEP)
}
