//! Periods: cut, stated, confirmed document by document, closed for ever.

use huitong_kernel::division::Division;
use huitong_kernel::time::DurationMs;
use huitong_service_kit::{Context, Decision, Stop, View};

use crate::command::Reply;
use crate::decide::{Decided, node_of, send};
use crate::event::{Event, StatementIssued};
use crate::model::message::{Message, StatementAnswer};
use crate::model::period::Period;
use crate::model::settlement::{Document, PeriodStatement, StatementDifference, UnderContest};
use crate::query::statements::{self, Wanted};
use crate::query::totals;
use crate::refusal;

/// How far the creditor's clock may be ahead.
const CLOCK_OFF_MAX: DurationMs = DurationMs::days(1);

/// Cuts a period that is over, once and after the earlier ones: every claim of this node's cities is stated to its debtor.
pub fn close(view: View<'_>, period: String, context: &mut Context<'_>) -> Decided {
    let month: Period = period.parse().map_err(|_| refusal::invalid("period"))?;
    // What a period pays follows from the one before it: no period is cut behind a later one.
    if statements::last_cut(view)?.is_some_and(|cut| cut >= month) {
        return Err(refusal::PERIOD_CLOSED.refuse().into());
    }
    if context.now < month.ends() + totals::cut(view)? {
        return Err(refusal::PERIOD_OPEN.refuse().into());
    }
    if let Some(earlier) = statements::earlier_open(view, month)? {
        return Err(refusal::EARLIER_PERIOD_OPEN.with("period", earlier).into());
    }
    let mut claims = statements::compute(view, month, Wanted::All, context.now)?;
    // What was open at the last cut is stated again, decided or not.
    for row in statements::pairs_before(view, month)? {
        if !row.under_contest().is_nothing() {
            let pair = (row.statement.creditor, row.statement.debtor);
            claims.entry(pair).or_insert_with(|| statements::empty(month, pair, context.now));
        }
    }
    let own = context.home.jurisdiction;
    let mut decision = Decision::nothing();
    let mut stated = Vec::new();
    for statement in claims.into_values() {
        let nodes = (node_of(context, statement.creditor), node_of(context, statement.debtor));
        let (Some(creditor_node), Some(debtor_node)) = nodes else {
            decision.alarms.push(format!("no node answers for {} or {}", statement.creditor, statement.debtor));
            continue;
        };
        if creditor_node != own {
            continue;
        }
        let state = if debtor_node == own { "confirmed" } else { "issued" };
        if debtor_node != own {
            decision.messages.push(send(context, debtor_node, Message::PeriodStatement(statement.clone())));
        }
        stated.push(statement.clone());
        decision.events.push(Event::StatementIssued(StatementIssued {
            statement,
            creditor_node,
            debtor_node,
            state: state.to_owned(),
            answer: None,
        }));
    }
    decision.events.push(Event::PeriodCut { period: period.clone() });
    decision.answer = huitong_service_kit::service::Answer::Now(Reply::Closed { period, statements: stated });
    Ok(decision)
}

/// A document that another node issues: refused for a period that was stated, and for a day whose totals have come. Closed
/// periods never change, and what the two sides compared stays what it was.
pub fn check_open(view: View<'_>, document: &Document) -> Result<(), Stop> {
    let period = Period::of(document.booking_day);
    let is_compared = totals::day(view, document.issuer, document.receiver, document.booking_day)?.is_some();
    if is_compared || statements::is_stated(view, period, document.creditor, document.debtor)? {
        return Err(refusal::PERIOD_CLOSED.refuse().into());
    }
    Ok(())
}

/// At the debtor: the same is computed from what is held here. Documents come before the statement in the same feed and are the
/// same on both sides; contests may be on their way, and the debtor's own are those that count.
pub fn take(view: View<'_>, theirs: PeriodStatement, from: Division, context: &mut Context<'_>) -> Decided {
    let own = context.home.jurisdiction;
    let (creditor, debtor) = (theirs.creditor, theirs.debtor);
    if node_of(context, creditor) != Some(from) || node_of(context, debtor) != Some(own) || from == own {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", debtor).into());
    }
    let period: Period = theirs.period.parse().map_err(|_| refusal::invalid("period"))?;
    if let Some(known) = statements::statement(view, period, creditor, debtor)? {
        if known.statement != theirs {
            return Err(refusal::PERIOD_CLOSED.refuse().into());
        }
        let answer = answer(&theirs, known.difference, known.under_contest());
        return Ok(Decision::nothing().message(send(context, from, Message::StatementAnswer(answer))));
    }
    let pair = (creditor, debtor);
    let held = statements::compute(view, period, Wanted::Of(pair), theirs.issued_at)?.remove(&pair);
    let held = held.unwrap_or_else(|| statements::empty(period, pair, theirs.issued_at));
    let claim = |statement: &PeriodStatement| (statement.documents, statement.claimed_fen, statement.root);
    let is_of_its_time = theirs.issued_at >= period.ends() && theirs.issued_at <= context.now + CLOCK_OFF_MAX;
    let difference = if claim(&held) != claim(&theirs) {
        Some(StatementDifference::Documents)
    } else {
        (!is_of_its_time).then_some(StatementDifference::IssuedAt)
    };
    let answer = answer(&theirs, difference, held.under_contest());
    let message = send(context, from, Message::StatementAnswer(answer.clone()));
    let mut decision = Decision::nothing().message(message);
    if let Some(difference) = difference {
        decision.alarms.push(format!(
            "statement of {creditor} for {period} differs ({}): {} documents, {} claimed; held here {}, {}",
            difference.name(),
            theirs.documents,
            theirs.claimed_fen,
            held.documents,
            held.claimed_fen
        ));
    }
    let state = if difference.is_none() { "confirmed" } else { "disputed" }.to_owned();
    let (creditor_node, debtor_node) = (from, own);
    let issued = StatementIssued { statement: theirs, creditor_node, debtor_node, state, answer: Some(answer) };
    Ok(decision.event(Event::StatementIssued(issued)))
}

fn answer(
    statement: &PeriodStatement,
    difference: Option<StatementDifference>,
    under_contest: UnderContest,
) -> StatementAnswer {
    let PeriodStatement { period, creditor, debtor, .. } = statement;
    StatementAnswer { period: period.clone(), creditor: *creditor, debtor: *debtor, difference, under_contest }
}

/// At the creditor. All contests that the debtor had opened when it answered have come before the answer: what it says is under
/// contest is what this node knows to be so, or the statement is not confirmed.
pub fn take_answer(view: View<'_>, answer: StatementAnswer, from: Division) -> Decided {
    let month: Period = answer.period.parse().map_err(|_| refusal::invalid("period"))?;
    let pair = (answer.creditor, answer.debtor);
    let known = statements::statement(view, month, pair.0, pair.1)?.filter(|row| row.debtor_node == from);
    let known = known.ok_or_else(|| refusal::DOCUMENT_UNKNOWN.refuse())?;
    if known.state != "issued" {
        return Ok(Decision::nothing());
    }
    let under_contest = statements::under_contest(view, month, Wanted::Of(pair), Some(known.entry))?;
    let under_contest = under_contest.get(&pair).copied().unwrap_or_default();
    let is_known = under_contest == answer.under_contest;
    let difference = answer.difference.or((!is_known).then_some(StatementDifference::UnderContest));
    let StatementAnswer { period, creditor, debtor, .. } = answer.clone();
    let decision = Decision::nothing();
    let decision = decision.event(Event::StatementAnswered(StatementAnswer { difference, under_contest, ..answer }));
    Ok(match difference {
        None => decision,
        Some(why) => {
            decision.alarm(format!("{debtor} does not confirm {period} of {creditor}: {} differs", why.name()))
        }
    })
}
