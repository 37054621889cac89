//! Stations by their names and devices: one place has one name, and a device tells where a record without a name was made.

use std::collections::BTreeMap;

use super::row::{Kind, Row};

/// The digits of a device's number that name its station: three of the line's system, three of the station; the rest is the
/// gate. Learned from the set and checked on it: a prefix under which two names stand restores nothing.
const PLACE_DIGITS: usize = 6;

/// What the named records of a file say about its devices.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// Per prefix: its station, or none when records disagree.
    places: BTreeMap<String, Option<String>>,
}

impl Registry {
    pub fn learn(&mut self, row: &Row) {
        if let (Some(place), Some(name)) = (place(row), &row.station) {
            let known = self.places.entry(place.to_owned()).or_insert_with(|| Some(name.clone()));
            if known.as_ref() != Some(name) {
                *known = None;
            }
        }
    }

    /// The record with its station, if the device tells it.
    pub fn completed(&self, row: Row) -> Row {
        if row.station.is_some() {
            return row;
        }
        let station = place(&row).and_then(|place| self.places.get(place)).cloned().flatten();
        Row { is_restored: station.is_some(), station, ..row }
    }

    /// How many places have one name, and how many have several.
    pub fn size(&self) -> (usize, usize) {
        let named = self.places.values().flatten().count();
        (named, self.places.len() - named)
    }
}

/// The part of a metro device's number that names its station.
pub fn place(row: &Row) -> Option<&str> {
    if row.kind == Kind::Bus { None } else { row.device.get(..PLACE_DIGITS) }
}

/// A name as all lines shall write it: half-width brackets, nothing around it, and of a metro station no suffix 站. A name
/// that was damaged before publication stays as it is: what stood there is not known.
pub fn unified(written: &str, kind: Kind) -> String {
    let name = written.trim().replace('（', "(").replace('）', ")");
    let stem = if kind == Kind::Bus { None } else { name.strip_suffix('站').filter(|stem| !stem.is_empty()) };
    stem.map_or(name.clone(), |stem| stem.trim_end().to_owned())
}

/// Whether characters were lost in a conversion before publication.
pub fn is_damaged(name: &str) -> bool {
    name.contains(['?', '\u{fffd}'])
}
