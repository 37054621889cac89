//! POST /v1/clearing/bank-reports

use axum::Json;
use axum::extract::State;
use huitong_bank_files::camt::{self, Entry, Side, Status, Transaction};
use huitong_bank_files::party::Account;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Body, Caller, Problem};
use serde::{Deserialize, Serialize};

use super::{ClearingEdge, problem, wire};
use crate::Clearing;
use crate::command::{Command, Reply, TakenEntry};
use crate::model::payment::{BankEntry, FilePayment, PaymentFile};
use crate::query::payments;
use crate::refusal;

/// The largest report in JSON.
pub const BODY_BYTES_MAX: usize = 20 * 1024 * 1024;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BankReportRequest {
    /// The bank's file as it is: ISO 20022 camt.053.001.08 or camt.054.001.08.
    pub xml: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct TakenReport {
    pub report: String,
    pub entries: Vec<TakenEntry>,
}

/// Takes a bank's report (银行回单): each entry is matched to a payment in full or in part, is a return, or is kept for a clerk. The
/// same entry again has no effect.
#[utoipa::path(post, path = "/v1/clearing/bank-reports", tag = "clearing", request_body = BankReportRequest,
    responses((status = 200, body = TakenReport), (status = "4XX", body = Problem)))]
pub async fn take_bank_report(
    State(edge): State<ClearingEdge>,
    caller: Caller,
    body: Body<BankReportRequest, Clearing>,
) -> Result<Json<TakenReport>, Problem> {
    let report = camt::read(body.value.xml.as_bytes()).map_err(|fault| wire::file_fault(&fault))?;
    let own = edge.edge.stream.home().jurisdiction;
    let orders: Vec<String> = report.accounts.iter().flat_map(|of| &of.entries).filter_map(booked_order).collect();
    let (account, files) = edge
        .read(move |view| {
            let files = orders.iter().map(|order| payments::file(view, order)).collect::<Result<Vec<_>, _>>()?;
            Ok((payments::account(view, own)?, files))
        })
        .await?;
    let files: Vec<PaymentFile> = files.into_iter().flatten().collect();
    let account = account.ok_or_else(|| problem(&refusal::ACCOUNT_MISSING.with("division", own)))?;
    let today = edge.edge.clock.now().business_date();
    let mut entries = Vec::new();
    for of in &report.accounts {
        let (Account::Iban(number) | Account::Other(number)) = &of.account;
        if *number != account.account {
            return Err(problem(&refusal::REPORT_OF_ANOTHER.refuse()));
        }
        for (place, entry) in of.entries.iter().enumerate() {
            entries.extend(bank_entries(&of.id, place, entry, &files, today));
        }
    }
    let report = report.message_id;
    let command = Command::TakeBankReport { report: report.clone(), entries };
    match edge.edge.ask_here(command, &caller, body.request).await? {
        Reply::BankReport { entries } => Ok(Json(TakenReport { report, entries })),
        other => unreachable!("a report was to be taken: {other:?}"),
    }
}

/// An entry's transactions; an entry that names none is one by itself. A statement and a notification of the same movement carry
/// the bank's own reference, by which it counts once; without it an entry is known by its place in its statement.
fn bank_entries(statement: &str, place: usize, entry: &Entry, files: &[PaymentFile], today: Date) -> Vec<BankEntry> {
    let in_statement = || entry.reference.clone().unwrap_or_else(|| (place + 1).to_string());
    let reference = entry.bank_reference.clone().unwrap_or_else(|| format!("{statement}#{}", in_statement()));
    let one = |line: usize, of: &Transaction, amount: Fen| {
        let side = of.side.unwrap_or(entry.side);
        let why = of.returned.as_ref().map(|returned| {
            let code = returned.code.iter().chain(&returned.reason);
            code.chain(&returned.information).cloned().collect::<Vec<_>>().join(" ")
        });
        BankEntry {
            reference: if line == 0 { reference.clone() } else { format!("{reference}/{}", line + 1) },
            is_credit: side == Side::Credit,
            amount_fen: amount,
            booked_on: entry.booking_date.or(entry.value_date).unwrap_or(today),
            end_to_end: of.end_to_end_id.clone().unwrap_or_default(),
            is_booked: entry.status == Status::Booked,
            is_return: entry.is_reversal || of.returned.is_some(),
            text: why.unwrap_or_else(|| of.remittance.join(" ")),
        }
    };
    if let Some(file) = booked_order(entry).and_then(|order| files.iter().find(|file| file.file == order))
        && file.payments.iter().map(|paid| paid.amount_fen).sum::<Fen>() == entry.amount
    {
        let paid = |(line, paid): (usize, &FilePayment)| {
            let end_to_end_id = Some(paid.end_to_end.clone());
            one(line, &Transaction { end_to_end_id, ..Transaction::default() }, paid.amount_fen)
        };
        return file.payments.iter().enumerate().map(paid).collect();
    }
    if entry.transactions.is_empty() {
        return vec![one(0, &Transaction::default(), entry.amount)];
    }
    let of =
        |(line, transaction): (usize, &Transaction)| one(line, transaction, transaction.amount.unwrap_or(entry.amount));
    entry.transactions.iter().enumerate().map(of).collect()
}

/// A whole file of payments booked in one debit, without its transactions: the bank names the file.
fn booked_order(entry: &Entry) -> Option<String> {
    let batch = entry.batch.as_ref().filter(|_| entry.transactions.is_empty())?;
    batch.payment_id.clone()
}
