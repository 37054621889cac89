//! The invariants J1 to J12 once more, over a node's views and its journal: what held when it was written must hold still.
//!
//! J6 needs the positions of all nodes; this audit is of one node's trips, money and figures. Signatures are slow: J9 and J10 are
//! checked on a sample, which the report counts.

mod codes;
mod home;
mod money;
mod stations;
mod taps;
mod trips;

use huitong_kernel::division::Division;
use huitong_service_kit::{Directory, StoreError, View};
use serde::Serialize;

use crate::Transit;
use crate::model::trip::TripFinal;

pub use codes::CODES_MAX;

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
    /// Records whose codes were verified at the upload, and how many of them were verified again (J9, J10).
    pub codes: u64,
    pub codes_verified: u64,
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

    /// What a trip must be in itself.
    fn trip(&mut self, trip: &TripFinal, is_original: bool) {
        // A tap that came later changes the taps, never the id.
        if is_original && trip.id_of_taps() != trip.trip_id {
            self.note("J1", trip.trip_id, "its id is not the hash of its taps");
        }
        if !trip.fare.adds_up() {
            self.note("J4", trip.trip_id, "charge is not nominal − discounts + overstay");
        }
        if trip.charge_fen() > trip.limit_fen {
            self.note("J12", trip.trip_id, format!("{} charged above the limit {}", trip.charge_fen(), trip.limit_fen));
        }
    }
}

/// Where and by what the audit judges.
struct Place<'p> {
    transit: &'p Transit,
    view: View<'p>,
    directory: &'p dyn Directory,
    /// The jurisdiction whose node this is.
    own: Division,
}

/// Audits the node of the jurisdiction `own`.
pub fn audit(transit: &Transit, view: View<'_>, directory: &dyn Directory, own: Division) -> Result<Audit, StoreError> {
    let mut audit = Audit::default();
    let count = |sql: &str| Ok::<u64, StoreError>(view.one(sql, [], |row| row.get(0))?.unwrap_or(0));
    audit.trips = count("SELECT COUNT(*) FROM trip")?;
    audit.taps = count("SELECT COUNT(*) FROM tap")?;
    audit.home_trips = count("SELECT COUNT(*) FROM home_trip")?;
    audit.documents = count("SELECT COUNT(*) FROM document")?;
    let place = Place { transit, view, directory, own };
    trips::check(&place, &mut audit)?;
    home::check(&place, &mut audit)?;
    taps::check(&place, &mut audit)?;
    codes::check(&place, &mut audit)?;
    stations::check(view, &mut audit)?;
    money::check(&place, &mut audit)?;
    Ok(audit)
}
