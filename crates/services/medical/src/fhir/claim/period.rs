//! `billablePeriod`: the days that a Claim is about.

use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::Refusal;

use crate::fhir::place::Place;
use crate::refusal;

/// Days of Shanghai, both inclusive; an end that is not said is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    pub start: Option<Date>,
    pub end: Option<Date>,
}

impl Period {
    /// # Errors
    /// MED-1005: no day, or an end before the start.
    pub(super) fn read(place: &Place<'_>) -> Result<Period, Refusal> {
        let (start, end) = (place.get("start"), place.get("end"));
        let period = Period { start: day(&start)?, end: day(&end)? };
        let is_backward = matches!(period, Period { start: Some(start), end: Some(end) } if end < start);
        if is_backward { Err(malformed(&end)) } else { Ok(period) }
    }

    pub fn holds(self, day: Date) -> bool {
        self.start.is_none_or(|start| start <= day) && self.end.is_none_or(|end| day <= end)
    }
}

/// A date, or the day of Shanghai of a moment. A month or a year alone is no day of a fee.
pub(super) fn day(place: &Place<'_>) -> Result<Option<Date>, Refusal> {
    // Ten characters: jiff would read longer forms as well.
    let read = |text: &str| match text.len() {
        10 => text.parse().ok(),
        _ => Instant::parse(text).map(Instant::business_date),
    };
    place.text()?.map(|text| read(text).ok_or_else(|| malformed(place))).transpose()
}

fn malformed(place: &Place<'_>) -> Refusal {
    refusal::TIME_MALFORMED.with("field", &place.path).at_field(place.path.clone())
}
