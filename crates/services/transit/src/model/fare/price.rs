//! Pricing: integer metres, integer fen, limits inclusive above (transit specification §7.3).

use huitong_kernel::decimal::Ratio;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use serde::{Deserialize, Serialize};

use super::{Basis, Group, Pack};
use crate::model::network::{Network, Section, StationId};

/// A ride to be priced.
#[derive(Clone, Copy, Debug)]
pub struct Ride {
    pub from: StationId,
    pub to: StationId,
    pub entry: Instant,
    pub exit: Instant,
    /// Field 8 of the code.
    pub account_type: u8,
}

/// What a ride costs, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fare {
    pub distance_m: u32,
    pub nominal_fen: Fen,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<DiscountLine>,
    /// nominal − Σ discounts, never below zero (J4).
    pub charge_fen: Fen,
}

/// Why the charge is less than the nominal fare, or more by an overstay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountLine {
    pub name: String,
    pub minus_fen: Fen,
}

impl Fare {
    /// A fare without discounts.
    pub fn flat(distance_m: u32, fen: Fen) -> Fare {
        Fare { distance_m, nominal_fen: fen, discounts: Vec::new(), charge_fen: fen }
    }

    /// Takes a discount off, at most what is left.
    pub fn discount(&mut self, name: &str, minus: Fen) {
        let minus = minus.min(self.charge_fen);
        if minus > Fen::ZERO {
            self.discounts.push(DiscountLine { name: name.to_owned(), minus_fen: minus });
            self.charge_fen -= minus;
        }
    }
}

/// What a ride costs by a pack; `None` if the pack does not price the pair.
pub fn price(pack: &Pack, network: &Network, ride: &Ride) -> Option<Fare> {
    let nominal = nominal(pack, network, ride)?;
    let mut fare = Fare::flat(network.metres(ride.from, ride.to)?, nominal);
    let class = pack.class(ride.account_type);
    for discount in &pack.discounts {
        let applies = (discount.classes.is_empty() || discount.classes.iter().any(|listed| listed == class))
            && discount.apply_time.as_ref().is_none_or(|window| window.holds(ride.entry, ride.exit))
            && (discount.starting_stations.is_empty() || discount.starting_stations.contains(&ride.from));
        if applies {
            let portion = discount.portion.map(|portion| portion_half_up(fare.charge_fen, portion));
            fare.discount(&discount.name, portion.or(discount.minus_fen).unwrap_or_default());
        }
    }
    Some(fare)
}

/// The fare before discounts.
pub fn nominal(pack: &Pack, network: &Network, ride: &Ride) -> Option<Fen> {
    if ride.from == ride.to {
        return minimum(pack);
    }
    let holds = |group: &Group| group.apply_time.as_ref().is_none_or(|window| window.holds(ride.entry, ride.exit));
    nominal_when(pack, network, ride.from, ride.to, &holds)
}

/// The fare when just the groups are in force whose time `holds`.
pub fn nominal_when(
    pack: &Pack,
    network: &Network,
    from: StationId,
    to: StationId,
    holds: &dyn Fn(&Group) -> bool,
) -> Option<Fen> {
    if pack.groups.iter().all(|group| group.lines.is_empty()) && !pack.groups.iter().any(|group| needs_path(group.basis)) {
        // One group prices the whole way: its length is enough.
        let group = chosen(pack, from, to, None, holds)?;
        return group_fare(pack, group, network, from, to, &Way::metres(network.metres(from, to)?));
    }
    let path = network.path(from, to)?;
    let mut total = Fen::ZERO;
    let mut rest = path.as_slice();
    while let Some(first) = rest.first() {
        let group = chosen(pack, from, to, Some(first), holds)?;
        let same = |section: &&Section| {
            chosen(pack, from, to, Some(section), holds).is_some_and(|other| other.name == group.name)
        };
        let count = rest.iter().take_while(same).count();
        let (part, after) = rest.split_at(count);
        let way = Way::of(network, part);
        total += group_fare(pack, group, network, part.first()?.from, part.last()?.to, &way)?;
        rest = after;
    }
    Some(total)
}

fn needs_path(basis: Basis) -> bool {
    matches!(basis, Basis::Station | Basis::Zone)
}

/// The most specific group for a section; the pack's check has made sure that there is only one.
fn chosen<'p>(
    pack: &'p Pack,
    from: StationId,
    to: StationId,
    section: Option<&Section>,
    holds: &dyn Fn(&Group) -> bool,
) -> Option<&'p Group> {
    let applies = |group: &&Group| {
        (group.lines.is_empty() || section.is_some_and(|section| group.lines.contains(&section.line)))
            && (group.starting_stations.is_empty() || group.starting_stations.contains(&from))
            && (group.ending_stations.is_empty() || group.ending_stations.contains(&to))
            && holds(group)
    };
    pack.groups.iter().filter(applies).max_by_key(|group| group.specificity())
}

impl Group {
    /// How many conditions the group has.
    pub fn specificity(&self) -> usize {
        usize::from(!self.lines.is_empty())
            + usize::from(!self.starting_stations.is_empty())
            + usize::from(!self.ending_stations.is_empty())
            + usize::from(self.apply_time.is_some())
    }
}

/// A stretch of a path in every measure.
struct Way {
    metres: u32,
    sections: u32,
    zones: u32,
}

impl Way {
    fn metres(metres: u32) -> Way {
        Way { metres, sections: 0, zones: 0 }
    }

    fn of(network: &Network, path: &[Section]) -> Way {
        let mut zones: Vec<u32> = path
            .iter()
            .flat_map(|section| [section.from, section.to])
            .filter_map(|id| network.station(id)?.zone)
            .collect();
        zones.sort_unstable();
        zones.dedup();
        Way {
            metres: path.iter().map(|section| section.metres).sum(),
            sections: u32::try_from(path.len()).unwrap_or(u32::MAX),
            zones: u32::try_from(zones.len()).unwrap_or(u32::MAX),
        }
    }
}

fn group_fare(pack: &Pack, group: &Group, network: &Network, from: StationId, to: StationId, way: &Way) -> Option<Fen> {
    if let Some(derivation) = &group.derive_from {
        let origin = pack.groups.iter().find(|other| other.name == derivation.name)?;
        let way = if needs_path(origin.basis) { Way::of(network, &network.path(from, to)?) } else { Way { ..*way } };
        let fare = group_fare(pack, origin, network, from, to, &way)?;
        return Some(portion_half_up(fare, derivation.portion));
    }
    match group.basis {
        Basis::Single => group.fare_fen,
        Basis::Distance => ladder(group, way.metres.saturating_sub(group.grace_m)),
        Basis::Station => ladder(group, way.sections),
        Basis::Zone => ladder(group, way.zones),
        Basis::Manual => pair_fare(group, from, to),
    }
}

fn pair_fare(group: &Group, from: StationId, to: StationId) -> Option<Fen> {
    let listed = |from: StationId, to: StationId| group.pairs.iter().find(|pair| pair.from == from && pair.to == to);
    listed(from, to).or_else(|| listed(to, from)).map(|pair| pair.fare_fen)
}

/// The fare of a measure by bands, then steps; limits belong to the band below them.
pub fn ladder(group: &Group, measure: u32) -> Option<Fen> {
    if let Some(band) = group.bands.iter().find(|band| measure <= band.upto) {
        return Some(band.fare_fen);
    }
    let last = group.bands.last()?;
    let (mut fare, mut from) = (last.fare_fen, last.upto);
    for step in &group.steps {
        let upto = step.upto.map_or(measure, |upto| upto.min(measure));
        let begun = i64::from((upto - from).div_ceil(step.step));
        fare += Fen(step.add_fen.0.checked_mul(begun)?);
        match step.upto {
            Some(upto) if upto < measure => from = upto,
            _ => return Some(fare),
        }
    }
    None
}

/// The lowest fare of the pack: of the group without conditions, for the shortest ride.
pub fn minimum(pack: &Pack) -> Option<Fen> {
    let group = pack.groups.iter().find(|group| group.specificity() == 0)?;
    match group.basis {
        Basis::Single => group.fare_fen,
        Basis::Manual => group.pairs.iter().map(|pair| pair.fare_fen).min(),
        Basis::Distance | Basis::Station | Basis::Zone => group.bands.first().map(|band| band.fare_fen),
    }
}

/// amount × portion, rounded half up to the fen.
pub fn portion_half_up(amount: Fen, portion: Ratio) -> Fen {
    let one = i128::from(Ratio::ONE.units());
    let product = i128::from(amount.0) * i128::from(portion.units());
    let rounded = (2 * product + one).div_euclid(2 * one);
    Fen(i64::try_from(rounded).expect("a portion of an amount stays in its range"))
}
