//! Periods: cut, stated, confirmed document by document, closed for ever.

use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision, Stop, View};

use crate::command::Reply;
use crate::decide::{Decided, node_of, send};
use crate::event::{Event, StatementIssued};
use crate::model::message::Message;
use crate::model::period::Period;
use crate::model::settlement::{Document, PeriodStatement};
use crate::query::statements::{self, Wanted};
use crate::query::totals;
use crate::refusal;

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
    let mut claims = statements::compute(view, month, Wanted::All)?;
    // What was open at the last cut is stated again, decided or not.
    for row in statements::pairs_before(view, month)? {
        let before = &row.statement;
        if before.contested + before.previous_open > 0 {
            let pair = (before.creditor, before.debtor);
            claims.entry(pair).or_insert_with(|| statements::empty(month, pair));
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

/// At the debtor: the same is computed from what is held here.
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
        return Ok(Decision::nothing().message(answer(&theirs, known.state == "confirmed", from, context)));
    }
    let held = statements::compute(view, period, Wanted::Of((creditor, debtor)))?.remove(&(creditor, debtor));
    let held = held.unwrap_or_else(|| statements::empty(period, (creditor, debtor)));
    // Contests may be on their way; documents may not: each comes before the statement in the same feed.
    let claim = |statement: &PeriodStatement| (statement.documents, statement.claimed_fen, statement.root);
    let confirmed = claim(&held) == claim(&theirs);
    let mut decision = Decision::nothing().message(answer(&theirs, confirmed, from, context));
    if !confirmed {
        decision.alarms.push(format!(
            "statement of {creditor} for {period} differs: {} documents, {} claimed; held here {}, {}",
            theirs.documents, theirs.claimed_fen, held.documents, held.claimed_fen
        ));
    }
    Ok(decision.event(Event::StatementIssued(StatementIssued {
        statement: theirs,
        creditor_node: from,
        debtor_node: own,
        state: if confirmed { "confirmed" } else { "disputed" }.to_owned(),
    })))
}

fn answer(
    statement: &PeriodStatement,
    confirmed: bool,
    to: Division,
    context: &mut Context<'_>,
) -> huitong_service_kit::Outgoing {
    let PeriodStatement { period, creditor, debtor, .. } = statement;
    let answer = Message::StatementAnswer { period: period.clone(), creditor: *creditor, debtor: *debtor, confirmed };
    send(context, to, answer)
}

/// At the creditor.
pub fn take_answer(
    view: View<'_>,
    period: String,
    creditor: Division,
    debtor: Division,
    confirmed: bool,
    from: Division,
) -> Decided {
    let month: Period = period.parse().map_err(|_| refusal::invalid("period"))?;
    let known = statements::statement(view, month, creditor, debtor)?.filter(|row| row.debtor_node == from);
    let known = known.ok_or_else(|| refusal::DOCUMENT_UNKNOWN.refuse())?;
    if known.state != "issued" {
        return Ok(Decision::nothing());
    }
    let decision =
        Decision::nothing().event(Event::StatementAnswered { period: period.clone(), creditor, debtor, confirmed });
    Ok(if confirmed { decision } else { decision.alarm(format!("{debtor} does not confirm {period} of {creditor}")) })
}
