//! What the clearing of this node is told: every document that moves money between two nodes, when the message that makes it final
//! for both is sent, and when it is taken.
//!
//! | message | makes final |
//! |---|---|
//! | `ChargeResult` that home owes | the trip |
//! | `AdjustResult` that home owes | the adjustment |
//! | `ContestReply` that accepts a contested claim | the trip and its adjustments that home knew |
//! | `SplitAnswer` | the partner's part |
//!
//! Each is the first message of its decision to its receiver.

use huitong_kernel::division::Division;
use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::{self, Documents, Hold};
use huitong_service_kit::{Context, Envelope, Outgoing, Service, StoreError, View};
use huitong_store::feeds;
use uuid::Uuid;

use crate::Transit;
use crate::decide::Came;
use crate::model::contest::ContestState;
use crate::model::message::{ChargeOutcome, Message};
use crate::model::settlement::{Document, DocumentKind};
use crate::query::contests::{self, ContestRow};
use crate::query::{documents, home_trips};

/// The service of every node that clears what the others tell it.
const CLEARING: &str = "clearing";

pub fn clearing_of(node: Division) -> Address {
    Address::new(node, CLEARING)
}

/// A message to the clearing of this node.
pub fn tell(context: &mut Context<'_>, message: Message) -> Outgoing {
    let id = context.new_uuid();
    let envelope = Envelope { id, cycle: id, episode: id, at: context.now, message };
    Outgoing::new(clearing_of(context.home.jurisdiction), &envelope)
}

/// The number of this decision's first message to a node.
pub fn next_number(view: View<'_>, to: Division, context: &Context<'_>) -> Result<Sequence, StoreError> {
    feeds::next_number(view, &Feed::new(context.home.clone(), Address::new(to, Transit::NAME)))
}

/// What this decision's first message to a node makes final; nothing is told of nothing.
pub fn sent(
    view: View<'_>,
    to: Division,
    documents: Vec<clearing::Document>,
    context: &mut Context<'_>,
) -> Result<Option<Outgoing>, StoreError> {
    if documents.is_empty() {
        return Ok(None);
    }
    let number = next_number(view, to, context)?;
    let documents = Documents { from: context.home.jurisdiction, to, number, documents };
    Ok(Some(tell(context, Message::Documents(documents))))
}

/// What a message makes final that came with this number.
pub fn taken((from, number): Came, documents: Vec<clearing::Document>, context: &mut Context<'_>) -> Option<Outgoing> {
    let documents = Documents { from, to: context.home.jurisdiction, number, documents };
    (!documents.documents.is_empty()).then(|| tell(context, Message::Documents(documents)))
}

/// A document as clearing knows it.
pub fn document(document: &Document) -> clearing::Document {
    clearing::Document {
        id: document.id,
        number: String::new(),
        creditor: document.creditor,
        debtor: document.debtor,
        day: document.travel_day,
        amount_fen: document.amount_fen,
        kind: document.kind.name().to_owned(),
        of: document.trip,
        parts: Vec::new(),
    }
}

/// What home's answer to a claim or to an adjustment makes final: the document, unless nothing is owed until a contest ends.
pub fn answered(outcome: &ChargeOutcome, found: &Document) -> Vec<clearing::Document> {
    if outcome.is_owed() { vec![document(found)] } else { Vec::new() }
}

/// A trip whose claim was contested, with those of its adjustments that home knew when it accepted it: both sides hold them.
pub fn accepted(
    view: View<'_>,
    own: Division,
    trip: Digest,
    is_known: impl Fn(Digest) -> bool,
) -> Result<Vec<clearing::Document>, StoreError> {
    let claim = documents::document(view, own, trip)?;
    let adjusts = documents::of_trip(view, trip)?.into_iter().filter(|change| change.kind == DocumentKind::Adjust);
    Ok(claim.into_iter().chain(adjusts.filter(|change| is_known(change.id))).map(|found| document(&found)).collect())
}

/// Whether home's clearing knows a trip and its adjustments: not while the claim is contested, and not if it was taken back then and
/// never raised again.
pub fn is_told(view: View<'_>, trip: Digest) -> Result<bool, StoreError> {
    let Some(known) = home_trips::trip(view, trip)? else { return Ok(false) };
    if known.outcome()?.is_owed() {
        return Ok(true);
    }
    let claim = contests::of_document(view, trip)?.filter(ContestRow::has_ended);
    Ok(claim.is_some_and(|claim| claim.state != ContestState::Withdrawn || known.charge_fen != Fen::ZERO))
}

/// At the debtor: a contest of a document has begun, or ended.
pub fn hold(context: &mut Context<'_>, document: Digest, contest: Uuid, is_held: bool) -> Outgoing {
    tell(context, Message::Hold(Hold { document, contest, is_held }))
}

/// The end of a contest at the debtor, told if its beginning was.
pub fn release(row: &ContestRow, context: &mut Context<'_>) -> Option<Outgoing> {
    row.is_held.then(|| hold(context, row.contest.document, row.contest.contest, false))
}

/// Adjustments of a trip that are contested by themselves, and their contests.
pub fn contested_adjusts(view: View<'_>, trip: Digest) -> Result<Vec<(Digest, Uuid)>, StoreError> {
    let mut contested = Vec::new();
    for change in documents::of_trip(view, trip)?.into_iter().filter(|change| change.kind == DocumentKind::Adjust) {
        let open = contests::of_document(view, change.id)?.filter(|row| !row.has_ended());
        contested.extend(open.map(|row| (change.id, row.contest.contest)));
    }
    Ok(contested)
}
