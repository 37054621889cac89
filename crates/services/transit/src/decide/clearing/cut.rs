//! The cut of a period: the node's clearing asks for it, and a marker goes into every feed. What came before it in a feed belongs to
//! the period, on both sides (as in the snapshots of Chandy and Lamport, 1985).

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::entry::Sequence;
use huitong_ledger::clearing::Marker;
use huitong_service_kit::{Context, Decision, View};

use super::told;
use crate::decide::{Decided, others, send};
use crate::event::Event;
use crate::model::message::Message;
use crate::query::cleared;

/// Marks the period in the feed to every other jurisdiction, once.
pub fn cut(view: View<'_>, period: Period, context: &mut Context<'_>) -> Decided {
    let from = context.home.jurisdiction;
    let mut decision = Decision::nothing();
    for to in others(context) {
        if cleared::is_marked(view, from, to, period)? {
            continue;
        }
        let marker = Marker { from, to, period, number: told::next_number(view, to, context)? };
        decision.messages.push(send(context, to, Message::PeriodMarker { period }));
        decision.messages.push(told::tell(context, Message::Marker(marker)));
        decision.events.push(Event::PeriodMarked(marker));
    }
    Ok(decision)
}

/// A peer's marker. The first of a period is its cut.
pub fn take(view: View<'_>, period: Period, from: Division, number: Sequence, context: &mut Context<'_>) -> Decided {
    let to = context.home.jurisdiction;
    if cleared::is_marked(view, from, to, period)? {
        return Ok(Decision::nothing());
    }
    let marker = Marker { from, to, period, number };
    let told = told::tell(context, Message::Marker(marker));
    Ok(Decision::nothing().message(told).event(Event::PeriodMarked(marker)))
}
