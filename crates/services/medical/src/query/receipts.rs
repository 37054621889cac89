//! Receipts of settlements: their tokens, and whether what they say still stands.

use huitong_kernel::checkpoint::SignedNote;
use huitong_kernel::hash::HashFunction;
use huitong_service_kit::{Envelope, Stop, StoreError, View, params};
use huitong_store::feeds;

use super::documents::feed_to_visited;
use super::settlements::{self, Role, Settlement};
use super::trees::FeedTrees;
use crate::model::message::Message;
use crate::model::receipt::token::Token;
use crate::model::receipt::{Receipt, verify::Verified};
use crate::refusal;

/// The token of a settlement: home's receipt follows its document in the feed, and a checkpoint that visited has receipted covers
/// both.
pub fn token(
    view: View<'_>,
    trees: &FeedTrees,
    function: HashFunction,
    settlement: &Settlement,
) -> Result<Token, Stop> {
    let (feed, number) = (feed_to_visited(settlement), settlement.number + 1);
    let message = feeds::message(view, &feed, number)?.ok_or_else(|| refusal::RECEIPT_PENDING.refuse())?;
    let envelope: Option<Envelope<Message>> = serde_json::from_slice(&message).ok();
    match envelope.map(|envelope| envelope.message) {
        Some(Message::Receipt(receipt)) if receipt.is_of(settlement) => {}
        _ => return Err(refusal::NO_RECEIPT.refuse().into()),
    }
    let note = feeds::evidence_over(view, &feed, number)?.ok_or_else(|| refusal::RECEIPT_PENDING.refuse())?;
    let damaged = || StoreError::Damaged(format!("the note over message {number} of {feed} cannot be read"));
    let note: SignedNote = note.parse().map_err(|_| damaged())?;
    let size = note.checkpoint().map_err(|_| damaged())?.size;
    let path = trees.path(view, function, &feed, number, size)?;
    Ok(Token::new(&feed, number, message, path, &note).ok_or_else(damaged)?)
}

impl Receipt {
    /// Whether it says what the book says of the settlement, and adds up.
    pub fn is_of(&self, known: &Settlement) -> bool {
        let said = (&self.settlement, &self.contra_of, self.document, self.settled_at);
        let sums = (self.total_fen, self.fund_fen, self.person_fen, self.account_fen, self.cash_fen);
        said == (&known.settlement, &known.contra_of, known.document, known.settled_at)
            && sums
                == (known.total_fen, known.fund_total_fen, known.person_total_fen, known.account_fen, known.cash_fen)
            && self.adds_up()
    }
}

/// How a proved settlement stands in this node's book, on whichever side it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// This node has no part in it.
    NotHere,
    Stands,
    /// Taken back by the contra with this number.
    Cancelled {
        contra: Option<String>,
    },
}

/// Asked only with what a verified receipt says: who does not hold one learns nothing.
pub fn standing(view: View<'_>, verified: &Verified) -> Result<Standing, StoreError> {
    let known = |role| settlements::settlement(view, role, &verified.receipt.settlement);
    let (role, found) = match known(Role::Visited)? {
        Some(found) => (Role::Visited, Some(found)),
        None => (Role::Home, known(Role::Home)?),
    };
    let Some(found) = found.filter(|found| found.document == verified.receipt.document) else {
        return Ok(Standing::NotHere);
    };
    if found.state != "cancelled" {
        return Ok(Standing::Stands);
    }
    let contra = view.one(
        "SELECT settlement FROM settlement WHERE role = ?1 AND visit = ?2 AND batch = ?3 AND contra_of = ?4 LIMIT 1",
        params![role.name(), found.visit, found.batch, found.settlement],
        |row| row.get(0),
    )?;
    Ok(Standing::Cancelled { contra })
}
