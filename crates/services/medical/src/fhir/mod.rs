//! FHIR R4 (specification 12.5): Claim in; ClaimResponse, ExplanationOfBenefit and PaymentReconciliation out. Every sum of a document
//! is checked, and each part that does not add up is named. Pure: no storage, no clock.
//!
//! * [`node`]: a document as a tree whose numbers are the digits that were sent; [`number`]: exact decimals
//! * [`document`]: the sums of a resource, read once; [`bundle`]: which documents a file holds
//! * [`check`]: the rules F1 to F9; it changes nothing, and says what it found
//! * [`claim`]: what a Claim wishes; [`export`]: what is answered
//! * [`terms`]: code systems, those of FHIR and those of Huitong

pub mod bundle;
pub mod check;
pub mod claim;
pub mod document;
pub mod export;
pub mod node;
pub mod number;
mod part;
mod place;
pub mod terms;

/// Nesting of a document at most; a Bundle of documents with contained resources and sub-details needs about fifteen.
pub const DEPTH_MAX: usize = 32;
/// Values of a document at most.
pub const NODES_MAX: usize = 2_000_000;
/// Members of one list at most: items, adjudications, details, entries.
pub const LIST_MAX: usize = 20_000;
/// Findings that are told at most; how many there are is always told.
pub const FINDINGS_MAX: usize = 1_000;
/// Characters of a text that is kept from a document at most.
pub const TEXT_MAX: usize = 200;
