//! Home: what the core system of a pool computes. `asking.rs` books the question, a worker of the node posts it, `answered.rs` takes
//! what the pool has signed; then the visited node is answered as if this node had computed.
//!
//! A settling call goes through three steps, as a call of visited does towards home (section 7): it is posted; when its answer is
//! missing, the pool is queried; what is not found there, or does not count, is reversed, and its tombstone set here and there.

mod answered;
pub mod asking;
mod computing;
mod missing;
mod offered;
mod settled;
mod taken_back;

use huitong_service_kit::{Context, Decision, Refusal, StoreError, View};

pub use answered::answered;
pub use computing::set_computing;
pub use missing::{missed, missed_deadline};

use super::{Decided, Peer, reply};
use crate::event::Event;
use crate::model::message::{Answered, CallReference, CommitAnswer, CommitOutcome, Message};
use crate::pool::SILENT_AGAIN;
use crate::pool::ask::{Asker, Owed, PoolAsk};
use crate::{Medical, refusal};

impl Peer {
    /// Who waits for the answer to this message.
    pub fn asker(&self) -> Asker {
        Asker { jurisdiction: self.jurisdiction, cycle: self.cycle, episode: self.episode }
    }

    /// The visited node that is owed an answer; the message itself has been taken before.
    pub fn waiting(asker: &Asker) -> Peer {
        Peer {
            jurisdiction: asker.jurisdiction,
            service: <Medical as huitong_service_kit::Service>::NAME.to_owned(),
            number: 0,
            leaf: huitong_kernel::hash::Digest::ZERO,
            cycle: asker.cycle,
            episode: asker.episode,
        }
    }
}

/// Nothing is booked, and the visited node is told why.
fn refuse(ask: &PoolAsk, refusal: Refusal, context: &mut Context<'_>) -> Decision<Medical> {
    let peer = Peer::waiting(&ask.asker);
    let message = match &ask.owed {
        Owed::Eligibility { correlation, .. } => {
            Message::EligibilityAnswer(Answered { correlation: correlation.clone(), result: Err(refusal) })
        }
        Owed::Quote { correlation, .. } => {
            Message::QuoteAnswer(Answered { correlation: correlation.clone(), result: Err(refusal) })
        }
        Owed::Renewal { call, .. } => commit_answer(call, CommitOutcome::Refused(refusal)),
        Owed::Settlement(settling) => commit_answer(&settling.call, CommitOutcome::Refused(refusal)),
        Owed::TakeBack { .. } => return taken_back::refuse(ask, refusal, context),
    };
    let mut decision = Decision::nothing();
    decision.events.extend(settled::visit_given_up(ask));
    ended(decision, ask).message(reply(context, &peer, message))
}

fn commit_answer(call: &CallReference, outcome: CommitOutcome) -> Message {
    let CallReference { institution, message_id } = call.clone();
    Message::CommitAnswer(CommitAnswer { institution, message_id, outcome })
}

fn ended(decision: Decision<Medical>, ask: &PoolAsk) -> Decision<Medical> {
    decision.event(Event::PoolEnded { ask: ask.ask })
}

/// Tells the duty officer; the same sentence once in [`SILENT_AGAIN`]. Gives whether it was new.
fn alarm(
    view: View<'_>,
    decision: Decision<Medical>,
    sentence: String,
    context: &Context<'_>,
) -> Result<(Decision<Medical>, bool), StoreError> {
    let since = huitong_kernel::time::Instant(context.now.0 - SILENT_AGAIN.0);
    let is_new = !huitong_service_kit::stream::alarms::was_told(view, &sentence, since)?;
    Ok((if is_new { decision.alarm(sentence) } else { decision }, is_new))
}

/// The answer of the pool is wrong, and the question can end without anything being booked there.
fn wrong(view: View<'_>, ask: &PoolAsk, rule: &str, context: &mut Context<'_>) -> Decided {
    let decision = refuse(ask, refusal::POOL_ANSWER_WRONG.with("pool", ask.pool), context);
    Ok(alarm(view, decision, wrong_sentence(ask, rule), context)?.0)
}

fn wrong_sentence(ask: &PoolAsk, rule: &str) -> String {
    format!("pool {}: an answer to {} is wrong ({rule}); nothing was booked", ask.pool, ask.owed.path())
}
