//! Stories of the exchange: a sender and a receiver, and everything that can go wrong between them.

mod foreign_bytes;

use huitong_exchange::parcel::Batch;
use huitong_exchange::{ExchangeRefusal, Inbox, Outbox};
use huitong_kernel::checkpoint::SignedNote;
use huitong_kernel::feed::Feed;
use huitong_kernel::hash::Digest;
use huitong_kernel::manifest::TrustError;
use huitong_kernel::merkle::leaf_hash;
use huitong_kernel::random::RandomSource;
use huitong_kernel::suite::{Signer, SoftwareKey, Suite};
use proptest::prelude::*;

const REGION: &str = "test";

fn feed() -> Feed {
    "310000/medical>330000/medical".parse().expect("a feed")
}

struct Pair {
    suite: Suite,
    sender_key: SoftwareKey,
    receiver_key: SoftwareKey,
    outbox: Outbox,
    inbox: Inbox,
    /// Durable on the receiver's side.
    received: Vec<Vec<u8>>,
}

fn message(number: usize) -> Vec<u8> {
    format!("{{\"message\":{number}}}").into_bytes()
}

impl Pair {
    fn new(suite: Suite) -> Pair {
        let mut random = RandomSource::from_number(1);
        Pair {
            suite,
            sender_key: SoftwareKey::generate(suite, &mut random),
            receiver_key: SoftwareKey::generate(suite, &mut random),
            outbox: Outbox::resume(feed(), suite.hash_function(), 0, &[]),
            inbox: Inbox::resume(feed(), suite.hash_function(), &[]),
            received: Vec::new(),
        }
    }

    fn leaves(&self, count: usize) -> Vec<Digest> {
        let function = self.suite.hash_function();
        (1..=count).map(|number| leaf_hash(function, &message(number))).collect()
    }

    fn batch(&mut self, count: usize) -> Batch {
        let sent = self.outbox.sent() as usize;
        let messages = (sent + 1..=sent + count).map(message).collect();
        self.outbox.next_batch(REGION, messages, "shanghai", &self.sender_key).expect("software signs")
    }

    /// The receiver takes a batch, makes it durable and gives its receipt.
    fn take(&mut self, batch: Batch) -> Result<String, ExchangeRefusal> {
        let key = self.sender_key.public_key().clone();
        let id = key.note_key_id("shanghai");
        let resolve = |asked| if asked == id { Ok(key.clone()) } else { Err(TrustError::KeyRevoked) };
        let function = self.suite.hash_function();
        let received = &self.received;
        let history = |count: u64| {
            let first = received.get(..count as usize)?;
            Some(first.iter().map(|message| leaf_hash(function, message)).collect())
        };
        let examined = self.inbox.examine(REGION, batch, "shanghai", &resolve, &history)?;
        let advance = examined.advance();
        self.received.extend(examined.messages);
        self.inbox.advance(advance);
        Ok(examined.note.countersign("zhejiang", &self.receiver_key).expect("software signs").to_string())
    }

    fn acknowledge(&mut self, receipt: &str) -> bool {
        let key = self.receiver_key.public_key().clone();
        self.outbox.take_receipt(receipt, "zhejiang", &key).expect("an honest receipt")
    }
}

#[test]
fn batches_arrive_in_order_and_are_receipted_under_both_suites() {
    for suite in [Suite::Ed25519Sha256, Suite::Sm2Sm3] {
        let mut pair = Pair::new(suite);
        for count in [1, 5, 2] {
            let batch = pair.batch(count);
            let receipt = pair.take(batch).expect("taken");
            assert!(pair.acknowledge(&receipt));
        }
        assert_eq!(pair.outbox.acknowledged(), 8);
        assert_eq!(pair.received, (1..=8).map(message).collect::<Vec<_>>());
    }
}

#[test]
fn a_batch_that_comes_again_has_no_second_effect_and_is_receipted_again() {
    let mut pair = Pair::new(Suite::Ed25519Sha256);
    let batch = pair.batch(3);
    let first = pair.take(batch.clone()).expect("taken");
    let second = pair.take(batch).expect("taken again");
    assert_eq!(pair.received.len(), 3);
    assert!(pair.acknowledge(&first));
    assert!(!pair.acknowledge(&second), "nothing new");
}

#[test]
fn a_gap_names_what_is_expected_and_an_overlap_takes_only_what_is_new() {
    let mut pair = Pair::new(Suite::Ed25519Sha256);
    let first = pair.batch(2);
    let second = pair.batch(2);
    assert_eq!(pair.take(second), Err(ExchangeRefusal::Gap { expected: 1 }));
    pair.take(first).expect("taken");
    pair.outbox = Outbox::resume(feed(), pair.suite.hash_function(), 0, &pair.leaves(1));
    let overlapping = pair.batch(3);
    pair.take(overlapping).expect("taken");
    assert_eq!(pair.received, (1..=4).map(message).collect::<Vec<_>>());
}

#[test]
fn a_forked_feed_is_refused_however_it_is_sent() {
    let mut pair = Pair::new(Suite::Ed25519Sha256);
    let honest = pair.batch(3);
    pair.take(honest).expect("taken");
    let key = &pair.sender_key;
    let function = pair.suite.hash_function();
    let other = |number: usize| format!("{{\"other\":{number}}}").into_bytes();
    let mut rewritten = Outbox::resume(feed(), function, 0, &[]);
    let whole = rewritten.next_batch(REGION, (1..=3).map(other).collect(), "shanghai", key).expect("signs");
    let after = rewritten.next_batch(REGION, vec![message(4)], "shanghai", key).expect("signs");
    assert_eq!(pair.take(whole), Err(ExchangeRefusal::Fork), "the same numbers with other content");
    assert_eq!(pair.take(after), Err(ExchangeRefusal::Fork), "the next number on another history");
    assert_eq!(pair.received.len(), 3);
}

#[test]
fn what_is_not_signed_by_the_senders_key_for_this_feed_is_refused() {
    let mut pair = Pair::new(Suite::Ed25519Sha256);
    let stranger = SoftwareKey::generate(pair.suite, &mut RandomSource::from_number(99));
    let function = pair.suite.hash_function();
    let mut foreign = Outbox::resume(feed(), function, 0, &[]);
    let by_stranger = foreign.next_batch(REGION, vec![message(1)], "shanghai", &stranger).expect("signs");
    assert!(matches!(pair.take(by_stranger), Err(ExchangeRefusal::KeyNotTrusted { .. })));
    let mut elsewhere = Outbox::resume(feed(), function, 0, &[]);
    let region = elsewhere.next_batch("other", vec![message(1)], "shanghai", &pair.sender_key).expect("signs");
    assert_eq!(pair.take(region), Err(ExchangeRefusal::WrongOrigin));
    let mut altered = pair.batch(1);
    altered.checkpoint = altered.checkpoint.replace("\n1\n", "\n2\n");
    altered.messages.push(message(2));
    assert_eq!(pair.take(altered), Err(ExchangeRefusal::WrongSignature));
    let mut unsigned = Pair::new(Suite::Ed25519Sha256).batch(1);
    unsigned.checkpoint = "x".to_owned();
    assert_eq!(pair.take(unsigned), Err(ExchangeRefusal::Malformed));
    assert!(pair.received.is_empty());
}

#[test]
fn a_forged_receipt_is_refused() {
    let mut pair = Pair::new(Suite::Ed25519Sha256);
    let batch = pair.batch(2);
    let forger = SoftwareKey::generate(pair.suite, &mut RandomSource::from_number(99));
    let note: SignedNote = batch.checkpoint.parse().expect("a note");
    let forged = note.countersign("zhejiang", &forger).expect("signs").to_string();
    let key = pair.receiver_key.public_key().clone();
    assert!(pair.outbox.take_receipt(&forged, "zhejiang", &key).is_err());
    assert_eq!(pair.outbox.acknowledged(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    /// Batches are lost, doubled, reordered; answers are lost; either side restarts. In the end both hold the same.
    #[test]
    fn a_bad_line_delays_but_never_loses_or_doubles(steps in prop::collection::vec((0..6_u8, 1..4_usize, any::<usize>()), 1..60)) {
        let mut pair = Pair::new(Suite::Ed25519Sha256);
        let function = pair.suite.hash_function();
        let mut line: Vec<Batch> = Vec::new();
        let mut written = 0;
        for (step, count, pick) in steps {
            match step {
                0 => {
                    let batch = pair.batch(count);
                    written = written.max(pair.outbox.sent() as usize);
                    line.push(batch);
                }
                1 if !line.is_empty() => { let at = pick % line.len(); line.remove(at); }
                2 if !line.is_empty() => { let batch = line[pick % line.len()].clone(); let _ = pair.take(batch); }
                3 if !line.is_empty() => {
                    let at = pick % line.len();
                    let batch = line.remove(at);
                    if let Ok(receipt) = pair.take(batch) {
                        let key = pair.receiver_key.public_key().clone();
                        let _ = pair.outbox.take_receipt(&receipt, "zhejiang", &key);
                    }
                }
                4 => {
                    let acknowledged = pair.outbox.acknowledged();
                    let leaves = pair.leaves(acknowledged as usize);
                    pair.outbox = Outbox::resume(feed(), function, acknowledged, &leaves);
                }
                _ => pair.inbox = Inbox::resume(feed(), function, &pair.leaves(pair.received.len())),
            }
            let expected: Vec<_> = (1..=pair.received.len()).map(message).collect();
            prop_assert_eq!(&pair.received, &expected, "in order, nothing twice");
            prop_assert!(pair.outbox.acknowledged() as usize <= pair.received.len(), "a receipt never promises too much");
        }
        let acknowledged = pair.outbox.acknowledged();
        pair.outbox = Outbox::resume(feed(), function, acknowledged, &pair.leaves(acknowledged as usize));
        if written > acknowledged as usize {
            let batch = pair.batch(written - acknowledged as usize);
            let receipt = pair.take(batch).expect("the line is good again");
            prop_assert!(pair.acknowledge(&receipt));
        }
        prop_assert_eq!(pair.received.len(), written);
    }
}
