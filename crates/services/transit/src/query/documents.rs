//! Documents that move money between two cities, as this node holds them.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::{Row, SqlError, StoreError, View, params};

use super::Text;
use crate::model::settlement::{Document, DocumentKind};

const COLUMNS: &str = "id, kind, issuer, receiver, creditor, debtor, booking_day, travel_day, amount_fen, trip";

fn read(row: &Row<'_>) -> Result<Document, SqlError> {
    Ok(Document {
        id: Digest(row.get(0)?),
        kind: row.get::<_, Text<DocumentKind>>(1)?.0,
        issuer: row.get::<_, Text<Division>>(2)?.0,
        receiver: row.get::<_, Text<Division>>(3)?.0,
        creditor: row.get::<_, Text<Division>>(4)?.0,
        debtor: row.get::<_, Text<Division>>(5)?.0,
        booking_day: row.get::<_, Text<Date>>(6)?.0,
        travel_day: row.get::<_, Text<Date>>(7)?.0,
        amount_fen: Fen(row.get(8)?),
        trip: row.get::<_, Option<[u8; 32]>>(9)?.map(Digest),
    })
}

/// A document of this node (`own`): that of a trip is found by the trip, the others by their id.
pub fn document(view: View<'_>, own: Division, id: Digest) -> Result<Option<Document>, StoreError> {
    let place = view.one(
        "SELECT ?2, receiver, booking_day FROM trip WHERE trip = ?1 AND receiver IS NOT NULL
         UNION ALL SELECT visited, ?2, booking_day FROM home_trip WHERE trip = ?1 LIMIT 1",
        params![id.0, own.as_str()],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)),
    )?;
    match place {
        Some((issuer, receiver, day)) => view.one(
            &format!(
                "SELECT {COLUMNS} FROM document WHERE issuer = ?1 AND receiver = ?2 AND booking_day = ?3 AND id = ?4"
            ),
            params![issuer, receiver, day, id.0],
            read,
        ),
        None => {
            view.one(&format!("SELECT {COLUMNS} FROM document WHERE id = ?1 AND kind <> 'trip'"), params![id.0], read)
        }
    }
}

/// Adjustments and splits of a trip.
pub fn of_trip(view: View<'_>, trip: Digest) -> Result<Vec<Document>, StoreError> {
    view.all(
        &format!("SELECT {COLUMNS} FROM document WHERE trip = ?1 ORDER BY booking_day, id LIMIT 1000"),
        params![trip.0],
        read,
    )
}

/// A page of a day's documents in ascending order of id.
pub fn page(
    view: View<'_>,
    issuer: Division,
    receiver: Division,
    day: Date,
    page: u32,
    size: usize,
) -> Result<Vec<(Digest, Fen)>, StoreError> {
    view.all(
        "SELECT id, amount_fen FROM document WHERE issuer = ?1 AND receiver = ?2 AND booking_day = ?3
         ORDER BY id LIMIT ?4 OFFSET ?5",
        params![issuer.as_str(), receiver.as_str(), day.to_string(), size as i64, i64::from(page) * size as i64],
        |row| Ok((Digest(row.get(0)?), Fen(row.get(1)?))),
    )
}
