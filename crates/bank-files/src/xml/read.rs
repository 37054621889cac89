//! Reads a file against the description of its message. Nothing is built of what the description does not know.
//!
//! The parser's events are the grammar of XML; entities, document types and encodings are refused here before anything is made of them.

use std::borrow::Cow;

use quick_xml::NsReader;
use quick_xml::errors::{Error, SyntaxError};
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

use super::frame::Frame;
use super::tree::{Node, Tree};
use crate::fault::{self, Fault, FaultKind};
use crate::limits::{DEPTH_MAX, FILE_BYTES_MAX};
use crate::structure::{Content, Message, text::is_currency};

const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
const CURRENCY_ATTRIBUTE: &str = "Ccy";

/// The tree of a file that is one of these messages.
pub fn read<'b>(bytes: &'b [u8], messages: &[&'static Message]) -> Result<Tree<'b>, Fault> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(fault::FILE_TOO_LARGE.at("").with(FILE_BYTES_MAX));
    }
    let text = utf8(bytes)?;
    let mut reader = NsReader::from_str(text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.check_comments = true;
    let mut reading = Reading { messages, tree: None, open: Vec::new(), passed_over: 0, is_begun: false };
    loop {
        let event = match reader.read_event() {
            Ok(Event::Eof) => return reading.finish(),
            Ok(event) => event,
            Err(error) => return Err(reading.fault(kind_of(&error))),
        };
        reading.take(&reader, event)?;
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    if matches!(bytes, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, b'<', ..] | [b'<', 0, ..]) {
        return Err(fault::ENCODING.at("").with("UTF-16"));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|_| fault::NOT_UTF8.at(""))
}

fn kind_of(error: &Error) -> FaultKind {
    match error {
        Error::Syntax(SyntaxError::UnclosedDoctype) => fault::DOCUMENT_TYPE,
        Error::Syntax(SyntaxError::InvalidBangMarkup) => fault::NOT_WELL_FORMED,
        Error::Syntax(_) => fault::TRUNCATED,
        _ => fault::NOT_WELL_FORMED,
    }
}

struct Reading<'b, 'm> {
    messages: &'m [&'static Message],
    tree: Option<Tree<'b>>,
    open: Vec<Frame>,
    /// Depth inside an element that is not looked into.
    passed_over: usize,
    /// Something has stood before.
    is_begun: bool,
}

impl<'b> Reading<'b, '_> {
    fn take(&mut self, reader: &NsReader<&'b [u8]>, event: Event<'b>) -> Result<(), Fault> {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        match event {
            Event::Start(start) => self.start(reader, &start),
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(text.xml10_content()),
            Event::CData(text) if self.open.is_empty() => Err(self.fault(fault::NOT_WELL_FORMED).with(text.len())),
            Event::CData(text) => self.text(text.xml10_content()),
            Event::GeneralRef(reference) => self.reference(&reference),
            Event::DocType(_) => Err(self.fault(fault::DOCUMENT_TYPE)),
            Event::Decl(declaration) if is_first => declared(&declaration),
            Event::Decl(_) => Err(self.fault(fault::NOT_WELL_FORMED)),
            Event::Comment(_) | Event::PI(_) => Ok(()),
            Event::Empty(_) | Event::Eof => unreachable!("empty elements are expanded, the end was taken before"),
        }
    }

    fn start(&mut self, reader: &NsReader<&'b [u8]>, start: &BytesStart<'b>) -> Result<(), Fault> {
        if self.open.len() + self.passed_over == DEPTH_MAX {
            return Err(self.fault(fault::TOO_DEEP).with(DEPTH_MAX));
        }
        if self.passed_over > 0 || self.open.last().is_some_and(|frame| matches!(frame.content(), Content::Unread)) {
            self.passed_over += 1;
            return Ok(());
        }
        let (namespace, name) = reader.resolver().resolve_element(start.name());
        let namespace = match namespace {
            ResolveResult::Bound(Namespace(namespace)) => namespace,
            ResolveResult::Unbound | ResolveResult::Unknown(_) => "",
        };
        let (element, ordinal) = match (&self.tree, self.open.last_mut()) {
            (None, _) => {
                let message = self.messages.iter().find(|message| message.namespace == namespace);
                let message = message.ok_or_else(|| fault::NAMESPACE.at("").with(namespace))?;
                if name.as_ref() != message.root.name {
                    return Err(fault::NOT_IN_STANDARD.at("").with(name.as_ref()));
                }
                self.tree = Some(Tree { message, nodes: Vec::new() });
                (&message.root, 1)
            }
            (Some(_), None) => return Err(fault::NOT_WELL_FORMED.at("")),
            (Some(tree), Some(_)) if tree.message.namespace != namespace => {
                return Err(self.fault(fault::NAMESPACE).with(namespace));
            }
            (Some(_), Some(frame)) => {
                let entered = frame.enter(name.as_ref());
                entered.map_err(|fault| self.below(fault))?
            }
        };
        let node = self.add(element, ordinal);
        self.open.push(Frame::new(node, element.content));
        self.attributes(reader, start)
    }

    /// Adds an element below the last open one.
    fn add(&mut self, element: &'static crate::structure::Element, ordinal: u32) -> u32 {
        let nodes = &mut self.tree.as_mut().expect("made with its root").nodes;
        let index = u32::try_from(nodes.len()).expect("a file has fewer elements than bytes");
        let mut above = 0;
        if let Some(frame) = self.open.last_mut() {
            above = frame.node;
            match frame.last_below.replace(index) {
                Some(before) => nodes[before as usize].next = Some(index),
                None => nodes[above as usize].first_below = Some(index),
            }
        }
        let text = Cow::Borrowed("");
        nodes.push(Node { element, above, first_below: None, next: None, ordinal, currency: [0; 3], text });
        index
    }

    fn attributes(&mut self, reader: &NsReader<&'b [u8]>, start: &BytesStart<'b>) -> Result<(), Fault> {
        let is_amount = self.open.last().is_some_and(|frame| matches!(frame.content(), Content::Amount));
        let mut currency = None;
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| self.fault(fault::NOT_WELL_FORMED))?;
            let (namespace, name) = reader.resolver().resolve_attribute(attribute.key);
            let is_hint = namespace == ResolveResult::Bound(Namespace(SCHEMA_INSTANCE));
            if attribute.key.as_namespace_binding().is_some() || is_hint && self.open.len() == 1 {
                continue;
            }
            if !is_amount || namespace != ResolveResult::Unbound || name.as_ref() != CURRENCY_ATTRIBUTE {
                return Err(self.fault(fault::ATTRIBUTE).with(name.as_ref()));
            }
            currency = Some(attribute.value);
        }
        match currency {
            Some(currency) if !is_currency(&currency) => {
                let mut fault = self.fault(fault::CURRENCY_CODE);
                fault.path.push_str("/@Ccy");
                Err(fault)
            }
            Some(currency) => {
                self.last_node().currency.copy_from_slice(currency.as_bytes());
                Ok(())
            }
            None if is_amount => Err(self.fault(fault::MISSING_ATTRIBUTE).with(CURRENCY_ATTRIBUTE)),
            None => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), Fault> {
        if self.passed_over > 0 {
            self.passed_over -= 1;
            return Ok(());
        }
        let (Some(tree), Some(frame)) = (&self.tree, self.open.last()) else {
            return Err(fault::NOT_WELL_FORMED.at(""));
        };
        let left = frame.leave(&tree.node(frame.node).text);
        left.map_err(|fault| self.here(fault))?;
        self.open.pop();
        Ok(())
    }

    fn text(&mut self, text: Cow<'b, str>) -> Result<(), Fault> {
        if let Some(character) = text.chars().find(|character| !is_allowed(*character)) {
            return Err(self.forbidden(character));
        }
        let Some(frame) = self.open.last() else {
            let is_blank = crate::value::trim(&text).is_empty();
            return if is_blank { Ok(()) } else { Err(fault::NOT_WELL_FORMED.at("")) };
        };
        match frame.content() {
            Content::Unread => Ok(()),
            Content::Text(_) | Content::Amount => {
                let whole = &mut self.last_node().text;
                if whole.is_empty() {
                    *whole = text
                } else {
                    whole.to_mut().push_str(&text)
                }
                Ok(())
            }
            Content::Sequence(_) | Content::Choice(_) if crate::value::trim(&text).is_empty() => Ok(()),
            Content::Sequence(_) | Content::Choice(_) => Err(self.fault(fault::STRAY_TEXT)),
        }
    }

    /// The five names that XML itself gives, and characters by number.
    fn reference(&mut self, reference: &BytesRef<'b>) -> Result<(), Fault> {
        let named = match reference.as_ref() {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "apos" => Some('\''),
            "quot" => Some('"'),
            _ => reference.resolve_char_ref().map_err(|_| self.fault(fault::NOT_WELL_FORMED))?,
        };
        let character = named.ok_or_else(|| self.fault(fault::ENTITY).with(reference.as_ref()))?;
        if self.open.is_empty() {
            return Err(self.fault(fault::NOT_WELL_FORMED));
        }
        self.text(Cow::Owned(character.to_string()))
    }

    fn finish(self) -> Result<Tree<'b>, Fault> {
        match self.tree {
            Some(tree) if self.open.is_empty() => Ok(tree),
            Some(_) => Err(self.fault(fault::TRUNCATED)),
            None => Err(fault::TRUNCATED.at("")),
        }
    }

    fn last_node(&mut self) -> &mut Node<'b> {
        let frame = self.open.last().expect("an element is open");
        &mut self.tree.as_mut().expect("made with its root").nodes[frame.node as usize]
    }

    fn forbidden(&self, character: char) -> Fault {
        self.fault(fault::FORBIDDEN_CHARACTER).with(format!("U+{:04X}", u32::from(character)))
    }

    /// A fault of the last open element.
    fn fault(&self, kind: FaultKind) -> Fault {
        self.here(kind.at(""))
    }

    /// A fault of the child that it names, unless that one is not there.
    fn below(&self, fault: Fault) -> Fault {
        let mut fault = self.here(fault);
        if fault.kind != fault::MISSING {
            fault.path = format!("{}/{}", fault.path, fault.value);
        }
        fault
    }

    fn here(&self, mut fault: Fault) -> Fault {
        if let (Some(tree), Some(frame)) = (&self.tree, self.open.last()) {
            fault.path = tree.path(frame.node);
        }
        fault
    }
}

/// `Char` of XML 1.0.
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

fn declared(declaration: &BytesDecl) -> Result<(), Fault> {
    let malformed = || fault::NOT_WELL_FORMED.at("");
    if declaration.version().map_err(|_| malformed())? != "1.0" {
        return Err(malformed());
    }
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(encoding)) if encoding.eq_ignore_ascii_case("UTF-8") => Ok(()),
        Some(Ok(encoding)) => Err(fault::ENCODING.at("").with(encoding)),
        Some(Err(_)) => Err(malformed()),
    }
}
