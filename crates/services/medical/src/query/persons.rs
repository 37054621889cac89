//! Insured persons, institutions, filings, accumulators, account balances.

use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_ledger::book;
use huitong_service_kit::{Row, SqlError, StoreError, View, params};
use uuid::Uuid;

use super::{date, json, text};
use crate::accounts;
use crate::command::AccountBucket;
use crate::model::accumulators::Accumulators;
use crate::model::filing::{FilingKind, FilingState, FilingStatus};
use crate::model::message::{Certificate, ChronicState};
use crate::model::person::{HospitalLevel, PersonFacts, Scheme};
use crate::model::settle::AccountBalances;

pub struct Institution {
    pub code: String,
    pub name_zh: String,
    pub division: Division,
    pub level: Option<HospitalLevel>,
    pub active: bool,
}

pub struct Insured {
    pub person: String,
    pub pool: Division,
    pub scheme: Scheme,
    pub name: String,
    pub certificate: Certificate,
    pub facts: PersonFacts,
    pub suspended_from: Option<Date>,
}

pub fn institution(view: View<'_>, code: &str) -> Result<Option<Institution>, StoreError> {
    let row =
        view.one("SELECT division, level, active, name_zh FROM institution WHERE code = ?1", params![code], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?, row.get(2)?, row.get(3)?))
        })?;
    row.map(|(division, level, active, name_zh)| {
        let level = level.as_deref().and_then(HospitalLevel::parse);
        Ok(Institution { code: code.to_owned(), name_zh, division: text(&division)?, level, active })
    })
    .transpose()
}

/// Chinese and English name of an institution of the region.
pub fn institution_names(view: View<'_>, code: &str) -> Result<Option<(String, String)>, StoreError> {
    view.one("SELECT name_zh, name_en FROM institution WHERE code = ?1", params![code], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
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
        "SELECT person, pool, scheme, name, facts, suspended_from, certificate_type, certificate_number FROM insured
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
            Certificate { kind: row.get(6)?, number: row.get(7)? },
        ))
    })?;
    row.map(|(person, pool, scheme, name, facts, suspended_from, certificate)| {
        let scheme = Scheme::parse(&scheme).ok_or_else(|| StoreError::Damaged(format!("scheme {scheme:?}")))?;
        Ok(Insured {
            person,
            pool: text(&pool)?,
            scheme,
            name,
            certificate,
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
    let active = with_status(view, person, FilingStatus::Active)?;
    let holds = active.into_iter().find(|filing| filing.covers(area) && filing.holds_on(day));
    Ok(holds.map_or(FilingKind::None, |filing| filing.kind))
}

/// Filings of a person with a status, the one made last first.
pub fn with_status(view: View<'_>, person: &str, status: FilingStatus) -> Result<Vec<FilingState>, StoreError> {
    let rows = view.all(
        "SELECT text, status FROM filing WHERE person = ?1 AND status = ?2 ORDER BY made DESC, filing DESC LIMIT 1000",
        params![person, status.name()],
        read_filing,
    )?;
    rows.into_iter().map(filing_of).collect()
}

fn read_filing(row: &Row<'_>) -> Result<(String, String), SqlError> {
    Ok((row.get(0)?, row.get(1)?))
}

fn filing_of((text, status): (String, String)) -> Result<FilingState, StoreError> {
    let status = status.parse().map_err(|()| StoreError::Damaged(format!("filing status {status:?}")))?;
    Ok(FilingState { status, ..json(&text)? })
}

/// Filings of a person, newest first; `after` is the id to go on from.
pub fn filings(
    view: View<'_>,
    person: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<FilingState>, StoreError> {
    let rows = view.all(
        "SELECT text, status FROM filing
         WHERE person = ?1 AND (?2 IS NULL OR filing < ?2) ORDER BY filing DESC LIMIT ?3",
        params![person, after, limit as i64],
        read_filing,
    )?;
    rows.into_iter().map(filing_of).collect()
}

pub fn filing(view: View<'_>, filing: Uuid) -> Result<Option<FilingState>, StoreError> {
    let sql = "SELECT text, status FROM filing WHERE filing = ?1";
    view.one(sql, params![filing.to_string()], read_filing)?.map(filing_of).transpose()
}

/// What a hospital here asked home to file.
pub struct AskedFiling {
    pub correlation: String,
    pub institution: String,
    pub home: Division,
    /// As home told it last; `None` until it has answered.
    pub filing: Option<FilingState>,
}

pub fn asked_by(view: View<'_>, correlation: &str) -> Result<Option<AskedFiling>, StoreError> {
    asked(view, "correlation = ?1", correlation)
}

pub fn asked_filing(view: View<'_>, filing: Uuid) -> Result<Option<AskedFiling>, StoreError> {
    asked(view, "filing = ?1 ORDER BY correlation LIMIT 1", &filing.to_string())
}

fn asked(view: View<'_>, which: &str, key: &str) -> Result<Option<AskedFiling>, StoreError> {
    let sql = format!("SELECT correlation, institution, home, text, status FROM visited_filing WHERE {which}");
    let row = view.one(&sql, params![key], |row| {
        let filing = row.get::<_, Option<String>>(3)?.zip(row.get::<_, Option<String>>(4)?);
        Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, filing))
    })?;
    row.map(|(correlation, institution, home, filing)| {
        let filing = filing.map(filing_of).transpose()?;
        Ok(AskedFiling { correlation, institution, home: text(&home)?, filing })
    })
    .transpose()
}

/// Whether the person is registered for the disease on `day`.
pub fn has_disease(view: View<'_>, person: &str, disease: &str, day: Date) -> Result<bool, StoreError> {
    let row = view.one(
        "SELECT 1 FROM chronic_registration WHERE person = ?1 AND disease = ?2 AND valid_from <= ?3
         AND (valid_to IS NULL OR valid_to >= ?3) LIMIT 1",
        params![person, disease, day.to_string()],
        |_| Ok(()),
    )?;
    Ok(row.is_some())
}

/// Registrations of a person for chronic diseases, behind `after`.
pub fn chronic(
    view: View<'_>,
    person: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<ChronicState>, StoreError> {
    let rows = view.all(
        "SELECT text, valid_to FROM chronic_registration
         WHERE person = ?1 AND (?2 IS NULL OR registration > ?2) ORDER BY registration LIMIT ?3",
        params![person, after, limit as i64],
        read_chronic,
    )?;
    rows.into_iter().map(chronic_of).collect()
}

pub fn registration(view: View<'_>, registration: Uuid) -> Result<Option<ChronicState>, StoreError> {
    let sql = "SELECT text, valid_to FROM chronic_registration WHERE registration = ?1";
    view.one(sql, params![registration.to_string()], read_chronic)?.map(chronic_of).transpose()
}

fn read_chronic(row: &Row<'_>) -> Result<(String, Option<String>), SqlError> {
    Ok((row.get(0)?, row.get(1)?))
}

fn chronic_of((text, valid_to): (String, Option<String>)) -> Result<ChronicState, StoreError> {
    Ok(ChronicState { valid_to: valid_to.as_deref().map(date).transpose()?, ..json(&text)? })
}
