//! What is told of a settlement of the caller's institution, from the signed document and the lines as they were sent.

use huitong_service_kit::http::{Caller, Problem};

use crate::fhir::export::Adjudicated;
use crate::fhir::node::Node;
use crate::http::MedicalEdge;
use crate::http::settlements::own;
use crate::query::documents;
use crate::query::settlements::{self, Role};

/// Writes a resource about a settlement or a contra.
pub async fn told(
    edge: &MedicalEdge,
    caller: &Caller,
    settlement: String,
    write: fn(&Adjudicated<'_>) -> Node,
) -> Result<Node, Problem> {
    let institution = caller.principal.participant.clone();
    edge.read(move |view| {
        let found = own(settlements::settlement(view, Role::Visited, &settlement)?, &institution)?;
        let (document, lines) = (documents::document(view, &found)?, documents::lines(view, &found)?);
        Ok(write(&Adjudicated::settled(&document, &lines)))
    })
    .await
}
