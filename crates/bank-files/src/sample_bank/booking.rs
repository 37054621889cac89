//! What the bank makes of a payment order.

use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;

use crate::camt::{AccountReport, Balance, Batch, Counterpart, Entry, Return, Side, Status, Transaction};
use crate::pain001::{Initiation, Transfer};
use crate::party::{Account, Party};

/// The fate of one transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Paid,
    /// Only so much was paid.
    Partly(Fen),
    /// Paid and come back, for instance `AC04`: the account is closed.
    Returned {
        code: String,
        information: String,
    },
    /// Not done, and not told.
    Lost,
}

impl Outcome {
    fn paid(&self, transfer: &Transfer) -> Option<Fen> {
        match self {
            Outcome::Paid | Outcome::Returned { .. } => Some(transfer.amount),
            Outcome::Partly(amount) => Some(*amount),
            Outcome::Lost => None,
        }
    }
}

/// The debtor's account: one debit for all that was paid, and a credit for each that came back. One outcome for each transfer.
pub fn debtor_entries(initiation: &Initiation, outcomes: &[Outcome], booked: Date) -> Vec<Entry> {
    let with_outcomes = || initiation.transfers.iter().zip(outcomes);
    let paid = with_outcomes().filter_map(|(transfer, outcome)| {
        outcome.paid(transfer).map(|amount| transaction(initiation, transfer, amount, Side::Debit))
    });
    let transactions: Vec<Transaction> = paid.collect();
    let mut entries = Vec::new();
    if !transactions.is_empty() {
        let id = Some(initiation.message_id.clone());
        let transfers = u64::try_from(transactions.len()).ok();
        let batch = Some(Batch { message_id: id.clone(), payment_id: id, transfers });
        let reference = format!("{}-D", initiation.message_id);
        entries.push(Entry { batch, ..entry(reference, Side::Debit, booked, transactions) });
    }
    for (transfer, outcome) in with_outcomes() {
        if let Outcome::Returned { code, information } = outcome {
            let mut back = transaction(initiation, transfer, transfer.amount, Side::Credit);
            back.returned =
                Some(Return { code: Some(code.clone()), reason: None, information: vec![information.clone()] });
            let reference = format!("{}-R", transfer.instruction_id);
            entries.push(Entry { is_reversal: true, ..entry(reference, Side::Credit, booked, vec![back]) });
        }
    }
    entries
}

/// A creditor's account: a credit for each transfer that reached it.
pub fn creditor_entries(initiation: &Initiation, outcomes: &[Outcome], account: &Account, booked: Date) -> Vec<Entry> {
    let mine = initiation.transfers.iter().zip(outcomes).filter(|(transfer, _)| transfer.creditor.account == *account);
    let arrived = mine.filter(|(_, outcome)| !matches!(outcome, Outcome::Returned { .. }));
    let credit = |(transfer, outcome): (&Transfer, &Outcome)| {
        let amount = outcome.paid(transfer)?;
        let transactions = vec![transaction(initiation, transfer, amount, Side::Credit)];
        Some(entry(format!("{}-C", transfer.instruction_id), Side::Credit, booked, transactions))
    };
    arrived.filter_map(credit).collect()
}

/// A day's statement: the closing balance is what the entries make of the opening one.
pub fn statement(id: &str, account: &Account, opening: Balance, entries: Vec<Entry>, day: Date) -> AccountReport {
    let booked = entries.iter().filter(|entry| entry.status == Status::Booked);
    let amount = opening.amount + booked.map(Entry::signed).sum();
    AccountReport {
        id: id.to_owned(),
        page: None,
        is_copy: false,
        account: account.clone(),
        opening: Some(opening),
        closing: Some(Balance { amount, date: day }),
        entries,
    }
}

/// References have 35 characters; the end tells more than the beginning.
fn entry(reference: String, side: Side, booked: Date, transactions: Vec<Transaction>) -> Entry {
    let excess = reference.chars().count().saturating_sub(35);
    Entry {
        reference: Some(reference.chars().skip(excess).collect()),
        bank_reference: None,
        amount: transactions.iter().filter_map(|transaction| transaction.amount).sum(),
        side,
        is_reversal: false,
        status: Status::Booked,
        booking_date: Some(booked),
        value_date: Some(booked),
        batch: None,
        transactions,
    }
}

fn transaction(initiation: &Initiation, transfer: &Transfer, amount: Fen, side: Side) -> Transaction {
    Transaction {
        message_id: Some(initiation.message_id.clone()),
        instruction_id: Some(transfer.instruction_id.clone()),
        end_to_end_id: Some(transfer.end_to_end_id.clone()),
        amount: Some(amount),
        side: Some(side),
        debtor: counterpart(&initiation.debtor),
        creditor: counterpart(&transfer.creditor),
        remittance: transfer.remittance.iter().cloned().collect(),
        returned: None,
    }
}

fn counterpart(party: &Party) -> Counterpart {
    Counterpart { name: Some(party.name.clone()), account: Some(party.account.clone()) }
}
