//! What registry told, and the dated data that policy officers published.

use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::json;
use crate::event::{Event, Restored, SettlementBooked};
use crate::model::document::DataVersion;
use crate::model::published::{InstitutionPublished, InsuredPublished};

pub fn institution_known(tx: Tx<'_>, institution: &InstitutionPublished) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT OR REPLACE INTO institution (code, name_zh, name_en, division, level, active, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            institution.code,
            institution.name_zh,
            institution.name_en,
            institution.division.as_str(),
            institution.level.map(|level| level.name()),
            institution.active,
            institution.version,
        ],
    )
}

pub fn insured_known(tx: Tx<'_>, insured: &InsuredPublished) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT OR REPLACE INTO insured
             (person, pool, scheme, certificate_type, certificate_number, name, facts, suspended_from, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            insured.person,
            insured.pool.as_str(),
            insured.scheme.name(),
            insured.certificate_type,
            insured.certificate_number,
            insured.name,
            json(&insured.facts)?,
            insured.suspended_from.map(|day| day.to_string()),
            insured.version,
        ],
    )
}

pub fn published(tx: Tx<'_>, event: &Event, applied: &Applied) -> Result<(), StoreError> {
    match event {
        Event::PolicyPublished { version, scheme, valid_from, valid_to, supersedes, text } => {
            if let Some(superseded) = supersedes {
                tx.execute_one(
                    "UPDATE policy_pack SET valid_to = MAX(valid_from, MIN(IFNULL(valid_to, ?4), ?4))
                     WHERE area = ?1 AND scheme = ?2 AND version = ?3",
                    params![version.area.as_str(), scheme.name(), superseded, valid_from.to_string()],
                )?;
            }
            tx.execute_one(
                "INSERT INTO policy_pack (area, scheme, version, valid_from, valid_to, hash, text, sequence, used, withdrawn)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0)",
                params![
                    version.area.as_str(),
                    scheme.name(),
                    version.version,
                    valid_from.to_string(),
                    valid_to.map(|day| day.to_string()),
                    version.hash.0,
                    text,
                    applied.sequence,
                ],
            )
        }
        Event::CataloguePublished { version, valid_from, valid_to, supersedes, text } => {
            if let Some(superseded) = supersedes {
                tx.execute_one(
                    "UPDATE catalogue SET valid_to = MAX(valid_from, MIN(IFNULL(valid_to, ?3), ?3))
                     WHERE area = ?1 AND version = ?2",
                    params![version.area.as_str(), superseded, valid_from.to_string()],
                )?;
            }
            tx.execute_one(
                "INSERT INTO catalogue (area, version, valid_from, valid_to, hash, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    version.area.as_str(),
                    version.version,
                    valid_from.to_string(),
                    valid_to.map(|day| day.to_string()),
                    version.hash.0,
                    text,
                ],
            )
        }
        Event::PolicyWithdrawn { area, scheme, version, restores } => {
            if let Some(Restored { version, valid_to }) = restores {
                tx.execute_one(
                    "UPDATE policy_pack SET valid_to = ?4 WHERE area = ?1 AND scheme = ?2 AND version = ?3",
                    params![area.as_str(), scheme.name(), version, valid_to.map(|day| day.to_string())],
                )?;
            }
            tx.execute_one(
                "UPDATE policy_pack SET withdrawn = 1 WHERE area = ?1 AND scheme = ?2 AND version = ?3",
                params![area.as_str(), scheme.name(), version],
            )
        }
        _ => unreachable!("only publications come here"),
    }
}

/// An offer was priced with this version: it can be withdrawn no more. What the core system of a pool has priced names its own.
pub fn quoted_with(tx: Tx<'_>, pack: &DataVersion) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE policy_pack SET used = 1 WHERE area = ?1 AND version = ?2 AND hash = ?3 AND used = 0",
        params![pack.area.as_str(), pack.version, pack.hash.0],
    )
    .map(drop)
}

/// A bill that nobody had quoted was priced with the version in force on its day.
pub fn settled_with(tx: Tx<'_>, booked: &SettlementBooked) -> Result<(), StoreError> {
    let (Some(case), None) = (&booked.case, booked.quote) else { return Ok(()) };
    tx.execute(
        "UPDATE policy_pack SET used = 1 WHERE area = ?1 AND scheme = ?2 AND valid_from <= ?3
         AND (valid_to IS NULL OR valid_to > ?3) AND withdrawn = 0 AND used = 0",
        params![booked.home_area.as_str(), booked.scheme.name(), case.care_date.to_string()],
    )
    .map(drop)
}
