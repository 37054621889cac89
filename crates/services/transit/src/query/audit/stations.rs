//! J11: the figures of stations are those of the taps, each for itself.

use std::collections::{BTreeMap, HashMap};

use huitong_kernel::division::Division;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{Row, StoreError, View};

use super::Audit;
use crate::model::network::StationId;
use crate::model::tap::{Direction, TapKey, TapState};
use crate::query::station_days::{FIGURES, counted_at, figure_of};
use crate::query::{Text, decided_at, taps};
use crate::refusal;

type Key = (Division, StationId, Date);
type Figures = [i64; FIGURES.len()];

pub fn check(view: View<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    let mut counted = counted(view, audit)?;
    view.each(
        "SELECT network, station, day, entries, exits, boardings, refused, impossible, passbacks FROM station_day",
        [],
        |row| {
            let key: Key = (row.get::<_, Text<Division>>(0)?.0, row.get(1)?, row.get::<_, Text<Date>>(2)?.0);
            let mut kept = Figures::default();
            for (place, figure) in kept.iter_mut().enumerate() {
                *figure = row.get(3 + place)?;
            }
            let found = counted.remove(&key).unwrap_or_default();
            for (place, name) in FIGURES.iter().enumerate().filter(|(place, _)| kept[*place] != found[*place]) {
                audit.note("J11", name_of(&key), format!("{name}: kept {}, taps say {}", kept[place], found[place]));
            }
            Ok(())
        },
    )?;
    for key in counted.into_keys() {
        audit.note("J11", name_of(&key), "taps of a day that has no figures");
    }
    Ok(())
}

fn name_of((network, station, day): &Key) -> String {
    format!("{network}/{station}/{day}")
}

/// The figures that the taps give, counted as when they came.
fn counted(view: View<'_>, audit: &mut Audit) -> Result<BTreeMap<Key, Figures>, StoreError> {
    let mut arrivals: HashMap<u64, Instant> = HashMap::new();
    for entry in view.all("SELECT DISTINCT entry FROM tap", [], |row| row.get::<_, u64>(0))? {
        arrivals.insert(entry, decided_at(view, entry)?);
    }
    let mut counted: BTreeMap<Key, Figures> = BTreeMap::new();
    view.each(
        "SELECT network, station, at, direction, state, reason, entry, gate, epoch, sequence FROM tap",
        [],
        |row| {
            let arrived = arrivals.get(&row.get(6)?).copied().unwrap_or_default();
            let day = counted_at(Instant(row.get(2)?), arrived).business_date();
            let key = (row.get::<_, Text<Division>>(0)?.0, row.get(1)?, day);
            let Some(direction) = Direction::from_number(row.get(3)?) else {
                audit.note("J11", name_of(&key), "a tap without direction");
                return Ok(());
            };
            let place = figure_of(state_at_arrival(view, row)?, direction);
            counted.entry(key).or_default()[place] += 1;
            Ok(())
        },
    )?;
    Ok(counted)
}

/// A record that was doubted later was counted as what it was when it came: the entry tells.
fn state_at_arrival(view: View<'_>, row: &Row<'_>) -> Result<TapState, StoreError> {
    let state = TapState::from_number(row.get(4)?).unwrap_or(TapState::Impossible);
    let is_doubted = row.get_ref(5)?.as_str_or_null().ok().flatten() == Some(refusal::TAP_CONFLICT.code);
    if !is_doubted {
        return Ok(state);
    }
    let key = TapKey { gate: row.get(7)?, epoch: row.get(8)?, sequence: row.get(9)? };
    Ok(taps::state_before_doubt(view, &key, row.get(6)?)?.unwrap_or(state))
}
