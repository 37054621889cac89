//! Transit: riders of every node pass gates of the others; gates upload in any order, twice, late, and sometimes with other
//! bytes under a number that is taken. In the end every trip is charged once, and both books agree.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_store::View;
use huitong_transit::Transit;
use huitong_transit::command::{AccountWish, AdjustWish, AuthoriseWish, Command, GateWish, Reply};
use huitong_transit::keys::{Issuer, IssuerKeys};
use huitong_transit::model::deny::{DenyClass, DenyEntry};
use huitong_transit::model::key_set::{IssuerText, KeySetText};
use huitong_transit::model::rider::AccountToken;
use huitong_transit::model::tap::Direction;
use huitong_transit::model::trip::trip_id;
use huitong_transit::verify::{CheckedBatch, CheckedRecord, Outcome, Verified};
use huitong_transit_code::Reason;
use huitong_transit_code::chain::Checked;
use huitong_transit_code::code::Account;
use huitong_transit_code::make::{self, CertificateFields, RootFields, Sign, SigningKey};
use huitong_transit_code::profile::Profile;
use serde_json::{Value, json};
use std::rc::Rc;

use super::{Views, Workload, readable};
use crate::client::{Client, Wish};
use crate::region;

const NODES: usize = region::DIVISIONS.len();
const RIDERS: usize = 3;
const STATIONS: u32 = 6;
const GATES: usize = 3;
/// Trips of the clients begin within the hour before the run.
const HOUR_S: i64 = 3_600;

fn city(node: usize) -> String {
    format!("{}0100", &region::DIVISIONS[node][..2])
}

fn issuer(node: usize) -> [u8; 4] {
    let mut issuer = [0x99, 0, 0, 0];
    hex::decode_to_slice(city(node), &mut issuer[1..]).expect("digits");
    issuer
}

fn account(node: usize, rider: usize) -> Account {
    let mut number = [0; 10];
    number[9] = rider as u8 + 1;
    Account { issuer: issuer(node), number }
}

fn token(node: usize, rider: usize) -> AccountToken {
    AccountToken::new(&account(node, rider))
}

fn started() -> Instant {
    Instant::start_of("2026-11-24".parse().expect("a date")) + DurationMs::minutes(9 * 60)
}

fn gate_name(node: usize, gate: usize) -> String {
    format!("G{}-{gate}", region::DIVISIONS[node])
}

fn key(name: &str) -> SigningKey {
    SigningKey::of_test(&format!("simulated {name}")).expect("a key")
}

/// The service with the issuer keys of all cities; a node uses that of its own.
pub fn service() -> Transit {
    let issuer = |node| {
        let own = key(&city(node));
        let fields = CertificateFields {
            service: [0x01, 0x01, 0x00, 0x00],
            ca_index: 1,
            issuer: issuer(node),
            expiry: [0x12, 0x99],
            serial: [0, 0, 1],
        };
        let certificate = make::certificate(fields, &own.key(), &key("root"));
        (city(node).parse().expect("a code"), Issuer { issuer: issuer(node), certificate, key: own })
    };
    Transit::new(IssuerKeys((0..NODES).map(issuer).collect()))
}

/// A tap that a gate has recorded.
#[derive(Clone, Debug)]
struct Noted {
    home: usize,
    rider: usize,
    direction: Direction,
    station: u32,
    at: Instant,
    /// Stands for the code: the same again is a replay.
    code: u64,
}

/// A gate's record, as far as it goes.
#[derive(Default)]
struct GateRecord {
    taps: Vec<Noted>,
}

#[derive(Default)]
pub struct TransitLoad {
    serial: usize,
    gates: BTreeMap<(usize, usize), GateRecord>,
    trips: Vec<(usize, Digest)>,
}

/// The bytes that stand for a record: what is hashed and chained; codes are not signed here, verification has tests of its own.
fn bytes(tap: &Noted, sequence: u64, twist: u64) -> Vec<u8> {
    format!("{tap:?} {sequence} {twist}").into_bytes()
}

fn checked(node: usize, gate: usize, taps: &[Noted], first: u64, count: usize, twist: u64) -> CheckedBatch {
    let mut previous = Digest::ZERO;
    let mut records = Vec::new();
    for (sequence, tap) in (1_u64..).zip(taps) {
        let is_wanted = sequence >= first && sequence < first + count as u64;
        let bytes = bytes(tap, sequence, if is_wanted { twist } else { 0 });
        let hash = HashFunction::Sha256.hash(&[&bytes]);
        if is_wanted {
            records.push(record(tap, sequence, bytes, hash, previous));
        }
        previous = hash;
    }
    CheckedBatch {
        gate: gate_name(node, gate),
        epoch: 1,
        first,
        network: city(node).parse().expect("a code"),
        signature: String::new(),
        records,
    }
}

fn record(tap: &Noted, sequence: u64, bytes: Vec<u8>, hash: Digest, previous: Digest) -> CheckedRecord {
    let replay_key = HashFunction::Sha256.hash(&[b"code", &tap.code.to_be_bytes()]);
    let code = Checked {
        profile: Profile::Jtt1179,
        account: account(tap.home, tap.rider),
        platform: [0, 0, 0, 1],
        account_type: 1,
        serial: [0, 0, 1],
        home: region::DIVISIONS[tap.home].parse().expect("digits"),
        limit_fen: 2_000,
        ticket_number: [0, 0, 0, 0, 0, 0, 0, 1],
        generation_time: tap.at.0 / 1_000,
        age_s: 0,
        replay_key: replay_key.0,
    };
    let city = city(tap.home).parse().expect("a code");
    CheckedRecord {
        sequence,
        bytes,
        hash,
        previous,
        station: tap.station,
        line: 1,
        direction: tap.direction,
        at: tap.at,
        uncertainty: DurationMs(500),
        shown_fen: None,
        flags: 0,
        deny_sequence: 0,
        deny_age_s: 0,
        gate_reason: Reason::Ok,
        outcome: Outcome::Verified(Box::new(Verified { code, city })),
    }
}

fn map(node: usize) -> String {
    let jurisdiction = city(node);
    let stations: Vec<Value> = (1..=STATIONS)
        .map(|id| json!({"id": id, "name_zh": format!("站{id}"), "name_en": format!("Stop {id}"), "lines": [1], "jurisdiction": jurisdiction}))
        .collect();
    let edges: Vec<Value> =
        (1..STATIONS).map(|id| json!({"from": id, "to": id + 1, "line": 1, "metres": 3_000})).collect();
    json!({
        "network": jurisdiction, "version": 1, "name_zh": "模拟", "name_en": "Simulated", "grade": "unconfirmed",
        "source": "simulated", "mode": "gated", "stations": stations, "edges": edges,
        "parameters": {"final_wait_min": 0, "upload_wait_h": 1, "trip_limit_min": 30, "pair_limit_min": 60},
    })
    .to_string()
}

fn pack(node: usize) -> String {
    json!({
        "pack": "metro", "version": 1, "network": city(node), "network_version": 1, "valid_from": "2026-01-01",
        "grade": "secondary", "source": "simulated", "route": "shortest_distance",
        "groups": [{"name": "network", "basis": "distance", "bands": [{"upto_m": 6_000, "fare_fen": 300}],
            "steps": [{"step_m": 10_000, "add_fen": 100}]}],
        "examples": [{"metres": 6_000, "fare_fen": 300}, {"metres": 6_001, "fare_fen": 400}],
    })
    .to_string()
}

fn key_set() -> KeySetText {
    let root = key("root");
    let issuers = (0..NODES).map(|node| IssuerText {
        issuer: hex::encode(issuer(node)),
        city: city(node).parse().expect("a code"),
        name_zh: "模拟".to_owned(),
        account_types: vec![1],
        same_issuer: true,
    });
    KeySetText {
        version: 1,
        not_before: Instant(started().0 - 86_400_000),
        not_after: Instant(started().0 + 86_400_000),
        roots: vec![hex::encode(make::root(RootFields { ca_index: 1, expiry: [0x12, 0x99] }, &root))],
        issuers: issuers.collect(),
        revocations: Vec::new(),
        platforms: Vec::new(),
        uic_keys: Vec::new(),
    }
}

fn gates(node: usize) -> Vec<GateWish> {
    (0..GATES)
        .map(|gate| GateWish {
            gate: gate_name(node, gate),
            network: city(node).parse().expect("a code"),
            station: gate as u32 * 2 + 1,
            line: 1,
            key: hex::encode(key("gate").key().compressed()),
            active: true,
        })
        .collect()
}

impl TransitLoad {
    fn wish(&mut self, node: usize, participant: &str, content: String, make: impl Fn() -> Command + 'static) -> Wish {
        self.serial += 1;
        Wish {
            node,
            service: "transit",
            participant: participant.to_owned(),
            key: format!("transit-{:06}", self.serial),
            content,
            make: Rc::new(move || Box::new(make())),
            note: String::new(),
        }
    }

    /// A rider of another node goes in at one gate and out at another, or only one of both; the gates' batches.
    fn ride(&mut self, random: &mut RandomSource) -> Vec<Wish> {
        let visited = random.below(NODES as u64) as usize;
        let home = random.below(NODES as u64) as usize;
        let rider = random.below(RIDERS as u64) as usize;
        let (from, to) = (random.below(GATES as u64) as usize, random.below(GATES as u64) as usize);
        let begins_s = random.below(HOUR_S as u64 / 2) as i64;
        let entry = Instant(started().0 - HOUR_S * 1_000 + begins_s * 1_000);
        let exit = entry + DurationMs::seconds(600 + random.below(900) as i64);
        let sides = match random.below(8) {
            0 => [true, false],
            1 => [false, true],
            _ => [true, true],
        };
        let code = random.next_u64();
        let taps = [(Direction::In, from, entry), (Direction::Out, to, exit)];
        let (mut wishes, mut hashes) = (Vec::new(), Vec::new());
        for ((direction, gate, at), _) in taps.into_iter().zip(sides).filter(|(_, side)| *side) {
            let record = self.gates.entry((visited, gate)).or_default();
            // The same screen at a second gate: a code passes once per direction.
            let again = random.below(10) == 0;
            let code = if again { record.taps.last().map_or(code, |last| last.code) } else { code };
            let tap = Noted { home, rider, direction, station: gate as u32 * 2 + 1, at, code };
            hashes.push(HashFunction::Sha256.hash(&[&bytes(&tap, record.taps.len() as u64 + 1, 0)]));
            record.taps.push(tap);
            if random.below(3) > 0 {
                wishes.push(self.upload(visited, gate, random));
            }
        }
        if let [entry, exit] = hashes[..] {
            self.trips.push((visited, trip_id(Some(entry), Some(exit))));
        }
        wishes
    }

    /// A part of a gate's record, new or sent before; now and then with other bytes than the gate wrote.
    fn upload(&mut self, node: usize, gate: usize, random: &mut RandomSource) -> Wish {
        let taps = self.gates.entry((node, gate)).or_default().taps.clone();
        let first = 1 + random.below(taps.len().max(1) as u64);
        let count = 1 + random.below(taps.len() as u64 - first + 1) as usize;
        let twist = u64::from(random.below(40) == 0);
        let content = format!("records {first} to {} of gate {gate}, twist {twist}", first + count as u64 - 1);
        self.wish(node, "metro", content, move || {
            Command::TakeTaps(Box::new(checked(node, gate, &taps, first, count, twist)))
        })
    }

    fn all_of(&mut self, node: usize, gate: usize) -> Option<Wish> {
        let taps = self.gates.get(&(node, gate))?.taps.clone();
        let count = taps.len();
        let content = format!("all records of gate {gate}");
        (count > 0).then(|| {
            self.wish(node, "metro", content, move || {
                Command::TakeTaps(Box::new(checked(node, gate, &taps, 1, count, 0)))
            })
        })
    }

    fn pay(&mut self, node: usize, rider: usize, amount: i64) -> Wish {
        let (reference, account) = (format!("payment-{}", self.serial), token(node, rider));
        let content = format!("{reference} {amount}");
        self.wish(node, "home", content, move || Command::Pay {
            account,
            amount: Fen(amount),
            reference: reference.clone(),
        })
    }

    fn deny(&mut self, node: usize, rider: usize, lift: bool) -> Wish {
        let entry = DenyEntry { kind: DenyClass::Account, key: token(node, rider).to_string() };
        let content = format!("deny {entry:?}, lift {lift}, {}", self.serial);
        self.wish(node, "home", content, move || {
            let (entry, cause) = (entry.clone(), "lost".to_owned());
            if lift { Command::Lift { entry, cause } } else { Command::Deny { entry, cause } }
        })
    }
}

impl Workload for TransitLoad {
    fn service(&self) -> &'static str {
        "transit"
    }

    fn set_up(&mut self, stage: usize) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for node in 0..NODES {
            match stage {
                0 => {
                    if node == 0 {
                        let publish = || Command::PublishKeySet(key_set());
                        wishes.push(self.wish(node, "keeper", "key set".to_owned(), publish));
                    }
                    let publish = move || Command::PublishMap { text: map(node) };
                    wishes.push(self.wish(node, "metro", format!("map of {node}"), publish));
                }
                1 => {
                    let publish = move || Command::PublishPack { text: pack(node) };
                    wishes.push(self.wish(node, "metro", format!("pack of {node}"), publish));
                    let register = move || Command::RegisterGates { gates: gates(node) };
                    wishes.push(self.wish(node, "metro", format!("gates of {node}"), register));
                    for rider in 0..RIDERS {
                        let open = move || {
                            Command::OpenAccount(AccountWish {
                                account: token(node, rider),
                                city: city(node).parse().expect("a code"),
                                account_type: 1,
                                trip_limit_fen: Fen(2_000),
                                day_limit_fen: Fen(100_000),
                                unpaid_limit_fen: Fen(100_000),
                                networks: Vec::new(),
                            })
                        };
                        wishes.push(self.wish(node, "home", format!("account {rider} of {node}"), open));
                    }
                }
                2 => {
                    // Home pays only for riders whom it has authorised.
                    for rider in 0..RIDERS {
                        let authorise = move || {
                            Command::Authorise(AuthoriseWish {
                                account: token(node, rider),
                                user_key: key("phone").key().compressed(),
                                ticket: [0, 0, 0, 0, 0, 0, 0, 1],
                                platform: [0, 0, 0, 1],
                                expiry: None,
                                validity_s: 30,
                            })
                        };
                        wishes.push(self.wish(node, "home", format!("phone of {rider} of {node}"), authorise));
                    }
                }
                _ => {}
            }
        }
        wishes
    }

    fn act(&mut self, random: &mut RandomSource) -> Option<Wish> {
        let node = random.below(NODES as u64) as usize;
        let rider = random.below(RIDERS as u64) as usize;
        match random.below(12) {
            0 => Some(self.pay(node, rider, 1 + random.below(3_000) as i64)),
            1 => Some(self.deny(node, rider, random.below(2) == 0)),
            2 => self.all_of(node, random.below(GATES as u64) as usize),
            3 => {
                let (node, trip) = *self.trips.get(random.below(self.trips.len().max(1) as u64) as usize)?;
                let content = format!("cancel {trip} {}", self.serial);
                Some(self.wish(node, "metro", content, move || Command::AdjustTrip { trip, wish: AdjustWish::Cancel }))
            }
            // One call an action; the other gate's batch goes with a later one.
            _ => self.ride(random).pop(),
        }
    }

    fn answered(&mut self, wish: &Wish, reply: &Value, _: &mut RandomSource) -> Vec<Wish> {
        // Cancelled once: the next cancellation is of another trip.
        if let Ok(Reply::Adjusted { trip, .. }) = serde_json::from_value::<Reply>(reply.clone()) {
            self.trips.retain(|(node, known)| *node != wish.node || *known != trip);
        }
        Vec::new()
    }

    fn check(&self, views: &Views<'_>) -> Result<(), String> {
        for (node, view) in views.up("transit") {
            if !readable(huitong_ledger::report::adds_up(view))? {
                return Err(format!("the book of node {node} does not add up"));
            }
            let twice = readable(view.one(
                "SELECT hex(trip) FROM trip t WHERE (SELECT COUNT(*) FROM tap WHERE tap.trip = t.trip) = 0 LIMIT 1",
                [],
                |row| row.get::<_, String>(0),
            ))?;
            if let Some(trip) = twice {
                return Err(format!("J2: trip {trip} at node {node} has no tap"));
            }
        }
        Ok(())
    }

    fn check_end(&self, views: &Views<'_>, _: &[&Client]) -> Result<(), String> {
        let up = views.up("transit");
        let (mut due, mut owed) = (BTreeMap::new(), BTreeMap::new());
        let mut claimed: BTreeMap<String, i64> = BTreeMap::new();
        let mut charged = claimed.clone();
        for (node, view) in &up {
            pairs(*view, "receivable", 1, &mut due)?;
            pairs(*view, "payable", -1, &mut owed)?;
            let waiting =
                readable(view.one("SELECT COUNT(*) FROM trip WHERE state = 'priced'", [], |row| row.get::<_, i64>(0)))?;
            if waiting != Some(0) {
                return Err(format!("{waiting:?} trips of node {node} were never answered"));
            }
            amounts(
                *view,
                "SELECT hex(trip), charge_fen FROM trip WHERE state IN ('charged', 'refunded')",
                &mut claimed,
            )?;
            amounts(*view, "SELECT hex(trip), charge_fen FROM home_trip WHERE state = 'charged'", &mut charged)?;
            every_tap_has_its_place(*node, *view)?;
        }
        if due != owed {
            return Err(format!("J5: receivable {due:?}, payable {owed:?}"));
        }
        if claimed != charged {
            let differing: BTreeSet<_> = claimed.iter().filter(|(trip, fen)| charged.get(*trip) != Some(fen)).collect();
            return Err(format!("J1: charged at home otherwise than claimed: {differing:?}"));
        }
        Ok(())
    }
}

/// Balances by creditor and debtor.
fn pairs(view: View<'_>, class: &str, sign: i64, sums: &mut BTreeMap<(String, String), i64>) -> Result<(), String> {
    for (code, amount) in readable(huitong_ledger::report::balances_below(view, class))? {
        let mut parts = code.split('/').skip(1).map(str::to_owned);
        let (one, other) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let pair = if sign > 0 { (one, other) } else { (other, one) };
        *sums.entry(pair).or_default() += sign * amount.0;
    }
    sums.retain(|_, amount| *amount != 0);
    Ok(())
}

fn amounts(view: View<'_>, sql: &str, sums: &mut BTreeMap<String, i64>) -> Result<(), String> {
    let rows = readable(view.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?))))?;
    sums.extend(rows);
    Ok(())
}

/// J2: a tap that counts is in one trip, or matching still looks at it.
fn every_tap_has_its_place(node: usize, view: View<'_>) -> Result<(), String> {
    let lost = readable(view.one(
        "SELECT gate || '/' || sequence FROM tap t WHERE state IN (0, 1) AND trip IS NULL AND NOT EXISTS
             (SELECT 1 FROM open_tap o WHERE o.gate = t.gate AND o.epoch = t.epoch AND o.sequence = t.sequence) LIMIT 1",
        [],
        |row| row.get::<_, String>(0),
    ))?;
    lost.map_or(Ok(()), |tap| Err(format!("J2: tap {tap} of node {node} is in no trip and not open")))
}
