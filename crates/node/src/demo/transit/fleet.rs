//! The gates of a city's demonstration: one device a station, registered with its key, with the tables of its node.

use std::path::Path;

use anyhow::Context;
use huitong_kernel::time::Instant;
use huitong_transit_code::gate::{Answer, Direction, GateRules};
use huitong_transit_code::make::Sign;
use huitong_transit_code::record::text_field;
use huitong_transit_code::signature::Key;
use reqwest::Method;
use serde_json::{Value, json};

use crate::demo::client::ApiClient;
use crate::gate::device::{Device, Place};
use crate::gate::folder::Folder;
use crate::gate::memory::Sizes;
use crate::gate::moment::Moment;
use crate::gate::upload::{Uploaded, upload};
use crate::gate::{fetch, folder};

/// The demonstration's gates are small.
const SIZES: Sizes = Sizes { replay_places: 4_096, deny_entries: 4_096, homes: 16, cached: 1_024 };

pub struct Gate {
    pub city: String,
    pub station: u32,
    device: Device,
    client: ApiClient,
}

/// A station with a line that stops there.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    pub station: u32,
    pub line: u32,
}

impl Gate {
    /// Makes the device's key, registers it, and gives it its first tables.
    pub async fn install(folder: &Path, city: &str, stop: Stop, client: &ApiClient) -> anyhow::Result<Gate> {
        let name = format!("D{city}-{}", stop.station);
        let folder = Folder::new(&folder.join(&name))?;
        let gate = json!({ "gates": [{
            "gate": name, "network": city, "station": stop.station, "line": stop.line,
            "key": hex::encode(folder.key()?.key().compressed()), "active": true,
        }] });
        client.send::<_, Value>(Method::PUT, "/v1/transit/gates", None, &gate).await.context("a gate")?;
        let tables: Value = client.get(&format!("/v1/transit/gates/{name}/tables")).await?;
        let operator = hex::decode(tables["operator_key"].as_str().context("the tables name their key")?)?;
        let operator = operator.first_chunk().and_then(Key::from_compressed).context("the operator's key")?;
        let place = Place {
            id: text_field(&name).context("a short name")?,
            name,
            station: stop.station,
            line: stop.line,
            network: city.parse()?,
            vehicle: [0; 12],
            direction: None,
        };
        let (device, _) = Device::open(folder, place, operator, GateRules::default(), SIZES)?;
        let mut gate = Gate { city: city.to_owned(), station: stop.station, device, client: client.clone() };
        gate.fetch().await?;
        Ok(gate)
    }

    /// Takes the node's newest tables and its time.
    pub async fn fetch(&mut self) -> anyhow::Result<()> {
        let taken = fetch::fetch(&mut self.device, &self.client).await?;
        taken.map(drop).map_err(|fault| anyhow::anyhow!("tables of {}: {fault}", self.device.place.name))
    }

    /// A code before the reader at a moment of the day.
    pub fn tap(&mut self, code: &[u8], direction: Direction, at: Instant) -> anyhow::Result<Answer> {
        self.device.clock.set(Moment(at.0));
        self.device.clock.estimate(0, 500);
        Ok(self.device.tap(code, direction, None)?.0)
    }

    pub async fn upload(&mut self) -> anyhow::Result<Uploaded> {
        upload(&mut self.device, &self.client).await
    }

    /// Sends everything once more, as a gate does that lost the node's answer.
    pub async fn upload_again(&mut self) -> anyhow::Result<Uploaded> {
        self.device.acknowledge(folder::Acknowledged::default())?;
        self.upload().await
    }

    pub fn records(&self) -> usize {
        self.device.store.kept().len()
    }
}
