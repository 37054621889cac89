//! SM2 and SM3 held against the `openssl` command: what one signs the other verifies.

mod foreign_bytes;

use std::path::Path;
use std::process::Command;

use huitong_kernel::hash::HashFunction;
use huitong_kernel::random::RandomSource;
use huitong_kernel::suite::{SM2_DEFAULT_ID, Signature, Signer, SoftwareKey, Suite};

/// Runs openssl; `None` where it is missing, which continuous integration may not be.
fn openssl(folder: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    match Command::new("openssl").current_dir(folder).args(arguments).output() {
        Ok(output) => {
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            Some(output.stdout)
        }
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "openssl is missing: {error}");
            println!("skipped: the openssl command is missing; `make test` installs it");
            None
        }
    }
}

/// SEC 1 private key in DER: version, the scalar, the curve by its object identifier 1.2.156.10197.1.301.
fn private_key_der(key: &SoftwareKey) -> Vec<u8> {
    let mut der = vec![0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20];
    der.extend_from_slice(&key.seed());
    der.extend_from_slice(&[0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d]);
    der
}

/// An integer of a DER sequence as 32 bytes, and what follows it.
fn integer(der: &[u8]) -> ([u8; 32], &[u8]) {
    assert_eq!(der[0], 0x02, "an integer");
    let length = usize::from(der[1]);
    let digits = &der[2..2 + length];
    let digits = digits.strip_prefix(&[0]).unwrap_or(digits);
    let mut bytes = [0; 32];
    bytes[32 - digits.len()..].copy_from_slice(digits);
    (bytes, &der[2 + length..])
}

fn from_der(der: &[u8]) -> Signature {
    let (r, rest) = integer(&der[2..]);
    let (s, _) = integer(rest);
    Signature([r, s].concat().try_into().expect("64 bytes"))
}

fn to_der(signature: &Signature) -> Vec<u8> {
    let mut body = Vec::new();
    for half in signature.0.chunks(32) {
        let digits: Vec<u8> = half.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = digits.first().is_some_and(|byte| *byte >= 0x80);
        body.extend([0x02, digits.len() as u8 + u8::from(sign)]);
        body.extend(sign.then_some(0));
        body.extend(digits);
    }
    [&[0x30, body.len() as u8], &body[..]].concat()
}

#[test]
fn sm2_signatures_agree_with_openssl_in_both_directions() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let identity = format!("distid:{SM2_DEFAULT_ID}");
    for seed in 0..8 {
        let key = SoftwareKey::generate(Suite::Sm2Sm3, &mut RandomSource::from_number(seed));
        let message = format!("checkpoint {seed}");
        std::fs::write(path("key.der"), private_key_der(&key)).expect("writable");
        std::fs::write(path("message"), &message).expect("writable");
        let Some(_) = openssl(folder.path(), &["ec", "-inform", "DER", "-in", "key.der", "-out", "key.pem"]) else {
            return;
        };
        let ours = key.sign(message.as_bytes()).expect("software signs");
        std::fs::write(path("ours"), to_der(&ours)).expect("writable");
        let common = ["-rawin", "-digest", "sm3", "-in", "message", "-inkey", "key.pem", "-pkeyopt", &identity];
        openssl(folder.path(), &[&["pkeyutl", "-verify", "-sigfile", "ours"], &common[..]].concat());
        openssl(folder.path(), &[&["pkeyutl", "-sign", "-out", "theirs"], &common[..]].concat());
        let theirs = from_der(&std::fs::read(path("theirs")).expect("a signature"));
        assert_eq!(key.public_key().verify(message.as_bytes(), &theirs), Ok(()), "seed {seed}");
    }
}

#[test]
fn sm3_agrees_with_openssl() {
    let folder = tempfile::tempdir().expect("a folder");
    for length in [0, 1, 55, 56, 63, 64, 65, 1_000] {
        let bytes = vec![0x61; length];
        std::fs::write(folder.path().join("bytes"), &bytes).expect("writable");
        let Some(theirs) = openssl(folder.path(), &["dgst", "-sm3", "-r", "bytes"]) else { return };
        let ours = HashFunction::Sm3.hash(&[&bytes]).to_string();
        assert!(String::from_utf8_lossy(&theirs).starts_with(&ours), "{length} bytes");
    }
}
