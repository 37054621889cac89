//! Nouns and their states; pure.

pub mod fare;
pub mod network;
pub mod parameters;
pub mod rider;
pub mod split;
