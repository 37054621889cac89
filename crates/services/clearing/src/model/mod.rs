//! The nouns and their states, pure.

pub mod batch;
pub mod clock;
pub mod contest;
pub mod message;
pub mod payment;
pub mod statement;
