//! Contests as this node knows them.

use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Row, SqlError, StoreError, View, params};
use uuid::Uuid;

use super::{Text, json};
use crate::model::contest::{Contest, ContestState};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContestRow {
    pub contest: Contest,
    /// `creditor`, `debtor`, or `both` between cities of one node
    pub role: String,
    pub state: ContestState,
    pub ended_at: Option<Instant>,
}

impl ContestRow {
    pub fn is_creditors(&self) -> bool {
        self.role != "debtor"
    }

    pub fn is_debtors(&self) -> bool {
        self.role != "creditor"
    }

    /// Whether the creditor's answer is still awaited; a late one ends an escalated contest too.
    pub fn is_unsettled(&self) -> bool {
        matches!(self.state, ContestState::Open | ContestState::Escalated)
    }
}

const COLUMNS: &str = "text, role, state, ended_at";

type Raw = (String, String, Text<ContestState>, Option<i64>);

fn raw(row: &Row<'_>) -> Result<Raw, SqlError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn contest_row((text, role, state, ended_at): Raw) -> Result<ContestRow, StoreError> {
    Ok(ContestRow { contest: json(&text)?, role, state: state.0, ended_at: ended_at.map(Instant) })
}

pub fn contest(view: View<'_>, contest: Uuid) -> Result<Option<ContestRow>, StoreError> {
    let row =
        view.one(&format!("SELECT {COLUMNS} FROM contest WHERE contest = ?1"), params![contest.to_string()], raw)?;
    row.map(contest_row).transpose()
}

/// The newest contest of a document.
pub fn of_document(view: View<'_>, document: Digest) -> Result<Option<ContestRow>, StoreError> {
    let row = view.one(
        &format!("SELECT {COLUMNS} FROM contest WHERE document = ?1 ORDER BY opened_at DESC LIMIT 1"),
        params![document.0],
        raw,
    )?;
    row.map(contest_row).transpose()
}

/// Contests by id, behind one, at most `limit`.
pub fn list(view: View<'_>, after: &str, limit: usize) -> Result<Vec<ContestRow>, StoreError> {
    let rows = view.all(
        &format!("SELECT {COLUMNS} FROM contest WHERE contest > ?1 ORDER BY contest LIMIT ?2"),
        params![after, limit as i64],
        raw,
    )?;
    rows.into_iter().map(contest_row).collect()
}

/// A state that a contest had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub state: ContestState,
    pub at: Instant,
    pub explanation: String,
}

/// How a contest came to its state, oldest first.
pub fn steps(view: View<'_>, contest: Uuid) -> Result<Vec<Step>, StoreError> {
    view.all(
        "SELECT state, at, explanation FROM contest_step WHERE contest = ?1 ORDER BY step LIMIT 100",
        params![contest.to_string()],
        |row| {
            Ok(Step {
                state: row.get::<_, Text<ContestState>>(0)?.0,
                at: Instant(row.get(1)?),
                explanation: row.get(2)?,
            })
        },
    )
}

/// Open contests whose answer is overdue, longest first.
pub fn overdue(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<String>, StoreError> {
    view.all(
        "SELECT contest FROM contest WHERE state = 'open' AND answer_by <= ?1 ORDER BY answer_by LIMIT ?2",
        params![now.0, limit as i64],
        |row| row.get(0),
    )
}
