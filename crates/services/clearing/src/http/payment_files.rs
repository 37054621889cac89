//! GET and POST /v1/clearing/payment-files, GET one as pain.001

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use huitong_bank_files::pain001::{self, Initiation, Transfer};
use huitong_bank_files::party::{Account, Agent, Party};
use huitong_service_kit::http::yuan::Yuan;
use huitong_service_kit::http::{Caller, NoBody, Page, PageQuery, Path, Problem, Query};
use serde::Serialize;

use super::wire::{self, limit};
use super::{ClearingEdge, problem};
use crate::command::{Command, Reply};
use crate::model::payment::{BankAccount, FilePayment, PaymentFile};
use crate::query::payments;
use crate::refusal;

/// A file for the bank.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PaymentFileItem {
    /// Message identification.
    pub file: String,
    pub created_at: String,
    pub execution_day: String,
    pub transfers: usize,
    pub amount: Yuan,
}

impl From<&PaymentFile> for PaymentFileItem {
    fn from(file: &PaymentFile) -> PaymentFileItem {
        PaymentFileItem {
            file: file.file.clone(),
            created_at: file.created_at.to_string(),
            execution_day: file.execution_day.to_string(),
            transfers: file.payments.len(),
            amount: Yuan(file.payments.iter().map(|paid| paid.amount_fen).sum()),
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Exported {
    /// Absent when nothing is to be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PaymentFileItem>,
}

/// Files for the bank, by id.
#[utoipa::path(get, path = "/v1/clearing/payment-files", tag = "clearing", params(PageQuery),
    responses((status = 200, body = Page<PaymentFileItem>), (status = "4XX", body = Problem)))]
pub async fn list_payment_files(
    State(edge): State<ClearingEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PaymentFileItem>>, Problem> {
    let limit = limit(&page)?;
    let after = page.after.unwrap_or_default();
    let files = edge.read(move |view| Ok(payments::files(view, &after, limit + 1)?)).await?;
    let items = files.iter().map(PaymentFileItem::from).collect();
    Ok(Json(Page::of(items, limit, |item: &PaymentFileItem| item.file.clone())))
}

/// Puts everything that is to be paid into one file for the bank (导出支付指令).
#[utoipa::path(post, path = "/v1/clearing/payment-files", tag = "clearing",
    responses((status = 201, body = Exported), (status = "4XX", body = Problem)))]
pub async fn export_payments(
    State(edge): State<ClearingEdge>,
    caller: Caller,
    body: NoBody,
) -> Result<(StatusCode, Json<Exported>), Problem> {
    match edge.edge.ask_here(Command::ExportPayments, &caller, body.request).await? {
        Reply::Exported { file } => {
            Ok((StatusCode::CREATED, Json(Exported { file: file.as_ref().map(PaymentFileItem::from) })))
        }
        other => unreachable!("a file was to be made: {other:?}"),
    }
}

/// The file as the bank takes it: ISO 20022 pain.001.001.09.
#[utoipa::path(get, path = "/v1/clearing/payment-files/{file}", tag = "clearing", params(("file" = String, Path)),
    responses((status = 200, body = String, content_type = "application/xml"), (status = "4XX", body = Problem)))]
pub async fn get_payment_file(
    State(edge): State<ClearingEdge>,
    Path(file): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let file = edge.read(move |view| Ok(payments::file(view, &file)?)).await?;
    let file = file.ok_or_else(|| problem(&refusal::FILE_UNKNOWN.refuse()))?;
    let xml = pain001::write(&initiation(file)).map_err(|fault| wire::file_fault(&fault))?;
    Ok(([(header::CONTENT_TYPE, "application/xml; charset=utf-8")], xml))
}

fn initiation(file: PaymentFile) -> Initiation {
    let transfer = |paid: FilePayment| Transfer {
        instruction_id: paid.end_to_end.clone(),
        end_to_end_id: paid.end_to_end,
        amount: paid.amount_fen,
        creditor: party(paid.creditor),
        remittance: Some(paid.text),
    };
    Initiation {
        message_id: file.file,
        created_at: file.created_at,
        initiating_party: file.debtor.name.clone(),
        debtor: party(file.debtor),
        requested_execution_date: file.execution_day,
        transfers: file.payments.into_iter().map(transfer).collect(),
    }
}

/// A jurisdiction's clearing account as a party of a transfer.
fn party(BankAccount { name, account, bank, .. }: BankAccount) -> Party {
    Party { name, account: Account::Other(account), agent: Agent::Cnaps(bank) }
}
