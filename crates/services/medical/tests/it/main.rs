//! Stories of the service medical.

mod bad_input;
mod calculation;
mod country;
mod foreign_bytes;
mod lanes;
mod mix;
mod packs;
mod pinned;
mod properties;
mod settlement;
mod stays;
mod told_to_clearing;
mod unknown_outcome;
mod what_if;
