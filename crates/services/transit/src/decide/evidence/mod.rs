//! Code bytes on demand (transit specification §10.1): home asks for the records behind a trip, the visited city hands them over as it
//! received them, and home verifies them itself (risk rule a).

pub mod answer;
pub mod ask;
mod compare;
pub mod judge;
