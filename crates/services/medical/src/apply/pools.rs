//! Home: who computes for a pool, and the questions to core systems of pools.

use huitong_service_kit::{StoreError, Tx, params};

use super::json;
use crate::event::Event;
use crate::pool::ask::PoolAsk;

pub fn changed(tx: Tx<'_>, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::PoolComputingSet(computing) => tx.execute_one(
            "INSERT OR REPLACE INTO pool_computing (pool, delegated, public_key, has_endpoint) VALUES (?1, ?2, ?3, ?4)",
            params![
                computing.pool.as_str(),
                computing.delegated,
                computing.public_key.to_string(),
                computing.has_endpoint
            ],
        ),
        Event::PoolAsked(ask) => asked(tx, ask),
        Event::PoolUnknown { ask } => tx.execute_one(
            "UPDATE pool_ask SET state = 'unknown' WHERE ask = ?1 AND state = 'waiting'",
            params![ask.to_string()],
        ),
        Event::PoolReversing { ask, asked_by, refusal } => {
            let asked_by = asked_by.as_ref().map(json).transpose()?;
            let refusal = refusal.as_ref().map(json).transpose()?;
            tx.execute_one(
                "UPDATE pool_ask SET state = 'reversing', asked_by = IFNULL(?2, asked_by), refusal = IFNULL(?3, refusal)
                 WHERE ask = ?1 AND state <> 'answered'",
                params![ask.to_string(), asked_by, refusal],
            )
        }
        Event::PoolEnded { ask } => tx.execute_one(
            "UPDATE pool_ask SET state = 'answered', text = NULL, deadline = NULL WHERE ask = ?1 AND state <> 'answered'",
            params![ask.to_string()],
        ),
        Event::PoolMissed { ask, next } => tx.execute_one(
            "UPDATE pool_ask SET deadline = ?2 WHERE ask = ?1 AND state <> 'answered'",
            params![ask.to_string(), next.0],
        ),
        // The evidence stands in the journal.
        _ => Ok(()),
    }
}

fn asked(tx: Tx<'_>, ask: &PoolAsk) -> Result<(), StoreError> {
    let call = ask.owed.call();
    let booked_for = ask.owed.booked_for();
    tx.execute_one(
        "INSERT INTO pool_ask (ask, pool, state, visited, institution, message_id, number, batch, deadline, text)
         VALUES (?1, ?2, 'waiting', ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            ask.ask.to_string(),
            ask.pool.as_str(),
            ask.asker.jurisdiction.as_str(),
            call.map(|call| &call.institution),
            call.map(|call| &call.message_id),
            booked_for.map(|(number, _)| number),
            booked_for.map(|(_, batch)| batch),
            ask.deadline.0,
            json(ask)?,
        ],
    )
}
