//! GET /v1/medical/settlements/{settlement}/explanation

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::{Caller, Path, Problem, Yuan};
use serde::{Deserialize, Serialize};

use super::MedicalEdge;
use super::settlements::own;
use crate::model::document::DataVersion;
use crate::model::explain::{Rule, Step};
use crate::model::policy::Grade;
use crate::query::documents;
use crate::query::settlements::{self, Role};

/// One step of the calculation, in both languages.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StepWire {
    pub rule: Rule,
    /// Path in the policy pack; empty where the rule is national.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    pub text: String,
    pub text_zh: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Yuan>,
}

impl From<&Step> for StepWire {
    fn from(step: &Step) -> StepWire {
        StepWire {
            rule: step.rule,
            path: step.path.clone().into_owned(),
            text: step.english(),
            text_zh: step.chinese(),
            result: step.result_fen.map(Yuan),
        }
    }
}

/// Why each yuan is as it is.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Explanation {
    pub settlement: String,
    /// The policy pack: area, version and hash.
    pub policy: String,
    pub policy_hash: String,
    /// The lowest trust grade of its values.
    pub grade: Grade,
    pub catalogue: String,
    pub steps: Vec<StepWire>,
}

pub fn shown(version: &DataVersion) -> String {
    format!("{} {}", version.area, version.version)
}

/// Explains a settlement of the caller's institution, step by step, from the signed document.
#[utoipa::path(get, path = "/v1/medical/settlements/{settlement}/explanation", tag = "medical",
    params(("settlement" = String, Path)),
    responses((status = 200, body = Explanation), (status = "4XX", body = Problem)))]
pub async fn explain_settlement(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(settlement): Path<String>,
) -> Result<Json<Explanation>, Problem> {
    let institution = caller.principal.participant;
    let document = edge
        .read(move |view| {
            let found = own(settlements::settlement(view, Role::Visited, &settlement)?, &institution)?;
            documents::document(view, &found)
        })
        .await?;
    Ok(Json(Explanation {
        policy: format!("{} {} {}", document.pack.area, document.scheme.name(), document.pack.version),
        policy_hash: document.pack.hash.to_string(),
        grade: document.grade,
        catalogue: document.catalogues.iter().map(shown).collect::<Vec<_>>().join(", "),
        steps: document.steps.iter().map(StepWire::from).collect(),
        settlement: document.settlement,
    }))
}
