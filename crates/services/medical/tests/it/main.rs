//! Stories of the service medical.

mod bad_input;
mod calculation;
mod country;
mod foreign_bytes;
mod lanes;
mod notary;
mod packs;
mod properties;
mod receipt;
mod settlement;
mod stays;
mod told_to_clearing;
mod unknown_outcome;
