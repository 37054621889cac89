//! Every parser of the kernel that reads foreign bytes: whatever comes, it answers and does not panic; what it accepts, it
//! writes back the same. `PROPTEST_CASES` makes it longer; a failure prints the case.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use huitong_kernel::checkpoint::{Checkpoint, SignedNote};
use huitong_kernel::decimal::{Price, Quantity, Ratio};
use huitong_kernel::division::Division;
use huitong_kernel::entry::EntryKind;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::Digest;
use huitong_kernel::manifest::SignedManifest;
use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::suite::{PublicKey, Signature, Signer, SoftwareKey, Suite};
use huitong_kernel::time::Instant;
use proptest::prelude::*;

/// Reads the text; what is accepted must be read back from its own writing.
fn check<T: FromStr + Display + PartialEq + Debug>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let written = value.to_string();
        let again = written.parse::<T>().ok();
        assert_eq!(again.as_ref(), Some(&value), "{text:?} was read, written as {written:?}, and not read back");
    }
}

fn check_all(text: &str) {
    check::<Division>(text);
    check::<Address>(text);
    check::<Feed>(text);
    check::<Digest>(text);
    check::<PublicKey>(text);
    let _ = text.parse::<Signature>();
    check::<Suite>(text);
    check::<SignedNote>(text);
    let _ = text.parse::<Fen>();
    let _ = text.parse::<Price>();
    let _ = text.parse::<Quantity>();
    let _ = text.parse::<Ratio>();
    let _ = Checkpoint::parse(text);
    let _ = Instant::parse(text);
    if let Some(kind) = EntryKind::parse(text) {
        assert_eq!(kind.to_string(), text, "the chain covers the line as it stands");
    }
    if let Ok(manifest) = SignedManifest::read(text) {
        let _ = manifest.open();
    }
}

/// A text that is accepted, to be damaged.
fn valid(pick: usize) -> String {
    let mut random = RandomSource::from_number(1);
    let key = SoftwareKey::generate(Suite::Ed25519Sha256, &mut random);
    let feed: Feed = "310000/medical>330000/medical".parse().expect("a feed");
    let checkpoint = Checkpoint { origin: Checkpoint::origin_of("test", &feed), size: 7, root: Digest([3; 32]) };
    let note = SignedNote::sign(checkpoint.text(), "shanghai", &key).expect("software signs");
    match pick % 8 {
        0 => feed.to_string(),
        1 => checkpoint.text(),
        2 => note.to_string(),
        3 => key.public_key().to_string(),
        4 => "sent 310000/medical>330000/medical 17".to_owned(),
        5 => "123456789.01".to_owned(),
        6 => "2026-11-24T10:00:00+08:00".to_owned(),
        _ => "{\"manifest\":\"{}\",\"signatures\":[]}".to_owned(),
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        check_all(&text);
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check_all(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_damaged_text_is_answered(pick in any::<usize>(), place in any::<prop::sample::Index>(), new in any::<char>(), cut in any::<bool>()) {
        let mut characters: Vec<char> = valid(pick).chars().collect();
        let place = place.index(characters.len());
        if cut { characters.truncate(place) } else { characters[place] = new }
        check_all(&characters.into_iter().collect::<String>());
    }

    #[test]
    fn numbers_of_any_length_are_answered(sign in "[-+]?", whole in "[0-9]{0,40}", point in "[.,]?", part in "[0-9]{0,40}") {
        check_all(&format!("{sign}{whole}{point}{part}"));
    }
}
