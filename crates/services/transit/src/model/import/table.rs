//! The file as lines of named fields. No field of this format holds a line break, so a line is a record whatever its
//! quoting: a quote that is never closed spoils its own line and no other.

use std::fmt;

use super::row::{Row, RowFault};

/// What a column means; its name stands in the header, in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Time,
    BookedOn,
    Card,
    Fare,
    Kind,
    Company,
    Gate,
    Station,
    Transfer,
    Charge,
    Device,
}

impl Column {
    pub const ALL: [Column; 11] = [
        Column::Time,
        Column::BookedOn,
        Column::Card,
        Column::Fare,
        Column::Kind,
        Column::Company,
        Column::Gate,
        Column::Station,
        Column::Transfer,
        Column::Charge,
        Column::Device,
    ];

    /// The name of the column at its source.
    pub fn name(self) -> &'static str {
        match self {
            Column::Time => "deal_date",
            Column::BookedOn => "close_date",
            Column::Card => "card_no",
            Column::Fare => "deal_value",
            Column::Kind => "deal_type",
            Column::Company => "company_name",
            Column::Gate => "car_no",
            Column::Station => "station",
            Column::Transfer => "conn_mark",
            Column::Charge => "deal_money",
            Column::Device => "equ_no",
        }
    }

    /// Without these a line says nothing about a trip.
    fn is_required(self) -> bool {
        matches!(self, Column::Time | Column::Card | Column::Kind | Column::Device)
    }
}

/// Why a file is not read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFault {
    Empty,
    /// The header and nothing behind it.
    NoRows,
    /// The header is not UTF-8.
    NotText,
    /// Lines end with a carriage return alone.
    LineEnds,
    ColumnsMissing(Vec<&'static str>),
    ColumnTwice(&'static str),
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileFault::Empty => f.write_str("文件为空 / the file is empty"),
            FileFault::NoRows => f.write_str("文件只有表头，没有记录 / the file has a header and no records"),
            FileFault::LineEnds => f.write_str(
                "行尾仅为回车符（CR），请先转换为LF或CRLF / lines end with CR alone; convert them to LF or CRLF first",
            ),
            FileFault::NotText => f.write_str(
                "表头不是UTF-8文本（可能是GBK编码，请先转换） / the header is not UTF-8; convert the file first",
            ),
            FileFault::ColumnsMissing(names) => {
                let names = names.join(", ");
                write!(
                    f,
                    "不是深圳通刷卡记录文件，缺少列：{names} / not a file of Shenzhen Tong records: no column {names}"
                )
            }
            FileFault::ColumnTwice(name) => write!(f, "列重复：{name} / the column {name} stands twice"),
        }
    }
}

impl std::error::Error for FileFault {}

/// A file whose header is understood.
pub struct Table<'t> {
    body: &'t [u8],
    /// The place of each column, in the order of [`Column::ALL`].
    places: [Option<usize>; Column::ALL.len()],
    width: usize,
    header_number: u64,
}

impl<'t> Table<'t> {
    pub fn new(bytes: &'t [u8]) -> Result<Table<'t>, FileFault> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut lines = numbered(bytes).filter(|(_, line, _)| !is_blank(line));
        let (header_number, header, body) = lines.next().ok_or(FileFault::Empty)?;
        let header = fields(header).map_err(|fault| match fault {
            RowFault::LineEnd => FileFault::LineEnds,
            _ => FileFault::NotText,
        })?;
        let mut places = [None; Column::ALL.len()];
        for (place, column) in places.iter_mut().zip(Column::ALL) {
            let mut found = header.iter().enumerate().filter(|(_, name)| name.trim() == column.name());
            *place = found.next().map(|(at, _)| at);
            if found.next().is_some() {
                return Err(FileFault::ColumnTwice(column.name()));
            }
        }
        let missing =
            Column::ALL.into_iter().zip(places).filter(|(column, place)| column.is_required() && place.is_none());
        let missing: Vec<&str> = missing.map(|(column, _)| column.name()).collect();
        if !missing.is_empty() {
            return Err(FileFault::ColumnsMissing(missing));
        }
        let table = Table { body, places, width: header.len(), header_number };
        if table.rows().next().is_none() { Err(FileFault::NoRows) } else { Ok(table) }
    }

    /// Every line behind the header that is not blank, with its number in the file.
    pub fn rows(&self) -> impl Iterator<Item = (u64, Result<Row, RowFault>)> + '_ {
        let lines = numbered(self.body).filter(|(_, line, _)| !is_blank(line));
        lines.map(|(number, line, _)| (self.header_number + number, self.row(line)))
    }

    fn row(&self, line: &[u8]) -> Result<Row, RowFault> {
        let fields = fields(line)?;
        if fields.len() != self.width {
            return Err(RowFault::Columns);
        }
        let field = |column: Column| self.places[column as usize].and_then(|at| fields.get(at)).unwrap_or("").trim();
        Row::read(&field)
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// Lines with their numbers from 1, without the line's end, each with what follows it.
fn numbered(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8], &[u8])> {
    let mut rest = bytes;
    let mut number = 0;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        number += 1;
        Some((number, line.strip_suffix(b"\r").unwrap_or(line), rest))
    })
}

fn fields(line: &[u8]) -> Result<csv::StringRecord, RowFault> {
    if line.contains(&b'\r') {
        // The reader would take it for the line's end.
        return Err(RowFault::LineEnd);
    }
    if line.iter().filter(|byte| **byte == b'"').count() % 2 == 1 {
        return Err(RowFault::Quoting);
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(512).from_reader(line);
    let (mut record, mut rest) = (csv::StringRecord::new(), csv::ByteRecord::new());
    match reader.read_record(&mut record) {
        // Nothing of a line is left unread: what does not fit into one record is no record.
        Ok(true) if matches!(reader.read_byte_record(&mut rest), Ok(false)) => Ok(record),
        Ok(_) => Err(RowFault::Columns),
        Err(_) => Err(RowFault::NotText),
    }
}
