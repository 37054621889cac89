//! Money: an exact number of fen (分, 0.01 CNY).

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, DecimalError};

/// An amount in fen. In entries and messages it is a JSON integer; at the HTTP edge it is written as
/// yuan with two decimals (see [`Fen::yuan`] and [`Fen::from_str`]).
///
/// Arithmetic panics on overflow instead of wrapping: 92 quadrillion yuan never occurs, so an overflow
/// is a bug and must not become a plausible figure. Foreign amounts are bounded by [`Fen::LIMIT`] when read, as text and as
/// JSON: some hundreds of them can be added. Who adds more of them bounds them further.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Fen(pub i64);

/// An amount beyond [`Fen::LIMIT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount is at most 16 digits of fen")]
pub struct FenError;

impl TryFrom<i64> for Fen {
    type Error = FenError;
    fn try_from(fen: i64) -> Result<Fen, FenError> {
        if fen.unsigned_abs() > Fen::LIMIT.0.unsigned_abs() { Err(FenError) } else { Ok(Fen(fen)) }
    }
}

impl From<Fen> for i64 {
    fn from(amount: Fen) -> i64 {
        amount.0
    }
}

impl Fen {
    pub const ZERO: Fen = Fen(0);
    /// The largest amount accepted from outside: 16 digits, two of them decimals (national format 16,2).
    pub const LIMIT: Fen = Fen(9_999_999_999_999_999);

    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Yuan with exactly two decimals, for instance `-12.05`.
    pub fn yuan(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100)
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.yuan())
    }
}

impl FromStr for Fen {
    type Err = DecimalError;

    /// Reads yuan with at most two decimals, for instance `350`, `350.5`, `-0.01`.
    fn from_str(text: &str) -> Result<Fen, DecimalError> {
        Fen::try_from(Decimal::<2>::from_str(text)?.units()).map_err(|FenError| DecimalError::OutOfRange)
    }
}

impl Add for Fen {
    type Output = Fen;
    fn add(self, other: Fen) -> Fen {
        Fen(self.0.checked_add(other.0).expect("amounts stay far below 2^63 fen"))
    }
}

impl Sub for Fen {
    type Output = Fen;
    fn sub(self, other: Fen) -> Fen {
        Fen(self.0.checked_sub(other.0).expect("amounts stay far below 2^63 fen"))
    }
}

impl Neg for Fen {
    type Output = Fen;
    fn neg(self) -> Fen {
        Fen(-self.0)
    }
}

impl AddAssign for Fen {
    fn add_assign(&mut self, other: Fen) {
        *self = *self + other;
    }
}

impl SubAssign for Fen {
    fn sub_assign(&mut self, other: Fen) {
        *self = *self - other;
    }
}

impl Sum for Fen {
    fn sum<I: Iterator<Item = Fen>>(amounts: I) -> Fen {
        amounts.fold(Fen::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_are_written_with_two_decimals_and_read_back() {
        for (text, fen) in [("0.00", 0), ("0.05", 5), ("-0.01", -1), ("350.00", 35_000), ("-12.30", -1_230)] {
            assert_eq!(Fen(fen).yuan(), text);
            assert_eq!(text.parse::<Fen>(), Ok(Fen(fen)));
        }
        assert_eq!("350".parse::<Fen>(), Ok(Fen(35_000)));
    }

    #[test]
    fn three_decimals_exponents_and_sizes_beyond_the_national_format_are_refused() {
        for text in ["12.345", "1e3", "", ".", "1.", "+1", "１", "1 ", "100000000000000.00"] {
            assert!(text.parse::<Fen>().is_err(), "{text:?} must be refused");
        }
    }

    #[test]
    fn an_amount_in_json_is_an_integer_of_at_most_sixteen_digits() {
        for fen in [0, -5, Fen::LIMIT.0, -Fen::LIMIT.0] {
            assert_eq!(serde_json::to_string(&Fen(fen)).ok(), Some(fen.to_string()));
            assert_eq!(serde_json::from_str::<Fen>(&fen.to_string()).ok(), Some(Fen(fen)));
        }
        let beyond = Fen::LIMIT.0 + 1;
        for fen in [beyond, -beyond, i64::MAX, i64::MIN] {
            assert!(serde_json::from_str::<Fen>(&fen.to_string()).is_err(), "{fen} must be refused");
        }
    }
}
