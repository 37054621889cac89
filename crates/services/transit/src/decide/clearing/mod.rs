//! What the two sides compare and settle: splits of revenue, day totals, periods, contests.

pub mod contest;
pub mod contest_answer;
pub mod contest_reply;
pub mod day;
mod differences;
pub mod period;
pub mod split;

use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{Context, StoreError, View};

use crate::model::parameters::Parameters;
use crate::query::{statements, totals};

/// The day on which a document that this node issues is booked now: never in a period that was cut nor on a day whose totals were
/// sent, whatever the clock did and whatever the city made of its business day.
pub fn booking_day(view: View<'_>, parameters: &Parameters, context: &Context<'_>) -> Result<Date, StoreError> {
    let today = parameters.business_day(context.now);
    let uncut = statements::last_cut(view)?.map(|period| period.next().first_day());
    let sent = totals::last_sent(view, context.home.jurisdiction)?;
    let unsent = sent.map(|day| (Instant::start_of(day) + DurationMs::days(1)).business_date());
    Ok(uncut.into_iter().chain(unsent).fold(today, Date::max))
}
