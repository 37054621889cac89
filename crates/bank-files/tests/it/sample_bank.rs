//! The demonstration's bank: an order goes in, statements and notifications come out.

use huitong_bank_files::camt::{self, Balance, Report, ReportKind, Side};
use huitong_bank_files::pain001;
use huitong_bank_files::sample_bank::{Outcome, creditor_entries, debtor_entries, statement, write};
use huitong_kernel::money::Fen;

use crate::sample::{DAY, check, now, order, transfer};

fn report(kind: ReportKind, accounts: Vec<camt::AccountReport>) -> Report {
    Report { kind, message_id: "B-1".to_owned(), created_at: now(), accounts }
}

#[test]
fn an_order_is_paid_in_part_and_one_transfer_comes_back() {
    let mut order = order();
    order.transfers.extend([transfer(3, 50_000), transfer(4, 700)]);
    let file = pain001::write(&order).expect("an order");
    let order = pain001::read(file.as_bytes()).expect("the bank reads it");
    let closed = Outcome::Returned { code: "AC04".to_owned(), information: "账户已销户".to_owned() };
    let outcomes = [Outcome::Paid, Outcome::Partly(Fen(1)), closed, Outcome::Lost];

    let opening = Balance { amount: Fen(-5), date: DAY };
    let entries = debtor_entries(&order, &outcomes, DAY);
    let statement = statement("S-1", &order.debtor.account, opening, entries, DAY);
    let file = write(&report(ReportKind::Statement, vec![statement])).expect("a statement");
    let read = camt::read(file.as_bytes()).expect("the fund reads it");
    let [debit, back] = read.accounts[0].entries.as_slice() else { panic!("a batch and a return") };
    assert_eq!((debit.signed(), debit.transactions.len()), (Fen(-1_284_568), 3));
    assert_eq!((back.signed(), back.is_reversal), (Fen(50_000), true));
    let returned = back.transactions[0].returned.as_ref().expect("a reason");
    assert_eq!(returned.code.as_deref(), Some("AC04"));
    assert_eq!(back.transactions[0].end_to_end_id.as_deref(), Some("medical-2026-11-3"));
    assert_eq!(read.accounts[0].closing.map(|balance| balance.amount), Some(Fen(-1_234_573)));

    let account = order.transfers[0].creditor.account.clone();
    let entries = creditor_entries(&order, &outcomes, &account, DAY);
    let mut notification = statement_without_balances(&account, entries);
    let file = write(&report(ReportKind::Notification, vec![notification.clone()])).expect("a notification");
    let read = camt::read(file.as_bytes()).expect("the creditor reads it");
    let amounts: Vec<i64> = read.accounts[0].entries.iter().map(|entry| entry.signed().0).collect();
    assert_eq!(amounts, [1_234_567, 1], "what came back and what was lost did not arrive");
    assert!(read.accounts[0].entries.iter().all(|entry| entry.side == Side::Credit));

    notification.entries[1].reference = notification.entries[0].reference.clone();
    let path = "Document/BkToCstmrDbtCdtNtfctn/Ntfctn[1]/Ntry[2]/NtryRef";
    check(write(&report(ReportKind::Notification, vec![notification])), "BNK-3007", path);
}

fn statement_without_balances(
    account: &huitong_bank_files::party::Account,
    entries: Vec<camt::Entry>,
) -> camt::AccountReport {
    let opening = Balance { amount: Fen::ZERO, date: DAY };
    camt::AccountReport { opening: None, closing: None, ..statement("N-1", account, opening, entries, DAY) }
}

#[test]
fn balances_stand_in_statements_only() {
    let balance = Some(Balance { amount: Fen(1), date: DAY });
    let account = order().debtor.account;
    let section = camt::AccountReport { opening: balance, ..statement_without_balances(&account, Vec::new()) };
    let notification = report(ReportKind::Notification, vec![section.clone()]);
    check(write(&notification), "BNK-2001", "Document/BkToCstmrDbtCdtNtfctn/Ntfctn[1]/Bal");
    assert!(write(&report(ReportKind::Statement, vec![section])).is_ok());
    let bare = statement_without_balances(&account, Vec::new());
    check(write(&report(ReportKind::Statement, vec![bare])), "BNK-2003", "Document/BkToCstmrStmt/Stmt[1]");
}
