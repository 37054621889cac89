//! Orders one by one: whom they touched, and how far they were carried out.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_service_kit::{StoreError, View, params};
use uuid::Uuid;

use super::trips::{self, TripRow};
use super::{Text, json};
use crate::model::order::{OrderCursor, ServiceOrder};

/// The order as its last version says.
pub fn order(view: View<'_>, order: Uuid) -> Result<Option<ServiceOrder>, StoreError> {
    let sql = "SELECT text FROM service_order WHERE order_id = ?1";
    let text = view.one(sql, params![order.to_string()], |row| row.get::<_, String>(0))?;
    text.map(|text| json(&text)).transpose()
}

/// Up to where an order was carried out that is not done yet.
pub fn pending(view: View<'_>, order: Uuid) -> Result<Option<OrderCursor>, StoreError> {
    view.one("SELECT gate, trip FROM order_pending WHERE order_id = ?1", params![order.to_string()], |row| {
        Ok(OrderCursor { gate: row.get(0)?, trip: Digest(row.get(1)?) })
    })
}

/// Orders that are not done yet.
pub fn all_pending(view: View<'_>, limit: usize) -> Result<Vec<Uuid>, StoreError> {
    view.all("SELECT order_id FROM order_pending ORDER BY order_id LIMIT ?1", params![limit as i64], |row| {
        Ok(row.get::<_, Text<Uuid>>(0)?.0)
    })
}

/// Whether an order's list names the trip.
pub fn has_touched(view: View<'_>, order: Uuid, trip: Digest) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM order_trip WHERE order_id = ?1 AND trip = ?2";
    Ok(view.one(sql, params![order.to_string(), trip.0], |_| Ok(()))?.is_some())
}

/// A trip of an order's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchedTrip {
    /// As it is now.
    pub trip: TripRow,
    /// `adjusted`, `cancelled` or `closed`.
    pub effect: String,
    pub adjust: Option<Uuid>,
    pub change_fen: Fen,
}

/// How many trips an order touched, and what that changed altogether.
pub fn sums(view: View<'_>, order: Uuid) -> Result<(u64, Fen), StoreError> {
    let sql = "SELECT COUNT(*), IFNULL(SUM(change_fen), 0) FROM order_trip WHERE order_id = ?1";
    let found = view.one(sql, params![order.to_string()], |row| Ok((row.get(0)?, Fen(row.get(1)?))))?;
    Ok(found.unwrap_or_default())
}

/// The trips that an order touched by their ids, after one of them.
pub fn touched(
    view: View<'_>,
    order: Uuid,
    after: Option<Digest>,
    limit: usize,
) -> Result<Vec<TouchedTrip>, StoreError> {
    let rows = view.all(
        "SELECT trip, effect, adjust_id, change_fen FROM order_trip WHERE order_id = ?1 AND trip > ?2
         ORDER BY trip LIMIT ?3",
        params![order.to_string(), after.map_or(Vec::new(), |trip| trip.0.to_vec()), limit as i64],
        |row| {
            let adjust = row.get::<_, Option<Text<Uuid>>>(2)?.map(|adjust| adjust.0);
            Ok((Digest(row.get(0)?), row.get::<_, String>(1)?, adjust, Fen(row.get(3)?)))
        },
    )?;
    let read = |(trip, effect, adjust, change_fen): (Digest, String, Option<Uuid>, Fen)| {
        let damaged = || StoreError::Damaged(format!("the order {order} names the trip {trip}, which is not there"));
        Ok(TouchedTrip { trip: trips::trip(view, trip)?.ok_or_else(damaged)?, effect, adjust, change_fen })
    };
    rows.into_iter().map(read).collect()
}
