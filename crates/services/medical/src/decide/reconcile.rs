//! Reconciliation with a hospital (3201, 3202): its records against the books of this node, and one command a difference.

use std::collections::BTreeMap;

use huitong_service_kit::{Context, Decision, Stop, View};
use uuid::Uuid;

use super::cancel::{self, Way};
use super::{Decided, own_institution, reverse};
use crate::command::{ReconcileWish, Reply};
use crate::event::Event;
use crate::model::reconciliation::{Proposal, ROWS_MAX, Reconciliation, Row, Totals, check_rows, compare};
use crate::query::reconciliation::{self as books, Days};
use crate::refusal;

pub fn decide(view: View<'_>, wish: ReconcileWish, context: &mut Context<'_>) -> Decided {
    let institution = own_institution(view, context)?.code;
    let ReconcileWish { from, to, home, rows, stated } = wish;
    if from > to || to > context.now.business_date() {
        return Err(refusal::TIME_MALFORMED.with("field", "to").at_field("to").into());
    }
    check_rows(&rows)?;
    check_unique(&rows)?;
    let theirs = Totals::of(rows.iter());
    if stated.is_some_and(|stated| stated != theirs) {
        return Err(refusal::FILE_TOTALS_DIFFER.refuse().into());
    }
    let days = Days { institution: &institution, from, to, home };
    let platform = books::known(view, &days)?;
    if platform.len() > ROWS_MAX {
        return Err(refusal::TOO_MANY_LINES.with("limit", ROWS_MAX).at_field("to").into());
    }
    let near = books::near(view, &days)?;
    let mut ids: BTreeMap<String, Option<String>> = BTreeMap::new();
    for row in &rows {
        ids.insert(row.visit.clone(), books::call_of_visit(view, &institution, &row.visit)?);
    }
    let differences = compare(&platform, &near, &rows, |row| ids.get(&row.visit).cloned().flatten());
    let reconciliation = Reconciliation {
        reconciliation: context.new_uuid(),
        institution,
        from,
        to,
        home,
        made_at: context.now,
        platform: Totals::of(platform.iter().map(|known| &known.row)),
        institution_totals: theirs,
        differences,
    };
    let reply = Reply::Reconciled(Box::new(reconciliation.clone()));
    Ok(Decision::reply(reply).event(Event::Reconciled(Box::new(reconciliation))))
}

/// A document is named once.
fn check_unique(rows: &[Row]) -> Result<(), Stop> {
    let mut seen = std::collections::BTreeSet::new();
    for (index, row) in rows.iter().enumerate() {
        if !seen.insert((&row.settlement, &row.visit, &row.person)) {
            let line = index + 1;
            return Err(refusal::FILE_ROW_MALFORMED.with("row", line).at_field(format!("rows[{index}]")).into());
        }
    }
    Ok(())
}

/// Carries out what is proposed for a difference, as far as it is this node's to do.
pub fn fix(view: View<'_>, reconciliation: Uuid, settlement: String, context: &mut Context<'_>) -> Decided {
    let institution = own_institution(view, context)?.code;
    let known = books::reconciliation(view, reconciliation)?.filter(|known| known.institution == institution);
    let mut known = known.ok_or_else(|| refusal::RECONCILIATION_UNKNOWN.refuse())?;
    let difference = known.next_open(&settlement).ok_or_else(|| refusal::RECONCILIATION_UNKNOWN.refuse())?;
    let mut decision = match (difference.proposal, difference.message_id.take()) {
        (Proposal::Reverse, Some(message_id)) => reverse::ask(view, message_id, context)?,
        // Nothing here could be reversed: the hospital takes its record away.
        (Proposal::Reverse, None) => Decision::reply(Reply::Moved),
        (Proposal::TakeBack, Some(original)) => cancel::ask(view, original, Way::Refund, context)?,
        (Proposal::TakeBack, None) => return Err(refusal::SETTLEMENT_UNKNOWN.refuse().into()),
        (Proposal::Rebook | Proposal::MarkReversed | Proposal::Correct | Proposal::NeighbourDay, _) => {
            Decision::reply(Reply::Moved)
        }
    };
    decision.events.push(Event::DifferenceResolved { reconciliation, settlement });
    Ok(decision)
}
