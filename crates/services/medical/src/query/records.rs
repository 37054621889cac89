//! Settlements whole, as a hospital had them: the signed document and the lines.

use huitong_kernel::hash::Digest;
use huitong_kernel::time::Date;
use huitong_service_kit::{Stop, View, params};

use super::documents;
use super::settlements::{self, Role, Settlement};
use crate::model::document::SettledDocument;
use crate::model::lines::SplitLine;

pub struct Record {
    pub document: SettledDocument,
    pub hash: Digest,
    pub lines: Vec<SplitLine>,
}

/// Of an institution, by day and number, behind one of them; each with its day.
pub fn list(
    view: View<'_>,
    institution: &str,
    (from, to): (Date, Date),
    after: (&str, &str),
    limit: usize,
) -> Result<Vec<(String, Record)>, Stop> {
    let keys = view.all(
        "SELECT day, settlement FROM settlement WHERE role = 'visited' AND institution = ?1 AND day >= ?2 AND day <= ?3
         AND (day, settlement) > (?4, ?5) ORDER BY day, settlement LIMIT ?6",
        params![institution, from.to_string(), to.to_string(), after.0, after.1, limit as i64],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
    )?;
    let mut found = Vec::with_capacity(keys.len());
    for (day, settlement) in keys {
        if let Some(known) = settlements::settlement(view, Role::Visited, &settlement)? {
            found.push((day, record(view, &known)?));
        }
    }
    Ok(found)
}

pub fn record(view: View<'_>, known: &Settlement) -> Result<Record, Stop> {
    let document = documents::document(view, known)?;
    let lines = if known.contra_of.is_some() { Vec::new() } else { documents::lines(view, known)? };
    Ok(Record { document, hash: known.document, lines })
}
