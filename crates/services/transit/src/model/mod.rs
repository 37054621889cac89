//! Nouns and their states; pure.

pub mod bounds;
pub mod contest;
pub mod deny;
pub mod evidence;
pub mod fare;
pub mod flow;
pub mod import;
pub mod invoice;
pub mod key_set;
pub mod matching;
pub mod message;
pub mod network;
pub mod order;
pub mod parameters;
pub mod publication;
pub mod rider;
pub mod settlement;
pub mod split;
pub mod tap;
pub mod trip;
