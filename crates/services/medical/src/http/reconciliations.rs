//! POST and GET /v1/medical/reconciliations, one of them, POST …/{reconciliation}/fixes

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Body, Caller, Page, PageQuery, Path, Problem, Query, Yuan};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::MedicalEdge;
use super::wire::{check_length, problem};
use crate::command::{Command, ReconcileWish, Reply};
use crate::model::reconciliation::{
    Cause, Difference, DifferenceClass, DifferenceState, Proposal, Reconciliation, Row, Totals,
};
use crate::query::reconciliation::{self as books, Counts};
use crate::{Medical, refusal};

/// A document as the hospital's records have it.
#[derive(Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RowWire {
    /// `setl_id`, `mdtrt_id`, `psn_no`
    pub settlement: String,
    pub visit: String,
    pub person: String,
    pub total_fee: Yuan,
    pub fund_total: Yuan,
    pub account: Yuan,
    /// `refd_setl_flag`
    #[serde(default)]
    pub contra: bool,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReconciliationRequest {
    /// Days of settlement, both inclusive.
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    #[schema(value_type = String, format = Date)]
    pub to: Date,
    /// Home area, or its province; all when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub home_area: Option<Division>,
    /// At most 20 000.
    pub rows: Vec<RowWire>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct TotalsWire {
    pub documents: u64,
    pub total_fee: Yuan,
    pub fund_total: Yuan,
    pub account: Yuan,
}

impl From<Totals> for TotalsWire {
    fn from(of: Totals) -> TotalsWire {
        TotalsWire {
            documents: of.documents,
            total_fee: of.total_fen.into(),
            fund_total: of.fund_fen.into(),
            account: of.account_fen.into(),
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct DifferenceWire {
    /// Its place in the comparison, from 1 on.
    pub number: usize,
    pub settlement: String,
    pub class: DifferenceClass,
    /// `stmt_rslt`
    pub code: &'static str,
    pub cause: Cause,
    pub proposal: Proposal,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<RowWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub institution: Option<RowWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The settlement to be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
    /// Whether the fix is this node's to carry out; else it is the hospital's.
    pub by_node: bool,
    /// `asked` until home's answer is booked here.
    pub state: DifferenceState,
    /// Why home has refused; the difference is open again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Problem>,
    /// The contra that is booked now: the hospital's own record takes its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contra: Option<String>,
}

/// A comparison without its differences.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ReconciliationHeaderWire {
    pub reconciliation: Uuid,
    pub from: String,
    pub to: String,
    /// RFC 3339, UTC.
    pub made_at: String,
    pub platform: TotalsWire,
    pub institution: TotalsWire,
    /// Differences that were found.
    pub found: u64,
    /// Every difference is resolved, or confirmed by the hospital.
    pub closed: bool,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ReconciliationWire {
    #[serde(flatten)]
    pub header: ReconciliationHeaderWire,
    pub differences: Vec<DifferenceWire>,
}

impl From<Row> for RowWire {
    fn from(row: Row) -> RowWire {
        RowWire {
            settlement: row.settlement,
            visit: row.visit,
            person: row.person,
            total_fee: row.total_fen.into(),
            fund_total: row.fund_fen.into(),
            account: row.account_fen.into(),
            contra: row.is_contra,
        }
    }
}

impl DifferenceWire {
    fn of(number: usize, of: Difference) -> DifferenceWire {
        DifferenceWire {
            number,
            by_node: of.is_ours(),
            state: of.state(),
            original: of.to_take_back().map(str::to_owned),
            settlement: of.settlement().to_owned(),
            class: of.class,
            code: of.class.code(),
            cause: of.cause,
            proposal: of.proposal,
            platform: of.platform.map(RowWire::from),
            institution: of.institution.map(RowWire::from),
            message_id: of.message_id,
            refusal: of.refusal.as_ref().map(problem),
            contra: of.contra,
        }
    }
}

impl ReconciliationHeaderWire {
    fn of(made: &Reconciliation, counts: Counts) -> ReconciliationHeaderWire {
        ReconciliationHeaderWire {
            reconciliation: made.reconciliation,
            from: made.from.to_string(),
            to: made.to.to_string(),
            made_at: made.made_at.to_string(),
            platform: made.platform.into(),
            institution: made.institution_totals.into(),
            found: counts.found,
            closed: counts.open == 0,
        }
    }
}

impl From<Reconciliation> for ReconciliationWire {
    fn from(made: Reconciliation) -> ReconciliationWire {
        let open = made.differences.iter().filter(|difference| !difference.is_resolved).count() as u64;
        let counts = Counts { found: made.differences.len() as u64, open };
        ReconciliationWire {
            header: ReconciliationHeaderWire::of(&made, counts),
            differences: (1..).zip(made.differences).map(|(number, of)| DifferenceWire::of(number, of)).collect(),
        }
    }
}

/// Compares the hospital's records with the books of this node (对账): each difference with its class, cause and what to do.
#[utoipa::path(post, path = "/v1/medical/reconciliations", tag = "medical", request_body = ReconciliationRequest,
    responses((status = 201, body = ReconciliationWire), (status = "4XX", body = Problem)))]
pub async fn reconcile(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    body: Body<ReconciliationRequest, Medical>,
) -> Result<(StatusCode, Json<ReconciliationWire>), Problem> {
    let ReconciliationRequest { from, to, home_area, rows } = body.value;
    let mut checked = Vec::with_capacity(rows.len());
    for (index, row) in rows.into_iter().enumerate() {
        check_length(&format!("rows[{index}].settlement"), &row.settlement, 30)?;
        check_length(&format!("rows[{index}].visit"), &row.visit, 30)?;
        check_length(&format!("rows[{index}].person"), &row.person, 30)?;
        checked.push(Row {
            settlement: row.settlement,
            visit: row.visit,
            person: row.person,
            total_fen: row.total_fee.0,
            fund_fen: row.fund_total.0,
            account_fen: row.account.0,
            is_contra: row.contra,
        });
    }
    let wish = ReconcileWish { from, to, home: home_area, rows: checked, stated: None };
    match edge.ask_here(Command::Reconcile(Box::new(wish)), &caller, body.request).await? {
        Reply::Reconciled(made) => Ok((StatusCode::CREATED, Json((*made).into()))),
        other => unreachable!("a reconciliation was wished for: {other:?}"),
    }
}

/// Reconciliations of the caller's institution, without their differences.
#[utoipa::path(get, path = "/v1/medical/reconciliations", tag = "medical", params(PageQuery),
    responses((status = 200, body = Page<ReconciliationHeaderWire>), (status = "4XX", body = Problem)))]
pub async fn list_reconciliations(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ReconciliationHeaderWire>>, Problem> {
    let limit = page.limit().map_err(|refusal| problem(&refusal))?;
    let institution = caller.principal.participant;
    let rows = edge.read(move |view| Ok(books::list(view, &institution, page.after.as_deref(), limit + 1)?)).await?;
    let items = rows.into_iter().map(|(made, counts)| ReconciliationHeaderWire::of(&made, counts)).collect();
    Ok(Json(Page::of(items, limit, |item: &ReconciliationHeaderWire| item.reconciliation.to_string())))
}

#[utoipa::path(get, path = "/v1/medical/reconciliations/{reconciliation}", tag = "medical",
    params(("reconciliation" = Uuid, Path)),
    responses((status = 200, body = ReconciliationWire), (status = "4XX", body = Problem)))]
pub async fn get_reconciliation(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(reconciliation): Path<Uuid>,
) -> Result<Json<ReconciliationWire>, Problem> {
    let institution = caller.principal.participant;
    let found = edge.read(move |view| Ok(books::reconciliation(view, reconciliation)?)).await?;
    let found = found.filter(|found| found.institution == institution);
    let found = found.ok_or_else(|| problem(&refusal::RECONCILIATION_UNKNOWN.refuse()))?;
    Ok(Json(found.into()))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FixRequest {
    /// Its number in the comparison.
    pub difference: usize,
}

/// Carries out what is proposed for a difference, as far as it is this node's to do (`by_node`): a reversal, a refund. It is `resolved` when
/// home's contra is booked here; 202 and `asked` until then, and the same call again waits again. What home refuses is open again. For what is
/// the hospital's to do (it finds it in the settlement's record), the hospital says that it has done so: `confirmed`.
#[utoipa::path(post, path = "/v1/medical/reconciliations/{reconciliation}/fixes", tag = "medical",
    request_body = FixRequest, params(("reconciliation" = Uuid, Path)),
    responses((status = 200, body = DifferenceWire), (status = 202, body = DifferenceWire),
        (status = "4XX", body = Problem)))]
pub async fn fix_difference(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(reconciliation): Path<Uuid>,
    body: Body<FixRequest, Medical>,
) -> Result<(StatusCode, Json<DifferenceWire>), Problem> {
    let number = body.value.difference;
    edge.ask(Command::FixDifference { reconciliation, number }, &caller, body.request).await?;
    let found = edge.read(move |view| Ok(books::difference(view, reconciliation, number)?)).await?;
    let found = found.ok_or_else(|| problem(&refusal::RECONCILIATION_UNKNOWN.refuse()))?;
    let is_asked = found.state() == DifferenceState::Asked;
    let status = if is_asked { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(DifferenceWire::of(number, found))))
}
