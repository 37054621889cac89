//! Policy packs and catalogues by date.

use std::sync::Arc;

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Date;
use huitong_service_kit::{StoreError, View, params};

use super::json;
use crate::Medical;
use crate::model::catalogue::IndexedCatalogue;
use crate::model::document::DataVersion;
use crate::model::person::Scheme;
use crate::model::policy::Pack;

/// The pack of a pool and scheme that is in force on `day`.
pub fn pack(
    medical: &Medical,
    view: View<'_>,
    area: Division,
    scheme: Scheme,
    day: Date,
) -> Result<Option<(DataVersion, Arc<Pack>)>, StoreError> {
    let row = view.one(
        "SELECT version, hash FROM policy_pack WHERE area = ?1 AND scheme = ?2 AND valid_from <= ?3
         AND (valid_to IS NULL OR valid_to > ?3) AND withdrawn = 0 ORDER BY valid_from DESC LIMIT 1",
        params![area.as_str(), scheme.name(), day.to_string()],
        |row| Ok((row.get::<_, String>(0)?, Digest(row.get(1)?))),
    )?;
    let Some((version, hash)) = row else { return Ok(None) };
    let pack = medical.pack(hash, || pack_text(view, hash))?;
    Ok(Some((DataVersion { area, version, hash }, pack)))
}

/// The text of the pack with this hash.
pub fn pack_text(view: View<'_>, hash: Digest) -> Result<String, StoreError> {
    let text = view.one("SELECT text FROM policy_pack WHERE hash = ?1", params![hash.0], |row| row.get(0))?;
    text.ok_or_else(|| StoreError::Damaged(format!("the pack {hash} is gone")))
}

/// A version as it was published.
pub struct Published {
    pub pack: Pack,
    /// A quote or settlement was priced with it.
    pub is_used: bool,
    pub is_withdrawn: bool,
}

/// Every version of a pool and scheme that was ever published.
pub fn published(view: View<'_>, area: Division, scheme: Scheme) -> Result<Vec<Published>, StoreError> {
    let rows = view.all(
        "SELECT text, used, withdrawn FROM policy_pack WHERE area = ?1 AND scheme = ?2 ORDER BY sequence",
        params![area.as_str(), scheme.name()],
        |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let read = |(text, is_used, is_withdrawn): (String, bool, bool)| {
        Ok(Published { pack: json(&text)?, is_used, is_withdrawn })
    };
    rows.into_iter().map(read).collect()
}

/// The catalogue of a jurisdiction that is in force on `day`.
pub fn catalogue(
    medical: &Medical,
    view: View<'_>,
    area: Division,
    day: Date,
) -> Result<Option<(DataVersion, Arc<IndexedCatalogue>)>, StoreError> {
    let row = view.one(
        "SELECT version, hash FROM catalogue WHERE area = ?1 AND valid_from <= ?2
         AND (valid_to IS NULL OR valid_to > ?2) ORDER BY valid_from DESC LIMIT 1",
        params![area.as_str(), day.to_string()],
        |row| Ok((row.get::<_, String>(0)?, Digest(row.get(1)?))),
    )?;
    let Some((version, hash)) = row else { return Ok(None) };
    let catalogue = medical.catalogue(hash, || {
        let text = view.one("SELECT text FROM catalogue WHERE hash = ?1", params![hash.0], |row| row.get(0))?;
        text.ok_or_else(|| StoreError::Damaged(format!("the catalogue {hash} is gone")))
    })?;
    Ok(Some((DataVersion { area, version, hash }, catalogue)))
}

/// A published version as lists show it.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct PublishedVersion {
    pub area: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    pub version: String,
    pub valid_from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<String>,
    /// SHA-256 of the published text.
    pub hash: String,
    /// It was taken back before anything was priced with it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}

pub fn pack_list(view: View<'_>, after: Option<&str>, limit: usize) -> Result<Vec<PublishedVersion>, StoreError> {
    view.all(
        "SELECT area, scheme, version, valid_from, valid_to, hash, withdrawn FROM policy_pack
         WHERE ?1 IS NULL OR area || '/' || scheme || '/' || version > ?1 ORDER BY area, scheme, version LIMIT ?2",
        params![after, limit as i64],
        |row| {
            Ok(PublishedVersion {
                area: row.get(0)?,
                scheme: Some(row.get(1)?),
                version: row.get(2)?,
                valid_from: row.get(3)?,
                valid_to: row.get(4)?,
                hash: Digest(row.get(5)?).to_string(),
                withdrawn: row.get(6)?,
            })
        },
    )
}

pub fn catalogue_list(view: View<'_>, after: Option<&str>, limit: usize) -> Result<Vec<PublishedVersion>, StoreError> {
    view.all(
        "SELECT area, version, valid_from, valid_to, hash FROM catalogue
         WHERE ?1 IS NULL OR area || '/' || version > ?1 ORDER BY area, version LIMIT ?2",
        params![after, limit as i64],
        |row| {
            Ok(PublishedVersion {
                area: row.get(0)?,
                scheme: None,
                version: row.get(1)?,
                valid_from: row.get(2)?,
                valid_to: row.get(3)?,
                hash: Digest(row.get(4)?).to_string(),
                withdrawn: false,
            })
        },
    )
}
