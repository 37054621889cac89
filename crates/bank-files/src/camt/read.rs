//! A bank's file as values.

use std::collections::HashSet;

use super::part::{batch, counterpart, own_account, page, returned, side};
use super::{AccountReport, Entry, Report, ReportKind, Status, Transaction, balance};
use crate::fault::{self, Fault};
use crate::limits::ENTRIES_MAX;
use crate::structure::{NOTIFICATION, STATEMENT};
use crate::xml::{self, Place};

/// Reads a camt.053.001.08 or camt.054.001.08.
///
/// Whole files only: one fault, and nothing of it is taken. A file that says what cannot be (sums that do not add up, an entry twice) is a
/// fault as much as one that is not as the standard says.
pub fn read(bytes: &[u8]) -> Result<Report, Fault> {
    let tree = xml::read(bytes, &[&STATEMENT, &NOTIFICATION])?;
    let is_statement = tree.message.namespace == STATEMENT.namespace;
    let (kind, name) =
        if is_statement { (ReportKind::Statement, "Stmt") } else { (ReportKind::Notification, "Ntfctn") };
    let message = tree.message_place();
    let entries: usize = message.all(name).map(|account| account.all("Ntry").count()).sum();
    if entries > ENTRIES_MAX {
        return Err(message.fault(fault::TOO_MANY_ENTRIES).with(ENTRIES_MAX));
    }
    let mut ids = HashSet::new();
    let mut accounts = Vec::new();
    for account in message.all(name) {
        unique(&mut ids, account.find(&["Id"]))?;
        accounts.push(account_report(account)?);
    }
    let header = message.need(&["GrpHdr"])?;
    Ok(Report {
        kind,
        message_id: header.need(&["MsgId"])?.text().to_owned(),
        created_at: header.need(&["CreDtTm"])?.instant()?,
        accounts,
    })
}

/// The identification, when there is one, has not stood before.
fn unique<'t>(before: &mut HashSet<&'t str>, id: Option<Place<'t>>) -> Result<(), Fault> {
    match id {
        Some(id) if !before.insert(id.text()) => Err(id.fault(fault::DUPLICATE)),
        _ => Ok(()),
    }
}

fn account_report(place: Place) -> Result<AccountReport, Fault> {
    let mut references = HashSet::new();
    let mut entries = Vec::new();
    for entry in place.all("Ntry") {
        unique(&mut references, entry.find(&["NtryRef"]))?;
        entries.push(read_entry(entry)?);
    }
    let page = place.find(&["StmtPgntn"]).or_else(|| place.find(&["NtfctnPgntn"])).map(page).transpose()?;
    let report = AccountReport {
        id: place.need(&["Id"])?.text().to_owned(),
        page,
        is_copy: place.find(&["CpyDplctInd"]).is_some(),
        account: own_account(place.need(&["Acct"])?)?,
        opening: balance::opening(place)?,
        closing: balance::closing(place)?,
        entries,
    };
    balance::check(place, &report)?;
    Ok(report)
}

fn read_entry(place: Place) -> Result<Entry, Fault> {
    let details = || place.all("NtryDtls").flat_map(|details| details.all("TxDtls"));
    let batches = place.all("NtryDtls").map(batch).collect::<Result<Vec<_>, _>>()?;
    let mut entry = Entry {
        reference: place.string(&["NtryRef"]),
        bank_reference: place.string(&["AcctSvcrRef"]),
        amount: place.need(&["Amt"])?.amount()?,
        side: side(place.need(&["CdtDbtInd"])?),
        is_reversal: place.find(&["RvslInd"]).is_some_and(Place::flag),
        status: status(place.need(&["Sts"])?)?,
        booking_date: place.find(&["BookgDt"]).map(Place::day).transpose()?,
        value_date: place.find(&["ValDt"]).map(Place::day).transpose()?,
        batch: batches.into_iter().flatten().next(),
        transactions: details().map(transaction).collect::<Result<_, _>>()?,
    };
    if let [only] = entry.transactions.as_mut_slice() {
        only.amount = only.amount.or(Some(entry.amount));
    }
    let has_charges = place.find(&["Chrgs"]).is_some() || details().any(|details| details.find(&["Chrgs"]).is_some());
    if !has_charges {
        details_make_the_amount(place, &entry)?;
    }
    Ok(entry)
}

/// When the bank tells the amount of every transaction and takes no charges out of them.
fn details_make_the_amount(place: Place, entry: &Entry) -> Result<(), Fault> {
    let amount = |transaction: &Transaction| Some(transaction.side.unwrap_or(entry.side).signed(transaction.amount?).0);
    let amounts: Option<Vec<i64>> = entry.transactions.iter().map(amount).collect();
    let Some(amounts) = amounts.filter(|amounts| !amounts.is_empty()) else { return Ok(()) };
    let sum: i128 = amounts.into_iter().map(i128::from).sum();
    if sum == i128::from(entry.signed().0) {
        Ok(())
    } else {
        Err(place.need(&["Amt"])?.fault(fault::DETAILS).with(balance::yuan(sum.abs())))
    }
}

fn status(place: Place) -> Result<Status, Fault> {
    let code = place.find(&["Cd"]).or_else(|| place.find(&["Prtry"])).map(Place::text).unwrap_or_default();
    let known = Status::ALL.iter().find(|(_, known)| *known == code && place.find(&["Cd"]).is_some());
    known.map(|(status, _)| *status).ok_or_else(|| place.fault(fault::STATUS).with(code))
}

fn transaction(place: Place) -> Result<Transaction, Fault> {
    let amount = place.find(&["Amt"]).or_else(|| place.find(&["AmtDtls", "TxAmt", "Amt"]));
    let parties = place.find(&["RltdPties"]);
    let remittance = place.find(&["RmtInf"]);
    let lines = remittance.iter().flat_map(|remittance| remittance.all("Ustrd"));
    Ok(Transaction {
        message_id: place.string(&["Refs", "MsgId"]),
        instruction_id: place.string(&["Refs", "InstrId"]),
        end_to_end_id: place.string(&["Refs", "EndToEndId"]),
        amount: amount.map(Place::amount).transpose()?,
        side: place.find(&["CdtDbtInd"]).map(side),
        debtor: counterpart(parties, "Dbtr", "DbtrAcct"),
        creditor: counterpart(parties, "Cdtr", "CdtrAcct"),
        remittance: lines.map(|line| line.text().to_owned()).collect(),
        returned: place.find(&["RtrInf"]).map(returned),
    })
}
