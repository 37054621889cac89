//! A report as a file.

use huitong_kernel::time::Date;

use crate::camt::{
    self, AccountReport, Balance, Batch, Counterpart, Entry, Report, ReportKind, Return, Side, Status, Transaction,
};
use crate::fault::{self, Fault};
use crate::pain001::account;
use crate::value::written_instant;
use crate::xml::Writer;

/// A camt.053.001.08 or camt.054.001.08, read back before it leaves.
pub fn write(report: &Report) -> Result<String, Fault> {
    let text = written(report);
    match camt::read(text.as_bytes())? == *report {
        true => Ok(text),
        false => Err(fault::NOT_KEPT.at("")),
    }
}

fn written(report: &Report) -> String {
    let (message, name, page) = match report.kind {
        ReportKind::Statement => ("BkToCstmrStmt", "Stmt", "StmtPgntn"),
        ReportKind::Notification => ("BkToCstmrDbtCdtNtfctn", "Ntfctn", "NtfctnPgntn"),
    };
    let mut writer = Writer::document(report.kind.message().namespace);
    writer.inside(message, |writer| {
        writer.inside("GrpHdr", |writer| {
            writer.text(&["MsgId"], &report.message_id);
            writer.text(&["CreDtTm"], &written_instant(report.created_at));
        });
        for account in &report.accounts {
            writer.inside(name, |writer| account_report(writer, account, page));
        }
    });
    writer.finish()
}

fn account_report(writer: &mut Writer, report: &AccountReport, page_name: &'static str) {
    writer.text(&["Id"], &report.id);
    if let Some(page) = report.page {
        writer.inside(page_name, |writer| {
            writer.text(&["PgNb"], &page.number.to_string());
            writer.text(&["LastPgInd"], &page.is_last.to_string());
        });
    }
    writer.optional(&["CpyDplctInd"], report.is_copy.then_some("DUPL"));
    writer.inside("Acct", |writer| {
        account(writer, &report.account);
        writer.text(&["Ccy"], "CNY");
    });
    for (code, balance) in [("OPBD", report.opening), ("CLBD", report.closing)] {
        if let Some(balance) = balance {
            writer.inside("Bal", |writer| written_balance(writer, code, balance));
        }
    }
    for entry in &report.entries {
        writer.inside("Ntry", |writer| written_entry(writer, entry));
    }
}

fn written_balance(writer: &mut Writer, code: &str, balance: Balance) {
    let side = if balance.amount.is_negative() { Side::Debit } else { Side::Credit };
    writer.text(&["Tp", "CdOrPrtry", "Cd"], code);
    writer.amount("Amt", side.signed(balance.amount));
    writer.text(&["CdtDbtInd"], side.code());
    writer.text(&["Dt", "Dt"], &balance.date.to_string());
}

fn written_entry(writer: &mut Writer, entry: &Entry) {
    writer.optional(&["NtryRef"], entry.reference.as_deref());
    writer.amount("Amt", entry.amount);
    writer.text(&["CdtDbtInd"], entry.side.code());
    writer.optional(&["RvslInd"], entry.is_reversal.then_some("true"));
    let status = Status::ALL.iter().find(|(status, _)| *status == entry.status);
    writer.optional(&["Sts", "Cd"], status.map(|(_, code)| *code));
    day(writer, "BookgDt", entry.booking_date);
    day(writer, "ValDt", entry.value_date);
    writer.optional(&["AcctSvcrRef"], entry.bank_reference.as_deref());
    transaction_code(writer, entry.side);
    if entry.batch.is_some() || !entry.transactions.is_empty() {
        writer.inside("NtryDtls", |writer| {
            if let Some(batch) = &entry.batch {
                writer.inside("Btch", |writer| written_batch(writer, batch));
            }
            for transaction in &entry.transactions {
                writer.inside("TxDtls", |writer| written_transaction(writer, transaction));
            }
        });
    }
}

fn written_batch(writer: &mut Writer, batch: &Batch) {
    writer.optional(&["MsgId"], batch.message_id.as_deref());
    writer.optional(&["PmtInfId"], batch.payment_id.as_deref());
    writer.optional(&["NbOfTxs"], batch.transfers.map(|number| number.to_string()).as_deref());
}

fn day(writer: &mut Writer, name: &'static str, day: Option<Date>) {
    if let Some(day) = day {
        writer.text(&[name, "Dt"], &day.to_string());
    }
}

/// Payments: received or issued credit transfers, domestic.
fn transaction_code(writer: &mut Writer, side: Side) {
    let family = if side == Side::Credit { "RCDT" } else { "ICDT" };
    writer.inside("BkTxCd", |writer| {
        writer.inside("Domn", |writer| {
            writer.text(&["Cd"], "PMNT");
            writer.inside("Fmly", |writer| {
                writer.text(&["Cd"], family);
                writer.text(&["SubFmlyCd"], "DMCT");
            });
        });
    });
}

fn written_transaction(writer: &mut Writer, transaction: &Transaction) {
    references(writer, transaction);
    if let Some(amount) = transaction.amount {
        writer.amount("Amt", amount);
    }
    writer.optional(&["CdtDbtInd"], transaction.side.map(Side::code));
    if transaction.debtor != Counterpart::default() || transaction.creditor != Counterpart::default() {
        writer.inside("RltdPties", |writer| {
            counterpart(writer, ["Dbtr", "DbtrAcct"], &transaction.debtor);
            counterpart(writer, ["Cdtr", "CdtrAcct"], &transaction.creditor);
        });
    }
    if !transaction.remittance.is_empty() {
        writer.inside("RmtInf", |writer| {
            for line in &transaction.remittance {
                writer.text(&["Ustrd"], line);
            }
        });
    }
    if let Some(returned) = &transaction.returned {
        writer.inside("RtrInf", |writer| written_return(writer, returned));
    }
}

fn references(writer: &mut Writer, transaction: &Transaction) {
    let ids = [
        ("MsgId", &transaction.message_id),
        ("InstrId", &transaction.instruction_id),
        ("EndToEndId", &transaction.end_to_end_id),
    ];
    if ids.iter().any(|(_, id)| id.is_some()) {
        writer.inside("Refs", |writer| {
            for (name, id) in ids {
                writer.optional(&[name], id.as_deref());
            }
        });
    }
}

fn counterpart(writer: &mut Writer, [name, account_name]: [&'static str; 2], party: &Counterpart) {
    writer.optional(&[name, "Pty", "Nm"], party.name.as_deref());
    if let Some(number) = &party.account {
        writer.inside(account_name, |writer| account(writer, number));
    }
}

fn written_return(writer: &mut Writer, returned: &Return) {
    writer.optional(&["Rsn", "Cd"], returned.code.as_deref());
    writer.optional(&["Rsn", "Prtry"], returned.reason.as_deref().filter(|_| returned.code.is_none()));
    for line in &returned.information {
        writer.text(&["AddtlInf"], line);
    }
}
