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

/// Cuts a period that is over, once: every claim of this node's cities is stated to its debtor.
pub fn close(view: View<'_>, period: String, context: &mut Context<'_>) -> Decided {
    let month: Period = period.parse().map_err(|_| refusal::invalid("period"))?;
    if statements::is_cut(view, month)? {
        return Err(refusal::PERIOD_CLOSED.refuse().into());
    }
    if context.now < month.ends() + totals::cut(view)? || awaited(view, month, context)? {
        return Err(refusal::PERIOD_OPEN.refuse().into());
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

/// Whether documents that others issue to cities here, parts of revenue, may be on their way: a day of theirs has documents and
/// its totals have not come.
fn awaited(view: View<'_>, period: Period, context: &Context<'_>) -> Result<bool, Stop> {
    let days = view.all(
        "SELECT DISTINCT day.issuer FROM document_day AS day WHERE day.receiver = ?1 AND day.issuer <> ?1
         AND day.kind = 'split' AND day.booking_day BETWEEN ?2 AND ?3 AND NOT EXISTS
             (SELECT 1 FROM day_totals AS totals WHERE totals.issuer = day.issuer AND totals.receiver = day.receiver
              AND totals.booking_day = day.booking_day)
         LIMIT 1",
        huitong_service_kit::params![
            context.home.jurisdiction.as_str(),
            period.first_day().to_string(),
            period.last_day().to_string()
        ],
        |row| row.get::<_, String>(0),
    )?;
    Ok(!days.is_empty())
}

/// A document for a period that was stated is refused: closed periods never change.
pub fn check_open(view: View<'_>, document: &Document) -> Result<(), Stop> {
    let period = Period::of(document.booking_day);
    if statements::is_stated(view, period, document.creditor, document.debtor)? {
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
