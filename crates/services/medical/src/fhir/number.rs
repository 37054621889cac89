//! Exact decimals of FHIR documents: read from the digits as they stand, never by way of floating point.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Neg, Sub};

use huitong_kernel::money::Fen;

/// Decimals that are kept; FHIR asks for 18 significant digits.
const PLACES: u32 = 12;
const ONE: i128 = 10_i128.pow(PLACES);
/// Digits before the point at most, so that millions of numbers can be added.
const LIMIT: i128 = 10_i128.pow(18 + PLACES);
/// Digits of a number's text at most.
const DIGITS_MAX: usize = 36;

/// A number, exact, in 10⁻¹².
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact(i128);

/// Not a number that can be kept exactly: malformed, over 18 digits before the point, or over 12 decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number that can be kept exactly")]
pub struct NotExact;

impl Exact {
    pub const ZERO: Exact = Exact(0);
    pub const ONE: Exact = Exact(ONE);

    /// Reads a decimal of FHIR R4: `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
    ///
    /// # Errors
    /// [`NotExact`]
    pub fn parse(text: &str) -> Result<Exact, NotExact> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return Err(NotExact),
            Some((whole, fraction)) => (whole, fraction),
            None => (mantissa, ""),
        };
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || leading_zero || !is_digits(whole) || !is_digits(fraction) {
            return Err(NotExact);
        }
        let fraction = fraction.trim_end_matches('0');
        if whole.len() + fraction.len() > DIGITS_MAX {
            return Err(NotExact);
        }
        let digits = whole.bytes().chain(fraction.bytes()).fold(0_i128, |sum, byte| sum * 10 + i128::from(byte - b'0'));
        let power = exponent + PLACES as i32 - fraction.len() as i32;
        let units = shifted(digits, power).filter(|units| *units < LIMIT).ok_or(NotExact)?;
        Ok(Exact(if negative { -units } else { units }))
    }

    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// To so many decimals, half up (away from zero for negative values, as a contra mirrors its original).
    pub fn rounded(self, places: u32) -> Exact {
        let unit = 10_i128.pow(PLACES.saturating_sub(places));
        Exact(divided_half_up(self.0, unit) * unit)
    }

    /// The product, rounded to so many decimals; `None` beyond 38 digits.
    pub fn product(factors: &[Exact], places: u32) -> Option<Exact> {
        let (mut digits, mut decimals) = (1_i128, 0_u32);
        for factor in factors {
            let (own, own_decimals) = factor.shortest();
            digits = digits.checked_mul(own)?;
            decimals += own_decimals;
        }
        let surplus = decimals.saturating_sub(places);
        let rounded = divided_half_up(digits, 10_i128.checked_pow(surplus)?);
        let units = shifted(rounded, PLACES as i32 - (decimals - surplus) as i32)?;
        (units.abs() < LIMIT).then_some(Exact(units))
    }

    /// Digits and decimals, without zeros at the end.
    fn shortest(self) -> (i128, u32) {
        let (mut digits, mut decimals) = (self.0, PLACES);
        while decimals > 0 && digits % 10 == 0 {
            digits /= 10;
            decimals -= 1;
        }
        (digits, decimals)
    }

    /// With at least so many decimals, for instance `12.50`.
    pub fn shown(self, places: u32) -> String {
        let (_, decimals) = self.shortest();
        let decimals = decimals.max(places.min(PLACES));
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let whole = magnitude / ONE as u128;
        let fraction = format!("{:0width$}", magnitude % ONE as u128, width = PLACES as usize);
        match decimals {
            0 => format!("{sign}{whole}"),
            decimals => format!("{sign}{whole}.{}", &fraction[..decimals as usize]),
        }
    }
}

fn read_exponent(text: &str) -> Result<i32, NotExact> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_short = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_short { text.parse().map_err(|_| NotExact) } else { Err(NotExact) }
}

/// `digits × 10^power`, if that is a whole number.
fn shifted(digits: i128, power: i32) -> Option<i128> {
    if digits == 0 {
        return Some(0);
    }
    let factor = 10_i128.checked_pow(power.unsigned_abs())?;
    match power {
        0.. => digits.checked_mul(factor),
        _ => (digits % factor == 0).then(|| digits / factor),
    }
}

fn divided_half_up(numerator: i128, denominator: i128) -> i128 {
    let (whole, rest) = (numerator.abs() / denominator, numerator.abs() % denominator);
    // Not `rest * 2`: it could pass the end of the range.
    let magnitude = whole + i128::from(rest >= denominator - rest);
    if numerator < 0 { -magnitude } else { magnitude }
}

impl Add for Exact {
    type Output = Exact;
    fn add(self, other: Exact) -> Exact {
        Exact(self.0.checked_add(other.0).expect("numbers are bounded when read, and lists are bounded"))
    }
}

impl Sub for Exact {
    type Output = Exact;
    fn sub(self, other: Exact) -> Exact {
        self + -other
    }
}

impl Neg for Exact {
    type Output = Exact;
    fn neg(self) -> Exact {
        Exact(-self.0)
    }
}

impl Sum for Exact {
    fn sum<I: Iterator<Item = Exact>>(numbers: I) -> Exact {
        numbers.fold(Exact::ZERO, Add::add)
    }
}

impl From<Fen> for Exact {
    fn from(amount: Fen) -> Exact {
        Exact(i128::from(amount.0) * (ONE / 100))
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.shown(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).expect("a number of the test")
    }

    #[test]
    fn every_form_of_a_fhir_decimal_is_read_exactly() {
        for (text, shown) in
            [("0.10", "0.1"), ("-12.50", "-12.5"), ("1e3", "1000"), ("1.25E-2", "0.0125"), ("0e0", "0"), ("-0", "0")]
        {
            assert_eq!(exact(text).to_string(), shown, "{text}");
        }
        assert_eq!(exact("0.1") + exact("0.2"), exact("0.3"), "no floating point");
        assert_eq!(exact("12.5").shown(2), "12.50");
        for text in ["", "-", "01", "1.", ".5", "+1", "1e", "1e400", "1e-13", "１", "NaN", "1000000000000000000000"] {
            assert_eq!(Exact::parse(text), Err(NotExact), "{text:?}");
        }
    }

    #[test]
    fn products_are_rounded_once_and_halves_go_up() {
        assert_eq!(Exact::product(&[exact("601.73"), exact("0.5")], 2), Some(exact("300.87")));
        assert_eq!(Exact::product(&[exact("-601.73"), exact("0.5")], 2), Some(exact("-300.87")));
        assert_eq!(Exact::product(&[exact("3"), exact("7"), Exact::ONE], 0), Some(exact("21")));
        let long = exact("123456789012345678.123456789012");
        assert_eq!(Exact::product(&[long, long, long], 2), None);
        assert_eq!(exact("12.345").rounded(2), exact("12.35"));
    }
}
