//! Double-entry accounts with two-phase transfers, kept as views inside a stream.
//!
//! Transfers are part of a service's events: money and its reason are one record. A service checks a set of transfers in
//! `decide` ([`book::check`]) and writes it in `apply` ([`book::apply`]). Nothing is ever deleted; a reversal is a
//! transfer in the other direction. [`positions`] nets what jurisdictions owe each other.

pub mod account;
pub mod book;
pub mod clearing;
pub mod positions;
pub mod report;
pub mod transfer;

pub use account::{AccountCode, Chart, Limit};
pub use book::{LedgerFault, SCHEMA};
pub use transfer::{Phase, Transfer, TransferId};
