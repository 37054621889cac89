//! What the two sides compare and settle: splits of revenue, day totals, periods, contests.

pub mod contest;
pub mod day;
mod differences;
pub mod period;
pub mod split;

use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{StoreError, View};

use crate::model::parameters::Parameters;
use crate::query::statements;

/// The day on which a document is booked now: never in a period that was cut, whatever the city made of its business day.
pub fn booking_day(view: View<'_>, parameters: &Parameters, now: Instant) -> Result<Date, StoreError> {
    let today = parameters.business_day(now);
    let open_from = statements::last_cut(view)?.map(|period| period.next().first_day());
    Ok(open_from.map_or(today, |first| first.max(today)))
}
