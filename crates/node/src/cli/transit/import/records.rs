//! One line per record with its fate, for spreadsheets. A line's number leads back to the record in the file.

use std::io::Write;

use huitong_transit::model::import::fate::Fate;
use huitong_transit::model::import::{Import, Line};

const HEADER: [&str; 13] = [
    "line",
    "fate",
    "reason",
    "partner_line",
    "time",
    "booked_on",
    "card",
    "direction",
    "metro_line_or_company",
    "station_or_route",
    "station_restored",
    "fare_fen",
    "charge_fen",
];

/// Gives the number of records written.
pub fn write(out: impl Write, import: &Import) -> anyhow::Result<usize> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(HEADER)?;
    for line in &import.lines {
        writer.write_record(fields(line))?;
    }
    writer.flush()?;
    Ok(import.lines.len())
}

fn fields(line: &Line) -> [String; HEADER.len()] {
    let (fate, reason, partner) = match line.fate {
        Fate::Paired { partner } => ("paired", "", Some(partner)),
        Fate::Extra { of } => ("extra", "", Some(of)),
        Fate::SingleSided(reason) => ("single_sided", reason.name(), None),
        Fate::SingleTap => ("single_tap", "", None),
        Fate::Duplicate { of } => ("duplicate", "", Some(of)),
        Fate::Quarantined(doubt) => ("quarantined", doubt.name(), None),
        Fate::Unreadable(fault) => ("unreadable", fault.name(), None),
    };
    let of_row = |read: &dyn Fn(&huitong_transit::model::import::row::Row) -> String| {
        line.row.as_ref().map(read).unwrap_or_default()
    };
    let optional = |amount: Option<huitong_kernel::money::Fen>| amount.map(|fen| fen.0.to_string()).unwrap_or_default();
    [
        line.number.to_string(),
        fate.to_owned(),
        reason.to_owned(),
        partner.map(|number| number.to_string()).unwrap_or_default(),
        of_row(&|row| row.local_time()),
        of_row(&|row| row.booked_on.map(|day| day.to_string()).unwrap_or_default()),
        of_row(&|row| row.masked_card()),
        of_row(&|row| row.kind.name().to_owned()),
        of_row(&|row| row.company.clone()),
        of_row(&|row| row.station.clone().unwrap_or_default()),
        of_row(&|row| u8::from(row.is_restored).to_string()),
        of_row(&|row| optional(row.fare)),
        of_row(&|row| optional(row.charge)),
    ]
}
