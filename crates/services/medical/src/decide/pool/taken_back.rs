//! What the pool has settled is taken back there first, then here.

use huitong_service_kit::{Context, Decision, Refusal, View};

use super::super::cancel::give_back;
use super::super::{Decided, Peer, reply};
use super::settled::evidence;
use super::{ended, wrong};
use crate::model::document::SettledDocument;
use crate::model::message::{CallReference, CancelAnswer, Message, ReverseAnswer, ReverseOutcome};
use crate::pool::answer::Outcome;
use crate::pool::ask::{Owed, PoolAsk, SignedAnswer};
use crate::query::settlements::{self, Role};
use crate::{Medical, refusal};

pub fn taken_back(
    view: View<'_>,
    ask: &PoolAsk,
    signed: &SignedAnswer,
    outcome: Outcome,
    context: &mut Context<'_>,
) -> Decided {
    let Owed::TakeBack { settlement, .. } = &ask.owed else {
        return wrong(view, ask, "it is of another kind", context);
    };
    let known = settlements::settlement(view, Role::Home, settlement)?.filter(|known| known.state == "settled");
    let reference = match outcome {
        Outcome::Reversed { reference } => reference,
        // It was taken back by another question in the meantime.
        Outcome::Refused(_) if known.is_none() => {
            return Ok(refuse(ask, refusal::ALREADY_CANCELLED.refuse(), context));
        }
        Outcome::Refused(refused) => {
            let said = refused.refusal();
            // Whether it stands in the books of the two nodes, this node says.
            let is_ours = said.code == refusal::ALREADY_CANCELLED.code;
            let said = if is_ours { refusal::POOL_ANSWER_WRONG.with("pool", ask.pool) } else { said };
            return Ok(refuse(ask, said, context));
        }
        _ => return wrong(view, ask, "it does not know what it has settled", context),
    };
    let Some(known) = known else { return Ok(refuse(ask, refusal::ALREADY_CANCELLED.refuse(), context)) };
    let peer = Peer::waiting(&ask.asker);
    let reference: String = reference.chars().take(crate::pool::answer::TEXT_CHARACTERS_MAX).collect();
    let answer = |contra| answer(ask, Ok(contra));
    Ok(ended(give_back(view, &known, Some(evidence(reference, signed)), answer, &peer, context)?, ask))
}

/// It stands.
pub fn refuse(ask: &PoolAsk, refusal: Refusal, context: &mut Context<'_>) -> Decision<Medical> {
    let message = reply(context, &Peer::waiting(&ask.asker), answer(ask, Err(refusal)));
    ended(Decision::nothing(), ask).message(message)
}

/// The answer to a cancellation goes under its correlation, that to a reversal under the call.
fn answer(ask: &PoolAsk, result: Result<SettledDocument, Refusal>) -> Message {
    match &ask.owed {
        Owed::TakeBack { correlation: Some(correlation), .. } => {
            Message::CancelAnswer(CancelAnswer { correlation: correlation.clone(), result: result.map(Box::new) })
        }
        owed => {
            let none = CallReference { institution: String::new(), message_id: String::new() };
            let CallReference { institution, message_id } = owed.call().cloned().unwrap_or(none);
            let outcome = match result {
                Ok(contra) => ReverseOutcome::Reversed(Box::new(contra)),
                Err(refusal) => ReverseOutcome::Refused(refusal),
            };
            Message::ReverseAnswer(ReverseAnswer { institution, message_id, outcome })
        }
    }
}
