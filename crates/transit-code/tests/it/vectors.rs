//! The published vectors, and those of the specification (§16).

use huitong_transit_code::attack::{Bench, NOW};
use huitong_transit_code::cache::{NoCache, Slot, Slots};
use huitong_transit_code::certificate::{Certificate, Root};
use huitong_transit_code::chain::{Checked, Checker, TimeRules};
use huitong_transit_code::key_set::KeySet;
use huitong_transit_code::make::{self, Sign, SigningKey};
use huitong_transit_code::signature::{Key, RustCrypto, Signatures, sm3};
use huitong_transit_code::{Reason, certificate};

fn bytes<const LENGTH: usize>(text: &str) -> [u8; LENGTH] {
    hex::decode(text.replace([' ', '\n'], "")).expect("hexadecimal").try_into().expect("the vector has its length")
}

const REAL_ROOT: &str = "2101010000a000000632021240041140dcb53b215317dd87eac919eea6524085cacf49e37cf055b0b6c0aa84d8157f49
    6f32bfd10bef202cdd897fa8e6172f2f14e3ca810fed8089702cb61277690c6c4ef502d60834bb033ab536d4d652a200f08ee141cdd6695c44580f0a
    75af944249fc17b5652bab5e4df6b2c692fa351e04ac52850a6adffb2e12053f34b800d2";
const REAL_CERTIFICATE: &str = "2401012020021201343930121890886604042021030dbf032921dce84d19846049d07043cec077486cbb64bc4c659975
    f23a849ae5bb2589b795054a26b490685384caaf21e7eda1d55e6688c8f46b83701c77c6fdc6c968c369dfd06f3eebf82d08a563bc94074e7f59ea91
    604d59f519a3069b7e";
const TEST_ROOT: &str = "2101010000a000000632f1129904114013376dba78343e674bb89c8f89d8777133465c46bcf5dd9f11177c171dcc26fb
    a49cccbae306c00fdec4f92abebb16bc8ee7721327085f560d1b3f8396fd15f7793252d66837ae129585556b1d67c70e6d504c36df4fee06db39265b
    c7043fbd0751f4de3fb00ef538cf0a459c7382660b3abb346a99e6fdcc80f3177d245e6a";
const TEST_CODE: &str = "810165
    2401010000f112993100001299000001040400210292b0b226039d7ca62b3a8734e298c54b5ce95cab4ff2ebafc00e02958f6cde2dce9776337ca58f
    014b19bad3acd8360055697854f8958fda474d1fe6a5814de34422ff411f498c114de018142303dc1544d308e8e71cc8fb110cb7e98ec65548
    00000000000000005445535430303031000031000000000000189931000000000031010005dc
    03b5f8811b2b5fa1e61c2470b286a436db3357877a436557d5ec62f41ee418237ff48656ff001e
    1c5c000000000000000700000000000000000000000000000000000000
    15300cf05a277ca985142f1e362564ecb47920a7404d7c4459a7392a8072fdd6e62b525eff0552fa869d95e53bacc43aecdc80f8802580dba5c9851e
    8cb8bd83ea 6955b900
    15130d802bb9c36d208fb8a286faf9eb41cf71fc819c2042eb0a6827e0399b83550b51399a9e23feb0b7b792bbdbd17d6be7f8d635fa43e259bfd330
    6620d53056";

#[test]
fn the_vector_of_gm_t_0003_verifies() {
    let x = bytes("09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020");
    let y = bytes("CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13");
    let key = Key::from_coordinates(&x, &y).expect("on the curve");
    let signature = bytes(
        "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
         B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA",
    );
    assert!(RustCrypto.verifies(&key, &key.signed_hash(b"message digest"), &signature));
    assert!(!RustCrypto.verifies(&key, &key.signed_hash(b"message Digest"), &signature));
    let signer = SigningKey::from_bytes(&bytes("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"));
    assert_eq!(signer.expect("a scalar").key().coordinates(), (x, y));
}

#[cfg(feature = "openssl")]
#[test]
fn openssl_says_the_same_as_the_default_backend() {
    let openssl = huitong_transit_code::signature::OpenSsl::new().expect("OpenSSL with SM2");
    for round in 0_u8..20 {
        let signer = SigningKey::of_test(&format!("key {round}")).expect("a key");
        let hash = signer.key().signed_hash(&[round; 40]);
        let mut signature = signer.sign(&[round; 40]);
        assert!(
            openssl.verifies(&signer.key(), &hash, &signature) && RustCrypto.verifies(&signer.key(), &hash, &signature)
        );
        signature[usize::from(round)] ^= 1;
        assert!(
            !openssl.verifies(&signer.key(), &hash, &signature)
                && !RustCrypto.verifies(&signer.key(), &hash, &signature)
        );
    }
    for wrong in [[0; 64], [0xff; 64]] {
        assert!(!openssl.verifies(&SigningKey::of_test("key").expect("a key").key(), &[1; 32], &wrong));
    }
}

#[test]
fn a_signature_under_another_user_id_fails() {
    let key = Key::from_coordinates(
        &bytes("08D77AE04C01CC4C1104360DD8AF6B6F7DF334283D7C1A6AFD5652407B87BEE5"),
        &bytes("014E2A57C36C150D16324DC664E31E6432359609C4E79847A5B161C8C7364C8A"),
    )
    .expect("on the curve");
    let signature = bytes(
        "d1dcccedd9fb785e0f67c16b7c52901625c0b69de9bca2144acc7be713cad2fc
         f7d1eae6e3a157b36c65f672f738ca8b46298bf149a6510072c431b49cd88b1c",
    );
    assert!(!RustCrypto.verifies(&key, &key.signed_hash(b"testing"), &signature));
}

#[test]
fn the_real_root_verifies_itself_and_the_real_certificate_is_not_its_own() {
    let (root, certificate) = (bytes(REAL_ROOT), bytes(REAL_CERTIFICATE));
    let (root, certificate) = (Root(&root), Certificate(&certificate));
    let key = root.key().expect("on the curve");
    assert!(root.is_well_formed());
    assert!(RustCrypto.verifies(&key, &key.signed_hash(&root.signed_bytes()), &root.self_signature()));
    assert!(certificate.is_well_formed());
    assert_eq!(hex::encode(certificate.issuer()), "01343930");
    assert_eq!(hex::encode(certificate.serial()), "908866");
    assert!(certificate.key().is_some());
    let mut buffer = [0; 47];
    let hash = key.signed_hash(certificate.signed_bytes(certificate::SignedRange::Fields4To12, &mut buffer));
    assert!(!RustCrypto.verifies(&key, &hash, &certificate.signature()));
}

#[test]
fn a_code_under_the_real_certificate_is_refused_by_its_signature() {
    let bench = Bench::new();
    let mut content = bench.key_set_content();
    // A date before 2019, so that only the signature can be the reason.
    (content.not_before, content.roots) = (NOW - 8 * 365 * 86_400, vec![bytes(REAL_ROOT)]);
    let set = make::key_set(&content);
    let mut fields = bench.fields();
    fields.certificate = bytes(REAL_CERTIFICATE);
    let now = content.not_before + 100;
    let rules = TimeRules::default();
    let code = make::code(&make::authorisation(&fields, &bench.issuer), now as u32, &bench.user);
    let refused = Checker { signatures: &RustCrypto, cache: &mut NoCache, rules }.check(
        &code,
        Some(&KeySet::parse(&set).expect("a key set")),
        now,
    );
    assert_eq!(refused.expect_err("refused").reason, Reason::CertificateSignature);
}

#[test]
fn the_made_up_code_of_the_specification_passes_in_its_window_and_is_what_the_bench_makes() {
    let bench = Bench::new();
    let code = bytes::<360>(TEST_CODE);
    assert_eq!(hex::encode(sm3(&[&code])), "035ee432178e38060c8497374954705365956771f9d3ab9f5c7a7910950e9304");
    let mut content = bench.key_set_content();
    content.roots = vec![bytes(TEST_ROOT)];
    let made = make::root(make::RootFields { ca_index: 0xf1, expiry: [0x12, 0x99] }, &bench.root);
    assert_eq!(made[..80], content.roots[0][..80]);
    // All but the signatures, whose nonces differ.
    assert_eq!(bench.genuine()[..56], code[..56]);
    assert_eq!(bench.genuine()[120..226], code[120..226]);
    let set = make::key_set(&content);
    let set = KeySet::parse(&set).expect("a key set");
    assert!(set.roots_verify(&RustCrypto));
    let check = |now| check(&code, &set, now);
    assert_eq!(check(1_767_225_569).expect_err("too early"), Reason::CodeFuture);
    assert_eq!(check(1_767_225_570).expect("first second").age_s, -30);
    let last = check(1_767_225_660).expect("last second");
    assert_eq!((last.age_s, last.limit_fen, last.home), (60, 1_500, 310_000));
    assert_eq!(hex::encode(last.account.number), "00003100000000000018");
    assert_eq!(last.ticket_number, [0, 0, 0, 0, 0, 0, 0, 7]);
    assert_eq!(check(1_767_225_661).expect_err("too late"), Reason::CodeExpired);
}

fn check(code: &[u8], set: &KeySet<'_>, now: i64) -> Result<Checked, Reason> {
    let mut checker = Checker { signatures: &RustCrypto, cache: &mut NoCache, rules: TimeRules::default() };
    checker.check(code, Some(set), now).map_err(|failure| failure.reason)
}

#[test]
fn keys_and_signatures_with_leading_zero_bytes_are_taken() {
    let mut seen = (false, false, false);
    for number in 0..4_000_u32 {
        let key = SigningKey::of_test(&format!("phone {number}")).expect("a key");
        let zero_x = key.key().coordinates().0[0] == 0;
        let signature = key.sign(&number.to_be_bytes());
        let (zero_r, zero_s) = (signature[0] == 0, signature[32] == 0);
        if zero_x || zero_r || zero_s {
            let again = Key::from_compressed(&key.key().compressed()).expect("on the curve");
            assert!(
                RustCrypto.verifies(&again, &again.signed_hash(&number.to_be_bytes()), &signature),
                "phone {number}"
            );
            seen = (seen.0 || zero_x, seen.1 || zero_r, seen.2 || zero_s);
        }
        if seen == (true, true, true) {
            return;
        }
    }
    panic!("no key or signature with leading zeros among 4000: {seen:?}");
}

#[test]
fn a_cache_answers_the_same_as_none_and_forgets_with_the_key_set() {
    let bench = Bench::new();
    let set = |version| {
        let mut content = bench.key_set_content();
        content.version = version;
        make::key_set(&content)
    };
    let (second, third) = (set(2), set(3));
    let (mut certificates, mut authorisations) = ([Slot::default(); 4], [Slot::default(); 4]);
    let mut cache = Slots { certificates: &mut certificates, authorisations: &mut authorisations };
    let genuine = bench.genuine();
    let mut forged = genuine.clone();
    forged[230] ^= 1;
    let forged = bench.signed_again(&forged);
    for set in [&second, &second, &third] {
        let set = KeySet::parse(set).expect("a key set");
        let mut checker = Checker { signatures: &RustCrypto, cache: &mut cache, rules: TimeRules::default() };
        assert!(checker.check(&genuine, Some(&set), NOW).is_ok());
        let refused = checker.check(&forged, Some(&set), NOW).expect_err("another signature is not cached");
        assert_eq!(refused.reason, Reason::AuthorisationSignature);
    }
}
