//! Settlements in the books of either side.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::entry::Sequence;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Row, StoreError, View, params};

use super::{json, text};
use crate::model::accumulators::Deltas;
use crate::model::message::CallReference;
use crate::model::person::Scheme;

/// Which part a node plays in a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Visited,
    Home,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Visited => "visited",
            Role::Home => "home",
        }
    }
}

pub struct Settlement {
    pub settlement: String,
    pub call: CallReference,
    pub visited: Division,
    pub home: Division,
    pub home_area: Division,
    pub visit: String,
    pub batch: String,
    pub person: String,
    pub scheme: Scheme,
    pub insurance_year: i16,
    pub settled_at: Instant,
    pub period: String,
    pub number: Sequence,
    pub document: Digest,
    pub total_fen: Fen,
    pub fund_total_fen: Fen,
    pub person_total_fen: Fen,
    pub account_fen: Fen,
    pub cash_fen: Fen,
    pub deltas: Deltas,
    pub state: String,
    pub contra_of: Option<String>,
}

const COLUMNS: &str = "settlement, institution, message_id, visited, home, home_area, visit, batch, person, scheme,
    insurance_year, settled_at, period, number, document, total_fen, fund_total_fen, person_total_fen, account_fen,
    cash_fen, deltas, state, contra_of";

type Raw = (Settlement, [String; 5]);

/// The columns that SQLite knows as text are parsed afterwards, where an error can be told.
fn read(row: &Row<'_>) -> Result<Raw, huitong_service_kit::SqlError> {
    let placeholder: Division = "110000".parse().expect("a code");
    let settlement = Settlement {
        settlement: row.get(0)?,
        call: CallReference { institution: row.get(1)?, message_id: row.get(2)? },
        visited: placeholder,
        home: placeholder,
        home_area: placeholder,
        visit: row.get(6)?,
        batch: row.get(7)?,
        person: row.get(8)?,
        scheme: Scheme::Employee,
        insurance_year: row.get(10)?,
        settled_at: Instant(row.get(11)?),
        period: row.get(12)?,
        number: row.get(13)?,
        document: Digest(row.get(14)?),
        total_fen: Fen(row.get(15)?),
        fund_total_fen: Fen(row.get(16)?),
        person_total_fen: Fen(row.get(17)?),
        account_fen: Fen(row.get(18)?),
        cash_fen: Fen(row.get(19)?),
        deltas: Deltas::new(),
        state: row.get(21)?,
        contra_of: row.get(22)?,
    };
    Ok((settlement, [row.get(3)?, row.get(4)?, row.get(5)?, row.get(9)?, row.get(20)?]))
}

fn finish((settlement, [visited, home, home_area, scheme, deltas]): Raw) -> Result<Settlement, StoreError> {
    let scheme = Scheme::parse(&scheme).ok_or_else(|| StoreError::Damaged(format!("scheme {scheme:?}")))?;
    Ok(Settlement {
        visited: text(&visited)?,
        home: text(&home)?,
        home_area: text(&home_area)?,
        scheme,
        deltas: json(&deltas)?,
        ..settlement
    })
}

pub fn settlement(view: View<'_>, role: Role, settlement: &str) -> Result<Option<Settlement>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM settlement WHERE role = ?1 AND settlement = ?2");
    view.one(&sql, params![role.name(), settlement], read)?.map(finish).transpose()
}

/// The settlement (not its contra) that a call made.
pub fn of_call(view: View<'_>, role: Role, call: &CallReference) -> Result<Option<Settlement>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM settlement WHERE role = ?1 AND institution = ?2 AND message_id = ?3
         AND contra_of IS NULL LIMIT 1"
    );
    view.one(&sql, params![role.name(), call.institution, call.message_id], read)?.map(finish).transpose()
}

/// The contra that has taken a settlement back, in the book of visited.
pub fn contra_of(view: View<'_>, original: &str) -> Result<Option<String>, StoreError> {
    let Some(known) = settlement(view, Role::Visited, original)? else { return Ok(None) };
    view.one(
        "SELECT settlement FROM settlement WHERE role = 'visited' AND visit = ?1 AND batch = ?2 AND contra_of = ?3",
        params![known.visit, known.batch, original],
        |row| row.get(0),
    )
}

/// The open settlement of a batch (I10: there is at most one).
pub fn of_batch(view: View<'_>, role: Role, visit: &str, batch: &str) -> Result<Option<String>, StoreError> {
    view.one(
        "SELECT settlement FROM settlement WHERE role = ?3 AND visit = ?1 AND batch = ?2 AND state = 'settled' LIMIT 1",
        params![visit, batch, role.name()],
        |row| row.get(0),
    )
}

/// Settlements and contras of an institution in a clearing period, from a place on.
pub fn rows_of_period(
    view: View<'_>,
    institution: &str,
    period: &str,
    start: usize,
    limit: usize,
) -> Result<Vec<Settlement>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM settlement WHERE role = 'visited' AND institution = ?1 AND period = ?2
         ORDER BY settlement LIMIT ?3 OFFSET ?4"
    );
    let rows = view.all(&sql, params![institution, period, limit as i64, start as i64], read)?;
    rows.into_iter().map(finish).collect()
}

/// Settlements and contras of a visit, in the order in which they were made.
pub fn of_visit(view: View<'_>, role: Role, visit: &str, limit: usize) -> Result<Vec<Settlement>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM settlement WHERE role = ?1 AND visit = ?2 ORDER BY settled_at, settlement LIMIT ?3"
    );
    view.all(&sql, params![role.name(), visit, limit as i64], read)?.into_iter().map(finish).collect()
}

/// The last settlement of a visit that stands.
pub fn last_of_visit(view: View<'_>, role: Role, visit: &str) -> Result<Option<String>, StoreError> {
    view.one(
        "SELECT settlement FROM settlement WHERE role = ?1 AND visit = ?2 AND state = 'settled'
         ORDER BY settled_at DESC, settlement DESC LIMIT 1",
        params![role.name(), visit],
        |row| row.get(0),
    )
}

/// How many settlements of a visit stand.
pub fn count_of_visit(view: View<'_>, role: Role, visit: &str) -> Result<u32, StoreError> {
    let sql = "SELECT COUNT(*) FROM settlement WHERE role = ?1 AND visit = ?2 AND state = 'settled'";
    Ok(view.one(sql, params![role.name(), visit], |row| row.get(0))?.unwrap_or(0))
}

/// Settlements of a role in order of their ids; `institution` limits them to one hospital.
pub fn list(
    view: View<'_>,
    role: Role,
    institution: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Settlement>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM settlement WHERE role = ?1 AND (?2 IS NULL OR institution = ?2)
         AND (?3 IS NULL OR settlement > ?3) ORDER BY settlement LIMIT ?4"
    );
    let rows = view.all(&sql, params![role.name(), institution, after, limit as i64], read)?;
    rows.into_iter().map(finish).collect()
}

/// A hospital's documents that home settled in a period, contras included, by their numbers.
pub fn of_period(
    view: View<'_>,
    institution: &str,
    period: Period,
    limit: usize,
) -> Result<Vec<Settlement>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM settlement WHERE role = 'visited' AND institution = ?1
         AND settled_at >= ?2 AND settled_at < ?3 ORDER BY settlement LIMIT ?4"
    );
    let span = params![institution, Instant::start_of(period.first_day()).0, period.ends().0, limit as i64];
    view.all(&sql, span, read)?.into_iter().map(finish).collect()
}
