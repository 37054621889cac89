//! Splitting the revenue of a cross-border trip: a document per partner, after the trip was charged.

use huitong_kernel::division::Division;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, days_since_epoch};
use huitong_service_kit::{Context, Decision, Outgoing, Stop, StoreError, View};

use super::told;
use crate::accounts::Postings;
use crate::decide::{Came, Decided, adjust, check_sender, node_of, send};
use crate::event::Event;
use crate::model::message::{Message, TripAdjust};
use crate::model::settlement::{Document, DocumentKind, SplitNotice};
use crate::model::split::{Splitting, Weights, parts, splitting};
use crate::model::trip::TripFinal;
use crate::query::{dated, documents, splits};
use crate::{Transit, refusal};

/// How far a partner's day may be off this node's, which clocks and cuts explain.
const OFF_DAYS_MAX: i64 = 31;

/// How an amount is shared.
struct Key {
    rule: String,
    version: u32,
    weights: Weights,
}

/// What is shared.
struct Shared<'t> {
    trip: &'t TripFinal,
    /// The document that is split.
    of: Digest,
    amount: Fen,
}

/// The notices of a charged trip, for what home owes of it.
pub fn of_trip(
    transit: &Transit,
    view: View<'_>,
    trip: &TripFinal,
    amount: Fen,
    context: &mut Context<'_>,
) -> Result<Decision<Transit>, Stop> {
    match key_of(transit, view, trip, context)? {
        Ok(Some(key)) => notices(transit, view, &Shared { trip, of: trip.trip_id, amount }, &key, context),
        Ok(None) => Ok(Decision::nothing()),
        Err(alarm) => Ok(Decision::nothing().alarm(alarm)),
    }
}

/// The notices of an adjustment: what changes, by the weights of the original. Where the trip was not split before, because
/// one of its sides was missing, all of it is split now.
pub fn of_adjust(
    transit: &Transit,
    view: View<'_>,
    adjust: &TripAdjust,
    context: &mut Context<'_>,
) -> Result<Decision<Transit>, Stop> {
    let of = adjust::document_id(adjust.adjust);
    let Some(first) = splits::of_trip(view, adjust.trip_id)?.into_iter().next() else {
        let all = Shared { trip: &adjust.trip, of, amount: adjust.trip.charge_fen() };
        return match key_of(transit, view, &adjust.trip, context)? {
            Ok(Some(key)) => notices(transit, view, &all, &key, context),
            Ok(None) => Ok(Decision::nothing()),
            Err(alarm) => Ok(Decision::nothing().alarm(alarm)),
        };
    };
    let key = Key { rule: first.rule, version: first.rule_version, weights: first.weights };
    notices(transit, view, &Shared { trip: &adjust.trip, of, amount: adjust.change_fen }, &key, context)
}

/// Whether and how a trip is split by the rules of its day of travel; or the alarm that it cannot be.
fn key_of(
    transit: &Transit,
    view: View<'_>,
    trip: &TripFinal,
    context: &Context<'_>,
) -> Result<Result<Option<Key>, String>, StoreError> {
    let Some(ride) = trip.ride() else { return Ok(Ok(None)) };
    let Some(map) = dated::map(transit, view, trip.network, trip.pack.network_version)? else { return Ok(Ok(None)) };
    let rules = dated::split_rules(view, trip.network)?;
    let own = context.home.jurisdiction;
    let alarm = |why: String| format!("{}: trip {}: {why}", refusal::SPLIT.code, trip.trip_id);
    Ok(match splitting(&rules, &map, own, &ride) {
        None | Some(Splitting::Whole) => Ok(None),
        Some(Splitting::RuleMissing(line)) => {
            Err(alarm(format!("line {line} has no rule for {} and crosses the border", trip.travel_day)))
        }
        Some(Splitting::By { rule, .. }) if !rule.may_charge() => {
            Err(alarm(format!("the rule of line {} is unconfirmed", rule.line)))
        }
        Some(Splitting::By { rule, .. }) if rule.operating != own => {
            Err(alarm(format!("the rule of line {} names {} as operating", rule.line, rule.operating)))
        }
        Some(Splitting::By { rule, weights }) => {
            Ok(Some(Key { rule: rule.line.to_string(), version: rule.version, weights }))
        }
    })
}

fn notices(
    transit: &Transit,
    view: View<'_>,
    shared: &Shared<'_>,
    key: &Key,
    context: &mut Context<'_>,
) -> Result<Decision<Transit>, Stop> {
    let (trip, own) = (shared.trip, context.home.jurisdiction);
    let mut decision = Decision::nothing();
    let Some(parts) = parts(shared.amount, &key.weights) else { return Ok(decision) };
    let booking_day = booking_day(transit, view, trip.network, context)?;
    for (partner, part) in parts.iter().filter(|(partner, part)| *partner != own && *part != Fen::ZERO) {
        let notice = SplitNotice {
            trip_id: trip.trip_id,
            of: shared.of,
            operating: trip.network,
            partner: *partner,
            rule: key.rule.clone(),
            rule_version: key.version,
            weights: key.weights.clone(),
            parts: parts.clone(),
            amount_fen: shared.amount,
            booking_day,
            travel_day: trip.travel_day,
        };
        let Some(node) = node_of(context, *partner) else {
            decision.alarms.push(format!("no node answers for {partner}: its part of a trip waits"));
            continue;
        };
        if node != own {
            // Booked when the partner says on which day it has: its open period is not known here.
            decision.messages.push(send(context, node, Message::SplitNotice(notice.clone())));
            decision.events.push(Event::SplitNoticed { notice, amount_fen: *part });
            continue;
        }
        let mut postings = Postings::new(context);
        postings.split_owed(*part, trip.network, *partner);
        postings.split_due(*part, trip.network, *partner);
        let transfers = postings.transfers;
        let document = document(&notice, *part, (own, own), booking_day);
        decision.events.push(Event::SplitBooked { notice, document, is_issuer: true, transfers });
    }
    Ok(decision)
}

/// The day on which this node books a part now, by the business day of the operating city.
fn booking_day(
    transit: &Transit,
    view: View<'_>,
    operating: Division,
    context: &Context<'_>,
) -> Result<Date, StoreError> {
    let parameters = dated::current_map(transit, view, operating)?.map(|map| map.map.parameters.clone());
    super::booking_day(view, &parameters.unwrap_or_default(), context)
}

fn document_id(of: Digest, partner: Division) -> Digest {
    HashFunction::Sha256.hash(&[b"huitong.transit.split.1", &of.0, partner.as_str().as_bytes()])
}

/// A partner's part as a document: the operating city owes it, the partner's node issues it.
fn document(notice: &SplitNotice, part: Fen, (issuer, receiver): (Division, Division), booking_day: Date) -> Document {
    Document {
        id: document_id(notice.of, notice.partner),
        kind: DocumentKind::Split,
        issuer,
        receiver,
        creditor: notice.partner,
        debtor: notice.operating,
        booking_day,
        travel_day: notice.travel_day,
        amount_fen: part,
        trip: Some(notice.trip_id),
    }
}

/// At the partner: the parts are recomputed from the weights before anything is booked. A notice that comes after a cut is
/// booked in the next period, with its own day of travel; the answer tells the operating node, which books the same.
pub fn take(
    transit: &Transit,
    view: View<'_>,
    notice: SplitNotice,
    from: Division,
    context: &mut Context<'_>,
) -> Decided {
    let own = context.home.jurisdiction;
    check_sender(context, notice.operating, from)?;
    if node_of(context, notice.partner) != Some(own) {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", notice.partner).into());
    }
    if let Some(known) = splits::notice(view, notice.of, notice.partner)? {
        let booked = documents::document(view, own, document_id(notice.of, notice.partner))?;
        let booked = booked.filter(|_| known == notice).ok_or_else(|| refusal::SPLIT.refuse())?;
        return Ok(Decision::nothing().message(answer(&notice, booked.booking_day, from, context)));
    }
    let expected = parts(notice.amount_fen, &notice.weights);
    let sum: Fen = notice.parts.iter().map(|(_, part)| *part).sum();
    if sum != notice.amount_fen || expected.as_ref() != Some(&notice.parts) {
        return Err(refusal::SPLIT.refuse().at_field("parts").into());
    }
    let part = part_of(&notice)?;
    let booking_day = booking_day(transit, view, notice.operating, context)?;
    let document = document(&notice, part, (own, from), booking_day);
    let mut postings = Postings::new(context);
    postings.split_due(part, notice.operating, notice.partner);
    let transfers = postings.transfers;
    let mut decision = Decision::nothing().message(answer(&notice, booking_day, from, context));
    decision.messages.extend(told::sent(view, from, vec![told::document(&document)], context)?);
    Ok(decision.event(Event::SplitBooked { notice, document, is_issuer: true, transfers }))
}

fn part_of(notice: &SplitNotice) -> Result<Fen, Stop> {
    let part = notice.parts.iter().find(|(party, _)| *party == notice.partner).map(|(_, part)| *part);
    part.ok_or_else(|| refusal::SPLIT.refuse().at_field("partner").into())
}

fn answer(notice: &SplitNotice, booking_day: Date, to: Division, context: &mut Context<'_>) -> Outgoing {
    send(context, to, Message::SplitAnswer { of: notice.of, partner: notice.partner, booking_day })
}

/// At the operating node: the part is owed from the day on which its partner has booked it.
pub fn take_answer(
    view: View<'_>,
    (of, partner): (Digest, Division),
    booking_day: Date,
    came: Came,
    context: &mut Context<'_>,
) -> Decided {
    let (own, from) = (context.home.jurisdiction, came.0);
    let nodes = (Some(own), Some(from));
    let notice = splits::notice(view, of, partner)?.filter(|notice| {
        (node_of(context, notice.operating), node_of(context, notice.partner)) == nodes && from != own
    });
    let notice = notice.ok_or_else(|| refusal::DOCUMENT_UNKNOWN.refuse())?;
    if let Some(booked) = documents::document(view, own, document_id(of, partner))? {
        let is_same = booked.booking_day == booking_day;
        return if is_same {
            Ok(Decision::nothing())
        } else {
            Err(refusal::SPLIT.refuse().at_field("booking_day").into())
        };
    }
    let days = [booking_day, notice.booking_day, context.now.business_date()].map(days_since_epoch);
    if days[0] < days[1] - OFF_DAYS_MAX || days[0] > days[2] + OFF_DAYS_MAX {
        return Err(refusal::invalid("booking_day").into());
    }
    let part = part_of(&notice)?;
    let document = document(&notice, part, (from, own), booking_day);
    super::day::check_open(view, &document)?;
    let mut postings = Postings::new(context);
    postings.split_owed(part, notice.operating, notice.partner);
    let transfers = postings.transfers;
    let told = told::taken(came, vec![told::document(&document)], context);
    let decision = Decision { messages: told.into_iter().collect(), ..Decision::nothing() };
    Ok(decision.event(Event::SplitBooked { notice, document, is_issuer: false, transfers }))
}
