//! The invariants J1 to J12 once more, over a node's views and its journal: what held when it was written must hold still.
//!
//! J6 needs the positions of all nodes, J9 and J10 the verifier; this audit is of one node's trips, money and figures.

use std::collections::BTreeMap;

use huitong_kernel::hash::Digest;
use huitong_ledger::report::{adds_up, balances_below};
use huitong_service_kit::{Directory, StoreError, View, params};
use serde::Serialize;

use super::entry_events;
use crate::Transit;
use crate::decide::claimed_fare;
use crate::event::Event;
use crate::model::trip::TripFinal;

/// Violations named at most.
pub const VIOLATIONS_MAX: usize = 1_000;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// `J1` …
    pub invariant: &'static str,
    /// The trip, tap, gate, pair or station.
    pub key: String,
    pub sentence: String,
}

/// What was looked at, and what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Audit {
    pub trips: u64,
    pub taps: u64,
    pub home_trips: u64,
    pub documents: u64,
    pub violations: Vec<Violation>,
}

impl Audit {
    fn note(&mut self, invariant: &'static str, key: impl ToString, sentence: impl Into<String>) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(Violation { invariant, key: key.to_string(), sentence: sentence.into() });
        }
    }

    /// Every row that a query finds is a violation; its first column is the key.
    fn none(&mut self, view: View<'_>, invariant: &'static str, sentence: &str, sql: &str) -> Result<(), StoreError> {
        view.each(sql, [], |row| {
            self.note(invariant, row.get::<_, String>(0)?, sentence);
            Ok(())
        })
    }
}

pub fn audit(transit: &Transit, view: View<'_>, directory: &dyn Directory) -> Result<Audit, StoreError> {
    let mut audit = Audit::default();
    let count = |sql: &str| Ok::<u64, StoreError>(view.one(sql, [], |row| row.get(0))?.unwrap_or(0));
    audit.trips = count("SELECT COUNT(*) FROM trip")?;
    audit.taps = count("SELECT COUNT(*) FROM tap")?;
    audit.home_trips = count("SELECT COUNT(*) FROM home_trip")?;
    audit.documents = count("SELECT COUNT(*) FROM document")?;
    visited_trips(transit, view, directory, &mut audit)?;
    home_trips(view, &mut audit)?;
    taps(view, &mut audit)?;
    stations(view, &mut audit)?;
    money(view, &mut audit)?;
    days(view, &mut audit)?;
    Ok(audit)
}

/// J1, J3, J4, J12 of trips at the visited city, as the journal holds them: entry by entry.
fn visited_trips(
    transit: &Transit,
    view: View<'_>,
    directory: &dyn Directory,
    audit: &mut Audit,
) -> Result<(), StoreError> {
    let entries = view.all("SELECT DISTINCT entry FROM trip ORDER BY entry", [], |row| row.get::<_, u64>(0))?;
    let mut seen = 0;
    for entry in entries {
        let mut rows: BTreeMap<Digest, (i64, String)> = BTreeMap::new();
        view.each("SELECT trip, charge_fen, state FROM trip WHERE entry = ?1", params![entry], |row| {
            rows.insert(Digest(row.get(0)?), (row.get(1)?, row.get(2)?));
            Ok(())
        })?;
        let mut check = |trip: &TripFinal, is_original: bool| -> Result<(), StoreError> {
            let Some((charge, state)) = rows.remove(&trip.trip_id) else { return Ok(()) };
            seen += 1;
            if charge != trip.charge_fen().0 {
                audit.note("J4", trip.trip_id, format!("the view says {charge}, the journal {}", trip.charge_fen().0));
            }
            check_trip(trip, is_original, audit);
            if is_original
                && matches!(state.as_str(), "priced" | "charged")
                && let Some(evidence) = claimed_fare::wrong_fare(transit, view, trip, directory)?
            {
                audit.note("J3", trip.trip_id, evidence);
            }
            Ok(())
        };
        for event in entry_events(view, entry)? {
            match event {
                Event::TripsFinal(trips) => trips.trips.iter().try_for_each(|found| check(&found.trip, true))?,
                Event::TripAdjusted { adjust, .. } => check(&adjust.trip, false)?,
                _ => {}
            }
        }
        rows.into_keys().for_each(|trip| audit.note("J1", trip, format!("entry {entry} does not hold it")));
    }
    if seen != audit.trips {
        audit.note("J1", "trips", format!("{} in the view, {seen} found in the journal", audit.trips));
    }
    audit.none(
        view,
        "J1",
        "claimed from home and no document of it, or another amount",
        "SELECT lower(hex(trip)) FROM trip WHERE receiver IS NOT NULL AND NOT EXISTS
             (SELECT 1 FROM document WHERE document.receiver = trip.receiver AND document.booking_day = trip.booking_day
              AND document.id = trip.trip AND document.amount_fen = trip.original_fen
              AND document.issuer IN (SELECT DISTINCT issuer FROM document_day)) LIMIT 1000",
    )
}

/// What a trip must be in itself.
fn check_trip(trip: &TripFinal, is_original: bool, audit: &mut Audit) {
    // A tap that came later changes the taps, never the id.
    if is_original && trip.id_of_taps() != trip.trip_id {
        audit.note("J1", trip.trip_id, "its id is not the hash of its taps");
    }
    if !trip.fare.adds_up() {
        audit.note("J4", trip.trip_id, "charge is not nominal − discounts + overstay");
    }
    if trip.charge_fen() > trip.limit_fen {
        audit.note("J12", trip.trip_id, format!("{} charged above the limit {}", trip.charge_fen(), trip.limit_fen));
    }
}

/// J1 and J4 of trips at home.
fn home_trips(view: View<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    view.each("SELECT text, charge_fen, adjusts FROM home_trip", [], |row| {
        let trip: TripFinal = super::json(&row.get::<_, String>(0)?)?;
        let (charge, adjusts): (i64, u32) = (row.get(1)?, row.get(2)?);
        if charge != trip.charge_fen().0 {
            audit.note("J4", trip.trip_id, format!("home holds {charge} for {}", trip.charge_fen().0));
        }
        check_trip(&trip, adjusts == 0, audit);
        Ok(())
    })?;
    audit.none(
        view,
        "J1",
        "charged more than once",
        "SELECT reference FROM ledger_transfer WHERE reference IN (SELECT lower(hex(trip)) FROM home_trip)
             AND credit LIKE 'payable/%' GROUP BY reference HAVING COUNT(*) > 1 LIMIT 1000",
    )
}

/// J2, J7, J8: taps.
fn taps(view: View<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    const KEY: &str = "tap.gate || '/' || tap.epoch || '/' || tap.sequence";
    audit.none(
        view,
        "J2",
        "counts and is in no trip, nor open",
        &format!(
            "SELECT {KEY} FROM tap WHERE state IN (0, 1) AND trip IS NULL AND NOT EXISTS
                 (SELECT 1 FROM open_tap WHERE open_tap.network = tap.network AND open_tap.rider = tap.rider
                  AND open_tap.gate = tap.gate AND open_tap.epoch = tap.epoch AND open_tap.sequence = tap.sequence) LIMIT 1000"
        ),
    )?;
    audit.none(
        view,
        "J2",
        "is in a trip that does not exist",
        &format!(
            "SELECT {KEY} FROM tap WHERE trip IS NOT NULL AND NOT EXISTS (SELECT 1 FROM trip WHERE trip.trip = tap.trip) LIMIT 1000"
        ),
    )?;
    audit.none(
        view,
        "J7",
        "a hole without alarm",
        "SELECT gate || '/' || epoch FROM gate_epoch
         WHERE contiguous_to < highest AND hole_alarm_at IS NULL AND alarmed = 0 LIMIT 1000",
    )?;
    // Each code use names one tap; a tap that counts without one has used a code that another tap had used.
    let counting =
        view.one("SELECT COUNT(*) FROM tap WHERE rider IS NOT NULL AND state IN (0, 1)", [], |row| row.get(0))?;
    let used = view.one(
        "SELECT COUNT(*) FROM code_use JOIN tap USING (gate, epoch, sequence) WHERE tap.state IN (0, 1)
         AND tap.direction = code_use.direction",
        [],
        |row| row.get::<_, i64>(0),
    )?;
    if counting != used {
        audit.note("J8", "codes", format!("{counting:?} taps count, {used:?} codes were used by them"));
    }
    Ok(())
}

/// J11: the figures of stations are those of the taps.
fn stations(view: View<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    type Figures = (i64, i64, i64, i64, i64);
    let mut counted: BTreeMap<(String, u32, String), Figures> = BTreeMap::new();
    // A record that was doubted later was counted as what it was when it came.
    view.each(
        "SELECT network, station, date((at + 28800000) / 1000, 'unixepoch'), direction, state, reason, COUNT(*) FROM tap
         GROUP BY 1, 2, 3, 4, 5, 6",
        [],
        |row| {
            let figures = counted.entry((row.get(0)?, row.get(1)?, row.get(2)?)).or_default();
            let (direction, state, count): (u8, u8, i64) = (row.get(3)?, row.get(4)?, row.get(6)?);
            match (state, direction) {
                (2, _) => figures.3 += count,
                (3 | 4, _) => figures.4 += count,
                (_, 1) => figures.0 += count,
                (_, 2) => figures.1 += count,
                (_, _) => figures.2 += count,
            }
            Ok(())
        },
    )?;
    view.each(
        "SELECT network, station, day, entries, exits, boardings, refused, impossible + passbacks FROM station_day",
        [],
        |row| {
            let key: (String, u32, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let kept: Figures = (row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?);
            let found = counted.remove(&key).unwrap_or_default();
            let sum = |of: Figures| of.0 + of.1 + of.2 + of.3 + of.4;
            // Doubted records move from what counts to what is impossible.
            let doubted = found.4 - kept.4;
            if sum(found) != sum(kept) || doubted < 0 || found.3 != kept.3 {
                let (network, station, day) = key;
                audit.note("J11", format!("{network}/{station}/{day}"), format!("kept {kept:?}, taps say {found:?}"));
            }
            Ok(())
        },
    )?;
    for (network, station, day) in counted.into_keys() {
        audit.note("J11", format!("{network}/{station}/{day}"), "taps of a day that has no figures");
    }
    Ok(())
}

/// J5 at this node: what the book says is due and owed is what the documents' trips say.
fn money(view: View<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    if !adds_up(view)? {
        audit.note("J5", "book", "debits and credits do not add up");
    }
    let mut receivable = sums(
        view,
        "SELECT network, home, original_fen + IFNULL((SELECT SUM(change_fen) FROM trip_adjust
                WHERE trip_adjust.trip = trip.trip AND trip_adjust.state = 'booked'), 0)
         FROM trip WHERE state IN ('charged', 'refunded')",
    )?;
    let mut payable =
        sums(view, "SELECT network, json_extract(text, '$.home'), charge_fen FROM home_trip WHERE state = 'charged'")?;
    for (pair, amount) in sums(view, "SELECT creditor, debtor, amount_fen FROM document WHERE kind = 'split'")? {
        let (creditor, debtor) = &pair;
        let held = |class: &str, one: &str, other: &str| {
            balances_below(view, &format!("{class}/{one}"))
                .map(|held| held.contains_key(&format!("{class}/{one}/{other}")))
        };
        if held("receivable", creditor, debtor)? {
            *receivable.entry(pair.clone()).or_default() += amount;
        }
        if held("payable", debtor, creditor)? {
            *payable.entry(pair.clone()).or_default() += amount;
        }
    }
    compare(view, "receivable", receivable, audit)?;
    compare(view, "payable", payable, audit)
}

type Sums = BTreeMap<(String, String), i64>;

fn sums(view: View<'_>, sql: &str) -> Result<Sums, StoreError> {
    let mut sums = Sums::new();
    view.each(sql, [], |row| {
        *sums.entry((row.get(0)?, row.get(1)?)).or_default() += row.get::<_, i64>(2)?;
        Ok(())
    })?;
    Ok(sums)
}

fn compare(view: View<'_>, class: &str, mut expected: Sums, audit: &mut Audit) -> Result<(), StoreError> {
    for (code, balance) in balances_below(view, class)? {
        let mut parts = code.split('/').skip(1).map(str::to_owned);
        let (one, other) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (pair, booked) = if class == "payable" { ((other, one), -balance.0) } else { ((one, other), balance.0) };
        let said = expected.remove(&pair).unwrap_or(0);
        if said != booked {
            audit.note("J5", code, format!("the book says {booked}, the trips {said}"));
        }
    }
    for ((creditor, debtor), amount) in expected.into_iter().filter(|(_, amount)| *amount != 0) {
        audit.note("J5", format!("{class} {creditor} {debtor}"), format!("the trips say {amount}, the book nothing"));
    }
    Ok(())
}

/// Days and periods: the kept sums are those of the documents; nothing is booked into a period that was stated.
fn days(view: View<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    audit.none(
        view,
        "J5",
        "the sums of the day are not those of its documents",
        "SELECT issuer || '>' || receiver || ' ' || booking_day FROM
             (SELECT issuer, receiver, booking_day, creditor, debtor, kind, documents, amount_fen FROM document_day
              EXCEPT SELECT issuer, receiver, booking_day, creditor, debtor, kind, COUNT(*), SUM(amount_fen) FROM document
              GROUP BY issuer, receiver, booking_day, creditor, debtor, kind) LIMIT 1000",
    )
}
