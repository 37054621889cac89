//! Contests as this node knows them.

use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Row, SqlError, StoreError, View, params};
use uuid::Uuid;

use super::{Text, json};
use crate::model::contest::{Contest, ContestAnswer, ContestState, Party};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContestRow {
    pub contest: Contest,
    /// `creditor`, `debtor`, or `both` between cities of one node
    pub role: String,
    pub state: ContestState,
    /// Who moves next; none once it has ended.
    pub awaits: Option<Party>,
    /// The creditor's latest.
    pub answer: Option<ContestAnswer>,
    /// Until when the debtor replies to it.
    pub reply_by: Option<Instant>,
    pub ended_at: Option<Instant>,
    /// At the debtor: clearing holds the document.
    pub is_held: bool,
}

impl ContestRow {
    pub fn is_creditors(&self) -> bool {
        self.role != "debtor"
    }

    pub fn is_debtors(&self) -> bool {
        self.role != "creditor"
    }

    pub fn has_ended(&self) -> bool {
        self.awaits.is_none()
    }
}

const COLUMNS: &str = "text, role, state, awaits, answer, reply_by, ended_at, is_held";

type Raw = (String, String, Text<ContestState>, Option<Text<Party>>, Option<String>, Option<i64>, Option<i64>, bool);

fn raw(row: &Row<'_>) -> Result<Raw, SqlError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?))
}

fn contest_row(
    (text, role, state, awaits, answer, reply_by, ended_at, is_held): Raw,
) -> Result<ContestRow, StoreError> {
    Ok(ContestRow {
        contest: json(&text)?,
        role,
        state: state.0,
        awaits: awaits.map(|party| party.0),
        answer: answer.map(|text| json(&text)).transpose()?,
        reply_by: reply_by.map(Instant),
        ended_at: ended_at.map(Instant),
        is_held,
    })
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

/// Contests whose answer is overdue, then those whose reply is, longest first.
pub fn overdue(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<String>, StoreError> {
    view.all(
        "SELECT contest FROM (SELECT contest FROM contest WHERE state = 'open' AND answer_by <= ?1 ORDER BY answer_by LIMIT ?2)
         UNION ALL SELECT contest FROM
             (SELECT contest FROM contest WHERE state = 'answered' AND reply_by <= ?1 ORDER BY reply_by LIMIT ?2)",
        params![now.0, limit as i64],
        |row| row.get(0),
    )
}
