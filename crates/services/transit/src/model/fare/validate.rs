//! Checks of a fare pack before it is loaded, and its highest fare.

use huitong_kernel::decimal::Ratio;
use huitong_kernel::money::Fen;

use super::price::{ladder, nominal_when};
use super::{Basis, Group, Pack};
use crate::model::network::Network;

/// The field at fault.
pub type PackFault = String;

const GROUPS_MAX: usize = 64;
const FARE_MAX: Fen = Fen(100_000);

/// Checks a pack against its network and itself; gives the highest fare over all pairs of stations.
pub fn validate(pack: &Pack, network: &Network) -> Result<Fen, PackFault> {
    if pack.network != network.map.network || pack.network_version != network.map.version {
        return Err("network_version".to_owned());
    }
    if pack.valid_to.is_some_and(|end| end <= pack.valid_from) {
        return Err("valid_to".to_owned());
    }
    if pack.groups.is_empty() || pack.groups.len() > GROUPS_MAX {
        return Err("groups".to_owned());
    }
    for (index, group) in pack.groups.iter().enumerate() {
        check_group(pack, group, network).map_err(|field| format!("groups[{index}].{field}"))?;
    }
    unique_choice(pack)?;
    check_reductions(pack)?;
    check_examples(pack, network)?;
    highest(pack, network)
}

fn check_group(pack: &Pack, group: &Group, network: &Network) -> Result<(), PackFault> {
    let known_lines: Vec<u32> = network.map.stations.iter().flat_map(|station| station.lines.clone()).collect();
    let stations = group.starting_stations.iter().chain(&group.ending_stations);
    let pairs = group.pairs.iter().flat_map(|pair| [&pair.from, &pair.to]);
    if !group.lines.iter().all(|line| known_lines.contains(line)) {
        return Err("lines".to_owned());
    }
    if !stations.chain(pairs).all(|station| network.station(*station).is_some()) {
        return Err("stations".to_owned());
    }
    if group.apply_time.as_ref().is_some_and(|window| !window.is_well_formed()) {
        return Err("apply_time".to_owned());
    }
    if let Some(derivation) = &group.derive_from {
        let origin = pack.groups.iter().find(|other| other.name == derivation.name);
        let fits = origin.is_some_and(|origin| origin.derive_from.is_none() && origin.name != group.name)
            && (Ratio::ZERO..=Ratio::ONE).contains(&derivation.portion);
        return if fits { Ok(()) } else { Err("derive_from".to_owned()) };
    }
    let fits = |fare: Fen| (Fen::ZERO..=FARE_MAX).contains(&fare);
    match group.basis {
        Basis::Single if group.fare_fen.is_some_and(fits) => Ok(()),
        Basis::Single => Err("fare_fen".to_owned()),
        Basis::Manual if !group.pairs.is_empty() && group.pairs.iter().all(|pair| fits(pair.fare_fen)) => Ok(()),
        Basis::Manual => Err("pairs".to_owned()),
        Basis::Distance | Basis::Station | Basis::Zone => check_ladder(pack, group),
    }
}

/// Limits rise, fares do not fall, and the last rule has no end.
fn check_ladder(pack: &Pack, group: &Group) -> Result<(), PackFault> {
    let bands_rise = group.bands.windows(2).all(|pair| pair[0].upto < pair[1].upto);
    let fares_rise = group.bands.windows(2).all(|pair| pair[0].fare_fen <= pair[1].fare_fen);
    let fits = |fare: Fen| (Fen::ZERO..=FARE_MAX).contains(&fare);
    if group.bands.is_empty() || !bands_rise || !group.bands.iter().all(|band| fits(band.fare_fen)) {
        return Err("bands".to_owned());
    }
    let mut from = group.bands.last().map_or(0, |band| band.upto);
    for (index, step) in group.steps.iter().enumerate() {
        let is_last = index + 1 == group.steps.len();
        let rises = step.upto.map_or(is_last, |upto| upto > from && !is_last);
        if !rises || step.step == 0 || step.add_fen.0.abs() > FARE_MAX.0 {
            return Err(format!("steps[{index}]"));
        }
        from = step.upto.unwrap_or(from);
    }
    let ends_open = group.steps.last().is_some_and(|step| step.upto.is_none());
    let ends_anyway = group.steps.is_empty() && group.basis != Basis::Distance;
    if !ends_open && !ends_anyway {
        return Err("steps".to_owned());
    }
    let steps_rise = group.steps.iter().all(|step| !step.add_fen.is_negative());
    if !pack.allow_falling && !(fares_rise && steps_rise) {
        return Err("bands: fares fall; set allow_falling if that is meant".to_owned());
    }
    Ok(())
}

/// No two groups of the same rank may apply to the same ride: whichever stood first would win by chance.
fn unique_choice(pack: &Pack) -> Result<(), PackFault> {
    for (index, group) in pack.groups.iter().enumerate() {
        for other in &pack.groups[..index] {
            if group.name == other.name || (group.specificity() == other.specificity() && overlap(group, other)) {
                return Err(format!("groups[{index}]: as specific as {}", other.name));
            }
        }
    }
    if pack.groups.iter().any(|group| group.specificity() == 0) { Ok(()) } else { Err("groups: none is general".to_owned()) }
}

fn overlap(one: &Group, other: &Group) -> bool {
    fn meet(one: &[u32], other: &[u32]) -> bool {
        one.is_empty() || other.is_empty() || one.iter().any(|element| other.contains(element))
    }
    let times_meet = match (&one.apply_time, &other.apply_time) {
        (Some(one), Some(other)) => {
            let apart = one.from_min < one.to_min
                && other.from_min < other.to_min
                && (one.to_min <= other.from_min || other.to_min <= one.from_min);
            !(one.basis == other.basis && apart)
        }
        _ => true,
    };
    meet(&one.lines, &other.lines)
        && meet(&one.starting_stations, &other.starting_stations)
        && meet(&one.ending_stations, &other.ending_stations)
        && times_meet
}

fn check_reductions(pack: &Pack) -> Result<(), PackFault> {
    for (index, discount) in pack.discounts.iter().enumerate() {
        let amount_fits = match (discount.portion, discount.minus_fen) {
            (Some(portion), None) => (Ratio::ZERO..=Ratio::ONE).contains(&portion),
            (None, Some(minus)) => (Fen::ZERO..=FARE_MAX).contains(&minus),
            _ => false,
        };
        if !amount_fits || discount.apply_time.as_ref().is_some_and(|window| !window.is_well_formed()) {
            return Err(format!("discounts[{index}]"));
        }
    }
    let rebates = pack.rebates.iter().position(|rebate| rebate.minus_fen.is_negative() || rebate.within_min == 0);
    let caps = pack.caps.iter().position(|cap| cap.max_fen.is_negative());
    match (rebates, caps) {
        (Some(index), _) => Err(format!("rebates[{index}]")),
        (None, Some(index)) => Err(format!("caps[{index}]")),
        (None, None) => Ok(()),
    }
}

fn check_examples(pack: &Pack, network: &Network) -> Result<(), PackFault> {
    if pack.examples.is_empty() {
        return Err("examples".to_owned());
    }
    for (index, example) in pack.examples.iter().enumerate() {
        let found = match (example.metres, example.from, example.to) {
            (Some(metres), None, None) => pack
                .groups
                .iter()
                .find(|group| group.specificity() == 0)
                .and_then(|group| ladder(group, metres.saturating_sub(group.grace_m))),
            (None, Some(from), Some(to)) => nominal_when(pack, network, from, to, &|group| group.apply_time.is_none()),
            _ => None,
        };
        if found != Some(example.fare_fen) {
            return Err(format!("examples[{index}]"));
        }
    }
    Ok(())
}

/// Over all pairs, with no time window in force and with each in turn.
fn highest(pack: &Pack, network: &Network) -> Result<Fen, PackFault> {
    let mut windows: Vec<Option<&str>> = vec![None];
    windows.extend(pack.groups.iter().filter(|group| group.apply_time.is_some()).map(|group| Some(group.name.as_str())));
    let mut highest = super::price::minimum(pack).ok_or("groups")?;
    for window in windows {
        let holds = |group: &Group| group.apply_time.is_none() || window == Some(group.name.as_str());
        for from in &network.map.stations {
            for to in &network.map.stations {
                if from.id != to.id
                    && let Some(fare) = nominal_when(pack, network, from.id, to.id, &holds)
                {
                    highest = highest.max(fare);
                }
            }
        }
    }
    Ok(highest)
}
