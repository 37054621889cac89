//! The day: who travels where and when, which gates are without network, who attacks; and what the gates and the node said.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_transit_code::gate::Direction;
use serde_json::Value;

use super::Settings;
use super::fleet::{Gate, Stop};
use super::load::{Cities, node_of};
use super::phone::Phone;
use crate::demo::Region;

/// Gates of a city: the first and every so-manieth station of its map.
const GATES_PER_CITY: usize = 8;
/// The day began so long ago, and its last entry was so long ago: all is over now.
const BEGAN_MS: i64 = 9 * 3_600_000;
const LAST_ENTRY_MS: i64 = 4 * 3_600_000;
/// One of so many gates has no network that day.
const OFFLINE: u64 = 3;
/// One of so many gates sends everything twice.
const DOUBLED: u64 = 4;

/// A code before a reader.
struct Scan {
    at: Instant,
    gate: usize,
    direction: Direction,
    code: Vec<u8>,
    /// What kind of attack it is, if it is one.
    attack: Option<Attack>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attack {
    /// The screen shown again at the same gate.
    ReplayHere,
    /// The same screen at another station: offline gates cannot know, the node finds it.
    ReplayElsewhere,
    /// The limit raised by hand.
    Forged,
    /// A screenshot of an hour ago.
    Old,
    /// A phone whose clock is two hours fast.
    Future,
    /// A phone reported lost.
    Lost,
}

impl Attack {
    pub fn text(self) -> &'static str {
        match self {
            Attack::ReplayHere => "same code again, same gate 同闸重放",
            Attack::ReplayElsewhere => "same code at another station 异站重放",
            Attack::Forged => "limit changed by hand 篡改限额",
            Attack::Old => "screenshot of an hour ago 旧截图",
            Attack::Future => "clock two hours fast 未来时间",
            Attack::Lost => "phone reported lost 挂失手机",
        }
    }
}

/// What the day brought, as told by gates and nodes.
#[derive(Debug, Default)]
pub struct Told {
    pub riders: usize,
    pub cities: usize,
    pub gates: usize,
    pub gates_offline: usize,
    /// Scans by the gates' answers: opened, refused by reason.
    pub opened: u64,
    pub refused: BTreeMap<String, u64>,
    /// Attacks: tried, refused by the gate.
    pub attacks: BTreeMap<Attack, (u64, u64)>,
    pub accepted: u64,
    pub duplicate: u64,
    pub impossible: u64,
    pub refused_records: u64,
    pub records: u64,
}

pub struct Day {
    gates: Vec<Gate>,
    by_city: HashMap<String, Vec<usize>>,
    phones: Vec<Phone>,
    lost: Vec<usize>,
    random: RandomSource,
    began: Instant,
}

impl Day {
    pub async fn prepare(region: &Region, cities: Cities, settings: Settings) -> anyhow::Result<Day> {
        let mut random = RandomSource::from_number(settings.seed);
        let codes: Vec<String> = cities.cities.iter().map(|city| city.city.to_string()).collect();
        let now = system_now();
        // A second day on the same folder has other riders.
        let serial = now.0.rem_euclid(1_000_000_000_000) / 1_000;
        let (mut phones, mut lost) = (Vec::new(), Vec::new());
        for city in &cities.cities {
            let code = city.city.to_string();
            let client = cities.client(region, &cities.keys.home, &code)?;
            for number in 0..settings.riders {
                let account = format!("{}{serial:012}{number:08}", city.issuer);
                // One of ten has not paid in: home owes all the same, and notes a debt.
                let balance = (number % 10 != 9).then_some("200.00");
                let phone = Phone::open(&client, &code, &account, balance, &codes, &mut random).await?;
                if number == 0 {
                    report_lost(&client, &account).await?;
                    lost.push(phones.len());
                }
                phones.push(phone);
            }
        }
        lists_arrive(region, &cities).await?;
        let mut day =
            Day { gates: Vec::new(), by_city: HashMap::new(), phones, lost, random, began: Instant(now.0 - BEGAN_MS) };
        for code in &codes {
            day.install(region, &cities, code).await?;
        }
        Ok(day)
    }

    /// Gates at some stations of a city's map.
    async fn install(&mut self, region: &Region, cities: &Cities, city: &str) -> anyhow::Result<()> {
        let client = cities.client(region, &cities.keys.metro, city)?;
        let map: Value = client.get(&format!("/v1/transit/maps/{city}/1")).await?;
        let stations = map["stations"].as_array().context("a map has stations")?;
        let step = stations.len().div_ceil(GATES_PER_CITY).max(1);
        for station in stations.iter().step_by(step) {
            let number = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
            let (id, line) = (number(&station["id"]), number(&station["lines"][0]));
            let stop = Stop { station: id.context("a number")?, line: line.context("a line")? };
            let folder = region.data.join("transit/gates");
            self.by_city.entry(city.to_owned()).or_default().push(self.gates.len());
            self.gates.push(Gate::install(&folder, city, stop, &client).await?);
        }
        Ok(())
    }

    pub async fn play(&mut self) -> anyhow::Result<Told> {
        let mut scans = Vec::new();
        for rider in 0..self.phones.len() {
            self.travel(rider, &mut scans);
        }
        self.attacks(&mut scans);
        scans.sort_by_key(|scan| scan.at);
        let mut told =
            Told { riders: self.phones.len(), cities: self.by_city.len(), gates: self.gates.len(), ..Told::default() };
        for scan in &scans {
            let answer = self.gates[scan.gate].tap(&scan.code, scan.direction, scan.at)?;
            let opened = answer.accepts();
            told.opened += u64::from(opened);
            if !opened {
                *told.refused.entry(answer.reason.name().to_owned()).or_default() += 1;
            }
            if let Some(attack) = scan.attack {
                let (tried, refused) = told.attacks.entry(attack).or_default();
                *tried += 1;
                *refused += u64::from(!opened);
            }
        }
        self.upload(&mut told).await?;
        Ok(told)
    }

    /// One to three rides in other cities; some riders forget a tap.
    fn travel(&mut self, rider: usize, scans: &mut Vec<Scan>) {
        if self.lost.contains(&rider) {
            return;
        }
        let rides = 1 + self.random.below(3) as i64;
        let home = self.phones[rider].city.clone();
        let cities: Vec<String> = self.by_city.keys().filter(|city| **city != home).cloned().collect();
        let mut cities = cities;
        cities.sort();
        let city = self.random.pick(&cities).clone();
        for ride in 0..rides {
            let span = (BEGAN_MS - LAST_ENTRY_MS) / rides;
            let at = Instant(self.began.0 + ride * span + self.random.below(span as u64 / 2) as i64);
            let lasts = (20 + self.random.below(25) as i64) * 60_000;
            let gates = &self.by_city[&city];
            let from = *self.random.pick(gates);
            let to = loop {
                let to = *self.random.pick(gates);
                if to != from {
                    break to;
                }
            };
            let forgets = self.random.below(25);
            if forgets != 0 {
                scans.push(self.scan(rider, from, Direction::In, at));
            }
            if forgets != 1 {
                scans.push(self.scan(rider, to, Direction::Out, Instant(at.0 + lasts)));
            }
        }
    }

    fn scan(&mut self, rider: usize, gate: usize, direction: Direction, at: Instant) -> Scan {
        // The code is some seconds old when it meets the reader.
        let made = Instant(at.0 - 1_000 * self.random.below(20) as i64);
        Scan { at, gate, direction, code: self.phones[rider].code(made), attack: None }
    }

    /// A few of each kind, somewhere among the day.
    fn attacks(&mut self, scans: &mut Vec<Scan>) {
        let genuine: Vec<usize> = (0..scans.len()).filter(|index| scans[*index].direction == Direction::In).collect();
        let mut added = Vec::new();
        for (round, index) in genuine.iter().enumerate().filter(|(round, _)| round % 12 == 0) {
            let scan = &scans[*index];
            let later = Instant(scan.at.0 + 3_000);
            added.push(Scan { at: later, code: scan.code.clone(), attack: Some(Attack::ReplayHere), ..*scan });
            let city = &self.by_city[&self.gates[scan.gate].city];
            let elsewhere =
                city[(city.iter().position(|gate| *gate == scan.gate).unwrap_or(0) + 1 + round) % city.len()];
            if elsewhere != scan.gate {
                let attack = Some(Attack::ReplayElsewhere);
                added.push(Scan { at: later, gate: elsewhere, code: scan.code.clone(), attack, ..*scan });
            }
        }
        for round in 0..self.phones.len() / 8 {
            let rider = self.random.below(self.phones.len() as u64) as usize;
            let gate = self.random.below(self.gates.len() as u64) as usize;
            let at = Instant(self.began.0 + self.random.below((BEGAN_MS - LAST_ENTRY_MS) as u64) as i64);
            // A lost phone is tried when its loss is known: now.
            let at = if round % 4 == 3 { system_now() } else { at };
            let phone = &self.phones[rider];
            let (attack, code) = match round % 4 {
                0 => (Attack::Forged, phone.forged(at)),
                1 => (Attack::Old, phone.code(Instant(at.0 - 3_600_000))),
                2 => (Attack::Future, phone.code(Instant(at.0 + 7_200_000))),
                _ => (Attack::Lost, self.phones[*self.random.pick(&self.lost)].code(at)),
            };
            added.push(Scan { at, gate, direction: Direction::In, code, attack: Some(attack) });
        }
        scans.extend(added);
    }

    /// Gates with network upload first; those without when it is back; some send all of it twice.
    async fn upload(&mut self, told: &mut Told) -> anyhow::Result<()> {
        let mut order: Vec<(bool, usize)> = Vec::new();
        for gate in 0..self.gates.len() {
            let offline = self.random.below(OFFLINE) == 0;
            told.gates_offline += usize::from(offline);
            order.push((offline, gate));
        }
        order.sort();
        for (_, gate) in order {
            let doubled = self.random.below(DOUBLED) == 0;
            let gate = &mut self.gates[gate];
            let mut uploads = vec![gate.upload().await?];
            if doubled && gate.records() > 0 {
                uploads.push(gate.upload_again().await?);
            }
            told.records += gate.records() as u64;
            for uploaded in uploads {
                if let Some(fault) = uploaded.fault {
                    anyhow::bail!("a gate of {} could not upload: {fault}", gate.city);
                }
                told.accepted += uploaded.accepted;
                told.duplicate += uploaded.duplicate;
                told.impossible += uploaded.impossible;
                told.refused_records += uploaded.refused;
            }
        }
        Ok(())
    }
}

fn system_now() -> Instant {
    huitong_service_kit::http::Clock::now(&crate::clock::SystemClock { offset_ms: 0 })
}

async fn report_lost(client: &crate::demo::client::ApiClient, account: &str) -> anyhow::Result<()> {
    let path = format!("/v1/transit/deny-list/account/{account}/causes/lost");
    let reported = client.send::<_, Value>(reqwest::Method::PUT, &path, None, &serde_json::json!({})).await;
    reported.context("a phone reported lost")?;
    Ok(())
}

/// Waits until the deny lists that name the lost phones are at every node.
async fn lists_arrive(region: &Region, cities: &Cities) -> anyhow::Result<()> {
    let nodes: std::collections::BTreeSet<String> =
        cities.cities.iter().map(|city| node_of(region, &city.city.to_string())).collect::<anyhow::Result<_>>()?;
    super::audit::deny_lists_published(region, &nodes).await?;
    crate::demo::load::spread(region).await
}
