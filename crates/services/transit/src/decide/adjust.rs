//! Changing a final trip: a document of its own that replaces the adjustment before it; the trip's id, taps and days stay.

use huitong_kernel::division::Division;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};
use uuid::Uuid;

use super::assemble::{self, Parts};
use super::charge::Charging;
use super::course::{self, Course};
use super::finalise::{free, merge};
use super::pricing::NetworkPrices;
use super::{Decided, answers, charge_adjust, node_of, send};
use crate::command::{AdjustWish, Reply};
use crate::event::Event;
use crate::model::fare::ride::Fare;
use crate::model::matching::SingleReason;
use crate::model::message::{Message, TripAdjust};
use crate::model::parameters::Parameters;
use crate::model::settlement::{Document, DocumentKind};
use crate::model::tap::Tap;
use crate::model::trip::{Completion, CompletionKind, TapEvidence, TripFinal, TripKind, TripState};
use crate::query::taps;
use crate::query::trips::{self, TripRow};
use crate::{Transit, refusal};

/// What changes about a trip.
pub enum Change {
    /// The missing side is filled in.
    Completed(Completion),
    /// The missing tap came.
    Tapped(Box<Tapped>),
    /// Fare 0.
    Free,
    /// Fare 0 until a clerk has looked: a tap that came contradicts the trip's.
    Mismatch,
    /// Another amount, of a contest or a clerk.
    Amount(Fen),
    /// Another fare of the same ride, as another trip of the rider came.
    Repriced(Fare),
}

/// A tap that came after its trip was final, and the one that the trip has.
pub struct Tapped {
    pub tap: Tap,
    pub known: Tap,
    /// The pair costs nothing.
    pub free: bool,
}

/// A clerk of the visited city decides.
pub fn by_clerk(
    transit: &Transit,
    view: View<'_>,
    trip: Digest,
    wish: &AdjustWish,
    context: &mut Context<'_>,
) -> Decided {
    let row = trips::trip(view, trip)?.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
    let operator = crate::query::dated::owner(view, row.network)?.map(|(_, operator)| operator);
    if operator.as_deref() != Some(context.principal.participant.as_str()) {
        return Err(refusal::NOT_THE_OPERATOR.refuse().into());
    }
    let prices = NetworkPrices::of(transit, view, context.directory, row.network)?
        .ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse())?;
    let change = match wish {
        AdjustWish::Complete { .. } if !row.kind.is_single_sided() => {
            return Err(refusal::TRIP_COMPLETE.refuse().into());
        }
        AdjustWish::Complete { station } => Change::Completed(Completion {
            how: CompletionKind::Clerk,
            station: *station,
            evidence: context.principal.id.clone(),
        }),
        AdjustWish::Cancel => Change::Free,
        AdjustWish::Charge { amount_fen }
            if amount_fen.is_negative() || *amount_fen > row.original_fen.max(row.charge_fen) =>
        {
            return Err(refusal::invalid("charge.amount_fen").into());
        }
        AdjustWish::Charge { amount_fen } => Change::Amount(*amount_fen),
    };
    let mut decision = adjust(transit, view, &row, &prices, change, "clerk", context)?;
    let reply = decision.events.iter().find_map(|event| match event {
        Event::TripAdjusted { adjust, .. } => Some((Some(adjust.adjust), adjust.trip.charge_fen())),
        _ => None,
    });
    let (adjust, charge_fen) = reply.unwrap_or((None, row.charge_fen));
    decision.answer = huitong_service_kit::service::Answer::Now(Reply::Adjusted { trip, adjust, charge_fen });
    Ok(decision)
}

/// Adjusts a trip, and the rider's later trips whose fares depend on it; see [`adjust_and_later`].
pub fn adjust(
    transit: &Transit,
    view: View<'_>,
    row: &TripRow,
    prices: &NetworkPrices<'_>,
    change: Change,
    reason: &str,
    context: &mut Context<'_>,
) -> Decided {
    adjust_and_later(transit, view, row, prices, change, reason, &mut Course::default(), context)
}

/// Adjusts a trip in a decision that has charged more, and prices the rider's later trips anew: their rebates and caps come out as
/// if the trip had cost so from the beginning.
#[expect(
    clippy::too_many_arguments,
    reason = "what is known of the trip, what changes, and what the decision has taken"
)]
pub fn adjust_and_later(
    transit: &Transit,
    view: View<'_>,
    row: &TripRow,
    prices: &NetworkPrices<'_>,
    change: Change,
    reason: &str,
    course: &mut Course,
    context: &mut Context<'_>,
) -> Decided {
    let mut decision = adjust_with(transit, view, row, prices, change, reason, course, context)?;
    merge(&mut decision, course::reprice_later(transit, view, prices, &row.rider, course, context)?);
    Ok(decision)
}

/// Adjusts a trip alone in a decision that has charged more; nothing follows where the amount and the sides stay as they are (J4).
///
/// # Errors
/// What costs nothing for good, by an order or as its claim was taken back, is changed no more (`TRN-3008`).
#[expect(
    clippy::too_many_arguments,
    reason = "what is known of the trip, what changes, and what the decision has taken"
)]
pub fn adjust_with(
    transit: &Transit,
    view: View<'_>,
    row: &TripRow,
    prices: &NetworkPrices<'_>,
    change: Change,
    reason: &str,
    course: &mut Course,
    context: &mut Context<'_>,
) -> Decided {
    let before = trips::content(view, row)?;
    let (trip, added, evidence) = changed(view, &before, &change, prices, course)?;
    if trip == before {
        return Ok(Decision::nothing());
    }
    if row.state == TripState::Cancelled {
        // Nobody is told of it: home would never pay what it costs again.
        return Err(refusal::TRIP_CANCELLED.refuse().into());
    }
    course.note(&trip);
    let parameters: &Parameters = prices.parameters();
    let adjust = TripAdjust {
        adjust: context.new_uuid(),
        trip_id: row.trip,
        number: row.adjusts + 1,
        added_taps: added,
        delta_fen: trip.charge_fen() - row.original_fen,
        change_fen: trip.charge_fen() - row.charge_fen,
        trip: Box::new(trip),
        reason: reason.to_owned(),
        evidence,
        booking_day: super::clearing::booking_day(view, parameters, context)?,
    };
    claim(transit, view, row, adjust, &mut course.charging, context)
}

/// Tells home of the adjustment, unless nothing was ever claimed.
fn claim(
    transit: &Transit,
    view: View<'_>,
    row: &TripRow,
    adjust: TripAdjust,
    charging: &mut Charging,
    context: &mut Context<'_>,
) -> Decided {
    let is_claimed = row.state != TripState::WrittenOff;
    let document = is_claimed.then(|| document_of(&adjust, row.network, row.home, row.travel_day, context)).flatten();
    let event = Event::TripAdjusted { adjust: Box::new(adjust.clone()), document };
    let mut decision = Decision::nothing().event(event);
    if !is_claimed {
        return Ok(decision);
    }
    let own = context.home.jurisdiction;
    match node_of(context, row.home) {
        Some(node) if node == own => {
            let (charged, result) = charge_adjust::charge(transit, view, &adjust, own, charging, context)?;
            merge(&mut decision, charged);
            merge(&mut decision, answers::adjust_booked(transit, view, row, &adjust, &result, context)?);
        }
        Some(node) => decision = decision.message(send(context, node, Message::TripAdjust(Box::new(adjust)))),
        None => decision = decision.alarm(format!("no node answers for {}: an adjustment waits", row.home)),
    }
    Ok(decision)
}

/// The document of an adjustment: what changes against what was in force. Its id is SHA-256 of its key.
pub fn document_of(
    adjust: &TripAdjust,
    creditor: Division,
    debtor: Division,
    travel_day: Date,
    context: &Context<'_>,
) -> Option<Document> {
    Some(Document {
        id: document_id(adjust.adjust),
        kind: DocumentKind::Adjust,
        issuer: node_of(context, creditor)?,
        receiver: node_of(context, debtor)?,
        creditor,
        debtor,
        booking_day: adjust.booking_day,
        travel_day,
        amount_fen: adjust.change_fen,
        trip: Some(adjust.trip_id),
    })
}

pub fn document_id(adjust: Uuid) -> Digest {
    HashFunction::Sha256.hash(&[b"huitong.transit.adjust.1", adjust.as_bytes()])
}

/// The trip after a change, the taps it gained, and what the change rests on.
fn changed(
    view: View<'_>,
    before: &TripFinal,
    change: &Change,
    prices: &NetworkPrices<'_>,
    course: &Course,
) -> Result<(TripFinal, Vec<TapEvidence>, String), Stop> {
    let mut trip = before.clone();
    match change {
        Change::Free => Ok((free(trip), Vec::new(), String::new())),
        Change::Mismatch => {
            let flag = SingleReason::FareMismatch.name();
            if !trip.flags.iter().any(|known| known == flag) {
                trip.flags.push(flag.to_owned());
            }
            Ok((free(trip), Vec::new(), String::new()))
        }
        Change::Amount(amount) => {
            trip.fare = Fare::flat(before.fare.distance_m, *amount);
            trip.provisional = false;
            Ok((trip, Vec::new(), String::new()))
        }
        Change::Repriced(fare) => {
            trip.fare = fare.clone();
            Ok((trip, Vec::new(), String::new()))
        }
        Change::Completed(completion) => {
            let known = known_tap(view, before)?.ok_or_else(|| refusal::TRIP_COMPLETE.refuse())?;
            let trip = with_side(view, before, &known, None, Some(completion.clone()), prices, course)?;
            Ok((trip, Vec::new(), completion.evidence.clone()))
        }
        Change::Tapped(tapped) => {
            let trip = with_side(view, before, &tapped.known, Some(&tapped.tap), None, prices, course)?;
            let trip = if tapped.free { free(trip) } else { trip };
            Ok((trip, vec![assemble::evidence(&tapped.tap)], tapped.tap.key.to_string()))
        }
    }
}

/// The trip priced anew with its missing side.
fn with_side(
    view: View<'_>,
    before: &TripFinal,
    known: &Tap,
    tap: Option<&Tap>,
    completion: Option<Completion>,
    prices: &NetworkPrices<'_>,
    course: &Course,
) -> Result<TripFinal, Stop> {
    let is_entry = before.kind == TripKind::EntryOnly;
    let (entry, exit) = if is_entry { (Some(known), tap) } else { (tap, Some(known)) };
    if let Some(completion) = &completion
        && prices.current.station(completion.station).is_none()
    {
        return Err(refusal::STATION_UNKNOWN.with("station", completion.station).at_field("station").into());
    }
    let began = entry.or(exit).map_or(known.at, |tap| tap.at);
    let tariff = prices.tariff(began)?.ok_or_else(|| refusal::FARE_NONE.refuse())?;
    let earlier = if tariff.looks_back() {
        course.earlier(view, &before.rider, began, Some(before.trip_id))?
    } else {
        Vec::new()
    };
    let parts = Parts {
        rider: before.rider,
        home: before.home,
        network: before.network,
        entry,
        exit,
        completion,
        order: None,
        reason: None,
        limit_fen: Some(before.limit_fen),
        earlier,
    };
    let trip = assemble::trip(&parts, Some(&tariff), prices.parameters(), before.booking_day);
    if trip.flags.iter().any(|flag| flag == assemble::NO_FARE) {
        return Err(refusal::FARE_NONE.refuse().into());
    }
    // Id, days and grant are those of the trip as it was claimed first; the limit is that of all its codes.
    Ok(TripFinal {
        trip_id: before.trip_id,
        travel_day: before.travel_day,
        grant: before.grant,
        account_type: before.account_type,
        ..trip
    })
}

/// The one tap of a single-sided trip.
fn known_tap(view: View<'_>, trip: &TripFinal) -> Result<Option<Tap>, StoreError> {
    let Some(evidence) = trip.taps.first().filter(|_| trip.taps.len() == 1) else { return Ok(None) };
    Ok(taps::in_trip(view, &evidence.key, trip.trip_id)?.map(|ride| ride.tap))
}
