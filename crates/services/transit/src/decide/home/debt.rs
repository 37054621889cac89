//! Debts (欠费): tried again, then deny-listed, paid, released.

use huitong_kernel::time::Instant;
use huitong_service_kit::{Context, Decision, StoreError, View};

use crate::decide::Decided;

pub fn due(_view: View<'_>, _now: Instant) -> Result<Vec<String>, StoreError> {
    Ok(Vec::new())
}

pub fn retry(_view: View<'_>, _debt: String, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}
