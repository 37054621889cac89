//! Codes verified again, each from its received bytes, spread over the cores.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Condvar, Mutex, PoisonError};

use huitong_kernel::division::Division;
use huitong_service_kit::{StoreError, View};
use huitong_transit_code::Reason;
use huitong_transit_code::cache::{Slot, Slots};
use huitong_transit_code::chain::{Checked, Checker, TimeRules};
use huitong_transit_code::key_set::KeySet;
use huitong_transit_code::record::TapRecord;
use huitong_transit_code::signature::RustCrypto;

use super::batch::{Hashed, effective};
use crate::Transit;
use crate::model::key_set::KeySetText;
use crate::query::{dated, json};

/// What the node found of a record's code.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The gate let nobody pass; there is nothing to verify.
    NotOpened,
    Verified(Box<Verified>),
    /// The gate opened to what it should not have opened to.
    NotVerified(Reason),
}

/// A code that is what it claims to be.
#[derive(Clone, Debug)]
pub struct Verified {
    pub code: Checked,
    /// The city whose account pays, by the key set's issuers.
    pub city: Division,
}

/// Slots of the caches: issuers of a region, authorisations of a few minutes.
const CERTIFICATE_SLOTS: usize = 64;
const AUTHORISATION_SLOTS: usize = 16_384;
/// For the records of one trip, or of one batch at an audit.
const FEW_SLOTS: usize = 16;
/// Below this many codes a second thread costs more than it saves.
const CODES_PER_WORKER: usize = 8;
/// Seconds are cut at the gate and here: one may be lost between them.
const CUT_S: i64 = 1;

/// What was verified before, kept between batches; one cache a worker.
pub struct Verifier {
    caches: Mutex<Vec<Cache>>,
    workers: usize,
    /// Batches being verified. More of them at once would not be done sooner, only hold more memory; they wait.
    running: Mutex<usize>,
    ended: Condvar,
}

/// A batch's turn; ends when dropped.
struct Turn<'v>(&'v Verifier);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.running.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.ended.notify_one();
    }
}

struct Cache {
    certificates: Vec<Slot>,
    authorisations: Vec<Slot>,
}

impl Cache {
    fn of(certificates: usize, authorisations: usize) -> Cache {
        Cache {
            certificates: vec![Slot::default(); certificates],
            authorisations: vec![Slot::default(); authorisations],
        }
    }
}

impl Verifier {
    /// A verifier on so many threads.
    pub fn new(workers: usize) -> Verifier {
        let workers = workers.max(1);
        Verifier { caches: Mutex::default(), workers, running: Mutex::default(), ended: Condvar::new() }
    }

    fn turn(&self) -> Turn<'_> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.ended.wait_while(running, |running| *running >= self.workers);
        *waited.unwrap_or_else(PoisonError::into_inner) += 1;
        Turn(self)
    }

    fn cache(&self) -> Cache {
        let kept = self.caches.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| Cache::of(CERTIFICATE_SLOTS, AUTHORISATION_SLOTS))
    }

    fn keep(&self, cache: Cache) {
        let mut caches = self.caches.lock().unwrap_or_else(PoisonError::into_inner);
        if caches.len() < self.workers {
            caches.push(cache);
        }
    }

    pub(super) fn outcomes(&self, rules: &Rules, records: &[Hashed<'_>]) -> Vec<Outcome> {
        let _turn = self.turn();
        let share = records.len().div_ceil(self.workers).max(CODES_PER_WORKER);
        let part = |records: &[Hashed<'_>]| {
            let mut cache = self.cache();
            let outcomes: Vec<Outcome> = records.iter().map(|(record, _)| rules.outcome(record, &mut cache)).collect();
            self.keep(cache);
            outcomes
        };
        if records.len() <= share {
            return part(records);
        }
        std::thread::scope(|scope| {
            let parts: Vec<_> = records.chunks(share).map(|records| scope.spawn(move || part(records))).collect();
            let joined = parts.into_iter().map(|part| part.join().expect("verification does not panic"));
            joined.flatten().collect()
        })
    }
}

/// The city of each issuer.
type Cities = HashMap<[u8; 4], Division>;

/// The key sets that the records name, and the time rules of the network.
pub(super) struct Rules {
    key_sets: BTreeMap<u32, (Vec<u8>, Cities)>,
    time: TimeRules,
}

impl Rules {
    pub(super) fn read(
        transit: &Transit,
        view: View<'_>,
        network: Division,
        records: &[Hashed<'_>],
    ) -> Result<Rules, StoreError> {
        let map = dated::current_map(transit, view, network)?;
        Rules::with_skew(view, map.map(|map| map.map.parameters.skew_s), records)
    }

    /// The rules under which records that are held can have been verified: by the widest window of the network's maps.
    pub(super) fn widest(view: View<'_>, network: Division, records: &[Hashed<'_>]) -> Result<Rules, StoreError> {
        let maps = dated::maps_of(view, network)?;
        Rules::with_skew(view, maps.iter().map(|map| map.parameters.skew_s).max(), records)
    }

    fn with_skew(view: View<'_>, skew_s: Option<u32>, records: &[Hashed<'_>]) -> Result<Rules, StoreError> {
        let mut time = TimeRules::default();
        time.skew_s = skew_s.map_or(time.skew_s, i64::from) + CUT_S;
        let mut key_sets = BTreeMap::new();
        for (record, _) in records.iter().filter(|(record, _)| record.reason == Reason::Ok) {
            if key_sets.contains_key(&record.key_set_version) {
                continue;
            }
            if let Some((text, bytes)) = dated::key_set_of(view, record.key_set_version)? {
                let text: KeySetText = json(&text)?;
                key_sets.insert(record.key_set_version, (bytes, cities(&text)));
            }
        }
        Ok(Rules { key_sets, time })
    }

    /// Few codes, one after the other.
    pub(super) fn outcomes(&self, records: &[Hashed<'_>]) -> Vec<Outcome> {
        let mut cache = Cache::of(FEW_SLOTS, FEW_SLOTS);
        records.iter().map(|(record, _)| self.outcome(record, &mut cache)).collect()
    }

    fn outcome(&self, record: &TapRecord<'_>, cache: &mut Cache) -> Outcome {
        if record.reason != Reason::Ok {
            return Outcome::NotOpened;
        }
        let Some((bytes, cities)) = self.key_sets.get(&record.key_set_version) else {
            return Outcome::NotVerified(Reason::KeySet);
        };
        let mut slots = Slots { certificates: &mut cache.certificates, authorisations: &mut cache.authorisations };
        let mut checker = Checker { signatures: &RustCrypto, cache: &mut slots, rules: self.time };
        let now = effective(record).0.div_euclid(1_000);
        match checker.check(record.code, KeySet::parse(bytes).ok().as_ref(), now) {
            Err(failure) => Outcome::NotVerified(failure.reason),
            Ok(code) => match cities.get(&code.account.issuer) {
                Some(city) => Outcome::Verified(Box::new(Verified { code, city: *city })),
                None => Outcome::NotVerified(Reason::AccountType),
            },
        }
    }
}

fn cities(text: &KeySetText) -> Cities {
    let issuer = |text: &str| {
        let mut bytes = [0; 4];
        hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
    };
    text.issuers.iter().filter_map(|known| Some((issuer(&known.issuer)?, known.city))).collect()
}
