//! What becomes of each line: believed or not, then matched by the very rules of this service.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use huitong_kernel::hash::Digest;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_transit_code::signature::sm3;

use super::prices::{SeenFares, WithoutTable};
use super::row::{Kind, Row, RowFault};
use super::stations::place;
use crate::model::matching::{Matched, SingleReason, matched};
use crate::model::network::StationId;
use crate::model::parameters::Parameters;
use crate::model::tap::{Direction, Tap, TapKey};

/// Times are cut to the second, so each may be off by so much.
const TIME_CUT: DurationMs = DurationMs::seconds(1);

/// Where a line ended: in exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// One side of a trip; the other stands in this line.
    Paired { partner: u64 },
    /// A second tap at once, kept with the trip of this line and without effect.
    Extra { of: u64 },
    /// A tap without a partner.
    SingleSided(SingleSided),
    /// A bus ride: one tap is the whole trip.
    SingleTap,
    /// The same record as in this line.
    Duplicate { of: u64 },
    /// Not believed.
    Quarantined(Doubt),
    /// Not understood.
    Unreadable(RowFault),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SingleSided {
    /// Nothing tells where it was: neither the line nor its device.
    StationUnknown,
    By(SingleReason),
}

impl SingleSided {
    pub fn name(self) -> &'static str {
        match self {
            SingleSided::StationUnknown => "station_unknown",
            SingleSided::By(reason) => reason.name(),
        }
    }
}

/// Why a record is quarantined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Card, second and device are those of another record, the rest is not: a defect or tampering.
    OtherContent,
    EntryWithAmount,
    ChargeOverFare,
    BookedBeforeTravel,
}

impl Doubt {
    pub fn name(self) -> &'static str {
        match self {
            Doubt::OtherContent => "same_tap_other_content",
            Doubt::EntryWithAmount => "entry_with_amount",
            Doubt::ChargeOverFare => "charge_over_fare",
            Doubt::BookedBeforeTravel => "booked_before_travel",
        }
    }
}

/// The fate of every line, in their order.
pub fn fates(
    numbers: &[u64],
    rows: &[Result<Row, RowFault>],
    fares: Option<SeenFares>,
    parameters: &Parameters,
) -> Vec<Fate> {
    let mut told = Fates { numbers, fates: vec![None; rows.len()] };
    let mut read: Vec<(usize, &Row)> = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        match row {
            Ok(row) => read.push((index, row)),
            Err(fault) => told.set(index, Fate::Unreadable(*fault)),
        }
    }
    told.repeated(&read);
    read.retain(|(index, _)| told.fates[*index].is_none());
    for (index, row) in &read {
        if let Some(doubt) = doubt(row) {
            told.set(*index, Fate::Quarantined(doubt));
        } else if row.kind == Kind::Bus {
            told.set(*index, Fate::SingleTap);
        }
    }
    read.retain(|(index, _)| told.fates[*index].is_none());
    told.matched(&read, fares, parameters);
    told.fates.into_iter().map(|fate| fate.expect("every line has a fate")).collect()
}

fn doubt(row: &Row) -> Option<Doubt> {
    let amounts = [row.fare, row.charge].into_iter().flatten();
    let is_over = matches!((row.fare, row.charge), (Some(fare), Some(charge)) if charge > fare);
    if row.booked_on.is_some_and(|day| day < row.at.business_date()) {
        Some(Doubt::BookedBeforeTravel)
    } else if row.kind == Kind::Entry && amounts.into_iter().any(|amount| amount.0 != 0) {
        Some(Doubt::EntryWithAmount)
    } else if is_over {
        Some(Doubt::ChargeOverFare)
    } else {
        None
    }
}

struct Fates<'f> {
    numbers: &'f [u64],
    fates: Vec<Option<Fate>>,
}

impl Fates<'_> {
    fn set(&mut self, index: usize, fate: Fate) {
        let before = self.fates[index].replace(fate);
        assert_eq!(before, None, "line {}: one fate, and no second", self.numbers[index]);
    }

    /// Records of one card, second and device: the same content counts once, other content not at all.
    fn repeated(&mut self, read: &[(usize, &Row)]) {
        let mut same: HashMap<(&str, Instant, &str), Vec<usize>> = HashMap::new();
        for (place, (_, row)) in read.iter().enumerate() {
            same.entry((&row.card, row.at, &row.device)).or_default().push(place);
        }
        for group in same.into_values().filter(|group| group.len() > 1) {
            let (first, row) = read[group[0]];
            if group.iter().all(|place| read[*place].1 == row) {
                for place in &group[1..] {
                    self.set(read[*place].0, Fate::Duplicate { of: self.numbers[first] });
                }
            } else {
                for place in &group {
                    self.set(read[*place].0, Fate::Quarantined(Doubt::OtherContent));
                }
            }
        }
    }

    /// Metro taps, card by card.
    fn matched(&mut self, read: &[(usize, &Row)], fares: Option<SeenFares>, parameters: &Parameters) {
        let (taps, unnamed_from) = taps(self.numbers, read);
        let prices = WithoutTable { fares, unnamed_from };
        let mut cards: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, (_, row)) in read.iter().enumerate() {
            cards.entry(&row.card).or_default().push(place);
        }
        for places in cards.into_values() {
            let of_card: Vec<Tap> = places.iter().map(|place| taps[*place].clone()).collect();
            let indexes: Vec<usize> = places.iter().map(|place| read[*place].0).collect();
            for trip in matched(&of_card, &[], parameters, &prices) {
                self.trip(&trip, &of_card, &indexes, unnamed_from);
            }
        }
    }

    fn trip(&mut self, trip: &Matched, taps: &[Tap], indexes: &[usize], unnamed_from: StationId) {
        let first = indexes[trip.entry.or(trip.exit).expect("a trip has a tap")];
        if let (Some(entry), Some(exit)) = (trip.entry, trip.exit) {
            self.set(indexes[entry], Fate::Paired { partner: self.numbers[indexes[exit]] });
            self.set(indexes[exit], Fate::Paired { partner: self.numbers[indexes[entry]] });
        } else {
            let alone = trip.entry.or(trip.exit).expect("a trip has a tap");
            let reason = trip.reason.expect("a single-sided trip says why");
            let is_unnamed = taps[alone].station >= unnamed_from;
            let reason = if is_unnamed { SingleSided::StationUnknown } else { SingleSided::By(reason) };
            self.set(first, Fate::SingleSided(reason));
        }
        for extra in &trip.extra {
            self.set(indexes[*extra], Fate::Extra { of: self.numbers[first] });
        }
    }
}

/// The records as taps, and the first number of stations without a name.
///
/// Gates of this set do not number their records: they are numbered here, gate by gate, by time and then by line.
fn taps(numbers: &[u64], read: &[(usize, &Row)]) -> (Vec<Tap>, StationId) {
    let names: BTreeSet<&str> = read.iter().filter_map(|(_, row)| row.station.as_deref()).collect();
    let unnamed: BTreeSet<&str> =
        read.iter().filter(|(_, row)| row.station.is_none()).map(|(_, row)| unnamed(row)).collect();
    let lines: BTreeSet<&str> = read.iter().map(|(_, row)| row.company.as_str()).collect();
    let number =
        |set: &BTreeSet<&str>| -> HashMap<String, u32> { set.iter().map(|name| (*name).to_owned()).zip(0..).collect() };
    let (names, unnamed, lines) = (number(&names), number(&unnamed), number(&lines));
    let unnamed_from = names.len() as StationId;
    let mut order: Vec<usize> = (0..read.len()).collect();
    order.sort_by_key(|place| (&read[*place].1.device, read[*place].1.at, numbers[read[*place].0]));
    let mut sequences = vec![0_u64; read.len()];
    let mut before: Option<(&str, u64)> = None;
    for place in order {
        let device = read[place].1.device.as_str();
        let sequence = before.filter(|(last, _)| *last == device).map_or(1, |(_, sequence)| sequence + 1);
        sequences[place] = sequence;
        before = Some((device, sequence));
    }
    let station = |row: &Row| match &row.station {
        Some(name) => names[name],
        None => unnamed_from + unnamed[self::unnamed(row)],
    };
    let taps = read
        .iter()
        .zip(sequences)
        .map(|((index, row), sequence)| tap(row, numbers[*index], sequence, station(row), lines[&row.company]));
    (taps.collect(), unnamed_from)
}

/// What tells one place without a name from another.
fn unnamed(row: &Row) -> &str {
    place(row).unwrap_or_default()
}

fn tap(row: &Row, number: u64, sequence: u64, station: StationId, line: u32) -> Tap {
    let hash = Digest(sm3(&[b"huitong.transit.import.1", &number.to_be_bytes()]));
    let is_exit = row.kind == Kind::Exit;
    Tap {
        key: TapKey { gate: row.device.clone(), epoch: 1, sequence },
        hash,
        direction: if is_exit { Direction::Out } else { Direction::In },
        station,
        line,
        at: row.at,
        uncertainty: TIME_CUT,
        generated: row.at.0.div_euclid(1_000),
        account_type: 0,
        limit_fen: huitong_kernel::money::Fen::ZERO,
        shown_fen: row.fare.filter(|_| is_exit),
        flags: 0,
        replay_key: hash,
        deny_sequence: 0,
        deny_age_s: 0,
        grant: None,
        arrived: row.at,
    }
}
