//! Home: from a batch of split lines to amounts.

use std::sync::Arc;

use huitong_kernel::time::Date;
use huitong_service_kit::{Refusal, Stop, View};

use crate::model::amounts::LineSums;
use crate::model::document::DataVersion;
use crate::model::exact::price_times_quantity;
use crate::model::filing::FilingKind;
use crate::model::filing_effect::{FilingEffect, FilingTerm};
use crate::model::invariants;
use crate::model::lines::{BATCH_LINES_MAX, SplitLine, is_plausible, lines_hash};
use crate::model::message::{SplitBatch, VisitFacts};
use crate::model::person::CareType;
use crate::model::policy::{DateRule, MidstayChange, Pack, StayAcrossYear};
use crate::model::settle::{Case, Computation, StaySoFar, compute};
use crate::query::persons::Insured;
use crate::query::{dated, persons, visits};
use crate::{Medical, refusal};

/// A bill with its price.
pub struct Priced {
    pub insured: Insured,
    pub version: DataVersion,
    pub pack: Arc<Pack>,
    pub case: Case,
    pub computation: Computation,
    pub filing_term: FilingTerm,
}

/// What is to be priced.
pub struct Priceable<'a> {
    pub facts: &'a VisitFacts,
    pub sums: LineSums,
    /// As visited says: the day of discharge, else of the settlement.
    pub care_date: Date,
    /// First and last day of the lines.
    pub days: (Date, Date),
    pub account_wanted: bool,
    /// `mid_setl_flag`
    pub interim: bool,
    pub stay: StaySoFar,
}

impl Priceable<'_> {
    /// Until when a filing counts for it, that holds on the day by which it is priced.
    pub fn filing_term(&self, care_date: Date) -> FilingTerm {
        FilingTerm::of(care_date, self.facts.care_type == CareType::Inpatient, self.interim)
    }
}

/// The insured person of a visit.
pub fn insured(view: View<'_>, facts: &VisitFacts) -> Result<Result<Insured, Refusal>, Stop> {
    let Some(insured) = persons::insured(view, &facts.certificate, Some(facts.scheme))? else {
        return Ok(Err(refusal::PERSON_NOT_FOUND.refuse()));
    };
    if insured.pool != facts.home_area {
        return Ok(Err(refusal::CERTIFICATE_MISMATCH.refuse()));
    }
    Ok(Ok(insured))
}

/// The insured person of a visit, in force on `day`.
pub fn insured_in_force(view: View<'_>, facts: &VisitFacts, day: Date) -> Result<Result<Insured, Refusal>, Stop> {
    let insured = insured(view, facts)?;
    let is_suspended = |insured: &Insured| insured.suspended_from.is_some_and(|from| from <= day);
    Ok(match insured {
        Ok(insured) if is_suspended(&insured) => Err(refusal::INSURANCE_NOT_IN_FORCE.with("reason", "suspended")),
        other => other,
    })
}

/// Computes the settlement under the pack, filing, accumulators and balances of now.
pub fn price(medical: &Medical, view: View<'_>, bill: &Priceable<'_>) -> Result<Result<Priced, Refusal>, Stop> {
    let insured = match insured(view, bill.facts)? {
        Ok(insured) => insured,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (version, pack, care_date) = match pack_of(medical, view, &insured, bill)? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Err(refusal) = check_stay(&insured, &pack, bill, care_date) {
        return Ok(Err(refusal));
    }
    if let Some(disease) = &bill.facts.disease
        && !persons::has_disease(view, &insured.person, disease, care_date)?
    {
        return Ok(Err(refusal::DISEASE_NOT_REGISTERED.with("disease", disease)));
    }
    let year = pack.insurance_year(care_date);
    let case = Case {
        facts: insured.facts,
        care_type: bill.facts.care_type,
        level: bill.facts.level,
        care_date,
        visited_area: bill.facts.visited_area,
        filing: filing(view, &insured.person, bill, care_date)?,
        sums: bill.sums,
        accounts: persons::balances(view, &insured.person)?,
        account_wanted: bill.account_wanted,
        accumulators: persons::accumulators(view, &insured.person, insured.scheme, year)?,
        disease: bill.facts.disease.clone(),
        stay: bill.stay,
    };
    match compute(&pack, &case) {
        Ok(computation) => {
            let filing_term = bill.filing_term(care_date);
            Ok(Ok(Priced { insured, version, pack, case, computation, filing_term }))
        }
        Err(refusal) if refusal.code == refusal::NOT_FILED.code => {
            Ok(Err(FilingEffect::of(&pack, &case, bill.filing_term(care_date)).refused(refusal)))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}

type Found = (DataVersion, Arc<Pack>, Date);

/// The pack in force, and the day that selects version and insurance year by its own rule.
fn pack_of(
    medical: &Medical,
    view: View<'_>,
    insured: &Insured,
    bill: &Priceable<'_>,
) -> Result<Result<Found, Refusal>, Stop> {
    let on = |day: Date| dated::pack(medical, view, insured.pool, insured.scheme, day);
    let none = || refusal::NO_POLICY.with("area", insured.pool);
    let Some((version, pack)) = on(bill.care_date)? else { return Ok(Err(none())) };
    let last = bill.days.1;
    if pack.date_rule == DateRule::Discharge || last == bill.care_date {
        return Ok(Ok((version, pack, bill.care_date)));
    }
    Ok(on(last)?.map(|(version, pack)| (version, pack, last)).ok_or_else(none))
}

/// What the pack says of a stay that the insurance year or the person's insurance cuts; anybody else's insurance is in force.
fn check_stay(insured: &Insured, pack: &Pack, bill: &Priceable<'_>, care_date: Date) -> Result<(), Refusal> {
    let (first, last) = bill.days;
    let year = pack.insurance_year(care_date);
    let is_stay = bill.facts.care_type == CareType::Inpatient;
    let is_cut_by_year = pack.stay_across_year == StayAcrossYear::InterimAtYearEnd && pack.insurance_year(first) < year;
    if is_stay && is_cut_by_year {
        let day = pack.year_begin(year).unwrap_or(care_date);
        return Err(refusal::STAY_CROSSES_YEAR.with("day", day));
    }
    let Some(from) = insured.suspended_from.filter(|from| *from <= care_date) else { return Ok(()) };
    let is_cut = is_stay && bill.facts.began_on < from;
    match pack.midstay_change {
        _ if !is_cut => Err(refusal::INSURANCE_NOT_IN_FORCE.with("reason", "suspended")),
        MidstayChange::Split if last < from => Ok(()),
        MidstayChange::Split | MidstayChange::Reject => Err(refusal::INSURANCE_CHANGED.refuse()),
    }
}

/// The filing in force for a bill.
pub fn filing(view: View<'_>, person: &str, bill: &Priceable<'_>, care_date: Date) -> Result<FilingKind, Stop> {
    let filed = persons::filing_in_force(view, person, bill.facts.visited_area, care_date)?;
    // An emergency counts as filed (3.2); who went by themselves before is not worse off in it than who filed nothing.
    let is_below = matches!(filed, FilingKind::None | FilingKind::TempSelf);
    Ok(if is_below && bill.facts.emergency { FilingKind::TempEmergency } else { filed })
}

/// What a batch holds, as far as pricing asks.
pub struct Checked {
    /// First and last day.
    pub days: (Date, Date),
}

/// Checks a batch as received: its hash over the bytes, each line (I1), the sums (I2). Parts that came before are looked up.
pub fn check_batch(view: View<'_>, number: &str, batch: &SplitBatch) -> Result<Result<Checked, Refusal>, Stop> {
    let hash = lines_hash(&batch.earlier_parts, batch.lines.get());
    if hash != batch.lines_hash {
        return Ok(Err(refusal::DOCUMENTS_DIFFER.refuse()));
    }
    let mut lines: Vec<SplitLine> = Vec::new();
    for part in &batch.earlier_parts {
        let Some(text) = visits::held_lines(view, number, *part)? else {
            return Ok(Err(refusal::DOCUMENTS_DIFFER.refuse()));
        };
        match serde_json::from_str::<Vec<SplitLine>>(&text) {
            Ok(more) if lines.len() + more.len() <= BATCH_LINES_MAX => lines.extend(more),
            Ok(_) => return Ok(Err(refusal::TOO_MANY_LINES.with("limit", BATCH_LINES_MAX))),
            Err(_) => return Ok(Err(refusal::NOT_JSON.refuse())),
        }
    }
    let Ok(last) = serde_json::from_str::<Vec<SplitLine>>(batch.lines.get()) else {
        return Ok(Err(refusal::NOT_JSON.refuse()));
    };
    lines.extend(last);
    Ok(check_lines(&lines, batch))
}

fn check_lines(lines: &[SplitLine], batch: &SplitBatch) -> Result<Checked, Refusal> {
    if lines.len() > BATCH_LINES_MAX {
        return Err(refusal::TOO_MANY_LINES.with("limit", BATCH_LINES_MAX));
    }
    let days = lines.iter().map(|line| line.day);
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
        return Err(refusal::FIELD_MISSING.with("field", "lines"));
    };
    let is_priced = |line: &SplitLine| {
        is_plausible(line.quantity, line.price)
            && invariants::check_line(line)
            && line.total_fen == price_times_quantity(line.price, line.quantity)
    };
    if !lines.iter().all(is_priced) || LineSums::of(lines) != batch.sums {
        return Err(refusal::SUM_DIFFERS.with("field", "lines").with("expected", "-").with("sent", "-"));
    }
    Ok(Checked { days: (first, last) })
}
