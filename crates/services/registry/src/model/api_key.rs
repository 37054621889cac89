//! API keys: `ht_KEYID_SECRET`, shown once, stored as a hash.
//!
//! The secret has 256 random bits, so a fast hash is enough: there is nothing to guess (decision record 0002).

use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::random::RandomSource;

/// A new key: the text to show once, its id, and the hash to keep.
pub struct NewKey {
    pub text: String,
    pub id: String,
    pub hash: Digest,
}

pub fn generate(random: &mut RandomSource) -> NewKey {
    let (mut id, mut secret) = ([0_u8; 8], [0_u8; 32]);
    random.fill(&mut id);
    random.fill(&mut secret);
    let (id, secret) = (hex(&id), hex(&secret));
    NewKey { text: format!("ht_{id}_{secret}"), hash: hash_of(&secret), id }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn hash_of(secret: &str) -> Digest {
    HashFunction::Sha256.hash(&[secret.as_bytes()])
}

/// Id and secret of a presented key.
pub fn parse(presented: &str) -> Option<(&str, &str)> {
    let (id, secret) = presented.strip_prefix("ht_")?.split_once('_')?;
    (id.len() == 16 && secret.len() == 64).then_some((id, secret))
}

/// Compares in a time that does not depend on where the first difference lies.
pub fn equal_in_constant_time(a: &Digest, b: &Digest) -> bool {
    let difference = a.0.iter().zip(b.0.iter()).fold(0_u8, |difference, (a, b)| difference | (a ^ b));
    std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn whatever_is_presented_is_answered(text in "(ht_)?[0-9a-fA-F_é]{0,100}") {
            if let Some((id, secret)) = parse(&text) {
                assert_eq!((id.len(), secret.len()), (16, 64));
            }
        }
    }

    #[test]
    fn a_key_is_parsed_and_its_hash_compares() {
        let key = generate(&mut RandomSource::from_number(1));
        let (id, secret) = parse(&key.text).expect("a key of our own");
        assert_eq!(id, key.id);
        assert!(equal_in_constant_time(&hash_of(secret), &key.hash));
        assert!(!equal_in_constant_time(&hash_of("another"), &key.hash));
        for text in ["", "ht_", "ht_a_b", "xx_0011223344556677_00", &key.text[..40]] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
