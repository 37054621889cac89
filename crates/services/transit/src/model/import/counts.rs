//! An import in numbers: what was found, what became of it, what was made up for.

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use serde::Serialize;

use super::fate::Fate;
use super::row::{Kind, Row};
use super::stations::{is_damaged, place};
use super::{Import, Line};

/// Examples kept of each reason.
const EXAMPLES_MAX: usize = 3;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Counts {
    /// Lines behind the header.
    pub rows: usize,
    /// Of them those that count: neither repeated, nor quarantined, nor unreadable.
    pub accepted: usize,
    pub buckets: Buckets,
    /// Records by reason, under the bucket and the reason's name: `single_sided.no_exit`.
    pub reasons: BTreeMap<String, usize>,
    pub examples: BTreeMap<String, Vec<Example>>,
    /// Lines that cannot be read, all of them, with what is wrong.
    pub unreadable_lines: Vec<(u64, &'static str)>,
    pub entries: usize,
    pub exits: usize,
    pub boardings: usize,
    pub cards: usize,
    /// Travelled on a day before the one of booking.
    pub booked_later: usize,
    pub transfers: usize,
    pub metro: Money,
    pub bus: Money,
    /// Of the pairs.
    pub paired: Money,
    /// The lowest and the highest fare of an exit.
    pub seen_fares: Option<(Fen, Fen)>,
    /// Pairs from line to line.
    pub pairs_by_line: BTreeMap<String, usize>,
    /// Entries and exits that count, by station, busiest first.
    pub stations: Vec<StationCount>,
    pub places: Places,
}

/// Every line is in exactly one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Buckets {
    /// Records: two a trip.
    pub paired: usize,
    /// Second taps at once, kept with their trip.
    pub extra: usize,
    pub single_sided: usize,
    pub single_tap: usize,
    pub duplicate: usize,
    pub quarantined: usize,
    pub unreadable: usize,
}

impl Buckets {
    /// Records that count: in a trip, or alone with a reason.
    pub fn accepted(&self) -> usize {
        self.paired + self.extra + self.single_sided + self.single_tap
    }

    pub fn sum(&self) -> usize {
        let Buckets { paired, extra, single_sided, single_tap, duplicate, quarantined, unreadable } = self;
        paired + extra + single_sided + single_tap + duplicate + quarantined + unreadable
    }
}

/// Sums over records with an amount; entries have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Money {
    pub records: usize,
    pub fares_fen: Fen,
    pub charges_fen: Fen,
    /// Charged less than the fare, and nothing at all.
    pub discounted: usize,
    pub free: usize,
}

impl Money {
    fn add(&mut self, row: &Row) {
        let (fare, charge) = (row.fare.unwrap_or_default(), row.charge.unwrap_or_default());
        self.records += 1;
        self.fares_fen += fare;
        self.charges_fen += charge;
        self.discounted += usize::from(charge < fare);
        self.free += usize::from(charge == Fen::ZERO);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StationCount {
    pub station: String,
    pub entries: usize,
    pub exits: usize,
}

/// A record that shows what a reason means; no card, no number plate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    pub line: u64,
    pub card: String,
    pub at: String,
    pub kind: &'static str,
    pub station: String,
    pub fare_fen: Option<Fen>,
}

/// What is known of stations, and how.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Places {
    /// Prefixes of device numbers with one station, and with several (which restore nothing).
    pub learned: usize,
    pub ambiguous: usize,
    /// Records whose station came from their device.
    pub restored: usize,
    /// By station.
    pub restored_to: BTreeMap<String, usize>,
    /// By device prefix and line: no named record was made there.
    pub not_restored: BTreeMap<String, usize>,
    /// Names written otherwise elsewhere, with the name used.
    pub unified: BTreeMap<String, String>,
    /// Names with lost characters, as they are.
    pub damaged: BTreeMap<String, usize>,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Entry => "in",
            Kind::Exit => "out",
            Kind::Bus => "boarding",
        }
    }
}

impl Counts {
    /// # Panics
    /// When a line is in no bucket or in two: nothing may be dropped silently.
    pub fn of(import: &Import) -> Counts {
        let (learned, ambiguous) = import.registry.size();
        let mut counts = Counts {
            rows: import.lines.len(),
            seen_fares: import.fares.map(|fares| (fares.minimum, fares.maximum)),
            places: Places { learned, ambiguous, ..Places::default() },
            ..Counts::default()
        };
        let rows: BTreeMap<u64, &Row> =
            import.lines.iter().filter_map(|line| Some((line.number, line.row.as_ref()?))).collect();
        let mut stations: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for line in &import.lines {
            counts.fate(line);
            let Some(row) = &line.row else { continue };
            counts.place(row);
            if !matches!(line.fate, Fate::Duplicate { .. } | Fate::Quarantined(_)) {
                counts.record(row);
                if let (Some(station), true) = (&row.station, row.kind != Kind::Bus) {
                    let known = stations.entry(station).or_default();
                    let count = if row.kind == Kind::Entry { &mut known.0 } else { &mut known.1 };
                    *count += 1;
                }
            }
            if let (Fate::Paired { partner }, Kind::Exit) = (line.fate, row.kind) {
                counts.paired.add(row);
                let from = rows.get(&partner).map_or("", |entry| entry.company.as_str());
                *counts.pairs_by_line.entry(format!("{from} → {}", row.company)).or_default() += 1;
            }
        }
        counts.accepted = counts.buckets.accepted();
        counts.cards = rows.values().map(|row| row.card.as_str()).collect::<std::collections::BTreeSet<_>>().len();
        let count = |(station, (entries, exits)): (&str, (usize, usize))| StationCount {
            station: station.to_owned(),
            entries,
            exits,
        };
        counts.stations = stations.into_iter().map(count).collect();
        counts.stations.sort_by_key(|count| std::cmp::Reverse(count.entries + count.exits));
        assert_eq!(counts.buckets.sum(), counts.rows, "every row read is in exactly one bucket");
        counts
    }

    fn fate(&mut self, line: &Line) {
        let buckets = &mut self.buckets;
        let (bucket, reason) = match line.fate {
            Fate::Paired { .. } => (&mut buckets.paired, None),
            Fate::Extra { .. } => (&mut buckets.extra, None),
            Fate::SingleSided(reason) => (&mut buckets.single_sided, Some(("single_sided", reason.name()))),
            Fate::SingleTap => (&mut buckets.single_tap, None),
            Fate::Duplicate { .. } => (&mut buckets.duplicate, None),
            Fate::Quarantined(doubt) => (&mut buckets.quarantined, Some(("quarantined", doubt.name()))),
            Fate::Unreadable(fault) => {
                self.unreadable_lines.push((line.number, fault.name()));
                (&mut buckets.unreadable, Some(("unreadable", fault.name())))
            }
        };
        *bucket += 1;
        let Some((bucket, reason)) = reason else { return };
        let reason = format!("{bucket}.{reason}");
        *self.reasons.entry(reason.clone()).or_default() += 1;
        if let Some(row) = &line.row {
            let examples = self.examples.entry(reason).or_default();
            if examples.len() < EXAMPLES_MAX {
                examples.push(Example::of(line.number, row));
            }
        }
    }

    fn record(&mut self, row: &Row) {
        match row.kind {
            Kind::Entry => self.entries += 1,
            Kind::Exit => {
                self.exits += 1;
                self.metro.add(row);
            }
            Kind::Bus => {
                self.boardings += 1;
                self.bus.add(row);
            }
        }
        self.transfers += usize::from(row.is_transfer);
        self.booked_later += usize::from(row.booked_on.is_some_and(|day| day > row.at.business_date()));
    }

    fn place(&mut self, row: &Row) {
        let places = &mut self.places;
        match &row.station {
            Some(station) if row.is_restored => {
                places.restored += 1;
                *places.restored_to.entry(station.clone()).or_default() += 1;
            }
            Some(station) if is_damaged(station) => *places.damaged.entry(station.clone()).or_default() += 1,
            Some(_) => {}
            None => {
                let at = format!("{} {}", place(row).unwrap_or("-"), row.company);
                *places.not_restored.entry(at).or_default() += 1;
            }
        }
        if let (Some(written), Some(station)) = (&row.written, &row.station) {
            places.unified.insert(written.clone(), station.clone());
        }
    }
}

impl Example {
    fn of(line: u64, row: &Row) -> Example {
        Example {
            line,
            card: row.masked_card(),
            at: row.local_time(),
            kind: row.kind.name(),
            station: row.station.clone().unwrap_or_else(|| "-".to_owned()),
            fare_fen: row.fare,
        }
    }
}
