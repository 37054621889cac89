//! Records of a city's own fare collection, taken in as they were published: the cards of Shenzhen (深圳通).
//!
//! Nothing is dropped silently. Every line of the file ends with exactly one [`fate::Fate`], and [`Import::new`] asserts it.

pub mod counts;
pub mod fate;
pub mod flows;
pub mod prices;
pub mod row;
pub mod stations;
pub mod table;

use fate::Fate;
use row::{Row, RowFault};
use stations::Registry;
use table::{FileFault, Table};

use super::parameters::Parameters;

/// A line of the file with what became of it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its number in the file, from 1; the header is a line too.
    pub number: u64,
    /// What it says, unless it cannot be read.
    pub row: Option<Row>,
    pub fate: Fate,
}

/// A file of records, matched.
#[derive(Debug)]
pub struct Import {
    pub lines: Vec<Line>,
    pub registry: Registry,
    /// The fares that were seen; none without an exit.
    pub fares: Option<prices::SeenFares>,
}

impl Import {
    /// Reads and matches a file. A fault of the file is an error; a fault of a line is its fate.
    ///
    /// # Panics
    /// When a line has no fate: a fault of this program, which must not be taken for a fault of the data.
    pub fn new(bytes: &[u8], parameters: &Parameters) -> Result<Import, FileFault> {
        let table = Table::new(bytes)?;
        let read: Vec<(u64, Result<Row, RowFault>)> = table.rows().collect();
        let mut registry = Registry::default();
        read.iter().filter_map(|(_, row)| row.as_ref().ok()).for_each(|row| registry.learn(row));
        let (numbers, read): (Vec<u64>, Vec<Result<Row, RowFault>>) = read.into_iter().unzip();
        let read: Vec<Result<Row, RowFault>> =
            read.into_iter().map(|row| row.map(|row| registry.completed(row))).collect();
        let fares = prices::SeenFares::of(read.iter().filter_map(|row| row.as_ref().ok()));
        let fates = fate::fates(&numbers, &read, fares, parameters);
        assert_eq!(fates.len(), numbers.len(), "every line of the file has one fate");
        let lines = numbers.into_iter().zip(read).zip(fates);
        let lines = lines.map(|((number, row), fate)| Line { number, row: row.ok(), fate }).collect();
        Ok(Import { lines, registry, fares })
    }
}
