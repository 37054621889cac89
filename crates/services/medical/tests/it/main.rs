//! Stories of the service medical.

mod bad_input;
mod calculation;
mod country;
mod fhir;
mod fhir_check;
mod fhir_properties;
mod foreign_bytes;
mod lanes;
mod packs;
mod properties;
mod settlement;
mod stays;
mod told_to_clearing;
mod unknown_outcome;
