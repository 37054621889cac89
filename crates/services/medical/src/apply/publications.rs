//! What registry told, and the dated data that policy officers published.

use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::json;
use crate::event::Event;
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
                "INSERT INTO policy_pack (area, scheme, version, valid_from, valid_to, hash, text, sequence)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
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
        _ => unreachable!("only publications come here"),
    }
}
