//! What medical reads from others: messages of peers, packs, catalogues, lines. Whatever comes, it answers, does not panic,
//! and its books stay as they are.

use huitong_kernel::decimal::{Price, Quantity};
use huitong_kernel::feed::{Address, Feed};
use huitong_medical::command::Command;
use huitong_medical::model::lines::SplitLine;
use huitong_medical::model::message::Message;
use huitong_service_kit::Envelope;
use huitong_service_kit::harness::Called;
use huitong_service_kit::toml_data::json_text;
use proptest::prelude::*;
use serde_json::value::RawValue;

use super::country::{Country, HOSPITAL, bill, division};

fn feed() -> Feed {
    let address = |code: &str| Address::new(division(code), "medical");
    Feed::new(address("310000"), address("330000"))
}

/// The messages of one settlement, as Shanghai sends them.
fn messages() -> Vec<Vec<u8>> {
    let mut country = Country::new();
    let command = Command::SettleBill(Box::new(bill("message-0001")));
    country.region.call("310000", HOSPITAL, Some("message-0001"), command);
    let reverse = Command::Reverse { message_id: "message-0001".to_owned() };
    country.region.call("310000", HOSPITAL, None, reverse);
    let count = huitong_store::feeds::next_number(country.region.view("310000"), &feed()).expect("readable") - 1;
    (1..=count)
        .map(|number| {
            let found = huitong_store::feeds::message(country.region.view("310000"), &feed(), number);
            found.expect("readable").expect("sent")
        })
        .collect()
}

/// Every message is kept, readable or not; the books add up and equal replay.
fn deliver(country: &mut Country, entries: Vec<Vec<u8>>) {
    let next = huitong_store::feeds::next_number(country.region.view("330000"), &feed()).expect("readable");
    let count = entries.len() as u64;
    country.region.deliver(&feed(), next, entries);
    let after = huitong_store::feeds::next_number(country.region.view("330000"), &feed()).expect("readable");
    assert_eq!(after, next + count, "a message that cannot be read does not stop the feed");
    assert!(huitong_ledger::report::adds_up(country.region.view("330000")).expect("readable"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn damaged_messages_of_a_peer_have_no_effect_or_a_regular_one(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..12),
        noise in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..4),
    ) {
        let mut country = Country::new();
        let honest = messages();
        for (place, new, cut) in damage {
            for message in &honest {
                let mut bytes = message.clone();
                let place = place.index(bytes.len());
                if cut { bytes.truncate(place) } else { bytes[place] = new }
                deliver(&mut country, vec![bytes]);
            }
        }
        deliver(&mut country, noise);
        assert_eq!(country.region.replay_differences(), [], "views equal replay");
    }
}

/// Lines and hash agree, and no product of theirs can be computed with.
#[test]
fn a_line_of_a_peer_beyond_all_measure_is_refused() {
    let mut country = Country::new();
    let envelopes = messages().into_iter().map(|bytes| serde_json::from_slice::<Envelope<Message>>(&bytes));
    let found = envelopes.flatten().find(|envelope| matches!(envelope.message, Message::Bill(_)));
    let envelope = found.expect("the bill was sent");
    let Message::Bill(mut bill) = envelope.message else { panic!("a bill") };
    let mut lines: Vec<SplitLine> = serde_json::from_str(bill.batch.lines.get()).expect("lines");
    lines.truncate(1);
    lines[0] =
        SplitLine { price: Price::from_units(i64::MAX), quantity: Quantity::from_units(i64::MAX), ..lines[0].clone() };
    bill.batch.lines = RawValue::from_string(serde_json::to_string(&lines).expect("JSON")).expect("JSON");
    bill.batch = bill.batch.hashed();
    let forged = Envelope { message: Message::Bill(bill), ..envelope };
    deliver(&mut country, vec![serde_json::to_vec(&forged).expect("JSON")]);
    country.check_books(0, 0);
    assert_eq!(country.region.replay_differences(), [], "views equal replay");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn damaged_packs_and_catalogues_are_refused_or_regular(place in any::<prop::sample::Index>(), new in any::<char>(), pack in any::<bool>()) {
        let text = if pack {
            include_str!("../../../../../regions/yangtze/policies/330100-employee-2025.toml")
        } else {
            include_str!("../../../../../regions/yangtze/catalogues/310000-2026.toml")
        };
        let mut characters: Vec<char> = text.chars().collect();
        let place = place.index(characters.len());
        characters[place] = new;
        let Ok(text) = json_text(&characters.into_iter().collect::<String>()) else { return Ok(()) };
        let mut country = Country::unfiled();
        let command = if pack { Command::PublishPolicy { text } } else { Command::PublishCatalogue { text } };
        let called = country.region.call(if pack { "330000" } else { "310000" }, "office", None, command);
        prop_assert!(!matches!(called, Called::Waiting(_)));
    }
}
