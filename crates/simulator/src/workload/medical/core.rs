//! Anhui's pool computes in a core system of its own. Posts to it are lost, its answers are lost, late, doubled, or come in time; now and
//! then it is silent. In the end it holds what the two nodes hold.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_medical::command::Command;
use huitong_medical::pool::ask::{PoolComputing, SignedAnswer, Step};
use huitong_medical::pool::request::Original;
use huitong_medical::query::documents;
use huitong_medical::query::pools::{DuePost, due};
use huitong_medical::query::settlements::{Role, list};
use huitong_service_kit::toml_data::json_text;
use uuid::Uuid;

use super::super::registry::pool;
use super::super::{Views, readable};
use super::{MedicalLoad, PACKS};
use crate::client::Wish;

/// What the contract asks of such a system, as the tests of medical have it.
#[path = "../../../../services/medical/tests/it/pool_core.rs"]
mod reference;

use reference::Standing;

/// The node of the pool.
const NODE: usize = 3;
/// Posts read at once.
const POSTS: usize = 50;
/// After that a post that brought nothing goes out again.
const AGAIN: DurationMs = DurationMs::seconds(3);
/// More than a run ever makes.
const ROWS: usize = 10_000;

pub struct Core {
    books: reference::Core,
    /// Posts that are not repeated yet, and until when.
    posted: BTreeMap<(Uuid, Step), Instant>,
    /// Answers under way.
    late: Vec<(Instant, SignedAnswer)>,
}

impl Default for Core {
    fn default() -> Core {
        let books = reference::Core::new(&json_text(PACKS[NODE]).expect("a pack"));
        Core { books, posted: BTreeMap::new(), late: Vec::new() }
    }
}

impl Core {
    fn answer(&mut self, post: &DuePost) -> SignedAnswer {
        let (answer, signature) = self.books.answer(&post.body);
        SignedAnswer { ask: post.ask, step: post.step, answer, signature }
    }

    /// What the pool has settled and not taken back is what home has, by the calls that named it.
    pub fn check(&self, views: &Views<'_>) -> Result<(), String> {
        let Some(view) = views.of(NODE, "medical") else { return Ok(()) };
        let mut standing = 0;
        for settlement in readable(list(view, Role::Home, None, None, ROWS))? {
            let document = documents::document(view, &settlement).map_err(|_| "a document is gone".to_owned())?;
            if document.computed_by.is_none() || settlement.contra_of.is_some() {
                continue;
            }
            let (institution, message_id) = (settlement.call.institution, settlement.call.message_id);
            let original = Original { visited: settlement.visited, institution, message_id };
            let stands_there = matches!(self.books.standing(&original), Some(Standing::Settled(_)));
            if stands_there != (settlement.state == "settled") {
                let of = &settlement.settlement;
                return Err(format!("{of} is {} at home, and the pool says {:?}", settlement.state, stands_there));
            }
            standing += u64::from(stands_there);
        }
        let there = self.books.booked - self.books.contras;
        if there == standing { Ok(()) } else { Err(format!("{standing} stand at home, {there} at the pool")) }
    }
}

impl MedicalLoad {
    pub fn set_computing(&mut self, delegated: bool) -> Wish {
        let key = self.core.books.public_key();
        self.wish(NODE, "node", format!("the pool computes: {delegated}"), move || {
            let public_key = key.parse().expect("a key");
            Command::SetPoolComputing(PoolComputing {
                pool: pool(NODE).parse().expect("a code"),
                delegated,
                public_key,
                has_endpoint: true,
            })
        })
    }

    fn give(&mut self, answer: SignedAnswer) -> Wish {
        self.wish(NODE, "node", format!("answer to {}", answer.ask), move || Command::TakePoolAnswer(answer.clone()))
    }

    fn miss(&mut self, post: &DuePost) -> Wish {
        let (ask, step) = (post.ask, post.step);
        self.reach("pool answers lost");
        self.wish(NODE, "node", format!("no answer to {ask}"), move || Command::MissPoolAnswer { ask, step })
    }

    /// Posts what waits for the pool, and gives back what has come.
    pub fn at_core(&mut self, node: usize, now: Instant, views: &Views<'_>, random: &mut RandomSource) -> Vec<Wish> {
        let view = views.of(node, "medical").filter(|_| node == NODE);
        let Some(view) = view else { return Vec::new() };
        let (come, late) = std::mem::take(&mut self.core.late).into_iter().partition(|(at, _)| *at <= now);
        self.core.late = late;
        let mut wishes: Vec<Wish> = Vec::from_iter(come).into_iter().map(|(_, answer)| self.give(answer)).collect();
        self.core.posted.retain(|_, until| *until > now);
        for post in due(view, pool(NODE).parse().expect("a code"), None, POSTS).unwrap_or_default() {
            if let Entry::Vacant(free) = self.core.posted.entry((post.ask, post.step)) {
                free.insert(now + AGAIN);
                wishes.extend(self.post(&post, now, random));
            }
        }
        wishes
    }

    fn post(&mut self, post: &DuePost, now: Instant, random: &mut RandomSource) -> Vec<Wish> {
        match random.below(10) {
            // Lost on the way, or the answer is.
            0 => vec![self.miss(post)],
            1 => {
                self.core.answer(post);
                vec![self.miss(post)]
            }
            2 => {
                self.reach("pool silent");
                Vec::new()
            }
            3 | 4 => {
                self.reach("pool answers late");
                let at = now + DurationMs(random.below(20_000) as i64);
                let answer = self.core.answer(post);
                self.core.late.push((at, answer));
                Vec::new()
            }
            5 => {
                self.reach("pool answers doubled");
                let answer = self.core.answer(post);
                vec![self.give(answer.clone()), self.give(answer)]
            }
            _ => {
                let answer = self.core.answer(post);
                vec![self.give(answer)]
            }
        }
    }
}
