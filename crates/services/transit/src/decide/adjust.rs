//! Changing a final trip: a document of its own that replaces the adjustment before it; the trip's id, taps and days stay.

use std::collections::HashSet;

use huitong_kernel::division::Division;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{Context, Decision, Stop, View};
use uuid::Uuid;

use super::assemble::{self, Parts};
use super::charge::Charging;
use super::finalise::{free, merge};
use super::pricing::NetworkPrices;
use super::{Decided, answers, charge_adjust, node_of, send};
use crate::command::{AdjustWish, Reply};
use crate::event::Event;
use crate::model::fare::ride::Fare;
use crate::model::matching;
use crate::model::message::{Message, TripAdjust};
use crate::model::parameters::Parameters;
use crate::model::settlement::{Document, DocumentKind};
use crate::model::tap::{Tap, TapKey};
use crate::model::trip::{Completion, CompletionKind, TapEvidence, TripFinal, TripKind, TripState};
use crate::query::trips::{self, TripRow};
use crate::{Transit, refusal};

/// What changes about a trip.
pub enum Change {
    /// The missing side is filled in.
    Completed(Completion),
    /// The missing tap came.
    Tapped(Box<Tap>),
    /// Fare 0.
    Free,
    /// Another amount, of a contest or a clerk.
    Amount(Fen),
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

/// Adjusts a trip by itself; see [`adjust_with`].
pub fn adjust(
    transit: &Transit,
    view: View<'_>,
    row: &TripRow,
    prices: &NetworkPrices<'_>,
    change: Change,
    reason: &str,
    context: &mut Context<'_>,
) -> Decided {
    adjust_with(transit, view, row, prices, change, reason, &mut Charging::default(), context)
}

/// Adjusts a trip in a decision that has charged more; nothing follows where the amount and the sides stay as they are (J4).
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
    charging: &mut Charging,
    context: &mut Context<'_>,
) -> Decided {
    let before = trips::content(view, row)?;
    let (trip, added, evidence) = changed(&before, &change, prices)?;
    if trip == before {
        return Ok(Decision::nothing());
    }
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
        booking_day: super::clearing::booking_day(view, parameters, context.now)?,
    };
    claim(transit, view, row, adjust, charging, context)
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
    let is_claimed = !matches!(row.state, TripState::WrittenOff | TripState::Cancelled);
    let document = is_claimed.then(|| document_of(&adjust, row.network, row.home, row.travel_day, context)).flatten();
    let event = Event::TripAdjusted { adjust: Box::new(adjust.clone()), document };
    let mut decision = Decision::nothing().event(event);
    if !is_claimed {
        return Ok(decision);
    }
    let own = context.home.jurisdiction;
    match node_of(context, row.home) {
        Some(node) if node == own => {
            let (events, result) = charge_adjust::charge(transit, view, &adjust, own, charging, context)?;
            decision.events.extend(events);
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
    before: &TripFinal,
    change: &Change,
    prices: &NetworkPrices<'_>,
) -> Result<(TripFinal, Vec<TapEvidence>, String), Stop> {
    match change {
        Change::Free => Ok((free(before.clone()), Vec::new(), String::new())),
        Change::Amount(amount) => {
            let mut trip = before.clone();
            trip.fare = Fare::flat(before.fare.distance_m, *amount);
            trip.provisional = false;
            Ok((trip, Vec::new(), String::new()))
        }
        Change::Completed(completion) => {
            let trip = with_side(before, None, Some(completion.clone()), prices)?;
            Ok((trip, Vec::new(), completion.evidence.clone()))
        }
        Change::Tapped(tap) => {
            let trip = with_side(before, Some(tap), None, prices)?;
            Ok((trip, vec![assemble::evidence(tap)], tap.key.to_string()))
        }
    }
}

/// The trip priced anew with its missing side.
fn with_side(
    before: &TripFinal,
    tap: Option<&Tap>,
    completion: Option<Completion>,
    prices: &NetworkPrices<'_>,
) -> Result<TripFinal, Stop> {
    let known = known_tap(before).ok_or_else(|| refusal::TRIP_COMPLETE.refuse())?;
    let is_entry = before.kind == TripKind::EntryOnly;
    let (entry, exit) = if is_entry { (Some(&known), tap) } else { (tap, Some(&known)) };
    if let Some(completion) = &completion
        && prices.current.station(completion.station).is_none()
    {
        return Err(refusal::STATION_UNKNOWN.with("station", completion.station).at_field("station").into());
    }
    let parts = Parts {
        rider: before.rider,
        home: before.home,
        network: before.network,
        entry,
        exit,
        completion,
        order: None,
        reason: None,
        earlier: Vec::new(),
    };
    let began = entry.or(exit).map_or(known.at, |tap| tap.at);
    let tariff = prices.tariff(began)?.ok_or_else(|| refusal::FARE_NONE.refuse())?;
    let trip = assemble::trip(&parts, Some(&tariff), prices.parameters(), before.booking_day);
    if trip.flags.iter().any(|flag| flag == "no_fare") {
        return Err(refusal::FARE_NONE.refuse().into());
    }
    // Id, days, limit and grant are those of the trip as it was claimed first.
    let mut fare = trip.fare.clone();
    fare.discount(assemble::ABOVE_LIMIT, fare.charge_fen - before.limit_fen);
    Ok(TripFinal {
        trip_id: before.trip_id,
        travel_day: before.travel_day,
        limit_fen: before.limit_fen,
        grant: before.grant,
        account_type: before.account_type,
        fare,
        ..trip
    })
}

/// The one tap of a single-sided trip, as far as its evidence tells.
fn known_tap(trip: &TripFinal) -> Option<Tap> {
    let evidence = trip.taps.first().filter(|_| trip.taps.len() == 1)?;
    Some(Tap {
        key: evidence.key.clone(),
        hash: evidence.hash,
        direction: evidence.direction,
        station: evidence.station,
        line: evidence.line,
        at: evidence.at,
        uncertainty: DurationMs(0),
        generated: evidence.generated,
        account_type: trip.account_type,
        limit_fen: trip.limit_fen,
        shown_fen: None,
        flags: 0,
        replay_key: evidence.replay_key,
        deny_sequence: evidence.deny_sequence,
        deny_age_s: evidence.deny_age_s,
        grant: trip.grant,
        arrived: evidence.at,
    })
}

/// What late taps have changed in one decision.
#[derive(Default)]
pub struct Late {
    /// Trips that have got their missing tap.
    pub adjusted: HashSet<Digest>,
    pub charging: Charging,
}

/// A single-sided trip that was final before its other side came: it gets the tap, and no second trip begins.
pub fn late_partner(
    transit: &Transit,
    view: View<'_>,
    prices: &NetworkPrices<'_>,
    parts: &Parts<'_>,
    keys: &[TapKey],
    late: &mut Late,
    context: &mut Context<'_>,
) -> Result<Option<Decision<Transit>>, Stop> {
    let limit = prices.parameters().pair_limit();
    let (tap, wanted, from, to) = match (parts.entry, parts.exit) {
        (Some(entry), None) => (entry, TripKind::ExitOnly, entry.at, entry.at + limit),
        (None, Some(exit)) => (exit, TripKind::EntryOnly, Instant(exit.at.0 - limit.0), exit.at),
        _ => return Ok(None),
    };
    let candidates = trips::of_rider(view, prices.network, &parts.rider, from, to, 20)?;
    let candidates = candidates.into_iter().filter(|row| row.kind == wanted && row.state != TripState::Cancelled);
    for row in candidates {
        if late.adjusted.contains(&row.trip) {
            continue;
        }
        let Some(known) = known_tap(&trips::content(view, &row)?) else { continue };
        let (entry, exit) = if wanted == TripKind::ExitOnly { (tap, &known) } else { (&known, tap) };
        let fits = matching::fits(entry, exit, prices.parameters(), prices).is_ok();
        prices.check()?;
        if fits {
            late.adjusted.insert(row.trip);
            let change = Change::Tapped(Box::new(tap.clone()));
            let charging = &mut late.charging;
            let mut decision = adjust_with(transit, view, &row, prices, change, "late_tap", charging, context)?;
            decision.events.push(Event::TapsJoined {
                trip: row.trip,
                network: prices.network,
                rider: parts.rider,
                taps: keys.to_vec(),
            });
            return Ok(Some(decision));
        }
    }
    Ok(None)
}
