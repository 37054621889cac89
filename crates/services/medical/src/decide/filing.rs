//! Filing (备案, 3.2 and 7): made at home by its clerk, or asked for from a hospital elsewhere; suspended, taken up again and revoked at
//! home. It may be back-dated until the discharge settlement, and never touches a settlement that is closed.

use huitong_kernel::time::{Date, ToSpan};
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, Refusal, Stop, View};

use super::{Decided, Peer, home_of, own_institution, parts, reply, send};
use crate::command::Reply;
use crate::event::Event;
use crate::model::filing::{FilingKind, FilingState, FilingStatus, FilingWish};
use crate::model::message::{Answered, FilingAsk, FilingChanged, Message};
use crate::query::settlements::Role;
use crate::query::{persons, visits};
use crate::{Medical, refusal};

/// Areas that one filing may name.
const AREAS_MAX: usize = 20;
/// The shortest validity of a temporary filing, in months; from today on it is also what one gets that says no end.
const TEMPORARY_MONTHS: i32 = 6;
/// How far from today a filing may begin.
const YEARS_MAX: i32 = 1;

pub fn file(view: View<'_>, wish: FilingWish, context: &mut Context<'_>) -> Decided {
    if context.directory.jurisdiction_of(wish.home_area) == Some(context.home.jurisdiction) {
        let (filing, mut decision) = make(view, wish, context.principal.participant.clone(), context)??;
        decision.answer = Answer::Now(Reply::Filed(filing));
        return Ok(decision);
    }
    let institution = own_institution(view, context)?;
    let home = home_of(context, wish.home_area)?;
    let cycle = context.new_uuid();
    let correlation = cycle.to_string();
    let asked = Event::FilingAsked { correlation: correlation.clone(), institution: institution.code.clone(), home };
    let ask = FilingAsk { correlation, institution: institution.code, wish };
    let message = send(context, home, cycle, cycle, Message::FilingAsk(ask));
    Ok(Decision::wait(cycle).event(asked).message(message))
}

/// Visited: home's answer is kept for the hospital that asked.
pub fn take(view: View<'_>, answer: Answered<FilingState>, from: &Peer) -> Decided {
    let Answered { correlation, result } = answer;
    let asked = persons::asked_by(view, &correlation)?;
    let asked = asked.filter(|asked| asked.home == from.jurisdiction && asked.filing.is_none());
    let asked = asked.ok_or_else(|| refusal::CYCLE_CLOSED.refuse())?;
    let is_of_it = |made: &FilingState| made.filed_by == asked.institution && made.areas.len() <= AREAS_MAX;
    if result.as_ref().is_ok_and(|made| !is_of_it(made)) {
        return Err(refusal::DOCUMENTS_DIFFER.refuse().into());
    }
    let kept = Event::FilingAnswered { correlation: correlation.clone(), filing: result.as_ref().ok().cloned() };
    Ok(Decision::nothing().event(kept).resolve(correlation, result.map(Reply::Filed)))
}

pub fn answer(view: View<'_>, ask: FilingAsk, from: &Peer, context: &mut Context<'_>) -> Decided {
    let FilingAsk { correlation, institution, wish } = ask;
    let known = persons::institution(view, &institution)?;
    let is_theirs = known.is_some_and(|known| known.active && from.jurisdiction.contains(known.division));
    let made = if is_theirs {
        make(view, wish, institution, context)?
    } else {
        Err(refusal::INSTITUTION_NOT_ALLOWED.refuse())
    };
    let (result, decision) = match made {
        Ok((filing, decision)) => (Ok(filing), decision),
        Err(refusal) => (Err(refusal), Decision::nothing()),
    };
    let answer = Answered { correlation, result };
    Ok(decision.message(reply(context, from, Message::FilingAnswer(answer))))
}

type Made = (FilingState, Decision<Medical>);

fn make(
    view: View<'_>,
    wish: FilingWish,
    filed_by: String,
    context: &mut Context<'_>,
) -> Result<Result<Made, Refusal>, Stop> {
    let Some(insured) = persons::insured(view, &wish.certificate, None)? else {
        return Ok(Err(refusal::PERSON_NOT_FOUND.refuse()));
    };
    let today = context.now.business_date();
    let Some(valid_to) = validity(&wish, today) else { return Ok(Err(refusal::FILING_INVALID.refuse())) };
    let filing = FilingState {
        filing: context.new_uuid(),
        person: insured.person,
        kind: wish.kind,
        areas: wish.areas,
        valid_from: wish.valid_from,
        valid_to,
        status: FilingStatus::Active,
        filed_by,
        filed_at: context.now,
        referral: wish.referral,
    };
    if filing.valid_from < today && is_too_late(view, &filing, today)? {
        return Ok(Err(refusal::FILING_TOO_LATE.refuse()));
    }
    let mut decision = Decision::nothing();
    for status in [FilingStatus::Active, FilingStatus::Suspended] {
        for known in persons::with_status(view, &filing.person, status)? {
            if known.lies_within(&filing) {
                let (filing, status) = (known.filing, FilingStatus::Superseded);
                decision.events.push(Event::FilingMoved { filing, status });
                tell_asker(view, &FilingState { status, ..known }, &mut decision, context)?;
            }
        }
    }
    decision.events.push(Event::FilingMade(filing.clone()));
    tell(view, &filing, &mut decision, context)?;
    Ok(Ok((filing, decision)))
}

/// The end of the validity, where what is wished is one that can be filed.
fn validity(wish: &FilingWish, today: Date) -> Option<Option<Date>> {
    let is_near = |day: Date| {
        let (first, last) = (today.checked_sub(YEARS_MAX.years()).ok()?, today.checked_add(YEARS_MAX.years()).ok()?);
        (first <= day && day <= last).then_some(())
    };
    is_near(wish.valid_from)?;
    if !FilingKind::FILEABLE.contains(&wish.kind) || wish.areas.len() > AREAS_MAX {
        return None;
    }
    if wish.kind == FilingKind::LongStay {
        return wish.valid_to.is_none_or(|to| wish.valid_from <= to).then_some(wish.valid_to);
    }
    let months_from = |day: Date| day.checked_add(TEMPORARY_MONTHS.months()).ok()?.yesterday().ok();
    let valid_to = wish.valid_to.or_else(|| months_from(wish.valid_from.max(today)))?;
    (valid_to >= months_from(wish.valid_from)?).then_some(Some(valid_to))
}

/// A filing for days that are past helps a stay that is not settled; when all that it could concern is settled, it comes too late.
fn is_too_late(view: View<'_>, filing: &FilingState, today: Date) -> Result<bool, Stop> {
    let stays = visits::stays_of(view, &filing.person)?;
    let concerned = |visit: &&visits::HomeVisit| {
        filing.covers(visit.facts.visited_area)
            && visit.facts.began_on <= today
            && visit.ended_on.is_none_or(|day| filing.valid_from <= day)
    };
    let mut concerned = stays.iter().filter(concerned).peekable();
    Ok(concerned.peek().is_some() && concerned.all(|visit| visit.state == "closed"))
}

/// Where a stay goes on that the filing concerns, the other side is told.
fn tell(
    view: View<'_>,
    filing: &FilingState,
    decision: &mut Decision<Medical>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    for stay in visits::stays_of(view, &filing.person)? {
        // Lines that come late open a stay again that was closed with its last part.
        let is_over = stay.state == "closed" && !parts::last_is_interim(view, Role::Home, &stay.number)?;
        if is_over || !filing.covers(stay.facts.visited_area) {
            continue;
        }
        let cycle = context.new_uuid();
        let changed = FilingChanged {
            number: Some(stay.number),
            filing: filing.filing,
            kind: filing.kind,
            status: filing.status,
        };
        let message = send(context, stay.visited, cycle, stay.facts.visit, Message::FilingChanged(changed));
        decision.messages.push(message);
    }
    Ok(())
}

/// The hospital elsewhere that asked for the filing is told how it stands now.
fn tell_asker(
    view: View<'_>,
    filing: &FilingState,
    decision: &mut Decision<Medical>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let Some(institution) = persons::institution(view, &filing.filed_by)? else { return Ok(()) };
    let asker = context.directory.jurisdiction_of(institution.division);
    let Some(asker) = asker.filter(|asker| *asker != context.home.jurisdiction) else { return Ok(()) };
    let cycle = context.new_uuid();
    let changed = FilingChanged { number: None, filing: filing.filing, kind: filing.kind, status: filing.status };
    decision.messages.push(send(context, asker, cycle, cycle, Message::FilingChanged(changed)));
    Ok(())
}

/// Home's clerk suspends, takes up again or revokes; what was superseded stays so.
pub fn move_to(view: View<'_>, filing: uuid::Uuid, status: FilingStatus, context: &mut Context<'_>) -> Decided {
    use FilingStatus::{Active, Revoked, Suspended};
    let Some(known) = persons::filing(view, filing)? else {
        // One that was asked for from here is home's to move; the hospital files anew.
        let is_asked = persons::asked_filing(view, filing)?.is_some();
        let why = if is_asked { refusal::INSTITUTION_NOT_ALLOWED } else { refusal::FILING_UNKNOWN };
        return Err(why.refuse().into());
    };
    check_clerk(view, Some(&known.filed_by), context)?;
    let is_step = matches!((known.status, status), (Active, Suspended | Revoked) | (Suspended, Active | Revoked));
    if !is_step {
        return Err(refusal::FILING_INVALID.refuse().into());
    }
    let mut decision = Decision::reply(Reply::Moved).event(Event::FilingMoved { filing, status });
    let moved = FilingState { status, ..known };
    tell(view, &moved, &mut decision, context)?;
    tell_asker(view, &moved, &mut decision, context)?;
    Ok(decision)
}

/// A clerk of the home area moves any filing, a hospital only what it has filed itself.
pub fn check_clerk(view: View<'_>, filed_by: Option<&str>, context: &Context<'_>) -> Result<(), Stop> {
    let caller = &context.principal.participant;
    let is_hospital = persons::institution(view, caller)?.is_some();
    if is_hospital && filed_by != Some(caller) {
        return Err(refusal::INSTITUTION_NOT_ALLOWED.refuse().into());
    }
    Ok(())
}

/// Visited: what home has told of a filing that concerns a stay here, or that was asked for from here.
pub fn changed(view: View<'_>, changed: FilingChanged, from: &Peer) -> Decided {
    let event = match &changed.number {
        Some(number) => {
            let visit = visits::visited_number(view, number)?.filter(|visit| visit.home == from.jurisdiction);
            visit.map(|_| Event::FilingNoted(changed))
        }
        None => {
            let asked = persons::asked_filing(view, changed.filing)?;
            // One that was asked for before this node kept them.
            let Some(asked) = asked else { return Ok(Decision::nothing()) };
            let status = changed.status;
            (asked.home == from.jurisdiction)
                .then_some(Event::AskedFilingMoved { correlation: asked.correlation, status })
        }
    };
    let event = event.filter(|_| from.is_medical()).ok_or_else(|| refusal::CYCLE_CLOSED.refuse())?;
    Ok(Decision::nothing().event(event))
}
