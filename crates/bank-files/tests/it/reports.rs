//! Statements and notifications: what a bank may write, and what cannot be.

use huitong_bank_files::camt::{self, Balance, Counterpart, ReportKind, Return, Side, Status};
use huitong_bank_files::limits::ENTRIES_MAX;
use huitong_bank_files::party::Account;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};

use crate::sample::{DAY, NOTIFICATION, STATEMENT, check, with};

const STMT: &str = "Document/BkToCstmrStmt/Stmt[1]";
const NTRY: &str = "Document/BkToCstmrDbtCdtNtfctn/Ntfctn[1]/Ntry[1]";

/// The statement after this change.
fn statement(old: &str, new: &str, code: &str, path: &str) {
    check(camt::read(with(STATEMENT, old, new).as_bytes()), code, path);
}

/// The notification after this change.
fn notification(old: &str, new: &str, code: &str, path: &str) {
    check(camt::read(with(NOTIFICATION, old, new).as_bytes()), code, path);
}

#[test]
fn a_banks_statement_is_read_with_all_that_is_needed_and_the_rest_passed_over() {
    let report = camt::read(STATEMENT.as_bytes()).expect("a statement");
    assert_eq!((report.kind, report.message_id.as_str()), (ReportKind::Statement, "STMT-20261214"));
    assert_eq!(Some(report.created_at), Instant::parse("2026-12-14T23:00:00+08:00"), "no offset: Shanghai's time");
    let [account] = report.accounts.as_slice() else { panic!("one account") };
    assert_eq!(account.account, Account::Other("31050161393600000987".to_owned()));
    assert_eq!(account.opening, Some(Balance { amount: Fen(2_000_000), date: DAY }));
    let next_day = Date::constant(2026, 12, 15);
    assert_eq!(account.closing, Some(Balance { amount: Fen(765_450), date: next_day }), "16:30 UTC is the next day");
    let [paid, back, pending] = account.entries.as_slice() else { panic!("three entries") };

    assert_eq!((paid.amount, paid.side, paid.status), (Fen(1_234_568), Side::Debit, Status::Booked));
    assert_eq!((paid.booking_date, paid.value_date), (Some(DAY), Some(next_day)));
    assert_eq!((paid.reference.as_deref(), paid.bank_reference.as_deref()), (Some("1"), Some("B77")));
    assert_eq!(paid.batch.as_ref().and_then(|batch| batch.transfers), Some(2));
    let [first, second] = paid.transactions.as_slice() else { panic!("booked as a batch of two") };
    assert_eq!((first.amount, second.amount), (Some(Fen(1_234_567)), Some(Fen(1))));
    assert_eq!((first.instruction_id.as_deref(), first.end_to_end_id.as_deref()), (Some("i-1"), Some("e-1")));
    let iban = Account::Iban("DE89370400440532013000".to_owned());
    assert_eq!(first.creditor, Counterpart { name: Some("A & B <C>".to_owned()), account: Some(iban) });
    assert_eq!(first.remittance, ["first", "second"]);

    assert_eq!((back.amount, back.side, back.is_reversal), (Fen(18), Side::Credit, true));
    assert_eq!(back.transactions[0].amount, Some(Fen(18)), "the entry's, because it is its only one");
    let information = vec!["account closed".to_owned()];
    assert_eq!(
        back.transactions[0].returned,
        Some(Return { code: Some("AC04".to_owned()), reason: None, information })
    );
    assert_eq!((pending.status, pending.amount, pending.transactions.len()), (Status::Pending, Fen(500), 0));
}

#[test]
fn a_notification_has_no_balances() {
    let report = camt::read(NOTIFICATION.as_bytes()).expect("a notification");
    assert_eq!(report.kind, ReportKind::Notification);
    assert_eq!((report.accounts[0].opening, report.accounts[0].closing), (None, None));
    assert_eq!(report.accounts[0].entries[0].signed(), Fen(100));
    notification("</Acct>", "</Acct><Bal/>", "BNK-2001", "Document/BkToCstmrDbtCdtNtfctn/Ntfctn[1]/Bal");
}

#[test]
fn only_yuan_to_the_fen_are_taken() {
    let amount = format!("{NTRY}/Amt");
    notification("Ccy=\"CNY\"", "Ccy=\"USD\"", "BNK-3001", &amount);
    notification("Ccy=\"CNY\"", "Ccy=\"cny\"", "BNK-2112", &format!("{amount}/@Ccy"));
    notification(" Ccy=\"CNY\"", "", "BNK-2008", &amount);
    notification("1.00", "1.005", "BNK-3002", &amount);
    notification("1.00", "1.000", "BNK-3002", &amount);
    notification("1.00", "100000000000000.00", "BNK-3003", &amount);
    notification("1.00", "1.123456", "BNK-2104", &amount);
    notification("1.00", &"9".repeat(400), "BNK-2104", &amount);
    for strange in ["-0.00", "-1.00", "+1.00", "1e2", "1,00", "¥1.00", "１.00", "", " ", "0x10", "NaN", "1 000"] {
        notification("1.00", strange, "BNK-2104", &amount);
    }
    statement("<s:Ccy>CNY", "<s:Ccy>CNH", "BNK-3001", &format!("{STMT}/Acct/Ccy"));
}

#[test]
fn a_statement_whose_entries_do_not_lead_to_its_closing_balance_is_refused() {
    let closing = format!("{STMT}/Bal[2]/Amt");
    statement("> 7654.5 <", ">7654.51<", "BNK-3008", &closing);
    statement(">20000<", ">20000.01<", "BNK-3008", &closing);
    statement("<s:Cd>PDNG", "<s:Cd>BOOK", "BNK-3008", &closing);
    let fault = camt::read(with(STATEMENT, "> 7654.5 <", ">7654.51<").as_bytes()).expect_err("a fault");
    assert!(fault.english().contains("7654.50") && fault.chinese().contains("期末余额"), "{fault:?}");
    // Of a part of a statement nothing can be said.
    let page = "<s:Id>0001</s:Id><s:StmtPgntn><s:PgNb>1</s:PgNb><s:LastPgInd>false</s:LastPgInd></s:StmtPgntn>";
    let part = with(&with(STATEMENT, "> 7654.5 <", ">7654.51<"), "<s:Id>0001</s:Id>", page);
    assert!(camt::read(part.as_bytes()).is_ok());
    let alone = with(&part, "<s:LastPgInd>false", "<s:LastPgInd>true");
    check(camt::read(alone.as_bytes()), "BNK-3008", &closing);
    // The balance that the day before closed with opens this one.
    assert!(camt::read(with(STATEMENT, "OPBD", "PRCD").as_bytes()).is_ok());
    // Without an opening balance there is nothing to lead from.
    let opening = camt::read(with(STATEMENT, "OPBD", "ITBD").as_bytes()).map(|report| report.accounts[0].opening);
    assert_eq!(opening, Ok(None));
}

#[test]
fn transactions_that_do_not_make_their_entry_are_refused_unless_charges_explain_it() {
    let amount = format!("{STMT}/Ntry[1]/Amt");
    statement("\">0.01<", "\">0.02<", "BNK-3009", &amount);
    let batch = format!("{STMT}/Ntry[1]/NtryDtls[1]/Btch/NbOfTxs");
    statement("<s:NbOfTxs>2<", "<s:NbOfTxs>3<", "BNK-3011", &batch);
    let charged = with(STATEMENT, "\">0.01</s:Amt>", "\">0.02</s:Amt><s:Chrgs><s:Any/></s:Chrgs>");
    assert!(camt::read(charged.as_bytes()).is_ok());
    // A transaction without an amount leaves nothing to add up.
    let silent = with(STATEMENT, "<s:Amt Ccy=\"CNY\">0.01</s:Amt>", "");
    let report = camt::read(silent.as_bytes()).expect("a statement");
    assert_eq!(report.accounts[0].entries[0].transactions[1].amount, None);
}

#[test]
fn nothing_stands_twice() {
    statement("<s:NtryRef>2<", "<s:NtryRef>1<", "BNK-3007", &format!("{STMT}/Ntry[2]/NtryRef"));
    statement("CLAV", "CLBD", "BNK-3007", &format!("{STMT}/Bal[3]"));
    let section = &NOTIFICATION[NOTIFICATION.find("<Ntfctn>").expect("begins")..];
    let section = &section[..section.find("</BkToCstmr").expect("ends")];
    let second = "Document/BkToCstmrDbtCdtNtfctn/Ntfctn[2]/Id";
    notification(section, &format!("{section}{section}"), "BNK-3007", second);
}

#[test]
fn the_structure_is_that_of_the_standard() {
    notification("<BkTxCd/>", "", "BNK-2003", NTRY);
    notification("<BkTxCd/>", "<BkTxCd/><BkTxCd/>", "BNK-2004", &format!("{NTRY}/BkTxCd"));
    notification("<BkTxCd/>", "<BkTxCd/><Fee>1</Fee>", "BNK-2001", &format!("{NTRY}/Fee"));
    notification("<BkTxCd/>", "<BkTxCd/><NtryRef>1</NtryRef>", "BNK-2002", &format!("{NTRY}/NtryRef"));
    notification("<BkTxCd/>", "<BkTxCd/>stray", "BNK-2006", NTRY);
    notification("<BkTxCd/>", "<BkTxCd a=\"1\"/>", "BNK-2007", &format!("{NTRY}/BkTxCd"));
    notification("<BkTxCd/>", "<BkTxCd xmlns=\"urn:other\"/>", "BNK-1010", NTRY);
    notification("<Cd>BOOK</Cd>", "", "BNK-2003", &format!("{NTRY}/Sts"));
    notification("<Cd>BOOK</Cd>", "<Cd>BOOK</Cd><Prtry>x</Prtry>", "BNK-2005", &format!("{NTRY}/Sts/Prtry"));
    notification("<Cd>BOOK</Cd>", "<Cd>BOOK<b/></Cd>", "BNK-2001", &format!("{NTRY}/Sts/Cd/b"));
    notification("<Cd>BOOK</Cd>", "<Cd>LATE</Cd>", "BNK-3010", &format!("{NTRY}/Sts"));
    notification("<Cd>BOOK</Cd>", "<Prtry>BOOK</Prtry>", "BNK-3010", &format!("{NTRY}/Sts"));
    notification(">CRDT<", ">CREDIT<", "BNK-2102", &format!("{NTRY}/CdtDbtInd"));
    notification("<MsgId>N1</MsgId>", "", "BNK-2003", "Document/BkToCstmrDbtCdtNtfctn/GrpHdr");
    notification("10:00:00+08:00", "10:00", "BNK-2107", "Document/BkToCstmrDbtCdtNtfctn/GrpHdr/CreDtTm");
    let both = "<Id>1</Id><NtfctnPgntn><PgNb>123456</PgNb><LastPgInd>true</LastPgInd></NtfctnPgntn>";
    let page = "Document/BkToCstmrDbtCdtNtfctn/Ntfctn[1]/NtfctnPgntn/PgNb";
    check(
        camt::read(NOTIFICATION.replace("<Ntfctn><Id>1</Id>", &format!("<Ntfctn>{both}")).as_bytes()),
        "BNK-2103",
        page,
    );
    statement("<s:RvslInd>1<", "<s:RvslInd>yes<", "BNK-2108", &format!("{STMT}/Ntry[2]/RvslInd"));
    statement(
        "<s:ValDt><s:Dt>2026-12-15",
        "<s:ValDt><s:Dt>2026-02-30",
        "BNK-2106",
        &format!("{STMT}/Ntry[1]/ValDt/Dt"),
    );
    let iban = format!("{STMT}/Ntry[1]/NtryDtls[1]/TxDtls[1]/RltdPties/CdtrAcct/Id/IBAN");
    statement("DE89370400440532013000", "DE88370400440532013000", "BNK-2111", &iban);
}

#[test]
fn other_versions_of_the_standard_are_named() {
    for other in ["camt.053.001.02", "camt.054.001.09", "camt.052.001.08", ""] {
        let fault = camt::read(with(NOTIFICATION, "camt.054.001.08", other).as_bytes()).expect_err("a fault");
        assert_eq!((fault.code(), fault.path.as_str()), ("BNK-1010", ""));
        assert!(fault.english().contains(&format!("urn:iso:std:iso:20022:tech:xsd:{other}")), "{fault}");
    }
    check(camt::read(NOTIFICATION.replace("Document", "Dokument").as_bytes()), "BNK-2001", "");
    // A message under the other one's namespace.
    let swapped = with(NOTIFICATION, "camt.054.001.08", "camt.053.001.08");
    check(camt::read(swapped.as_bytes()), "BNK-2001", "Document/BkToCstmrDbtCdtNtfctn");
}

#[test]
fn a_file_has_at_most_a_hundred_thousand_entries() {
    let start = NOTIFICATION.find("<Ntry>").expect("begins");
    let end = NOTIFICATION.find("</Ntfctn>").expect("ends");
    let entry = &NOTIFICATION[start..end];
    let file = |count: usize| format!("{}{}{}", &NOTIFICATION[..start], entry.repeat(count), &NOTIFICATION[end..]);
    let report = camt::read(file(ENTRIES_MAX).as_bytes()).expect("the largest notification");
    assert_eq!(report.accounts[0].entries.len(), ENTRIES_MAX);
    check(camt::read(file(ENTRIES_MAX + 1).as_bytes()), "BNK-3005", "Document/BkToCstmrDbtCdtNtfctn");
}
