//! Checks of a fare pack before it is loaded (transit specification §7.1). A fault names its field.

use huitong_kernel::decimal::Ratio;
use huitong_kernel::money::Fen;

use super::coverage::highest;
use super::price::{GROUPS_MAX, GroupSet, by_metres, minimum, nominal};
use super::window::{DAY_MINUTES, TimeWindow};
use super::{Basis, Discount, Example, Group, Pack};
use crate::model::network::{Network, StationId};

/// The field at fault.
pub type PackFault = String;

pub const FARE_MAX: Fen = Fen(100_000);
const LADDER_MAX: usize = 64;
const REDUCTIONS_MAX: usize = 64;
const EXAMPLES_MAX: usize = 1_000;

/// Checks a pack against its network and itself; gives the highest fare over all pairs of stations, which is the provisional
/// fare. That it overlaps no other version is checked by [`super::sequence::check_sequence`].
pub fn validate(pack: &Pack, network: &Network) -> Result<Fen, PackFault> {
    let checks = [
        ("pack", !pack.pack.is_empty()),
        ("network", pack.network == network.map.network),
        ("network_version", pack.network_version == network.map.version),
        ("valid_to", pack.valid_to.is_none_or(|end| end > pack.valid_from)),
        ("source", !pack.source.is_empty()),
        ("groups", !pack.groups.is_empty() && pack.groups.len() <= GROUPS_MAX),
        ("discounts", pack.discounts.len() <= REDUCTIONS_MAX),
        ("rebates", pack.rebates.len() <= REDUCTIONS_MAX),
        ("caps", pack.caps.len() <= REDUCTIONS_MAX),
        ("examples", !pack.examples.is_empty() && pack.examples.len() <= EXAMPLES_MAX),
    ];
    if let Some((field, _)) = checks.into_iter().find(|(_, fits)| !fits) {
        return Err(field.to_owned());
    }
    for (index, group) in pack.groups.iter().enumerate() {
        let is_new = !pack.groups[..index].iter().any(|other| other.name == group.name);
        if group.name.is_empty() || !is_new {
            return Err(format!("groups[{index}].name"));
        }
        check_group(pack, group, network).map_err(|field| format!("groups[{index}].{field}"))?;
    }
    check_classes(pack)?;
    check_reductions(pack, network)?;
    let highest = highest(pack, network)?;
    for (index, example) in pack.examples.iter().enumerate() {
        check_example(pack, network, example).map_err(|fault| format!("examples[{index}]: {fault}"))?;
    }
    Ok(highest)
}

fn check_group(pack: &Pack, group: &Group, network: &Network) -> Result<(), PackFault> {
    if !group.lines.iter().all(|line| network.has_line(*line)) {
        return Err("lines".to_owned());
    }
    check_stations(network, &group.starting_stations, "starting_stations")?;
    check_stations(network, &group.ending_stations, "ending_stations")?;
    check_window(group.apply_time.as_ref())?;
    let has_ladder = !group.bands.is_empty() || !group.steps.is_empty();
    let is_by = |basis: Basis| group.derive_from.is_none() && group.basis == basis;
    let is_laddered = is_by(Basis::Distance) || is_by(Basis::Station) || is_by(Basis::Zone);
    let misplaced = [
        ("fare_fen", group.fare_fen.is_some() && !is_by(Basis::Single)),
        ("bands", has_ladder && !is_laddered),
        ("pairs", !group.pairs.is_empty() && !is_by(Basis::Manual)),
        ("grace_m", group.grace_m > 0 && !is_by(Basis::Distance)),
    ];
    if let Some((field, _)) = misplaced.into_iter().find(|(_, is_misplaced)| *is_misplaced) {
        return Err(field.to_owned());
    }
    if let Some(derivation) = &group.derive_from {
        let origin = pack.groups.iter().find(|other| other.name == derivation.name);
        let fits = origin.is_some_and(|origin| origin.derive_from.is_none() && origin.basis == group.basis)
            && (Ratio::ZERO..=Ratio::ONE).contains(&derivation.portion);
        return if fits { Ok(()) } else { Err("derive_from".to_owned()) };
    }
    match group.basis {
        Basis::Single if group.fare_fen.is_some_and(in_range) => Ok(()),
        Basis::Single => Err("fare_fen".to_owned()),
        Basis::Manual => check_pairs(group, network),
        Basis::Zone if network.map.stations.iter().any(|station| station.zone.is_none()) => {
            Err("basis: a station has no zone".to_owned())
        }
        Basis::Distance | Basis::Station | Basis::Zone => check_ladder(pack, group),
    }
}

fn in_range(fare: Fen) -> bool {
    (Fen::ZERO..=FARE_MAX).contains(&fare)
}

fn check_stations(network: &Network, stations: &[StationId], field: &str) -> Result<(), PackFault> {
    match stations.iter().find(|station| network.station(**station).is_none()) {
        Some(unknown) => Err(format!("{field}: {unknown} is unknown")),
        None => Ok(()),
    }
}

fn check_window(window: Option<&TimeWindow>) -> Result<(), PackFault> {
    if window.is_none_or(TimeWindow::is_well_formed) { Ok(()) } else { Err("apply_time".to_owned()) }
}

/// Both stations known, no pair twice in one direction.
fn check_pairs(group: &Group, network: &Network) -> Result<(), PackFault> {
    let mut listed = std::collections::HashSet::new();
    for (index, pair) in group.pairs.iter().enumerate() {
        let field = format!("pairs[{index}]");
        check_stations(network, &[pair.from, pair.to], &field)?;
        if pair.from == pair.to || !in_range(pair.fare_fen) || !listed.insert((pair.from, pair.to)) {
            return Err(field);
        }
    }
    if group.pairs.is_empty() { Err("pairs".to_owned()) } else { Ok(()) }
}

/// Limits rise, fares do not fall, and the last rule has no end.
fn check_ladder(pack: &Pack, group: &Group) -> Result<(), PackFault> {
    if group.bands.is_empty() || group.bands.len() > LADDER_MAX {
        return Err("bands".to_owned());
    }
    if group.steps.len() > LADDER_MAX {
        return Err("steps".to_owned());
    }
    let falls = |field: &str, index: usize| format!("{field}[{index}]: fares fall; set allow_falling if that is meant");
    let mut from = Some(0);
    let mut fare = Fen::ZERO;
    for (index, band) in group.bands.iter().enumerate() {
        let rises = from.is_some_and(|from| band.upto.is_none_or(|upto| upto > from));
        if !rises || !in_range(band.fare_fen) {
            return Err(format!("bands[{index}]"));
        }
        if band.fare_fen < fare && !pack.allow_falling {
            return Err(falls("bands", index));
        }
        (from, fare) = (band.upto, band.fare_fen);
    }
    for (index, step) in group.steps.iter().enumerate() {
        let rises = from.is_some_and(|from| step.upto.is_none_or(|upto| upto > from));
        if !rises || step.step == 0 || !(-FARE_MAX..=FARE_MAX).contains(&step.add_fen) {
            return Err(format!("steps[{index}]"));
        }
        if step.add_fen.is_negative() && !pack.allow_falling {
            return Err(falls("steps", index));
        }
        from = step.upto;
    }
    match (from, group.steps.is_empty()) {
        (None, _) => Ok(()),
        (Some(_), true) => Err("bands: the last rule has an end".to_owned()),
        (Some(_), false) => Err("steps: the last rule has an end".to_owned()),
    }
}

/// An account type belongs to one class.
fn check_classes(pack: &Pack) -> Result<(), PackFault> {
    let mut known = std::collections::HashSet::new();
    match pack.account_classes.iter().find(|(_, types)| !types.iter().all(|number| known.insert(*number))) {
        Some((class, _)) => Err(format!("account_classes.{class}")),
        None => Ok(()),
    }
}

fn check_reductions(pack: &Pack, network: &Network) -> Result<(), PackFault> {
    for (index, discount) in pack.discounts.iter().enumerate() {
        check_discount(pack, network, discount).map_err(|field| format!("discounts[{index}].{field}"))?;
    }
    for (index, rebate) in pack.rebates.iter().enumerate() {
        if rebate.name.is_empty() || !in_range(rebate.minus_fen) || !(1..=DAY_MINUTES).contains(&rebate.within_min) {
            return Err(format!("rebates[{index}]"));
        }
    }
    for (index, cap) in pack.caps.iter().enumerate() {
        let starts = cap.start_min.is_none_or(|minute| minute < DAY_MINUTES);
        if cap.name.is_empty() || !starts || cap.max_fen.is_negative() || cap.max_fen > Fen(100 * FARE_MAX.0) {
            return Err(format!("caps[{index}]"));
        }
    }
    Ok(())
}

fn check_discount(pack: &Pack, network: &Network, discount: &Discount) -> Result<(), PackFault> {
    if discount.name.is_empty() {
        return Err("name".to_owned());
    }
    match (discount.portion, discount.minus_fen) {
        (Some(portion), None) if (Ratio::ZERO..=Ratio::ONE).contains(&portion) => {}
        (Some(_), _) => return Err("portion".to_owned()),
        (None, Some(minus)) if in_range(minus) => {}
        (None, _) => return Err("minus_fen".to_owned()),
    }
    let is_known = |class: &String| class == "standard" || pack.account_classes.contains_key(class);
    if !discount.classes.iter().all(is_known) {
        return Err("classes".to_owned());
    }
    check_stations(network, &discount.starting_stations, "starting_stations")?;
    check_stations(network, &discount.ending_stations, "ending_stations")?;
    check_window(discount.apply_time.as_ref())
}

fn check_example(pack: &Pack, network: &Network, example: &Example) -> Result<(), PackFault> {
    let named = |group: &Group| example.group.as_ref().is_some_and(|name| *name == group.name);
    let set = GroupSet::of(pack, |group| group.apply_time.is_none() || named(group));
    let found = match (example.metres, example.from, example.to) {
        (Some(metres), None, None) => {
            let is_meant = |group: &&Group| if example.group.is_some() { named(group) } else { group.rank() == 0 };
            pack.groups.iter().find(is_meant).and_then(|group| by_metres(pack, group, metres))
        }
        (None, Some(from), Some(to)) if from == to => minimum(pack, network, from, None, set),
        (None, Some(from), Some(to)) => nominal(pack, network, from, to, set).map(|(_, fare)| fare),
        _ => None,
    };
    match found {
        Some(fare) if fare == example.fare_fen => Ok(()),
        Some(fare) => Err(format!("the pack gives {fare} yuan, not {}", example.fare_fen)),
        None => Err("the pack gives no fare".to_owned()),
    }
}
