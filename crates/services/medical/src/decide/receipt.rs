//! The leaf of a receipt: home sends it right after the answer that carries the document, in the same decision.

use huitong_kernel::hash::Digest;
use huitong_service_kit::{Context, Decision, Outgoing, View};

use super::{Decided, Peer, reply};
use crate::model::document::SettledDocument;
use crate::model::message::Message;
use crate::model::receipt::Receipt;
use crate::query::settlements::{self, Role};
use crate::refusal;

/// Home: the receipt of a document with this leaf hash.
pub fn issue(document: &SettledDocument, leaf: Digest, from: &Peer, context: &mut Context<'_>) -> Outgoing {
    reply(context, from, Message::Receipt(Receipt::of(document, leaf)))
}

/// Visited: a receipt says what the document before it says; an alarm names one that says otherwise. What was not booked here (an alarm
/// told so) has no receipt here. It is kept as a message of the feed, and read there when it is asked for.
pub fn take(view: View<'_>, receipt: &Receipt, from: &Peer) -> Decided {
    let Some(known) = settlements::settlement(view, Role::Visited, &receipt.settlement)? else {
        return Ok(Decision::nothing());
    };
    let fits = from.is_medical() && known.home == from.jurisdiction && known.number + 1 == from.number;
    if fits && receipt.is_of(&known) { Ok(Decision::nothing()) } else { Err(refusal::DOCUMENTS_DIFFER.refuse().into()) }
}
