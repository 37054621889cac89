//! Figures without persons (transit specification §14): small cells are withheld, with others so that totals do not give them
//! away; the rest is rounded by a keyed rule that gives the same figure for the same cell for ever.
//!
//! Cells and totals form one grid: every row and every column adds up to its total. A withheld figure can be computed from the
//! others exactly if its edge in the graph of rows and columns lies on no cycle of withheld ones. On a cycle of withheld figures
//! all above zero, one more here is one less there, so at least two values fit all that is known. Hence: withhold the smallest
//! figures that close a cycle through every withheld one. That holds even against somebody who knows all other figures exactly;
//! what is published is rounded beside.

use huitong_kernel::hash::{Digest, HashFunction};

use crate::model::flow::Published;

/// Fewer riders than this are not shown.
pub const RIDERS_MIN: u64 = 10;
const ROUNDED_TO: u64 = 5;

/// What is counted in a cell, and of how many different riders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub count: u64,
    pub riders: u64,
}

/// What a rider did: row, column, how often.
pub type Counted = (usize, usize, u64);

/// Cells by row and column with totals behind each row and below each column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Names the table and the day: a part of each cell's name.
    pub name: String,
    pub rows: Vec<String>,
    pub columns: Vec<String>,
    /// `(rows + 1) × (columns + 1)`, row by row.
    pub grid: Vec<Cell>,
    /// Names the total of all. Tables of one day that count the same have one name for it, and round it alike.
    pub total_name: String,
}

impl Table {
    pub fn new(name: String, rows: Vec<String>, columns: Vec<String>) -> Table {
        let cells = (rows.len() + 1) * (columns.len() + 1);
        let total_name = format!("{name}/total/total");
        Table { name, rows, columns, grid: vec![Cell::default(); cells], total_name }
    }

    /// The total of all is the same figure as that of other tables.
    pub fn with_total(self, total_name: String) -> Table {
        Table { total_name, ..self }
    }

    /// Where the total of all stands.
    pub fn total(&self) -> usize {
        self.grid.len() - 1
    }

    /// A place of the grid; behind the last row and column stand the totals.
    pub fn place(&self, row: usize, column: usize) -> usize {
        row * self.width() + column
    }

    /// Cells of a row, its total included.
    pub fn width(&self) -> usize {
        self.columns.len() + 1
    }

    /// Adds what one rider did.
    pub fn add_rider(&mut self, cells: &[Counted]) {
        let (last_row, last_column) = (self.rows.len(), self.columns.len());
        let mut touched: Vec<usize> = Vec::with_capacity(4 * cells.len());
        for (row, column, count) in cells {
            for place in [(*row, *column), (*row, last_column), (last_row, *column), (last_row, last_column)] {
                let index = place.0 * self.width() + place.1;
                self.grid[index].count += count;
                touched.push(index);
            }
        }
        touched.sort_unstable();
        touched.dedup();
        touched.into_iter().for_each(|index| self.grid[index].riders += 1);
    }

    /// Adds what is counted without knowing of whom: as far as anybody can tell, of one rider.
    pub fn add_unknown(&mut self, row: usize, column: usize, count: u64) {
        let (last_row, last_column) = (self.rows.len(), self.columns.len());
        for place in [(row, column), (row, last_column), (last_row, column), (last_row, last_column)] {
            let index = self.place(place.0, place.1);
            self.grid[index].count += count;
        }
    }

    /// Which figures are withheld.
    pub fn withheld(&self) -> Vec<bool> {
        self.withheld_with(&[])
    }

    /// The same where some figures are withheld for reasons of another table.
    fn withheld_with(&self, forced: &[usize]) -> Vec<bool> {
        let small =
            |(index, cell): (usize, &Cell)| cell.count > 0 && (cell.riders < RIDERS_MIN || forced.contains(&index));
        let mut withheld: Vec<bool> = self.grid.iter().enumerate().map(small).collect();
        while let Some(bridge) = Graph::of(self, &withheld).bridge() {
            let closing = self.closing(&withheld, bridge);
            withheld[closing] = true;
        }
        withheld
    }

    /// The smallest shown figure above zero that leads away from one end of a withheld figure that no cycle protects, if possible
    /// right to its other end. There is one: the figure, the two totals of its row and column, and the total of all are a cycle.
    fn closing(&self, withheld: &[bool], bridge: usize) -> usize {
        let mut without = withheld.to_vec();
        without[bridge] = false;
        let graph = Graph::of(self, &without);
        let near = graph.reached(bridge / self.width());
        let far = graph.reached(graph.rows + bridge % self.width());
        let ends = |index: usize| (index / self.width(), graph.rows + index % self.width());
        let leads = |index: &usize| {
            let (row, column) = ends(*index);
            near[row] != near[column]
        };
        let candidates = (0..self.grid.len()).filter(|index| !withheld[*index] && self.grid[*index].count > 0);
        let rank = |index: &usize| {
            let (row, column) = ends(*index);
            let closes = far[row] || far[column];
            (!closes, self.grid[*index].count, *index)
        };
        candidates.filter(leads).min_by_key(rank).expect("totals of a figure above zero are above zero")
    }

    /// The table as it may be shown, rounded under a key.
    pub fn publish(&self, key: &Digest) -> Published {
        self.shown(&self.withheld(), key)
    }

    pub fn shown(&self, withheld: &[bool], key: &Digest) -> Published {
        let cells = (0..self.grid.len()).filter_map(|index| {
            let figure = self.figure(index, withheld, key)?;
            Some((index / self.width(), index % self.width(), figure))
        });
        Published { rows: self.rows.clone(), columns: self.columns.clone(), cells: cells.collect() }
    }

    /// A figure as it is shown; `None` if it is withheld, or none.
    pub fn figure(&self, index: usize, withheld: &[bool], key: &Digest) -> Option<u64> {
        let count = self.grid[index].count;
        (!withheld[index] && count > 0).then(|| rounded(key, &self.cell_name(index), count))
    }

    fn cell_name(&self, index: usize) -> String {
        if index == self.total() {
            return self.total_name.clone();
        }
        let name = |names: &[String], place: usize| names.get(place).cloned().unwrap_or_else(|| "total".to_owned());
        let (row, column) = (index / self.width(), index % self.width());
        format!("{}/{}/{}", self.name, name(&self.rows, row), name(&self.columns, column))
    }
}

/// What is withheld of tables that have one figure in common, each with its place in the table: withheld in one, it is withheld
/// in all, so that no table gives away what another withholds.
pub fn withheld_together(tables: &[(&Table, usize)]) -> Vec<Vec<bool>> {
    let withheld: Vec<Vec<bool>> = tables.iter().map(|(table, _)| table.withheld()).collect();
    let is_withheld = tables.iter().zip(&withheld).any(|((_, place), withheld)| withheld[*place]);
    if !is_withheld {
        return withheld;
    }
    tables.iter().map(|(table, place)| table.withheld_with(&[*place])).collect()
}

/// To the multiple of five below or above, so that the mean stays: which one is decided by the key and the cell's name alone.
pub fn rounded(key: &Digest, cell: &str, count: u64) -> u64 {
    let hash = HashFunction::Sha256.hash(&[b"huitong.transit.rounding.1", &key.0, cell.as_bytes()]);
    let threshold = u64::from(u16::from_be_bytes([hash.0[0], hash.0[1]])) % ROUNDED_TO;
    let rest = count % ROUNDED_TO;
    count - rest + if threshold < rest { ROUNDED_TO } else { 0 }
}

/// Rows and columns, joined where a figure is withheld.
struct Graph {
    rows: usize,
    /// Per node: (the other node, the figure).
    edges: Vec<Vec<(usize, usize)>>,
}

impl Graph {
    fn of(table: &Table, withheld: &[bool]) -> Graph {
        let rows = table.rows.len() + 1;
        let mut edges = vec![Vec::new(); rows + table.width()];
        for index in (0..withheld.len()).filter(|index| withheld[*index]) {
            let (row, column) = (index / table.width(), rows + index % table.width());
            edges[row].push((column, index));
            edges[column].push((row, index));
        }
        Graph { rows, edges }
    }

    fn reached(&self, from: usize) -> Vec<bool> {
        let mut reached = vec![false; self.edges.len()];
        let mut open = vec![from];
        reached[from] = true;
        while let Some(node) = open.pop() {
            for (other, _) in &self.edges[node] {
                if !reached[*other] {
                    reached[*other] = true;
                    open.push(*other);
                }
            }
        }
        reached
    }

    /// A figure that lies on no cycle (Tarjan's bridges, without recursion).
    fn bridge(&self) -> Option<usize> {
        let nodes = self.edges.len();
        let (mut order, mut low) = (vec![usize::MAX; nodes], vec![usize::MAX; nodes]);
        let mut time = 0;
        for root in 0..nodes {
            if order[root] != usize::MAX {
                continue;
            }
            // (node, the figure that led here, the next edge to look at)
            let mut path: Vec<(usize, usize, usize)> = vec![(root, usize::MAX, 0)];
            while let Some((node, came_by, next)) = path.last_mut() {
                let node = *node;
                if *next == 0 {
                    (order[node], low[node]) = (time, time);
                    time += 1;
                }
                if let Some((other, by)) = self.edges[node].get(*next).copied() {
                    *next += 1;
                    if by == *came_by {
                        continue;
                    }
                    if order[other] == usize::MAX {
                        path.push((other, by, 0));
                    } else {
                        low[node] = low[node].min(order[other]);
                    }
                    continue;
                }
                let came_by = *came_by;
                path.pop();
                if let Some((parent, ..)) = path.last() {
                    low[*parent] = low[*parent].min(low[node]);
                    if low[node] > order[*parent] {
                        return Some(came_by);
                    }
                }
            }
        }
        None
    }
}
