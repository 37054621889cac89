//! Stories of the service medical.

mod bad_input;
mod calculation;
mod country;
mod foreign_bytes;
mod lanes;
mod packs;
mod pool_core;
mod pool_faults;
mod pool_reversals;
mod pool_stage;
mod pools;
mod properties;
mod settlement;
mod stays;
mod told_to_clearing;
mod unknown_outcome;
