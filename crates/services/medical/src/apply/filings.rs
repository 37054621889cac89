//! Filings and registrations: home's of the own insured, visited's as far as its hospitals asked for them.

use huitong_kernel::time::Date;
use huitong_service_kit::{Applied, StoreError, Tx, params};
use uuid::Uuid;

use super::json;
use crate::model::filing::{FilingState, FilingStatus};
use crate::model::message::ChronicState;

pub fn made(tx: Tx<'_>, filing: &FilingState, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO filing (filing, person, status, made, text) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![filing.filing.to_string(), filing.person, filing.status.name(), applied.sequence, json(filing)?],
    )
}

pub fn moved(tx: Tx<'_>, filing: Uuid, status: FilingStatus) -> Result<(), StoreError> {
    tx.execute_one("UPDATE filing SET status = ?2 WHERE filing = ?1", params![filing.to_string(), status.name()])
}

/// Visited: what was asked for here. Nothing is kept of a refusal.
pub fn answered(tx: Tx<'_>, correlation: &str, filing: Option<&FilingState>) -> Result<(), StoreError> {
    let Some(filing) = filing else {
        return tx.execute_one("DELETE FROM visited_filing WHERE correlation = ?1", params![correlation]);
    };
    tx.execute_one(
        "UPDATE visited_filing SET filing = ?2, status = ?3, text = ?4 WHERE correlation = ?1",
        params![correlation, filing.filing.to_string(), filing.status.name(), json(filing)?],
    )
}

pub fn chronic_registered(tx: Tx<'_>, state: &ChronicState) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO chronic_registration (registration, person, disease, valid_from, valid_to, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            state.registration.to_string(),
            state.person,
            state.disease,
            state.valid_from.to_string(),
            state.valid_to.map(|day| day.to_string()),
            json(state)?,
        ],
    )
}

pub fn chronic_ended(tx: Tx<'_>, registration: Uuid, valid_to: Date) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE chronic_registration SET valid_to = ?2 WHERE registration = ?1",
        params![registration.to_string(), valid_to.to_string()],
    )
}
