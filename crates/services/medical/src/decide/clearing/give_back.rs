//! A contest (争议) has ended so that the debtor need not pay: visited asks home for the contra (撤销), as a hospital would.

use huitong_kernel::money::Fen;
use huitong_ledger::clearing::{GiveBack, GivenBack};
use huitong_service_kit::{Context, Decision, Refusal, StoreError, View};

use super::super::{Decided, Peer, cancel};
use super::tell;
use crate::model::message::Message;
use crate::query::settlements::{self, Role, Settlement};
use crate::refusal;

/// Asks home, and tells clearing at once that it is asked; the contra comes as a document of its own.
pub fn give_back(view: View<'_>, wish: &GiveBack, from: &Peer, context: &mut Context<'_>) -> Decided {
    let mut decision = Decision::nothing();
    let refused = match whole(view, wish)? {
        Ok(known) => {
            let cycle = context.new_uuid();
            let (event, message) = cancel::question(known, cancel::Way::Refund, cycle, context);
            decision = decision.event(event).message(message);
            None
        }
        Err(refusal) => Some(refusal.code),
    };
    let answer = Message::GivenBack(GivenBack { contest: wish.contest, refused });
    Ok(decision.message(tell(context, from.cycle, from.episode, answer)))
}

/// The settlement, if it stands here and is to be given back as a whole: a bill is priced as one, and has no parts that could
/// be taken back alone.
fn whole(view: View<'_>, wish: &GiveBack) -> Result<Result<Settlement, Refusal>, StoreError> {
    let known = settlements::settlement(view, Role::Visited, &wish.number)?;
    let Some(known) = known.filter(|known| known.document == wish.document) else {
        return Ok(Err(refusal::SETTLEMENT_UNKNOWN.refuse()));
    };
    if known.contra_of.is_some() || wish.amount_fen != Fen::ZERO {
        return Ok(Err(refusal::ONLY_WHOLE_GIVEN_BACK.refuse()));
    }
    if known.state != "settled" {
        return Ok(Err(refusal::ALREADY_CANCELLED.refuse()));
    }
    Ok(Ok(known))
}
