//! Which day selects version and insurance year, and what happens to stays that such a day cuts (5.1).

use huitong_kernel::time::Date;
use serde::{Deserialize, Serialize};

use super::Pack;

/// A day of every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MonthDay {
    pub month: i8,
    pub day: i8,
}

/// Which day selects version and insurance year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateRule {
    /// The day of discharge; of an outpatient visit the day of the settlement.
    #[default]
    Discharge,
    /// The day of the last line.
    LineDate,
}

/// A stay across the end of an insurance year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StayAcrossYear {
    /// All of it belongs to the year that the date rule selects.
    #[default]
    OneAtDischarge,
    /// What was before the new year is settled by itself (`mid_setl_flag`).
    InterimAtYearEnd,
}

/// A person's insurance ends or moves during a stay (`paus_insu_date`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MidstayChange {
    /// What was before the change is settled by itself.
    Split,
    /// No direct settlement.
    #[default]
    Reject,
}

impl TryFrom<String> for MonthDay {
    type Error = String;
    fn try_from(text: String) -> Result<MonthDay, String> {
        let wrong = || format!("{text:?} is no day of the year written MM-DD");
        let (month, day) = text.split_once('-').ok_or_else(wrong)?;
        let (month, day) = (month.parse().map_err(|_| wrong())?, day.parse().map_err(|_| wrong())?);
        Date::new(2001, month, day).map_err(|_| wrong())?;
        Ok(MonthDay { month, day })
    }
}

impl From<MonthDay> for String {
    fn from(day: MonthDay) -> String {
        format!("{:02}-{:02}", day.month, day.day)
    }
}

impl Pack {
    /// The insurance year that `day` falls into: the calendar year in which it starts.
    pub fn insurance_year(&self, day: Date) -> i16 {
        let before_start = (day.month(), day.day()) < (self.year_start.month, self.year_start.day);
        day.year() - i16::from(before_start)
    }

    /// First day of the insurance year.
    pub fn year_begin(&self, year: i16) -> Option<Date> {
        Date::new(year, self.year_start.month, self.year_start.day).ok()
    }
}
