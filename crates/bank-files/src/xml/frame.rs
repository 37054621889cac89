//! An element that is open while a file is read: what may still stand in it.

use crate::fault::{self, Fault};
use crate::structure::{Content, Element};

pub struct Frame {
    pub node: u32,
    pub last_below: Option<u32>,
    content: Content,
    /// Of a sequence: the place of the last child, and how many of its name there were.
    at: usize,
    count: u32,
    is_chosen: bool,
}

impl Frame {
    pub fn new(node: u32, content: Content) -> Frame {
        Frame { node, last_below: None, content, at: 0, count: 0, is_chosen: false }
    }

    pub fn content(&self) -> Content {
        self.content
    }

    /// A child of this name comes: its description and which of its name it is. The faults have no path yet.
    pub fn enter(&mut self, name: &str) -> Result<(&'static Element, u32), Fault> {
        let unknown = || fault::NOT_IN_STANDARD.at("").with(name);
        match self.content {
            Content::Sequence(children) => {
                let place = children.iter().position(|child| child.name == name).ok_or_else(unknown)?;
                self.enter_sequence(children, place)
            }
            Content::Choice(children) => {
                let chosen = children.iter().find(|child| child.name == name).ok_or_else(unknown)?;
                if self.is_chosen {
                    return Err(fault::CHOICE.at("").with(name));
                }
                self.is_chosen = true;
                Ok((chosen, 1))
            }
            Content::Text(_) | Content::Amount | Content::Unread => Err(unknown()),
        }
    }

    fn enter_sequence(&mut self, children: &'static [Element], place: usize) -> Result<(&'static Element, u32), Fault> {
        let child = &children[place];
        if place < self.at {
            return Err(fault::OUT_OF_ORDER.at("").with(child.name));
        }
        if place > self.at {
            self.nothing_is_missing(&children[self.at..place])?;
            self.at = place;
            self.count = 0;
        }
        if self.count == child.most {
            return Err(fault::TOO_MANY.at("").with(child.name));
        }
        self.count += 1;
        Ok((child, self.count))
    }

    /// The first of these is the one last counted.
    fn nothing_is_missing(&self, passed: &[Element]) -> Result<(), Fault> {
        let counts = std::iter::once(self.count).chain(std::iter::repeat(0));
        match passed.iter().zip(counts).find(|(child, count)| *count < child.least) {
            Some((child, _)) => Err(fault::MISSING.at("").with(child.name)),
            None => Ok(()),
        }
    }

    /// The element ends with this text; the fault has no path yet.
    pub fn leave(&self, text: &str) -> Result<(), Fault> {
        match self.content {
            Content::Sequence(children) => self.nothing_is_missing(&children[self.at..]),
            Content::Choice(children) if !self.is_chosen => {
                let names: Vec<&str> = children.iter().map(|child| child.name).collect();
                Err(fault::MISSING.at("").with(names.join(" / ")))
            }
            Content::Text(rule) => rule.check(text),
            Content::Amount => crate::structure::Text::Amount.check(text),
            Content::Choice(_) | Content::Unread => Ok(()),
        }
    }
}
