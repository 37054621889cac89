//! The chart of accounts and the postings of section 9.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::{AccountCode, Chart, Limit, Transfer, TransferId};
use huitong_service_kit::Context;

use crate::command::AccountBucket;
use crate::model::amounts::FundPayment;

/// Persons' accounts must not be overdrawn (I9).
pub struct MedicalChart;

impl Chart for MedicalChart {
    fn limit(&self, account: &AccountCode) -> Limit {
        if account.class() == "person" { Limit::DebitsMustNotExceedCredits } else { Limit::None }
    }
}

/// What home pays by a settlement.
pub struct Payable<'a> {
    pub funds: &'a [FundPayment],
    pub current: Fen,
    pub history: Fen,
    pub mutual_aid: Fen,
}

pub fn person(person: &str, bucket: AccountBucket) -> AccountCode {
    let bucket = match bucket {
        AccountBucket::Current => "current",
        AccountBucket::History => "history",
        AccountBucket::MutualAid => "mutual_aid",
    };
    AccountCode::new(&["person", person, bucket])
}

/// Dr bank / Cr the person's account.
pub fn credit(context: &mut Context<'_>, to: &str, bucket: AccountBucket, amount: Fen) -> Transfer {
    let id = TransferId::new(context.now, context.random);
    Transfer::single(id, AccountCode::new(&["bank"]), person(to, bucket), amount)
}

/// Home: Dr fund expense / Cr payable(V, fund); Dr the person's account / Cr payable(V, account).
pub fn home_postings(
    context: &mut Context<'_>,
    visited: Division,
    pool: Division,
    insured: &str,
    payable: &Payable<'_>,
) -> Vec<Transfer> {
    let mut transfers = Vec::new();
    for fund in payable.funds {
        let expense = AccountCode::new(&["expense", pool.as_str(), &fund.fund]);
        let owed = AccountCode::new(&["payable", visited.as_str(), &fund.fund]);
        push(&mut transfers, context, expense, owed, fund.paid_fen);
    }
    let buckets = [
        (AccountBucket::Current, payable.current),
        (AccountBucket::History, payable.history),
        (AccountBucket::MutualAid, payable.mutual_aid),
    ];
    for (bucket, amount) in buckets {
        let owed = AccountCode::new(&["payable", visited.as_str(), "account"]);
        push(&mut transfers, context, person(insured, bucket), owed, amount);
    }
    transfers
}

/// Visited: Dr receivable(H, fund) / Cr payable(hospital); the same for the account part.
pub fn visited_postings(
    context: &mut Context<'_>,
    home: Division,
    institution: &str,
    funds: &[FundPayment],
    accounts: Fen,
) -> Vec<Transfer> {
    let mut transfers = Vec::new();
    let parts = funds.iter().map(|fund| (fund.fund.as_str(), fund.paid_fen)).chain([("account", accounts)]);
    for (part, amount) in parts {
        let receivable = AccountCode::new(&["receivable", home.as_str(), part]);
        let hospital = AccountCode::new(&["payable", "hospital", institution]);
        push(&mut transfers, context, receivable, hospital, amount);
    }
    transfers
}

/// On which side of a document a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The creditor.
    Visited,
    /// The debtor.
    Home,
}

/// What a side's transfers add to what home owes visited, by fund and account part; `peer` is the other side.
pub fn by_part(transfers: &[Transfer], side: Side, peer: Division) -> BTreeMap<String, Fen> {
    let prefix = match side {
        Side::Visited => format!("receivable/{peer}/"),
        Side::Home => format!("payable/{peer}/"),
    };
    let mut parts: BTreeMap<String, Fen> = BTreeMap::new();
    for transfer in transfers {
        let (more, less) = match side {
            Side::Visited => (&transfer.debit, &transfer.credit),
            Side::Home => (&transfer.credit, &transfer.debit),
        };
        for (account, amount) in [(more, transfer.amount_fen), (less, -transfer.amount_fen)] {
            if let Some(part) = account.as_str().strip_prefix(&prefix) {
                *parts.entry(part.to_owned()).or_default() += amount;
            }
        }
    }
    parts.retain(|_, amount| *amount != Fen::ZERO);
    parts
}

/// Home: Dr payable(V, part) / Cr clearing(V); visited: Dr clearing(H) / Cr receivable(H, part). The other way for what is given
/// back; nothing for nothing.
pub fn cleared(context: &mut Context<'_>, side: Side, peer: Division, part: &str, amount: Fen) -> Option<Transfer> {
    let clearing = AccountCode::new(&["clearing", peer.as_str()]);
    let (debit, credit) = match side {
        Side::Visited => (clearing, AccountCode::new(&["receivable", peer.as_str(), part])),
        Side::Home => (AccountCode::new(&["payable", peer.as_str(), part]), clearing),
    };
    let id = TransferId::new(context.now, context.random);
    Transfer::either_way(id, debit, credit, amount)
}

/// A contra document has negative amounts: the same legs, the other way.
fn push(
    transfers: &mut Vec<Transfer>,
    context: &mut Context<'_>,
    debit: AccountCode,
    credit: AccountCode,
    amount: Fen,
) {
    if amount != Fen::ZERO {
        let id = TransferId::new(context.now, context.random);
        transfers.extend(Transfer::either_way(id, debit, credit, amount));
    }
}
