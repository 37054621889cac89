//! Settled documents and split lines, read from the journal's own bytes.

use huitong_kernel::feed::{Address, Feed};
use huitong_service_kit::{Envelope, Service, Stop, StoreError, View};

use super::settlements::Settlement;
use super::{calls, text, visits};
use crate::Medical;
use crate::model::document::SettledDocument;
use crate::model::lines::SplitLine;
use crate::model::message::{CommitOutcome, Message, ReverseOutcome};

/// The feed in which the document of a settlement came.
pub fn feed_to_visited(settlement: &Settlement) -> Feed {
    let address = |division| Address::new(division, Medical::NAME);
    Feed::new(address(settlement.home), address(settlement.visited))
}

/// The document of a settlement: the message that home sent and visited received.
pub fn document(view: View<'_>, settlement: &Settlement) -> Result<SettledDocument, Stop> {
    let bytes = huitong_store::feeds::message(view, &feed_to_visited(settlement), settlement.number)?;
    let missing = || StoreError::Damaged(format!("the document of {} is gone", settlement.settlement));
    let envelope: Envelope<Message> = serde_json::from_slice(&bytes.ok_or_else(missing)?).map_err(StoreError::from)?;
    let document = match envelope.message {
        Message::CommitAnswer(answer) => match answer.outcome {
            CommitOutcome::Settled(document) => Some(document),
            CommitOutcome::Stale { .. } | CommitOutcome::Refused(_) => None,
        },
        Message::ReverseAnswer(answer) => match answer.outcome {
            ReverseOutcome::Reversed(document) => Some(document),
            ReverseOutcome::NothingBooked | ReverseOutcome::Refused(_) => None,
        },
        Message::CancelAnswer(answer) => answer.result.ok(),
        _ => None,
    };
    Ok(*document.ok_or_else(missing)?)
}

/// The split lines that a message from visited to home carries: a bill or a question for a quote.
pub fn lines_of(message: &Message) -> Result<Option<Vec<SplitLine>>, StoreError> {
    let batch = match message {
        Message::Bill(bill) => &bill.batch,
        Message::QuoteAsk(ask) => &ask.batch,
        _ => return Ok(None),
    };
    Ok(Some(serde_json::from_str(batch.lines.get())?))
}

/// The lines that a settlement was made of, in the book of visited: of a bill those it carried, of a visit those of the batch as they are
/// now.
pub fn lines(view: View<'_>, settlement: &Settlement) -> Result<Vec<SplitLine>, StoreError> {
    let Some(call) = calls::visited_call(view, &settlement.call)? else { return Ok(Vec::new()) };
    if let Some(visit) = call.visit {
        return visits::lines(view, text(&visit)?, &settlement.batch);
    }
    let bytes = huitong_store::feeds::message(view, &feed_to_visited(settlement).reverse(), call.number)?;
    let envelope: Option<Envelope<Message>> = bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose()?;
    let lines = envelope.map(|envelope| lines_of(&envelope.message)).transpose()?;
    Ok(lines.flatten().unwrap_or_default())
}
