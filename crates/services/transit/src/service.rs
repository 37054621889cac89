//! The service's place in the kit, and its caches of parsed dated data.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{
    Applied, Context, Decision, Input, Pace, Refusal, RefusalKind, Service, ShapeProblem, Stop, StoreError, Tx, View,
};

use crate::command::{Command, Reply};
use crate::decide::timer::Due;
use crate::event::Event;
use crate::keys::IssuerKeys;
use crate::model::fare::Pack;
use crate::model::message::Message;
use crate::model::network::Network;
use crate::{apply, decide, refusal};

/// Parsed packs and maps kept at most; beyond that all are dropped and parsed again when needed.
const PARSED_MAX: usize = 256;

#[derive(Default)]
pub struct Transit {
    pub keys: IssuerKeys,
    /// Home asks for the records behind one of so many claims, by chance; 0: only when a clerk does.
    pub evidence_one_in: u32,
    networks: Parsed<Network>,
    packs: Parsed<Pack>,
}

impl Transit {
    /// The service with the issuer keys that this node holds. It asks visited cities for records only when a clerk does.
    pub fn new(keys: IssuerKeys) -> Transit {
        Transit { keys, ..Transit::default() }
    }

    /// It asks by itself too: for one of so many claims, for contested ones, and where an account was in two cities at once.
    pub fn asking_one_in(self, claims: u32) -> Transit {
        Transit { evidence_one_in: claims, ..self }
    }

    /// The map with this hash, parsed once: its paths are computed once per entry station.
    pub fn network(
        &self,
        hash: Digest,
        parse: impl FnOnce() -> Result<Network, StoreError>,
    ) -> Result<Arc<Network>, StoreError> {
        self.networks.get(hash, parse)
    }

    /// The pack with this hash, parsed once.
    pub fn pack(
        &self,
        hash: Digest,
        parse: impl FnOnce() -> Result<Pack, StoreError>,
    ) -> Result<Arc<Pack>, StoreError> {
        self.packs.get(hash, parse)
    }
}

impl Service for Transit {
    const NAME: &'static str = "transit";
    // Gates send batches, and wait for none of them.
    const PACE: Pace = Pace::Bulk;
    type Command = Command;
    type Event = Event;
    type Message = Message;
    type Timer = Due;
    type Reply = Reply;

    fn schema() -> &'static [&'static str] {
        &[include_str!("views.sql"), huitong_ledger::SCHEMA]
    }

    fn refusals() -> &'static [&'static [RefusalKind]] {
        &[refusal::ALL]
    }

    fn shape_refusal(problem: ShapeProblem) -> Refusal {
        refusal::shape(problem)
    }

    fn decide(
        &self,
        view: View<'_>,
        input: Input<Transit>,
        context: &mut Context<'_>,
    ) -> Result<Decision<Transit>, Stop> {
        match input {
            Input::Command(command) => decide::command(self, view, command, context),
            Input::Message(received) => decide::message(self, view, received, context),
            Input::Timer(due) => decide::timer::decide(self, view, due, context),
        }
    }

    fn apply(&self, tx: Tx<'_>, event: &Event, applied: &Applied) -> Result<(), StoreError> {
        apply::apply(tx, event, applied)
    }

    fn due(&self, view: View<'_>, now: Instant, limit: usize) -> Result<Vec<Due>, StoreError> {
        decide::timer::due(view, now, limit)
    }
}

/// Published data by hash. A pure cache: the text is in the views.
struct Parsed<T>(Mutex<HashMap<Digest, Arc<T>>>);

impl<T> Default for Parsed<T> {
    fn default() -> Parsed<T> {
        Parsed(Mutex::new(HashMap::new()))
    }
}

impl<T> Parsed<T> {
    fn get(&self, hash: Digest, parse: impl FnOnce() -> Result<T, StoreError>) -> Result<Arc<T>, StoreError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = known.get(&hash) {
            return Ok(Arc::clone(value));
        }
        if known.len() >= PARSED_MAX {
            known.clear();
        }
        let value = Arc::new(parse()?);
        known.insert(hash, Arc::clone(&value));
        Ok(value)
    }
}
