//! The gates of a city's demonstration: one device a station, registered with its key, with the tables of its node.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use huitong_kernel::time::Instant;
use huitong_transit_code::gate::{Answer, Direction, GateRules};
use huitong_transit_code::make::Sign;
use huitong_transit_code::record::{TapRecord, text_field};
use huitong_transit_code::signature::Key;
use reqwest::Method;
use serde_json::{Value, json};

use crate::demo::client::ApiClient;
use crate::gate::device::{Device, Place};
use crate::gate::folder::Folder;
use crate::gate::memory::Sizes;
use crate::gate::moment::Moment;
use crate::gate::record_store::Kept;
use crate::gate::upload::{Uploaded, upload};
use crate::gate::{fetch, folder};

/// The demonstration's gates are small.
const SIZES: Sizes = Sizes { replay_places: 4_096, deny_entries: 4_096, homes: 16, cached: 1_024 };

/// How long a gate tries again while its node is away.
const PATIENCE: Duration = Duration::from_secs(120);
const ASK_AGAIN: Duration = Duration::from_millis(200);

pub struct Gate {
    pub city: String,
    /// Without network until the day is over.
    pub is_offline: bool,
    /// Sends everything once more at the end.
    pub is_doubling: bool,
    device: Device,
    client: ApiClient,
}

/// A record of a gate, by what it is known by at the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    pub city: String,
    pub gate: String,
    pub epoch: u32,
    pub sequence: u64,
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
        let mut gate =
            Gate { city: city.to_owned(), is_offline: false, is_doubling: false, device, client: client.clone() };
        gate.fetch().await?;
        Ok(gate)
    }

    /// Takes the node's newest tables and its time.
    pub async fn fetch(&mut self) -> anyhow::Result<()> {
        let taken = fetch::fetch(&mut self.device, &self.client).await?;
        taken.map(drop).map_err(|fault| anyhow::anyhow!("tables of {}: {fault}", self.device.place.name))
    }

    /// A code before the reader at a moment of the day; gives the answer, and the record that was made of it.
    pub fn tap(&mut self, code: &[u8], direction: Direction, at: Instant) -> anyhow::Result<(Answer, Noted)> {
        self.device.clock.set(Moment(at.0));
        self.device.clock.estimate(0, 500);
        let (answer, kept) = self.device.tap(code, direction, None)?;
        Ok((answer, self.noted(&kept)))
    }

    fn noted(&self, kept: &Kept) -> Noted {
        let gate = self.device.place.name.clone();
        Noted { city: self.city.clone(), gate, epoch: kept.epoch, sequence: kept.sequence }
    }

    /// Hands over all records that wait; while the node is away, again and again.
    pub async fn upload(&mut self) -> anyhow::Result<Uploaded> {
        let mut all = Uploaded::default();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let part = upload(&mut self.device, &self.client).await?;
            all.batches += part.batches;
            all.accepted += part.accepted;
            all.duplicate += part.duplicate;
            all.impossible += part.impossible;
            all.refused += part.refused;
            let Some(fault) = part.fault else { return Ok(all) };
            let is_over = tokio::time::Instant::now() > deadline;
            anyhow::ensure!(!is_over, "the gate {} could not upload: {fault}", self.device.place.name);
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// Sends everything once more, as a gate does that lost the node's answer.
    pub async fn upload_again(&mut self) -> anyhow::Result<Uploaded> {
        self.device.acknowledge(folder::Acknowledged::default())?;
        self.upload().await
    }

    /// The records that wait for an upload.
    pub fn waiting(&self) -> Vec<Noted> {
        self.device.waiting().iter().map(|kept| self.noted(kept)).collect()
    }

    /// What the node has acknowledged, each with its hash.
    pub fn acknowledged(&self) -> anyhow::Result<Vec<(Noted, [u8; 32])>> {
        let all = self.device.store.kept();
        let held = all.get(..all.len() - self.device.waiting().len()).unwrap_or_default();
        held.iter().map(|kept| Ok((self.noted(kept), TapRecord::hash(&self.device.store.read(kept)?)))).collect()
    }

    pub fn records(&self) -> usize {
        self.device.store.kept().len()
    }
}
