//! POST /v1/medical/visits/{visit}/batches/{batch}/quotes

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::{Asked, Body, Caller, Path, Problem, Yuan};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::MedicalEdge;
use super::explanation::StepWire;
use super::filing_effect::{AlternativeWire, FilingTermWire, NotFiledProblem};
use super::wire::problem;
use crate::command::{Command, Reply};
use crate::model::filing::FilingKind;
use crate::model::message::Quote;
use crate::model::policy::Grade;
use crate::{Medical, refusal};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteRequest {
    /// `mid_setl_flag`: a part of a stay that goes on (中途结算).
    #[serde(default)]
    pub interim: bool,
    /// `acct_used_flag`: whether the personal account pays.
    pub account_wanted: bool,
    /// Compared with the sum of the lines where given.
    #[serde(default)]
    pub total_fee: Option<Yuan>,
}

/// An offer (预结算): changes nothing, holds until it expires or its basis changes.
#[derive(Serialize, utoipa::ToSchema)]
pub struct QuoteWire {
    pub quote: Uuid,
    pub total_fee: Yuan,
    pub deductible: Yuan,
    pub fund_total: Yuan,
    pub person_total: Yuan,
    pub account: Yuan,
    pub cash: Yuan,
    pub filing: FilingKind,
    /// What would be payable under each filing that can still be made.
    pub alternatives: Vec<AlternativeWire>,
    /// How and until when; absent where there are no alternatives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how_to_file: Option<FilingTermWire>,
    /// What the funds would pay of the same bill at home (估算): an estimate, home's catalogue may differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fund_total_at_home: Option<Yuan>,
    /// The policy pack and the lowest trust grade of its values.
    pub policy: String,
    pub grade: Grade,
    /// RFC 3339, UTC.
    pub expires_at: String,
    pub steps: Vec<StepWire>,
}

impl From<Quote> for QuoteWire {
    fn from(quote: Quote) -> QuoteWire {
        let amounts = &quote.computation.amounts;
        let total = amounts.lines.total_fen;
        QuoteWire {
            quote: quote.quote,
            total_fee: total.into(),
            deductible: amounts.deductible_fen.into(),
            fund_total: amounts.fund_total_fen.into(),
            person_total: amounts.person_total_fen.into(),
            account: amounts.account_fen.into(),
            cash: amounts.cash_fen.into(),
            filing: quote.computation.filing,
            alternatives: AlternativeWire::all(total, &quote.alternatives),
            how_to_file: quote.filing_term.map(FilingTermWire::from),
            fund_total_at_home: quote.at_home_fen.map(Yuan),
            policy: format!("{} {}", quote.pack.area, quote.pack.version),
            grade: quote.grade,
            expires_at: quote.expires_at.to_string(),
            steps: quote.computation.steps.iter().map(StepWire::from).collect(),
        }
    }
}

/// Asks home for an offer on the lines of a batch. Where home settles nothing directly without a filing, the refusal (MED-2005) says what
/// would be payable with one.
#[utoipa::path(post, path = "/v1/medical/visits/{visit}/batches/{batch}/quotes", tag = "medical",
    request_body = QuoteRequest, params(("visit" = Uuid, Path), ("batch" = String, Path)),
    responses((status = 200, body = QuoteWire), (status = 422, description = "MED-2005 carries `if_filed`", body = NotFiledProblem),
        (status = "4XX", body = Problem)))]
pub async fn ask_quote(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path((visit, batch)): Path<(Uuid, String)>,
    body: Body<QuoteRequest, Medical>,
) -> Result<Json<QuoteWire>, Problem> {
    let QuoteRequest { interim, account_wanted, total_fee } = body.value;
    let total = total_fee.map(|total| total.0);
    let command = Command::AskQuote { visit, batch, interim, account_wanted, total };
    match edge.ask(command, &caller, body.request).await? {
        Asked::Replied(Reply::Quoted(quote)) => Ok(Json(QuoteWire::from(*quote))),
        Asked::Replied(other) => unreachable!("a quote was asked for: {other:?}"),
        Asked::Waiting => Err(problem(&refusal::HOME_SILENT.refuse())),
    }
}
