//! Trips as home has charged or contested them.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{Row, SqlError, StoreError, View, params};

use super::{Text, json};
use crate::model::message::ChargeOutcome;
use crate::model::rider::AccountToken;
use crate::model::trip::{TripFinal, TripKind};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomeTrip {
    pub trip: Digest,
    /// Who pays.
    pub account: AccountToken,
    pub network: Division,
    pub visited: Division,
    pub kind: TripKind,
    pub is_disputed: bool,
    pub content: Digest,
    pub original_fen: Fen,
    pub charge_fen: Fen,
    pub adjusts: u32,
    pub completions: u32,
    pub began: Instant,
    pub travel_day: Date,
    pub booking_day: Date,
    pub booked_at: Instant,
    outcome: String,
    text: String,
}

impl HomeTrip {
    /// What was answered: the same for ever.
    pub fn outcome(&self) -> Result<ChargeOutcome, StoreError> {
        json(&self.outcome)
    }

    /// The trip as it stands.
    pub fn content(&self) -> Result<TripFinal, StoreError> {
        json(&self.text)
    }
}

const COLUMNS: &str =
    "trip, account, network, visited, kind, state, content, original_fen, charge_fen, adjusts, completions,
    began, travel_day, booking_day, booked_at, outcome, text";

fn read(row: &Row<'_>) -> Result<HomeTrip, SqlError> {
    Ok(HomeTrip {
        trip: Digest(row.get(0)?),
        account: AccountToken(row.get(1)?),
        network: row.get::<_, Text<Division>>(2)?.0,
        visited: row.get::<_, Text<Division>>(3)?.0,
        kind: row.get::<_, Text<TripKind>>(4)?.0,
        is_disputed: row.get::<_, String>(5)? == "disputed",
        content: Digest(row.get(6)?),
        original_fen: Fen(row.get(7)?),
        charge_fen: Fen(row.get(8)?),
        adjusts: row.get(9)?,
        completions: row.get(10)?,
        began: Instant(row.get(11)?),
        travel_day: row.get::<_, Text<Date>>(12)?.0,
        booking_day: row.get::<_, Text<Date>>(13)?.0,
        booked_at: Instant(row.get(14)?),
        outcome: row.get(15)?,
        text: row.get(16)?,
    })
}

pub fn trip(view: View<'_>, trip: Digest) -> Result<Option<HomeTrip>, StoreError> {
    view.one(&format!("SELECT {COLUMNS} FROM home_trip WHERE trip = ?1"), params![trip.0], read)
}

/// Trips of an account that began before a moment, newest first.
pub fn of_account(
    view: View<'_>,
    account: &AccountToken,
    before: Instant,
    limit: usize,
) -> Result<Vec<HomeTrip>, StoreError> {
    view.all(
        &format!("SELECT {COLUMNS} FROM home_trip WHERE account = ?1 AND began < ?2 ORDER BY began DESC LIMIT ?3"),
        params![account.0, before.0, limit as i64],
        read,
    )
}

/// The trip for which home was asked to pay with this code before.
pub fn code_use(view: View<'_>, replay_key: Digest, direction: u8) -> Result<Option<Digest>, StoreError> {
    view.one(
        "SELECT trip FROM home_code_use WHERE replay_key = ?1 AND direction = ?2",
        params![replay_key.0, direction],
        |row| Ok(Digest(row.get(0)?)),
    )
}

/// Completions that an account has asked for in a calendar month (`2026-11`).
pub fn completions_in(view: View<'_>, account: &AccountToken, month: &str) -> Result<u32, StoreError> {
    let sum = view.one(
        "SELECT SUM(completions) FROM home_trip WHERE account = ?1 AND travel_day LIKE ?2",
        params![account.0, format!("{month}-%")],
        |row| row.get::<_, Option<u32>>(0),
    )?;
    Ok(sum.flatten().unwrap_or(0))
}
