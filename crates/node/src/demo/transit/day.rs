//! The day as it was planned: who travels where and when, which gates are without network, who attacks.
//!
//! Its hours lie in the past, and clocks of gates and phones are set to them: a trip is final when its waits are over, and who
//! plays a day does not wait for days. Rides that lack a tap for a while, through gates without network or forgetful riders,
//! are made in the early hours, whose waits are over; all others in the late ones, so that a tap that comes a second after the
//! other is in time.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_transit_code::gate::Direction;
use reqwest::Method;
use serde_json::{Value, json};

use super::Settings;
use super::fleet::{Gate, Stop};
use super::load::{Cities, node_of};
use super::phone::Phone;
use crate::demo::Region;
use crate::demo::client::ApiClient;

/// Gates of a city: the first and every so-manieth station of its map.
const GATES_PER_CITY: usize = 8;
/// The early hours: what is missing of their rides is awaited no longer (trip limit and upload wait together are four hours).
const EARLY: Hours = Hours { began_ms: 9 * 3_600_000, slot_ms: 90 * 60_000 };
/// The late hours: awaited still.
const LATE: Hours = Hours { began_ms: 230 * 60_000, slot_ms: 60 * 60_000 };
/// A rider makes so many rides at most, each in a part of the hours for itself.
const RIDES_MAX: u64 = 3;
/// One of so many gates has no network that day.
const OFFLINE: u64 = 6;
/// One of so many gates sends everything twice.
const DOUBLED: u64 = 4;

/// A stretch of the day, so long before now.
struct Hours {
    began_ms: i64,
    /// The time for one ride of a rider.
    slot_ms: i64,
}

/// A code before a reader.
pub struct Scan {
    pub at: Instant,
    pub gate: usize,
    pub direction: Direction,
    pub code: Vec<u8>,
    /// What kind of attack it is, if it is one.
    pub attack: Option<Attack>,
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
    pub const ALL: [Attack; 6] =
        [Attack::ReplayHere, Attack::ReplayElsewhere, Attack::Forged, Attack::Old, Attack::Future, Attack::Lost];

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

pub struct Day {
    pub gates: Vec<Gate>,
    by_city: HashMap<String, Vec<usize>>,
    phones: Vec<Phone>,
    /// Phones reported lost, and since when by the clocks of their homes.
    lost: BTreeMap<usize, Instant>,
    random: RandomSource,
    now: Instant,
}

impl Day {
    pub async fn prepare(region: &Region, cities: &Cities, settings: Settings) -> anyhow::Result<Day> {
        let codes: Vec<String> = cities.cities.iter().map(|city| city.city.to_string()).collect();
        let mut day = Day {
            gates: Vec::new(),
            by_city: HashMap::new(),
            phones: Vec::new(),
            lost: BTreeMap::new(),
            random: RandomSource::from_number(settings.seed),
            now: system_now(),
        };
        for place in 0..codes.len() {
            day.open_accounts(region, cities, place, settings.riders).await?;
        }
        lists_arrive(region, cities).await?;
        for code in &codes {
            day.install(region, cities, code).await?;
        }
        if !day.gates.iter().any(|gate| gate.is_offline)
            && let Some(gate) = day.gates.first_mut()
        {
            gate.is_offline = true;
        }
        Ok(day)
    }

    /// A city's riders. The first of them reports the phone lost, the second shows the next city's own code.
    async fn open_accounts(
        &mut self,
        region: &Region,
        cities: &Cities,
        place: usize,
        riders: usize,
    ) -> anyhow::Result<()> {
        let city = &cities.cities[place];
        let codes: Vec<String> = cities.cities.iter().map(|city| city.city.to_string()).collect();
        let client = cities.client(region, &cities.keys.home, &codes[place])?;
        // A second day on the same folder has other riders.
        let serial = self.now.0.rem_euclid(1_000_000_000_000) / 1_000;
        for number in 0..riders {
            let account = format!("{}{serial:012}{number:08}", city.issuer);
            // One of ten has not paid in: home owes all the same, and notes a debt.
            let balance = (number % 10 != 9).then_some("200.00");
            let mut phone = Phone::open(&client, &codes[place], &account, balance, &codes, &mut self.random).await?;
            match number {
                0 => drop(self.lost.insert(self.phones.len(), report_lost(&client, &account).await?)),
                1 => phone.pull(&client, &codes[(place + 1) % codes.len()]).await?,
                _ => {}
            }
            self.phones.push(phone);
        }
        Ok(())
    }

    pub fn riders(&self) -> usize {
        self.phones.len()
    }

    pub fn cities(&self) -> usize {
        self.by_city.len()
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
            let mut gate = Gate::install(&folder, city, stop, &client).await?;
            (gate.is_offline, gate.is_doubling) = (self.random.below(OFFLINE) == 0, self.random.below(DOUBLED) == 0);
            self.gates.push(gate);
        }
        Ok(())
    }

    /// Everything that is held before a reader that day, in its order.
    pub fn scans(&mut self) -> Vec<Scan> {
        let mut scans = Vec::new();
        for rider in 0..self.phones.len() {
            self.travel(rider, &mut scans);
        }
        self.attacks(&mut scans);
        scans.sort_by_key(|scan| scan.at);
        scans
    }

    /// One to three rides in another city; some riders forget a tap.
    fn travel(&mut self, rider: usize, scans: &mut Vec<Scan>) {
        if self.lost.contains_key(&rider) {
            return;
        }
        let rides = 1 + self.random.below(RIDES_MAX) as i64;
        let city = self.phones[rider].pulled.clone().unwrap_or_else(|| {
            let home = &self.phones[rider].city;
            let mut cities: Vec<&String> = self.by_city.keys().filter(|city| *city != home).collect();
            cities.sort();
            (*self.random.pick(&cities)).clone()
        });
        for ride in 0..rides {
            let gates = &self.by_city[&city];
            let from = *self.random.pick(gates);
            let to = loop {
                let to = *self.random.pick(gates);
                if to != from {
                    break to;
                }
            };
            let forgets = self.random.below(25);
            let lacks_a_tap = forgets < 2 || self.gates[from].is_offline || self.gates[to].is_offline;
            let hours = if lacks_a_tap { EARLY } else { LATE };
            let begins_ms = ride * hours.slot_ms + self.random.below(hours.slot_ms as u64 / 6) as i64;
            let at = self.now + DurationMs(begins_ms - hours.began_ms);
            let lasts = DurationMs::minutes(20 + self.random.below(25) as i64);
            if forgets != 0 {
                scans.push(self.scan(rider, from, Direction::In, at));
            }
            if forgets != 1 {
                scans.push(self.scan(rider, to, Direction::Out, at + lasts));
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
        let lost: Vec<(usize, Instant)> = self.lost.iter().map(|(phone, since)| (*phone, *since)).collect();
        for round in 0..(self.phones.len() / 8).max(4) {
            let rider = self.random.below(self.phones.len() as u64) as usize;
            let gate = self.random.below(self.gates.len() as u64) as usize;
            let at = self.now + DurationMs(self.random.below(LATE.began_ms as u64) as i64 - EARLY.began_ms);
            let phone = &self.phones[rider];
            let (at, attack, code) = match round % 4 {
                0 => (at, Attack::Forged, phone.forged(at)),
                1 => (at, Attack::Old, phone.code(at + DurationMs(-3_600_000))),
                2 => (at, Attack::Future, phone.code(at + DurationMs(7_200_000))),
                _ => {
                    // A lost phone is tried when its home has listed it.
                    let (phone, since) = *self.random.pick(&lost);
                    let at = system_now().max(since + DurationMs(1_000));
                    (at, Attack::Lost, self.phones[phone].code(at))
                }
            };
            added.push(Scan { at, gate, direction: Direction::In, code, attack: Some(attack) });
        }
        scans.extend(added);
    }
}

fn system_now() -> Instant {
    huitong_service_kit::http::Clock::now(&crate::clock::SystemClock { offset_ms: 0 })
}

/// Reports a phone lost; gives the moment by the clock of its home.
async fn report_lost(client: &ApiClient, account: &str) -> anyhow::Result<Instant> {
    let path = format!("/v1/transit/deny-list/account/{account}/causes/lost");
    client.send::<_, Value>(Method::PUT, &path, None, &json!({})).await.context("a phone reported lost")?;
    let listed: Value = client.get(&format!("/v1/transit/deny-list?limit=1&after=account/{account}/")).await?;
    let since = listed["items"][0]["since"].as_str().and_then(Instant::parse);
    since.context("the home lists the phone that was reported lost")
}

/// Waits until the deny lists that name the lost phones are at every node.
async fn lists_arrive(region: &Region, cities: &Cities) -> anyhow::Result<()> {
    let nodes: std::collections::BTreeSet<String> =
        cities.cities.iter().map(|city| node_of(region, &city.city.to_string())).collect::<anyhow::Result<_>>()?;
    super::audit::deny_lists_published(region, &nodes).await?;
    crate::demo::load::spread(region).await
}
