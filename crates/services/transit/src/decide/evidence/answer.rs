//! The visited city hands over the records of a trip's taps, as gates sent them. Nothing changes here: the same ask again gets the
//! same answer.

use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision, StoreError, View};

use crate::decide::{Decided, node_of, send};
use crate::model::evidence::{Evidence, EvidenceAsk, HeldRecord};
use crate::model::message::Message;
use crate::query::{taps, trips};

/// A node is told of its own riders' trips only: of another one there are no records.
pub fn answer(view: View<'_>, ask: EvidenceAsk, from: Division, context: &mut Context<'_>) -> Decided {
    let evidence = records(view, ask, from, context)?;
    Ok(Decision::nothing().message(send(context, from, Message::Evidence(evidence))))
}

/// The records of the taps that the trip has now.
pub fn records(
    view: View<'_>,
    EvidenceAsk { ask, trip_id }: EvidenceAsk,
    home: Division,
    context: &Context<'_>,
) -> Result<Evidence, StoreError> {
    let row = trips::trip(view, trip_id)?.filter(|row| node_of(context, row.home) == Some(home));
    let taps = row.map(|row| trips::content(view, &row)).transpose()?.map_or(Vec::new(), |trip| trip.taps);
    let mut evidence = Evidence { ask, trip_id, records: Vec::with_capacity(taps.len()) };
    for tap in taps {
        if let Some(held) = taps::tap(view, &tap.key)? {
            evidence.records.push(HeldRecord { record: taps::record(view, &held)?, tap: tap.key });
        }
    }
    Ok(evidence)
}
