//! Values and rules of Huitong: money, codes, time, keys, signatures, trees, the manifest, the entry.
//!
//! No I/O, no clock, no randomness: whatever needs one of them takes it as an argument, so that the
//! simulator runs the very code that production runs.

pub mod calendar;
pub mod checkpoint;
pub mod clearing;
pub mod decimal;
pub mod division;
pub mod entry;
pub mod feed;
pub mod hash;
pub mod id;
pub mod manifest;
pub mod merkle;
pub mod money;
pub mod random;
pub mod split;
pub mod suite;
pub mod time;
