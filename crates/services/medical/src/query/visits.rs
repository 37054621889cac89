//! Visits and batches, on either side.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::{Row, SqlError, StoreError, View, params};
use uuid::Uuid;

use super::{date, json, text};
use crate::model::document::DataVersion;
use crate::model::lines::{Returned, SplitLine};
use crate::model::message::{FilingChanged, Quote, VisitFacts};
use crate::model::person::CareType;
use crate::model::settle::StaySoFar;
use crate::model::visit::VisitDetails;

pub struct VisitedVisit {
    pub institution: String,
    pub home: Division,
    /// asked, open, discharged, closed, cancelled, refused
    pub state: String,
    /// `mdtrt_id`
    pub number: Option<String>,
    /// `psn_no`
    pub person: Option<String>,
    pub name: Option<String>,
    pub birth_date: Option<Date>,
    pub ended_on: Option<Date>,
    pub facts: VisitFacts,
    pub details: VisitDetails,
    pub filing: Option<FilingChanged>,
}

impl VisitedVisit {
    pub fn is_stay(&self) -> bool {
        self.facts.care_type == CareType::Inpatient
    }
}

pub struct VisitedBatch {
    pub state: String,
    pub catalogues: Vec<DataVersion>,
    pub quote: Option<Quote>,
}

pub struct HomeVisit {
    pub number: String,
    pub visited: Division,
    pub person: String,
    /// open, discharged, closed, cancelled
    pub state: String,
    pub ended_on: Option<Date>,
    pub facts: VisitFacts,
    pub stay: StaySoFar,
}

impl HomeVisit {
    pub fn is_stay(&self) -> bool {
        self.facts.care_type == CareType::Inpatient
    }
}

const VISITED: &str = "institution, home, state, facts, details, number, person, ended_on, filing, name, birth_date";

/// Texts that are always there, and those that may not be.
type RawVisited = ([String; 5], [Option<String>; 6]);

fn read_visited(row: &Row<'_>) -> Result<RawVisited, SqlError> {
    Ok((
        [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?],
        [row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?, row.get(10)?],
    ))
}

fn visited(raw: RawVisited) -> Result<VisitedVisit, StoreError> {
    let ([institution, home, state, facts, details], [number, person, ended_on, filing, name, birth_date]) = raw;
    Ok(VisitedVisit {
        institution,
        home: text(&home)?,
        state,
        number,
        person,
        name,
        birth_date: birth_date.as_deref().map(date).transpose()?,
        ended_on: ended_on.as_deref().map(date).transpose()?,
        facts: json(&facts)?,
        details: json(&details)?,
        filing: filing.as_deref().map(json).transpose()?,
    })
}

pub fn visited_visit(view: View<'_>, visit: Uuid) -> Result<Option<VisitedVisit>, StoreError> {
    let sql = format!("SELECT {VISITED} FROM visited_visit WHERE visit = ?1");
    view.one(&sql, params![visit.to_string()], read_visited)?.map(visited).transpose()
}

/// The visit with the number that home issued.
pub fn visited_number(view: View<'_>, number: &str) -> Result<Option<VisitedVisit>, StoreError> {
    let sql = format!("SELECT {VISITED} FROM visited_visit WHERE number = ?1");
    view.one(&sql, params![number], read_visited)?.map(visited).transpose()
}

/// Visits of an institution in the order of their ids.
pub fn visited_list(
    view: View<'_>,
    institution: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<VisitedVisit>, StoreError> {
    let sql = format!(
        "SELECT {VISITED} FROM visited_visit WHERE institution = ?1 AND (?2 IS NULL OR visit > ?2) ORDER BY visit LIMIT ?3"
    );
    let rows = view.all(&sql, params![institution, after, limit as i64], read_visited)?;
    rows.into_iter().map(visited).collect()
}

/// Visits of a person at an institution, the newest first.
pub fn visited_of(
    view: View<'_>,
    institution: &str,
    person: &str,
    limit: usize,
) -> Result<Vec<VisitedVisit>, StoreError> {
    let sql = format!(
        "SELECT {VISITED} FROM visited_visit WHERE person = ?1 AND institution = ?2 ORDER BY visit DESC LIMIT ?3"
    );
    let rows = view.all(&sql, params![person, institution, limit as i64], read_visited)?;
    rows.into_iter().map(visited).collect()
}

pub fn visited_batch(view: View<'_>, visit: Uuid, batch: &str) -> Result<Option<VisitedBatch>, StoreError> {
    let row = view.one(
        "SELECT state, catalogues, quote FROM visited_batch WHERE visit = ?1 AND batch = ?2",
        params![visit.to_string(), batch],
        |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?)),
    )?;
    row.map(|(state, catalogues, quote)| {
        Ok(VisitedBatch { state, catalogues: json(&catalogues)?, quote: quote.as_deref().map(json).transpose()? })
    })
    .transpose()
}

/// Batches of a visit with their states.
pub fn batches(view: View<'_>, visit: Uuid) -> Result<Vec<(String, String)>, StoreError> {
    view.all(
        "SELECT batch, state FROM visited_batch WHERE visit = ?1 ORDER BY batch LIMIT 10000",
        params![visit.to_string()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The batch of a stay that is not settled, else a new one: the first number that none bears. One that was taken back and emptied is gone.
pub fn open_batch(view: View<'_>, visit: Uuid) -> Result<String, StoreError> {
    let batches = batches(view, visit)?;
    let open = batches.iter().find(|(_, state)| state != "settled").map(|(batch, _)| batch.clone());
    let is_free = |number: &String| batches.iter().all(|(batch, _)| batch != number);
    let next = || (1..=batches.len() + 1).map(|number| number.to_string()).find(is_free).unwrap_or_default();
    Ok(open.unwrap_or_else(next))
}

/// The split lines of a batch, in the order in which they came.
pub fn lines(view: View<'_>, visit: Uuid, batch: &str) -> Result<Vec<SplitLine>, StoreError> {
    let texts = view.all(
        "SELECT text FROM visited_line WHERE visit = ?1 AND batch = ?2 AND text IS NOT NULL ORDER BY id",
        params![visit.to_string(), batch],
        |row| row.get::<_, String>(0),
    )?;
    texts.iter().map(|text| json(text)).collect()
}

/// A number that is used in the visit: its batch, and the line, unless it is a return.
pub fn line(view: View<'_>, visit: Uuid, number: &str) -> Result<Option<(String, Option<SplitLine>)>, StoreError> {
    let row = view.one(
        "SELECT batch, text FROM visited_line WHERE visit = ?1 AND number = ?2",
        params![visit.to_string(), number],
        |row| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?)),
    )?;
    row.map(|(batch, text)| Ok((batch, text.as_deref().map(json).transpose()?))).transpose()
}

/// The returns of a batch, in the order in which they came.
pub fn returns(view: View<'_>, visit: Uuid, batch: &str) -> Result<Vec<Returned>, StoreError> {
    let texts = view.all(
        "SELECT returned FROM visited_line WHERE visit = ?1 AND batch = ?2 AND returned IS NOT NULL ORDER BY id",
        params![visit.to_string(), batch],
        |row| row.get::<_, String>(0),
    )?;
    texts.iter().map(|text| json(text)).collect()
}

/// How many numbers a batch uses, lines and returns.
pub fn count_lines(view: View<'_>, visit: Uuid, batch: &str) -> Result<usize, StoreError> {
    let sql = "SELECT COUNT(*) FROM visited_line WHERE visit = ?1 AND batch = ?2";
    Ok(view.one(sql, params![visit.to_string(), batch], |row| row.get(0))?.unwrap_or(0))
}

const HOME: &str = "number, visited, person, state, ended_on, facts, settlements, deductible_fen, admission";

type RawHome = (String, String, String, String, Option<String>, String, StaySoFar);

fn read_home(row: &Row<'_>) -> Result<RawHome, SqlError> {
    let stay = StaySoFar { settlements: row.get(6)?, deductible_fen: Fen(row.get(7)?), admission: row.get(8)? };
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, stay))
}

fn home((number, visited, person, state, ended_on, facts, stay): RawHome) -> Result<HomeVisit, StoreError> {
    let ended_on = ended_on.as_deref().map(date).transpose()?;
    Ok(HomeVisit { number, visited: text(&visited)?, person, state, ended_on, facts: json(&facts)?, stay })
}

pub fn home_visit(view: View<'_>, number: &str) -> Result<Option<HomeVisit>, StoreError> {
    let sql = format!("SELECT {HOME} FROM home_visit WHERE number = ?1");
    view.one(&sql, params![number], read_home)?.map(home).transpose()
}

/// Stays of a person that are not taken back, the newest last.
pub fn stays_of(view: View<'_>, person: &str) -> Result<Vec<HomeVisit>, StoreError> {
    let sql = format!(
        "SELECT {HOME} FROM home_visit WHERE person = ?1 AND stay = 1 AND state <> 'cancelled' ORDER BY number LIMIT 1000"
    );
    view.all(&sql, params![person], read_home)?.into_iter().map(home).collect()
}

/// Lines of a stay that were sent ahead.
pub fn held_lines(view: View<'_>, number: &str, hash: Digest) -> Result<Option<String>, StoreError> {
    let sql = "SELECT text FROM home_lines WHERE hash = ?1 AND number = ?2";
    view.one(sql, params![hash.0, number], |row| row.get(0))
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
