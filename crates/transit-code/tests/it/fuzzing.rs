//! A bounded run of the fuzzing targets: genuine codes, tables and records, bent in a few places. Longer runs, guided by
//! coverage: see crates/transit-code/README.md. A failure prints the smallest bytes that still fail.

#[path = "../../fuzz/src/lib.rs"]
mod properties;

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What happens to a seed in one place.
#[derive(Clone, Debug)]
enum Bend {
    Set(Index, u8),
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
}

fn bend() -> impl Strategy<Value = Bend> {
    prop_oneof![
        (any::<Index>(), prop_oneof![Just(0), Just(1), Just(0x7f), Just(0x80), Just(0xff), any::<u8>()])
            .prop_map(|(at, byte)| Bend::Set(at, byte)),
        (any::<Index>(), 0_u8..8).prop_map(|(at, bit)| Bend::Flip(at, bit)),
        (any::<Index>(), prop::collection::vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Bend::Insert(at, bytes)),
        (any::<Index>(), 1_usize..70).prop_map(|(at, count)| Bend::Remove(at, count)),
        (any::<Index>(), 1_usize..70).prop_map(|(at, count)| Bend::Repeat(at, count)),
        any::<Index>().prop_map(Bend::Cut),
    ]
}

fn apply(bytes: &mut Vec<u8>, bend: &Bend) {
    if bytes.is_empty() {
        return;
    }
    let end = |at: usize, count: usize| (at + count).min(bytes.len());
    match bend {
        Bend::Set(at, byte) => *at.get_mut(bytes.as_mut_slice()) = *byte,
        Bend::Flip(at, bit) => *at.get_mut(bytes.as_mut_slice()) ^= 1 << bit,
        Bend::Insert(at, inserted) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, inserted.iter().copied());
        }
        Bend::Remove(at, count) => {
            let at = at.index(bytes.len());
            bytes.drain(at..end(at, *count));
        }
        Bend::Repeat(at, count) => {
            let at = at.index(bytes.len());
            let part = bytes[at..end(at, *count)].to_vec();
            bytes.splice(at..at, part);
        }
        Bend::Cut(at) => bytes.truncate(at.index(bytes.len())),
    }
}

fn bent() -> impl Strategy<Value = Vec<u8>> {
    (select(properties::seeds()), prop::collection::vec(bend(), 0..5)).prop_map(|(mut bytes, bends)| {
        for bend in &bends {
            apply(&mut bytes, bend);
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn bent_codes_are_read_without_a_panic_and_by_one_layout(bytes in bent()) {
        properties::code(&bytes);
    }

    #[test]
    fn a_bent_record_reads_as_what_stands_there_or_not_at_all(bytes in bent()) {
        properties::record(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn bent_tables_are_read_without_a_panic_and_pass_under_no_stranger_s_key(bytes in bent()) {
        properties::table(&bytes);
    }

    #[test]
    fn no_bent_code_passes_the_chain(bytes in bent()) {
        properties::chain(&bytes);
    }
}
