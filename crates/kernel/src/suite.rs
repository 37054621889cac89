//! Crypto suites behind one interface: `ed25519-sha256` (RFC 8032, FIPS 180-4) and `sm2-sm3` (GB/T 32918, GB/T 32905).

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::Signer as _;
use serde::{Deserialize, Serialize};
use sm2::dsa::signature::Verifier as _;

use crate::hash::HashFunction;
use crate::random::RandomSource;

/// The user id that GM/T 0009 prescribes where nothing else is agreed.
pub const SM2_DEFAULT_ID: &str = "1234567812345678";

/// The region's choice of signature and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Suite {
    #[serde(rename = "ed25519-sha256")]
    Ed25519Sha256,
    #[serde(rename = "sm2-sm3")]
    Sm2Sm3,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("a crypto suite is `ed25519-sha256` or `sm2-sm3`")]
    UnknownSuite,
    #[error("a public key is written ed25519:HEX or sm2:HEX (33 bytes compressed, 65 uncompressed)")]
    Malformed,
    #[error("the key is not a usable point of its curve")]
    NotOnCurve,
}

/// A signature that does not verify, or cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct SignatureError;

/// The signer cannot sign now (an HSM may be away).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("signing failed: {0}")]
pub struct SignError(pub String);

impl Suite {
    pub fn hash_function(self) -> HashFunction {
        match self {
            Suite::Ed25519Sha256 => HashFunction::Sha256,
            Suite::Sm2Sm3 => HashFunction::Sm3,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Suite::Ed25519Sha256 => "ed25519-sha256",
            Suite::Sm2Sm3 => "sm2-sm3",
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Suite {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Suite, KeyError> {
        match text {
            "ed25519-sha256" => Ok(Suite::Ed25519Sha256),
            "sm2-sm3" => Ok(Suite::Sm2Sm3),
            _ => Err(KeyError::UnknownSuite),
        }
    }
}

/// A public key, parsed and checked once.
#[derive(Clone)]
pub enum PublicKey {
    Ed25519(ed25519_dalek::VerifyingKey),
    Sm2(Box<sm2::dsa::VerifyingKey>),
}

impl PublicKey {
    pub fn suite(&self) -> Suite {
        match self {
            PublicKey::Ed25519(_) => Suite::Ed25519Sha256,
            PublicKey::Sm2(_) => Suite::Sm2Sm3,
        }
    }

    /// 32 bytes for Ed25519, 33 (compressed point) for SM2.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            PublicKey::Ed25519(key) => key.to_bytes().to_vec(),
            PublicKey::Sm2(key) => compressed(&key.to_sec1_bytes()),
        }
    }

    /// Checks `signature` over `message`; Ed25519 strictly (no small-order or non-canonical parts).
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
        match self {
            PublicKey::Ed25519(key) => {
                let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
                key.verify_strict(message, &signature).map_err(|_| SignatureError)
            }
            PublicKey::Sm2(key) => {
                let signature = sm2::dsa::Signature::from_slice(&signature.0).map_err(|_| SignatureError)?;
                key.verify(message, &signature).map_err(|_| SignatureError)
            }
        }
    }

    /// The key id of a signed note (C2SP signed-note): the first four bytes of
    /// SHA-256(name ‖ 0x0a ‖ algorithm ‖ key), algorithm 0x01 for Ed25519. C2SP has no number for SM2; as it advises for
    /// such cases, the algorithm is 0xff followed by a name of its own, here `huitong-sm2`.
    pub fn note_key_id(&self, name: &str) -> u32 {
        let algorithm: &[u8] = match self {
            PublicKey::Ed25519(_) => b"\x01",
            PublicKey::Sm2(_) => b"\xffhuitong-sm2",
        };
        let digest = HashFunction::Sha256.hash(&[name.as_bytes(), b"\n", algorithm, &self.to_bytes()]);
        u32::from_be_bytes([digest.0[0], digest.0[1], digest.0[2], digest.0[3]])
    }
}

/// The compressed form of an uncompressed SEC 1 point.
fn compressed(uncompressed: &[u8]) -> Vec<u8> {
    assert_eq!(uncompressed.len(), 65, "the library writes uncompressed points of 65 bytes");
    let parity = 2 + (uncompressed[64] & 1);
    let mut bytes = vec![parity];
    bytes.extend_from_slice(&uncompressed[1..33]);
    bytes
}

/// Checks an SM2 signature made under a user id other than the default.
pub fn verify_sm2_with_id(id: &str, key: &[u8], message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
    let key = sm2::dsa::VerifyingKey::from_sec1_bytes(id, key).map_err(|_| SignatureError)?;
    let signature = sm2::dsa::Signature::from_slice(&signature.0).map_err(|_| SignatureError)?;
    key.verify(message, &signature).map_err(|_| SignatureError)
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            PublicKey::Ed25519(_) => "ed25519",
            PublicKey::Sm2(_) => "sm2",
        };
        write!(f, "{name}:{}", hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &PublicKey) -> bool {
        self.suite() == other.suite() && self.to_bytes() == other.to_bytes()
    }
}

impl Eq for PublicKey {}

impl FromStr for PublicKey {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<PublicKey, KeyError> {
        let (name, digits) = text.split_once(':').ok_or(KeyError::Malformed)?;
        let bytes = hex::decode(digits).map_err(|_| KeyError::Malformed)?;
        match name {
            "ed25519" => {
                let bytes: [u8; 32] = bytes.try_into().map_err(|_| KeyError::Malformed)?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotOnCurve)?;
                if key.is_weak() { Err(KeyError::NotOnCurve) } else { Ok(PublicKey::Ed25519(key)) }
            }
            "sm2" if matches!(bytes.len(), 33 | 65) => {
                let key = sm2::dsa::VerifyingKey::from_sec1_bytes(SM2_DEFAULT_ID, &bytes);
                Ok(PublicKey::Sm2(Box::new(key.map_err(|_| KeyError::NotOnCurve)?)))
            }
            _ => Err(KeyError::Malformed),
        }
    }
}

impl TryFrom<String> for PublicKey {
    type Error = KeyError;
    fn try_from(text: String) -> Result<PublicKey, KeyError> {
        text.parse()
    }
}

impl Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<PublicKey, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// 64 bytes: R ‖ S for Ed25519, r ‖ s for SM2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Signature(pub [u8; 64]);

impl FromStr for Signature {
    type Err = SignatureError;
    fn from_str(text: &str) -> Result<Signature, SignatureError> {
        let mut bytes = [0; 64];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| SignatureError)?;
        Ok(Signature(bytes))
    }
}

impl TryFrom<String> for Signature {
    type Error = SignatureError;
    fn try_from(text: String) -> Result<Signature, SignatureError> {
        text.parse()
    }
}

impl From<Signature> for String {
    fn from(signature: Signature) -> String {
        hex::encode(signature.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Whoever holds a private key: software today, an HSM where a jurisdiction has one.
pub trait Signer: Send + Sync {
    fn public_key(&self) -> &PublicKey;
    fn sign(&self, message: &[u8]) -> Result<Signature, SignError>;
}

enum Secret {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    Sm2(Box<sm2::dsa::SigningKey>),
}

/// A private key in memory. Both schemes sign deterministically (RFC 8032; RFC 6979 nonces for SM2), so signing needs no
/// randomness.
pub struct SoftwareKey {
    secret: Secret,
    seed: [u8; 32],
    public: PublicKey,
}

impl SoftwareKey {
    /// The key of a seed: the Ed25519 seed, or the SM2 private scalar (big-endian, 1 to n−1).
    pub fn from_seed(suite: Suite, seed: [u8; 32]) -> Result<SoftwareKey, SignError> {
        let (secret, public) = match suite {
            Suite::Ed25519Sha256 => {
                let key = ed25519_dalek::SigningKey::from_bytes(&seed);
                let public = PublicKey::Ed25519(key.verifying_key());
                (Secret::Ed25519(Box::new(key)), public)
            }
            Suite::Sm2Sm3 => {
                let key = sm2::dsa::SigningKey::from_slice(SM2_DEFAULT_ID, &seed)
                    .map_err(|_| SignError("the seed is no SM2 private key".to_owned()))?;
                let public = PublicKey::Sm2(Box::new(key.verifying_key().clone()));
                (Secret::Sm2(Box::new(key)), public)
            }
        };
        Ok(SoftwareKey { secret, seed, public })
    }

    pub fn generate(suite: Suite, random: &mut RandomSource) -> SoftwareKey {
        loop {
            let mut seed = [0; 32];
            random.fill(&mut seed);
            // One seed in 2^32 is outside the range of SM2 scalars.
            if let Ok(key) = SoftwareKey::from_seed(suite, seed) {
                return key;
            }
        }
    }

    /// The secret, for the key file.
    pub fn seed(&self) -> [u8; 32] {
        self.seed
    }
}

impl Signer for SoftwareKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        match &self.secret {
            Secret::Ed25519(key) => Ok(Signature(key.sign(message).to_bytes())),
            Secret::Sm2(key) => {
                let signature = key.try_sign(message).map_err(|error| SignError(error.to_string()))?;
                Ok(Signature(signature.to_bytes().into()))
            }
        }
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftwareKey({})", self.public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(parts: &[&str]) -> [u8; N] {
        hex::decode(parts.concat()).expect("a vector is hexadecimal").try_into().expect("a vector has its length")
    }

    #[test]
    fn rfc_8032_test_2_signs_as_the_standard_says() {
        let seed = bytes(&["4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"]);
        let key = SoftwareKey::from_seed(Suite::Ed25519Sha256, seed).expect("a seed");
        let signature = key.sign(&[0x72]).expect("software signs");
        let expected = bytes(&[
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ]);
        assert_eq!(signature, Signature(expected));
        assert_eq!(key.public_key().verify(&[0x72], &signature), Ok(()));
    }

    #[test]
    fn the_vector_of_gm_t_0003_verifies_and_its_private_key_gives_its_public_key() {
        let seed = bytes(&["3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"]);
        let key = SoftwareKey::from_seed(Suite::Sm2Sm3, seed).expect("a private key");
        let public: PublicKey = concat!(
            "sm2:0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020",
            "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
        )
        .parse()
        .expect("a point");
        assert_eq!(*key.public_key(), public);
        let signature = Signature(bytes(&[
            "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3",
            "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA",
        ]));
        assert_eq!(public.verify(b"message digest", &signature), Ok(()));
        assert_eq!(public.verify(b"message Digest", &signature), Err(SignatureError));
    }

    #[test]
    fn a_signature_under_another_user_id_fails_under_the_default_id() {
        let key: [u8; 65] = bytes(&[
            "0408D77AE04C01CC4C1104360DD8AF6B6F7DF334283D7C1A6AFD5652407B87BEE5",
            "014E2A57C36C150D16324DC664E31E6432359609C4E79847A5B161C8C7364C8A",
        ]);
        let signature = Signature(bytes(&[
            "d1dcccedd9fb785e0f67c16b7c52901625c0b69de9bca2144acc7be713cad2fc",
            "f7d1eae6e3a157b36c65f672f738ca8b46298bf149a6510072c431b49cd88b1c",
        ]));
        assert_eq!(verify_sm2_with_id("example@rustcrypto.org", &key, b"testing", &signature), Ok(()));
        assert_eq!(verify_sm2_with_id(SM2_DEFAULT_ID, &key, b"testing", &signature), Err(SignatureError));
    }

    #[test]
    fn a_real_root_certificate_of_the_transit_scheme_verifies_itself() {
        let record: [u8; 144] = bytes(&[
            "2101010000a000000632021240041140dcb53b215317dd87eac919eea6524085cacf49e37cf055b0b6c0aa84d8157f49",
            "6f32bfd10bef202cdd897fa8e6172f2f14e3ca810fed8089702cb61277690c6c4ef502d60834bb033ab536d4d652a200",
            "f08ee141cdd6695c44580f0a75af944249fc17b5652bab5e4df6b2c692fa351e04ac52850a6adffb2e12053f34b800d2",
        ]);
        let key: PublicKey = format!("sm2:04{}", hex::encode(&record[16..80])).parse().expect("a point");
        let signature = Signature(record[80..].try_into().expect("64 bytes"));
        assert_eq!(key.verify(&record[..80], &signature), Ok(()));
    }

    #[test]
    fn keys_are_written_and_read_back_and_foreign_keys_do_not_verify() {
        for suite in [Suite::Ed25519Sha256, Suite::Sm2Sm3] {
            let mut random = RandomSource::from_number(7);
            let (own, foreign) = (SoftwareKey::generate(suite, &mut random), SoftwareKey::generate(suite, &mut random));
            let text = own.public_key().to_string();
            assert_eq!(text.parse::<PublicKey>().as_ref(), Ok(own.public_key()));
            let signature = own.sign(b"a checkpoint").expect("software signs");
            assert_eq!(own.public_key().verify(b"a checkpoint", &signature), Ok(()));
            assert_eq!(foreign.public_key().verify(b"a checkpoint", &signature), Err(SignatureError));
            assert!(!format!("{own:?}").contains(&hex::encode(own.seed())), "the secret must not be printed");
        }
    }

    #[test]
    fn points_off_the_curve_and_malformed_keys_are_refused() {
        let off_curve = format!("sm2:04{}", "11".repeat(64));
        let all = [off_curve.as_str(), "sm2:00", "ed25519:zz", "rsa:00", "", "ed25519:"];
        for text in all {
            assert!(text.parse::<PublicKey>().is_err(), "{text}");
        }
        let small_order = format!("ed25519:01{}", "00".repeat(31));
        assert_eq!(small_order.parse::<PublicKey>(), Err(KeyError::NotOnCurve));
    }
}
