//! The cut of a period (账期截止): a marker in the lane to every other jurisdiction. What stands before it there belongs to the
//! period, on both sides alike; nobody has to stop settling (Chandy and Lamport 1985).

use huitong_kernel::feed::{Address, Feed};
use huitong_ledger::clearing::{Cut, Marker};
use huitong_service_kit::{Context, Decision, Service, View};

use super::super::{Decided, Peer, send};
use super::tell;
use crate::Medical;
use crate::event::Event;
use crate::model::message::{Message, PeriodMarker};
use crate::query::clearing;

/// Marks the lanes to all others, once a period: a second marker would cut an empty period of the same name.
pub fn cut(view: View<'_>, cut: &Cut, from: &Peer, context: &mut Context<'_>) -> Decided {
    let own = context.home.jurisdiction;
    if clearing::is_cut(view, cut.period)? {
        return Ok(Decision::nothing());
    }
    let mut decision = Decision::nothing().event(Event::PeriodCut { period: cut.period });
    let served =
        |to: &huitong_kernel::division::Division| *to != own && context.directory.parts(*to, Medical::NAME) > 0;
    let peers: Vec<_> = context.directory.jurisdictions().into_iter().filter(served).collect();
    for to in peers {
        let lane = Feed::new(context.home.clone(), Address::new(to, Medical::NAME));
        let number = huitong_store::feeds::next_number(view, &lane)?;
        let marker = Message::PeriodMarker(PeriodMarker { period: cut.period });
        decision = decision.message(send(context, to, from.cycle, from.episode, marker));
        let marker = Marker { from: own, to, period: cut.period, number };
        decision = decision.message(tell(context, from.cycle, from.episode, Message::Marker(marker)));
    }
    Ok(decision)
}

/// A peer has cut a period in the lane to here.
pub fn marked(marker: &PeriodMarker, from: &Peer, context: &mut Context<'_>) -> Decision<Medical> {
    let to = context.home.jurisdiction;
    let marker = Marker { from: from.jurisdiction, to, period: marker.period, number: from.number };
    Decision::nothing().message(tell(context, from.cycle, from.episode, Message::Marker(marker)))
}
