//! A pack on every pair of stations: no gap, no fare out of range, no two groups at once; and its highest fare.

use std::collections::BTreeSet;

use huitong_kernel::money::Fen;

use super::price::{GroupSet, along, minimum, needs_path, nominal};
use super::validate::{FARE_MAX, PackFault};
use super::window::{DAY_MINUTES, TimeBasis};
use super::{Group, Pack};
use crate::model::network::{Mode, Network, StationId};

/// What one pack may cost to load: pairs of stations × sets of groups in force × groups to choose from on the way.
const TRIES_MAX: usize = 16_000_000;

/// Prices all that can be ridden under all sets of groups; gives the highest fare.
pub fn highest(pack: &Pack, network: &Network) -> Result<Fen, PackFault> {
    let sets = group_sets(pack);
    unique_choice(pack, &sets)?;
    let stations: Vec<StationId> = network.map.stations.iter().map(|station| station.id).collect();
    let choices = if needs_path(pack) { pack.groups.len() } else { 1 };
    if stations.len() * stations.len() * sets.len() * choices > TRIES_MAX {
        return Err("groups: too many of them for a map of this size".to_owned());
    }
    let mut highest = Fen::ZERO;
    for station in &network.map.stations {
        let lines = station.lines.iter().map(|line| Some(*line)).filter(|_| network.map.mode == Mode::SingleTap);
        let lines: Vec<_> = lines.chain((network.map.mode == Mode::Gated).then_some(None)).collect();
        for (set, line) in sets.iter().flat_map(|set| lines.iter().map(move |line| (*set, *line))) {
            let fare = minimum(pack, network, station.id, line, set);
            highest = highest.max(checked(fare, station.id, station.id)?);
        }
    }
    if network.map.mode == Mode::SingleTap {
        return Ok(highest);
    }
    for (from, to) in stations.iter().flat_map(|from| stations.iter().map(move |to| (*from, *to))) {
        if from != to && network.metres(from, to).is_some() {
            highest = highest.max(highest_of_pair(pack, network, &sets, from, to)?);
        }
    }
    Ok(highest)
}

fn highest_of_pair(
    pack: &Pack,
    network: &Network,
    sets: &[GroupSet],
    from: StationId,
    to: StationId,
) -> Result<Fen, PackFault> {
    let path = if needs_path(pack) { network.path(from, to) } else { None };
    let mut highest = Fen::ZERO;
    for set in sets {
        let fare = match &path {
            Some(path) => along(pack, network, path, *set),
            None => nominal(pack, network, from, to, *set).map(|(_, fare)| fare),
        };
        highest = highest.max(checked(fare, from, to)?);
    }
    Ok(highest)
}

fn checked(fare: Option<Fen>, from: StationId, to: StationId) -> Result<Fen, PackFault> {
    match fare {
        None => Err(format!("groups: no fare from {from} to {to}")),
        Some(fare) if fare.is_negative() || fare > FARE_MAX => {
            Err(format!("groups: {fare} yuan from {from} to {to} is out of range"))
        }
        Some(fare) => Ok(fare),
    }
}

/// Every set of groups that can be in force together: the windows on the entry and those on the exit, at every minute at
/// which one begins or ends, on working days and days off after working days and days off.
fn group_sets(pack: &Pack) -> Vec<GroupSet> {
    let windows = || pack.groups.iter().filter_map(|group| group.apply_time.as_ref());
    let minutes: BTreeSet<u32> =
        windows().flat_map(|window| [window.from_min, window.to_min % DAY_MINUTES]).chain([0]).collect();
    let sets = |basis: TimeBasis| -> BTreeSet<GroupSet> {
        let mut sets = BTreeSet::new();
        for minute in &minutes {
            for (today, yesterday) in [(false, false), (false, true), (true, false), (true, true)] {
                let holds = |group: &Group| {
                    group.apply_time.as_ref().is_none_or(|window| {
                        window.basis != basis || window.holds_at(*minute, &|| today, &|| yesterday)
                    })
                };
                sets.insert(GroupSet::of(pack, holds));
            }
        }
        sets
    };
    let by_exit = sets(TimeBasis::Exit);
    let both = sets(TimeBasis::Entry).into_iter().flat_map(|entry| by_exit.iter().map(move |exit| entry.and(*exit)));
    both.collect::<BTreeSet<_>>().into_iter().collect()
}

/// No two groups of the same rank may apply to the same ride: whichever stood first would win by chance.
fn unique_choice(pack: &Pack, sets: &[GroupSet]) -> Result<(), PackFault> {
    for (index, group) in pack.groups.iter().enumerate() {
        for (other_index, other) in pack.groups[..index].iter().enumerate() {
            let together = || sets.iter().any(|set| set.contains(index) && set.contains(other_index));
            if group.rank() == other.rank() && places_meet(group, other) && together() {
                return Err(format!("groups[{index}]: as specific as {}", other.name));
            }
        }
    }
    Ok(())
}

fn places_meet(one: &Group, other: &Group) -> bool {
    fn meet(one: &[u32], other: &[u32]) -> bool {
        one.is_empty() || other.is_empty() || one.iter().any(|element| other.contains(element))
    }
    meet(&one.lines, &other.lines)
        && meet(&one.starting_stations, &other.starting_stations)
        && meet(&one.ending_stations, &other.ending_stations)
}
