//! Legal terms: starting, stopping, and what happens when one is over.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::{Context, Decision, View};
use uuid::Uuid;

use super::{Decided, agent, contest_answer, declare};
use crate::Clearing;
use crate::event::Event;
use crate::model::clock::{Clock, Stage};
use crate::query::clocks::{self, ClockRow};

pub fn statement(service: &str, period: Period, peer: Division) -> String {
    format!("statement/{service}/{period}/{peer}")
}

pub fn contest(contest: Uuid) -> String {
    format!("contest/{contest}")
}

pub fn payment(payment: &str) -> String {
    format!("payment/{payment}")
}

pub fn declare(service: &str, period: Period) -> String {
    format!("declare/{service}/{period}")
}

pub fn compose(service: &str, period: Period) -> String {
    format!("compose/{service}/{period}")
}

pub fn netting(service: &str, period: Period) -> String {
    format!("netting/{service}/{period}")
}

/// A term of so many working days, from today.
pub fn start(decision: &mut Decision<Clearing>, subject: String, step: &str, days: u32, context: &Context<'_>) {
    let today = context.now.business_date();
    let calendar = context.directory.calendar(context.home.jurisdiction, context.now);
    let clock = Clock::start(subject, step, today, days, &calendar);
    decision.events.push(Event::ClockStarted { clock });
}

pub fn stop(decision: &mut Decision<Clearing>, subject: String) {
    decision.events.push(Event::ClockStopped { subject });
}

/// The last day of a term that begins on a day, by this node's calendar as it is known now.
pub fn due_day(from: Date, days: u32, context: &Context<'_>) -> Date {
    let calendar = context.directory.calendar(context.home.jurisdiction, context.now);
    calendar.add_working_days(from, days)
}

/// A clock is looked at: it goes on, its last day has begun, or its term is over.
pub fn look(view: View<'_>, subject: &str, context: &mut Context<'_>) -> Decided {
    let Some(row) = clocks::clock(view, subject)? else { return Ok(Decision::nothing()) };
    let today = context.now.business_date();
    let calendar = context.directory.calendar(context.home.jurisdiction, context.now);
    let stage = row.clock.stage(&calendar, today);
    let next_at = row.clock.next_look(&calendar, today);
    let mut decision = Decision::nothing().event(Event::ClockLookedAt {
        subject: subject.to_owned(),
        next_at,
        stage: stage.name().to_owned(),
    });
    let due = row.clock.due_day(&calendar);
    let step = &row.clock.step;
    match stage {
        Stage::Running => {}
        Stage::Reminded if row.stage == Stage::Running => {
            decision.alarms.push(format!("{subject}: {step} is due today, {due}"));
        }
        Stage::Reminded => {}
        Stage::Overdue => {
            decision.alarms.push(format!("{subject}: {step} was due on {due} and is overdue"));
            overdue(view, &row, &mut decision, context)?;
        }
    }
    Ok(decision)
}

/// What a term that is over brings with it.
fn overdue(
    view: View<'_>,
    row: &ClockRow,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), huitong_service_kit::Stop> {
    let parts: Vec<&str> = row.clock.subject.split('/').collect();
    match (row.clock.step.as_str(), parts.as_slice()) {
        ("declare", [_, service, period]) => {
            let period: Period = period.parse().map_err(|_| damaged(&row.clock.subject))?;
            declare::declare(view, service, period, None, decision, context)
        }
        ("compose" | "accept", [_, service, period]) => {
            let period: Period = period.parse().map_err(|_| damaged(&row.clock.subject))?;
            agent::overdue(view, service, period, decision, context)
        }
        ("answer" | "reply", [_, contest]) => {
            let contest: Uuid = contest.parse().map_err(|_| damaged(&row.clock.subject))?;
            contest_answer::overdue(view, contest, decision, context)
        }
        _ => Ok(()),
    }
}

fn damaged(subject: &str) -> huitong_service_kit::StoreError {
    huitong_service_kit::StoreError::Damaged(format!("a clock's subject is {subject}"))
}
