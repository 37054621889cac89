//! Clearing periods (账期) and the region's dated rules for them: one kind of period and one way to pay for each service.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::division::Division;
use crate::time::{Date, Instant};

/// A day, written `2026-11-24`, or a calendar month, written `2026-11`. Periods of one kind follow one another without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Period {
    Day(Date),
    /// Its first day.
    Month(Date),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodKind {
    Day,
    Month,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a period is a day or a month, for instance 2026-11-24 or 2026-11")]
pub struct PeriodError;

impl Period {
    /// The period of a kind to which a day belongs.
    pub fn of(kind: PeriodKind, day: Date) -> Period {
        match kind {
            PeriodKind::Day => Period::Day(day),
            PeriodKind::Month => Period::Month(day.first_of_month()),
        }
    }

    pub fn kind(self) -> PeriodKind {
        match self {
            Period::Day(_) => PeriodKind::Day,
            Period::Month(_) => PeriodKind::Month,
        }
    }

    pub fn first_day(self) -> Date {
        let (Period::Day(day) | Period::Month(day)) = self;
        day
    }

    pub fn last_day(self) -> Date {
        match self {
            Period::Day(day) => day,
            Period::Month(day) => day.last_of_month(),
        }
    }

    /// The first day after it.
    pub fn next_day(self) -> Date {
        self.last_day().tomorrow().expect("periods end long before the last civil date")
    }

    /// Midnight after its last day; the business-day cut comes on top.
    pub fn ends(self) -> Instant {
        Instant::start_of(self.next_day())
    }
}

impl FromStr for Period {
    type Err = PeriodError;
    fn from_str(text: &str) -> Result<Period, PeriodError> {
        let date = |text: &str| text.parse::<Date>().map_err(|_| PeriodError);
        let period = match text.len() {
            10 => Period::Day(date(text)?),
            7 => Period::Month(date(&format!("{text}-01"))?),
            _ => return Err(PeriodError),
        };
        // Written in one way only; the first and the last years of the calendar have no neighbours.
        let is_usual = (1970..=9998).contains(&period.first_day().year()) && period.to_string() == text;
        if is_usual { Ok(period) } else { Err(PeriodError) }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Period::Day(day) => write!(f, "{day}"),
            Period::Month(day) => write!(f, "{:04}-{:02}", day.year(), day.month()),
        }
    }
}

impl TryFrom<String> for Period {
    type Error = PeriodError;
    fn try_from(text: String) -> Result<Period, PeriodError> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> String {
        period.to_string()
    }
}

/// How what is owed is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// Each debtor pays each creditor its sum (全额清算).
    Gross,
    /// Of two jurisdictions one pays the difference (双边轧差).
    Bilateral,
    /// The whole region's positions are netted (多边轧差); the agent composes the batch.
    Multilateral,
}

/// How a debtor confirms a statement that both sides hold alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// At once: the debtor's node has checked every document when it took it.
    Automatic,
    /// A clerk looks first.
    Clerk,
}

/// The region's rule for one service, in force for periods that begin on `valid_from` or later. All terms are working days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearingRule {
    pub service: String,
    /// The first of a month: a period never lies under two rules.
    pub valid_from: Date,
    pub period: PeriodKind,
    pub payment: Payment,
    pub confirmation: Confirmation,
    /// Minutes after midnight at which a period that is over is cut.
    #[serde(default)]
    pub cut_minutes: u16,
    /// After the cut both statements must be there.
    pub statement_days: u32,
    /// After the statement the debtor has confirmed.
    pub confirm_days: u32,
    /// After the confirmation the payment has arrived.
    pub payment_days: u32,
    /// After the statement documents can be contested.
    pub contest_days: u32,
    /// The creditor's answer to a contest, and the debtor's reply to that.
    pub answer_days: u32,
    /// An escalated contest is decided by the tribunal.
    pub tribunal_days: u32,
    /// The jurisdiction whose node composes multilateral batches; the lowest code when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Division>,
    /// Document and how far it can be trusted.
    pub source: String,
}

/// The rule for a period that begins on `day`: the latest that is in force.
pub fn rule<'r>(rules: &'r [ClearingRule], service: &str, day: Date) -> Option<&'r ClearingRule> {
    let of_service = rules.iter().filter(|rule| rule.service == service && rule.valid_from <= day);
    of_service.max_by_key(|rule| rule.valid_from)
}

/// What a rule must keep by itself; the fault as a sentence.
pub fn fault(rules: &[ClearingRule]) -> Option<&'static str> {
    let mut seen = std::collections::BTreeSet::new();
    for rule in rules {
        let terms = [rule.statement_days, rule.confirm_days, rule.payment_days, rule.contest_days];
        let later_terms = [rule.answer_days, rule.tribunal_days];
        if rule.valid_from.day() != 1 {
            return Some("a clearing rule begins on the first of a month");
        }
        if rule.cut_minutes >= 1_440 {
            return Some("a period is cut within a day after its end");
        }
        if terms.iter().chain(&later_terms).any(|days| !(1..=TERM_DAYS_MAX).contains(days)) {
            return Some("terms of clearing are 1 to 750 working days");
        }
        if !seen.insert((&rule.service, rule.valid_from)) {
            return Some("a service has one clearing rule from a day on");
        }
    }
    None
}

/// Longest term of a rule, working days: three years.
pub const TERM_DAYS_MAX: u32 = 750;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_day_or_a_month_written_in_one_way() {
        let month: Period = "2026-12".parse().expect("a month");
        assert_eq!(month.to_string(), "2026-12");
        assert_eq!(month.last_day(), Date::constant(2026, 12, 31));
        assert_eq!(Period::of(PeriodKind::Month, month.next_day()).to_string(), "2027-01");
        assert_eq!(month.ends().to_string(), "2026-12-31T16:00:00.000Z");
        let day: Period = "2026-02-28".parse().expect("a day");
        assert_eq!(Period::of(PeriodKind::Day, day.next_day()).to_string(), "2026-03-01");
        for text in ["2026-13", "2026-1", "2026", "2026-02-30", "", "0001-01", "20260-1", "+2026-1-01", "2026-11-1"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
