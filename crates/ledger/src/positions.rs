//! What jurisdictions owe each other: gross amounts, net positions, and the payments that settle them.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;

/// Gross amounts: (who owes, whom) → how much.
pub type Gross = BTreeMap<(Division, Division), Fen>;

/// A payment between two jurisdictions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub payer: Division,
    pub payee: Division,
    pub amount: Fen,
}

/// What each jurisdiction receives (positive) or pays (negative); the positions sum to zero.
pub fn net_positions(gross: &Gross) -> BTreeMap<Division, Fen> {
    let mut positions: BTreeMap<Division, Fen> = BTreeMap::new();
    for ((debtor, creditor), amount) in gross {
        *positions.entry(*debtor).or_default() -= *amount;
        *positions.entry(*creditor).or_default() += *amount;
    }
    debug_assert_eq!(positions.values().copied().sum::<Fen>(), Fen::ZERO, "what one receives another pays");
    positions
}

/// Payments that bring every position to zero, at most one fewer than there are positions. Largest first, ties by
/// division code, so that every node computes the same list.
pub fn payments(positions: &BTreeMap<Division, Fen>) -> Vec<Payment> {
    let largest_first = |sign| {
        let mut side = side(positions, sign);
        side.sort_by_key(|(division, amount)| (std::cmp::Reverse(*amount), *division));
        side
    };
    matched(largest_first(-1), largest_first(1))
}

/// The same with debtors and creditors in the order of their codes (transit specification §13).
pub fn payments_by_code(positions: &BTreeMap<Division, Fen>) -> Vec<Payment> {
    matched(side(positions, -1), side(positions, 1))
}

/// Those who pay (−1) or receive (1), with how much, in the order of their codes.
fn side(positions: &BTreeMap<Division, Fen>, sign: i64) -> Vec<(Division, Fen)> {
    let of_side = positions.iter().filter(|(_, amount)| amount.0 * sign > 0);
    of_side.map(|(division, amount)| (*division, Fen(amount.0.abs()))).collect()
}

/// The first payer pays the first payee until one of them is done, and so on.
fn matched(payers: Vec<(Division, Fen)>, payees: Vec<(Division, Fen)>) -> Vec<Payment> {
    let (mut payers, mut payees) = (payers.into_iter().peekable(), payees.into_iter().peekable());
    let mut payments = Vec::new();
    while let (Some((payer, owed)), Some((payee, due))) = (payers.peek_mut(), payees.peek_mut()) {
        let amount = (*owed).min(*due);
        payments.push(Payment { payer: *payer, payee: *payee, amount });
        *owed -= amount;
        *due -= amount;
        let (payer_done, payee_done) = (*owed == Fen::ZERO, *due == Fen::ZERO);
        if payer_done {
            payers.next();
        }
        if payee_done {
            payees.next();
        }
    }
    payments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_of_the_region_nets_to_sixteen_million() {
        let area = |code: &str| code.parse::<Division>().expect("a code");
        let (sh, js, zj, ah) = (area("310000"), area("320000"), area("330000"), area("340000"));
        let million = |tenths_of_permille: i64| Fen(tenths_of_permille * 1_000_000);
        let gross: Gross = [
            ((sh, js), million(210)),
            ((sh, zj), million(120)),
            ((sh, ah), million(40)),
            ((js, sh), million(800)),
            ((js, zj), million(60)),
            ((js, ah), million(30)),
            ((zj, sh), million(540)),
            ((zj, js), million(55)),
            ((zj, ah), million(8)),
            ((ah, sh), million(630)),
            ((ah, js), million(290)),
            ((ah, zj), million(150)),
        ]
        .into();
        assert_eq!(gross.values().copied().sum::<Fen>(), million(2_933));
        let positions = net_positions(&gross);
        let expected = [(sh, million(1_600)), (js, million(-335)), (zj, million(-273)), (ah, million(-992))];
        assert_eq!(positions, expected.into());
        let payments = payments(&positions);
        assert_eq!(payments.len(), 3);
        assert_eq!(payments.iter().map(|payment| payment.amount).sum::<Fen>(), million(1_600));
    }

    #[test]
    fn the_example_of_the_transit_specification_needs_one_payment() {
        let area = |code: &str| code.parse::<Division>().expect("a code");
        let (sh, js, zj) = (area("310000"), area("320000"), area("330000"));
        let yuan = |yuan: i64| Fen(yuan * 100);
        let gross: Gross = [
            ((sh, zj), yuan(7_000)),
            ((sh, js), yuan(900)),
            ((zj, sh), yuan(4_500)),
            ((zj, js), yuan(300)),
            ((js, sh), yuan(1_200)),
        ]
        .into();
        assert_eq!(gross.values().copied().sum::<Fen>(), yuan(13_900));
        let positions = net_positions(&gross);
        assert_eq!(positions, [(sh, yuan(-2_200)), (js, Fen::ZERO), (zj, yuan(2_200))].into());
        let only = Payment { payer: sh, payee: zj, amount: yuan(2_200) };
        assert_eq!((payments_by_code(&positions), payments(&positions)), (vec![only.clone()], vec![only]));
    }

    #[test]
    fn debtors_pay_creditors_in_the_order_of_their_codes() {
        let area = |code: &str| code.parse::<Division>().expect("a code");
        let positions = [("310000", -1), ("320000", 4), ("330000", -9), ("340000", 6)];
        let positions = positions.map(|(code, amount)| (area(code), Fen(amount))).into();
        let paid: Vec<_> = payments_by_code(&positions)
            .into_iter()
            .map(|paid| (paid.payer.to_string(), paid.payee.to_string(), paid.amount.0))
            .collect();
        let expected = [("310000", "320000", 1), ("330000", "320000", 3), ("330000", "340000", 6)];
        assert_eq!(paid, expected.map(|(payer, payee, amount)| (payer.to_owned(), payee.to_owned(), amount)));
    }
}
