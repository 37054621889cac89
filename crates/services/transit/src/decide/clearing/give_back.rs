//! A contest of the node's clearing has ended so that a part of a document stays owed, or nothing: the rest is given back by an
//! adjustment of the trip, as after a contest of this service.

use huitong_kernel::money::Fen;
use huitong_ledger::clearing::{GiveBack, GivenBack};
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};

use super::told;
use crate::decide::adjust::{self, Change};
use crate::decide::pricing::NetworkPrices;
use crate::decide::{Decided, node_of};
use crate::event::Event;
use crate::model::message::Message;
use crate::model::settlement::{Document, DocumentKind};
use crate::model::trip::TripState;
use crate::query::trips::{self, TripRow};
use crate::query::{cleared, documents};
use crate::{Transit, refusal};

/// Gives back, and answers; the same again gets the same answer and no second adjustment.
pub fn take(transit: &Transit, view: View<'_>, wish: &GiveBack, context: &mut Context<'_>) -> Decided {
    let contest = wish.contest;
    if let Some(refused) = cleared::given_back(view, contest)? {
        let again = told::tell(context, Message::GivenBack(GivenBack { contest, refused }));
        return Ok(Decision::nothing().message(again));
    }
    let (mut decision, refused) = match adjusted(transit, view, wish, context) {
        Ok(decision) => (decision, None),
        Err(Stop::Refused(refusal)) => {
            let alarm = format!("{}: nothing was given back for contest {contest}", refusal.code);
            (Decision::nothing().alarm(alarm), Some(refusal.code))
        }
        Err(failed) => return Err(failed),
    };
    decision.events.push(Event::GivenBack { contest, document: wish.document, refused: refused.clone() });
    Ok(decision.message(told::tell(context, Message::GivenBack(GivenBack { contest, refused }))))
}

fn adjusted(transit: &Transit, view: View<'_>, wish: &GiveBack, context: &mut Context<'_>) -> Decided {
    let own = context.home.jurisdiction;
    let found = documents::document(view, own, wish.document)?
        .filter(|found| node_of(context, found.creditor) == Some(own) && node_of(context, found.debtor) != Some(own));
    let document = found.ok_or_else(|| refusal::DOCUMENT_UNKNOWN.refuse())?;
    if document.kind == DocumentKind::Split {
        // It follows the trip, which is the operating city's.
        return Err(refusal::invalid("document").into());
    }
    let trip = trips::trip(view, document.trip.unwrap_or(document.id))?;
    let trip = trip.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
    if matches!(trip.state, TripState::Priced | TripState::Disputed) {
        return Err(refusal::TRIP_NOT_CHARGED.refuse().into());
    }
    let Some(stays) = stays(view, wish, &document, &trip)? else { return Err(refusal::invalid("document").into()) };
    if wish.amount_fen.is_negative() || stays.is_negative() || stays >= trip.charge_fen {
        return Err(refusal::invalid("amount_fen").into());
    }
    let prices = NetworkPrices::of(transit, view, context.directory, trip.network)?
        .ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse())?;
    adjust::adjust(transit, view, &trip, &prices, Change::Amount(stays), "contest", context)
}

/// What the trip costs from now on. Of an adjustment, the one in force: what was in force before it, and what stays of it.
fn stays(view: View<'_>, wish: &GiveBack, document: &Document, trip: &TripRow) -> Result<Option<Fen>, StoreError> {
    if document.kind == DocumentKind::Trip {
        return Ok(Some(wish.amount_fen));
    }
    let latest = trips::adjustments(view, trip.trip)?.pop().map(|latest| adjust::document_id(latest.adjust));
    let is_in_force = latest == Some(document.id);
    Ok(is_in_force.then(|| trip.charge_fen - document.amount_fen + wish.amount_fen))
}
