//! Validation of a pack (5.2): what is refused, with its place in the pack, and what must be acknowledged by name.

mod cells;
mod inversions;
mod warnings;

use std::collections::BTreeSet;

use huitong_kernel::decimal::Ratio;
use huitong_kernel::time::Date;
use huitong_service_kit::Refusal;

use super::{Cap, ChronicDisease, Deductible, DeductibleKind, Fund, FundBase, Pack, RepeatAdmission, examples};
use crate::model::filing::Adjustment;
use crate::model::person::{CareType, HospitalLevel};
use crate::refusal;

pub use warnings::warnings;

/// Characters of a version's name.
const VERSION_CHARACTERS_MAX: usize = 32;

/// Refuses a pack that breaks a rule; warnings that are not acknowledged refuse it too.
pub fn validate(pack: &Pack) -> Result<(), Refusal> {
    findings(pack).into_iter().next().map_or(Ok(()), Err)
}

/// All that is wrong with a pack, each with its place.
pub fn findings(pack: &Pack) -> Vec<Refusal> {
    let mut found = Vec::new();
    if pack.valid_to.is_some_and(|end| end <= pack.valid_from) {
        found.push(dates(format!("{} valid_to", pack.version)));
    }
    if !is_version(&pack.version) {
        found.push(refusal::CODE_UNKNOWN.with("field", "version").with("value", "").at_field("version"));
    }
    found.extend(bands(pack));
    found.extend(cells::repeated(pack));
    found.extend(cells::astray(pack));
    found.extend(missing_cells(pack));
    found.extend(missing_tables(pack));
    found.extend(wrong_spills(pack));
    found.extend(two_pools(pack));
    found.extend(inversions::inversions(pack));
    let is_new = |warning: &String| !pack.acknowledged.contains(warning);
    let warn = |warning| refusal::WARNING_NOT_ACKNOWLEDGED.with("warning", warning);
    found.extend(warnings(pack).into_iter().filter(is_new).map(warn));
    if found.is_empty() {
        // Examples are computed on what holds together.
        found.extend(examples::failing(pack));
    }
    found
}

/// Versions stand in addresses and on receipts.
fn is_version(version: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=VERSION_CHARACTERS_MAX).contains(&version.len()) && version.bytes().all(is_letter)
}

fn dates(place: String) -> Refusal {
    refusal::PACK_DATES_INVALID.with("where", place)
}

fn wrong(place: String) -> Refusal {
    refusal::BANDS_INVALID.with("where", &place).at_field(place)
}

/// When a version holds; one that another has superseded may hold for no day at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    pub version: String,
    pub from: Date,
    /// Exclusive.
    pub to: Option<Date>,
    /// The pack says why the time after it is left open.
    pub gap_declared: bool,
}

impl From<&Pack> for Validity {
    fn from(pack: &Pack) -> Validity {
        let (version, gap_declared) = (pack.version.clone(), pack.gap_after.is_some());
        Validity { version, from: pack.valid_from, to: pack.valid_to, gap_declared }
    }
}

/// When the versions of one pool and scheme hold: their own dates, cut by what has superseded them.
pub fn validities(packs: &[&Pack]) -> Vec<Validity> {
    let mut versions: Vec<Validity> = packs.iter().map(|pack| Validity::from(*pack)).collect();
    for pack in packs {
        let superseded = versions.iter_mut().find(|known| Some(&known.version) == pack.supersedes.as_ref());
        if let Some(known) = superseded {
            known.to = Some(known.to.map_or(pack.valid_from, |to| to.min(pack.valid_from)).max(known.from));
        }
    }
    versions
}

/// Versions of one pool and scheme must not overlap, and leave open only what is declared (MED-6001).
pub fn check_sequence(mut versions: Vec<Validity>) -> Result<(), Refusal> {
    versions.retain(|version| version.to.is_none_or(|to| version.from < to));
    versions.sort_by_key(|version| version.from);
    for pair in versions.windows(2) {
        let (earlier, later) = (&pair[0], &pair[1]);
        let fits = match earlier.to {
            None => false,
            Some(end) => end == later.from || (end < later.from && earlier.gap_declared),
        };
        if !fits {
            let end = earlier.to.map_or_else(|| "…".to_owned(), |end| end.to_string());
            let span = |version: &str, from: Date, end: &str| format!("{version} ({from} – {end})");
            let (one, other) = (span(&earlier.version, earlier.from, &end), span(&later.version, later.from, "…"));
            return Err(dates(format!("{one}, {other}")));
        }
    }
    Ok(())
}

/// Bands follow each other without overlap or gap; ratios lie in 0..1 (MED-6002).
fn bands(pack: &Pack) -> Vec<Refusal> {
    let mut found = Vec::new();
    for fund in &pack.funds {
        let at = |index: usize| format!("funds.{}.bands[{index}]", fund.id);
        if fund.bands.is_empty() {
            found.push(wrong(at(0)));
        }
        for (index, band) in fund.bands.iter().enumerate() {
            let is_inverted = band.to.is_some_and(|to| to <= band.from) || band.from.is_negative();
            let is_apart = index > 0 && fund.bands[index - 1].to != Some(band.from);
            // Serious illness begins above its line; the pool, and what takes a spill, leave nothing out below.
            let begins_late = index == 0
                && matches!(fund.base, FundBase::AfterDeductible | FundBase::Spill)
                && band.from != huitong_kernel::money::Fen::ZERO;
            if is_inverted || is_apart || begins_late {
                found.push(wrong(at(index)));
            }
            let is_ratio = |cell: &super::RatioCell| (Ratio::ZERO..=Ratio::ONE).contains(&cell.ratio);
            for cell in band.ratios.iter().filter(|cell| !is_ratio(cell)) {
                found.push(wrong(format!("{}, {}/{}", at(index), cell.class, cell.level)));
            }
        }
    }
    for (kind, rule) in &pack.filings {
        if let Adjustment::Points(by) | Adjustment::Factor(by) = rule.adjust
            && !(Ratio::ZERO..=Ratio::ONE).contains(&by)
        {
            found.push(wrong(format!("filings.{}", kind.name())));
        }
    }
    for deductible in &pack.deductibles {
        let is_wrong = |repeat: &RepeatAdmission| match repeat {
            RepeatAdmission::Factor(factor) => !(Ratio::ZERO..=Ratio::ONE).contains(factor),
            RepeatAdmission::Amount(amount) => amount.is_negative(),
        };
        if deductible.repeat_admissions.iter().any(is_wrong) {
            found.push(wrong(format!("deductibles.{}.repeat_admissions", deductible.id)));
        }
    }
    for chronic in &pack.chronic {
        if chronic.ratios.iter().any(|cell| !(Ratio::ZERO..=Ratio::ONE).contains(&cell.ratio)) {
            found.push(wrong(format!("chronic.{}", chronic.id)));
        }
    }
    found
}

/// Every class and level has its cell in every table (MED-6003).
fn missing_cells(pack: &Pack) -> Vec<Refusal> {
    let mut found = Vec::new();
    for class in &pack.person_classes {
        for level in &pack.levels {
            let mut missing = |care: &str| {
                let refusal = refusal::CELL_MISSING.with("class", &class.id).with("level", level.name());
                found.push(refusal.with("care", care));
            };
            let (id, level) = (class.id.as_str(), *level);
            let lacks = |table: &&Deductible| table.amount(id, level).is_none() || table.needs_repeats();
            pack.deductibles.iter().filter(lacks).for_each(|table| missing(&table.id));
            let lacks = |fund: &&Fund| fund.bands.iter().any(|band| band.ratio(id, level).is_none());
            pack.funds.iter().filter(lacks).for_each(|fund| missing(&fund.id));
            pack.caps.iter().filter(|cap| cap.amount(id, level).is_none()).for_each(|cap| missing(&cap.id));
            let lacks = |chronic: &&ChronicDisease| {
                let ratio = !chronic.ratios.is_empty() && chronic.ratio(id, level).is_none();
                ratio || (!chronic.cap.is_empty() && chronic.cap(id, level).is_none())
            };
            pack.chronic.iter().filter(lacks).for_each(|chronic| missing(&chronic.id));
        }
    }
    found
}

/// Every care type that the pack names has a deductible and a fund that pays after it (MED-6003).
fn missing_tables(pack: &Pack) -> Vec<Refusal> {
    let of_tables = pack.deductibles.iter().flat_map(|table| &table.care_types);
    let of_funds = pack.funds.iter().flat_map(|fund| &fund.care_types);
    let named: BTreeSet<CareType> =
        of_tables.chain(of_funds).chain(pack.caps.iter().flat_map(|cap| &cap.care_types)).copied().collect();
    let mut found = Vec::new();
    for care_type in named {
        let mut missing = |table: &str| {
            let care = format!("{} ({table})", care_type.code());
            found.push(refusal::CELL_MISSING.with("class", "*").with("level", "*").with("care", care).at_field(table));
        };
        if pack.deductible(care_type).is_none() {
            missing("deductibles");
        }
        if pack.funds_of(care_type, FundBase::AfterDeductible).next().is_none() {
            missing("funds");
        }
    }
    found
}

/// Levels as hospitals rank, however the pack lists them.
fn ranked(pack: &Pack) -> Vec<HospitalLevel> {
    let mut levels = pack.levels.clone();
    levels.sort_unstable();
    levels
}

impl Deductible {
    fn needs_repeats(&self) -> bool {
        self.kind == DeductibleKind::PerAdmission && self.repeat_admissions.is_empty()
    }
}

/// Spills name a fund that takes them, and never come back (MED-6002).
fn wrong_spills(pack: &Pack) -> Vec<Refusal> {
    let takes = |id: &str| pack.funds.iter().any(|fund| fund.id == id && fund.base == FundBase::Spill);
    let is_wrong = |cap: &&Cap| {
        let known = cap.funds.iter().all(|id| pack.funds.iter().any(|fund| fund.id == *id));
        let spill_known = cap.spill_to.as_deref().is_none_or(takes);
        !known || !spill_known || spills_back(pack, cap.spill_to.as_deref(), &cap.funds)
    };
    pack.caps.iter().filter(is_wrong).map(|cap| wrong(format!("caps.{}", cap.id))).collect()
}

/// Follows every cap of every fund on the way: a fund may have several.
fn spills_back(pack: &Pack, spill_to: Option<&str>, origins: &[String]) -> bool {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = spill_to.into_iter().collect();
    while let Some(fund) = open.pop() {
        if origins.iter().any(|origin| origin == fund) {
            return true;
        }
        if seen.insert(fund) {
            let caps = pack.caps.iter().filter(|cap| cap.funds.iter().any(|id| id == fund));
            open.extend(caps.filter_map(|cap| cap.spill_to.as_deref()));
        }
    }
    false
}

/// The cost after the deductible is paid by one fund: two would pay it twice (MED-6002).
fn two_pools(pack: &Pack) -> Vec<Refusal> {
    let mut found = Vec::new();
    for care_type in CareType::ALL {
        let funds: Vec<&str> =
            pack.funds_of(care_type, FundBase::AfterDeductible).map(|fund| fund.id.as_str()).collect();
        if funds.len() > 1 {
            found.push(wrong(format!("funds.{}, care type {}", funds.join(", funds."), care_type.code())));
        }
    }
    found
}
