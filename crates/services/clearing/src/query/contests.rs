//! Contests, those that hold a document back included.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Row, SqlError, StoreError, Text, View, params};
use uuid::Uuid;

use super::json;
use crate::model::contest::{Answer, Contest, ContestState};
use crate::model::statement::Place;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContestRow {
    pub contest: Contest,
    pub peer: Division,
    /// Whether this node is the debtor.
    pub own_debt: bool,
    pub state: ContestState,
    pub answer: Option<Answer>,
    /// `asked`, `done`, or the code of the service's refusal.
    pub given_back: Option<String>,
    pub opened_at: Instant,
}

const COLUMNS: &str = "text, peer, own_debt, state, answer, given_back, opened_at";

type Raw = (String, Division, bool, ContestState, Option<String>, Option<String>, i64);

fn raw(row: &Row<'_>) -> Result<Raw, SqlError> {
    let (peer, state) = (row.get::<_, Text<_>>(1)?.0, row.get::<_, Text<_>>(3)?.0);
    Ok((row.get(0)?, peer, row.get(2)?, state, row.get(4)?, row.get(5)?, row.get(6)?))
}

fn contest_row((text, peer, own_debt, state, answer, given_back, at): Raw) -> Result<ContestRow, StoreError> {
    let answer = answer.as_deref().map(json).transpose()?;
    Ok(ContestRow { contest: json(&text)?, peer, own_debt, state, answer, given_back, opened_at: Instant(at) })
}

pub fn contest(view: View<'_>, contest: Uuid) -> Result<Option<ContestRow>, StoreError> {
    let row =
        view.one(&format!("SELECT {COLUMNS} FROM contest WHERE contest = ?1"), params![contest.to_string()], raw)?;
    row.map(contest_row).transpose()
}

/// The contests of a document, the latest last.
pub fn of_document(view: View<'_>, document: Digest) -> Result<Vec<ContestRow>, StoreError> {
    let rows = view.all(
        &format!("SELECT {COLUMNS} FROM contest WHERE document = ?1 ORDER BY opened_at, contest LIMIT 100"),
        params![document.0],
        raw,
    )?;
    rows.into_iter().map(contest_row).collect()
}

/// Contests by id, behind a place, at most `limit`.
pub fn list(view: View<'_>, after: &str, limit: usize) -> Result<Vec<ContestRow>, StoreError> {
    let rows = view.all(
        &format!("SELECT {COLUMNS} FROM contest WHERE contest > ?1 ORDER BY contest LIMIT ?2"),
        params![after, limit as i64],
        raw,
    )?;
    rows.into_iter().map(contest_row).collect()
}

/// Whether a document is held back: by an open contest here, or by one that its service keeps.
pub fn is_held(view: View<'_>, document: Digest) -> Result<bool, StoreError> {
    let found = view.one(
        "SELECT 1 FROM contest WHERE document = ?1 AND is_open = 1
         UNION ALL SELECT 1 FROM service_hold WHERE document = ?1 LIMIT 1",
        params![document.0],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Open contests of this node as debtor in a period: where their documents lie.
pub fn open_of(
    view: View<'_>,
    service: &str,
    period: Period,
    peer: Division,
) -> Result<Vec<(Place, Digest)>, StoreError> {
    view.all(
        "SELECT sender, number, line, document FROM contest
         WHERE service = ?1 AND period = ?2 AND peer = ?3 AND own_debt = 1 AND is_open = 1 LIMIT 100000",
        params![service, period.to_string(), peer.as_str()],
        |row| {
            let place = Place(row.get::<_, Text<Division>>(0)?.0, row.get(1)?, row.get(2)?);
            Ok((place, Digest(row.get(3)?)))
        },
    )
}

/// Documents that a service holds back by contests of its own.
pub fn service_holds(view: View<'_>, service: &str) -> Result<Vec<Digest>, StoreError> {
    view.all("SELECT DISTINCT document FROM service_hold WHERE service = ?1 LIMIT 100000", params![service], |row| {
        Ok(Digest(row.get(0)?))
    })
}

pub struct Step {
    pub state: ContestState,
    pub explanation: String,
    pub at: Instant,
}

pub fn steps(view: View<'_>, contest: Uuid) -> Result<Vec<Step>, StoreError> {
    view.all(
        "SELECT state, explanation, at FROM contest_step WHERE contest = ?1 ORDER BY step LIMIT 1000",
        params![contest.to_string()],
        |row| {
            let state = row.get::<_, Text<ContestState>>(0)?.0;
            Ok(Step { state, explanation: row.get(1)?, at: Instant(row.get(2)?) })
        },
    )
}
