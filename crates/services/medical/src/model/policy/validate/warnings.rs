//! What may be right and is worth a second look: the publisher acknowledges it by name.

use super::ranked;
use crate::model::exact::FineRatio;
use crate::model::filing::FilingKind;
use crate::model::person::HospitalLevel;
use crate::model::policy::{Band, Cap, Grade, Pack, SourceQuote};

/// National ceilings for the drop, in points (3.2).
const CEILING_FILED: FineRatio = FineRatio(10_000_000);
const CEILING_NOT_FILED: FineRatio = FineRatio(20_000_000);
/// A step between neighbouring levels above this is worth a second look.
const RATIO_STEP: i64 = 3_000;

/// What the publisher must have read: `drop_above_ceiling:KIND`, `grade_below_confirmed`, `ratio_step_above_30:FUND`,
/// `cap_below_deductible:CAP`, `source_differs:TABLE/CLASS/LEVEL`.
pub fn warnings(pack: &Pack) -> Vec<String> {
    let mut warnings = Vec::new();
    if lowest_grade(pack) < Grade::Confirmed {
        warnings.push("grade_below_confirmed".to_owned());
    }
    for (kind, rule) in &pack.filings {
        let ceiling = match kind {
            FilingKind::TempReferred | FilingKind::TempEmergency => CEILING_FILED,
            FilingKind::TempSelf | FilingKind::None => CEILING_NOT_FILED,
            FilingKind::LongStay | FilingKind::ExemptArea => FineRatio(0),
        };
        let adjusted = pack.funds.iter().filter(|fund| fund.adjusted_by_filing);
        let of_bands = adjusted.flat_map(|fund| &fund.bands).flat_map(|band| &band.ratios);
        let mut ratios = of_bands.chain(pack.chronic.iter().flat_map(|chronic| &chronic.ratios));
        if rule.direct && ratios.any(|cell| rule.adjust.drop_of(cell.ratio) > ceiling) {
            warnings.push(format!("drop_above_ceiling:{}", kind.name()));
        }
    }
    let levels = ranked(pack);
    for fund in &pack.funds {
        let has_step = |band: &Band| pack.person_classes.iter().any(|class| has_step(&levels, band, &class.id));
        let steep = fund.bands.iter().any(has_step);
        if steep {
            warnings.push(format!("ratio_step_above_30:{}", fund.id));
        }
    }
    warnings.extend(low_caps(pack).map(|cap| format!("cap_below_deductible:{}", cap.id)));
    for source in &pack.sources {
        warnings.extend(source.quotes.iter().filter(|quote| differs(pack, quote)).map(|quote| {
            let SourceQuote { table, class, level, .. } = quote;
            format!("source_differs:{table}/{class}/{}", level.name())
        }));
    }
    warnings
}

/// The lowest grade of the pack's parts, whatever it says of itself.
fn lowest_grade(pack: &Pack) -> Grade {
    let of_sources = pack.sources.iter().map(|source| source.grade);
    of_sources.chain(pack.exempt_areas.iter().map(|exempt| exempt.grade)).fold(pack.grade, Grade::min)
}

/// Whether the cell says other than the sentence that a source is quoted with.
fn differs(pack: &Pack, quote: &SourceQuote) -> bool {
    quote.cell(pack).is_some_and(|value| value != quote.value)
}

fn has_step(levels: &[HospitalLevel], band: &Band, class: &str) -> bool {
    let ratios: Vec<_> = levels.iter().filter_map(|level| band.ratio(class, *level)).collect();
    ratios.windows(2).any(|pair| pair[0].units() - pair[1].units() > RATIO_STEP)
}

/// Caps below the deductible of the same care and class.
fn low_caps(pack: &Pack) -> impl Iterator<Item = &Cap> {
    let is_low = |cap: &&Cap| {
        pack.deductibles.iter().filter(|table| table.care_types.iter().any(|care| cap.care_types.contains(care))).any(
            |table| {
                pack.person_classes.iter().any(|class| {
                    let is_below = |level| cap.amount(&class.id, level) < table.amount(&class.id, level);
                    pack.levels.iter().any(|level| is_below(*level))
                })
            },
        )
    };
    pack.caps.iter().filter(is_low)
}
