//! Stories of the service medical.

mod bad_input;
mod calculation;
mod country;
mod foreign_bytes;
mod packs;
mod properties;
mod settlement;
mod unknown_outcome;
