//! Legal terms (办理时限) that run: so many working days from a day on, by the calendar as it is known when one looks.

use huitong_kernel::calendar::Calendar;
use huitong_kernel::time::{Date, DurationMs, Instant, days_since_epoch};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// What waits, for instance `statement/medical/2026-11/330000`.
    pub subject: String,
    /// What for: `statement`, `confirm`, `answer`, `reply`, `tribunal`, `declare`, `compose`, `accept`, `pay`.
    pub step: String,
    pub from_day: Date,
    pub days: u32,
    /// When it is looked at again.
    pub next_at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Running,
    /// The last working day has begun.
    Reminded,
    Overdue,
}

impl Stage {
    pub fn name(self) -> &'static str {
        match self {
            Stage::Running => "running",
            Stage::Reminded => "reminded",
            Stage::Overdue => "overdue",
        }
    }
}

impl std::str::FromStr for Stage {
    type Err = ();
    fn from_str(name: &str) -> Result<Stage, ()> {
        [Stage::Running, Stage::Reminded, Stage::Overdue].into_iter().find(|stage| stage.name() == name).ok_or(())
    }
}

impl Clock {
    pub fn start(subject: String, step: &str, from_day: Date, days: u32, calendar: &Calendar) -> Clock {
        let mut clock = Clock { subject, step: step.to_owned(), from_day, days, next_at: Instant::default() };
        clock.next_at = clock.next_look(calendar, from_day);
        clock
    }

    /// The last day of the term.
    pub fn due_day(&self, calendar: &Calendar) -> Date {
        calendar.add_working_days(self.from_day, self.days)
    }

    /// How it stands on a day.
    pub fn stage(&self, calendar: &Calendar, today: Date) -> Stage {
        let due = self.due_day(calendar);
        if today > due {
            Stage::Overdue
        } else if today == due {
            Stage::Reminded
        } else {
            Stage::Running
        }
    }

    /// The next look: halfway to the due day, at the latest on the day itself and after it. A notice that changes working days in
    /// between is found by one of the looks.
    pub fn next_look(&self, calendar: &Calendar, today: Date) -> Instant {
        let due = Instant::start_of(self.due_day(calendar));
        let left = days_since_epoch(self.due_day(calendar)) - days_since_epoch(today);
        match left {
            ..=0 => due + DurationMs::days(1),
            1 => due,
            _ => Instant::start_of(today) + DurationMs::days((left + 1) / 2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_come_closer_and_the_due_day_itself_is_looked_at() {
        let calendar = Calendar::default();
        let from: Date = "2026-11-02".parse().expect("a day");
        let mut clock = Clock::start("x".to_owned(), "answer", from, 10, &calendar);
        assert_eq!(clock.due_day(&calendar).to_string(), "2026-11-16");
        let mut looks = Vec::new();
        while looks.len() < 20 {
            let today = clock.next_at.business_date();
            looks.push((today.to_string(), clock.stage(&calendar, today)));
            if clock.stage(&calendar, today) == Stage::Overdue {
                break;
            }
            clock.next_at = clock.next_look(&calendar, today);
        }
        let (last, before) = (looks.len() - 1, looks.len() - 2);
        assert_eq!(looks[last], ("2026-11-17".to_owned(), Stage::Overdue));
        assert_eq!(looks[before], ("2026-11-16".to_owned(), Stage::Reminded));
        assert!(looks.len() <= 7, "{looks:?}");
    }
}
