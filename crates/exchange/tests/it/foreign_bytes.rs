//! Parcels and proofs from anywhere: whatever comes, the reader answers within its limits and does not panic; what it
//! accepts, it writes back byte for byte.

use huitong_exchange::parcel::{Batch, Held, Holdings, Parcel, Receipt, Refused};
use huitong_exchange::proof::Proof;
use huitong_exchange::{ExchangeRefusal, Inbox};
use huitong_kernel::feed::Feed;
use huitong_kernel::hash::HashFunction;
use huitong_kernel::manifest::TrustError;
use proptest::prelude::*;

fn feed() -> Feed {
    "310000/medical>330000/medical".parse().expect("a feed")
}

prop_compose! {
    fn parcel()(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..5),
        first in 1..1_000_u64, note in any::<String>(), asks_held in any::<bool>(), held in prop::option::of(any::<u64>()),
        manifest_version in any::<u64>(),
    ) -> Parcel {
        Parcel {
            manifest_version,
            batches: vec![Batch { feed: feed(), first, messages, checkpoint: note.clone() }],
            receipts: vec![Receipt { feed: feed(), note: note.clone() }],
            refused: vec![Refused { feed: feed(), refusal: ExchangeRefusal::Gap { expected: first } }],
            asks_held,
            held: held.map(|size| Holdings {
                speaks_for: vec!["medical".to_owned()],
                feeds: vec![Held { feed: feed(), size, note: Some(note) }],
            }),
        }
    }
}

/// A parcel that can be read is also examined: nothing in it may bring the receiver down.
fn examine(parcel: Parcel) {
    let inbox = Inbox::resume(feed(), HashFunction::Sha256, &[]);
    for batch in parcel.batches {
        let taken = inbox.examine("test", batch, "shanghai", &|_| Err(TrustError::KeyRevoked), &|_| None);
        assert!(taken.is_err(), "nothing unsigned is taken");
    }
}

proptest! {
    #[test]
    fn a_parcel_is_read_back_as_it_was_written(parcel in parcel()) {
        prop_assert_eq!(Parcel::decode(&parcel.encode()), Ok(parcel));
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(parcel) = Parcel::decode(&bytes) {
            examine(parcel);
        }
        let _ = serde_json::from_slice::<Proof>(&bytes);
    }

    #[test]
    fn a_damaged_parcel_is_answered(parcel in parcel(), place in any::<prop::sample::Index>(), new in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = parcel.encode();
        let place = place.index(bytes.len());
        if cut { bytes.truncate(place) } else { bytes[place] = new }
        if let Ok(parcel) = Parcel::decode(&bytes) {
            examine(parcel);
        }
    }

    #[test]
    fn lengths_that_lie_are_refused(header in any::<u32>(), lengths in prop::collection::vec(any::<u64>(), 0..4)) {
        let text = format!(
            "{{\"manifest_version\":1,\"batches\":[{{\"feed\":\"{}\",\"first\":1,\"lengths\":{lengths:?},\"checkpoint\":\"\"}}],\"receipts\":[],\"refused\":[]}}",
            feed()
        );
        let mut honest = (text.len() as u32).to_be_bytes().to_vec();
        honest.extend_from_slice(text.as_bytes());
        let total: u128 = lengths.iter().map(|length| u128::from(*length)).sum();
        prop_assert_eq!(Parcel::decode(&honest).is_ok(), total == 0 && !lengths.is_empty());
        let mut lying = header.to_be_bytes().to_vec();
        lying.extend_from_slice(text.as_bytes());
        let _ = Parcel::decode(&lying);
    }
}
