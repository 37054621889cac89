//! What medical and the clearing of its own node tell each other, by feeds within the node; and the markers of periods that the
//! medical services of two nodes send each other.
//!
//! A document moves money by exactly one message of the lane home>visited: home's answer that carries it. Home tells its
//! clearing when it sends that message, visited when it takes it and books. Both name the message's number and its hash, so that
//! both clearings hold the same list for every lane.

mod cleared;
mod cut;
mod give_back;

use huitong_kernel::feed::Address;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_ledger::clearing::{Document, Documents};
use huitong_service_kit::{Context, Envelope, Outgoing, View};
use uuid::Uuid;

use super::{Decided, Peer};
use crate::accounts::{self, Side};
use crate::event::SettlementBooked;
use crate::model::message::Message;
use crate::query::settlements::Settlement;
use crate::refusal;

/// The service of this node that clears.
const CLEARING: &str = "clearing";

/// Kinds of documents.
const SETTLEMENT: &str = "settlement";
const CONTRA: &str = "contra";

/// Takes what concerns clearing: from the clearing of this node, or a marker from a peer's medical.
pub fn take(view: View<'_>, message: Message, from: &Peer, context: &mut Context<'_>) -> Decided {
    let is_own_clearing = from.service == CLEARING && from.jurisdiction == context.home.jurisdiction;
    match message {
        Message::PeriodMarker(marker) if from.is_medical() && from.jurisdiction != context.home.jurisdiction => {
            Ok(cut::marked(&marker, from, context))
        }
        Message::Cut(cut) if is_own_clearing => cut::cut(view, &cut, from, context),
        Message::GiveBack(wish) if is_own_clearing => give_back::give_back(view, &wish, from, context),
        Message::Cleared(cleared) if is_own_clearing => cleared::book(view, cleared, context),
        _ => Err(refusal::NOT_OWN_CLEARING.refuse().into()),
    }
}

/// What a booked document means between the two jurisdictions, for the clearing of this node. `original` is what a contra
/// changes. The parts are read from the transfers, so that what is told is what is booked.
pub fn told(
    booked: &SettlementBooked,
    day: Date,
    original: Option<&Settlement>,
    from: &Peer,
    context: &mut Context<'_>,
) -> Outgoing {
    let own = context.home.jurisdiction;
    let parts = if own == booked.home {
        accounts::by_part(&booked.transfers, Side::Home, booked.visited)
    } else {
        accounts::by_part(&booked.transfers, Side::Visited, booked.home)
    };
    let document = Document {
        id: booked.document,
        number: booked.settlement.clone(),
        creditor: booked.visited,
        debtor: booked.home,
        day,
        amount_fen: parts.values().copied().sum::<Fen>(),
        kind: if original.is_some() { CONTRA } else { SETTLEMENT }.to_owned(),
        of: original.map(|original: &Settlement| -> Digest { original.document }),
        parts: parts.into_iter().collect(),
    };
    let documents =
        Documents { from: booked.home, to: booked.visited, number: booked.number, documents: vec![document] };
    tell(context, from.cycle, from.episode, Message::Documents(documents))
}

/// A message to the clearing of this node. Where none runs, it waits in the feed.
fn tell(context: &mut Context<'_>, cycle: Uuid, episode: Uuid, message: Message) -> Outgoing {
    let envelope = Envelope { id: context.new_uuid(), cycle, episode, at: context.now, message };
    Outgoing::new(Address::new(context.home.jurisdiction, CLEARING), &envelope)
}
