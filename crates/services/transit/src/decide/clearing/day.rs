//! Day totals: sent when a booking day is over, compared, and where they differ the documents with them.

use huitong_kernel::division::Division;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{Context, Decision, StoreError, View};

use crate::decide::Decided;
use crate::model::settlement::{DayDocuments, DayTotals};

/// A booking day that is over, towards one receiver.
#[derive(Clone, Debug)]
pub struct DueDay {
    pub receiver: Division,
    pub booking_day: Date,
}

pub fn due(_view: View<'_>, _now: Instant) -> Result<Vec<DueDay>, StoreError> {
    Ok(Vec::new())
}

pub fn send_totals(_view: View<'_>, _day: DueDay, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}

pub fn take(_view: View<'_>, _totals: DayTotals, _from: Division, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}

pub fn take_documents(_view: View<'_>, _page: DayDocuments, _from: Division, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}
