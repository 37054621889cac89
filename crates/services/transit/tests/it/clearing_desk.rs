//! The clearing of the nodes as stories see it: what a node's transit service has told it, and what it says itself.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::{Document, Documents, Hold, Marker};
use huitong_ledger::positions::Gross;
use huitong_service_kit::{Envelope, Service};
use huitong_store::feeds;
use huitong_transit::Transit;
use huitong_transit::accounts::Side;
use huitong_transit::model::message::Message;
use huitong_transit::query::pairs;

use super::stage::{NODES, Stage, division, node_of};

/// Messages that make documents final.
pub const CARRIERS: [&str; 4] =
    ["transit.adjust_result.v1", "transit.charge_result.v1", "transit.contest_reply.v1", "transit.split_answer.v1"];

fn feed(from: (&str, &str), to: (&str, &str)) -> Feed {
    let address = |(node, service): (&str, &str)| Address::new(division(node), service);
    Feed::new(address(from), address(to))
}

impl Stage {
    /// All that a node's clearing was told, in order.
    pub fn told(&self, node: &str) -> Vec<Message> {
        let (view, feed) = (self.region.view(node), feed((node, Transit::NAME), (node, "clearing")));
        let next = feeds::next_number(view, &feed).expect("readable");
        let read = |number| {
            let bytes = feeds::message(view, &feed, number).expect("readable").expect("sent");
            serde_json::from_slice::<Envelope<Message>>(&bytes).expect("an envelope").message
        };
        (1..next).map(read).collect()
    }

    pub fn told_documents(&self, node: &str) -> Vec<Documents> {
        let of = |message| if let Message::Documents(documents) = message { Some(documents) } else { None };
        self.told(node).into_iter().filter_map(of).collect()
    }

    pub fn told_holds(&self, node: &str) -> Vec<Hold> {
        let of = |message| if let Message::Hold(hold) = message { Some(hold) } else { None };
        self.told(node).into_iter().filter_map(of).collect()
    }

    pub fn told_markers(&self, node: &str) -> Vec<Marker> {
        let of = |message| if let Message::Marker(marker) = message { Some(marker) } else { None };
        self.told(node).into_iter().filter_map(of).collect()
    }

    /// What a node's clearing was told of one feed.
    pub fn told_lane(&self, node: &str, from: &str, to: &str) -> Vec<(u64, Vec<Document>)> {
        let of_lane = |documents: &Documents| (documents.from, documents.to) == (division(from), division(to));
        let documents = self.told_documents(node).into_iter().filter(of_lane);
        documents.map(|documents| (documents.number, documents.documents)).collect()
    }

    /// The clearing of a node says something to its transit service.
    pub fn clearing_says(&mut self, node: &str, message: Message) {
        let feed = feed((node, "clearing"), (node, Transit::NAME));
        let held = feeds::next_number(self.region.view(node), &feed).expect("readable");
        let id = uuid::Uuid::from_u128(u128::from(held));
        let envelope = Envelope { id, cycle: id, episode: id, at: self.now(), message };
        self.region.deliver(&feed, held, vec![serde_json::to_vec(&envelope).expect("JSON")]);
    }

    /// The name of a message between two nodes.
    pub fn name_of(&self, from: &str, to: &str, number: u64) -> String {
        let feed = feed((from, Transit::NAME), (to, Transit::NAME));
        let bytes = feeds::message(self.region.view(from), &feed, number).expect("readable").expect("sent");
        let envelope: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        envelope["message"]["name"].as_str().expect("a name").to_owned()
    }

    /// Both sides of every feed were told the same documents in the same order, each under the number of a message that makes
    /// documents final; and what was told of a pair of cities is what both books say.
    pub fn check_told(&self) {
        for from in NODES {
            for to in NODES.into_iter().filter(|to| *to != from) {
                let sent = self.told_lane(from, from, to);
                assert_eq!(sent, self.told_lane(to, from, to), "{from}>{to}");
                assert!(sent.is_sorted_by(|one, other| one.0 < other.0), "{from}>{to}: one message, told once");
                for (number, documents) in &sent {
                    let name = self.name_of(from, to, *number);
                    assert!(CARRIERS.contains(&name.as_str()), "{from}>{to} {number}: {name}");
                    assert!(!documents.is_empty());
                }
            }
        }
        for node in NODES {
            self.check_sums(node);
        }
    }

    fn check_sums(&self, node: &str) {
        let is_own = |city: Division| node_of(city.as_str()) == node;
        let (mut due, mut owed): (Gross, Gross) = (BTreeMap::new(), BTreeMap::new());
        for document in self.told_documents(node).into_iter().flat_map(|told| told.documents) {
            let Document { creditor, debtor, amount_fen, .. } = document;
            assert_ne!(is_own(creditor), is_own(debtor), "between two nodes: {document:?}");
            let sums = if is_own(creditor) { &mut due } else { &mut owed };
            *sums.entry((debtor, creditor)).or_default() += amount_fen;
        }
        for (side, mut told) in [(Side::Receivable, due), (Side::Payable, owed)] {
            told.retain(|_, amount| *amount != Fen::ZERO);
            let mut booked = Gross::new();
            pairs::add(self.region.view(node), side, &mut booked).expect("readable");
            booked.retain(|(debtor, creditor), _| is_own(*debtor) != is_own(*creditor));
            assert_eq!(told, booked, "{node}, {}", side.class());
        }
    }
}
