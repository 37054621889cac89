//! A refusal: a normal answer with a stable code, in English and Chinese. It changes nothing.
//!
//! What belongs where: a *refusal* says why a wish cannot be granted; an *error* ([`StoreError`]) is an operational
//! failure that someone must repair; a *bug* is a panic with an assertion that explains itself.

use huitong_store::StoreError;
use serde::{Deserialize, Serialize};

/// A kind of refusal, one constant each in a service's `refusal.rs`.
///
/// Texts may hold places such as `{field}`, filled from the refusal's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalKind {
    /// Never reused, never renamed: clients and tests rely on it.
    pub code: &'static str,
    /// HTTP status (RFC 9110).
    pub status: u16,
    pub english: &'static str,
    pub chinese: &'static str,
}

/// A refusal as it is told, stored and sent: the code and its arguments; texts are looked up when shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: String,
    /// Values for the places of the texts, in the order in which they were given. Never personal data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<(String, String)>,
    /// Path of the offending field in the request, for instance `lines[2].quantity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What the service says beside the texts, in a shape of its own ([`crate::Service::extension`]). What a peer has sent is not checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Box<serde_json::Value>>,
}

impl RefusalKind {
    pub fn refuse(&self) -> Refusal {
        Refusal { code: self.code.to_owned(), arguments: Vec::new(), field: None, extension: None }
    }

    /// A refusal that names the value of one place of the text.
    pub fn with(&self, place: &str, value: impl ToString) -> Refusal {
        self.refuse().with(place, value)
    }
}

impl Refusal {
    pub fn with(mut self, place: &str, value: impl ToString) -> Refusal {
        self.arguments.push((place.to_owned(), value.to_string()));
        self
    }

    pub fn at_field(mut self, path: impl Into<String>) -> Refusal {
        self.field = Some(path.into());
        self
    }

    pub fn extended(mut self, extension: serde_json::Value) -> Refusal {
        self.extension = Some(Box::new(extension));
        self
    }

    /// Without what a peer may have added: nested as deep as a message may be, it could not be read back inside an event.
    pub fn plain(&self) -> Refusal {
        Refusal { extension: None, ..self.clone() }
    }

    /// The text with its places filled.
    pub fn text(&self, template: &str) -> String {
        let mut text = template.to_owned();
        for (place, value) in &self.arguments {
            text = text.replace(&format!("{{{place}}}"), value);
        }
        text
    }
}

/// Why a decision was not reached.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    #[error("refused: {}", .0.code)]
    Refused(Refusal),
    #[error(transparent)]
    Failed(#[from] StoreError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: RefusalKind =
        RefusalKind { code: "TST-1001", status: 400, english: "missing: {field}", chinese: "缺失：{field}" };

    #[test]
    fn places_of_the_texts_are_filled_in_both_languages() {
        let refusal = EXAMPLE.with("field", "name");
        assert_eq!(refusal.text(EXAMPLE.english), "missing: name");
        assert_eq!(refusal.text(EXAMPLE.chinese), "缺失：name");
    }
}
