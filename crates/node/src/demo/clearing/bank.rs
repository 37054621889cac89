//! The demonstration's bank: it takes the payment files of all, pays everything at once, and reports to both sides. No real bank.

use anyhow::Context;
use huitong_bank_files::camt::{AccountReport, Balance, Report, ReportKind};
use huitong_bank_files::pain001::{self, Initiation};
use huitong_bank_files::party::Account;
use huitong_bank_files::sample_bank::{self, Outcome};
use huitong_kernel::money::Fen;
use reqwest::Method;
use serde_json::{Value, json};

use super::Clerks;
use crate::demo::client::ApiClient;

/// Every clerk has the payments exported; the bank pays them.
pub async fn pay(clerks: &Clerks) -> anyhow::Result<()> {
    for clerk in clerks.values() {
        let (_, exported) =
            clerk.send::<_, Value>(Method::POST, "/v1/clearing/payment-files", None, &Value::Null).await?;
        let Some(file) = exported["file"]["file"].as_str() else { continue };
        let xml = clerk.text(&format!("/v1/clearing/payment-files/{file}")).await?;
        let initiation = pain001::read(xml.as_bytes())?;
        let outcomes = vec![Outcome::Paid; initiation.transfers.len()];
        let day = initiation.requested_execution_date;
        let own = &initiation.debtor.account;
        let entries = sample_bank::debtor_entries(&initiation, &outcomes, day);
        report(clerk, &initiation, own, entries).await?;
        for account in payees(&initiation) {
            let payee = clerk_of(clerks, &account).await?;
            let entries = sample_bank::creditor_entries(&initiation, &outcomes, &account, day);
            report(payee, &initiation, &account, entries).await?;
        }
    }
    Ok(())
}

fn payees(initiation: &Initiation) -> Vec<Account> {
    let mut accounts: Vec<Account> =
        initiation.transfers.iter().map(|transfer| transfer.creditor.account.clone()).collect();
    accounts.sort();
    accounts.dedup();
    accounts
}

/// The clerk whose jurisdiction holds an account.
async fn clerk_of<'c>(clerks: &'c Clerks, account: &Account) -> anyhow::Result<&'c ApiClient> {
    let (Account::Iban(number) | Account::Other(number)) = account;
    let any = clerks.values().next().context("a region has jurisdictions")?;
    let known: Vec<Value> = any.get("/v1/clearing/bank-accounts").await?;
    let found = known.iter().find(|known| known["account"] == number.as_str());
    let division = found.and_then(|found| found["division"].as_str()).context("a known account is paid to")?;
    clerks.get(division).context("a jurisdiction of the region holds it")
}

/// The bank's statement (camt.053) of one account, taken by its holder.
async fn report(
    clerk: &ApiClient,
    initiation: &Initiation,
    account: &Account,
    entries: Vec<huitong_bank_files::camt::Entry>,
) -> anyhow::Result<()> {
    let day = initiation.requested_execution_date;
    let opening = Balance { amount: Fen::ZERO, date: day };
    let (Account::Iban(number) | Account::Other(number)) = account;
    let id = format!("{}{}", &initiation.message_id[..16], &number[number.len().saturating_sub(12)..]);
    let statement: AccountReport = sample_bank::statement(&id, account, opening, entries, day);
    let report = Report {
        kind: ReportKind::Statement,
        message_id: id,
        created_at: initiation.created_at,
        accounts: vec![statement],
    };
    let xml = sample_bank::write(&report)?;
    let taken = clerk.send::<_, Value>(Method::POST, "/v1/clearing/bank-reports", None, &json!({ "xml": xml })).await;
    taken.map(drop).map_err(Into::into)
}
