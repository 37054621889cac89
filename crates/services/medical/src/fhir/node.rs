//! A JSON document as a tree whose numbers are the digits that were sent. serde_json would turn them into floating point.

use huitong_kernel::money::Fen;
use huitong_service_kit::Refusal;
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::{DEPTH_MAX, NODES_MAX};
use crate::members::Members;
use crate::refusal;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// In the order of the document.
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    Text(String),
    /// The digits as they stand.
    Number(String),
    Boolean(bool),
    Null,
}

impl Node {
    /// Reads a document.
    ///
    /// # Errors
    /// MED-1001: not JSON, a member named twice (two readers would see different documents), nested deeper than [`DEPTH_MAX`], or
    /// larger than [`NODES_MAX`].
    pub fn read(bytes: &[u8]) -> Result<Node, Refusal> {
        let raw: &RawValue = serde_json::from_slice(bytes).map_err(|_| refusal::NOT_JSON.refuse())?;
        let mut left = NODES_MAX;
        node(raw, DEPTH_MAX, &mut left).ok_or_else(|| refusal::NOT_JSON.refuse())
    }

    pub fn get(&self, name: &str) -> Option<&Node> {
        match self {
            Node::Object(members) => members.iter().find(|(member, _)| member == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value at a path as findings name it, for instance `item[1].net.value`; to look at, or to change in a test.
    pub fn at_mut(&mut self, path: &str) -> Option<&mut Node> {
        path.split(['.', '[']).try_fold(self, |node, step| match node {
            Node::Object(members) => members.iter_mut().find(|(name, _)| name == step).map(|(_, value)| value),
            Node::Array(values) => values.get_mut(step.strip_suffix(']')?.parse::<usize>().ok()?),
            _ => None,
        })
    }

    pub fn text(text: impl Into<String>) -> Node {
        Node::Text(text.into())
    }

    pub fn whole(number: u64) -> Node {
        Node::Number(number.to_string())
    }

    /// An object of what is there.
    pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, Option<Node>)>) -> Node {
        let named = |(name, value): (&str, Option<Node>)| value.map(|value| (name.to_owned(), value));
        Node::Object(members.into_iter().filter_map(named).collect())
    }

    /// An amount in yuan.
    pub fn money(amount: Fen) -> Node {
        Node::object([("value", Some(Node::Number(amount.yuan()))), ("currency", Some(Node::text("CNY")))])
    }
}

/// `None`: not what [`Node::read`] takes.
fn node(raw: &RawValue, depth: usize, left: &mut usize) -> Option<Node> {
    let text = raw.get();
    *left = left.checked_sub(1)?;
    let depth = || depth.checked_sub(1);
    Some(match text.as_bytes().first()? {
        b'{' => {
            let (depth, Members(members)) = (depth()?, serde_json::from_str(text).ok()?);
            let read = |(name, raw): (String, &RawValue)| Some((name, node(raw, depth, left)?));
            Node::Object(members.into_iter().map(read).collect::<Option<_>>()?)
        }
        b'[' => {
            let (depth, values) = (depth()?, serde_json::from_str::<Vec<&RawValue>>(text).ok()?);
            Node::Array(values.into_iter().map(|raw| node(raw, depth, left)).collect::<Option<_>>()?)
        }
        b'"' => Node::Text(serde_json::from_str(text).ok()?),
        b't' => Node::Boolean(true),
        b'f' => Node::Boolean(false),
        b'n' => Node::Null,
        _ => Node::Number(text.to_owned()),
    })
}

impl Serialize for Node {
    /// For serde_json's writers only: numbers go out as their digits.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
            Node::Array(values) => serializer.collect_seq(values),
            Node::Text(text) => serializer.serialize_str(text),
            Node::Number(digits) => {
                RawValue::from_string(digits.clone()).map_err(S::Error::custom)?.serialize(serializer)
            }
            Node::Boolean(value) => serializer.serialize_bool(*value),
            Node::Null => serializer.serialize_unit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_comes_out_as_it_went_in_to_the_last_digit() {
        let text = r#"{"a":[1.10,-0.5e3,"1.10",true,null,{}],"b":{"c":12345678901234567.89}}"#;
        let mut node = Node::read(text.as_bytes()).expect("JSON");
        assert_eq!(serde_json::to_string(&node).expect("JSON"), text);
        assert_eq!(node.at_mut("b.c"), Some(&mut Node::Number("12345678901234567.89".to_owned())));
        assert_eq!(node.at_mut("a[0]"), Some(&mut Node::Number("1.10".to_owned())));
    }

    #[test]
    fn what_two_readers_could_read_differently_or_without_end_is_refused() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for text in ["", "{", "{\"a\":1,\"a\":2}", "[1] 2", "01", "{\"a\":\"\\ud800\"}", &deep] {
            assert_eq!(Node::read(text.as_bytes()).expect_err("refused").code, "MED-1001", "{:.40}", text);
        }
    }
}
