//! Prepayment (预付金): home fixes a quota for the year, both sides watch how much of it is used, visited asks for more in an emergency.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Context, Decision, Refusal, Stop, View};
use uuid::Uuid;

use super::{Decided, Peer, send};
use crate::command::Reply;
use crate::event::Event;
use crate::model::message::{Message, PrepayNotice, PrepayRaise};
use crate::model::prepayment::{RaiseState, band};
use crate::query::prepayment as books;
use crate::query::settlements::Role;
use crate::{Medical, refusal};

/// Working days within which home answers a raise.
const ANSWER_DAYS: u32 = 5;
/// Characters of a reason.
const REASON_MAX: usize = 200;

fn year(context: &Context<'_>) -> i16 {
    context.now.business_date().year()
}

fn check_peer(peer: Division, context: &Context<'_>) -> Result<(), Refusal> {
    let is_peer = peer != context.home.jurisdiction && context.directory.jurisdictions().contains(&peer);
    if is_peer { Ok(()) } else { Err(refusal::HOME_AREA_NOT_SERVED.refuse().at_field("peer")) }
}

fn check_amount(amount: Fen) -> Result<(), Refusal> {
    let is_good = !amount.is_negative() && amount < Fen::LIMIT;
    if is_good { Ok(()) } else { Err(refusal::NUMBER_MALFORMED.with("field", "amount").at_field("amount")) }
}

/// Home's clerk fixes the quota of this year or the next, once; afterwards it is raised.
pub fn set(view: View<'_>, peer: Division, of: i16, amount: Fen, context: &mut Context<'_>) -> Decided {
    check_peer(peer, context)?;
    check_amount(amount)?;
    let this = year(context);
    if !(this..=this + 1).contains(&of) || books::quota(view, Role::Home, peer, of)?.is_some() {
        return Err(refusal::QUOTA_FIXED.with("year", of).at_field("year").into());
    }
    let notice = PrepayNotice { year: of, quota_fen: amount, raise: None };
    let cycle = context.new_uuid();
    let message = send(context, peer, cycle, cycle, Message::PrepayNotice(notice));
    let mut decision = Decision::reply(Reply::Moved).message(message);
    set_quota(view, (Role::Home, peer, of), amount, &mut decision, context)?;
    Ok(decision)
}

/// Visited hears of a quota.
pub fn heard(view: View<'_>, notice: &PrepayNotice, from: &Peer, context: &Context<'_>) -> Decided {
    if !from.is_medical() || check_amount(notice.quota_fen).is_err() {
        return Err(refusal::CYCLE_CLOSED.refuse().into());
    }
    let mut decision = Decision::nothing();
    if let Some((raise, granted_fen)) = notice.raise {
        let known = books::raise(view, raise)?;
        let is_open = known.is_some_and(|known| {
            known.role == Role::Visited && known.peer == from.jurisdiction && known.state == RaiseState::Asked
        });
        if !is_open || granted_fen.is_negative() {
            return Err(refusal::CYCLE_CLOSED.refuse().into());
        }
        decision.events.push(Event::RaiseEnded { raise, granted_fen });
    }
    let of = (Role::Visited, from.jurisdiction, notice.year);
    set_quota(view, of, notice.quota_fen, &mut decision, context)?;
    Ok(decision)
}

fn set_quota(
    view: View<'_>,
    (role, peer, of): (Role, Division, i16),
    quota_fen: Fen,
    decision: &mut Decision<Medical>,
    context: &Context<'_>,
) -> Result<(), Stop> {
    decision.events.push(Event::QuotaSet { role, peer, year: of, quota_fen });
    if of == year(context) {
        let used = books::used(view, role, peer, context.home.jurisdiction)?;
        let (reached, before) =
            (band(used, quota_fen), books::quota(view, role, peer, of)?.map_or(0, |known| known.band));
        decision.events.push(Event::QuotaBand { role, peer, year: of, band: reached });
        if reached > before {
            decision.alarms.push(reached_alarm(peer, used, quota_fen, reached));
        }
    }
    Ok(())
}

fn reached_alarm(peer: Division, used: Fen, all: Fen, reached: u8) -> String {
    format!("prepayment with {peer}: {} of {} yuan are used, {reached} % or more", used.yuan(), all.yuan())
}

/// What a booking adds to what is used: at 70, 90 and 100 percent the duty officer is told, once on the way up.
pub fn watch(
    view: View<'_>,
    role: Role,
    peer: Division,
    added: Fen,
    decision: &mut Decision<Medical>,
    context: &Context<'_>,
) -> Result<(), Stop> {
    let of = year(context);
    let Some(quota) = books::quota(view, role, peer, of)? else { return Ok(()) };
    let used = books::used(view, role, peer, context.home.jurisdiction)? + added;
    let reached = band(used, quota.quota_fen);
    if reached == quota.band {
        return Ok(());
    }
    decision.events.push(Event::QuotaBand { role, peer, year: of, band: reached });
    if reached > quota.band {
        decision.alarms.push(reached_alarm(peer, used, quota.quota_fen, reached));
    }
    Ok(())
}

/// Visited asks for more.
pub fn ask(view: View<'_>, peer: Division, amount: Fen, reason: String, context: &mut Context<'_>) -> Decided {
    check_amount(amount)?;
    if amount == Fen::ZERO {
        return Err(refusal::NUMBER_MALFORMED.with("field", "amount").at_field("amount").into());
    }
    if reason.trim().is_empty() {
        return Err(refusal::FIELD_MISSING.with("field", "reason").at_field("reason").into());
    }
    if reason.chars().count() > REASON_MAX {
        return Err(refusal::FIELD_TOO_LONG
            .with("field", "reason")
            .with("limit", REASON_MAX)
            .at_field("reason")
            .into());
    }
    let of = year(context);
    if books::quota(view, Role::Visited, peer, of)?.is_none() {
        return Err(refusal::NO_QUOTA.with("year", of).at_field("peer").into());
    }
    let raise = PrepayRaise { raise: context.new_uuid(), year: of, amount_fen: amount, reason };
    let cycle = context.new_uuid();
    let message = send(context, peer, cycle, cycle, Message::PrepayRaise(raise.clone()));
    let asked = Reply::RaiseAsked { raise: raise.raise };
    let event = Event::RaiseAsked { role: Role::Visited, peer, raise, due_at: None };
    Ok(Decision::reply(asked).event(event).message(message))
}

/// Home is asked: its clerk has some working days.
pub fn asked(view: View<'_>, raise: PrepayRaise, from: &Peer, context: &Context<'_>) -> Decided {
    let peer = from.jurisdiction;
    let is_good = from.is_medical()
        && check_amount(raise.amount_fen).is_ok()
        && raise.reason.chars().count() <= REASON_MAX
        && books::raise(view, raise.raise)?.is_none()
        && books::quota(view, Role::Home, peer, raise.year)?.is_some();
    if !is_good {
        return Err(refusal::CYCLE_CLOSED.refuse().into());
    }
    let calendar = context.directory.calendar(context.home.jurisdiction, context.now);
    let due_on = calendar.add_working_days(context.now.business_date(), ANSWER_DAYS);
    let due_at = Some(Instant::start_of(due_on));
    let alarm = format!("{peer} asks to raise its prepayment by {} yuan, by {due_on}", raise.amount_fen.yuan());
    Ok(Decision::nothing().event(Event::RaiseAsked { role: Role::Home, peer, raise, due_at }).alarm(alarm))
}

/// Home grants a raise, or declines it.
pub fn answer(view: View<'_>, raise: Uuid, amount: Fen, context: &mut Context<'_>) -> Decided {
    check_amount(amount)?;
    let known = books::raise(view, raise)?.filter(|known| known.role == Role::Home && known.state == RaiseState::Asked);
    let known = known.ok_or_else(|| refusal::RAISE_UNKNOWN.refuse())?;
    let quota = books::quota(view, Role::Home, known.peer, known.year)?;
    let quota = quota.ok_or_else(|| refusal::NO_QUOTA.with("year", known.year))?;
    let quota_fen = quota.quota_fen + amount;
    check_amount(quota_fen)?;
    let notice = PrepayNotice { year: known.year, quota_fen, raise: Some((raise, amount)) };
    let cycle = context.new_uuid();
    let message = send(context, known.peer, cycle, cycle, Message::PrepayNotice(notice));
    let ended = Event::RaiseEnded { raise, granted_fen: amount };
    let mut decision = Decision::reply(Reply::Moved).event(ended).message(message);
    set_quota(view, (Role::Home, known.peer, known.year), quota_fen, &mut decision, context)?;
    Ok(decision)
}

/// Nobody at home has answered in time.
pub fn overdue(view: View<'_>, raise: Uuid) -> Decided {
    let Some(known) = books::raise(view, raise)? else { return Ok(Decision::nothing()) };
    let alarm = format!("a raise of the prepayment that {} asked for is overdue", known.peer);
    Ok(Decision::nothing().event(Event::RaiseOverdue { raise }).alarm(alarm))
}
