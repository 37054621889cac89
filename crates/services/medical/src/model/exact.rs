//! Exact arithmetic of 4.1: integers only, one named rounding.

use huitong_kernel::decimal::{Price, Quantity, Ratio};
use huitong_kernel::money::Fen;

/// A ratio in 10⁻⁸: a ratio times a factor, never rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FineRatio(pub i64);

/// Fen in 10⁻⁸, exact.
pub type ExactFen = i128;

pub const FINE_ONE: i64 = 100_000_000;

/// `numerator / denominator` to the nearest integer, halves up (away from zero for negative values, so that a contra
/// mirrors its original).
pub fn divide_half_up(numerator: i128, denominator: i128) -> i64 {
    assert!(denominator > 0, "a rounding divides by something positive");
    let magnitude = (numerator.abs() * 2 + denominator) / (denominator * 2);
    let signed = if numerator < 0 { -magnitude } else { magnitude };
    i64::try_from(signed).expect("amounts stay far below 2^63 fen")
}

/// round2: to the fen, half up (300.865 → 300.87).
pub fn round_to_fen(exact: ExactFen) -> Fen {
    Fen(divide_half_up(exact, i128::from(FINE_ONE)))
}

/// price × quantity, rounded to the fen. Price is in 10⁻⁶ yuan and quantity in 10⁻⁴, so the product is in 10⁻⁸ fen.
pub fn price_times_quantity(price: Price, quantity: Quantity) -> Fen {
    round_to_fen(i128::from(price.units()) * i128::from(quantity.units()))
}

/// amount × ratio, rounded to the fen.
pub fn share(amount: Fen, ratio: Ratio) -> Fen {
    round_to_fen(i128::from(amount.0) * i128::from(fine(ratio).0))
}

pub fn fine(ratio: Ratio) -> FineRatio {
    FineRatio(ratio.units() * 10_000)
}

/// amount × ratio, exact.
pub fn exact_share(amount: Fen, ratio: FineRatio) -> ExactFen {
    i128::from(amount.0) * i128::from(ratio.0)
}

pub fn exact(amount: Fen) -> ExactFen {
    i128::from(amount.0) * i128::from(FINE_ONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_up() {
        assert_eq!(round_to_fen(30_086 * 100_000_000 + 50_000_000), Fen(30_087));
        assert_eq!(round_to_fen(30_086 * 100_000_000 + 49_999_999), Fen(30_086));
        assert_eq!(round_to_fen(-(30_086 * 100_000_000 + 50_000_000)), Fen(-30_087));
    }

    #[test]
    fn a_share_is_rounded_once_on_the_sum_not_per_line() {
        let ratio = "0.35".parse().expect("a ratio");
        let per_line: Fen = [3_333, 3_333, 3_334].into_iter().map(|fen| share(Fen(fen), ratio)).sum();
        assert_eq!(per_line, Fen(3_501));
        assert_eq!(share(Fen(10_000), ratio), Fen(3_500));
    }
}
