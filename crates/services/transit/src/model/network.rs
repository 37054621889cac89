//! A network's stations and the metres between them: dated data with its own source and grade; and shortest paths through it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::OnceLock;

use huitong_kernel::division::Division;
use huitong_kernel::time::DurationMs;
use serde::{Deserialize, Serialize};

use super::fare::Grade;
use super::parameters::Parameters;

pub type StationId = u32;
pub type LineId = u32;

/// Stations of a map at most (the largest network of the country has about 500): pairs of them fit into memory, and a pack
/// can be tried on all of them when it is loaded.
pub const STATIONS_MAX: usize = 1_000;
pub const EDGES_MAX: usize = 4_000;
/// Of a section: the longest path stays far below 2³² metres.
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
    /// Where the section crosses from one jurisdiction into another: metres from `from` to the border, if they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub border_m: Option<u32>,
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

/// A map with its paths, computed per station when first needed.
#[derive(Debug)]
pub struct Network {
    pub map: StationMap,
    index: HashMap<StationId, usize>,
    /// Per station: the neighbour, and the number of the edge between.
    neighbours: Vec<Vec<(u16, u16)>>,
    trees: Vec<OnceLock<Tree>>,
}

/// Shortest paths from one station, by the number of the other.
type Tree = Vec<Option<Reached>>;

#[derive(Clone, Copy, Debug)]
struct Reached {
    metres: u32,
    /// The station before on the path, and the edge between; the station where the tree begins names itself.
    before: u16,
    edge: u16,
}

/// A section of a path, in the direction of travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    pub from: StationId,
    pub to: StationId,
    pub line: LineId,
    pub metres: u32,
    /// Metres from `from` to the border in between.
    pub border_m: Option<u32>,
}

impl Section {
    fn reversed(self) -> Section {
        let border_m = self.border_m.map(|border| self.metres - border);
        Section { from: self.to, to: self.from, border_m, ..self }
    }
}

impl Network {
    /// Checks a map and prepares its paths.
    pub fn new(map: StationMap) -> Result<Network, MapFault> {
        check_map(&map)?;
        let index: HashMap<StationId, usize> = map.stations.iter().map(|station| station.id).zip(0..).collect();
        let mut neighbours = vec![Vec::new(); map.stations.len()];
        for (number, edge) in (0..).zip(&map.edges) {
            let (from, to) = (index[&edge.from], index[&edge.to]);
            neighbours[from].push((small(to), number));
            neighbours[to].push((small(from), number));
        }
        let trees = map.stations.iter().map(|_| OnceLock::new()).collect();
        Ok(Network { map, index, neighbours, trees })
    }

    pub fn station(&self, id: StationId) -> Option<&Station> {
        self.index.get(&id).map(|at| &self.map.stations[*at])
    }

    pub fn has_line(&self, line: LineId) -> bool {
        self.map.stations.iter().any(|station| station.lines.contains(&line))
    }

    /// The shortest way in metres; `None` if there is none. A look-up once the lower station's paths are known.
    pub fn metres(&self, from: StationId, to: StationId) -> Option<u32> {
        let (from, to) = (*self.index.get(&from)?, *self.index.get(&to)?);
        self.tree(from.min(to))[from.max(to)].map(|reached| reached.metres)
    }

    /// The sections of the shortest path, in order. Of several equally short ones always the same, and the way back is the
    /// way there reversed, so that a fare or a split that depends on the path is the same both ways.
    pub fn path(&self, from: StationId, to: StationId) -> Option<Vec<Section>> {
        let (from, to) = (*self.index.get(&from)?, *self.index.get(&to)?);
        let (root, mut at) = (from.min(to), from.max(to));
        let tree = self.tree(root);
        // From the far end to the root: the order of travel if the ride ends at the root.
        let mut sections = Vec::new();
        while at != root {
            let Reached { before, edge, .. } = tree[at]?;
            let edge = self.map.edges[usize::from(edge)];
            let section =
                Section { from: edge.from, to: edge.to, line: edge.line, metres: edge.metres, border_m: edge.border_m };
            let leaves = self.map.stations[at].id;
            sections.push(if section.from == leaves { section } else { section.reversed() });
            at = usize::from(before);
        }
        if root == from {
            sections.reverse();
            sections.iter_mut().for_each(|section| *section = section.reversed());
        }
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

    fn tree(&self, root: usize) -> &Tree {
        self.trees[root].get_or_init(|| self.shortest_paths(root))
    }

    /// Dijkstra; ties go to the station and edge that stand first in the map, so that every node finds the same path.
    fn shortest_paths(&self, root: usize) -> Tree {
        let mut tree = vec![None; self.neighbours.len()];
        let mut open = BinaryHeap::from([Reverse((0_u32, root, small(root), 0_u16))]);
        while let Some(Reverse((metres, at, before, edge))) = open.pop() {
            if tree[at].is_some() {
                continue;
            }
            tree[at] = Some(Reached { metres, before, edge });
            for (neighbour, edge) in &self.neighbours[at] {
                if tree[usize::from(*neighbour)].is_none() {
                    let further = metres + self.map.edges[usize::from(*edge)].metres;
                    open.push(Reverse((further, usize::from(*neighbour), small(at), *edge)));
                }
            }
        }
        tree
    }
}

fn small(number: usize) -> u16 {
    u16::try_from(number).expect("a map has at most STATIONS_MAX stations")
}

fn check_map(map: &StationMap) -> Result<(), MapFault> {
    if map.source.is_empty() {
        return Err("source".to_owned());
    }
    if map.stations.is_empty() || map.stations.len() > STATIONS_MAX {
        return Err("stations".to_owned());
    }
    if let Some(field) = map.parameters.fault() {
        return Err(format!("parameters.{field}"));
    }
    if map.min_travel.metres_per_s_max == 0 {
        return Err("min_travel.metres_per_s_max".to_owned());
    }
    let mut stations: HashMap<StationId, &Station> = HashMap::new();
    for (number, station) in map.stations.iter().enumerate() {
        if station.lines.is_empty() || station.name_zh.is_empty() || stations.insert(station.id, station).is_some() {
            return Err(format!("stations[{number}]"));
        }
    }
    if map.edges.len() > EDGES_MAX {
        return Err("edges".to_owned());
    }
    let mut known = HashSet::new();
    for (number, edge) in map.edges.iter().enumerate() {
        let fault = || format!("edges[{number}]");
        let (from, to) = (stations.get(&edge.from).ok_or_else(fault)?, stations.get(&edge.to).ok_or_else(fault)?);
        let on_line = from.lines.contains(&edge.line) && to.lines.contains(&edge.line);
        let is_new = known.insert((edge.from.min(edge.to), edge.from.max(edge.to), edge.line));
        let metres_fit = (1..=METRES_MAX).contains(&edge.metres);
        let border_fits =
            edge.border_m.is_none_or(|border| border <= edge.metres && from.jurisdiction != to.jurisdiction);
        if edge.from == edge.to || !on_line || !is_new || !metres_fit || !border_fits {
            return Err(fault());
        }
    }
    Ok(())
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
        let edges = (0..).zip(lengths).map(|(at, metres)| Edge {
            from: at,
            to: at + 1,
            line: 1,
            metres: *metres,
            border_m: None,
        });
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
