//! POST /v1/medical/fhir/$check

use axum::Json;
use huitong_service_kit::http::Problem;
use serde::Serialize;

use super::Document;
use crate::fhir::check::{self, Finding, Rule};
use crate::http::wire::problem;

/// A part that does not add up, in both languages.
#[derive(Serialize, utoipa::ToSchema)]
pub struct FindingWire {
    pub rule: Rule,
    /// Where the found value stands, for instance `item[1].net.value`.
    pub path: String,
    /// The category, fund or invariant that is meant, where the rule has several.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// What it should be: an amount, or a bound such as `≤ 12.00`.
    pub expected: String,
    pub found: String,
    pub text: String,
    pub text_zh: String,
}

impl From<Finding> for FindingWire {
    fn from(finding: Finding) -> FindingWire {
        let (text, text_zh) = (finding.english(), finding.chinese());
        let Finding { rule, path, subject, expected, found } = finding;
        FindingWire { rule, path, subject, expected, found, text, text_zh }
    }
}

/// What the sum checks say of a document.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ReportWire {
    pub documents: usize,
    /// Comparisons that were made.
    pub checked: usize,
    /// Sums without any part: no fault.
    pub not_checkable: usize,
    pub faults: usize,
    /// At most 1 000 of the faults.
    pub findings: Vec<FindingWire>,
}

/// Checks every sum of a Claim, ClaimResponse, ExplanationOfBenefit or PaymentReconciliation, or of a Bundle of them (F1 to F9).
/// Nothing is kept or changed.
#[utoipa::path(post, path = "/v1/medical/fhir/$check", tag = "medical", request_body = Object,
    responses((status = 200, body = ReportWire), (status = "4XX", body = Problem)))]
pub async fn check_sums(document: Document) -> Result<Json<ReportWire>, Problem> {
    let report = check::check(&document.node).map_err(|refusal| problem(&refusal))?;
    Ok(Json(ReportWire {
        documents: report.documents,
        checked: report.checked,
        not_checkable: report.not_checkable,
        faults: report.faults,
        findings: report.findings.into_iter().map(FindingWire::from).collect(),
    }))
}
