//! GET /v1/medical/settlement-records: what a hospital needs to rebuild records that it lost

use axum::Json;
use axum::extract::State;
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Caller, Page, PageQuery, Problem, Query, Yuan};
use serde::{Deserialize, Serialize};

use super::MedicalEdge;
use super::lines::SplitLineWire;
use super::wire::{FundWire, SettlementWire, problem};
use crate::command::SettledReply;
use crate::model::person::CareType;
use crate::query::records::{self, Record};
use crate::refusal;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RecordsQuery {
    /// Days of settlement, both inclusive.
    #[param(value_type = String, format = Date)]
    pub from: Date,
    #[param(value_type = String, format = Date)]
    pub to: Date,
    pub limit: Option<usize>,
    pub after: Option<String>,
}

/// A settlement with all that the hospital had: amounts, message id, lines.
#[derive(Serialize, utoipa::ToSchema)]
pub struct RecordItem {
    pub message_id: String,
    /// `psn_no`
    pub person: String,
    pub batch: String,
    pub care_type: CareType,
    /// RFC 3339, UTC.
    pub settled_at: String,
    pub deductible: Yuan,
    pub settlement: SettlementWire,
    pub funds: Vec<FundWire>,
    /// As they were split; none of a contra.
    pub lines: Vec<SplitLineWire>,
    /// Leaf hash of the signed document.
    pub document: String,
}

impl From<Record> for RecordItem {
    fn from(record: Record) -> RecordItem {
        let Record { document, hash, lines } = record;
        let settlement: SettlementWire = SettledReply::of(&document).into();
        RecordItem {
            message_id: document.message_id,
            person: document.person,
            batch: document.batch,
            care_type: document.care_type,
            settled_at: document.settled_at.to_string(),
            deductible: document.amounts.deductible_fen.into(),
            funds: settlement.funds.clone(),
            settlement,
            lines: lines.into_iter().map(SplitLineWire::from).collect(),
            document: hash.to_string(),
        }
    }
}

/// The caller's settlements of some days, whole, from the journal.
#[utoipa::path(get, path = "/v1/medical/settlement-records", tag = "medical", params(RecordsQuery),
    responses((status = 200, body = Page<RecordItem>), (status = "4XX", body = Problem)))]
pub async fn list_records(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Query(query): Query<RecordsQuery>,
) -> Result<Json<Page<RecordItem>>, Problem> {
    if query.to < query.from {
        return Err(problem(&refusal::TIME_MALFORMED.with("field", "to").at_field("to")));
    }
    let page = PageQuery { limit: query.limit, after: query.after };
    let limit = page.limit().map_err(|refusal| problem(&refusal))?;
    let [day, settlement] = page.parts().map_err(|refusal| problem(&refusal))?;
    let (institution, days) = (caller.principal.participant, (query.from, query.to));
    let found = edge.read(move |view| records::list(view, &institution, days, (&day, &settlement), limit + 1)).await?;
    let cursor = |item: &(String, RecordItem)| format!("{}/{}", item.0, item.1.settlement.settlement);
    let items = found.into_iter().map(|(day, record)| (day, RecordItem::from(record))).collect();
    let Page { items, next } = Page::of(items, limit, cursor);
    Ok(Json(Page { items: items.into_iter().map(|(_, item)| item).collect(), next }))
}
