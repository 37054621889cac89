//! Key sets as a node makes them, and as a gate must not take them.

use huitong_transit_code::Reason;
use huitong_transit_code::attack::Bench;
use huitong_transit_code::key_set::{HEADER_LENGTH, KeySet, PLATFORM_LENGTH, UIC_KEY_LENGTH, UicKey};
use huitong_transit_code::make::{self, KeySetContent};
use huitong_transit_code::profile::Profile;

fn with_keys(keys: &[(u16, u32)]) -> KeySetContent {
    let bench = Bench::new();
    let mut content = bench.key_set_content();
    content.uic_keys = keys
        .iter()
        .map(|(provider, key_id)| UicKey { provider: *provider, key_id: *key_id, ..bench.uic_key_record() })
        .collect();
    content
}

#[test]
fn keys_of_providers_are_found_by_their_number_and_nothing_else_moves() {
    let content = with_keys(&[(9, 99_999), (9, 0), (32_000, 7), (1, 300)]);
    let bytes = make::key_set(&content);
    let set = KeySet::parse(&bytes).expect("a key set");
    for record in &content.uic_keys {
        assert_eq!(set.uic_key(record.provider, record.key_id).as_ref(), Some(record));
    }
    assert_eq!(set.uic_key(9, 1), None);
    assert_eq!(set.uic_key(2, 300), None);
    assert_eq!(content.uic_keys[0].serial(), [0x01, 0x86, 0x9f]);
    assert_eq!(set.roots().count(), 1);
    assert_eq!(set.platform([0, 0, 0, 0x31]), Some((Profile::Jtt1179, 0)));
    assert_eq!(set.platform([0, 0, 0, 0x32]), Some((Profile::Uic9189, 0)));
    assert!(set.issuer([0x99, 0x31, 0, 0]).is_some_and(|rules| rules.allows(1) && !rules.allows(2)));
}

#[test]
fn doubles_numbers_out_of_range_and_wrong_lengths_are_refused() {
    let refused = |content: &KeySetContent| KeySet::parse(&make::key_set(content)).map(|_| ());
    assert_eq!(refused(&with_keys(&[(9, 1), (9, 2)])), Ok(()));
    for keys in [&[(9, 1), (9, 1)][..], &[(0, 1)], &[(32_001, 1)], &[(9, 100_000)]] {
        assert_eq!(refused(&with_keys(keys)), Err(Reason::Chain), "{keys:?}");
    }
    let bytes = make::key_set(&with_keys(&[(9, 1), (9, 2)]));
    let split = bytes.len() - 2 * UIC_KEY_LENGTH;
    let descending =
        [&bytes[..split], &bytes[split + UIC_KEY_LENGTH..], &bytes[split..split + UIC_KEY_LENGTH]].concat();
    assert_eq!(KeySet::parse(&descending).map(|_| ()), Err(Reason::Chain));
    assert_eq!(KeySet::parse(&bytes[..bytes.len() - 1]).map(|_| ()), Err(Reason::Chain));
    let mut older = bytes.clone();
    older[3] = b'1';
    assert_eq!(KeySet::parse(&older).map(|_| ()), Err(Reason::Chain), "the layout before");
    let mut counts = bytes;
    counts[HEADER_LENGTH - 1] += 1;
    assert_eq!(KeySet::parse(&counts).map(|_| ()), Err(Reason::Chain));
    assert_eq!(PLATFORM_LENGTH, 9);
}

#[test]
fn a_key_of_an_algorithm_to_come_does_not_spoil_the_set() {
    let mut bytes = make::key_set(&with_keys(&[(9, 1), (9, 2)]));
    let at = bytes.len() - UIC_KEY_LENGTH + 6;
    bytes[at] = 200;
    let set = KeySet::parse(&bytes).expect("a key set");
    assert!(set.uic_key(9, 1).is_some() && set.uic_key(9, 2).is_none());
}
