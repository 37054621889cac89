//! Passengers counted per station and ten minutes, as published for the metro of Hangzhou: counts only, no cards.

use std::collections::BTreeMap;
use std::fmt;

/// Ten-minute slots of a day.
pub const SLOTS: usize = 144;

/// Counts of a station, slot by slot from midnight to midnight: the calendar day, not the business day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StationFlow {
    pub entries: [u32; SLOTS],
    pub exits: [u32; SLOTS],
}

impl StationFlow {
    /// Nobody all day: the file has no data. Whether the station was closed is not known.
    pub fn is_unknown(&self) -> bool {
        self.entries.iter().chain(&self.exits).all(|count| *count == 0)
    }

    /// Every so-many-th passenger. What is left over in a slot counts in the next, so that a day keeps its shape.
    pub fn fraction(&self, one_in: u32) -> StationFlow {
        StationFlow { entries: thinned(&self.entries, one_in), exits: thinned(&self.exits, one_in) }
    }
}

fn thinned(counts: &[u32; SLOTS], one_in: u32) -> [u32; SLOTS] {
    let mut rest = 0;
    counts.map(|count| {
        let all = rest + count;
        rest = all % one_in;
        all / one_in
    })
}

/// A day of all stations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flows {
    /// Of the month; month and year stand in the file's name only.
    pub day: i8,
    pub stations: BTreeMap<u32, StationFlow>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowFault {
    ColumnMissing(&'static str),
    /// A line that cannot be read.
    Line(u64),
    /// Station and slot stand twice.
    Twice(u64),
    /// Another day than the lines before.
    Day(u64),
    /// A station without all its slots.
    Incomplete(u32),
    Empty,
}

impl fmt::Display for FlowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlowFault::ColumnMissing(name) => {
                write!(f, "不是客流统计文件，缺少列：{name} / not a file of passenger counts: no column {name}")
            }
            FlowFault::Line(line) => write!(f, "第{line}行无法读取 / line {line} cannot be read"),
            FlowFault::Twice(line) => write!(f, "第{line}行重复 / line {line} repeats a station and slot"),
            FlowFault::Day(line) => write!(f, "第{line}行是另一天 / line {line} is of another day"),
            FlowFault::Incomplete(station) => write!(f, "车站{station}缺少时段 / station {station} lacks slots"),
            FlowFault::Empty => f.write_str("文件没有数据 / the file has no rows"),
        }
    }
}

impl std::error::Error for FlowFault {}

const COLUMNS: [&str; 6] = ["stationID", "hour", "per_ten_minute", "inNums", "outNums", "day"];

impl Flows {
    /// Reads a file of one day, columns by their names.
    pub fn read(bytes: &[u8]) -> Result<Flows, FlowFault> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let header = reader.headers().map_err(|_| FlowFault::Line(1))?.clone();
        let mut places = [0; COLUMNS.len()];
        for (place, name) in places.iter_mut().zip(COLUMNS) {
            *place = header.iter().position(|known| known == name).ok_or(FlowFault::ColumnMissing(name))?;
        }
        let mut day = None;
        let mut seen: BTreeMap<u32, ([bool; SLOTS], StationFlow)> = BTreeMap::new();
        for (number, record) in (2..).zip(reader.records()) {
            let record = record.map_err(|_| FlowFault::Line(number))?;
            let fields = places.map(|place| record.get(place).and_then(whole));
            let [Some(station), Some(hour), Some(ten), Some(entries), Some(exits), Some(of_day)] = fields else {
                return Err(FlowFault::Line(number));
            };
            if hour > 23 || ten > 5 || !(1..=31).contains(&of_day) {
                return Err(FlowFault::Line(number));
            }
            if *day.get_or_insert(of_day) != of_day {
                return Err(FlowFault::Day(number));
            }
            let slot = (hour * 6 + ten) as usize;
            let empty = || ([false; SLOTS], StationFlow { entries: [0; SLOTS], exits: [0; SLOTS] });
            let (known, flow) = seen.entry(station).or_insert_with(empty);
            if std::mem::replace(&mut known[slot], true) {
                return Err(FlowFault::Twice(number));
            }
            (flow.entries[slot], flow.exits[slot]) = (entries, exits);
        }
        if let Some((station, _)) = seen.iter().find(|(_, (known, _))| known.contains(&false)) {
            return Err(FlowFault::Incomplete(*station));
        }
        let day = day.and_then(|day| i8::try_from(day).ok()).ok_or(FlowFault::Empty)?;
        Ok(Flows { day, stations: seen.into_iter().map(|(station, (_, flow))| (station, flow)).collect() })
    }
}

/// A whole number, perhaps written as a decimal: `23.0`.
fn whole(text: &str) -> Option<u32> {
    let digits = match text.split_once('.') {
        Some((digits, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => digits,
        Some(_) => return None,
        None => text,
    };
    digits.parse().ok().filter(|count| *count <= 1_000_000)
}
