//! GET /v1/transit/differences

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Page, PageQuery, Problem, Query};
use serde::Serialize;

use super::super::{TransitEdge, problem};
use super::wire::{limit, parts};
use crate::model::settlement::{DifferenceCause, DifferenceClass, Proposal};
use crate::query::totals::{self, DifferenceRow};
use crate::refusal;

/// A code with its text in two languages.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Explained {
    pub code: &'static str,
    pub chinese: &'static str,
    pub english: &'static str,
}

/// A document that the two sides do not hold alike.
#[derive(Serialize, utoipa::ToSchema)]
pub struct DifferenceItem {
    #[schema(value_type = String)]
    pub issuer: Division,
    #[schema(value_type = String)]
    pub receiver: Division,
    #[schema(value_type = String, format = Date)]
    pub booking_day: Date,
    #[schema(value_type = String)]
    pub document: Digest,
    pub class: DifferenceClass,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub issuer_fen: Option<Fen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub receiver_fen: Option<Fen>,
    pub cause: Explained,
    pub proposal: Explained,
}

fn cause(cause: DifferenceCause) -> Explained {
    let (chinese, english) = match cause {
        DifferenceCause::NotAnswered => ("接收方未应答", "the receiver has not answered"),
        DifferenceCause::AnsweredNotHeld => ("接收方已应答但未持有", "the receiver answered and does not hold it"),
        DifferenceCause::NeverReceived => ("接收方从未收到", "the receiver never had it"),
        DifferenceCause::DocumentLost => ("接收方有行程，单据缺失", "the receiver has the trip, its document is gone"),
        DifferenceCause::IssuerDocumentLost => {
            ("发出方有行程，单据缺失", "the issuer has the trip, its document is gone")
        }
        DifferenceCause::UnknownAtIssuer => ("发出方无此行程", "the issuer has no such trip"),
        DifferenceCause::UnknownHere => ("本方有单据，发出方无", "held here, not at the issuer"),
        DifferenceCause::AmountChanged => ("金额不一致", "the amounts differ"),
    };
    Explained { code: cause.name(), chinese, english }
}

fn proposal(proposal: Proposal) -> Explained {
    let (chinese, english) = match proposal {
        Proposal::SendAgain => ("由发出方重新发送", "the issuer sends it again"),
        Proposal::ReplayViews => ("以日志重建视图", "rebuild the views from the journal"),
        Proposal::Contest => ("提出争议", "contest it"),
        Proposal::CompareJournals => ("双方核对日志与收据", "compare both journals and their receipts"),
    };
    Explained { code: proposal.name(), chinese, english }
}

impl From<DifferenceRow> for DifferenceItem {
    fn from(row: DifferenceRow) -> DifferenceItem {
        DifferenceItem {
            issuer: row.issuer,
            receiver: row.receiver,
            booking_day: row.booking_day,
            document: row.difference.id,
            class: row.difference.class,
            issuer_fen: row.difference.issuer_fen,
            receiver_fen: row.difference.receiver_fen,
            cause: cause(row.difference.cause),
            proposal: proposal(row.difference.proposal),
        }
    }
}

/// Differences of days, each in exactly one class, by issuer, receiver, day and document.
#[utoipa::path(get, path = "/v1/transit/differences", tag = "transit", params(PageQuery),
    responses((status = 200, body = Page<DifferenceItem>), (status = "4XX", body = Problem)))]
pub async fn list_differences(
    State(edge): State<TransitEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<DifferenceItem>>, Problem> {
    let limit = limit(&page)?;
    let [issuer, receiver, day, id] = parts(&page)?;
    let id: Digest =
        if id.is_empty() { Digest::ZERO } else { id.parse().map_err(|_| problem(&refusal::invalid("after")))? };
    let rows = edge.read(move |view| Ok(totals::differences(view, (&issuer, &receiver, &day, id), limit + 1)?)).await?;
    let items = rows.into_iter().map(DifferenceItem::from).collect();
    let cursor =
        |item: &DifferenceItem| format!("{}/{}/{}/{}", item.issuer, item.receiver, item.booking_day, item.document);
    Ok(Json(Page::of(items, limit, cursor)))
}
