//! Pricing: integer metres, integer fen, limits inclusive above (transit specification §7.3).

use huitong_kernel::calendar::Calendar;
use huitong_kernel::money::Fen;

use super::reduce::reduce;
use super::ride::{EarlierTrip, Fare, Ride};
use super::{Basis, Group, Pack, Rounding};
use crate::model::network::{LineId, Network, Section, StationId};

/// What a ride costs by a pack; `None` if the pack does not price the pair. See [`super::charge::fare_of`] for stays.
pub fn price(
    pack: &Pack,
    network: &Network,
    calendar: &Calendar,
    ride: &Ride,
    earlier: &[EarlierTrip],
) -> Option<Fare> {
    let in_force = GroupSet::in_force(pack, calendar, ride);
    let (metres, nominal) = if ride.from == ride.to {
        (0, minimum(pack, network, ride.from, ride.line, in_force)?)
    } else {
        nominal(pack, network, ride.from, ride.to, in_force)?
    };
    let mut fare = Fare::flat(metres, nominal);
    reduce(pack, &network.map.parameters, calendar, ride, earlier, &mut fare);
    Some(fare)
}

/// Which groups of a pack are in force at the time of a ride.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupSet(u64);

/// Groups of a pack at most.
pub const GROUPS_MAX: usize = 64;

impl GroupSet {
    pub fn of(pack: &Pack, is_in_force: impl Fn(&Group) -> bool) -> GroupSet {
        let groups = pack.groups.iter().take(GROUPS_MAX).enumerate();
        GroupSet(groups.filter(|(_, group)| is_in_force(group)).fold(0, |set, (index, _)| set | 1 << index))
    }

    pub fn in_force(pack: &Pack, calendar: &Calendar, ride: &Ride) -> GroupSet {
        GroupSet::of(pack, |group| {
            group.apply_time.as_ref().is_none_or(|window| window.holds(ride.entry, ride.exit, calendar))
        })
    }

    pub fn contains(self, index: usize) -> bool {
        index < GROUPS_MAX && self.0 >> index & 1 == 1
    }

    pub fn and(self, other: GroupSet) -> GroupSet {
        GroupSet(self.0 & other.0)
    }
}

/// The metres and the fare before reductions of a ride between two stations.
pub fn nominal(
    pack: &Pack,
    network: &Network,
    from: StationId,
    to: StationId,
    in_force: GroupSet,
) -> Option<(u32, Fen)> {
    if needs_path(pack) {
        let path = network.path(from, to)?;
        return Some((path.iter().map(|section| section.metres).sum(), along(pack, network, &path, in_force)?));
    }
    // One group prices the whole way: its length is enough.
    let metres = network.metres(from, to)?;
    let group = chosen(pack, from, to, in_force, |_| true)?;
    Some((metres, group_fare(pack, group, network, from, to, &Stretch::Metres(metres))?))
}

/// Whether the sections of the way matter, and not only its length.
pub fn needs_path(pack: &Pack) -> bool {
    pack.groups.iter().any(|group| !group.lines.is_empty() || matches!(group.basis, Basis::Station | Basis::Zone))
}

/// The fare along a path: cut where the group changes, each stretch priced as a ride of its own, the parts added.
pub fn along(pack: &Pack, network: &Network, path: &[Section], in_force: GroupSet) -> Option<Fen> {
    let (from, to) = (path.first()?.from, path.last()?.to);
    let group_of = |section: &Section| chosen(pack, from, to, in_force, |lines| lines.contains(&section.line));
    let mut total = Fen::ZERO;
    let mut rest = path;
    while let Some(first) = rest.first() {
        let group = group_of(first)?;
        let same = |section: &&Section| group_of(section).is_some_and(|other| std::ptr::eq(other, group));
        let (part, after) = rest.split_at(rest.iter().take_while(same).count());
        total += group_fare(pack, group, network, part.first()?.from, part.last()?.to, &Stretch::Sections(part))?;
        rest = after;
    }
    Some(total)
}

/// The most specific group in force; the pack's check has made sure that there is only one. `on` asks whether a group that
/// is limited to some lines applies here.
fn chosen(
    pack: &Pack,
    from: StationId,
    to: StationId,
    in_force: GroupSet,
    on: impl Fn(&[LineId]) -> bool,
) -> Option<&Group> {
    let applies = |group: &Group| {
        (group.lines.is_empty() || on(&group.lines))
            && (group.starting_stations.is_empty() || group.starting_stations.contains(&from))
            && (group.ending_stations.is_empty() || group.ending_stations.contains(&to))
    };
    let groups = pack.groups.iter().enumerate().filter(|(index, group)| in_force.contains(*index) && applies(group));
    groups.map(|(_, group)| group).max_by_key(|group| group.rank())
}

impl Group {
    /// How specific the group is: its lines weigh more than its stations (a line with fares of its own keeps them wherever
    /// the ride began), its first station more than its last, the time least.
    pub fn rank(&self) -> u8 {
        u8::from(!self.lines.is_empty()) << 3
            | u8::from(!self.starting_stations.is_empty()) << 2
            | u8::from(!self.ending_stations.is_empty()) << 1
            | u8::from(self.apply_time.is_some())
    }
}

/// A part of a way: with its sections, where they matter.
enum Stretch<'p> {
    Metres(u32),
    Sections(&'p [Section]),
}

impl Stretch<'_> {
    fn metres(&self) -> u32 {
        match self {
            Stretch::Metres(metres) => *metres,
            Stretch::Sections(sections) => sections.iter().map(|section| section.metres).sum(),
        }
    }

    fn sections(&self) -> &[Section] {
        match self {
            Stretch::Metres(_) => &[],
            Stretch::Sections(sections) => sections,
        }
    }

    /// Both ends of every section count.
    fn zones_touched(&self, network: &Network) -> usize {
        let stations = self.sections().iter().flat_map(|section| [section.from, section.to]);
        let mut zones: Vec<u32> = stations.filter_map(|id| network.station(id)?.zone).collect();
        zones.sort_unstable();
        zones.dedup();
        zones.len()
    }
}

fn group_fare(
    pack: &Pack,
    group: &Group,
    network: &Network,
    from: StationId,
    to: StationId,
    stretch: &Stretch<'_>,
) -> Option<Fen> {
    let (origin, portion) = origin(pack, group)?;
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let fare = match origin.basis {
        Basis::Single => origin.fare_fen,
        Basis::Distance => ladder(origin, stretch.metres()),
        Basis::Station => ladder(origin, count(stretch.sections().len())),
        Basis::Zone => ladder(origin, count(stretch.zones_touched(network))),
        Basis::Manual => pair_fare(origin, from, to),
    }?;
    Some(portion.map_or(fare, |portion| Rounding::HalfUp.of(fare, portion)))
}

/// The group whose numbers price this one, and the factor. A derivation goes back one step, never more.
fn origin<'p>(pack: &'p Pack, group: &'p Group) -> Option<(&'p Group, Option<huitong_kernel::decimal::Ratio>)> {
    match &group.derive_from {
        None => Some((group, None)),
        Some(derivation) => {
            let origin = pack.groups.iter().find(|other| other.name == derivation.name)?;
            Some((origin, Some(derivation.portion)))
        }
    }
}

fn pair_fare(group: &Group, from: StationId, to: StationId) -> Option<Fen> {
    let listed = |from: StationId, to: StationId| group.pairs.iter().find(|pair| pair.from == from && pair.to == to);
    listed(from, to).or_else(|| listed(to, from)).map(|pair| pair.fare_fen)
}

/// The fare of a measure by bands, then steps, after the grace; limits belong to the band or step below them.
pub fn ladder(group: &Group, measure: u32) -> Option<Fen> {
    let measure = measure.saturating_sub(group.grace_m);
    if let Some(band) = group.bands.iter().find(|band| band.upto.is_none_or(|upto| measure <= upto)) {
        return Some(band.fare_fen);
    }
    let last = group.bands.last()?;
    let (mut fare, mut from) = (last.fare_fen, last.upto?);
    for step in &group.steps {
        let upto = step.upto.map_or(measure, |upto| upto.min(measure));
        let begun = i64::from(upto.checked_sub(from)?.div_ceil(step.step));
        fare += Fen(step.add_fen.0.checked_mul(begun)?);
        match step.upto {
            Some(upto) if upto < measure => from = upto,
            _ => return Some(fare),
        }
    }
    None
}

/// What a group takes for a measure of metres alone: for the examples of a pack.
pub fn by_metres(pack: &Pack, group: &Group, metres: u32) -> Option<Fen> {
    let (origin, portion) = origin(pack, group)?;
    let fare = if origin.basis == Basis::Distance { ladder(origin, metres)? } else { return None };
    Some(portion.map_or(fare, |portion| Rounding::HalfUp.of(fare, portion)))
}

/// The fare of the shortest ride from a stop: of one tap, of a stay, of an unknown ride. A group limited to lines counts if
/// `line` is one of them or, where no line is told, if the stop is on no other.
pub fn minimum(
    pack: &Pack,
    network: &Network,
    stop: StationId,
    line: Option<LineId>,
    in_force: GroupSet,
) -> Option<Fen> {
    let station = network.station(stop)?;
    let group = chosen(pack, stop, stop, in_force, |lines| match line {
        Some(line) => lines.contains(&line),
        None => station.lines.iter().all(|line| lines.contains(line)),
    })?;
    let (origin, portion) = origin(pack, group)?;
    let fare = match origin.basis {
        Basis::Single => origin.fare_fen,
        Basis::Manual => origin.pairs.iter().map(|pair| pair.fare_fen).min(),
        Basis::Distance | Basis::Station | Basis::Zone => origin.bands.first().map(|band| band.fare_fen),
    }?;
    Some(portion.map_or(fare, |portion| Rounding::HalfUp.of(fare, portion)))
}
