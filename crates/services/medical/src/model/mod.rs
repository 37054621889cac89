//! The nouns and the calculation, pure: no storage, no clock.
//!
//! Visited splits the lines under its catalogue ([`lines`]); home computes the settlement under its policy pack
//! ([`settle`]). Section numbers are those of the specification of medical.

pub mod accumulators;
pub mod amounts;
pub mod bands;
pub mod catalogue;
pub mod document;
pub mod exact;
pub mod explain;
pub mod filing;
pub mod filing_effect;
pub mod invariants;
pub mod lines;
pub mod message;
pub mod person;
pub mod policy;
pub mod prepayment;
pub mod published;
pub mod receipt;
pub mod reconciliation;
pub mod settle;
pub mod visit;
