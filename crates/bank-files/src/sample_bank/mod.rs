//! **The bank of the demonstration and of the tests.** It reads payment orders and writes statements and notifications as a bank would; no
//! real bank's habits are claimed. Nothing that works with a real bank may use it.

mod booking;
mod write;

pub use booking::{Outcome, creditor_entries, debtor_entries, statement};
pub use write::write;
