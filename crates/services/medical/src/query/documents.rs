//! Settled documents and split lines, read from the journal's own bytes.

use std::collections::BTreeMap;

use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::Digest;
use huitong_service_kit::{Envelope, Service, Stop, StoreError, View};
use serde_json::value::RawValue;

use super::settlements::Settlement;
use super::{calls, text, visits};
use crate::Medical;
use crate::model::document::SettledDocument;
use crate::model::lines::{SplitLine, hash_of, lines_hash};
use crate::model::message::{CommitOutcome, Message, QuoteAsk, ReverseOutcome};

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

/// Messages to home that are looked through for the lines of a settlement.
const LOOK_BACK: u64 = 100_000;

/// The lines that a settlement was made of, in the book of visited: of a bill those it carried, of a visit those of the batch. Once it was
/// taken back these may be others now: then those that home was asked about.
pub fn lines(view: View<'_>, settlement: &Settlement) -> Result<Vec<SplitLine>, Stop> {
    let Some(call) = calls::visited_call(view, &settlement.call)? else { return Ok(Vec::new()) };
    let to_home = feed_to_visited(settlement).reverse();
    let Some(visit) = call.visit else {
        let envelope =
            huitong_store::feeds::message(view, &to_home, call.number)?.map(|bytes| read(&bytes)).transpose()?;
        let lines = envelope.map(|envelope| lines_of(&envelope.message)).transpose()?;
        return Ok(lines.flatten().unwrap_or_default());
    };
    let now = visits::lines(view, text(&visit)?, &settlement.batch)?;
    let settled = document(view, settlement)?.lines_hash;
    if hash_of(&now).map_err(StoreError::from)? == Some(settled) {
        return Ok(now);
    }
    Ok(asked_about(view, &to_home, call.number, settled)?)
}

fn read(bytes: &[u8]) -> Result<Envelope<Message>, StoreError> {
    Ok(serde_json::from_slice(bytes)?)
}

/// The lines of the last question before a message of the feed that has this hash, with the parts that went ahead of it.
fn asked_about(view: View<'_>, feed: &Feed, before: u64, hash: Digest) -> Result<Vec<SplitLine>, StoreError> {
    let mut asked: Option<Box<QuoteAsk>> = None;
    let mut parts: BTreeMap<Digest, Box<RawValue>> = BTreeMap::new();
    for number in (before.saturating_sub(LOOK_BACK).max(1)..before).rev() {
        let missing = asked.as_ref().map(|ask| ask.batch.earlier_parts.iter().any(|part| !parts.contains_key(part)));
        if missing == Some(false) {
            break;
        }
        let Some(bytes) = huitong_store::feeds::message(view, feed, number)? else { break };
        match (&asked, read(&bytes).map(|envelope| envelope.message)) {
            (None, Ok(Message::QuoteAsk(ask))) if ask.batch.lines_hash == hash => asked = Some(Box::new(ask)),
            (Some(_), Ok(Message::LinesSplit(part))) => {
                parts.insert(lines_hash(&[], part.lines.get()), part.lines);
            }
            _ => {}
        }
    }
    let earlier = asked.iter().flat_map(|ask| &ask.batch.earlier_parts).filter_map(|part| parts.get(part));
    let mut lines = Vec::new();
    for part in earlier.chain(asked.iter().map(|ask| &ask.batch.lines)) {
        lines.extend(serde_json::from_str::<Vec<SplitLine>>(part.get())?);
    }
    // Part of the lines is worse than none.
    if hash_of(&lines)? != Some(hash) {
        return Err(StoreError::Damaged(format!(
            "the lines that home was asked about before {before} of {feed:?} are gone"
        )));
    }
    Ok(lines)
}
