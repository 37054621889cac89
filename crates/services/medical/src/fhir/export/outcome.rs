//! OperationOutcome: a refusal in FHIR's words.

use crate::fhir::node::Node;
use crate::fhir::terms::{self, REFUSAL};

/// A refusal as it is told elsewhere in a problem document.
pub struct Refused<'a> {
    /// The HTTP status.
    pub status: u16,
    pub code: &'a str,
    pub english: &'a str,
    pub chinese: &'a str,
    pub field: Option<&'a str>,
    /// What the person at the counter does now: `wait`, `do_not_collect`.
    pub answer: Option<&'a str>,
}

pub fn operation_outcome(refused: &Refused<'_>) -> Node {
    let text = format!("{} / {}", refused.chinese, refused.english);
    let Node::Object(mut details) = terms::concept(REFUSAL, refused.code) else {
        unreachable!("a concept is an object")
    };
    details.push(("text".to_owned(), Node::text(text)));
    let path = refused.field.filter(|field| is_path(field));
    let issue = Node::object([
        ("severity", Some(Node::text("error"))),
        ("code", Some(Node::text(kind(refused.status)))),
        ("details", Some(Node::Object(details))),
        ("diagnostics", refused.answer.map(Node::text)),
        ("expression", path.map(|path| Node::Array(vec![Node::text(path)]))),
    ]);
    Node::object([("resourceType", Some(Node::text("OperationOutcome"))), ("issue", Some(Node::Array(vec![issue])))])
}

/// FHIR's issue type.
fn kind(status: u16) -> &'static str {
    match status {
        401 => "login",
        403 => "forbidden",
        404 => "not-found",
        409 => "conflict",
        413 => "too-long",
        422 => "business-rule",
        429 => "throttled",
        501 => "not-supported",
        503 => "transient",
        500.. => "exception",
        _ => "invalid",
    }
}

/// Names, dots and counted brackets: what FHIRPath would read. A header's name, or a list asked by its system, is none.
fn is_path(field: &str) -> bool {
    field.split('.').all(|step| {
        let (name, index) = step.split_once('[').unwrap_or((step, "0]"));
        let is_index = index.strip_suffix(']').is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()));
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) && is_index
    })
}
