//! GET /v1/clearing/statements/{service}/{period}/{peer}/print

use axum::extract::State;
use axum::response::Html;
use huitong_service_kit::http::{Path, Problem};

use super::ClearingEdge;
use super::statements::read;
use crate::print;
use crate::query::payments;

/// The statement for print, in both languages.
#[utoipa::path(get, path = "/v1/clearing/statements/{service}/{period}/{peer}/print", tag = "clearing",
    params(("service" = String, Path), ("period" = String, Path), ("peer" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html"), (status = "4XX", body = Problem)))]
pub async fn print_statement(
    State(edge): State<ClearingEdge>,
    Path(key): Path<(String, String, String)>,
) -> Result<Html<String>, Problem> {
    let (row, differences) = read(&edge, key).await?;
    let accounts = edge.read(|view| Ok(payments::accounts(view)?)).await?;
    Ok(Html(print::statement(&row, &differences, &accounts, edge.edge.clock.now())))
}
