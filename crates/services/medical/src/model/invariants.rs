//! What must hold of every computation before it is written (section 10). A breach is a bug, not a refusal.

use huitong_kernel::money::Fen;

use super::amounts::{Amounts, LineSums};
use super::lines::SplitLine;
use super::policy::{CAP_KEY, Pack};
use super::settle::{Case, Computation};

/// I1: each line's parts add up to the line.
pub fn check_line(line: &SplitLine) -> bool {
    line.total_fen == line.own_fen + line.over_fen + line.pre_fen + line.eligible_fen
        && [line.total_fen, line.own_fen, line.over_fen, line.pre_fen, line.eligible_fen]
            .iter()
            .all(|a| !a.is_negative())
}

/// I2 to I6 over amounts that others have computed: which does not hold.
pub fn holds(amounts: &Amounts) -> Result<(), &'static str> {
    let sums = &amounts.lines;
    let rules = [
        (sums.total_fen == sums.own_fen + sums.over_fen + sums.pre_fen + sums.eligible_fen, "I2: the four parts"),
        (
            sums.total_fen == amounts.fund_total_fen + amounts.person_total_fen + amounts.hospital_share_fen,
            "I3: funds, person and hospital make the total",
        ),
        (
            amounts.fund_total_fen == amounts.funds.iter().map(|fund| fund.paid_fen).sum(),
            "I4: the fund total is the sum of the funds",
        ),
        (
            amounts.person_total_fen == amounts.account_fen + amounts.mutual_aid_fen + amounts.cash_fen,
            "I5: accounts and cash make the person's total",
        ),
        (all(amounts).iter().all(|amount| !amount.is_negative()), "I6: no negative"),
    ];
    rules.into_iter().try_for_each(|(holds, rule)| if holds { Ok(()) } else { Err(rule) })
}

fn all(amounts: &Amounts) -> Vec<Fen> {
    let LineSums { total_fen, own_fen, over_fen, pre_fen, eligible_fen } = amounts.lines;
    let mut all = vec![
        total_fen,
        own_fen,
        over_fen,
        pre_fen,
        eligible_fen,
        amounts.deductible_fen,
        amounts.fund_total_fen,
        amounts.person_total_fen,
        amounts.account_fen,
        amounts.mutual_aid_fen,
        amounts.cash_fen,
        amounts.hospital_share_fen,
    ];
    all.extend(amounts.funds.iter().flat_map(|fund| [fund.paid_fen, fund.in_scope_fen]));
    all
}

/// I3 to I9 over a computation.
///
/// # Panics
/// When one does not hold.
pub fn check(pack: &Pack, case: &Case, computation: &Computation) {
    let amounts = &computation.amounts;
    let sums = &amounts.lines;
    let total = sums.own_fen + sums.over_fen + sums.pre_fen + sums.eligible_fen;
    assert_eq!(sums.total_fen, total, "I2: the four parts make the total");
    assert_eq!(
        sums.total_fen,
        amounts.fund_total_fen + amounts.person_total_fen + amounts.hospital_share_fen,
        "I3: funds, person and hospital make the total"
    );
    let funds: Fen = amounts.funds.iter().map(|fund| fund.paid_fen).sum();
    assert_eq!(amounts.fund_total_fen, funds, "I4: the fund total is the sum of the funds");
    let mutual_aid = if pack.accounts.mutual_aid_inside_account { Fen::ZERO } else { amounts.mutual_aid_fen };
    let inside = if pack.accounts.mutual_aid_inside_account { amounts.mutual_aid_fen } else { Fen::ZERO };
    assert_eq!(
        amounts.person_total_fen,
        amounts.account_fen + inside + amounts.cash_fen + mutual_aid,
        "I5: accounts and cash make the person's total"
    );
    let all = [
        amounts.deductible_fen,
        amounts.fund_total_fen,
        amounts.person_total_fen,
        amounts.account_fen,
        amounts.mutual_aid_fen,
        amounts.cash_fen,
    ];
    assert!(all.iter().chain(amounts.funds.iter().map(|f| &f.paid_fen)).all(|a| !a.is_negative()), "I6: no negative");
    check_limits(pack, case, computation);
}

fn check_limits(pack: &Pack, case: &Case, computation: &Computation) {
    // A cap that this settlement adds nothing to stands where it stood.
    let added = computation.deltas.iter().filter_map(|(key, delta)| Some((key, key.strip_prefix(CAP_KEY)?, *delta)));
    for (key, id, delta) in added {
        let before = case.accumulators.get(key);
        let cap = pack.caps.iter().find(|cap| cap.id == id);
        if let Some(amount) = cap.and_then(|cap| cap.amount(&computation.class, case.level)) {
            assert!(before + delta <= amount.max(before), "I8: payments of the year stay below the cap {id}");
        }
    }
    let balances = case.accounts;
    assert!(computation.account_current_fen <= balances.current_fen, "I9: the current account is not overdrawn");
    assert!(
        computation.amounts.account_fen <= balances.current_fen + balances.history_fen,
        "I9: the accounts are not overdrawn"
    );
}
