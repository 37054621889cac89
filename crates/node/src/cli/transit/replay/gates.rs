//! Gates and their batches: records chained and numbered, handed over every ten minutes, some late, some twice.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_transit::verify::{GateBatch, RECORDS_MAX};
use huitong_transit_code::Reason;
use huitong_transit_code::gate::Direction;
use huitong_transit_code::make::Sign;
use huitong_transit_code::record::{RECORD_LENGTH_MAX, TapRecord, batch_message, text_field};

use super::city::{GATES_PER_DIRECTION, LINE, gate_name};
use super::codes::Codes;

const EPOCH: u32 = 1;
/// One batch of so many comes late, by up to so many slots of ten minutes.
const LATE_ONE_IN: u64 = 50;
const LATE_SLOTS_MAX: u64 = 72;
/// One batch of so many is sent again, up to so many slots later.
const TWICE_ONE_IN: u64 = 100;
const TWICE_SLOTS_MAX: u64 = 6;
/// A phone shows its code for a few seconds before the gate reads it.
const CODE_AGE_S: u64 = 8;
const DENY_AGE_S: u32 = 3_600;
const UNCERTAINTY_MS: u32 = 500;

/// A rider at a gate.
#[derive(Clone, Copy)]
pub struct Passing {
    pub rider: u32,
    pub station: u32,
    pub is_entry: bool,
    pub at: Instant,
}

/// A batch on its way, and whether its codes carry signatures.
#[derive(Clone)]
pub struct Sent {
    pub batch: GateBatch,
    pub is_signed: bool,
}

#[derive(Default)]
struct Gate {
    waiting: Vec<Passing>,
    /// The last record's number and hash.
    sequence: u64,
    previous: [u8; 32],
}

pub struct Gates {
    gates: BTreeMap<(u32, bool, u32), Gate>,
    /// Batches that come in a later slot.
    later: BTreeMap<u64, Vec<Sent>>,
    slot: u64,
    random: RandomSource,
    /// Parts in a million that are signed.
    signed_ppm: u64,
    pub counts: GateCounts,
}

/// What the gates did.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct GateCounts {
    pub batches: u64,
    pub late_batches: u64,
    pub late_taps: u64,
    pub sent_twice_batches: u64,
    pub sent_twice_taps: u64,
    pub signed_batches: u64,
    pub signed_taps: u64,
}

impl Gates {
    pub fn new(random: RandomSource, signed_ppm: u64) -> Gates {
        let (gates, later) = (BTreeMap::new(), BTreeMap::new());
        Gates { gates, later, slot: 0, random, signed_ppm, counts: GateCounts::default() }
    }

    /// A rider passes; times of one call after the other must not run backwards.
    pub fn pass(&mut self, passing: Passing) {
        let number = self.random.below(u64::from(GATES_PER_DIRECTION)) as u32;
        self.gates.entry((passing.station, passing.is_entry, number)).or_default().waiting.push(passing);
    }

    /// The slot is over: what the gates hand over now, in no order.
    pub fn hand_over(&mut self, codes: &Codes) -> anyhow::Result<Vec<Sent>> {
        let mut now = self.later.remove(&self.slot).unwrap_or_default();
        let names: Vec<(u32, bool, u32)> = self.gates.keys().copied().collect();
        for name in names {
            while let Some(sent) = self.next_batch(name, codes)? {
                self.route(sent, &mut now);
            }
        }
        self.slot += 1;
        for place in (1..now.len()).rev() {
            now.swap(place, self.random.below(place as u64 + 1) as usize);
        }
        Ok(now)
    }

    /// Whether batches are still on their way.
    pub fn has_later(&self) -> bool {
        !self.later.is_empty()
    }

    fn route(&mut self, sent: Sent, now: &mut Vec<Sent>) {
        let taps = sent.batch.records.len() as u64;
        self.counts.batches += 1;
        let delay = if self.random.below(LATE_ONE_IN) == 0 { 1 + self.random.below(LATE_SLOTS_MAX) } else { 0 };
        if self.random.below(TWICE_ONE_IN) == 0 {
            self.counts.sent_twice_batches += 1;
            self.counts.sent_twice_taps += taps;
            let again = self.slot + delay + 1 + self.random.below(TWICE_SLOTS_MAX);
            self.later.entry(again).or_default().push(sent.clone());
        }
        if delay == 0 {
            now.push(sent);
        } else {
            self.counts.late_batches += 1;
            self.counts.late_taps += taps;
            self.later.entry(self.slot + delay).or_default().push(sent);
        }
    }

    fn next_batch(&mut self, name: (u32, bool, u32), codes: &Codes) -> anyhow::Result<Option<Sent>> {
        let gate = self.gates.get_mut(&name).context("a known gate")?;
        let count = gate.waiting.len().min(RECORDS_MAX);
        if count == 0 {
            return Ok(None);
        }
        let is_signed = self.signed_ppm > 0 && self.random.below(1_000_000) < self.signed_ppm;
        let text = gate_name(name.0, name.1, name.2);
        let id = text_field(&text).ok_or_else(|| anyhow!("{text} is no gate's name"))?;
        let first = gate.sequence + 1;
        let mut records = Vec::with_capacity(count);
        let waiting: Vec<Passing> = gate.waiting.drain(..count).collect();
        for passing in waiting {
            let generated = passing.at.0.div_euclid(1_000) - 1 - self.random.below(CODE_AGE_S) as i64;
            let generated = u32::try_from(generated).context("a code's time lies between 1970 and 2106")?;
            let code = if is_signed {
                codes.signed(passing.rider, generated)
            } else {
                codes.unsigned(passing.rider, generated)
            };
            gate.sequence += 1;
            let bytes = record(&passing, id, gate, &code).context("a record has its place for a code")?;
            gate.previous = TapRecord::hash(&bytes);
            records.push(bytes);
        }
        let last = gate.sequence;
        let signature = if is_signed {
            self.counts.signed_batches += 1;
            self.counts.signed_taps += count as u64;
            codes.bench().user.sign(&batch_message(&id, EPOCH, first, last, &gate.previous))
        } else {
            [0; 64]
        };
        Ok(Some(Sent { batch: GateBatch { gate: text, epoch: EPOCH, first, last, records, signature }, is_signed }))
    }
}

fn record(passing: &Passing, id: [u8; 16], gate: &Gate, code: &[u8]) -> Option<Vec<u8>> {
    let record = TapRecord {
        gate: id,
        epoch: EPOCH,
        sequence: gate.sequence,
        station: passing.station,
        line: LINE,
        direction: if passing.is_entry { Direction::In } else { Direction::Out },
        vehicle: [0; 12],
        gate_time_ms: passing.at.0,
        drift_ms: 0,
        uncertainty_ms: UNCERTAINTY_MS,
        reason: Reason::Ok,
        flags: 0,
        amount_fen: -1,
        key_set_version: 1,
        deny_home: 310_000,
        deny_sequence: 1,
        deny_age_s: DENY_AGE_S,
        fare_pack_version: 1,
        previous: gate.previous,
        code,
    };
    let mut buffer = [0; RECORD_LENGTH_MAX];
    let length = record.write(&mut buffer)?;
    Some(buffer[..length].to_vec())
}
