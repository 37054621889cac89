//! The ride-code verifier beside the raw signature operations that it cannot do without, in the same run: three for a code whose
//! issuer and authorisation are new, one when both are cached; and the backends side by side.

use std::time::Instant as Stopwatch;

use huitong_transit_code::attack::{Bench, NOW};
use huitong_transit_code::cache::{Cache, NoCache, Slot, Slots};
use huitong_transit_code::certificate::SignedRange;
use huitong_transit_code::chain::{Checker, TimeRules};
use huitong_transit_code::code::Code;
use huitong_transit_code::key_set::KeySet;
use huitong_transit_code::make::{self, Sign, SigningKey};
use huitong_transit_code::signature::{Key, RawSignature, RustCrypto, Signatures};

/// Different riders: nothing is verified twice in a row.
const CODES: usize = 64;
const ROUNDS: usize = 25;
/// Goals: times the floor.
const GOAL: f64 = 1.15;

/// A signature ready to be verified: key on the curve, hash made.
struct Raw {
    key: Key,
    hash: [u8; 32],
    signature: RawSignature,
}

struct Prepared {
    code: Vec<u8>,
    /// Certificate, authorisation, user.
    raw: [Raw; 3],
}

pub fn run() -> anyhow::Result<()> {
    let bench = Bench::new();
    let set = make::key_set(&bench.key_set_content());
    let set = KeySet::parse(&set).map_err(|reason| anyhow::anyhow!("the bench's key set: {}", reason.name()))?;
    let codes: Vec<Prepared> = (0..CODES).map(|number| prepare(&bench, number)).collect();
    println!("\nride codes, one core, medians of {ROUNDS} interleaved rounds of {CODES} codes:");
    backend("RustCrypto sm2 (default)", &RustCrypto, &set, &codes);
    #[cfg(feature = "openssl")]
    match huitong_transit_code::signature::OpenSsl::new() {
        Some(openssl) => backend("OpenSSL 3 (feature openssl)", &openssl, &set, &codes),
        None => println!("  OpenSSL 3: built without SM2"),
    }
    #[cfg(not(feature = "openssl"))]
    println!("  OpenSSL: not built; `make bench` builds it where its headers are");
    Ok(())
}

fn prepare(bench: &Bench, number: usize) -> Prepared {
    let user = SigningKey::of_test(&format!("bench rider {number}")).expect("a key");
    let mut fields = bench.fields();
    fields.user_key = user.key().compressed();
    let bytes = make::code(&make::authorisation(&fields, &bench.issuer), NOW as u32, &user);
    let code = Code::parse(&bytes).expect("a genuine code");
    let (root, issuer, user) = (bench.root.key(), bench.issuer.key(), user.key());
    let mut buffer = [0; 47];
    let certificate = code.certificate();
    let raw = [
        Raw {
            hash: root.signed_hash(certificate.signed_bytes(SignedRange::Fields4To12, &mut buffer)),
            signature: certificate.signature(),
            key: root,
        },
        Raw {
            hash: issuer.signed_hash(code.authorised_bytes()),
            signature: code.authorisation_signature().expect("tagged"),
            key: issuer,
        },
        Raw { hash: user.signed_hash(code.user_bytes()), signature: code.user_signature().expect("tagged"), key: user },
    ];
    Prepared { raw, code: bytes.clone() }
}

fn backend(name: &str, signatures: &impl Signatures, set: &KeySet<'_>, codes: &[Prepared]) {
    let (mut certificates, mut authorisations) = (vec![Slot::default(); 64], vec![Slot::default(); 4_096]);
    let mut warm = Slots { certificates: &mut certificates, authorisations: &mut authorisations };
    check_all(signatures, &mut warm, set, codes);
    let mut times: [Vec<f64>; 4] = Default::default();
    for _ in 0..ROUNDS {
        times[0].push(per_code(|| raw_all(signatures, codes, 0..3)));
        times[1].push(per_code(|| check_all(signatures, &mut NoCache, set, codes)));
        times[2].push(per_code(|| raw_all(signatures, codes, 2..3)));
        times[3].push(per_code(|| check_all(signatures, &mut warm, set, codes)));
    }
    let [three, full, one, cached] = times.map(median);
    println!("  {name}");
    println!("    three raw verifications {three:>7.1} µs; the whole code {full:>7.1} µs: {}", ratio(full / three));
    println!("    one raw verification    {one:>7.1} µs; code, cached   {cached:>7.1} µs: {}", ratio(cached / one));
}

fn ratio(times: f64) -> String {
    format!("{times:.3} times ({} of ≤ {GOAL})", if times <= GOAL { "within the goal" } else { "MISSES the goal" })
}

fn raw_all(signatures: &impl Signatures, codes: &[Prepared], which: std::ops::Range<usize>) {
    for code in codes {
        for raw in &code.raw[which.clone()] {
            assert!(signatures.verifies(&raw.key, &raw.hash, &raw.signature), "a genuine signature");
        }
    }
}

fn check_all(signatures: &impl Signatures, cache: &mut impl Cache, set: &KeySet<'_>, codes: &[Prepared]) {
    for code in codes {
        let mut checker = Checker { signatures, cache: &mut *cache, rules: TimeRules::default() };
        assert!(checker.check(&code.code, Some(set), NOW).is_ok(), "a genuine code");
    }
}

/// Microseconds for one code.
fn per_code(work: impl FnOnce()) -> f64 {
    let start = Stopwatch::now();
    work();
    start.elapsed().as_secs_f64() * 1e6 / CODES as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
