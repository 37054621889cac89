//! The desk of one pool: takes what waits, posts some of it at a time, gives the answers back.

use std::collections::HashSet;
use std::sync::Arc;

use huitong_kernel::division::Division;
use huitong_medical::command::{Command, Reply};
use huitong_medical::pool::ask::{SignedAnswer, Step};
use huitong_medical::query::pools::{self, DuePost};
use huitong_service_kit::stream::CallFailure;
use huitong_store::StoreError;
use reqwest::{Client, Url};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::config::PoolConfig;
use super::pauses::Pauses;
use super::post::{self, NoAnswer, Posted, post};
use super::{Office, POLL};
use crate::transport::told_to_stop;

/// Posts to one pool under way at a time.
const IN_FLIGHT_MAX: usize = 32;
/// Questions read at once, and so often in one turn.
const PAGE: usize = 64;
const PAGES_MAX: usize = 16;
/// A settling call that nobody has taken is tried so often before its outcome counts as unknown.
const UNREACHED_TRIES: u32 = 3;

pub struct Desk {
    office: Arc<Office>,
    pool: Division,
    endpoint: Url,
    client: Client,
    in_flight: HashSet<Uuid>,
    pauses: Pauses,
}

/// How a post ended.
struct Ended {
    ask: Uuid,
    /// Whether the question has gone on by it.
    went_on: bool,
}

impl Desk {
    pub fn new(office: Arc<Office>, pool: Division, config: &PoolConfig) -> anyhow::Result<Desk> {
        let (endpoint, client) = (config.url()?, post::client(config)?);
        Ok(Desk { office, pool, endpoint, client, in_flight: HashSet::new(), pauses: Pauses::default() })
    }

    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut posts: JoinSet<Ended> = JoinSet::new();
        loop {
            if self.office.stream.is_leading() {
                match self.waiting(IN_FLIGHT_MAX - posts.len()) {
                    Ok(waiting) => waiting.into_iter().for_each(|due| self.start(due, &mut posts)),
                    Err(error) => tracing::error!(pool = %self.pool, %error, "what waits for the pool cannot be read"),
                }
            }
            tokio::select! {
                Some(ended) = posts.join_next() => match ended {
                    Ok(ended) => self.take(&ended),
                    Err(error) => tracing::error!(pool = %self.pool, %error, "a post broke off"),
                },
                () = tokio::time::sleep(POLL) => {}
                () = told_to_stop(&mut stop) => return,
            }
        }
    }

    /// What can be posted now, at most `free`.
    fn waiting(&self, free: usize) -> Result<Vec<DuePost>, StoreError> {
        let (now, mut found, mut after) = (Instant::now(), Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let page = self.office.stream.readers().view(|view| pools::due(view, self.pool, after, PAGE))?;
            after = page.last().map(|due| due.ask);
            let is_last = page.len() < PAGE;
            let is_free = |due: &DuePost| !self.in_flight.contains(&due.ask) && self.pauses.is_over(due.ask, now);
            found.extend(page.into_iter().filter(is_free));
            if is_last || found.len() >= free {
                break;
            }
        }
        found.truncate(free);
        Ok(found)
    }

    /// What a post brings goes back from its own task: so the writer takes the answers to many in one group.
    fn start(&mut self, due: DuePost, posts: &mut JoinSet<Ended>) {
        self.in_flight.insert(due.ask);
        let tries = self.pauses.tries(due.ask) + 1;
        let (office, client, endpoint) = (Arc::clone(&self.office), self.client.clone(), self.endpoint.clone());
        posts.spawn(async move {
            let brought = post(&office.sender, &client, &endpoint, &due).await;
            Ended { ask: due.ask, went_on: give_back(&office, &due, brought, tries).await }
        });
    }

    fn take(&mut self, Ended { ask, went_on }: &Ended) {
        self.in_flight.remove(ask);
        if *went_on {
            self.pauses.end(*ask);
        } else {
            self.pauses.lengthen(*ask, Instant::now());
        }
    }
}

/// Tells medical what a post has brought; gives whether the question has gone on by it.
async fn give_back(office: &Office, due: &DuePost, brought: Result<Posted, NoAnswer>, tries: u32) -> bool {
    let (posts, ask) = (office.stream.service().posts(), due.ask);
    let fault = brought.as_ref().err().map(ToString::to_string);
    let went_on = told(office, due, brought, tries).await;
    if went_on {
        posts.forget(ask);
    } else {
        posts.count(ask, office.clock.now(), fault.as_deref().unwrap_or("the answer had no effect"));
    }
    went_on
}

async fn told(office: &Office, due: &DuePost, brought: Result<Posted, NoAnswer>, tries: u32) -> bool {
    let DuePost { ask, pool, step, .. } = *due;
    let command = match brought {
        Ok(Posted { answer, signature }) => Command::TakePoolAnswer(SignedAnswer { ask, step, answer, signature }),
        Err(error) => {
            tracing::warn!(%pool, %ask, step = step.name(), tries, %error, "the pool gave no answer");
            let is_unreached = matches!(error, NoAnswer::Unreached(_)) && tries < UNREACHED_TRIES;
            // Of a question that books nothing there is nothing to say: it is posted again until its time is over.
            if !due.books || step != Step::Call || is_unreached {
                return false;
            }
            Command::MissPoolAnswer { ask, step }
        }
    };
    match office.tell(command).await {
        Ok(Reply::PoolTaken(taken)) => taken,
        Ok(_) => false,
        Err(CallFailure::Refused(refusal)) => {
            tracing::warn!(%pool, %ask, code = refusal.code, "what the pool has said has no effect");
            false
        }
        Err(error) => {
            tracing::warn!(%pool, %ask, %error, "the pool will be asked again");
            false
        }
    }
}
