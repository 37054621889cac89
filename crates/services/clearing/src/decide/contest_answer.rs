//! The creditor answers a contest; the debtor accepts, or the contest goes to the tribunal. Silence of either side escalates it, and
//! only the debtor's node says so, so that the two sides never hold different states for good.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::{GiveBack, GivenBack};
use huitong_service_kit::{Context, Decision, Stop, View};
use uuid::Uuid;

use super::contest::{known, moved, told};
use super::{Decided, clocks, rule_of, send, tell};
use crate::event::Event;
use crate::model::contest::{Answer, ContestState, Reply, Ruling, TEXT_MAX};
use crate::model::message::Message;
use crate::query::contests::{self, ContestRow};
use crate::query::items;
use crate::{Clearing, refusal};

pub struct Wish {
    pub contest: Uuid,
    pub ruling: Ruling,
    /// What stays owed, of an adjusted one.
    pub amount: Option<Fen>,
    pub explanation: String,
    pub tribunal: Option<String>,
}

fn fits(text: &str) -> bool {
    text.chars().count() <= TEXT_MAX
}

/// The contest, if this node may move it now as creditor or debtor.
fn movable(view: View<'_>, contest: Uuid, own_debt: bool) -> Result<ContestRow, Stop> {
    let row = contests::contest(view, contest)?.ok_or_else(|| refusal::CONTEST_UNKNOWN.refuse())?;
    if row.state.has_ended() {
        return Err(refusal::CONTEST_ENDED.refuse().into());
    }
    let debtors_turn = row.state == ContestState::Answered;
    if row.own_debt != own_debt || debtors_turn != own_debt {
        return Err(refusal::NOT_YOUR_TURN.refuse().into());
    }
    Ok(row)
}

/// At the creditor.
pub fn answer(view: View<'_>, wish: Wish, context: &mut Context<'_>) -> Decided {
    let Wish { contest, ruling, amount, explanation, tribunal } = wish;
    if !fits(&explanation) || tribunal.as_deref().is_some_and(|name| name.trim().is_empty() || !fits(name)) {
        return Err(refusal::invalid("explanation").into());
    }
    let row = movable(view, contest, false)?;
    let is_escalated = row.state == ContestState::Escalated;
    if is_escalated && tribunal.is_none() {
        return Err(refusal::TRIBUNAL_MISSING.refuse().at_field("tribunal").into());
    }
    if tribunal.is_some() && !is_escalated {
        return Err(refusal::invalid("tribunal").into());
    }
    let answer = Answer { contest, ruling, amount_fen: stays(&row, ruling, amount)?, explanation, tribunal };
    let mut decision = Decision::nothing();
    decision.messages.push(send(context, row.peer, Message::ContestAnswer(answer.clone())));
    let state = note_answer(view, &row, answer, &mut decision, context)?;
    decision.answer = told(contest, state);
    Ok(decision)
}

/// What stays owed after a ruling.
fn stays(row: &ContestRow, ruling: Ruling, amount: Option<Fen>) -> Result<Fen, Stop> {
    let all = row.contest.amount_fen;
    match (ruling, amount) {
        (Ruling::Upheld, None) => Ok(all),
        (Ruling::Withdrawn, None) => Ok(Fen::ZERO),
        (Ruling::Adjusted, Some(amount)) if amount > Fen::ZERO && amount < all => Ok(amount),
        _ => Err(refusal::invalid("amount").into()),
    }
}

/// The same on both sides: a claim that is taken back ends the contest, any other answer waits for the debtor.
fn note_answer(
    view: View<'_>,
    row: &ContestRow,
    answer: Answer,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<ContestState, Stop> {
    let (contest, ruling, explanation) = (answer.contest, answer.ruling, answer.explanation.clone());
    decision.events.push(Event::ContestAnswered { answer: answer.clone() });
    if ruling == Ruling::Withdrawn {
        moved(decision, contest, ContestState::Withdrawn, explanation);
        if !row.own_debt {
            give_back(view, row, &answer, decision, context)?;
        }
        return Ok(ContestState::Withdrawn);
    }
    let rule = rule_of(context, &row.contest.service, row.contest.period)?;
    clocks::start(decision, clocks::contest(contest), "reply", rule.answer_days, context);
    Ok(ContestState::Answered)
}

/// At the debtor. The same answer again has no effect; an answer after the term still counts.
pub fn take(view: View<'_>, answer: Answer, from: Division, context: &mut Context<'_>) -> Decided {
    let row = known(view, answer.contest, from)?;
    let fits = [Some(&answer.explanation), answer.tribunal.as_ref()].into_iter().flatten().all(|text| fits(text));
    if !row.own_debt || !fits {
        return Err(refusal::CONTEST_UNKNOWN.refuse().into());
    }
    // Escalated for silence while the answer was on its way: the creditor's node escalates too when it hears of it, and from there
    // on only the tribunal's decision counts, or a claim that is taken back.
    let is_crossed =
        row.state == ContestState::Escalated && answer.tribunal.is_none() && answer.ruling != Ruling::Withdrawn;
    if row.state.has_ended() || row.state == ContestState::Answered || is_crossed {
        return Ok(Decision::nothing());
    }
    let amount = (answer.ruling == Ruling::Adjusted).then_some(answer.amount_fen);
    if stays(&row, answer.ruling, amount)? != answer.amount_fen {
        return Err(refusal::invalid("amount_fen").into());
    }
    let mut decision = Decision::nothing();
    note_answer(view, &row, answer, &mut decision, context)?;
    Ok(decision)
}

/// At the debtor: it owes what the answer leaves, or the tribunal decides.
pub fn reply(view: View<'_>, contest: Uuid, accepts: bool, explanation: String, context: &mut Context<'_>) -> Decided {
    if !fits(&explanation) {
        return Err(refusal::invalid("explanation").into());
    }
    let row = movable(view, contest, true)?;
    let mut decision = Decision::nothing();
    let state = replied(view, &row, Reply { contest, accepts, explanation }, &mut decision, context)?;
    decision.answer = told(contest, state);
    Ok(decision)
}

fn replied(
    view: View<'_>,
    row: &ContestRow,
    reply: Reply,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<ContestState, Stop> {
    decision.messages.push(send(context, row.peer, Message::ContestReply(reply.clone())));
    note_reply(view, row, reply, decision, context)
}

/// The same on both sides.
fn note_reply(
    view: View<'_>,
    row: &ContestRow,
    reply: Reply,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<ContestState, Stop> {
    let Reply { contest, accepts, explanation } = reply;
    let Some(answer) = row.answer.clone().filter(|_| accepts) else {
        let rule = rule_of(context, &row.contest.service, row.contest.period)?;
        moved(decision, contest, ContestState::Escalated, explanation);
        clocks::start(decision, clocks::contest(contest), "tribunal", rule.tribunal_days, context);
        decision.alarms.push(format!("contest {contest} with {} is escalated to the tribunal", row.peer));
        return Ok(ContestState::Escalated);
    };
    let state = ContestState::from(answer.ruling);
    moved(decision, contest, state, explanation);
    if !row.own_debt && answer.ruling == Ruling::Adjusted {
        give_back(view, row, &answer, decision, context)?;
    }
    Ok(state)
}

/// At the creditor. The same reply again has no effect.
pub fn take_reply(view: View<'_>, reply: Reply, from: Division, context: &mut Context<'_>) -> Decided {
    if !reply.accepts && contests::contest(view, reply.contest)?.is_none() {
        // A contest that was not taken: its debtor escalated before it heard so.
        return Ok(Decision::nothing());
    }
    let row = known(view, reply.contest, from)?;
    if row.own_debt || !fits(&reply.explanation) {
        return Err(refusal::CONTEST_UNKNOWN.refuse().into());
    }
    let is_again = row.state.has_ended() || row.state == ContestState::Escalated;
    // A debtor may have escalated for silence while the answer was on its way.
    if is_again || (reply.accepts && row.state != ContestState::Answered) {
        return Ok(Decision::nothing());
    }
    let mut decision = Decision::nothing();
    note_reply(view, &row, reply, &mut decision, context)?;
    Ok(decision)
}

/// The creditor's service gives back what does not stay owed.
fn give_back(
    view: View<'_>,
    row: &ContestRow,
    answer: &Answer,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let number = items::of_id(view, row.contest.document)?.map(|item| item.name).unwrap_or_default();
    let (contest, document, amount_fen) = (answer.contest, row.contest.document, answer.amount_fen);
    let wish = GiveBack { contest, document, number, amount_fen };
    decision.messages.push(tell(context, &row.contest.service, Message::GiveBack(wish)));
    decision.events.push(Event::GivenBack { contest, outcome: "asked".to_owned() });
    Ok(())
}

/// The service's answer.
pub fn take_given_back(view: View<'_>, given: &GivenBack) -> Decided {
    let contest = given.contest;
    contests::contest(view, contest)?.ok_or_else(|| refusal::CONTEST_UNKNOWN.refuse())?;
    let outcome = given.refused.clone().unwrap_or_else(|| "done".to_owned());
    let mut decision = Decision::nothing();
    if given.refused.is_some() {
        decision.alarms.push(format!("contest {contest}: the service cannot give back: {outcome}; a clerk must"));
    }
    Ok(decision.event(Event::GivenBack { contest, outcome }))
}

/// A term of a contest is over. The debtor's node escalates; the creditor's waits to be told.
pub fn overdue(
    view: View<'_>,
    contest: Uuid,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let row = contests::contest(view, contest)?.filter(|row| row.own_debt && !row.state.has_ended());
    let Some(row) = row.filter(|row| row.state != ContestState::Escalated) else { return Ok(()) };
    let reply = Reply { contest, accepts: false, explanation: String::new() };
    replied(view, &row, reply, decision, context).map(|_| ())
}
