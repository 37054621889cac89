//! A place in a document: the value, if there is one, and the path that findings and refusals name.

use huitong_service_kit::{Refusal, ShapeProblem};

use super::node::Node;
use super::number::Exact;
use super::{LIST_MAX, TEXT_MAX};
use crate::refusal;

#[derive(Clone, Debug)]
pub struct Place<'n> {
    node: Option<&'n Node>,
    pub path: String,
    /// Of a member of what is no object (`"net": 5`): the path of that. Whoever reads here is told so.
    misplaced: Option<String>,
}

impl<'n> Place<'n> {
    /// The root of a resource; paths begin with `path`.
    pub fn root(node: &'n Node, path: &str) -> Place<'n> {
        Place { node: Some(node), path: path.to_owned(), misplaced: None }
    }

    /// A member. JSON's `null` is nothing.
    pub fn get(&self, name: &str) -> Place<'n> {
        let node = self.node.and_then(|node| node.get(name)).filter(|node| **node != Node::Null);
        // A document that is no object has no type either, and is refused for that.
        let is_object = self.path.is_empty() || self.node.is_none_or(|node| matches!(node, Node::Object(_)));
        let misplaced = if is_object { self.misplaced.clone() } else { Some(self.path.clone()) };
        Place { node, path: joined(&self.path, name), misplaced }
    }

    pub fn is_there(&self) -> bool {
        self.node.is_some()
    }

    /// What stands here, if anything does.
    fn value(&self) -> Result<Option<&'n Node>, Refusal> {
        match &self.misplaced {
            Some(path) => Err(refusal::shape(ShapeProblem::WrongType { field: path.clone() })),
            None => Ok(self.node),
        }
    }

    fn wrong_type<T>(&self) -> Result<T, Refusal> {
        Err(refusal::shape(ShapeProblem::WrongType { field: self.path.clone() }))
    }

    /// The members of a list; none where it is absent.
    pub fn list(&self, name: &str) -> Result<Vec<Place<'n>>, Refusal> {
        let list = self.get(name);
        let values = match list.value()? {
            None => return Ok(Vec::new()),
            Some(Node::Array(values)) => values,
            Some(_) => return list.wrong_type(),
        };
        if values.len() > LIST_MAX {
            return Err(refusal::TOO_MANY_LINES.with("limit", LIST_MAX).at_field(list.path));
        }
        let place =
            |(index, node)| Place { node: Some(node), path: format!("{}[{index}]", list.path), misplaced: None };
        Ok(values.iter().enumerate().map(place).collect())
    }

    /// A text of at most `limit` characters; an empty one is none.
    pub fn text_up_to(&self, limit: usize) -> Result<Option<&'n str>, Refusal> {
        match self.value()? {
            None => Ok(None),
            Some(Node::Text(text)) if text.chars().count() > limit => {
                Err(refusal::shape(ShapeProblem::TooLong { field: self.path.clone(), limit }))
            }
            Some(Node::Text(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => self.wrong_type(),
        }
    }

    pub fn text(&self) -> Result<Option<&'n str>, Refusal> {
        self.text_up_to(TEXT_MAX)
    }

    pub fn boolean(&self) -> Result<Option<bool>, Refusal> {
        match self.value()? {
            None => Ok(None),
            Some(Node::Boolean(value)) => Ok(Some(*value)),
            Some(_) => self.wrong_type(),
        }
    }

    /// The digits of a number. A text is none: FHIR's decimals are JSON numbers.
    pub fn digits(&self) -> Result<Option<&'n str>, Refusal> {
        match self.value()? {
            None => Ok(None),
            Some(Node::Number(digits)) => Ok(Some(digits)),
            Some(_) => Err(self.malformed()),
        }
    }

    pub fn exact(&self) -> Result<Option<Exact>, Refusal> {
        let digits = self.digits()?;
        digits.map(|digits| Exact::parse(digits).map_err(|_| self.malformed())).transpose()
    }

    /// Refuses the number that stands here: MED-1004.
    pub fn malformed(&self) -> Refusal {
        refusal::NUMBER_MALFORMED.with("field", &self.path).at_field(self.path.clone())
    }

    /// MED-1002: it must be there.
    pub fn missing(&self) -> Refusal {
        refusal::FIELD_MISSING.with("field", &self.path).at_field(self.path.clone())
    }

    /// Refuses a member that is not there.
    pub fn needs(&self, names: &[&str]) -> Result<(), Refusal> {
        let absent = names.iter().map(|name| self.get(name)).find(|member| !member.is_there());
        absent.map_or(Ok(()), |member| member.value().and(Err(member.missing())))
    }

    /// MED-7002: a value that is not supported here.
    pub fn unsupported(&self) -> Refusal {
        refusal::IMPORT_UNSUPPORTED.refuse().at_field(self.path.clone())
    }

    /// MED-1012: a code that is not known here.
    pub fn unknown(&self, value: &str) -> Refusal {
        refusal::CODE_UNKNOWN.with("field", &self.path).with("value", value).at_field(self.path.clone())
    }

    /// The code of a system among the codings of a CodeableConcept.
    pub fn code(&self, system: &str) -> Result<Option<&'n str>, Refusal> {
        for coding in self.list("coding")? {
            if coding.get("system").text()? == Some(system) {
                return coding.get("code").text();
            }
        }
        Ok(None)
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
