//! Asks the core system under test as the home node would, by the same code, and keeps what came of each post.

use std::time::{Duration, Instant};

use huitong_kernel::division::Division;
use huitong_kernel::random::RandomSource;
use huitong_kernel::suite::{PublicKey, SoftwareKey, Suite};
use huitong_medical::model::amounts::Amounts;
use huitong_medical::pool::answer::{self, Outcome, SettledByPool};
use huitong_medical::pool::ask::Step;
use huitong_medical::pool::check::{self, Asked};
use huitong_medical::pool::request::{Bill, Commit, Original, Question, Request, Reverse, Settled, Why};
use huitong_medical::query::pools::DuePost;
use huitong_service_kit::http::Clock;
use reqwest::{Client, Url};
use uuid::Uuid;

use crate::clock::SystemClock;
use crate::entropy;
use crate::pool_endpoint::config::PoolConfig;
use crate::pool_endpoint::post::{self, Posted, Sender, post};

/// Why a trial ends before its end.
pub enum Ended {
    /// The core system does not do what the rule asks.
    Broken(String),
    /// It could not be tried: there was no answer, or the core system refuses the bill.
    Untried(String),
}

pub type Trial<T> = Result<T, Ended>;

/// A question ready to be posted: the same bytes, as often as wanted.
#[derive(Clone)]
pub struct Asking {
    pub ask: Uuid,
    pub call: &'static str,
    pub body: String,
}

/// One post of the run.
pub struct Post {
    pub ask: Uuid,
    pub call: &'static str,
    pub took: Duration,
    /// Why it has no answer at all, or why its answer does not count.
    pub unanswered: Option<String>,
    pub untrusted: Option<String>,
}

pub struct Asker {
    client: Client,
    endpoint: Url,
    sender: Sender,
    stranger: Sender,
    public_key: PublicKey,
    pool: Division,
    bill: Bill,
    random: RandomSource,
    serial: u32,
    pub posts: Vec<Post>,
}

impl Asker {
    pub fn new(config: &PoolConfig, pool: Division, key: SoftwareKey, bill: Bill) -> anyhow::Result<Asker> {
        let mut random = entropy::random_source()?;
        let stranger = SoftwareKey::generate(Suite::Ed25519Sha256, &mut random);
        let sender = |key| Sender { node: "sandbox".to_owned(), key };
        Ok(Asker {
            client: post::client(config)?,
            endpoint: config.url()?,
            sender: sender(key),
            stranger: sender(stranger),
            public_key: config.public_key.clone(),
            pool,
            bill,
            random,
            serial: 0,
            posts: Vec::new(),
        })
    }

    /// A bill that was never sent, under a call of its own.
    pub fn bill(&mut self) -> (Original, Bill) {
        self.serial += 1;
        let now = SystemClock { offset_ms: 0 }.now();
        let digits: String = now.shanghai().chars().filter(char::is_ascii_digit).collect();
        let institution = self.bill.institution.clone();
        let message_id = format!("{institution}{digits}{:04}", self.serial);
        let visit = format!("S{}{}{:04}", self.pool, &digits[2..11], self.serial);
        let province = self.bill.visited_area.as_str().get(..2).unwrap_or_default();
        let visited = format!("{province}0000").parse().unwrap_or(self.bill.visited_area);
        (Original { visited, institution, message_id }, Bill { visit, ..self.bill.clone() })
    }

    pub fn asking(&mut self, question: Question) -> Asking {
        let now = SystemClock { offset_ms: 0 }.now();
        let ask = huitong_kernel::id::new_uuid(now, &mut self.random);
        let call = question.path();
        Asking { ask, call, body: Request::text(ask, self.pool, now, question) }
    }

    pub fn commit(&mut self, original: &Original, bill: &Bill, quoted: Option<Amounts>) -> Asking {
        let commit = Commit { original: original.clone(), bill: bill.clone(), quoted };
        self.asking(Question::Commit(Box::new(commit)))
    }

    pub fn reversal(&mut self, original: &Original, settled: Option<(&SettledByPool, Why)>) -> Asking {
        let why = settled.map_or(Why::Reversal, |(_, why)| why);
        // A settlement that the node has booked has a number of its own, which the core system does not know.
        let settled = settled.map(|(by_pool, _)| Settled {
            settlement: format!("A{}0000000{:06}", self.pool, self.serial),
            reference: by_pool.reference.clone(),
            fund_total_fen: by_pool.computed.computation.amounts.fund_total_fen,
        });
        self.asking(Question::Reverse(Reverse { original: original.clone(), why, settled }))
    }

    fn due(&self, asking: &Asking) -> DuePost {
        let Asking { ask, call, body } = asking.clone();
        let step = if call == "query" { Step::Query } else { Step::Call };
        DuePost { ask, pool: self.pool, step, path: call, body, books: matches!(call, "commit" | "reverse") }
    }

    /// Posts it, and takes the answer only as the node would; gives its bytes, too.
    pub async fn ask(&mut self, asking: &Asking) -> Trial<(Outcome, String)> {
        let (due, began) = (self.due(asking), Instant::now());
        let brought = post(&self.sender, &self.client, &self.endpoint, &due).await;
        self.take(asking, began.elapsed(), brought)
    }

    /// The same bytes several times at one moment.
    pub async fn ask_at_once(&mut self, asking: &Asking) -> Trial<Vec<(Outcome, String)>> {
        let (due, began) = (self.due(asking), Instant::now());
        let once = || post(&self.sender, &self.client, &self.endpoint, &due);
        let (first, second, third) = tokio::join!(once(), once(), once());
        let took = began.elapsed();
        [first, second, third].into_iter().map(|brought| self.take(asking, took, brought)).collect()
    }

    /// Under somebody else's signature: whether anything came back that reads as a settlement.
    pub async fn ask_as_a_stranger(&mut self, asking: &Asking) -> bool {
        let due = self.due(asking);
        let brought = post(&self.stranger, &self.client, &self.endpoint, &due).await;
        let read =
            |posted: Posted| answer::read(&self.public_key, due.ask, &due.body, &posted.answer, &posted.signature);
        brought.is_ok_and(|posted| matches!(read(posted), Ok(Outcome::Settled(_))))
    }

    /// Hangs up before the answer can be there.
    pub async fn hang_up(&self, asking: &Asking, after: Duration) {
        let due = self.due(asking);
        let _ = tokio::time::timeout(after, post(&self.sender, &self.client, &self.endpoint, &due)).await;
    }

    fn take(
        &mut self,
        asking: &Asking,
        took: Duration,
        brought: Result<Posted, post::NoAnswer>,
    ) -> Trial<(Outcome, String)> {
        let mut kept = Post { ask: asking.ask, call: asking.call, took, unanswered: None, untrusted: None };
        let taken = match brought {
            Err(error) => {
                kept.unanswered = Some(error.to_string());
                Err(Ended::Untried(format!("{}: {error}", asking.call)))
            }
            Ok(Posted { answer, signature }) => {
                match answer::read(&self.public_key, asking.ask, &asking.body, &answer, &signature) {
                    Ok(outcome) => Ok((outcome, answer)),
                    Err(fault) => {
                        kept.untrusted = Some(format!("the answer {fault}"));
                        Err(Ended::Untried(format!("{}: the answer {fault}", asking.call)))
                    }
                }
            }
        };
        self.posts.push(kept);
        taken
    }

    /// A commit that must be settled, and whose answer must hold.
    pub async fn settled(&mut self, commit: &Asking, bill: &Bill, quoted: Option<&Amounts>) -> Trial<SettledByPool> {
        let (outcome, _) = self.ask(commit).await?;
        settlement(outcome, bill, quoted)
    }

    pub async fn query(&mut self, original: &Original) -> Trial<Outcome> {
        let query = self.asking(Question::Query(original.clone()));
        Ok(self.ask(&query).await?.0)
    }

    /// Leaves nothing behind of a trial.
    pub async fn undo(&mut self, original: &Original, settled: &SettledByPool) -> Trial<()> {
        let reversal = self.reversal(original, Some((settled, Why::Cancel)));
        match self.ask(&reversal).await?.0 {
            Outcome::Reversed { .. } => Ok(()),
            other => Err(Ended::Broken(format!("a settlement is not taken back: {}", name(&other)))),
        }
    }
}

/// An outcome that must be a settlement which holds.
pub fn settlement(outcome: Outcome, bill: &Bill, quoted: Option<&Amounts>) -> Trial<SettledByPool> {
    let by_pool = match outcome {
        Outcome::Settled(by_pool) => *by_pool,
        Outcome::Refused(refused) => {
            let code = refused.code.unwrap_or_default();
            return Err(Ended::Untried(format!(
                "the bill is refused 费用单被拒: {code} {} {}",
                refused.reason_zh, refused.reason_en
            )));
        }
        other => return Err(Ended::Broken(format!("not settled: {}", name(&other)))),
    };
    match check::settled(&asked(bill, quoted), &by_pool) {
        Ok(()) => Ok(by_pool),
        Err(rule) => Err(Ended::Broken(format!("the settlement does not hold: {rule}"))),
    }
}

pub fn asked<'a>(bill: &Bill, quoted: Option<&'a Amounts>) -> Asked<'a> {
    Asked { sums: bill.sums, care_date: bill.care_date, account_wanted: bill.account_wanted, quoted }
}

pub fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Eligible(_) => "eligible",
        Outcome::Quoted(_) => "quoted",
        Outcome::Settled(_) => "settled",
        Outcome::Stale(_) => "stale",
        Outcome::Refused(_) => "refused",
        Outcome::NotFound => "not_found",
        Outcome::Tombstone => "tombstone",
        Outcome::Reversed { .. } => "reversed",
        Outcome::NothingBooked => "nothing_booked",
    }
}
