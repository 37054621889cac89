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
    let side = |sign: i64| {
        let mut side: Vec<(Fen, Division)> = positions
            .iter()
            .filter(|(_, amount)| amount.0 * sign > 0)
            .map(|(division, amount)| (Fen(amount.0.abs()), *division))
            .collect();
        side.sort_by_key(|(amount, division)| (std::cmp::Reverse(*amount), *division));
        side
    };
    let (mut payers, mut payees) = (side(-1).into_iter().peekable(), side(1).into_iter().peekable());
    let mut payments = Vec::new();
    while let (Some((owed, payer)), Some((due, payee))) = (payers.peek_mut(), payees.peek_mut()) {
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
}
