//! A network's stations and the metres between them: dated data with its own source and grade; and shortest paths through it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::OnceLock;

use huitong_kernel::division::Division;
use huitong_kernel::time::DurationMs;
use serde::{Deserialize, Serialize};

use super::fare::Grade;
use super::parameters::Parameters;

pub type StationId = u32;
pub type LineId = u32;

/// Stations of a map at most: pairs of them fit into memory.
pub const STATIONS_MAX: usize = 2_000;
const EDGES_MAX: usize = 10_000;
const METRES_MAX: u32 = 1_000_000;

/// A version of a network, as published (`StationMap`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationMap {
    /// The city's code.
    pub network: Division,
    pub version: u32,
    pub name_zh: String,
    pub name_en: String,
    pub grade: Grade,
    pub source: String,
    pub mode: Mode,
    pub stations: Vec<Station>,
    #[serde(default)]
    pub edges: Vec<Edge>,
    #[serde(default)]
    pub min_travel: MinTravel,
    #[serde(default)]
    pub parameters: Parameters,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Entry and exit.
    Gated,
    /// One tap is the whole trip.
    SingleTap,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    pub id: StationId,
    pub name_zh: String,
    pub name_en: String,
    /// The lines that stop here.
    pub lines: Vec<LineId>,
    /// Where it lies: a cross-border line has stations of several jurisdictions.
    pub jurisdiction: Division,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<u32>,
}

/// A section of a line, ridden both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    pub from: StationId,
    pub to: StationId,
    pub line: LineId,
    pub metres: u32,
}

/// The shortest time in which a distance can be travelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinTravel {
    /// From gate to train and from train to gate.
    pub fixed_s: u32,
    /// Of the fastest train, between stops.
    pub metres_per_s_max: u32,
}

impl Default for MinTravel {
    fn default() -> MinTravel {
        MinTravel { fixed_s: 60, metres_per_s_max: 33 }
    }
}

/// Why a map is not taken: the field at fault.
pub type MapFault = String;

/// A map with its paths, computed per entry station when first needed.
#[derive(Debug)]
pub struct Network {
    pub map: StationMap,
    index: HashMap<StationId, usize>,
    /// Per station: neighbour, metres, line.
    neighbours: Vec<Vec<(usize, u32, LineId)>>,
    trees: Vec<OnceLock<Tree>>,
}

/// Shortest paths from one station.
#[derive(Debug)]
struct Tree {
    metres: Vec<Option<u32>>,
    /// The station before on the path, and the line between.
    before: Vec<Option<(usize, LineId)>>,
}

/// A section of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    pub from: StationId,
    pub to: StationId,
    pub line: LineId,
    pub metres: u32,
}

impl Network {
    /// Checks a map and prepares its paths.
    pub fn new(map: StationMap) -> Result<Network, MapFault> {
        if map.stations.is_empty() || map.stations.len() > STATIONS_MAX || map.edges.len() > EDGES_MAX {
            return Err("stations".to_owned());
        }
        if let Some(field) = map.parameters.fault() {
            return Err(format!("parameters.{field}"));
        }
        if map.min_travel.metres_per_s_max == 0 {
            return Err("min_travel.metres_per_s_max".to_owned());
        }
        let mut index = HashMap::new();
        for (number, station) in map.stations.iter().enumerate() {
            if station.lines.is_empty() || index.insert(station.id, number).is_some() {
                return Err(format!("stations[{number}]"));
            }
        }
        let mut neighbours = vec![Vec::new(); map.stations.len()];
        for (number, edge) in map.edges.iter().enumerate() {
            let fault = || format!("edges[{number}]");
            let (from, to) = (index.get(&edge.from).ok_or_else(fault)?, index.get(&edge.to).ok_or_else(fault)?);
            let on_line = |at: &usize| map.stations[*at].lines.contains(&edge.line);
            if from == to || edge.metres == 0 || edge.metres > METRES_MAX || !on_line(from) || !on_line(to) {
                return Err(fault());
            }
            neighbours[*from].push((*to, edge.metres, edge.line));
            neighbours[*to].push((*from, edge.metres, edge.line));
        }
        let trees = map.stations.iter().map(|_| OnceLock::new()).collect();
        Ok(Network { map, index, neighbours, trees })
    }

    pub fn station(&self, id: StationId) -> Option<&Station> {
        self.index.get(&id).map(|at| &self.map.stations[*at])
    }

    /// The shortest way in metres; `None` if there is none.
    pub fn metres(&self, from: StationId, to: StationId) -> Option<u32> {
        let (from, to) = (*self.index.get(&from)?, *self.index.get(&to)?);
        self.tree(from).metres[to]
    }

    /// The sections of the shortest path, in order. Of several equally short ones always the same.
    pub fn path(&self, from: StationId, to: StationId) -> Option<Vec<Section>> {
        let (from, to) = (*self.index.get(&from)?, *self.index.get(&to)?);
        let tree = self.tree(from);
        let mut sections = Vec::new();
        let mut at = to;
        while at != from {
            let (before, line) = tree.before[at]?;
            let metres = tree.metres[at]? - tree.metres[before]?;
            let id = |index: usize| self.map.stations[index].id;
            sections.push(Section { from: id(before), to: id(at), line, metres });
            at = before;
        }
        sections.reverse();
        Some(sections)
    }

    /// No trip between the two stations takes less.
    pub fn min_travel(&self, from: StationId, to: StationId) -> DurationMs {
        let MinTravel { fixed_s, metres_per_s_max } = self.map.min_travel;
        match self.metres(from, to) {
            None | Some(0) => DurationMs(0),
            Some(metres) => DurationMs::seconds(i64::from(fixed_s) + i64::from(metres / metres_per_s_max)),
        }
    }

    fn tree(&self, from: usize) -> &Tree {
        self.trees[from].get_or_init(|| self.shortest_paths(from))
    }

    /// Dijkstra; ties go to the station and line that stand first in the map, so that every node finds the same path.
    fn shortest_paths(&self, from: usize) -> Tree {
        let mut tree = Tree { metres: vec![None; self.neighbours.len()], before: vec![None; self.neighbours.len()] };
        let mut reached = BinaryHeap::from([Reverse((0_u32, from, None))]);
        while let Some(Reverse((metres, at, before))) = reached.pop() {
            if tree.metres[at].is_some() {
                continue;
            }
            (tree.metres[at], tree.before[at]) = (Some(metres), before);
            for (neighbour, section, line) in &self.neighbours[at] {
                if tree.metres[*neighbour].is_none() {
                    reached.push(Reverse((metres + section, *neighbour, Some((at, *line)))));
                }
            }
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(lengths: &[u32]) -> Network {
        let stations = (0..=lengths.len() as u32).map(|id| Station {
            id,
            name_zh: format!("站{id}"),
            name_en: format!("Stop {id}"),
            lines: vec![1],
            jurisdiction: "310000".parse().expect("a code"),
            zone: None,
        });
        let edges = (0..).zip(lengths).map(|(at, metres)| Edge { from: at, to: at + 1, line: 1, metres: *metres });
        let map = StationMap {
            network: "310100".parse().expect("a code"),
            version: 1,
            name_zh: "测试".to_owned(),
            name_en: "Test".to_owned(),
            grade: Grade::Secondary,
            source: "test".to_owned(),
            mode: Mode::Gated,
            stations: stations.collect(),
            edges: edges.collect(),
            min_travel: MinTravel::default(),
            parameters: Parameters::default(),
        };
        Network::new(map).expect("a map")
    }

    #[test]
    fn the_shortest_way_is_the_same_both_ways_and_adds_up() {
        let network = line(&[1_000, 2_000, 3_000]);
        assert_eq!(network.metres(0, 3), Some(6_000));
        assert_eq!(network.metres(3, 0), Some(6_000));
        assert_eq!(network.metres(0, 9), None);
        let path = network.path(3, 1).expect("a path");
        assert_eq!(path.iter().map(|section| section.metres).collect::<Vec<_>>(), [3_000, 2_000]);
        assert_eq!(network.min_travel(0, 3), DurationMs::seconds(60 + 181));
        assert_eq!(network.min_travel(2, 2), DurationMs(0));
    }
}
