//! Administrative division codes (行政区划代码, GB/T 2260): six digits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Six digits; a province ends in `0000`, a prefecture-level city in `00`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Division([u8; 6]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a division code has six digits and does not start with 0 (GB/T 2260)")]
pub struct DivisionError;

impl Division {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a division code is made of ASCII digits")
    }

    /// The significant digits: `31` for 310000, `3101` for 310100, `310117` itself.
    pub fn prefix(&self) -> &str {
        let text = self.as_str();
        match (&text[2..], &text[4..]) {
            ("0000", _) => &text[..2],
            (_, "00") => &text[..4],
            _ => text,
        }
    }

    /// Whether `other` is this division or lies within it.
    pub fn contains(&self, other: Division) -> bool {
        other.as_str().starts_with(self.prefix())
    }
}

impl FromStr for Division {
    type Err = DivisionError;

    fn from_str(text: &str) -> Result<Division, DivisionError> {
        let bytes: [u8; 6] = text.as_bytes().try_into().map_err(|_| DivisionError)?;
        let digits = bytes.iter().all(u8::is_ascii_digit) && bytes[0] != b'0';
        if digits { Ok(Division(bytes)) } else { Err(DivisionError) }
    }
}

impl TryFrom<String> for Division {
    type Error = DivisionError;
    fn try_from(text: String) -> Result<Division, DivisionError> {
        text.parse()
    }
}

impl From<Division> for String {
    fn from(division: Division) -> String {
        division.as_str().to_owned()
    }
}

impl fmt::Display for Division {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Division {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn division(text: &str) -> Division {
        text.parse().expect("a test code is valid")
    }

    #[test]
    fn a_province_contains_its_cities_and_a_city_its_districts() {
        assert!(division("310000").contains(division("310117")));
        assert!(division("330100").contains(division("330102")));
        assert!(!division("330100").contains(division("330200")));
        assert!(!division("310117").contains(division("310000")));
    }

    #[test]
    fn letters_wrong_lengths_and_leading_zeros_are_refused() {
        for text in ["31000", "3100000", "31000a", "010000", "", "３１０"] {
            assert_eq!(text.parse::<Division>(), Err(DivisionError), "{text}");
        }
    }
}
