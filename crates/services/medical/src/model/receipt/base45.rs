//! Base45 (RFC 9285): bytes in the alphabet of a QR code's alphanumeric mode, so that every scanner hands them over unspoilt.

const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Two bytes become three characters, a last single byte two.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(2) * 3);
    for pair in bytes.chunks(2) {
        let mut value = pair.iter().fold(0_usize, |value, byte| value << 8 | usize::from(*byte));
        for _ in 0..=pair.len() {
            text.push(char::from(ALPHABET[value % 45]));
            value /= 45;
        }
    }
    text
}

/// The bytes; `None` when the text is not Base45.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.bytes().map(|letter| ALPHABET.iter().position(|known| *known == letter));
    let digits: Vec<usize> = digits.collect::<Option<_>>()?;
    let mut bytes = Vec::with_capacity(digits.len() / 3 * 2 + 1);
    for group in digits.chunks(3) {
        let value = group.iter().rev().fold(0, |value, digit| value * 45 + digit);
        match group.len() {
            3 => bytes.extend(u16::try_from(value).ok()?.to_be_bytes()),
            2 => bytes.push(u8::try_from(value).ok()?),
            _ => return None,
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_standard() {
        for (plain, text) in
            [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0")]
        {
            assert_eq!(encode(plain.as_bytes()), text);
            assert_eq!(decode(text), Some(plain.as_bytes().to_vec()));
        }
        for wrong in ["GGW", ":::", "A", "ab", "::"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn bytes_come_back_and_foreign_text_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..60), text in ".*") {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
            let _ = decode(&text);
        }
    }
}
