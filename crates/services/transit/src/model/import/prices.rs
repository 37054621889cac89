//! What matching may ask of fares where no fare table is at hand: only what the records themselves make plausible.
//!
//! No fare is invented. Between two stations the exit's own fare counts, if it is one that the city takes at all; where entry
//! and exit are the same station only the lowest does. The shortest ride takes a minute from gate to gate, as the default of
//! [`MinTravel`](crate::model::network::MinTravel) says for the walk alone: distances are not known.

use std::collections::BTreeSet;

use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;

use super::row::{Kind, Row};
use crate::model::matching::Prices;
use crate::model::network::StationId;
use crate::model::tap::Tap;

/// Fares are whole yuan.
const STEP: Fen = Fen(100);
/// Between two stations; none at the same one.
const SHORTEST_RIDE: DurationMs = DurationMs::seconds(60);

/// The lowest and the highest fare of metro exits in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenFares {
    pub minimum: Fen,
    pub maximum: Fen,
}

impl SeenFares {
    /// `None` if no metro exit carries a fare in whole yuan.
    pub fn of<'r>(rows: impl Iterator<Item = &'r Row>) -> Option<SeenFares> {
        let exits = rows.filter(|row| row.kind == Kind::Exit);
        let fares: BTreeSet<Fen> = exits.filter_map(|row| row.fare).filter(|fare| is_whole(*fare)).collect();
        Some(SeenFares { minimum: *fares.first()?, maximum: *fares.last()? })
    }

    /// Whether the city can have taken this fare.
    pub fn has(&self, fare: Fen) -> bool {
        is_whole(fare) && (self.minimum..=self.maximum).contains(&fare)
    }
}

fn is_whole(fare: Fen) -> bool {
    fare > Fen::ZERO && fare.0 % STEP.0 == 0
}

/// Prices of a city without a fare table.
pub struct WithoutTable {
    pub fares: Option<SeenFares>,
    /// Stations from this number on are not known by name: no fare is plausible there.
    pub unnamed_from: StationId,
}

impl Prices for WithoutTable {
    fn explains(&self, entry: &Tap, exit: &Tap, shown: Option<Fen>) -> Option<bool> {
        let fares = self.fares?;
        if entry.station.max(exit.station) >= self.unnamed_from {
            return None;
        }
        if entry.station == exit.station {
            return Some(shown.is_none_or(|shown| shown == fares.minimum));
        }
        shown.filter(|shown| fares.has(*shown)).map(|_| true)
    }

    fn min_travel(&self, entry: &Tap, exit: &Tap) -> DurationMs {
        if entry.station == exit.station { DurationMs(0) } else { SHORTEST_RIDE }
    }
}
