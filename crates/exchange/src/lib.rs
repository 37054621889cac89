//! The exchange as a sans-IO state machine: feeds, batches, receipts.
//!
//! One symmetrical call: *here is my next batch and my receipt for yours* → *here is my receipt and what I have for you*.
//! [`parcel`] is what travels in either direction; [`outbox`] is the sender of one feed, [`inbox`] its receiver; [`link`]
//! is the conversation with one peer over all feeds. None knows a socket, a clock or a file: the node carries the bytes
//! and makes durable what they say.

pub mod inbox;
pub mod link;
pub mod outbox;
pub mod parcel;
pub mod proof;
pub mod refusal;

pub use inbox::{Examined, Inbox};
pub use link::Link;
pub use outbox::Outbox;
pub use parcel::{Batch, Parcel};
pub use refusal::ExchangeRefusal;
