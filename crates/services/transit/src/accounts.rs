//! The chart of accounts and the postings of a trip.
//!
//! Home: Dr `rider/ACCOUNT`, `debt/ACCOUNT` or, where no rider pays, `loss/DEBTOR`, Cr `payable/DEBTOR/CREDITOR`. Visited: Dr `receivable/CREDITOR/DEBTOR`,
//! Cr `revenue/CREDITOR`. Creditor and debtor are cities; for every pair both books say the same (J5). What the node's clearing has
//! paid, or was paid, goes against `clearing/PEER`.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::{AccountCode, Chart, Limit, Transfer, TransferId};
use huitong_service_kit::Context;

use crate::model::rider::AccountToken;

/// What riders have paid in is all that can be taken from them; the rest is debt.
pub struct TransitChart;

impl Chart for TransitChart {
    fn limit(&self, account: &AccountCode) -> Limit {
        if account.class() == "rider" { Limit::DebitsMustNotExceedCredits } else { Limit::None }
    }
}

fn rider(account: &AccountToken) -> AccountCode {
    AccountCode::new(&["rider", &account.to_string()])
}

fn debt(account: &AccountToken) -> AccountCode {
    AccountCode::new(&["debt", &account.to_string()])
}

/// On which side of a claim an account between two cities stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `receivable/CREDITOR/DEBTOR`
    Receivable,
    /// `payable/DEBTOR/CREDITOR`
    Payable,
}

impl Side {
    pub fn class(self) -> &'static str {
        match self {
            Side::Receivable => "receivable",
            Side::Payable => "payable",
        }
    }

    /// Debtor and creditor of an account of this side; `None` for the code of another account.
    pub fn pair(self, code: &str) -> Option<(Division, Division)> {
        let (class, cities) = code.split_once('/')?;
        let (one, other) = cities.split_once('/')?;
        let (one, other) = (one.parse().ok()?, other.parse().ok()?);
        (class == self.class()).then_some(if self == Side::Payable { (one, other) } else { (other, one) })
    }
}

fn payable(creditor: Division, debtor: Division) -> AccountCode {
    AccountCode::new(&[Side::Payable.class(), debtor.as_str(), creditor.as_str()])
}

fn receivable(creditor: Division, debtor: Division) -> AccountCode {
    AccountCode::new(&[Side::Receivable.class(), creditor.as_str(), debtor.as_str()])
}

/// What a peer's node has paid or was paid: the node's clearing has the other side of it.
fn clearing(peer: Division) -> AccountCode {
    AccountCode::new(&["clearing", peer.as_str()])
}

/// What home owes of a claim although no rider pays it: risk rules, unknown accounts.
fn loss(of: Division) -> AccountCode {
    AccountCode::new(&["loss", of.as_str()])
}

fn revenue(of: Division) -> AccountCode {
    AccountCode::new(&["revenue", of.as_str()])
}

/// Collects transfers; those of zero fen are left out, negative ones go the other way.
pub struct Postings<'c, 'x> {
    context: &'c mut Context<'x>,
    pub transfers: Vec<Transfer>,
}

impl<'c, 'x> Postings<'c, 'x> {
    pub fn new(context: &'c mut Context<'x>) -> Postings<'c, 'x> {
        Postings { context, transfers: Vec::new() }
    }

    fn push(&mut self, debit: AccountCode, credit: AccountCode, amount: Fen) {
        if amount != Fen::ZERO {
            let id = TransferId::new(self.context.now, self.context.random);
            self.transfers.extend(Transfer::either_way(id, debit, credit, amount));
        }
    }

    /// Home owes a visited city: what the rider paid, and what became a debt.
    pub fn charge(&mut self, account: &AccountToken, paid: Fen, owed: Fen, creditor: Division, debtor: Division) {
        self.push(rider(account), payable(creditor, debtor), paid);
        self.push(debt(account), payable(creditor, debtor), owed);
    }

    /// Home takes back: first from what the rider still owes, the rest goes to the rider.
    pub fn refund(&mut self, account: &AccountToken, off_debt: Fen, back: Fen, creditor: Division, debtor: Division) {
        self.push(payable(creditor, debtor), debt(account), off_debt);
        self.push(payable(creditor, debtor), rider(account), back);
    }

    /// Home owes a visited city what no rider pays.
    pub fn loss(&mut self, amount: Fen, creditor: Division, debtor: Division) {
        self.push(loss(debtor), payable(creditor, debtor), amount);
    }

    /// A rider has paid in.
    pub fn payment(&mut self, account: &AccountToken, amount: Fen) {
        self.push(AccountCode::new(&["bank"]), rider(account), amount);
    }

    /// A debt is settled from what the rider has paid in.
    pub fn settle_debt(&mut self, account: &AccountToken, amount: Fen) {
        self.push(rider(account), debt(account), amount);
    }

    /// The visited city's claim.
    pub fn claim(&mut self, amount: Fen, creditor: Division, debtor: Division) {
        self.push(receivable(creditor, debtor), revenue(creditor), amount);
    }

    /// A partner's part, at the operating node: less revenue, owed to the partner.
    pub fn split_owed(&mut self, amount: Fen, operating: Division, partner: Division) {
        self.push(revenue(operating), payable(partner, operating), amount);
    }

    /// A partner's part, at the partner's node.
    pub fn split_due(&mut self, amount: Fen, operating: Division, partner: Division) {
        self.push(receivable(partner, operating), revenue(partner), amount);
    }

    /// A peer's node has paid what was due.
    pub fn cleared_due(&mut self, amount: Fen, creditor: Division, debtor: Division, peer: Division) {
        self.push(clearing(peer), receivable(creditor, debtor), amount);
    }

    /// A peer's node was paid what was owed.
    pub fn cleared_owed(&mut self, amount: Fen, creditor: Division, debtor: Division, peer: Division) {
        self.push(payable(creditor, debtor), clearing(peer), amount);
    }
}
