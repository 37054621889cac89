//! The own deny list: causes, and the deltas that publish them.

use huitong_kernel::time::Instant;
use huitong_service_kit::{Context, Decision, StoreError, View};

use crate::decide::Decided;
use crate::model::deny::DenyEntry;

pub fn add(_view: View<'_>, _entry: DenyEntry, _cause: String, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}

pub fn lift(_view: View<'_>, _entry: DenyEntry, _cause: String, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}

pub fn due(_view: View<'_>, _now: Instant) -> Result<bool, StoreError> {
    Ok(false)
}

pub fn publish(_view: View<'_>, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}
