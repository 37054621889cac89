//! Decimal numbers with a fixed count of decimals, read from text without any floating point.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A number with `PLACES` decimals, held as an integer count of its smallest unit:
/// a price is `Decimal<6>` (10⁻⁶ yuan), a quantity or a ratio `Decimal<4>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal<const PLACES: u32>(i64);

/// Price in 10⁻⁶ yuan (national format 16,6).
pub type Price = Decimal<6>;
/// Quantity in 10⁻⁴ (national format 16,4).
pub type Quantity = Decimal<4>;
/// Ratio in 10⁻⁴ (national format 5,4): 0.6 is 6 000 units.
pub type Ratio = Decimal<4>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    #[error("not a plain decimal number (digits, at most one point, no exponent)")]
    Malformed,
    #[error("too many decimals: at most {0}")]
    TooManyDecimals(u32),
    #[error("number out of range")]
    OutOfRange,
}

impl<const PLACES: u32> Decimal<PLACES> {
    pub const ZERO: Self = Self(0);
    /// 1 in units.
    pub const ONE: Self = Self(10_i64.pow(PLACES));

    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// The count of 10^-PLACES.
    pub const fn units(self) -> i64 {
        self.0
    }
}

impl<const PLACES: u32> FromStr for Decimal<PLACES> {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(DecimalError::Malformed),
            Some((whole, fraction)) => (whole, fraction),
            None => (digits, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(DecimalError::Malformed);
        }
        if fraction.len() > PLACES as usize {
            return Err(DecimalError::TooManyDecimals(PLACES));
        }
        let missing = PLACES - fraction.len() as u32;
        let mut units: i64 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            units = units
                .checked_mul(10)
                .and_then(|units| units.checked_add(i64::from(byte - b'0')))
                .ok_or(DecimalError::OutOfRange)?;
        }
        let units = units.checked_mul(10_i64.pow(missing)).ok_or(DecimalError::OutOfRange)?;
        Ok(Self(if negative { -units } else { units }))
    }
}

impl<const PLACES: u32> fmt::Display for Decimal<PLACES> {
    /// The shortest plain form: `0.6`, `12`, `-1.05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = Self::ONE.0.unsigned_abs();
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let fraction = format!("{:0width$}", magnitude % one, width = PLACES as usize);
        let fraction = fraction.trim_end_matches('0');
        if PLACES == 0 || fraction.is_empty() {
            write!(f, "{sign}{}", magnitude / one)
        } else {
            write!(f, "{sign}{}.{fraction}", magnitude / one)
        }
    }
}

impl<const PLACES: u32> Serialize for Decimal<PLACES> {
    /// Always a JSON string, so that no reader turns it into a floating-point number.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const PLACES: u32> Deserialize<'de> for Decimal<PLACES> {
    /// Accepts a JSON number or a JSON string and reads its digits as they stand. Works with serde_json's
    /// readers only (it looks at the raw text).
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decimal_text(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The digits of a JSON number or string, untouched.
pub fn decimal_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let text = raw.get();
    if text.starts_with('"') { serde_json::from_str(text).map_err(D::Error::custom) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_strings_read_alike_and_exactly() {
        assert_eq!(serde_json::from_str::<Price>("0.1").unwrap().units(), 100_000);
        assert_eq!(serde_json::from_str::<Price>("\"0.1\"").unwrap().units(), 100_000);
        assert_eq!(serde_json::from_str::<Quantity>("-3").unwrap().units(), -30_000);
        assert_eq!(serde_json::to_string(&Ratio::from_units(6_000)).unwrap(), "\"0.6\"");
    }

    #[test]
    fn exponents_booleans_and_surplus_decimals_are_refused() {
        for text in ["1e3", "true", "null", "0.12345", "\"\"", "[]", "99999999999999999999"] {
            assert!(serde_json::from_str::<Quantity>(text).is_err(), "{text}");
        }
    }
}
