//! Parts of trips on cross-border lines.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_service_kit::{StoreError, View, params};

use super::json;
use crate::model::settlement::SplitNotice;

/// The notice by which a document was split with a partner.
pub fn notice(view: View<'_>, of: Digest, partner: Division) -> Result<Option<SplitNotice>, StoreError> {
    let text = view.one(
        "SELECT text FROM split_part WHERE of = ?1 AND partner = ?2",
        params![of.0, partner.as_str()],
        |row| row.get::<_, String>(0),
    )?;
    text.map(|text| json(&text)).transpose()
}

/// The notices of a trip and of its adjustments.
pub fn of_trip(view: View<'_>, trip: Digest) -> Result<Vec<SplitNotice>, StoreError> {
    let texts = view.all(
        "SELECT text FROM split_part WHERE trip = ?1 ORDER BY of, partner LIMIT 1000",
        params![trip.0],
        |row| row.get::<_, String>(0),
    )?;
    texts.iter().map(|text| json(text)).collect()
}
