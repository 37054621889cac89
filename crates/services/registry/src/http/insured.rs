//! PUT /v1/registry/insured and GET /v1/registry/insured/{person}

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Body, Caller, Path, Problem};
use serde::{Deserialize, Serialize};

use super::RegistryEdge;
use crate::Registry;
use crate::command::{Command, Reply};
use crate::model::published::{Facts, Insured};
use crate::{query, refusal};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InsuredList {
    /// At most 500.
    pub persons: Vec<InsuredEntry>,
}

/// An insured person of a pool of this node. Personal data.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InsuredEntry {
    /// `psn_no`
    pub person: String,
    #[schema(value_type = String)]
    pub pool: Division,
    /// `employee` or `resident`
    pub scheme: String,
    /// 01 e-voucher, 02 identity card, 03 social security card
    pub certificate_type: String,
    pub certificate_number: String,
    pub name: String,
    pub facts: Facts,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub suspended_from: Option<Date>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct InsuredCount {
    pub persons: usize,
}

/// A person with masked name and certificate.
#[derive(Serialize, utoipa::ToSchema)]
pub struct InsuredMasked {
    pub person: String,
    #[schema(value_type = String)]
    pub pool: Division,
    pub scheme: String,
    pub name_masked: String,
    pub certificate_masked: String,
    #[schema(value_type = Option<String>, format = Date)]
    pub suspended_from: Option<Date>,
    pub version: u64,
}

/// Enrols insured persons or changes them, all or none.
#[utoipa::path(put, path = "/v1/registry/insured", tag = "registry", request_body = InsuredList,
    responses((status = 200, body = InsuredCount), (status = "4XX", body = Problem)))]
pub async fn put_insured(
    State(state): State<RegistryEdge>,
    caller: Caller,
    body: Body<InsuredList, Registry>,
) -> Result<Json<InsuredCount>, Problem> {
    let persons = body.value.persons.into_iter().map(|entry| Insured {
        person: entry.person,
        pool: entry.pool,
        scheme: entry.scheme,
        certificate_type: entry.certificate_type,
        certificate_number: entry.certificate_number,
        name: entry.name,
        facts: entry.facts,
        suspended_from: entry.suspended_from,
        version: 0,
    });
    let command = Command::PutInsured(persons.collect());
    let reply = state.edge.ask_here(command, &caller, body.request).await?;
    let Reply::Insured { persons } = reply else { unreachable!("persons were put") };
    Ok(Json(InsuredCount { persons }))
}

/// One insured person, masked.
#[utoipa::path(get, path = "/v1/registry/insured/{person}", tag = "registry", params(("person" = String, Path)),
    responses((status = 200, body = InsuredMasked), (status = "4XX", body = Problem)))]
pub async fn get_insured(
    State(state): State<RegistryEdge>,
    Path(person): Path<String>,
) -> Result<Json<InsuredMasked>, Problem> {
    let insured = state
        .edge
        .read(move |view| query::insured(view, &person)?.ok_or_else(|| refusal::PERSON_UNKNOWN.refuse().into()))
        .await?;
    Ok(Json(InsuredMasked {
        name_masked: keep(&insured.name, 1, 0),
        certificate_masked: keep(&insured.certificate_number, 3, 2),
        person: insured.person,
        pool: insured.pool,
        scheme: insured.scheme,
        suspended_from: insured.suspended_from,
        version: insured.version,
    }))
}

/// The first and last characters, stars between (foundations F3).
fn keep(text: &str, first: usize, last: usize) -> String {
    let count = text.chars().count();
    let shown = |index: usize| index < first || index + last >= count;
    text.chars().enumerate().map(|(index, letter)| if shown(index) { letter } else { '*' }).collect()
}
