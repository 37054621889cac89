//! Home books an adjustment: what is more is checked and charged like a trip, what is less goes back.
//!
//! Both books must agree, so that what home does not believe is booked all the same: as its own loss, not the rider's, and
//! contested at once. What a contest gives back goes to the loss first.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::days_since_epoch;
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};

use super::charge::{self, Charging};
use super::claim::{self, Fault};
use super::finalise::merge;
use super::{Decided, adjust, check_sender, clearing, evidence, send};
use crate::accounts::Postings;
use crate::event::{AdjustCharged, Event};
use crate::model::message::{AdjustResult, ChargeOutcome, Message, TripAdjust};
use crate::model::trip::TripFinal;
use crate::query::accounts::{self, Account};
use crate::query::home_trips::{self, HomeTrip};
use crate::{Transit, refusal};

/// An adjustment that another node makes.
pub fn take(
    transit: &Transit,
    view: View<'_>,
    adjust: TripAdjust,
    from: Division,
    context: &mut Context<'_>,
) -> Decided {
    check_sender(context, adjust.trip.network, from)?;
    let (mut decision, result) = charge(transit, view, &adjust, from, &mut Charging::default(), context)?;
    let contest = decision.events.iter().find_map(|event| match event {
        Event::ContestOpened { contest, .. } => Some(contest.clone()),
        _ => None,
    });
    let held = contest.as_ref().filter(|_| result.outcome.is_owed()).map(|contest| (contest.document, contest.contest));
    if let Some(contest) = contest {
        decision.messages.insert(0, send(context, from, Message::Contest(contest)));
    }
    let trip = &adjust.trip;
    let document = adjust::document_of(&adjust, trip.network, trip.home, trip.travel_day, context);
    let told = document.map_or(Vec::new(), |document| clearing::told::answered(&result.outcome, &document));
    decision.messages.insert(0, send(context, from, Message::AdjustResult(result)));
    decision.messages.extend(clearing::told::sent(view, from, told, context)?);
    decision.messages.extend(held.map(|(document, contest)| clearing::told::hold(context, document, contest, true)));
    Ok(decision)
}

/// Books an adjustment of the node `visited`: what follows, and the answer.
pub fn charge(
    transit: &Transit,
    view: View<'_>,
    adjust: &TripAdjust,
    visited: Division,
    charging: &mut Charging,
    context: &mut Context<'_>,
) -> Result<(Decision<Transit>, AdjustResult), Stop> {
    // The trip may be charged in this very decision's predecessor only: its claim came first in the feed.
    let known = home_trips::trip(view, adjust.trip_id)?.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
    if known.visited != visited || !follows(adjust, &known, context)? {
        return Err(refusal::TRIP_KNOWN.refuse().into());
    }
    let mut charged = AdjustCharged {
        visited,
        payer: known.account,
        result: AdjustResult { adjust: adjust.adjust, trip_id: adjust.trip_id, outcome: ChargeOutcome::Charged },
        document: None,
        debt: None,
        refunded_fen: Fen::ZERO,
        lost_fen: Fen::ZERO,
        rider_max_fen: known.rider_max_fen,
        transfers: Vec::new(),
        adjust: adjust.clone(),
    };
    if visited != context.home.jurisdiction {
        let trip = &adjust.trip;
        charged.document = adjust::document_of(adjust, trip.network, trip.home, trip.travel_day, context);
        charged.document.as_ref().map_or(Ok(()), |document| clearing::day::check_open(view, document))?;
    }
    if adjust.trip.charge_fen() == Fen::ZERO {
        charging.freed.insert(adjust.trip_id);
    }
    let mut fault = None;
    if known.is_disputed {
        // Nothing was booked; what stands when the contest ends is booked then. What is wrong about more is contested by itself, and
        // never the rider's.
        charged.result.outcome = known.outcome()?;
        (_, fault) = checked(transit, view, &charged, &known, charging, context)?;
        if fault.is_some() {
            charged.rider_max_fen = Some(known.of_rider(known.charge_fen));
        }
    } else if adjust.change_fen.is_negative() {
        give_back(view, &mut charged, &known, context)?;
    } else {
        fault = take_more(transit, view, &mut charged, &known, charging, context)?;
    }
    let contest = fault.map(|fault| {
        let (document, trip) = (adjust::document_id(adjust.adjust), &adjust.trip);
        charge::contest(document, trip, adjust.booking_day, fault, adjust.change_fen, context)
    });
    let result = charged.result.clone();
    let mut decision = Decision::nothing().event(Event::AdjustCharged(Box::new(charged)));
    if let Some(contest) = contest {
        let is_debtor = visited != context.home.jurisdiction;
        let role = if is_debtor { "debtor" } else { "both" };
        let is_held = is_debtor && result.outcome.is_owed();
        decision.events.push(Event::ContestOpened { contest, role: role.to_owned(), is_held });
    } else if result.outcome.is_owed() && adjust.change_fen > Fen::ZERO {
        let (trip, payer) = (&adjust.trip, &known.account);
        merge(&mut decision, evidence::ask::of_claim(transit, view, trip, adjust.number, payer, visited, context)?);
    }
    Ok((decision, result))
}

/// Whether the adjustment is the next one of this trip, which is the same ride of the same rider still, within its limit.
fn follows(adjust: &TripAdjust, known: &HomeTrip, context: &Context<'_>) -> Result<bool, StoreError> {
    let (before, after) = (known.content()?, &adjust.trip);
    let fixed = |trip: &TripFinal| {
        (
            (trip.trip_id, trip.rider, trip.network, trip.home, trip.account_type),
            (trip.grant, trip.travel_day, trip.booking_day),
        )
    };
    let taps = before.taps.iter().chain(&adjust.added_taps);
    let today = days_since_epoch(context.now.business_date());
    Ok(before.trip_id == adjust.trip_id
        && fixed(&before) == fixed(after)
        && after.taps.len() == before.taps.len() + adjust.added_taps.len()
        && taps.clone().all(|tap| after.taps.contains(tap))
        && after.limit_fen <= before.limit_fen
        && after.charge_fen() <= after.limit_fen
        && after.fare.adds_up()
        && adjust.number == known.adjusts + 1
        && adjust.change_fen == after.charge_fen() - known.charge_fen
        && adjust.delta_fen == after.charge_fen() - known.original_fen
        && adjust.booking_day >= known.booking_day
        && days_since_epoch(adjust.booking_day) <= today + 1)
}

/// Less goes back: first to what home bore itself, then against the debt of that trip, the rest to the rider.
fn give_back(
    view: View<'_>,
    charged: &mut AdjustCharged,
    known: &HomeTrip,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let (change, trip) = (charged.adjust.change_fen, &charged.adjust.trip);
    let less = known.of_rider(known.charge_fen) - known.of_rider(trip.charge_fen());
    charged.lost_fen = change + less;
    if known.rider_max_fen.is_some_and(|most| trip.charge_fen() <= most) && known.outcome()?.is_owed() {
        // What an adjustment was wrong about is gone; only what a claim was contested for stays.
        charged.rider_max_fen = None;
    }
    let debts = accounts::debts(view, &charged.payer)?;
    let of_trip = debts.iter().find(|debt| debt.debt == format!("trip:{}", trip.trip_id));
    let off_debt = of_trip.map_or(Fen::ZERO, |debt| debt.amount_fen.min(less));
    let back = less - off_debt;
    let mut postings = Postings::new(context);
    postings.loss(charged.lost_fen, trip.network, trip.home);
    postings.refund(&charged.payer, off_debt, back, trip.network, trip.home);
    charged.transfers = postings.transfers;
    charged.refunded_fen = back;
    Ok(())
}

/// Who pays, and what is wrong with what is more: it is checked like a claim.
fn checked(
    transit: &Transit,
    view: View<'_>,
    charged: &AdjustCharged,
    known: &HomeTrip,
    charging: &mut Charging,
    context: &Context<'_>,
) -> Result<(Option<Account>, Option<Fault>), StoreError> {
    let trip = &charged.adjust.trip;
    let account = accounts::account(view, &charged.payer)?;
    if charged.adjust.change_fen <= Fen::ZERO {
        return Ok((account, None));
    }
    let fault = match &account {
        None => Some(charge::no_account()),
        Some(account) => match claim::travel(transit, view, trip, account, charging, context)? {
            // What was claimed first was checked then: up to it an amount is the visited city's word.
            None if trip.charge_fen() > known.original_fen => claim::fare(transit, view, trip, context)?,
            fault => fault,
        },
    };
    Ok((account, fault))
}

/// More is charged as far as the rider answers for the trip; the rest home bears, and all of it where something is wrong; then
/// the fault is told.
fn take_more(
    transit: &Transit,
    view: View<'_>,
    charged: &mut AdjustCharged,
    known: &HomeTrip,
    charging: &mut Charging,
    context: &mut Context<'_>,
) -> Result<Option<Fault>, Stop> {
    let (change, trip) = (charged.adjust.change_fen, charged.adjust.trip.clone());
    if change == Fen::ZERO {
        return Ok(None);
    }
    let (account, fault) = checked(transit, view, charged, known, charging, context)?;
    let (paid, owed) = match (&account, &fault) {
        (Some(account), None) => {
            let more = known.of_rider(trip.charge_fen()) - known.of_rider(known.charge_fen);
            charge::split(account, more, charging)
        }
        _ => {
            charged.rider_max_fen = Some(known.of_rider(known.charge_fen));
            (Fen::ZERO, Fen::ZERO)
        }
    };
    charged.lost_fen = change - paid - owed;
    let mut postings = Postings::new(context);
    postings.charge(&charged.payer, paid, owed, trip.network, trip.home);
    postings.loss(charged.lost_fen, trip.network, trip.home);
    charged.transfers = postings.transfers;
    if owed > Fen::ZERO {
        charged.result.outcome = ChargeOutcome::ChargedDebt;
        let debt = format!("adjust:{}", charged.adjust.adjust);
        charged.debt = Some(charge::new_debt(debt, owed, context.now));
    }
    Ok(fault)
}
