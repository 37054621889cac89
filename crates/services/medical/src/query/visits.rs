//! Visits and batches, on either side.

use huitong_kernel::division::Division;
use huitong_service_kit::{StoreError, View, params};
use uuid::Uuid;

use super::{json, text};
use crate::model::amounts::LineSums;
use crate::model::document::DataVersion;
use crate::model::message::{Quote, VisitFacts};

pub struct VisitedVisit {
    pub institution: String,
    pub home: Division,
    pub state: String,
    pub number: Option<String>,
    pub facts: VisitFacts,
}

pub struct VisitedBatch {
    pub state: String,
    pub catalogue: DataVersion,
    pub sums: LineSums,
    /// JSON text of the split lines.
    pub lines: String,
    pub quote: Option<Quote>,
}

pub struct HomeVisit {
    pub visited: Division,
    pub person: String,
    pub facts: VisitFacts,
}

pub fn visited_visit(view: View<'_>, visit: Uuid) -> Result<Option<VisitedVisit>, StoreError> {
    let row = view.one(
        "SELECT institution, home, state, number, facts FROM visited_visit WHERE visit = ?1",
        params![visit.to_string()],
        |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?, row.get::<_, String>(4)?)),
    )?;
    row.map(|(institution, home, state, number, facts)| {
        Ok(VisitedVisit { institution, home: text(&home)?, state, number, facts: json(&facts)? })
    })
    .transpose()
}

pub fn visited_batch(view: View<'_>, visit: Uuid, batch: &str) -> Result<Option<VisitedBatch>, StoreError> {
    let row = view.one(
        "SELECT state, catalogue, sums, lines, quote FROM visited_batch WHERE visit = ?1 AND batch = ?2",
        params![visit.to_string(), batch],
        |row| {
            Ok((
                row.get(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get(3)?,
                row.get::<_, Option<String>>(4)?,
            ))
        },
    )?;
    row.map(|(state, catalogue, sums, lines, quote)| {
        Ok(VisitedBatch {
            state,
            catalogue: json(&catalogue)?,
            sums: json(&sums)?,
            lines,
            quote: quote.as_deref().map(json).transpose()?,
        })
    })
    .transpose()
}

/// Line numbers already used in other batches of the visit (a line number is unique in the visit).
pub fn lines_of_other_batches(view: View<'_>, visit: Uuid, batch: &str) -> Result<Vec<String>, StoreError> {
    view.all(
        "SELECT lines FROM visited_batch WHERE visit = ?1 AND batch <> ?2 LIMIT 200",
        params![visit.to_string(), batch],
        |row| row.get(0),
    )
}

pub fn home_visit(view: View<'_>, number: &str) -> Result<Option<HomeVisit>, StoreError> {
    let row = view.one("SELECT visited, person, facts FROM home_visit WHERE number = ?1", params![number], |row| {
        Ok((row.get::<_, String>(0)?, row.get(1)?, row.get::<_, String>(2)?))
    })?;
    row.map(|(visited, person, facts)| Ok(HomeVisit { visited: text(&visited)?, person, facts: json(&facts)? }))
        .transpose()
}

/// Which numbers home counts.
#[derive(Clone, Copy)]
pub enum Serial {
    /// `mdtrt_id`
    Visit,
    /// `setl_id`
    Settlement,
}

impl Serial {
    /// The letter that the numbers start with.
    pub fn letter(self) -> &'static str {
        match self {
            Serial::Visit => "S",
            Serial::Settlement => "A",
        }
    }
}

/// The next serial of the numbers that home issues for a pool.
pub fn next_serial(view: View<'_>, serial: Serial, area: Division) -> Result<u64, StoreError> {
    let last = view.one(
        "SELECT last FROM home_serial WHERE letter = ?1 AND area = ?2",
        params![serial.letter(), area.as_str()],
        |row| row.get::<_, u64>(0),
    )?;
    Ok(last.unwrap_or(0) + 1)
}

pub fn home_quote(view: View<'_>, quote: Uuid, visited: Division) -> Result<Option<Quote>, StoreError> {
    let row = view.one(
        "SELECT text FROM home_quote WHERE quote = ?1 AND visited = ?2",
        params![quote.to_string(), visited.as_str()],
        |row| row.get::<_, String>(0),
    )?;
    row.as_deref().map(json).transpose()
}
