//! Stories of the service medical.

mod calculation;
mod packs;
mod properties;
