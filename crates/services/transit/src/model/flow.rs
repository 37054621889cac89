//! Figures without persons as they leave the node: one table of a finished day, fixed when it is published (transit
//! specification §14).

use serde::{Deserialize, Serialize};

/// The fixed tables; there are no free queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowTable {
    /// Home city → network by hour, of riders from other cities.
    Hours,
    /// Station → station, of riders from other cities.
    Stations,
    /// Entries and exits per station, of all riders.
    StationDays,
    /// Trips by state and age, of riders from other cities.
    States,
}

impl FlowTable {
    pub fn name(self) -> &'static str {
        match self {
            FlowTable::Hours => "hours",
            FlowTable::Stations => "stations",
            FlowTable::StationDays => "station_days",
            FlowTable::States => "states",
        }
    }
}

/// A table as published: suppressed and rounded, the same for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    pub rows: Vec<String>,
    pub columns: Vec<String>,
    /// (row, column, figure) of what is shown; everything else is withheld, or none. Totals stand behind the last row and the
    /// last column.
    pub cells: Vec<(usize, usize, u64)>,
}

impl Published {
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// A row's figures; that behind the last row is the totals'. Its own total is the last.
    pub fn row(&self, row: usize) -> Vec<Option<u64>> {
        let mut figures = vec![None; self.columns.len() + 1];
        for (_, column, figure) in self.cells.iter().filter(|(of, ..)| *of == row) {
            if let Some(place) = figures.get_mut(*column) {
                *place = Some(*figure);
            }
        }
        figures
    }
}
