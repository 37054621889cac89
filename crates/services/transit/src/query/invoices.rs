//! Invoices of riders' months.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_service_kit::{StoreError, View, params};

use super::{Text, json};
use crate::model::invoice::{Invoice, InvoicedRide, RIDES_MAX};
use crate::model::rider::AccountToken;

/// Rides that were booked in a month (`2026-11`), cost their rider something and are on no invoice, oldest first.
pub fn open_rides(view: View<'_>, account: &AccountToken, month: &str) -> Result<Vec<InvoicedRide>, StoreError> {
    view.all(
        "SELECT trip, network, MIN(charge_fen, IFNULL(rider_max_fen, charge_fen)) AS paid FROM home_trip
         WHERE account = ?1 AND booking_day BETWEEN ?2 AND ?3 AND state = 'charged'
             AND MIN(charge_fen, IFNULL(rider_max_fen, charge_fen)) > 0
             AND NOT EXISTS (SELECT 1 FROM invoiced_ride WHERE invoiced_ride.trip = home_trip.trip)
         ORDER BY booking_day, began, trip LIMIT ?4",
        params![account.0, format!("{month}-01"), format!("{month}-31"), RIDES_MAX as i64],
        |row| {
            let network = row.get::<_, Text<Division>>(1)?.0;
            Ok(InvoicedRide { trip: Digest(row.get(0)?), network, amount_fen: Fen(row.get(2)?) })
        },
    )
}

/// The number behind that of the last invoice.
pub fn next_serial(view: View<'_>) -> Result<u64, StoreError> {
    let last = view.one("SELECT MAX(serial) FROM invoice", [], |row| row.get::<_, Option<u64>>(0))?;
    Ok(last.flatten().unwrap_or(0) + 1)
}

/// Rides whose riders pay something else than their invoices say.
pub fn changed_rides(view: View<'_>, limit: usize) -> Result<Vec<Digest>, StoreError> {
    view.all("SELECT trip FROM invoiced_ride WHERE changed = 1 ORDER BY trip LIMIT ?1", params![limit as i64], |row| {
        Ok(Digest(row.get(0)?))
    })
}

/// The invoice that a ride is on, with its amount there.
pub fn of_ride(view: View<'_>, trip: Digest) -> Result<Option<(Invoice, Fen)>, StoreError> {
    let row = view.one(
        "SELECT text, amount_fen FROM invoiced_ride JOIN invoice USING (number) WHERE trip = ?1",
        params![trip.0],
        |row| Ok((row.get::<_, String>(0)?, Fen(row.get(1)?))),
    )?;
    row.map(|(text, amount)| Ok((json(&text)?, amount))).transpose()
}

/// Invoices of an account behind a serial number, in the order in which they were issued.
pub fn of_account(
    view: View<'_>,
    account: &AccountToken,
    after: u64,
    limit: usize,
) -> Result<Vec<Invoice>, StoreError> {
    let texts = view.all(
        "SELECT text FROM invoice WHERE account = ?1 AND serial > ?2 ORDER BY serial LIMIT ?3",
        params![account.0, after, limit as i64],
        |row| row.get::<_, String>(0),
    )?;
    texts.iter().map(|text| json(text)).collect()
}
