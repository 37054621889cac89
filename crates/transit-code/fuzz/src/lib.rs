//! What must hold for any bytes whatever. Each function panics where it does not.

use std::sync::LazyLock;

use huitong_transit_code::attack::{Bench, NOW, Step};
use huitong_transit_code::cache::NoCache;
use huitong_transit_code::chain::{Checker, TimeRules};
use huitong_transit_code::code::{CODE_LENGTH_MIN, Code};
use huitong_transit_code::custom::MetroField;
use huitong_transit_code::deny::Delta;
use huitong_transit_code::gate::Direction;
use huitong_transit_code::key_set::KeySet;
use huitong_transit_code::make::{self, Sign, SigningKey};
use huitong_transit_code::record::{RECORD_LENGTH_MAX, TapRecord, text_field};
use huitong_transit_code::signature::RustCrypto;
use huitong_transit_code::state::ServiceState;
use huitong_transit_code::table::signed_body;
use huitong_transit_code::uic::is_uic;
use huitong_transit_code::uic::ride::RideCode;
use huitong_transit_code::{Reason, decode};

/// Genuine codes of both layouts and the key set that lets them pass.
struct Genuine {
    bench: Bench,
    codes: [Vec<u8>; 2],
    key_set: Vec<u8>,
}

static GENUINE: LazyLock<Genuine> = LazyLock::new(|| {
    let bench = Bench::new();
    let codes = [bench.genuine(), bench.uic_genuine()];
    let key_set = make::key_set(&bench.key_set_content());
    Genuine { bench, codes, key_set }
});

/// The layouts: no panic; bytes are of one layout at most; what is read is what stands there.
pub fn code(bytes: &[u8]) {
    let jtt1179 = Code::parse(bytes);
    let uic = RideCode::parse(bytes);
    assert!(jtt1179.is_err() || uic.is_err(), "bytes of two layouts");
    assert!(uic.is_err() || is_uic(bytes), "a code that would be sent to the other parser");
    assert!(jtt1179.is_err() || !is_uic(bytes), "a code that would be sent to the other parser");
    if let Ok(code) = jtt1179 {
        assert_eq!(code.bytes(), bytes);
        assert_eq!(bytes.len(), CODE_LENGTH_MIN + code.custom().len());
        assert_eq!(code.user_bytes().len() + 65, bytes.len());
        assert!(code.limit_fen() < 1 << 24);
        let certificate = code.certificate();
        let _ = (certificate.is_well_formed(), certificate.is_expired(NOW), certificate.key());
        let _ = (code.authorisation_signature(), code.user_signature(), MetroField::parse(code.custom()));
    }
    let _ = decode::metro_2018(bytes);
    let _ = decode::alipay_offline(bytes);
}

/// The whole chain: nothing passes but the genuine codes.
pub fn chain(bytes: &[u8]) {
    let genuine = &*GENUINE;
    let key_set = KeySet::parse(&genuine.key_set).expect("the bench's key set");
    let mut checker = Checker { signatures: &RustCrypto, cache: &mut NoCache, rules: TimeRules::default() };
    let passes = checker.check(bytes, Some(&key_set), NOW).is_ok();
    assert_eq!(
        passes,
        genuine.codes.iter().any(|code| code == bytes),
        "a forged code passed, or a genuine one did not"
    );
}

/// Tables: no panic, and what is listed can be walked and looked up.
pub fn table(bytes: &[u8]) {
    if let Ok(set) = KeySet::parse(bytes) {
        for root in set.roots() {
            assert!(set.root(root.service(), root.ca_index()).is_some(), "a root that is listed is found");
        }
        let _ = (set.version(), set.is_current(NOW, 86_400), set.issuer([0x99, 0x31, 0, 0]), set.platform([0; 4]));
        let _ = (set.is_revoked([0; 4], [0; 3]), set.uic_key(1, 1));
        let _ = set.roots_verify(&RustCrypto);
    }
    if let Ok(delta) = Delta::parse(bytes) {
        let _ = (delta.home(), delta.sequence(), delta.previous(), delta.as_of(), delta.hash());
        let _ = (delta.adds().count(), delta.removes().count());
    }
    if let Ok(state) = ServiceState::parse(bytes) {
        assert_eq!(state.to_bytes(), bytes);
    }
    let operator = SigningKey::of_test("nobody").expect("a key").key();
    assert!(signed_body(bytes, &operator, &RustCrypto).is_err(), "a table that nobody signed");
}

/// Tap records: what reads is written back as the same bytes.
pub fn record(bytes: &[u8]) {
    if let Ok(record) = TapRecord::parse(bytes) {
        let mut buffer = [0; RECORD_LENGTH_MAX];
        let length = record.write(&mut buffer).expect("what was read fits");
        assert_eq!(&buffer[..length], bytes);
    }
}

/// What a run begins with.
pub fn seeds() -> Vec<Vec<u8>> {
    let genuine = &*GENUINE;
    let mut seeds = genuine.codes.to_vec();
    seeds.push(genuine.key_set.clone());
    for step in genuine.bench.tables() {
        if let Step::KeySet(table) | Step::Deny(table) | Step::State(table) = step {
            seeds.push(table[..table.len() - 64].to_vec());
            seeds.push(table);
        }
    }
    seeds.push(tap(&genuine.codes[0]));
    seeds
}

fn tap(code: &[u8]) -> Vec<u8> {
    let record = TapRecord {
        gate: text_field("SH-0101-A07").expect("a name"),
        epoch: 1,
        sequence: 1,
        station: 7,
        line: 2,
        direction: Direction::In,
        vehicle: [0; 12],
        gate_time_ms: NOW * 1_000,
        drift_ms: 0,
        uncertainty_ms: 500,
        reason: Reason::Ok,
        flags: 0,
        amount_fen: 300,
        key_set_version: 2,
        deny_home: 330_000,
        deny_sequence: 1,
        deny_age_s: 60,
        fare_pack_version: 1,
        previous: [0; 32],
        code,
    };
    let mut buffer = [0; RECORD_LENGTH_MAX];
    let length = record.write(&mut buffer).expect("it fits");
    buffer[..length].to_vec()
}
