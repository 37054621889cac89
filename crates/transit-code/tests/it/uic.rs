//! Codes after UIC 918.9: real tickets, what is written reads back, and bytes of strangers.

use huitong_transit_code::Reason;
use huitong_transit_code::attack::{Bench, NOW};
use huitong_transit_code::cache::{NoCache, Slot, Slots};
use huitong_transit_code::chain::{Checked, Checker, TimeRules};
use huitong_transit_code::key_set::KeySet;
use huitong_transit_code::make;
use huitong_transit_code::make::uic::{self as making, Level1Fields};
use huitong_transit_code::profile::Profile;
use huitong_transit_code::signature::{RustCrypto, Signatures};
use huitong_transit_code::uic::ecdsa::{P256Key, raw_signature, sha256};
use huitong_transit_code::uic::layout::Header;
use huitong_transit_code::uic::per::Span;
use huitong_transit_code::uic::ride::{RideCode, TimeStamp};
use huitong_transit_code::uic::{Algorithm, CODE_LENGTH_MAX, is_uic};
use proptest::prelude::*;

/// A ticket of Mulhouse with both levels, and one of La Réunion with level 1 only: published as examples in the project
/// dosipas-ts (`src/fixtures.ts`, `src/signature-fixtures.ts`; read 2026-11-25; secondary).
const SOLEA: &str = "815565dff8e76000380824687099c04b390101cec142a8864195c6a5264b13249250915fc4040400404080494a6b305cd2fb8c2d
    b1b572cdc2dcd91be45ad1c3164b5c6664c16b072dd8e4c395a32c6d3100014121c1831311931b2b116b2999a32969a32b2b216b09a18b196991c9c1
    9333333189ab1993109500124204006ec90be41900fac0240100607a1a31fe5d80801e103120566f796167652031204865757265000004154324671e
    81808384154324671e81808384154324671e82018104154324671e8201811081fcaced2780ddfbb1a882f7fc5ca8a452a2dacc95e9abc048beade769
    18facdde050aa3f895a398228110806017d045a5144200d029ee92860fba45728e8b5cd561375660482b34af855f3401102860f8d89d2f47093220fc
    20acf2d98c46a82f399aa2495c6f1b4a20ed53942d8246890d88b30279b92ec7a7a79ef87caedbd7668dfd79e5153ff842318220110126f9ec96c791e
    8580ab939971ba9670bcfb2d40b00941a0dc37cbb97b33bd0a01100a4e94a879c92ff5381fa024759d6d0bb24e6e911455a98ce5ece06aceae7b018";
const CAR_JAUNE: &str = "0155653070249af39c00004041234384ccf48008053c916106571a94992c410449418240411a0004040804a34560c583060c
    183060c1830610a2c1ac1007d2458029c6c2950b954b8810d2881454802de349d18c1100880d4b41c1b4c0a898d021d35b96657ff2f8db00851d047d
    2519df5a11ac80c6ffc088055f0bb91fa4ec60c0fbdd8311ade5153873333da160ff06b881d9dcbc2b76ba00";
const CAR_JAUNE_KEY: &str =
    "04dd0a600b709e5ea760b439a9a27a3d968bd30721d9d05cf85c67dc190ad973c7f1d78477bd554be4e3326c17e31686
    e8203b4634f70a75bf3a838821ba947c36";

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.replace([' ', '\n'], "")).expect("hexadecimal")
}

fn cut(header: &Header<'_>, span: Option<Span>) -> Vec<u8> {
    header.cut(span.expect("it is there"), &mut [0; CODE_LENGTH_MAX]).expect("inside").to_vec()
}

fn verifies(header: &Header<'_>, point: &[u8], signed: Span, signature: Option<Span>) -> bool {
    let key = P256Key::from_point(point).expect("on the curve");
    let signature = raw_signature(&cut(header, signature)).expect("DER");
    RustCrypto.verifies_p256(&key, &sha256(&cut(header, Some(signed))), &signature)
}

#[test]
fn a_real_ticket_with_both_levels_is_read_and_its_second_signature_verifies() {
    let ticket = bytes(SOLEA);
    assert!(is_uic(&ticket));
    let header = Header::parse(&ticket).expect("a ticket");
    let level1 = &header.level1;
    assert_eq!((level1.provider, level1.key_id, level1.provider_text), (Some(3_703), Some(7), None));
    let algorithm = Algorithm::EcdsaP256Sha256;
    assert!(header.holds(level1.level1_key_oid, algorithm.key_oid()));
    assert!(header.holds(level1.level2_key_oid, algorithm.key_oid()));
    assert!(header.holds(level1.level1_signing_oid, algorithm.signing_oid()));
    assert!(header.holds(level1.level2_signing_oid, algorithm.signing_oid()));
    assert!(level1.end_year.is_some() && level1.end_day.is_some() && level1.end_minute.is_some());
    assert!(level1.validity_s.is_some());
    let dynamic = header.level2_data.expect("data of the phone");
    assert!(header.is_in_format(dynamic, b"FDC1"));
    assert!(TimeStamp::of_dynamic_content(&cut(&header, Some(dynamic.data))).is_ok());
    let point = cut(&header, level1.level2_key);
    assert!(verifies(&header, &point, header.level2_span, header.level2_signature));
    assert!(!verifies(&header, &point, header.level1_span, header.level2_signature));
    // Without an account token it opens no gate.
    assert_eq!(RideCode::parse(&ticket).map(|_| ()), Err(Reason::Format));
}

#[test]
fn a_real_ticket_with_one_level_is_read_and_its_signature_verifies() {
    let ticket = bytes(CAR_JAUNE);
    let header = Header::parse(&ticket).expect("a ticket");
    assert_eq!((header.level1.provider, header.level1.key_id), (None, Some(1)));
    assert!(header.level1.provider_text.is_some() && header.level1.level1_signing_oid.is_none());
    assert!(header.level2_data.is_none() && header.level2_signature.is_none());
    assert!(verifies(&header, &bytes(CAR_JAUNE_KEY), header.level1_span, header.level1_signature));
}

#[test]
fn the_first_bytes_tell_the_layouts_apart() {
    let bench = Bench::new();
    // Both begin with 0x81: the first byte alone would not do.
    assert_eq!((bench.genuine()[0], bench.uic_genuine()[0]), (0x81, 0x81));
    assert!(is_uic(&bench.uic_genuine()) && !is_uic(&bench.genuine()));
    for custom in 0..=255_u16 {
        assert!(!is_uic(&[[0x81].as_slice(), &(329 + custom).to_be_bytes()].concat()));
    }
}

fn check(code: &[u8], now: i64) -> Result<Checked, Reason> {
    let set = make::key_set(&Bench::new().key_set_content());
    let mut checker = Checker { signatures: &RustCrypto, cache: &mut NoCache, rules: TimeRules::default() };
    checker.check(code, Some(&KeySet::parse(&set).expect("a key set")), now).map_err(|failure| failure.reason)
}

#[test]
fn a_genuine_code_gives_the_same_structure_as_the_other_layout() {
    let bench = Bench::new();
    let checked = check(&bench.uic_genuine(), NOW + 20).expect("it passes");
    let token = bench.uic_token();
    assert_eq!((checked.profile, checked.home), (Profile::Uic9189, 310_000));
    assert_eq!((checked.account, checked.platform, checked.account_type), (token.account, token.platform, 1));
    assert_eq!((checked.limit_fen, checked.ticket_number), (1_500, token.ticket_number));
    assert_eq!((checked.generation_time, checked.age_s), (NOW, 20));
    assert_eq!(checked.serial, [0, 0, 42]);
    let later = check(&bench.uic_code_at(&bench.uic_fields(), NOW + 1), NOW + 20).expect("it passes");
    assert_ne!(checked.replay_key, later.replay_key);
}

#[test]
fn a_cache_answers_the_same_as_none_and_forgets_with_the_key_set() {
    let bench = Bench::new();
    let set = |version| {
        let mut content = bench.key_set_content();
        content.version = version;
        make::key_set(&content)
    };
    let (mut certificates, mut authorisations) = ([Slot::default(); 4], [Slot::default(); 4]);
    let mut cache = Slots { certificates: &mut certificates, authorisations: &mut authorisations };
    let mut authorisation = making::authorisation(&bench.uic_fields(), &bench.uic_attacker);
    let forged = making::code(&authorisation, TimeStamp::of_moment(NOW), &bench.uic_user);
    // The right level 1 under the signature of another, once the right one is known.
    authorisation.level1 = making::level1(&bench.uic_fields());
    let swapped = making::code(&authorisation, TimeStamp::of_moment(NOW), &bench.uic_user);
    for version in [2, 2, 3] {
        let set = set(version);
        let set = KeySet::parse(&set).expect("a key set");
        let mut checker = Checker { signatures: &RustCrypto, cache: &mut cache, rules: TimeRules::default() };
        for made in [NOW, NOW + 1] {
            assert!(checker.check(&bench.uic_code_at(&bench.uic_fields(), made), Some(&set), NOW).is_ok());
        }
        for bad in [&forged, &swapped] {
            let refused = checker.check(bad, Some(&set), NOW).expect_err("another signature is not cached");
            assert_eq!(refused.reason, Reason::AuthorisationSignature);
        }
    }
}

/// Counts the signatures that are really checked.
struct Counting(std::cell::Cell<u32>);

impl Signatures for Counting {
    fn verifies(
        &self,
        key: &huitong_transit_code::signature::Key,
        hash: &[u8; 32],
        signature: &huitong_transit_code::signature::RawSignature,
    ) -> bool {
        RustCrypto.verifies(key, hash, signature)
    }
    fn verifies_p256(
        &self,
        key: &P256Key,
        hash: &[u8; 32],
        signature: &huitong_transit_code::signature::RawSignature,
    ) -> bool {
        self.0.set(self.0.get() + 1);
        RustCrypto.verifies_p256(key, hash, signature)
    }
}

#[test]
fn a_cached_level_1_leaves_one_signature_for_each_tap() {
    let bench = Bench::new();
    let set = make::key_set(&bench.key_set_content());
    let set = KeySet::parse(&set).expect("a key set");
    let (mut certificates, mut authorisations) = ([Slot::default(); 1], [Slot::default(); 4]);
    let mut cache = Slots { certificates: &mut certificates, authorisations: &mut authorisations };
    let counting = Counting(std::cell::Cell::new(0));
    for (made, expected) in [(NOW, 2), (NOW + 1, 3), (NOW + 2, 4)] {
        let mut checker = Checker { signatures: &counting, cache: &mut cache, rules: TimeRules::default() };
        assert!(checker.check(&bench.uic_code_at(&bench.uic_fields(), made), Some(&set), NOW).is_ok());
        assert_eq!(counting.0.get(), expected);
    }
}

/// The fields of a code as read, with the blocks of these names.
fn fields_of(header: &Header<'_>, formats: &[Vec<u8>]) -> Level1Fields {
    let octets = |span: Option<Span>| span.map(|span| cut(header, Some(span)));
    let block = |format: &Vec<u8>| {
        let block = header.block(format).expect("once").expect("there");
        (format.clone(), cut(header, Some(block.data)))
    };
    let level1 = &header.level1;
    Level1Fields {
        provider: level1.provider,
        provider_text: None,
        key_id: level1.key_id,
        data: formats.iter().map(block).collect(),
        level1_key_oid: octets(level1.level1_key_oid),
        level2_key_oid: octets(level1.level2_key_oid),
        level1_signing_oid: octets(level1.level1_signing_oid),
        level2_signing_oid: octets(level1.level2_signing_oid),
        level2_key: octets(level1.level2_key),
        end_year: level1.end_year,
        end_day: level1.end_day,
        end_minute: level1.end_minute,
        validity_s: level1.validity_s.map(u32::from),
    }
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..150)
}

prop_compose! {
    fn any_level1()(
        provider in prop::option::of(1_u16..=32_000), key_id in prop::option::of(0_u32..=99_999),
        data in prop::collection::vec(octets(), 0..3),
        oids in prop::array::uniform5(prop::option::of(prop::collection::vec(any::<u8>(), 0..40))),
        end_year in prop::option::of(2_016_u32..=2_269), end_day in prop::option::of(1_u32..=366),
        end_minute in prop::option::of(0_u32..=1_439), validity_s in prop::option::of(1_u32..=3_600),
    ) -> Level1Fields {
        let [level1_key_oid, level2_key_oid, level1_signing_oid, level2_signing_oid, level2_key] = oids;
        let named = |(number, data): (usize, Vec<u8>)| (format!("FCB{number}").into_bytes(), data);
        Level1Fields {
            provider, provider_text: None, key_id, data: data.into_iter().enumerate().map(named).collect(),
            level1_key_oid, level2_key_oid, level1_signing_oid, level2_signing_oid, level2_key,
            end_year, end_day, end_minute, validity_s,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_is_written_reads_back_and_the_signed_bits_are_those_that_were_signed(
        fields in any_level1(), first in prop::option::of(octets()), second in prop::option::of(octets()),
        data in prop::option::of(octets()),
    ) {
        let level1 = making::level1(&fields);
        let authorisation = making::Authorisation { level1: level1.clone(), signature: first.clone() };
        let level2 = making::level2(&authorisation, data.clone().map(|data| (b"FDC1".to_vec(), data)).as_ref());
        let code = making::header(&level2, second.as_deref());
        prop_assume!(code.len() <= CODE_LENGTH_MAX);
        prop_assert!(is_uic(&code));
        let header = Header::parse(&code).expect("written by the book");
        let formats: Vec<_> = fields.data.iter().map(|(format, _)| format.clone()).collect();
        let read = fields_of(&header, &formats);
        prop_assert_eq!(format!("{read:?}"), format!("{fields:?}"));
        prop_assert_eq!(cut(&header, Some(header.level1_span)), level1.bytes());
        prop_assert_eq!(header.level1_span.to - header.level1_span.from, level1.count());
        prop_assert_eq!(cut(&header, Some(header.level2_span)), level2.bytes());
        prop_assert_eq!(header.level1_signature.map(|span| cut(&header, Some(span))), first);
        prop_assert_eq!(header.level2_signature.map(|span| cut(&header, Some(span))), second);
        prop_assert_eq!(header.level2_data.map(|block| cut(&header, Some(block.data))), data);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic_and_open_nothing(
        start in prop::sample::select(vec![vec![], vec![0x81, 0x55, 0x64], vec![0x01, 0x55, 0x65], vec![0x81, 0x55, 0x65, 0x80]]),
        more in prop::collection::vec(any::<u8>(), 0..1_100), now in any::<i64>(),
    ) {
        let bytes = [start, more].concat();
        let _ = Header::parse(&bytes);
        let _ = TimeStamp::of_dynamic_content(&bytes);
        let _ = raw_signature(&bytes);
        let _ = P256Key::from_point(&bytes);
        prop_assert!(check(&bytes, NOW).is_err());
        prop_assert!(check(&bytes, now).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_code_with_any_changed_bytes_is_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..=255), 1..4), cut in 0_usize..3,
    ) {
        let genuine = Bench::new().uic_genuine();
        let mut code = genuine.clone();
        changes.iter().for_each(|(at, change)| code[at.index(genuine.len())] ^= change);
        code.truncate(genuine.len() - cut);
        prop_assume!(code != genuine);
        prop_assert!(check(&code, NOW).is_err());
    }
}

#[test]
fn a_code_with_any_flipped_bit_is_refused_at_every_bit() {
    let genuine = Bench::new().uic_genuine();
    for bit in 0..genuine.len() * 8 {
        let mut code = genuine.clone();
        code[bit / 8] ^= 0x80 >> (bit % 8);
        assert!(check(&code, NOW).is_err(), "bit {bit}");
    }
}
