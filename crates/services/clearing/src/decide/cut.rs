//! Cuts (切账): a service is told to cut, and its marker in each lane makes the period complete there.
//!
//! A jurisdiction whose clock is first takes the others with it: whoever takes a marker of a period that is open cuts it, too, as in
//! the snapshots of Chandy and Lamport (1985).

use huitong_kernel::clearing::{ClearingRule, Payment, Period, rule};
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_ledger::clearing::{Cut, Marker};
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, Stop, View};

use super::{Decided, agent_of, clearing_with, clocks, documents, rule_of, statement, tell};
use crate::command::Reply;
use crate::event::{CutReason, Event};
use crate::model::message::Message;
use crate::query::lanes;
use crate::{Clearing, refusal};

/// Periods cut in one go when another jurisdiction is ahead.
const FOLLOW_MAX: usize = 400;
/// Working days after the confirmations for declaring, and after that for composing a batch.
const COMPOSE_DAYS: u32 = 1;

/// When a period is cut by the clock.
pub fn at(period: Period, rule: &ClearingRule) -> Instant {
    period.ends() + DurationMs::minutes(i64::from(rule.cut_minutes))
}

/// The open period of a service, with its rule.
fn open(view: View<'_>, service: &str, context: &Context<'_>) -> Result<Option<(Period, ClearingRule)>, Stop> {
    let day = lanes::service(view, service)?.map_or(context.now.business_date(), |row| row.next_day);
    let rules = context.directory.clearing_rules();
    Ok(period_at(&rules, service, day).map(|(period, rule)| (period, rule.clone())))
}

/// The period of a day, with its rule. What came before the first rule belongs to its first period.
fn period_at<'r>(rules: &'r [ClearingRule], service: &str, day: Date) -> Option<(Period, &'r ClearingRule)> {
    let first = rules.iter().filter(|rule| rule.service == service).map(|rule| rule.valid_from).min()?;
    let day = day.max(first);
    rule(rules, service, day).map(|rule| (Period::of(rule.period, day), rule))
}

/// The clock looks at a service: its open period may be over.
pub fn look(view: View<'_>, service: &str, context: &mut Context<'_>) -> Decided {
    let Some(row) = lanes::service(view, service)? else { return Ok(Decision::nothing()) };
    let again = |next_at| Event::ServiceLookedAt { service: service.to_owned(), next_day: row.next_day, next_at };
    let Some((period, rule)) = open(view, service, context)? else {
        return Ok(Decision::nothing().event(again(context.now + DurationMs::days(1))));
    };
    if context.now < at(period, &rule) {
        return Ok(Decision::nothing().event(again(at(period, &rule))));
    }
    let mut decision = Decision::nothing();
    cut(service, period, &rule, CutReason::Over, &mut decision, context);
    Ok(decision)
}

/// A clerk cuts the open period.
pub fn close(view: View<'_>, service: &str, period: Period, early: bool, context: &mut Context<'_>) -> Decided {
    let found = open(view, service, context)?;
    let (open, _) = found.ok_or_else(|| refusal::NO_RULE.with("service", service).at_field("service"))?;
    let rule = rule_of(context, service, period)?;
    if lanes::is_cut(view, service, period)? || period.last_day() < open.first_day() {
        return Err(refusal::PERIOD_CLOSED.with("period", period).into());
    }
    if period != open {
        return Err(refusal::PERIOD_NOT_NEXT.with("period", open).into());
    }
    if context.now < Instant::start_of(period.first_day()) {
        return Err(refusal::PERIOD_NOT_BEGUN.with("period", period).into());
    }
    if !early && context.now < at(period, &rule) {
        return Err(refusal::PERIOD_OPEN.with("period", period).into());
    }
    let reason = if context.now < at(period, &rule) { CutReason::Clerk } else { CutReason::Over };
    let mut decision = Decision::nothing();
    cut(service, period, &rule, reason, &mut decision, context);
    decision.answer = Answer::Now(Reply::Closed { period });
    Ok(decision)
}

fn cut(
    service: &str,
    period: Period,
    rule: &ClearingRule,
    reason: CutReason,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) {
    let next_day = period.next_day();
    let rules = context.directory.clearing_rules();
    let next_rule = huitong_kernel::clearing::rule(&rules, service, next_day).unwrap_or(rule);
    let next_at = at(Period::of(next_rule.period, next_day), next_rule);
    decision.events.push(Event::PeriodCut { service: service.to_owned(), period, next_day, next_at, reason });
    decision.messages.push(tell(context, service, Message::Cut(Cut { period })));
    for peer in clearing_with(context, service) {
        clocks::start(decision, clocks::statement(service, period, peer), "statement", rule.statement_days, context);
    }
    if rule.payment == Payment::Multilateral {
        let days = rule.statement_days + rule.confirm_days;
        clocks::start(decision, clocks::declare(service, period), "declare", days, context);
        if agent_of(context, rule) == Some(context.home.jurisdiction) {
            clocks::start(decision, clocks::compose(service, period), "compose", days + COMPOSE_DAYS, context);
        }
    }
}

/// A cut as it lies in a lane: the own one, which goes out, or another jurisdiction's, which has come.
pub fn take_marker(view: View<'_>, service: &str, marker: Marker, context: &mut Context<'_>) -> Decided {
    let peer = documents::check_lane(view, service, (marker.from, marker.to), marker.number, context)?;
    let lane = lanes::lane(view, service, marker.from, marker.to)?;
    if let Some(lane) = lane
        && let Some(last) = lanes::last_marker(view, lane.lane)?
        && last.first_day() >= marker.period.first_day()
    {
        return Err(refusal::OUT_OF_ORDER.refuse().into());
    }
    let mut decision = Decision::nothing();
    documents::start(view, service, &mut decision, context)?;
    if marker.from != context.home.jurisdiction {
        follow(view, service, marker.period, &mut decision, context)?;
    }
    decision.events.push(Event::MarkerTaken { service: service.to_owned(), marker });
    statement::make_complete(view, service, &marker, peer, &mut decision, context)?;
    Ok(decision)
}

/// Cuts all periods up to the one that another jurisdiction has cut.
fn follow(
    view: View<'_>,
    service: &str,
    period: Period,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    if lanes::is_cut(view, service, period)? {
        return Ok(());
    }
    let tomorrow = (context.now + DurationMs::days(1)).business_date();
    let rules = context.directory.clearing_rules();
    // A node that has cut nothing yet begins with the earliest period that anybody cuts.
    let first = match lanes::service(view, service)? {
        Some(row) if row.last.is_some() => row.next_day,
        Some(row) => row.next_day.min(period.first_day()),
        None => period.first_day(),
    };
    let mut day = first;
    let mut cuts = 0;
    while day <= period.first_day() {
        let found = period_at(&rules, service, day).map(|(open, rule)| (open, rule.clone()));
        let Some((open, rule)) = found else { break };
        // A day within a month that is open here, or the other way round: another manifest is in force there.
        let is_other = open != period && open.last_day() >= period.first_day();
        if period.first_day() > tomorrow || cuts >= FOLLOW_MAX || is_other {
            // Taken, it would make every true cut that comes later one out of order.
            return Err(refusal::CUT_STRANGE.with("period", period).into());
        }
        cut(service, open, &rule, CutReason::Peer, decision, context);
        day = open.next_day();
        cuts += 1;
    }
    Ok(())
}
