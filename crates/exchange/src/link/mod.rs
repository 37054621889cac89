//! The conversation with one peer: what is to be sent, what was received, what it means. Without a socket, a clock or a
//! file: the node (or the simulator) carries parcels, tells the time, and makes durable what a step says.
//!
//! Calls of this node and calls of the peer go through the same link, so a message is sent once, in whichever parcel goes
//! first. What is not receipted in time is sent again. [`sending`] is the half that sends, [`receiving`] the half that
//! takes.

mod receiving;
mod sending;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::Feed;
use huitong_kernel::manifest::Manifest;
use huitong_kernel::suite::Signer;
use huitong_kernel::time::{DurationMs, Instant};

use crate::Inbox;
use crate::parcel::{Receipt, Refused};
use sending::Sending;

pub use receiving::Accepted;
pub use sending::acknowledged;
pub use source::FeedSource;

/// What was sent and not receipted after this time is sent again.
pub const RECEIPT_TIMEOUT: DurationMs = DurationMs::seconds(3);

/// A member that could not be reached is called again after this time, even if there is no message for it.
const CALL_AGAIN: DurationMs = DurationMs::seconds(10);
/// A peer of which not all leaders were heard is asked again after this time.
const ASK_AGAIN: DurationMs = DurationMs::seconds(3);

/// Who speaks, by which manifest, and when.
#[derive(Clone, Copy)]
pub struct Speaker<'a> {
    /// This node's name.
    pub node: &'a str,
    pub key: &'a dyn Signer,
    pub manifest: &'a Manifest,
    /// By this node's clock: whether keys are valid.
    pub now: Instant,
    /// Since this node's start, by a clock that is never set: how long a receipt is waited for.
    pub uptime: DurationMs,
}

/// The peer holds more of a feed than this node ever sent by its own journal: the journal was lost or restored from too
/// old a backup. Nothing more is sent on that feed, for every further number would be a fork.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{feed}: the peer holds {held} messages, this node's journal knows of {known}; restore a newer backup")]
pub struct LostHistory {
    pub feed: Feed,
    pub held: Sequence,
    pub known: Sequence,
}

/// The link to one peer.
pub struct Link {
    peer: String,
    sending: BTreeMap<Feed, Sending>,
    receipts: Vec<Receipt>,
    refused: Vec<Refused>,
    inboxes: BTreeMap<Feed, Inbox>,
    /// When each member was last asked what it holds, in uptime: at the start, after a failed call, and again until the
    /// leaders of all services were heard.
    asked: BTreeMap<usize, DurationMs>,
    /// Whether the next parcel tells the peer what this node holds.
    tells_held: bool,
    /// Services of the peer whose leader told what it holds since this link was made.
    heard: BTreeSet<String>,
    /// Feeds of which the peer has proved to hold more than this node knew of, and how much.
    lost: BTreeMap<Feed, Sequence>,
    /// How many members of the peer's node can be called.
    members: usize,
    /// Which member takes a feed; the first, unless it said otherwise.
    routes: BTreeMap<Feed, usize>,
    /// Members that could not be reached when they were last called, and when that was, in uptime.
    unreached: BTreeMap<usize, DurationMs>,
}

/// How a parcel travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// In a call to this member of the peer's node.
    Call(usize),
    /// In the answer to a call, of whichever member.
    Answer,
}

impl Link {
    pub fn new(peer: &str) -> Link {
        Link {
            peer: peer.to_owned(),
            sending: BTreeMap::new(),
            receipts: Vec::new(),
            refused: Vec::new(),
            inboxes: BTreeMap::new(),
            asked: BTreeMap::new(),
            tells_held: false,
            heard: BTreeSet::new(),
            lost: BTreeMap::new(),
            members: 1,
            routes: BTreeMap::new(),
            unreached: BTreeMap::new(),
        }
    }

    /// Learns how many members of the peer's node can be called.
    pub fn set_members(&mut self, members: usize) {
        self.members = members.max(1);
    }

    /// The member that gets what is for the node as a whole: receipts, refusals, questions.
    fn spokesman(&self, uptime: DurationMs) -> usize {
        (0..self.members).find(|member| self.is_callable(*member, uptime)).unwrap_or(0)
    }

    /// Whether a member is called without a message for it: not for a while after it could not be reached.
    fn is_callable(&self, member: usize, uptime: DurationMs) -> bool {
        self.unreached.get(&member).is_none_or(|since| uptime.0 - since.0 > CALL_AGAIN.0)
    }

    /// A call to a member was answered.
    pub fn reached(&mut self, member: usize) {
        self.unreached.remove(&member);
    }

    fn route(&self, feed: &Feed) -> usize {
        self.routes.get(feed).copied().unwrap_or(0) % self.members
    }

    /// The member that takes the feed is another one.
    fn reroute(&mut self, feed: &Feed) {
        if self.members > 1 {
            let next = (self.route(feed) + 1) % self.members;
            self.routes.insert(feed.clone(), next);
            if let Some(sending) = self.sending.get_mut(feed) {
                sending.rewind();
            }
        }
    }

    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// Whether the leader of every service that the peer runs has told what it holds since this link was made. What a
    /// member says that leads nothing does not count: it knows nothing.
    pub fn has_heard(&self, manifest: &Manifest) -> bool {
        let services = manifest.node(&self.peer).map(|node| node.streams()).unwrap_or_default();
        services.iter().all(|service| self.heard.contains(service))
    }

    /// Feeds that stand still because this node lost their history. A member that had only fallen behind a shared journal
    /// has lost nothing once it has caught up.
    pub fn lost(&self, source: &dyn FeedSource) -> Vec<Feed> {
        let known = |feed: &Feed| source.sent_size(feed).unwrap_or(0);
        self.lost.iter().filter(|(feed, held)| known(feed) < **held).map(|(feed, _)| feed.clone()).collect()
    }

    /// Whether receipts wait for a parcel.
    pub fn has_receipts(&self) -> bool {
        !self.receipts.is_empty()
    }

    /// A call failed: whatever it carried will be sent again, to the next member, which is asked what it holds.
    pub fn rewind(&mut self, member: usize, uptime: DurationMs) {
        let feeds: Vec<Feed> = self.sending.keys().filter(|feed| self.route(feed) == member).cloned().collect();
        for feed in feeds {
            if let Some(sending) = self.sending.get_mut(&feed) {
                sending.rewind();
            }
            self.reroute(&feed);
        }
        self.unreached.insert(member, uptime);
        if self.unreached.len() >= self.members {
            // None can be reached: all are tried again.
            self.unreached.clear();
        }
        self.asked.remove(&member);
    }

    /// This member began or ceased to lead a stream: everything is read again from the journals.
    pub fn reset(&mut self) {
        self.sending.clear();
        self.inboxes.clear();
        self.asked.clear();
    }

    /// What a feed's sender knew is read again from the journal, for instance after a receipt could not be kept.
    pub fn forget(&mut self, feed: &Feed) {
        self.sending.remove(feed);
    }
}
