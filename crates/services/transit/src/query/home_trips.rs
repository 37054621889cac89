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
    pub began: Instant,
    pub travel_day: Date,
    pub booking_day: Date,
    pub booked_at: Instant,
    /// The most that the rider pays of it, where a risk rule or a wrong adjustment says so.
    pub rider_max_fen: Option<Fen>,
    /// What home bore when the contest of its claim ended.
    pub lost_fen: Fen,
    outcome: String,
    text: String,
}

impl HomeTrip {
    /// What was answered: the same for ever.
    pub fn outcome(&self) -> Result<ChargeOutcome, StoreError> {
        json(&self.outcome)
    }

    /// What the rider pays of such a charge.
    pub fn of_rider(&self, charge: Fen) -> Fen {
        self.rider_max_fen.map_or(charge, |most| most.min(charge))
    }

    /// What of the charge in force no rider pays.
    pub fn borne_by_home(&self) -> Fen {
        self.charge_fen - self.of_rider(self.charge_fen)
    }

    /// The trip as it stands.
    pub fn content(&self) -> Result<TripFinal, StoreError> {
        json(&self.text)
    }
}

const COLUMNS: &str = "trip, account, network, visited, kind, state, content, original_fen, charge_fen, adjusts, began, travel_day, booking_day, booked_at, outcome, text, rider_max_fen, lost_fen";

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
        began: Instant(row.get(10)?),
        travel_day: row.get::<_, Text<Date>>(11)?.0,
        booking_day: row.get::<_, Text<Date>>(12)?.0,
        booked_at: Instant(row.get(13)?),
        outcome: row.get(14)?,
        text: row.get(15)?,
        rider_max_fen: row.get::<_, Option<i64>>(16)?.map(Fen),
        lost_fen: Fen(row.get(17)?),
    })
}

pub fn trip(view: View<'_>, trip: Digest) -> Result<Option<HomeTrip>, StoreError> {
    view.one(&format!("SELECT {COLUMNS} FROM home_trip WHERE trip = ?1"), params![trip.0], read)
}

/// A place in the list of an account's trips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub began: Instant,
    pub trip: Digest,
}

/// Trips of an account behind a place, newest first.
pub fn of_account(
    view: View<'_>,
    account: &AccountToken,
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<HomeTrip>, StoreError> {
    let after = after.unwrap_or(Place { began: Instant(i64::MAX), trip: Digest([0xff; 32]) });
    view.all(
        &format!(
            "SELECT {COLUMNS} FROM home_trip WHERE account = ?1 AND (began, trip) < (?2, ?3)
             ORDER BY began DESC, trip DESC LIMIT ?4"
        ),
        params![account.0, after.began.0, after.trip.0, limit as i64],
        read,
    )
}

/// Trips of an account in other networks that began in `from..=to` and cost something, latest first.
pub fn paid_elsewhere(
    view: View<'_>,
    account: &AccountToken,
    network: Division,
    from: Instant,
    to: Instant,
) -> Result<Vec<HomeTrip>, StoreError> {
    view.all(
        &format!(
            "SELECT {COLUMNS} FROM home_trip WHERE account = ?1 AND began BETWEEN ?2 AND ?3 AND network <> ?4
             AND state = 'charged' AND charge_fen > 0 ORDER BY began DESC LIMIT 20"
        ),
        params![account.0, from.0, to.0, network.as_str()],
        read,
    )
}

/// Trips of an account that were booked in a month (`2026-11`), oldest first.
pub fn booked_in(
    view: View<'_>,
    account: &AccountToken,
    month: &str,
    limit: usize,
) -> Result<Vec<HomeTrip>, StoreError> {
    view.all(
        &format!(
            "SELECT {COLUMNS} FROM home_trip WHERE account = ?1 AND booking_day BETWEEN ?2 AND ?3
             ORDER BY booking_day, began, trip LIMIT ?4"
        ),
        params![account.0, format!("{month}-01"), format!("{month}-31"), limit as i64],
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

/// An adjustment of a trip as home has booked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomeAdjust {
    pub trip: Digest,
    pub number: u32,
    pub network: Division,
    pub change_fen: Fen,
    pub reason: String,
    pub evidence: String,
    pub booking_day: Date,
    pub is_booked: bool,
}

const ADJUST_COLUMNS: &str = "trip, number, network, change_fen, reason, evidence, booking_day, is_booked";

fn read_adjust(row: &Row<'_>) -> Result<HomeAdjust, SqlError> {
    Ok(HomeAdjust {
        trip: Digest(row.get(0)?),
        number: row.get(1)?,
        network: row.get::<_, Text<Division>>(2)?.0,
        change_fen: Fen(row.get(3)?),
        reason: row.get(4)?,
        evidence: row.get(5)?,
        booking_day: row.get::<_, Text<Date>>(6)?.0,
        is_booked: row.get(7)?,
    })
}

/// The adjustments of a trip, first to last.
pub fn adjusts_of(view: View<'_>, trip: Digest) -> Result<Vec<HomeAdjust>, StoreError> {
    view.all(
        &format!("SELECT {ADJUST_COLUMNS} FROM home_adjust WHERE trip = ?1 ORDER BY number LIMIT 100"),
        params![trip.0],
        read_adjust,
    )
}

/// Adjustments of an account's trips that were booked in a month.
pub fn adjusted_in(
    view: View<'_>,
    account: &AccountToken,
    month: &str,
    limit: usize,
) -> Result<Vec<HomeAdjust>, StoreError> {
    view.all(
        &format!(
            "SELECT {ADJUST_COLUMNS} FROM home_adjust WHERE account = ?1 AND booking_day BETWEEN ?2 AND ?3
             ORDER BY booking_day, trip, number LIMIT ?4"
        ),
        params![account.0, format!("{month}-01"), format!("{month}-31"), limit as i64],
        read_adjust,
    )
}
