//! The service's place in the kit, and its caches of parsed dated data.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{
    Applied, Context, Decision, Input, Refusal, RefusalKind, Service, ShapeProblem, Stop, StoreError, Tx, View,
};

use crate::command::{Command, Reply};
use crate::decide::timer::Due;
use crate::event::Event;
use crate::model::catalogue::IndexedCatalogue;
use crate::model::message::Message;
use crate::model::policy::Pack;
use crate::pool::posts::PostsInVain;
use crate::query::trees::FeedTrees;
use crate::{apply, decide, http, refusal};

/// Parsed packs and catalogues kept at most; beyond that all are dropped and parsed again when needed.
const PARSED_MAX: usize = 256;

#[derive(Default)]
pub struct Medical {
    packs: Parsed<Pack>,
    catalogues: Parsed<IndexedCatalogue>,
    trees: FeedTrees,
    posts: PostsInVain,
}

impl Service for Medical {
    const NAME: &'static str = "medical";
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

    fn extension(refusal: &Refusal) -> Option<(&'static str, serde_json::Value)> {
        http::filing_effect::member(refusal)
    }

    fn shape_refusal(problem: ShapeProblem) -> Refusal {
        refusal::shape(problem)
    }

    fn decide(
        &self,
        view: View<'_>,
        input: Input<Medical>,
        context: &mut Context<'_>,
    ) -> Result<Decision<Medical>, Stop> {
        match input {
            Input::Command(command) => decide::command(self, view, command, context),
            Input::Message(received) => decide::message(self, view, received, context),
            Input::Timer(due) => decide::timer::decide(view, due, context),
        }
    }

    fn apply(&self, tx: Tx<'_>, event: &Event, applied: &Applied) -> Result<(), StoreError> {
        apply::apply(tx, event, applied)
    }

    fn due(&self, view: View<'_>, now: Instant, limit: usize) -> Result<Vec<Due>, StoreError> {
        decide::timer::due(view, now, limit)
    }
}

impl Medical {
    /// The pack with this hash, parsed once.
    pub fn pack(
        &self,
        hash: Digest,
        text: impl FnOnce() -> Result<String, StoreError>,
    ) -> Result<Arc<Pack>, StoreError> {
        self.packs.get(hash, || Ok(serde_json::from_str(&text()?)?))
    }

    /// The catalogue with this hash, parsed and indexed once.
    pub fn catalogue(
        &self,
        hash: Digest,
        text: impl FnOnce() -> Result<String, StoreError>,
    ) -> Result<Arc<IndexedCatalogue>, StoreError> {
        self.catalogues.get(hash, || Ok(IndexedCatalogue::new(serde_json::from_str(&text()?)?)))
    }
}

impl Medical {
    /// The trees of feeds, as far as they were asked for.
    pub fn trees(&self) -> &FeedTrees {
        &self.trees
    }

    /// Posts to core systems of pools that brought nothing.
    pub fn posts(&self) -> &PostsInVain {
        &self.posts
    }
}

/// Dated data by hash. A pure cache: the text is in the views.
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
