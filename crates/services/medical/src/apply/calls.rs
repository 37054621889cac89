//! Visited: settling calls, and the batches that they settle.

use huitong_service_kit::{StoreError, Tx, params};
use uuid::Uuid;

use crate::event::{CallState, Event};

pub fn changed(tx: Tx<'_>, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::CallSent { call, home, visit, batch, number, query_at } => {
            if let Some(visit) = visit {
                set_batch_state(tx, *visit, batch, "settling")?;
            }
            tx.execute_one(
                "INSERT INTO visited_call (institution, message_id, home, state, visit, batch, number, next_at)
                 VALUES (?1, ?2, ?3, 'sent', ?4, ?5, ?6, ?7)",
                params![
                    call.institution,
                    call.message_id,
                    home.as_str(),
                    visit.map(|visit| visit.to_string()),
                    batch,
                    number,
                    query_at.0,
                ],
            )
        }
        Event::CallUnknown { call, reverse_at } => tx.execute_one(
            "UPDATE visited_call SET state = 'unknown', next_at = ?3 WHERE institution = ?1 AND message_id = ?2",
            params![call.institution, call.message_id, reverse_at.0],
        ),
        Event::CallReversing { call } => tx.execute_one(
            "UPDATE visited_call SET state = 'reversing', next_at = NULL WHERE institution = ?1 AND message_id = ?2",
            params![call.institution, call.message_id],
        ),
        Event::CallEnded { call, state, settlement, code } => {
            // The contra of a call that had settled has opened its batch; it may be settled anew under another call.
            let batch = tx.view().one(
                "SELECT visit, batch FROM visited_call WHERE institution = ?1 AND message_id = ?2
                 AND (?3 = 'settled' OR settlement IS NULL)",
                params![call.institution, call.message_id, state.name()],
                |row| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, String>(1)?)),
            )?;
            if let Some((Some(visit), batch)) = batch {
                let after = if *state == CallState::Settled { "settled" } else { "open" };
                tx.execute(
                    "UPDATE visited_batch SET state = ?3 WHERE visit = ?1 AND batch = ?2",
                    params![visit, batch, after],
                )?;
            }
            // A reversal of an id that was never sent leaves a row of its own, so that a late original is refused.
            tx.execute_one(
                "INSERT INTO visited_call (institution, message_id, home, state, batch, number, settlement, code)
                 VALUES (?1, ?2, '', ?3, '', 0, ?4, ?5)
                 ON CONFLICT (institution, message_id)
                 DO UPDATE SET state = ?3, next_at = NULL, settlement = IFNULL(?4, settlement), code = ?5",
                params![call.institution, call.message_id, state.name(), settlement, code],
            )
        }
        _ => unreachable!("only call events come here"),
    }
}

fn set_batch_state(tx: Tx<'_>, visit: Uuid, batch: &str, state: &str) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE visited_batch SET state = ?3 WHERE visit = ?1 AND batch = ?2",
        params![visit.to_string(), batch, state],
    )
}
