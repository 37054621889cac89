//! Days of which figures are published, and the figures.

use std::collections::BTreeSet;

use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::json;
use crate::event::FlowsPublished;
use crate::query::flows::published_at;

/// Days with traffic: their figures will be published once. What comes after that is in none.
pub fn days_with_traffic(
    tx: Tx<'_>,
    days: impl IntoIterator<Item = (Division, Date)>,
    applied: &Applied,
) -> Result<(), StoreError> {
    for (network, day) in days.into_iter().collect::<BTreeSet<_>>() {
        tx.execute(
            "INSERT OR IGNORE INTO open_flow_day (network, day, due_at) SELECT ?1, ?2, ?3
             WHERE NOT EXISTS (SELECT 1 FROM published_flow WHERE network = ?1 AND day = ?2)",
            params![network.as_str(), day.to_string(), published_at(day, applied.at).0],
        )?;
    }
    Ok(())
}

pub fn published(tx: Tx<'_>, published: &FlowsPublished) -> Result<(), StoreError> {
    let (network, day) = (published.network.as_str(), published.day.to_string());
    for (flow, table) in &published.tables {
        tx.execute_one(
            "INSERT INTO published_flow (network, day, flow, text) VALUES (?1, ?2, ?3, ?4)",
            params![network, day, flow.name(), json(table)?],
        )?;
    }
    tx.execute_one("DELETE FROM open_flow_day WHERE network = ?1 AND day = ?2", params![network, day])
}
