//! What was read: the elements that the description has a use for, in one list.

use std::borrow::Cow;

use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};

use crate::fault::{self, Fault, FaultKind};
use crate::structure::{Content, Element, Message};
use crate::value::{self, Yuan};

const CURRENCY: &str = "CNY";

/// A message that is as its description says. The first node is `Document`.
pub struct Tree<'b> {
    pub message: &'static Message,
    pub(super) nodes: Vec<Node<'b>>,
}

pub(super) struct Node<'b> {
    pub element: &'static Element,
    pub above: u32,
    pub first_below: Option<u32>,
    pub next: Option<u32>,
    /// Which of its name among its siblings, from one.
    pub ordinal: u32,
    pub currency: [u8; 3],
    pub text: Cow<'b, str>,
}

/// An element of a tree.
#[derive(Clone, Copy)]
pub struct Place<'t> {
    tree: &'t Tree<'t>,
    index: u32,
}

impl<'b> Tree<'b> {
    pub(super) fn node(&self, index: u32) -> &Node<'b> {
        &self.nodes[index as usize]
    }

    /// The one element in `Document`: the message.
    pub fn message_place(&self) -> Place<'_> {
        let document = Place { tree: self, index: 0 };
        document.below().next().expect("the description asks for the message")
    }

    /// `Document/CstmrCdtTrfInitn/PmtInf[1]`: what can repeat is counted.
    pub(super) fn path(&self, index: u32) -> String {
        let mut names = Vec::new();
        let mut index = index;
        loop {
            let node = self.node(index);
            let ordinal = if node.element.is_repeatable() { format!("[{}]", node.ordinal) } else { String::new() };
            names.push(format!("{}{ordinal}", node.element.name));
            if index == 0 {
                break;
            }
            index = node.above;
        }
        names.reverse();
        names.join("/")
    }
}

impl<'t> Place<'t> {
    fn node(self) -> &'t Node<'t> {
        self.tree.node(self.index)
    }

    pub fn name(self) -> &'static str {
        self.node().element.name
    }

    fn below(self) -> impl Iterator<Item = Place<'t>> {
        let at = move |index: Option<u32>| index.map(|index| Place { tree: self.tree, index });
        std::iter::successors(at(self.node().first_below), move |place| at(place.node().next))
    }

    /// All children of a name.
    pub fn all(self, name: &'static str) -> impl Iterator<Item = Place<'t>> {
        self.below().filter(move |place| place.name() == name)
    }

    /// The first element on a way of names.
    pub fn find(self, way: &[&str]) -> Option<Place<'t>> {
        way.iter().try_fold(self, |place, name| place.below().find(|below| below.name() == *name))
    }

    /// As [`Place::find`], where the standard leaves out what is needed here.
    pub fn need(self, way: &[&str]) -> Result<Place<'t>, Fault> {
        let mut place = self;
        for name in way {
            place = place.find(&[name]).ok_or_else(|| place.fault(fault::MISSING).with(name))?;
        }
        Ok(place)
    }

    pub fn text(self) -> &'t str {
        let node = self.node();
        match node.element.content {
            Content::Text(rule) => rule.collapse(&node.text),
            _ => &node.text,
        }
    }

    pub fn string(self, way: &[&str]) -> Option<String> {
        self.find(way).map(|place| place.text().to_owned())
    }

    /// Yuan to the fen.
    pub fn amount(self) -> Result<Fen, Fault> {
        let node = self.node();
        if node.currency != *CURRENCY.as_bytes() {
            return Err(self.fault(fault::CURRENCY).with(String::from_utf8_lossy(&node.currency)));
        }
        self.yuan()
    }

    /// A decimal of yuan whose currency stands elsewhere.
    pub fn yuan(self) -> Result<Fen, Fault> {
        let unsigned = value::decimal(value::trim(self.text())).ok_or_else(|| self.fault(fault::AMOUNT))?;
        match unsigned.yuan() {
            Yuan::Exactly(amount) => Ok(amount),
            Yuan::FinerThanFen => Err(self.fault(fault::MORE_THAN_FEN)),
            Yuan::BeyondLimit => Err(self.fault(fault::AMOUNT_LIMIT)),
        }
    }

    /// An account's currency, where one is told, is the yuan.
    pub fn expect_yuan(self, way: &[&str]) -> Result<(), Fault> {
        match self.find(way) {
            Some(place) if place.text() != CURRENCY => Err(place.fault(fault::CURRENCY).with(place.text())),
            _ => Ok(()),
        }
    }

    pub fn instant(self) -> Result<Instant, Fault> {
        value::instant(self.text()).ok_or_else(|| self.fault(fault::DATE_TIME))
    }

    /// A choice of day and moment; of a moment the day in Shanghai.
    pub fn day(self) -> Result<Date, Fault> {
        match self.find(&["DtTm"]) {
            Some(moment) => Ok(moment.instant()?.business_date()),
            None => {
                let day = self.need(&["Dt"])?;
                value::date(day.text()).ok_or_else(|| day.fault(fault::DATE))
            }
        }
    }

    pub fn flag(self) -> bool {
        value::flag(self.text()).unwrap_or_default()
    }

    pub fn fault(self, kind: FaultKind) -> Fault {
        kind.at(self.tree.path(self.index))
    }
}
