//! Parsers on bytes of strangers: nothing panics, nothing forged passes, what was written reads back the same.

use huitong_transit_code::attack::{Bench, NOW};
use huitong_transit_code::cache::NoCache;
use huitong_transit_code::chain::{Checker, TimeRules};
use huitong_transit_code::deny::Delta;
use huitong_transit_code::gate::Direction;
use huitong_transit_code::key_set::KeySet;
use huitong_transit_code::record::{RECORD_LENGTH_MAX, TapRecord, text_field};
use huitong_transit_code::signature::RustCrypto;
use huitong_transit_code::state::ServiceState;
use huitong_transit_code::{Reason, decode, make};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        let _ = KeySet::parse(&bytes);
        let _ = Delta::parse(&bytes);
        let _ = ServiceState::parse(&bytes);
        let _ = TapRecord::parse(&bytes);
        let _ = decode::metro_2018(&bytes);
        let _ = decode::alipay_offline(&bytes);
    }

    #[test]
    fn a_record_reads_back_as_it_was_written(
        sequence in any::<u64>(), time in any::<i64>(), drift in any::<i32>(), amount in any::<i32>(),
        code in prop::collection::vec(any::<u8>(), 0..1_026), reason in 0_u8..26,
    ) {
        let record = TapRecord {
            gate: text_field("SH-0101-A07").expect("a name"),
            epoch: 3,
            sequence,
            station: 7,
            line: 2,
            direction: Direction::Out,
            vehicle: text_field("").expect("empty"),
            gate_time_ms: time,
            drift_ms: drift,
            uncertainty_ms: 500,
            reason: Reason::from_number(reason).expect("a reason"),
            flags: 5,
            amount_fen: amount,
            key_set_version: 9,
            deny_home: 330_000,
            deny_sequence: 12,
            deny_age_s: 3_600,
            fare_pack_version: 4,
            previous: [8; 32],
            code: &code,
        };
        let mut buffer = [0; RECORD_LENGTH_MAX];
        let length = record.write(&mut buffer).expect("it fits");
        prop_assert_eq!(TapRecord::parse(&buffer[..length]), Ok(record));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_code_with_any_changed_byte_is_refused(at in 0_usize..360, change in 1_u8..=255) {
        let bench = Bench::new();
        let set = make::key_set(&bench.key_set_content());
        let mut code = bench.genuine();
        code[at] ^= change;
        let mut checker = Checker { signatures: &RustCrypto, cache: &mut NoCache, rules: TimeRules::default() };
        // The header, service id and parameter bytes of the certificate are under the user's signature only, as all else is.
        prop_assert!(checker.check(&code, Some(&KeySet::parse(&set).expect("a key set")), NOW).is_err());
    }
}
