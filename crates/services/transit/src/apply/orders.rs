//! Orders: what holds, whom it touched, and how far it was carried out.

use huitong_service_kit::{StoreError, Tx, params};
use uuid::Uuid;

use super::json;
use crate::event::FinalTrip;
use crate::model::order::{OrderCursor, OrderedTrip, ServiceOrder};
use crate::model::trip::TripState;

pub fn known(tx: Tx<'_>, order: &ServiceOrder) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO service_order (order_id, network, kind, from_ms, to_ms, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            order.order.to_string(),
            order.network.as_str(),
            order.kind.name(),
            order.from.0,
            order.to.0,
            json(order)?,
        ],
    )
}

pub fn ended(tx: Tx<'_>, order: &ServiceOrder) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE service_order SET to_ms = ?2, text = ?3 WHERE order_id = ?1",
        params![order.order.to_string(), order.to.0, json(order)?],
    )?;
    if order.is_in_force() { Ok(()) } else { pursued(tx, order.order, None) }
}

pub fn touched(tx: Tx<'_>, order: Uuid, trips: &[OrderedTrip]) -> Result<(), StoreError> {
    trips.iter().try_for_each(|trip| {
        tx.execute_one(
            "INSERT INTO order_trip (order_id, trip, effect, adjust_id, change_fen) VALUES (?1, ?2, 'adjusted', ?3, ?4)",
            params![order.to_string(), trip.trip.0, trip.adjust.to_string(), trip.change_fen.0],
        )
    })
}

/// A trip that became final under an order.
pub fn final_under(tx: Tx<'_>, found: &FinalTrip) -> Result<(), StoreError> {
    let cancelled = found.reason.as_deref().filter(|_| found.state == TripState::Cancelled);
    let cancelled = cancelled.and_then(|reason| reason.strip_prefix("order:"));
    let closed = || found.trip.flags.iter().find_map(|flag| flag.strip_prefix("order:"));
    let (effect, order) = match (cancelled, closed()) {
        (Some(order), _) => ("cancelled", order),
        (None, Some(order)) => ("closed", order),
        (None, None) => return Ok(()),
    };
    tx.execute_one(
        "INSERT INTO order_trip (order_id, trip, effect, change_fen) VALUES (?1, ?2, ?3, ?4)",
        params![order, found.trip.trip_id.0, effect, -found.waived_fen.unwrap_or_default().0],
    )
}

pub fn pursued(tx: Tx<'_>, order: Uuid, next: Option<&OrderCursor>) -> Result<(), StoreError> {
    let Some(next) = next else {
        tx.execute("DELETE FROM order_pending WHERE order_id = ?1", params![order.to_string()])?;
        return Ok(());
    };
    tx.execute_one(
        "INSERT INTO order_pending (order_id, gate, trip) VALUES (?1, ?2, ?3)
         ON CONFLICT (order_id) DO UPDATE SET gate = ?2, trip = ?3",
        params![order.to_string(), next.gate, next.trip.0],
    )
}
