//! GET and POST /v1/transit/accounts/{account}/invoices

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_service_kit::http::{Body, Caller, Page, PageQuery, Path, Problem, Query, Yuan};
use serde::{Deserialize, Serialize};

use super::super::visited::wire::{cursor, limit};
use super::super::{TransitEdge, problem};
use super::wire::{check_key, visible_account};
use crate::command::{Command, Reply};
use crate::model::invoice::{Buyer, Invoice, InvoiceKind};
use crate::model::rider::AccountToken;
use crate::query::invoices;
use crate::{Transit, refusal};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceRequest {
    /// `2026-11`: a month that is over.
    pub month: String,
    /// The buyer (抬头), at most 100 characters.
    pub title: String,
    /// The buyer's (纳税人识别号): 15 to 20 digits and capital letters.
    pub tax_number: Option<String>,
}

/// The data of an invoice (开票数据), for the tax authority's e-invoice platform: no tax invoice by itself.
#[derive(Serialize, utoipa::ToSchema)]
pub struct InvoiceWire {
    pub number: String,
    #[serde(skip)]
    #[schema(ignore)]
    pub serial: u64,
    pub kind: InvoiceKind,
    /// Of a red-letter invoice: the number of the one that it corrects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
    #[schema(value_type = String)]
    pub account: AccountToken,
    #[schema(value_type = String)]
    pub city: Division,
    pub month: String,
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    pub lines: Vec<InvoiceLineWire>,
    /// What the rider paid; what the home city bears is not in it. Less than zero on a red-letter invoice.
    pub total: Yuan,
    pub rides: Vec<InvoicedRideWire>,
    pub issued_at: String,
}

/// The rides in one city.
#[derive(Serialize, utoipa::ToSchema)]
pub struct InvoiceLineWire {
    #[schema(value_type = String)]
    pub network: Division,
    pub trips: u64,
    pub amount: Yuan,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct InvoicedRideWire {
    #[schema(value_type = String)]
    pub trip: Digest,
    #[schema(value_type = String)]
    pub network: Division,
    pub amount: Yuan,
}

impl From<Invoice> for InvoiceWire {
    fn from(invoice: Invoice) -> InvoiceWire {
        let lines = invoice.lines().into_iter();
        let rides = invoice.rides.iter();
        InvoiceWire {
            lines: lines
                .map(|line| InvoiceLineWire {
                    network: line.network,
                    trips: line.trips,
                    amount: line.amount_fen.into(),
                })
                .collect(),
            rides: rides
                .map(|ride| InvoicedRideWire { trip: ride.trip, network: ride.network, amount: ride.amount_fen.into() })
                .collect(),
            total: invoice.total_fen().into(),
            number: invoice.number,
            serial: invoice.serial,
            kind: invoice.kind,
            original: invoice.original,
            account: invoice.account,
            city: invoice.city,
            month: invoice.month,
            title: invoice.buyer.title,
            tax_number: invoice.buyer.tax_number,
            issued_at: invoice.issued_at.to_string(),
        }
    }
}

/// Makes the invoice (发票) of a month that is over: its rides in all cities that are paid and on no invoice, 1 000 at most; the rest by
/// another call. A ride that is adjusted later is taken off by a red-letter invoice (红字) at once, and can be invoiced anew.
#[utoipa::path(post, path = "/v1/transit/accounts/{account}/invoices", tag = "transit",
    params(("account" = String, Path), ("Idempotency-Key" = String, Header, description = "mandatory")),
    request_body = InvoiceRequest,
    responses((status = 201, body = InvoiceWire), (status = "4XX", body = Problem)))]
pub async fn issue_invoice(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(account): Path<AccountToken>,
    body: Body<InvoiceRequest, Transit>,
) -> Result<(StatusCode, Json<InvoiceWire>), Problem> {
    check_key(&caller)?;
    let InvoiceRequest { month, title, tax_number } = body.value;
    let month = month.parse().map_err(|_| problem(&refusal::invalid("month")))?;
    let command = Command::IssueInvoice { account, month, buyer: Buyer { title, tax_number } };
    match edge.edge.ask_here(command, &caller, body.request).await? {
        Reply::Invoiced(invoice) => Ok((StatusCode::CREATED, Json(InvoiceWire::from(*invoice)))),
        other => unreachable!("an invoice was wished for: {other:?}"),
    }
}

/// Invoices of an account, red-letter ones too, in the order in which they were issued.
#[utoipa::path(get, path = "/v1/transit/accounts/{account}/invoices", tag = "transit",
    params(("account" = String, Path), PageQuery),
    responses((status = 200, body = Page<InvoiceWire>), (status = "4XX", body = Problem)))]
pub async fn list_invoices(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(account): Path<AccountToken>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<InvoiceWire>>, Problem> {
    let limit = limit(&page)?;
    let after = cursor(page.after.as_deref(), |text| text.parse::<u64>().ok())?;
    let found = edge
        .read(move |view| {
            visible_account(view, &account, &caller.principal)?;
            Ok(invoices::of_account(view, &account, after.unwrap_or(0), limit + 1)?)
        })
        .await?;
    let items = found.into_iter().map(InvoiceWire::from).collect();
    Ok(Json(Page::of(items, limit, |invoice: &InvoiceWire| invoice.serial.to_string())))
}
