//! Invoices, and which rides are on them.

use huitong_kernel::hash::Digest;
use huitong_service_kit::{StoreError, Tx, params};

use super::json;
use crate::model::invoice::{Invoice, InvoiceKind};

pub fn issued(tx: Tx<'_>, invoice: &Invoice) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO invoice (number, serial, account, text) VALUES (?1, ?2, ?3, ?4)",
        params![invoice.number, invoice.serial, invoice.account.0, json(invoice)?],
    )?;
    for ride in &invoice.rides {
        match invoice.kind {
            InvoiceKind::Normal => tx.execute_one(
                "INSERT INTO invoiced_ride (trip, number, amount_fen, changed) VALUES (?1, ?2, ?3, 0)",
                params![ride.trip.0, invoice.number, ride.amount_fen.0],
            )?,
            InvoiceKind::RedLetter => {
                tx.execute_one("DELETE FROM invoiced_ride WHERE trip = ?1", params![ride.trip.0])?;
            }
        }
    }
    Ok(())
}

/// A ride was adjusted: whether its rider pays something else than the invoice says.
pub fn adjusted(tx: Tx<'_>, trip: Digest) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE invoiced_ride SET changed = amount_fen <> (SELECT MIN(charge_fen, IFNULL(rider_max_fen, charge_fen))
             FROM home_trip WHERE home_trip.trip = ?1) WHERE trip = ?1",
        params![trip.0],
    )?;
    Ok(())
}
