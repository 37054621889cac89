//! What medical tells the clearing of its node: both sides of every lane the same, and neither more nor less than is booked.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::Documents;
use huitong_medical::model::message::Message;
use huitong_medical::query::totals::PairTotals;
use huitong_service_kit::Envelope;
use huitong_store::{View, feeds};

use crate::region;
use crate::workload::readable;

/// By lane: home, visited.
type Lanes = BTreeMap<(Division, Division), Vec<Documents>>;

/// When all feeds have arrived; `pairs` are the totals on which both sides agree, by visited and home.
pub fn check(up: &[(usize, View<'_>)], pairs: &BTreeMap<(String, String), PairTotals>) -> Result<(), String> {
    let mut sides = [Lanes::new(), Lanes::new()];
    for (node, view) in up {
        let own = region::division(*node);
        for told in told(*view, own)? {
            let side = usize::from(told.from == own);
            sides[side].entry((told.from, told.to)).or_default().push(told);
        }
    }
    let [taken, sent] = &sides;
    if taken != sent {
        return Err("home and visited told their clearings different documents, or in another order".to_owned());
    }
    let mut sums: BTreeMap<(String, String), BTreeMap<String, Fen>> = BTreeMap::new();
    for ((home, visited), told) in taken {
        let sums = sums.entry((visited.to_string(), home.to_string())).or_default();
        for (part, amount) in told.iter().flat_map(|told| &told.documents).flat_map(|document| &document.parts) {
            *sums.entry(part.clone()).or_default() += *amount;
        }
    }
    let booked = pairs.iter().map(|(pair, totals)| (pair.clone(), totals.ledger_fen.clone()));
    let booked: BTreeMap<_, _> = booked.collect();
    if sums != booked {
        return Err(format!("told to clearing by fund: {sums:?}, booked: {booked:?}"));
    }
    Ok(())
}

/// What the clearing of a node was told, in order.
fn told(view: View<'_>, own: Division) -> Result<Vec<Documents>, String> {
    let address = |service| Address::new(own, service);
    let feed = Feed::new(address("medical"), address("clearing"));
    let mut told = Vec::new();
    for number in 1.. {
        let Some(bytes) = readable(feeds::message(view, &feed, number))? else { break };
        let envelope: Envelope<Message> = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        if let Message::Documents(documents) = envelope.message {
            told.push(documents);
        }
    }
    Ok(told)
}
