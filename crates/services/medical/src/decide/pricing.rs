//! Home: from a batch of split lines to amounts.

use std::sync::Arc;

use huitong_kernel::division::Division;
use huitong_kernel::hash::HashFunction;
use huitong_kernel::time::Date;
use huitong_service_kit::{Refusal, Stop, View};
use serde_json::value::RawValue;

use crate::model::amounts::LineSums;
use crate::model::document::DataVersion;
use crate::model::exact::price_times_quantity;
use crate::model::filing::FilingKind;
use crate::model::invariants;
use crate::model::lines::{LINES_MAX, SplitLine};
use crate::model::message::{SplitBatch, VisitFacts};
use crate::model::policy::Pack;
use crate::model::settle::{Case, Computation, compute};
use crate::query::persons::Insured;
use crate::query::{dated, persons};
use crate::{Medical, refusal};

/// A bill with its price.
pub struct Priced {
    pub insured: Insured,
    pub version: DataVersion,
    pub pack: Arc<Pack>,
    pub case: Case,
    pub computation: Computation,
}

/// What is to be priced.
pub struct Priceable<'a> {
    pub facts: &'a VisitFacts,
    pub sums: LineSums,
    pub care_date: Date,
    pub account_wanted: bool,
}

/// The insured person of a visit, in force on `day`.
pub fn insured_in_force(view: View<'_>, facts: &VisitFacts, day: Date) -> Result<Result<Insured, Refusal>, Stop> {
    let Some(insured) = persons::insured(view, &facts.certificate, Some(facts.scheme))? else {
        return Ok(Err(refusal::PERSON_NOT_FOUND.refuse()));
    };
    if insured.pool != facts.home_area {
        return Ok(Err(refusal::CERTIFICATE_MISMATCH.refuse()));
    }
    if insured.suspended_from.is_some_and(|from| from <= day) {
        return Ok(Err(refusal::INSURANCE_NOT_IN_FORCE.with("reason", "suspended")));
    }
    Ok(Ok(insured))
}

/// Computes the settlement under the pack, filing, accumulators and balances of now.
pub fn price(medical: &Medical, view: View<'_>, bill: &Priceable<'_>) -> Result<Result<Priced, Refusal>, Stop> {
    let insured = match insured_in_force(view, bill.facts, bill.care_date)? {
        Ok(insured) => insured,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some((version, pack)) = dated::pack(medical, view, insured.pool, insured.scheme, bill.care_date)? else {
        return Ok(Err(refusal::NO_POLICY.with("area", insured.pool)));
    };
    let year = pack.insurance_year(bill.care_date);
    let case = Case {
        facts: insured.facts,
        care_type: bill.facts.care_type,
        level: bill.facts.level,
        care_date: bill.care_date,
        visited_area: bill.facts.visited_area,
        filing: filing(view, &insured.person, bill.facts.visited_area, bill)?,
        sums: bill.sums,
        accounts: persons::balances(view, &insured.person)?,
        account_wanted: bill.account_wanted,
        accumulators: persons::accumulators(view, &insured.person, insured.scheme, year)?,
    };
    match compute(&pack, &case) {
        Ok(computation) => Ok(Ok(Priced { insured, version, pack, case, computation })),
        Err(refusal) => Ok(Err(refusal)),
    }
}

fn filing(view: View<'_>, person: &str, area: Division, bill: &Priceable<'_>) -> Result<FilingKind, Stop> {
    let filed = persons::filing_in_force(view, person, area, bill.care_date)?;
    // An emergency counts as filed, but a filing that was made is never worse than it.
    Ok(if filed == FilingKind::None && bill.facts.emergency { FilingKind::TempEmergency } else { filed })
}

/// Checks a batch as received: its hash over the bytes, each line (I1), the sums (I2).
pub fn check_batch(batch: &SplitBatch) -> Result<(), Refusal> {
    let wrong = || refusal::SUM_DIFFERS.with("field", "lines").with("expected", "-").with("sent", "-");
    if lines_hash(&batch.lines) != batch.lines_hash {
        return Err(refusal::DOCUMENTS_DIFFER.refuse());
    }
    let lines: Vec<SplitLine> = serde_json::from_str(batch.lines.get()).map_err(|_| refusal::NOT_JSON.refuse())?;
    if lines.len() > LINES_MAX {
        return Err(refusal::TOO_MANY_LINES.with("limit", LINES_MAX));
    }
    let lines_fit = lines
        .iter()
        .all(|line| invariants::check_line(line) && line.total_fen == price_times_quantity(line.price, line.quantity));
    if lines_fit && LineSums::of(&lines) == batch.sums { Ok(()) } else { Err(wrong()) }
}

pub fn lines_hash(lines: &RawValue) -> huitong_kernel::hash::Digest {
    HashFunction::Sha256.hash(&[lines.get().as_bytes()])
}
