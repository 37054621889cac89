//! Read models.

pub mod authenticate;
pub mod participants;

use huitong_service_kit::{StoreError, View, params};

use crate::model::published::Insured;

/// An insured person with personal data; the API masks it.
pub fn insured(view: View<'_>, person: &str) -> Result<Option<Insured>, StoreError> {
    let text =
        view.one("SELECT text FROM insured WHERE person = ?1", params![person], |row| row.get::<_, String>(0))?;
    text.map(|text| Ok(serde_json::from_str(&text)?)).transpose()
}

pub fn insured_version(view: View<'_>, person: &str) -> Result<u64, StoreError> {
    let version = view.one("SELECT version FROM insured WHERE person = ?1", params![person], |row| row.get(0))?;
    Ok(version.unwrap_or(0))
}
