//! Stories of the service medical.

mod bad_input;
mod calculation;
mod conformance;
mod country;
mod filings;
mod fhir;
mod fhir_check;
mod fhir_properties;
mod foreign_bytes;
mod lanes;
mod mix;
mod notary;
mod packs;
mod prepayment;
mod pinned;
mod properties;
mod reconciliation;
mod refunds;
mod receipt;
mod settlement;
mod stays;
mod told_to_clearing;
mod unknown_outcome;
mod what_if;
