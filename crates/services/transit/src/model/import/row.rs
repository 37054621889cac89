//! A line of the file as a record: every field in its form, or the line's fault.

use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};

use super::stations::unified;
use super::table::Column;

/// Amounts above this are a defect: no ride of the city costs 10 000 yuan.
const AMOUNT_MAX: i64 = 1_000_000;
const CARD_LENGTH_MAX: usize = 32;
const DEVICE_LENGTH_MAX: usize = 16;

/// What was done with a card. Only `deal_type` tells: gates are named after several conventions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// 地铁入站
    Entry,
    /// 地铁出站
    Exit,
    /// 巴士
    Bus,
}

/// A record as the file tells it, names unified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub at: Instant,
    /// The day on which the operator booked it.
    pub booked_on: Option<Date>,
    /// Pseudonymous at the source; personal data all the same.
    pub card: String,
    pub kind: Kind,
    /// Before any discount.
    pub fare: Option<Fen>,
    /// Really charged.
    pub charge: Option<Fen>,
    /// The metro line, or the bus company.
    pub company: String,
    /// A gate's name, or a bus's number plate.
    pub gate: String,
    /// The metro station, or the bus route. `None` where a lone `-` or nothing stands.
    pub station: Option<String>,
    /// As written, where that differs from the unified name.
    pub written: Option<String>,
    /// The station is not in the line but known from the device.
    pub is_restored: bool,
    pub is_transfer: bool,
    /// Digits; empty if the line does not tell.
    pub device: String,
}

/// Why a line cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowFault {
    NotText,
    Quoting,
    /// A carriage return within the line.
    LineEnd,
    Columns,
    Card,
    Time,
    BookedOn,
    Kind,
    Amount,
    Transfer,
    Device,
}

impl RowFault {
    pub fn name(self) -> &'static str {
        match self {
            RowFault::NotText => "not_utf8",
            RowFault::Quoting => "quote_not_closed",
            RowFault::LineEnd => "carriage_return",
            RowFault::Columns => "number_of_columns",
            RowFault::Card => "card",
            RowFault::Time => "time",
            RowFault::BookedOn => "booking_day",
            RowFault::Kind => "kind",
            RowFault::Amount => "amount",
            RowFault::Transfer => "transfer_mark",
            RowFault::Device => "device",
        }
    }
}

impl Row {
    /// Reads the fields; an empty one is a missing one.
    pub fn read<'f>(field: &impl Fn(Column) -> &'f str) -> Result<Row, RowFault> {
        let card = field(Column::Card);
        let is_card =
            (1..=CARD_LENGTH_MAX).contains(&card.len()) && card.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_card {
            return Err(RowFault::Card);
        }
        let device = field(Column::Device);
        if device.len() > DEVICE_LENGTH_MAX || !device.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(RowFault::Device);
        }
        let kind = match field(Column::Kind) {
            "地铁入站" => Kind::Entry,
            "地铁出站" => Kind::Exit,
            "巴士" => Kind::Bus,
            _ => return Err(RowFault::Kind),
        };
        let is_transfer = match field(Column::Transfer) {
            "" | "0" => false,
            "1" => true,
            _ => return Err(RowFault::Transfer),
        };
        let station = Some(field(Column::Station)).filter(|name| !matches!(*name, "" | "-"));
        let name = station.map(|name| unified(name, kind));
        Ok(Row {
            at: time(field(Column::Time)).ok_or(RowFault::Time)?,
            booked_on: optional(field(Column::BookedOn), day).ok_or(RowFault::BookedOn)?,
            card: card.to_owned(),
            kind,
            fare: optional(field(Column::Fare), amount).ok_or(RowFault::Amount)?,
            charge: optional(field(Column::Charge), amount).ok_or(RowFault::Amount)?,
            company: field(Column::Company).to_owned(),
            gate: field(Column::Gate).to_owned(),
            written: station.filter(|written| name.as_deref() != Some(*written)).map(str::to_owned),
            station: name,
            is_restored: false,
            is_transfer,
            device: device.to_owned(),
        })
    }

    /// When it was, as the file writes it: local time (UTC+8).
    pub fn local_time(&self) -> String {
        let day = self.at.business_date();
        let seconds = (self.at - Instant::start_of(day)).0 / 1_000;
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        format!("{day} {hours:02}:{minutes:02}:{:02}", seconds % 60)
    }

    /// A card as it may be shown: enough to tell two cards apart in a list of examples, too little to find one.
    pub fn masked_card(&self) -> String {
        let (first, last) = (self.card.get(..2).unwrap_or_default(), self.card.len().saturating_sub(1).max(2));
        let hidden = self.card.len().saturating_sub(3);
        format!("{first}{}{}", "*".repeat(hidden), self.card.get(last..).unwrap_or_default())
    }
}

/// `Some(None)` for an empty field, `None` for a wrong one.
#[allow(clippy::option_option)]
fn optional<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { read(text).map(Some) }
}

/// `YYYY-MM-DD HH:MM:SS`, local time (UTC+8).
fn time(text: &str) -> Option<Instant> {
    let (day, clock) = text.split_once(' ')?;
    Instant::parse(&format!("{day}T{clock}+08:00"))
}

fn day(text: &str) -> Option<Date> {
    text.split(' ').next()?.parse().ok()
}

fn amount(text: &str) -> Option<Fen> {
    text.parse().ok().filter(|amount| (0..=AMOUNT_MAX).contains(amount)).map(Fen)
}
