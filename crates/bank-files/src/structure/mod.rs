//! What a message may look like, as data: which elements, in which order, how often, with what in them.
//!
//! Each list names *all* elements that the standard knows at its place. Those that are not needed here are [`Content::Unread`]: allowed,
//! counted, ordered, and not looked into beyond well-formedness and depth.

mod camt;
mod pain001;
mod part;
pub mod text;

pub use camt::{NOTIFICATION, STATEMENT};
pub use pain001::INITIATION;
pub use text::Text;

/// A message: its namespace names its version.
#[derive(Debug)]
pub struct Message {
    pub namespace: &'static str,
    /// `Document`.
    pub root: Element,
}

#[derive(Debug)]
pub struct Element {
    pub name: &'static str,
    pub least: u32,
    pub most: u32,
    pub content: Content,
}

#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// Children in this order.
    Sequence(&'static [Element]),
    /// Exactly one of these children.
    Choice(&'static [Element]),
    Text(Text),
    /// An amount with its currency as the attribute `Ccy`.
    Amount,
    Unread,
}

const UNBOUNDED: u32 = u32::MAX;

/// Stands once.
const fn one(name: &'static str, content: Content) -> Element {
    Element { name, least: 1, most: 1, content }
}

/// Stands once or not at all.
const fn maybe(name: &'static str, content: Content) -> Element {
    Element { name, least: 0, most: 1, content }
}

/// Stands once or more often.
const fn some(name: &'static str, content: Content) -> Element {
    Element { name, least: 1, most: UNBOUNDED, content }
}

/// Stands as often as one likes.
const fn any(name: &'static str, content: Content) -> Element {
    Element { name, least: 0, most: UNBOUNDED, content }
}

/// Allowed once, not needed here.
const fn unread(name: &'static str) -> Element {
    Element { name, least: 0, most: 1, content: Content::Unread }
}

/// Allowed up to `most` times, not needed here.
const fn unread_up_to(most: u32, name: &'static str) -> Element {
    Element { name, least: 0, most, content: Content::Unread }
}

/// Allowed as often as one likes, not needed here.
const fn unread_any(name: &'static str) -> Element {
    Element { name, least: 0, most: UNBOUNDED, content: Content::Unread }
}

const fn text(name: &'static str, characters_max: usize) -> Element {
    one(name, Content::Text(Text::UpTo(characters_max)))
}

const fn maybe_text(name: &'static str, characters_max: usize) -> Element {
    maybe(name, Content::Text(Text::UpTo(characters_max)))
}

impl Element {
    pub fn is_repeatable(&self) -> bool {
        self.most > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(element: &Element) {
        let (Content::Sequence(children) | Content::Choice(children)) = element.content else { return };
        for (index, child) in children.iter().enumerate() {
            assert!(child.least <= child.most && child.most > 0, "{}/{}", element.name, child.name);
            assert!(!children[..index].iter().any(|other| other.name == child.name), "{}/{}", element.name, child.name);
            check(child);
        }
    }

    #[test]
    fn a_description_names_every_element_once_at_its_place() {
        for message in [&INITIATION, &STATEMENT, &NOTIFICATION] {
            check(&message.root);
        }
    }
}
