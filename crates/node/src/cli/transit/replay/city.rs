//! The city of the replay: 81 anonymous stations on a ring with invented sections, the fares of Hangzhou, and the directory
//! of its region. The counts have no names and no map, so nothing here says where a real station lies.

use anyhow::Context;
use huitong_kernel::division::Division;
use huitong_service_kit::toml_data::json_text;
use huitong_service_kit::{Directory, Principal};
use huitong_transit::command::GateWish;
use huitong_transit::model::fare::Pack;
use huitong_transit::model::network::StationMap;
use huitong_transit_code::attack::Bench;
use huitong_transit_code::make::Sign;
use serde_json::json;

pub const LINE: u32 = 1;
/// Each station has so many gates a direction.
pub const GATES_PER_DIRECTION: u32 = 4;
/// Metres between neighbours on the ring: some 1.2 to 1.8 km.
const SECTION_MIN: u32 = 1_200;
const SECTION_VARIES: u32 = 600;
const FARES: &str = include_str!("../../../../../../regions/yangtze/transit/fares/330100-2018.toml");

/// Where the load is taken, and where its riders have their accounts.
#[derive(Clone, Copy)]
pub struct Places {
    pub network: Division,
    pub node: Division,
    pub home_city: Division,
    pub home_node: Division,
}

impl Places {
    pub fn new() -> anyhow::Result<Places> {
        let code = |text: &str| text.parse::<Division>().context("a division is six digits");
        Ok(Places {
            network: code("330100")?,
            node: code("330000")?,
            home_city: code("310100")?,
            home_node: code("310000")?,
        })
    }
}

/// The operator of all gates.
pub fn operator() -> Principal {
    Principal { participant: "replay".to_owned(), ..Principal::node() }
}

/// Two nodes, of which one runs here: what is claimed from the other waits in its feed.
pub struct TwoNodes(pub Places);

impl Directory for TwoNodes {
    fn jurisdiction_of(&self, division: Division) -> Option<Division> {
        self.jurisdictions().into_iter().find(|node| node.contains(division))
    }

    fn jurisdictions(&self) -> Vec<Division> {
        vec![self.0.home_node, self.0.node]
    }
}

pub fn map(places: &Places, stations: &[u32]) -> anyhow::Result<StationMap> {
    let station = |id: &u32| {
        json!({
            "id": id, "name_zh": format!("匿名站{id}"), "name_en": format!("Station {id}"), "lines": [LINE],
            "jurisdiction": places.network,
        })
    };
    let next = stations.iter().cycle().skip(1);
    let edge = |(from, to): (&u32, &u32)| {
        let metres = SECTION_MIN + from.wrapping_mul(2_654_435_761) % SECTION_VARIES;
        json!({"from": from, "to": to, "line": LINE, "metres": metres})
    };
    let edges = stations.iter().zip(next).map(edge).take(if stations.len() > 2 { stations.len() } else { 1 });
    let map = json!({
        "network": places.network, "version": 1, "name_zh": "客流重放", "name_en": "Replay of passenger counts",
        "grade": "unconfirmed", "source": "invented for the replay: the counts name no stations", "mode": "gated",
        "stations": stations.iter().map(station).collect::<Vec<_>>(),
        "edges": edges.collect::<Vec<_>>(),
    });
    Ok(serde_json::from_str(&map.to_string())?)
}

/// The pack of the region profile, without the examples that name stations of its own map.
pub fn pack() -> anyhow::Result<Pack> {
    let text = json_text(FARES).map_err(|fault| anyhow::anyhow!("the fares of the region profile: {fault}"))?;
    let mut json: serde_json::Value = serde_json::from_str(&text)?;
    let examples = json["examples"].as_array_mut().context("a pack has examples")?;
    examples.retain(|example| example.get("metres").is_some());
    Ok(serde_json::from_str(&json.to_string())?)
}

/// `R54-I3`: station 54, entry, the third gate.
pub fn gate_name(station: u32, is_entry: bool, number: u32) -> String {
    format!("R{station:02}-{}{number}", if is_entry { 'I' } else { 'O' })
}

/// All gates, under the published test key.
pub fn gates(places: &Places, stations: &[u32], bench: &Bench) -> Vec<GateWish> {
    let key = hex::encode(bench.user.key().compressed());
    let mut gates = Vec::new();
    for station in stations {
        for is_entry in [true, false] {
            gates.extend((0..GATES_PER_DIRECTION).map(|number| GateWish {
                gate: gate_name(*station, is_entry, number),
                network: places.network,
                station: *station,
                line: LINE,
                key: key.clone(),
                active: true,
            }));
        }
    }
    gates
}
