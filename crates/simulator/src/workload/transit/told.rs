//! What the clearing of every node was told: the same documents on both sides of a feed, in the same order, and in sum what the books
//! say.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::Documents;
use huitong_ledger::positions::Gross;
use huitong_service_kit::Envelope;
use huitong_store::{View, feeds};
use huitong_transit::model::message::Message;

use super::super::{Views, readable};
use crate::region;

/// Sender and receiver of a feed of transit.
type Lane = (Division, Division);
type Told = BTreeMap<Lane, Vec<Documents>>;

fn told(own: Division, view: View<'_>) -> Result<Told, String> {
    let feed = Feed::new(Address::new(own, "transit"), Address::new(own, "clearing"));
    let mut told = Told::new();
    for number in 1..readable(feeds::next_number(view, &feed))? {
        let bytes = readable(feeds::message(view, &feed, number))?.ok_or_else(|| format!("{feed} lacks {number}"))?;
        let envelope: Envelope<Message> = serde_json::from_slice(&bytes).map_err(|error| format!("{feed}: {error}"))?;
        if let Message::Documents(documents) = envelope.message {
            told.entry((documents.from, documents.to)).or_default().push(documents);
        }
    }
    Ok(told)
}

/// When all is quiet; `booked` is what is due between cities by the books, by debtor and creditor.
pub fn check(views: &Views<'_>, booked: &Gross) -> Result<(), String> {
    let mut by_lane: BTreeMap<Lane, Vec<Documents>> = BTreeMap::new();
    for (node, view) in views.up("transit") {
        let own: Division = region::DIVISIONS[node].parse().expect("digits");
        for (lane, documents) in told(own, view)? {
            match by_lane.get(&lane) {
                None => drop(by_lane.insert(lane, documents)),
                Some(known) if *known == documents => {}
                Some(known) => {
                    let (one, other) = (known.len(), documents.len());
                    return Err(format!("clearing was told otherwise of {lane:?}: {one} messages, and {other}"));
                }
            }
        }
    }
    let mut sums = Gross::new();
    for document in by_lane.values().flatten().flat_map(|told| &told.documents) {
        *sums.entry((document.debtor, document.creditor)).or_default() += document.amount_fen;
    }
    sums.retain(|_, amount| *amount != Fen::ZERO);
    let node = |city: Division| region::DIVISIONS.iter().find(|node| city.as_str().starts_with(&node[..2]));
    let between: Gross = booked
        .iter()
        .filter(|((debtor, creditor), _)| node(*debtor) != node(*creditor))
        .map(|(pair, amount)| (*pair, *amount))
        .collect();
    if sums == between { Ok(()) } else { Err(format!("clearing was told {sums:?}, the books say {between:?}")) }
}
