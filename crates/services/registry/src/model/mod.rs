//! The nouns, pure.

pub mod api_key;
pub mod participant;
pub mod published;
pub mod role;
