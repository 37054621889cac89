//! Transit: riders of every node pass gates of the others; gates upload in any order, twice, late, and sometimes with other
//! bytes under a number that is taken. In the end every trip is charged once, and both books agree.

mod check;
mod dated;
mod told;

use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_transit::command::{AdjustWish, Command, GrantWish, Reply};
use huitong_transit::model::contest::{ContestDecision, ContestReason, ContestState};
use huitong_transit::model::deny::{DenyClass, DenyEntry};
use huitong_transit::model::tap::Direction;
use huitong_transit::model::trip::trip_id;
use huitong_transit::verify::{CheckedBatch, CheckedRecord, Outcome, Verified};
use huitong_transit_code::Reason;
use huitong_transit_code::chain::Checked;
use huitong_transit_code::code::Account;
use huitong_transit_code::profile::Profile;
use serde_json::Value;
use uuid::Uuid;

pub use dated::issuer_keys;
use dated::{
    GATES, NODES, RIDERS, STATIONS, account, account_wish, authorise_wish, division_of_city, gate_name, gates, key_set,
    map, pack, phone_key, split, token,
};

use super::{Views, Workload};
use crate::client::{Client, Wish};
use crate::region;

/// Trips of the clients begin within the hour before they are told of.
const HOUR: DurationMs = DurationMs::minutes(60);

/// A tap that a gate has recorded.
#[derive(Clone, Debug)]
struct Noted {
    account: Account,
    /// The node whose city issued the code.
    issuer: usize,
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

/// A trip that may come of the taps, if all goes as the rider thinks.
#[derive(Clone, Copy, Debug)]
struct Ridden {
    visited: usize,
    home: usize,
    rider: usize,
    trip: Digest,
    is_paired: bool,
}

#[derive(Default)]
pub struct TransitLoad {
    serial: usize,
    gates: BTreeMap<(usize, usize), GateRecord>,
    ridden: Vec<Ridden>,
    /// What is not answered, by the creditor's node.
    contests: Vec<(usize, Uuid)>,
    /// Codes that a city has made for a rider of another: visited, home, rider, token.
    tokens: Vec<(usize, usize, usize, Account)>,
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
        network: division_of_city(node),
        signature: String::new(),
        records,
    }
}

fn record(tap: &Noted, sequence: u64, bytes: Vec<u8>, hash: Digest, previous: Digest) -> CheckedRecord {
    let replay_key = HashFunction::Sha256.hash(&[b"code", &tap.code.to_be_bytes()]);
    let code = Checked {
        profile: Profile::Jtt1179,
        account: tap.account,
        platform: [0, 0, 0, 1],
        account_type: 1,
        certificate_issuer: dated::issuer(tap.issuer),
        serial: [0, 0, 1],
        home: region::DIVISIONS[tap.issuer].parse().expect("digits"),
        limit_fen: 2_000,
        ticket_number: [0, 0, 0, 0, 0, 0, 0, 1],
        generation_time: tap.at.0 / 1_000,
        age_s: 0,
        replay_key: replay_key.0,
    };
    let city = division_of_city(tap.issuer);
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
    fn ride(&mut self, now: Instant, random: &mut RandomSource) -> Vec<Wish> {
        let mut visited = random.below(NODES as u64) as usize;
        let mut home = random.below(NODES as u64) as usize;
        let mut rider = random.below(RIDERS as u64) as usize;
        let (mut issuer, mut shown) = (home, account(home, rider));
        if !self.tokens.is_empty() && random.below(3) == 0 {
            (visited, home, rider, shown) = *random.pick(&self.tokens);
            issuer = visited;
        }
        let (from, to) = (random.below(GATES as u64) as usize, random.below(GATES as u64) as usize);
        let entry = now + DurationMs::seconds(random.below(HOUR.0 as u64 / 2_000) as i64 - HOUR.0 / 1_000);
        let exit = entry + DurationMs::seconds(600 + random.below(900) as i64);
        let sides = match random.below(8) {
            0 => [true, false],
            1 => [false, true],
            _ => [true, true],
        };
        let code = random.next_u64();
        let taps = [(Direction::In, from, entry), (Direction::Out, to, exit)];
        let (mut wishes, mut hashes) = (Vec::new(), [None, None]);
        for (side, (direction, gate, at)) in taps.into_iter().enumerate().filter(|(side, _)| sides[*side]) {
            let record = self.gates.entry((visited, gate)).or_default();
            // The same screen at a second gate: a code passes once per direction.
            let again = random.below(10) == 0;
            let code = if again { record.taps.last().map_or(code, |last| last.code) } else { code };
            let tap = Noted { account: shown, issuer, direction, station: gate as u32 * 2 + 1, at, code };
            hashes[side] = Some(HashFunction::Sha256.hash(&[&bytes(&tap, record.taps.len() as u64 + 1, 0)]));
            record.taps.push(tap);
            if random.below(3) > 0 {
                wishes.push(self.upload(visited, gate, random));
            }
        }
        let trip = trip_id(hashes[0], hashes[1]);
        self.ridden.push(Ridden { visited, home, rider, trip, is_paired: sides == [true, true] });
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

    /// A clerk of the visited city or the rider changes a trip, or the home city contests it.
    fn change(&mut self, random: &mut RandomSource) -> Option<Wish> {
        let ridden = *self.ridden.get(random.below(self.ridden.len().max(1) as u64) as usize)?;
        let (Ridden { visited, home, rider, trip, .. }, serial) = (ridden, self.serial);
        let station = 1 + random.below(u64::from(STATIONS)) as u32;
        Some(match random.below(4) {
            0 => {
                let content = format!("cancel {trip} {serial}");
                self.wish(visited, "metro", content, move || Command::AdjustTrip { trip, wish: AdjustWish::Cancel })
            }
            1 if !ridden.is_paired => {
                let content = format!("complete {trip} at {station} {serial}");
                let wish = AdjustWish::Complete { station };
                self.wish(visited, "metro", content, move || Command::AdjustTrip { trip, wish: wish.clone() })
            }
            2 if !ridden.is_paired => {
                let (content, account) =
                    (format!("{rider} completes {trip} at {station} {serial}"), token(home, rider));
                self.wish(home, "home", content, move || Command::CompleteTrip { trip, account, station })
            }
            _ => {
                let content = format!("contest {trip} {serial}");
                let mut wish = self.wish(home, "home", content, move || Command::OpenContest {
                    document: trip,
                    reason: ContestReason::FareWrong,
                    evidence: "simulated".to_owned(),
                });
                wish.note = visited.to_string();
                wish
            }
        })
    }

    /// The creditor answers a contest that it may have heard of.
    fn answer_contest(&mut self, random: &mut RandomSource) -> Option<Wish> {
        let (node, contest) = *self.contests.get(random.below(self.contests.len().max(1) as u64) as usize)?;
        let (decision, amount) = match random.below(3) {
            0 => (ContestDecision::Upheld, None),
            1 => (ContestDecision::Withdrawn, None),
            _ => (ContestDecision::Adjusted, Some(Fen(1 + random.below(200) as i64))),
        };
        let content = format!("{decision:?} {amount:?} {contest} {}", self.serial);
        Some(self.wish(node, "metro", content, move || Command::AnswerContest {
            contest,
            decision,
            explanation: "simulated".to_owned(),
            amount,
        }))
    }

    /// A rider's phone asks for a new authorisation: each lasts some days.
    fn authorise(&mut self, node: usize, rider: usize) -> Wish {
        let content = format!("phone of {rider} of {node} {}", self.serial);
        self.wish(node, "home", content, move || Command::Authorise(authorise_wish(node, rider)))
    }

    /// A rider's phone asks for the code of another city.
    fn pull(&mut self, home: usize, rider: usize, random: &mut RandomSource) -> Wish {
        let visited = (home + 1 + random.below(NODES as u64 - 1) as usize) % NODES;
        let content = format!("a code of {visited} for {rider} {}", self.serial);
        let mut wish = self.wish(home, "home", content, move || {
            Command::AskGrant(GrantWish {
                account: token(home, rider),
                network: division_of_city(visited),
                user_key: phone_key(),
                expiry: None,
            })
        });
        wish.note = format!("{visited} {rider}");
        wish
    }

    /// The account in fields 5 and 6 of a code that a city has made.
    fn take_code(&mut self, wish: &Wish, authorisation: &str) -> Option<()> {
        let bytes = STANDARD.decode(authorisation).ok()?;
        let (visited, rider) = wish.note.split_once(' ')?;
        let account =
            Account { issuer: bytes.get(146..150)?.try_into().ok()?, number: bytes.get(136..146)?.try_into().ok()? };
        self.tokens.push((visited.parse().ok()?, wish.node, rider.parse().ok()?, account));
        Some(())
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
                    let publish = move || Command::PublishSplit { text: split(node) };
                    wishes.push(self.wish(node, "metro", format!("split of {node}"), publish));
                    let register = move || Command::RegisterGates { gates: gates(node) };
                    wishes.push(self.wish(node, "metro", format!("gates of {node}"), register));
                    for rider in 0..RIDERS {
                        let open = move || Command::OpenAccount(account_wish(node, rider));
                        wishes.push(self.wish(node, "home", format!("account {rider} of {node}"), open));
                    }
                }
                2 => {
                    // Home pays only for riders whom it has authorised.
                    wishes.extend((0..RIDERS).map(|rider| self.authorise(node, rider)));
                }
                _ => {}
            }
        }
        wishes
    }

    fn act(&mut self, now: Instant, random: &mut RandomSource) -> Option<Wish> {
        let node = random.below(NODES as u64) as usize;
        let rider = random.below(RIDERS as u64) as usize;
        match random.below(24) {
            0 => Some(self.pay(node, rider, 1 + random.below(3_000) as i64)),
            1 => Some(self.deny(node, rider, random.below(2) == 0)),
            2 => self.all_of(node, random.below(GATES as u64) as usize),
            3..=6 => self.change(random),
            7..=8 | 13..=15 if !self.contests.is_empty() => self.answer_contest(random),
            9..=10 => Some(self.pull(node, rider, random)),
            11..=12 => Some(self.authorise(node, rider)),
            // One call an action; the other gate's batch goes with a later one.
            _ => self.ride(now, random).pop(),
        }
    }

    fn answered(&mut self, wish: &Wish, reply: &Value, random: &mut RandomSource) -> Vec<Wish> {
        match serde_json::from_value::<Reply>(reply.clone()) {
            // Changed once: the next change is of another trip.
            Ok(Reply::Adjusted { trip, .. }) => {
                self.ridden.retain(|ridden| ridden.visited != wish.node || ridden.trip != trip);
            }
            Ok(Reply::Contested { contest, state: ContestState::Open }) => {
                self.contests.extend(wish.note.parse().map(|creditor| (creditor, contest)));
                // Its creditor may have heard of it by then.
                return self.answer_contest(random).into_iter().collect();
            }
            Ok(Reply::Contested { contest, .. }) => self.contests.retain(|(_, known)| *known != contest),
            Ok(Reply::Granted { authorisation, .. }) => {
                // What cannot be read is no code, and nobody shows it.
                let _ = self.take_code(wish, &authorisation);
            }
            _ => {}
        }
        Vec::new()
    }

    fn check(&self, views: &Views<'_>) -> Result<(), String> {
        check::always(views)
    }

    fn effects(&self, views: &Views<'_>) -> Result<Vec<(&'static str, u64)>, String> {
        check::effects(views)
    }

    fn check_end(&self, views: &Views<'_>, _: &[&Client]) -> Result<(), String> {
        check::at_rest(views)
    }
}
