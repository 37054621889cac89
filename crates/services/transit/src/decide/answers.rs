//! What home answers to a claim, booked at the visited city.

use huitong_service_kit::{Context, Decision, Stop, View};

use super::{Came, Decided, adjust, check_sender, clearing, node_of};
use crate::accounts::Postings;
use crate::event::Event;
use crate::model::message::{AdjustResult, ChargeOutcome, ChargeResult, TripAdjust};
use crate::model::settlement::{Claim, Document};
use crate::model::trip::{TripFinal, TripState};
use crate::query::trips::{self, TripRow};
use crate::{Transit, refusal};

/// Home's answer to a trip. The same answer again has no effect.
pub fn charge_result(
    transit: &Transit,
    view: View<'_>,
    result: ChargeResult,
    came: Came,
    context: &mut Context<'_>,
) -> Decided {
    let row = trips::trip(view, result.trip_id)?.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
    check_sender(context, row.home, came.0)?;
    if row.state != TripState::Priced {
        return Ok(Decision::nothing());
    }
    let trip = trips::content(view, &row)?;
    let mut decision = booked(transit, view, &trip, &result, context)?;
    let claim = Claim { issuer: context.home.jurisdiction, receiver: came.0 };
    let document = Document { amount_fen: row.original_fen, ..Document::of_claim(&trip, claim) };
    let told = clearing::told::answered(&result.outcome, &document);
    decision.messages.extend(clearing::told::taken(came, told, context));
    Ok(decision)
}

/// The claim is booked when home owes it; a contest is noted and nothing booked. `trip` is as it was claimed first.
pub fn booked(
    transit: &Transit,
    view: View<'_>,
    trip: &TripFinal,
    result: &ChargeResult,
    context: &mut Context<'_>,
) -> Result<Decision<Transit>, Stop> {
    let amount = original(view, trip)?;
    let mut postings = Postings::new(context);
    if result.outcome.is_owed() {
        postings.claim(amount, trip.network, trip.home);
    }
    let transfers = postings.transfers;
    let mut decision = Decision::nothing().event(Event::TripAnswered { result: result.clone(), transfers });
    match &result.outcome {
        ChargeOutcome::Charged | ChargeOutcome::ChargedDebt => {
            let split = clearing::split::of_trip(transit, view, trip, amount, context)?;
            super::finalise::merge(&mut decision, split);
        }
        ChargeOutcome::Contested { contest, reason, evidence }
            if node_of(context, trip.home) != Some(context.home.jurisdiction) =>
        {
            let opened = clearing::contest::of_claim(trip, amount, *contest, reason, evidence, context.now);
            decision.events.push(opened);
        }
        // Within one node home has noted the contest.
        ChargeOutcome::Contested { .. } => {}
    }
    Ok(decision)
}

/// What was claimed first: adjustments have answers of their own.
fn original(view: View<'_>, trip: &TripFinal) -> Result<huitong_kernel::money::Fen, Stop> {
    Ok(trips::trip(view, trip.trip_id)?.map_or(trip.charge_fen(), |row| row.original_fen))
}

/// Home's answer to an adjustment. The same answer again has no effect.
pub fn adjust_result(
    transit: &Transit,
    view: View<'_>,
    result: AdjustResult,
    came: Came,
    context: &mut Context<'_>,
) -> Decided {
    let row = trips::trip(view, result.trip_id)?.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
    check_sender(context, row.home, came.0)?;
    let adjust = trips::adjustment(view, &row, result.adjust)?.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
    let known = trips::adjustments(view, row.trip)?;
    if known.iter().any(|known| known.adjust == result.adjust && known.state != "sent") {
        return Ok(Decision::nothing());
    }
    let mut decision = adjust_booked(transit, view, &row, &adjust, &result, context)?;
    let document = adjust::document_of(&adjust, row.network, row.home, row.travel_day, context);
    let told = document.map_or(Vec::new(), |document| clearing::told::answered(&result.outcome, &document));
    decision.messages.extend(clearing::told::taken(came, told, context));
    Ok(decision)
}

/// What changes is booked when home owes the trip.
pub fn adjust_booked(
    transit: &Transit,
    view: View<'_>,
    row: &TripRow,
    adjust: &TripAdjust,
    result: &AdjustResult,
    context: &mut Context<'_>,
) -> Result<Decision<Transit>, Stop> {
    let mut postings = Postings::new(context);
    if result.outcome.is_owed() {
        postings.claim(adjust.change_fen, row.network, row.home);
    }
    let transfers = postings.transfers;
    let mut decision = Decision::nothing().event(Event::AdjustAnswered { result: result.clone(), transfers });
    if result.outcome.is_owed() {
        let split = clearing::split::of_adjust(transit, view, adjust, context)?;
        super::finalise::merge(&mut decision, split);
    }
    Ok(decision)
}
