//! Contests (争议): opened by the debtor of a document that both sides hold; taken, or refused, by its creditor.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::Hold;
use huitong_service_kit::service::Answer as Told;
use huitong_service_kit::{Context, Decision, Refusal, Stop, View};
use uuid::Uuid;

use super::{Decided, clocks, send};
use crate::command::Reply;
use crate::event::Event;
use crate::model::contest::{Contest, ContestState, Reason, TEXT_MAX};
use crate::model::message::Message;
use crate::model::statement::{Place, State};
use crate::query::contests::{self, ContestRow};
use crate::query::items::Item;
use crate::query::statements::{self, StatementRow};
use crate::query::{items, lanes};
use crate::{Clearing, refusal};

/// Working days that a creditor grants beyond the term: its clock, or the way, may have been slower.
const GRACE_DAYS: u32 = 1;

pub fn open(view: View<'_>, document: Digest, reason: Reason, evidence: String, context: &mut Context<'_>) -> Decided {
    if evidence.trim().is_empty() || evidence.chars().count() > TEXT_MAX {
        return Err(refusal::invalid("evidence").into());
    }
    let own = context.home.jurisdiction;
    let item = items::of_id(view, document)?.ok_or_else(|| refusal::DOCUMENT_UNKNOWN.refuse())?;
    if item.debtor_node() != own {
        return Err(refusal::NOT_THE_DEBTOR.refuse().into());
    }
    let row = contestable(view, &item, 0, context)?;
    let contest = Contest {
        contest: context.new_uuid(),
        service: item.service.clone(),
        period: row.period,
        creditor: item.creditor_node(),
        debtor: own,
        place: Place(item.sender, item.number, item.line),
        document,
        amount_fen: item.amount_fen,
        reason,
        evidence,
        opened_at: context.now,
    };
    let (id, peer) = (contest.contest, row.peer);
    let mut decision = Decision::reply(Reply::Contested { contest: id, state: ContestState::Open });
    decision.messages.push(send(context, peer, Message::Contest(contest.clone())));
    clocks::start(&mut decision, clocks::contest(id), "answer", row.rule.answer_days, context);
    Ok(decision.event(Event::ContestOpened { contest: Box::new(contest), peer, own_debt: true }))
}

/// The statement of a document, if the document can be contested now.
fn contestable(view: View<'_>, item: &Item, grace: u32, context: &Context<'_>) -> Result<StatementRow, Stop> {
    if item.amount_fen <= Fen::ZERO {
        return Err(refusal::NOTHING_TO_CONTEST.refuse().into());
    }
    let own = context.home.jurisdiction;
    let peer = if item.sender == own { item.receiver } else { item.sender };
    let period = lanes::period_of(view, item.lane, item.number)?;
    let row = period.map(|period| statements::statement(view, &item.service, period, peer)).transpose()?.flatten();
    let row = row.filter(|row| row.state >= State::Matched).ok_or_else(|| refusal::NOT_STATED.refuse())?;
    let until = clocks::due_day(row.stated_at.business_date(), row.rule.contest_days + grace, context);
    if context.now.business_date() > until {
        return Err(refusal::CONTEST_LATE.refuse().into());
    }
    let earlier = contests::of_document(view, item.id)?;
    if earlier.iter().any(|earlier| earlier.state != ContestState::Refused) {
        return Err(refusal::CONTEST_EXISTS.refuse().into());
    }
    Ok(row)
}

/// At the creditor. What it does not take it says, so that the contest ends on both sides.
pub fn take(view: View<'_>, contest: Contest, from: Division, context: &mut Context<'_>) -> Decided {
    let own = context.home.jurisdiction;
    if (contest.creditor, contest.debtor) != (own, from) || contest.evidence.chars().count() > TEXT_MAX {
        return Err(refusal::invalid("contest").into());
    }
    if contests::contest(view, contest.contest)?.is_some() {
        return Ok(Decision::nothing());
    }
    match taken(view, &contest, context)? {
        Err(why) => {
            let alarm = format!("contest {} of {from} was not taken: {}", contest.contest, why.code);
            let message = Message::ContestRefused { contest: contest.contest, code: why.code };
            Ok(Decision::nothing().message(send(context, from, message)).alarm(alarm))
        }
        Ok(row) => {
            let mut decision = Decision::nothing();
            clocks::start(&mut decision, clocks::contest(contest.contest), "answer", row.rule.answer_days, context);
            Ok(decision.event(Event::ContestOpened { contest: Box::new(contest), peer: from, own_debt: false }))
        }
    }
}

fn taken(view: View<'_>, contest: &Contest, context: &Context<'_>) -> Result<Result<StatementRow, Refusal>, Stop> {
    let Some(item) = items::of_id(view, contest.document)? else {
        return Ok(Err(refusal::DOCUMENT_UNKNOWN.refuse()));
    };
    let told = (contest.place, contest.amount_fen, contest.debtor, contest.service.as_str());
    let held = (Place(item.sender, item.number, item.line), item.amount_fen, item.debtor_node(), item.service.as_str());
    if told != held {
        return Ok(Err(refusal::DOCUMENT_UNKNOWN.refuse()));
    }
    match contestable(view, &item, GRACE_DAYS, context) {
        Ok(row) if row.period == contest.period => Ok(Ok(row)),
        Ok(_) => Ok(Err(refusal::invalid("period"))),
        Err(Stop::Refused(why)) => Ok(Err(why)),
        Err(failed) => Err(failed),
    }
}

/// At the debtor: the contest has ended, and the document is paid with the next confirmation.
pub fn take_refusal(view: View<'_>, contest: Uuid, code: String, from: Division) -> Decided {
    let row = known(view, contest, from)?;
    // The debtor may have escalated for silence while the refusal was on its way.
    if !row.own_debt || row.state.has_ended() || row.state == ContestState::Answered {
        return Err(refusal::CONTEST_UNKNOWN.refuse().into());
    }
    let alarm = format!("contest {contest} was not taken by {from}: {code}");
    let mut decision = Decision::nothing().alarm(alarm);
    moved(&mut decision, contest, ContestState::Refused, code);
    Ok(decision)
}

/// A contest with this jurisdiction on the other side.
pub fn known(view: View<'_>, contest: Uuid, from: Division) -> Result<ContestRow, Stop> {
    let row = contests::contest(view, contest)?.filter(|row| row.peer == from);
    Ok(row.ok_or_else(|| refusal::CONTEST_UNKNOWN.refuse())?)
}

/// A step of a contest; with an end its clock stops.
pub fn moved(decision: &mut Decision<Clearing>, contest: Uuid, state: ContestState, explanation: String) {
    if state.has_ended() {
        clocks::stop(decision, clocks::contest(contest));
    }
    decision.events.push(Event::ContestMoved { contest, state, explanation });
}

/// A service's own contest holds a document back, or ends.
pub fn take_hold(service: &str, hold: Hold) -> Decided {
    Ok(Decision::nothing().event(Event::ServiceHold { service: service.to_owned(), hold }))
}

/// The answer to a caller.
pub fn told(contest: Uuid, state: ContestState) -> Told<Reply> {
    Told::Now(Reply::Contested { contest, state })
}
