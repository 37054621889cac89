//! Step 8 of 4.2: what the person pays, from the accounts and in cash.

use huitong_kernel::money::Fen;

use super::Working;
use crate::model::explain::{Path, Rule};
use crate::model::policy::{AccountScope, AccountStep};

const ORDER: Path<'static> = Path::Of("accounts.order");

pub(super) struct PaidByPerson {
    pub current: Fen,
    pub history: Fen,
    pub mutual_aid: Fen,
}

impl Working<'_> {
    /// Step 2: where the pack begins with the current year's account, it pays before everything else.
    pub(super) fn account_first(&mut self, eligible: Fen) -> Fen {
        let accounts = &self.pack.accounts;
        let is_of_care = accounts.current_first.is_empty() || accounts.current_first.contains(&self.case.care_type);
        if accounts.order.first() != Some(&AccountStep::AccountCurrent) || !is_of_care {
            return Fen::ZERO;
        }
        let first = eligible.min(self.case.accounts.current_fen);
        let balance = self.case.accounts.current_fen.0;
        self.steps.add(Rule::AccountFirst, ORDER, &[("balance", balance)], first);
        first
    }

    /// Step 8: the accounts in the pack's order, cash for the rest.
    pub(super) fn accounts(&mut self, first: Fen, own_in_scope: Fen, person_total: Fen) -> PaidByPerson {
        let balances = self.case.accounts;
        let mut paid = PaidByPerson { current: first, history: Fen::ZERO, mutual_aid: Fen::ZERO };
        if !self.case.account_wanted {
            return paid;
        }
        let payable = match self.pack.accounts.pays {
            AccountScope::InScope => own_in_scope.min(person_total),
            AccountScope::All => person_total,
        };
        let mut left = (payable - first).max(Fen::ZERO);
        let mut take = |balance: Fen| {
            let part = left.min(balance).max(Fen::ZERO);
            left -= part;
            part
        };
        for step in &self.pack.accounts.order {
            match step {
                AccountStep::AccountCurrent => paid.current += take(balances.current_fen - paid.current),
                AccountStep::AccountHistory => paid.history += take(balances.history_fen - paid.history),
                AccountStep::MutualAid => paid.mutual_aid += take(balances.mutual_aid_fen - paid.mutual_aid),
                AccountStep::Deductible | AccountStep::Pool | AccountStep::Cash => {}
            }
        }
        let inputs = [("payable", payable.0), ("current", paid.current.0), ("history", paid.history.0)];
        let account = paid.current + paid.history;
        self.steps.add(Rule::Account, ORDER, &inputs, account);
        if paid.mutual_aid > Fen::ZERO {
            self.steps.add(Rule::MutualAid, ORDER, &[("payable", payable.0)], paid.mutual_aid);
        }
        paid
    }
}
