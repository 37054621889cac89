//! Until when a document may be contested: both sides compute it from the same data, and each looks at its own clock.

use huitong_kernel::clearing::{Period, rule};
use huitong_kernel::division::Division;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{Context, Service};

use crate::Transit;
use crate::model::contest::CONTEST_DAYS;
use crate::model::settlement::Document;

/// By so much a contest may come later to the creditor than the debtor could open it.
pub const ON_THE_WAY: DurationMs = DurationMs::days(1);

/// The end of the last day on which what a creditor booked on a day can be contested: so many working days after the end of the
/// period of the region's rule, or after the booking day itself where the region has none.
pub fn ends(creditor: Division, booking_day: Date, context: &Context<'_>) -> Instant {
    let rules = context.directory.clearing_rules();
    let last = match rule(&rules, Transit::NAME, booking_day) {
        Some(rule) => {
            let period = Period::of(rule.period, booking_day);
            let calendar = context.directory.calendar(creditor, context.now);
            calendar.add_working_days(period.last_day(), rule.contest_days)
        }
        None => (Instant::start_of(booking_day) + CONTEST_DAYS).business_date(),
    };
    Instant::start_of(last) + DurationMs::days(1)
}

/// At the debtor.
pub fn is_over(document: &Document, context: &Context<'_>) -> bool {
    context.now >= ends(document.creditor, document.booking_day, context)
}

/// At the creditor, to which a contest of the last hour comes later.
pub fn is_long_over(document: &Document, context: &Context<'_>) -> bool {
    context.now >= ends(document.creditor, document.booking_day, context) + ON_THE_WAY
}
