//! The desks of both clearings: what the two medical services told them, and what they say to medical.

use std::collections::BTreeMap;

use huitong_kernel::clearing::Period;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::{Cleared, Cut, Documents, GiveBack, GivenBack, Marker, Share};
use huitong_medical::model::message::Message;
use huitong_medical::query::settlements::Role;
use huitong_medical::query::totals::pairs;
use huitong_service_kit::Envelope;

use super::country::{Country, division};

pub const VISITED: &str = "310000";
pub const HOME: &str = "330000";

/// What a clearing knows of a lane.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Documents(Documents),
    Marker(Marker),
}

pub fn feed(from: (&str, &str), to: (&str, &str)) -> Feed {
    let address = |(node, service): (&str, &str)| Address::new(division(node), service);
    Feed::new(address(from), address(to))
}

/// The lane in which documents of Zhejiang's insured come to Shanghai.
pub fn lane() -> Feed {
    feed((HOME, "medical"), (VISITED, "medical"))
}

pub fn bytes(country: &Country, at: &str, feed: &Feed, number: u64) -> Option<Vec<u8>> {
    huitong_store::feeds::message(country.region.view(at), feed, number).expect("readable")
}

fn messages_to_clearing(country: &Country, node: &str) -> Vec<Message> {
    let feed = feed((node, "medical"), (node, "clearing"));
    let read = |number| bytes(country, node, &feed, number);
    let envelope = |bytes: Vec<u8>| serde_json::from_slice::<Envelope<Message>>(&bytes).expect("as medical wrote it");
    (1..).map_while(read).map(|bytes| envelope(bytes).message).collect()
}

/// What the clearing of `node` was told of the lane `from` > `to`, in order.
pub fn told(country: &Country, node: &str, from: &str, to: &str) -> Vec<Told> {
    let (from, to) = (division(from), division(to));
    let of_lane = |message| match message {
        Message::Documents(told) if (told.from, told.to) == (from, to) => Some(Told::Documents(told)),
        Message::Marker(marker) if (marker.from, marker.to) == (from, to) => Some(Told::Marker(marker)),
        _ => None,
    };
    messages_to_clearing(country, node).into_iter().filter_map(of_lane).collect()
}

/// The documents of Zhejiang's insured in Shanghai, as told to the clearing of `node`.
pub fn documents(country: &Country, node: &str) -> Vec<Documents> {
    let documents = told(country, node, HOME, VISITED).into_iter().filter_map(|told| match told {
        Told::Documents(documents) => Some(documents),
        Told::Marker(_) => None,
    });
    documents.collect()
}

pub fn given_back(country: &Country) -> Vec<GivenBack> {
    let answers = messages_to_clearing(country, VISITED).into_iter().filter_map(|message| match message {
        Message::GivenBack(answer) => Some(answer),
        _ => None,
    });
    answers.collect()
}

/// A message of any service to the medical service of `to`, as its next one.
pub fn say(country: &mut Country, from: (&str, &str), to: &str, message: Message) {
    let feed = feed(from, (to, "medical"));
    let number = huitong_store::feeds::next_number(country.region.view(to), &feed).expect("readable");
    let id = uuid::Uuid::from_u128(u128::from(number));
    let envelope = Envelope { id, cycle: id, episode: id, at: country.region.now, message };
    country.region.deliver(&feed, number, vec![serde_json::to_vec(&envelope).expect("plain data")]);
}

pub fn period(text: &str) -> Period {
    text.parse().expect("a period of the story")
}

pub fn cut(country: &mut Country, node: &str, text: &str) {
    say(country, (node, "clearing"), node, Message::Cut(Cut { period: period(text) }));
}

/// The clearing of `node` says what is paid between the two for the period, by part.
pub fn paid(country: &mut Country, node: &str, text: &str, parts: &[(&str, i64)]) {
    let peer = division(if node == HOME { VISITED } else { HOME });
    let share = |(part, amount): &(&str, i64)| Share {
        creditor: division(VISITED),
        debtor: division(HOME),
        part: (*part).to_owned(),
        amount_fen: Fen(*amount),
    };
    let cleared = Cleared { period: period(text), peer, shares: parts.iter().map(share).collect() };
    say(country, (node, "clearing"), node, Message::Cleared(cleared));
}

pub fn wish_back(country: &mut Country, contest: u128, document: Digest, number: &str, stays: i64) {
    let contest = uuid::Uuid::from_u128(contest);
    let wish = GiveBack { contest, document, number: number.to_owned(), amount_fen: Fen(stays) };
    say(country, (VISITED, "clearing"), VISITED, Message::GiveBack(wish));
}

/// Why messages to `node` had no effect, in order.
pub fn refused(country: &Country, node: &str) -> Vec<String> {
    let sql = "SELECT code FROM unread_message ORDER BY sequence";
    country.region.view(node).all(sql, [], |row| row.get(0)).expect("readable")
}

/// At any moment: what the receiver of a lane has told is the beginning of what its sender has told; numbers and hashes are those
/// of the lane; and the sums told are what the books hold, at home and at visited.
#[track_caller]
pub fn check(country: &Country) {
    for (from, to) in [(HOME, VISITED), (VISITED, HOME)] {
        let (sent, taken) = (told(country, from, from, to), told(country, to, from, to));
        assert_eq!(sent.get(..taken.len()), Some(&taken[..]), "{from} > {to}: both sides tell the same, in one order");
        let number = |told: &Told| match told {
            Told::Documents(documents) => documents.number,
            Told::Marker(marker) => marker.number,
        };
        assert!(sent.windows(2).all(|pair| number(&pair[0]) < number(&pair[1])), "in the order of the lane");
    }
    for (node, role) in [(HOME, Role::Home), (VISITED, Role::Visited)] {
        let documents = documents(country, node);
        let mut sums: BTreeMap<String, Fen> = BTreeMap::new();
        for told in &documents {
            let [document] = &told.documents[..] else { panic!("one message, one document") };
            let message = bytes(country, node, &lane(), told.number).expect("the message of the document");
            assert_eq!(document.id, huitong_kernel::merkle::leaf_hash(HashFunction::Sha256, &message));
            assert_eq!(document.amount_fen, document.parts.iter().map(|(_, amount)| *amount).sum());
            for (part, amount) in &document.parts {
                *sums.entry(part.clone()).or_default() += *amount;
            }
        }
        let pairs = pairs(country.region.view(node), role).expect("readable");
        let mut booked = pairs.into_iter().next().unwrap_or_default();
        booked.ledger_fen.retain(|_, amount| *amount != Fen::ZERO);
        sums.retain(|_, amount| *amount != Fen::ZERO);
        assert_eq!(sums, booked.ledger_fen, "{node}: what is told is what is booked");
        assert_eq!(documents.len() as u64, booked.settlements + booked.contras, "{node}: every document, once");
    }
}

/// When everything has arrived, both clearings know the same of both lanes.
#[track_caller]
pub fn check_arrived(country: &Country) {
    check(country);
    for (from, to) in [(HOME, VISITED), (VISITED, HOME)] {
        assert_eq!(told(country, from, from, to), told(country, to, from, to));
    }
    assert_eq!(country.region.replay_differences(), [], "views equal replay");
}
