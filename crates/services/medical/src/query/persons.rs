//! Insured persons, institutions, filings, accumulators, account balances.

use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_ledger::book;
use huitong_service_kit::{StoreError, View, params};
use uuid::Uuid;

use super::{date, json, text};
use crate::accounts;
use crate::command::AccountBucket;
use crate::model::accumulators::Accumulators;
use crate::model::filing::FilingKind;
use crate::model::message::{Certificate, FilingState};
use crate::model::person::{HospitalLevel, PersonFacts, Scheme};
use crate::model::settle::AccountBalances;

pub struct Institution {
    pub code: String,
    pub division: Division,
    pub level: Option<HospitalLevel>,
    pub active: bool,
}

pub struct Insured {
    pub person: String,
    pub pool: Division,
    pub scheme: Scheme,
    pub name: String,
    pub facts: PersonFacts,
    pub suspended_from: Option<Date>,
}

pub fn institution(view: View<'_>, code: &str) -> Result<Option<Institution>, StoreError> {
    let row = view.one("SELECT division, level, active FROM institution WHERE code = ?1", params![code], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?, row.get(2)?))
    })?;
    row.map(|(division, level, active)| {
        let level = level.as_deref().and_then(HospitalLevel::parse);
        Ok(Institution { code: code.to_owned(), division: text(&division)?, level, active })
    })
    .transpose()
}

/// The person of a certificate under a scheme, if insured here. A certificate of kind `00` carries the person number
/// itself.
pub fn insured(
    view: View<'_>,
    certificate: &Certificate,
    scheme: Option<Scheme>,
) -> Result<Option<Insured>, StoreError> {
    let column = if certificate.kind == "00" {
        "person = ?1 AND ?2 = '00'"
    } else {
        "certificate_number = ?1 AND certificate_type = ?2"
    };
    let sql = format!(
        "SELECT person, pool, scheme, name, facts, suspended_from FROM insured
         WHERE {column} AND (?3 IS NULL OR scheme = ?3) ORDER BY person LIMIT 1"
    );
    let row = view.one(&sql, params![certificate.number, certificate.kind, scheme.map(Scheme::name)], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, String>(3)?,
            row.get::<_, String>(4)?,
            row.get::<_, Option<String>>(5)?,
        ))
    })?;
    row.map(|(person, pool, scheme, name, facts, suspended_from)| {
        let scheme = Scheme::parse(&scheme).ok_or_else(|| StoreError::Damaged(format!("scheme {scheme:?}")))?;
        Ok(Insured {
            person,
            pool: text(&pool)?,
            scheme,
            name,
            facts: json(&facts)?,
            suspended_from: suspended_from.as_deref().map(date).transpose()?,
        })
    })
    .transpose()
}

pub fn accumulators(view: View<'_>, person: &str, scheme: Scheme, year: i16) -> Result<Accumulators, StoreError> {
    let row = view.one(
        "SELECT version, amounts FROM accumulator WHERE person = ?1 AND scheme = ?2 AND year = ?3",
        params![person, scheme.name(), year],
        |row| Ok((row.get(0)?, row.get::<_, String>(1)?)),
    )?;
    match row {
        Some((version, amounts)) => Ok(Accumulators { version, amounts: json(&amounts)? }),
        None => Ok(Accumulators::default()),
    }
}

pub fn balances(view: View<'_>, person: &str) -> Result<AccountBalances, StoreError> {
    let available = |bucket| Ok::<_, StoreError>(book::balance(view, &accounts::person(person, bucket))?.available());
    Ok(AccountBalances {
        current_fen: available(AccountBucket::Current)?,
        history_fen: available(AccountBucket::History)?,
        mutual_aid_fen: available(AccountBucket::MutualAid)?,
    })
}

/// The filing of a person that holds for `area` on `day`; the one made last wins.
pub fn filing_in_force(view: View<'_>, person: &str, area: Division, day: Date) -> Result<FilingKind, StoreError> {
    let rows = view.all(
        "SELECT kind, areas FROM filing WHERE person = ?1 AND active = 1 AND valid_from <= ?2
         AND (valid_to IS NULL OR valid_to >= ?2) ORDER BY filing DESC LIMIT 20",
        params![person, day.to_string()],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
    )?;
    for (kind, areas) in rows {
        let areas: Vec<Division> = json(&areas)?;
        if areas.is_empty() || areas.iter().any(|filed| filed.contains(area)) {
            return Ok(FilingKind::parse(&kind).unwrap_or(FilingKind::None));
        }
    }
    Ok(FilingKind::None)
}

/// Filings of a person, newest first; `after` is the id to go on from.
pub fn filings(
    view: View<'_>,
    person: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<FilingState>, StoreError> {
    let rows = view.all(
        "SELECT filing, person, kind, areas, valid_from, valid_to, active FROM filing
         WHERE person = ?1 AND (?2 IS NULL OR filing < ?2) ORDER BY filing DESC LIMIT ?3",
        params![person, after, limit as i64],
        |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
                row.get::<_, String>(4)?,
                row.get::<_, Option<String>>(5)?,
                row.get::<_, bool>(6)?,
            ))
        },
    )?;
    let state = |(filing, person, kind, areas, from, to, active): (
        String,
        String,
        String,
        String,
        String,
        Option<String>,
        bool,
    )| {
        Ok(FilingState {
            filing: text(&filing)?,
            person,
            kind: FilingKind::parse(&kind).unwrap_or(FilingKind::None),
            areas: json(&areas)?,
            valid_from: date(&from)?,
            valid_to: to.as_deref().map(date).transpose()?,
            active,
        })
    };
    rows.into_iter().map(state).collect()
}

pub fn filing_is_active(view: View<'_>, filing: Uuid) -> Result<Option<bool>, StoreError> {
    view.one("SELECT active FROM filing WHERE filing = ?1", params![filing.to_string()], |row| row.get(0))
}
