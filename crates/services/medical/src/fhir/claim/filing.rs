//! A Claim with `use` = preauthorization: a filing (备案).

use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::Refusal;

use super::coverage::{certificate, coverage, home_area};
use super::period::Period;
use crate::fhir::place::Place;
use crate::fhir::terms::{DIVISION, FILING_KIND, INFORMATION};
use crate::model::filing::{FilingKind, FilingWish};

/// Whose treatment is filed, where, of which kind and for which days: from today on where no start is said.
pub(super) fn filing(root: &Place<'_>, today: Date) -> Result<FilingWish, Refusal> {
    let (mut kind, mut areas) = (None, Vec::new());
    for entry in root.list("supportingInfo")? {
        let code = entry.get("code");
        match entry.get("category").code(INFORMATION)? {
            Some("filing") => kind = Some(filing_kind(&code)?),
            Some("area") => areas.push(area(&code)?),
            // Of another's system: not ours to read.
            None => {}
            Some(other) => return Err(entry.get("category").unknown(other)),
        }
    }
    let valid = Period::read(&root.get("billablePeriod"))?;
    Ok(FilingWish {
        home_area: home_area(&coverage(root)?)?,
        certificate: certificate(root)?,
        kind: kind.ok_or_else(|| root.get(&format!("supportingInfo[{FILING_KIND}]")).missing())?,
        areas,
        valid_from: valid.start.unwrap_or(today),
        valid_to: valid.end,
        referral: None,
    })
}

fn filing_kind(code: &Place<'_>) -> Result<FilingKind, Refusal> {
    let name = code.code(FILING_KIND)?.ok_or_else(|| code.missing())?;
    FilingKind::parse(name).filter(|kind| FilingKind::FILEABLE.contains(kind)).ok_or_else(|| code.unknown(name))
}

fn area(code: &Place<'_>) -> Result<Division, Refusal> {
    let area = code.code(DIVISION)?.ok_or_else(|| code.missing())?;
    area.parse().map_err(|_| code.unknown(area))
}
