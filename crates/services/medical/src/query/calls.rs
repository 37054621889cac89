//! Calls as visited sees them, and tombstones as home keeps them.

use huitong_kernel::division::Division;
use huitong_kernel::entry::Sequence;
use huitong_kernel::hash::Digest;
use huitong_service_kit::{StoreError, View, params};

use super::text;
use crate::event::CallState;
use crate::model::message::CallReference;

pub struct VisitedCall {
    /// `None` for a call that was reversed before it was sent.
    pub home: Option<Division>,
    pub state: CallState,
    /// Number of the commit or bill in the feed to home.
    pub number: Sequence,
    pub visit: Option<String>,
    pub batch: String,
    pub settlement: Option<String>,
    pub code: Option<String>,
}

pub fn visited_call(view: View<'_>, call: &CallReference) -> Result<Option<VisitedCall>, StoreError> {
    let row = view.one(
        "SELECT home, state, number, visit, batch, settlement, code FROM visited_call
         WHERE institution = ?1 AND message_id = ?2",
        params![call.institution, call.message_id],
        |row| {
            let (home, state): (String, String) = (row.get(0)?, row.get(1)?);
            Ok((home, state, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
        },
    )?;
    row.map(|(home, state, number, visit, batch, settlement, code)| {
        let state = CallState::parse(&state).ok_or_else(|| StoreError::Damaged(format!("call state {state:?}")))?;
        let home = if home.is_empty() { None } else { Some(text(&home)?) };
        Ok(VisitedCall { home, state, number, visit, batch, settlement, code })
    })
    .transpose()
}

/// What was answered to a message of the national interface: the hash of the message, and the answer.
pub fn kept_answer(
    view: View<'_>,
    institution: &str,
    message_id: &str,
) -> Result<Option<(Digest, String)>, StoreError> {
    view.one(
        "SELECT request, answer FROM national_answer WHERE institution = ?1 AND message_id = ?2",
        params![institution, message_id],
        |row| Ok((Digest(row.get(0)?), row.get(1)?)),
    )
}

/// How a call stands; also for one that was reversed before it was sent.
pub fn state(view: View<'_>, call: &CallReference) -> Result<Option<CallState>, StoreError> {
    let row = view.one(
        "SELECT state FROM visited_call WHERE institution = ?1 AND message_id = ?2",
        params![call.institution, call.message_id],
        |row| row.get::<_, String>(0),
    )?;
    row.map(|state| CallState::parse(&state).ok_or_else(|| StoreError::Damaged(format!("call state {state:?}"))))
        .transpose()
}

pub fn is_tombstoned(view: View<'_>, visited: Division, call: &CallReference) -> Result<bool, StoreError> {
    let row = view.one(
        "SELECT 1 FROM home_tombstone WHERE visited = ?1 AND institution = ?2 AND message_id = ?3",
        params![visited.as_str(), call.institution, call.message_id],
        |_| Ok(()),
    )?;
    Ok(row.is_some())
}

/// The settlement whose cancellation home was asked for under this correlation, and has not answered yet.
pub fn cancel_asked(view: View<'_>, correlation: &str) -> Result<Option<String>, StoreError> {
    view.one("SELECT settlement FROM visited_cancel WHERE correlation = ?1", params![correlation], |row| row.get(0))
}

/// The first question to home about taking back a settlement that is not answered yet.
pub fn cancel_pending(view: View<'_>, settlement: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT correlation FROM visited_cancel WHERE settlement = ?1 ORDER BY correlation LIMIT 1";
    view.one(sql, params![settlement], |row| row.get(0))
}
