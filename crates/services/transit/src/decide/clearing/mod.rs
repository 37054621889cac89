//! What the two sides compare and settle: splits of revenue, day totals, contests; and what the node's clearing is told.

pub mod cleared;
pub mod contest;
pub mod contest_answer;
pub mod contest_reply;
pub mod cut;
pub mod day;
mod differences;
pub mod give_back;
pub mod split;
pub mod told;
pub mod window;

use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{Context, StoreError, View};

use crate::model::parameters::Parameters;
use crate::query::totals;

/// The day on which a document that this node issues is booked now: never on a day whose totals were sent,
/// whatever the clock did and whatever the city made of its business day.
pub fn booking_day(view: View<'_>, parameters: &Parameters, context: &Context<'_>) -> Result<Date, StoreError> {
    let today = parameters.business_day(context.now);
    let sent = totals::last_sent(view, context.home.jurisdiction)?;
    let unsent = sent.map(|day| (Instant::start_of(day) + DurationMs::days(1)).business_date());
    Ok(unsent.map_or(today, |unsent| unsent.max(today)))
}
