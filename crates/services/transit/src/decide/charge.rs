//! Home charges a trip: checks the claim, takes the money or notes the debt, and answers, the same for ever (§9).

use std::collections::{HashMap, HashSet};

use huitong_kernel::division::Division;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_ledger::Transfer;
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};

use super::{Decided, adjust, claimed_fare, clearing, node_of, send};
use crate::accounts::Postings;
use crate::event::{AdjustCharged, ContestCharge, Event, NewDebt, TripCharged};
use crate::model::contest::{ANSWER_WITHIN, Contest, ContestReason};
use crate::model::message::{AdjustResult, ChargeOutcome, ChargeResult, Message, TripAdjust};
use crate::model::rider::AccountToken;
use crate::model::trip::TripFinal;
use crate::query::accounts::{self, Account};
use crate::query::home_trips::HomeTrip;
use crate::query::{dated, deny, grants, home_trips};
use crate::{Transit, refusal};

/// Older trips need a clerk's release.
const AGE_DAYS_MAX: i64 = 90;
/// When a debt is tried again, in hours after it arose; then the account is listed (Huitong rule).
const RETRY_HOURS: [i64; 4] = [1, 6, 24, 72];

/// What a decision has taken from accounts before the views say so.
#[derive(Default)]
pub struct Charging {
    taken: HashMap<AccountToken, Fen>,
    used: HashSet<(Digest, u8)>,
}

impl Charging {
    fn available(&self, account: &Account) -> Fen {
        account.balance_fen - self.taken.get(&account.account).copied().unwrap_or_default()
    }

    fn take(&mut self, account: &Account, amount: Fen) {
        *self.taken.entry(account.account).or_default() += amount;
    }
}

/// A trip that another node claims.
pub fn take(transit: &Transit, view: View<'_>, trip: TripFinal, from: Division, context: &mut Context<'_>) -> Decided {
    if node_of(context, trip.network) != Some(from) {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", trip.network).into());
    }
    if let Some(known) = home_trips::trip(view, trip.trip_id)? {
        if known.content != content(&trip)? {
            return Err(refusal::TRIP_KNOWN.refuse().into());
        }
        let result = ChargeResult { trip_id: trip.trip_id, outcome: known.outcome()?, booked_at: known.booked_at };
        return Ok(Decision::nothing().message(send(context, from, Message::ChargeResult(result))));
    }
    let (events, result) = charge(transit, view, &trip, from, &mut Charging::default(), context)?;
    let mut decision = Decision::nothing().message(send(context, from, Message::ChargeResult(result)));
    decision.events = events;
    Ok(decision)
}

/// Charges a trip of the node `visited`: the events, and the answer.
pub fn charge(
    transit: &Transit,
    view: View<'_>,
    trip: &TripFinal,
    visited: Division,
    charging: &mut Charging,
    context: &mut Context<'_>,
) -> Result<(Vec<Event>, ChargeResult), Stop> {
    let token = trip.rider.account();
    let account = payer(view, &token)?;
    let fault = match &account {
        None => Some((ContestReason::NoAccount, "no such account".to_owned())),
        Some(account) => match not_its_account(view, trip, account)? {
            Some(fault) => Some(fault),
            None => fault(transit, view, trip, charging, context)?,
        },
    };
    let payer = account.as_ref().map_or(token, |account| account.account);
    let mut charged = TripCharged {
        visited,
        content: content(trip)?,
        payer,
        result: ChargeResult { trip_id: trip.trip_id, outcome: ChargeOutcome::Charged, booked_at: context.now },
        document: None,
        debt: None,
        transfers: Vec::new(),
        trip: trip.clone(),
    };
    if visited != context.home.jurisdiction {
        // Within one node the visited side has written the document.
        charged.document = super::finalise::document(trip, context);
        charged.document.as_ref().map_or(Ok(()), |document| clearing::period::check_open(view, document))?;
    }
    let mut events = Vec::new();
    match (fault, account) {
        (None, Some(account)) => {
            let (paid, owed) = split(&account, trip.charge_fen(), charging);
            let mut postings = Postings::new(context);
            postings.charge(&payer, paid, owed, trip.network, trip.home);
            charged.transfers = postings.transfers;
            if owed > Fen::ZERO {
                charged.result.outcome = ChargeOutcome::ChargedDebt;
                let debt = format!("trip:{}", trip.trip_id);
                charged.debt = Some(new_debt(debt, owed, context.now));
            }
        }
        (fault, _) => {
            let (reason, evidence) = fault.unwrap_or((ContestReason::NoAccount, String::new()));
            let contest = contest(trip.trip_id, trip, reason, evidence, trip.charge_fen(), context);
            charged.result.outcome = ChargeOutcome::Contested {
                contest: contest.contest,
                reason: reason.name().to_owned(),
                evidence: contest.evidence.clone(),
            };
            let role = if visited == context.home.jurisdiction { "both" } else { "debtor" };
            events.push(Event::ContestOpened { contest, role: role.to_owned() });
        }
    }
    let result = charged.result.clone();
    events.insert(0, Event::TripCharged(Box::new(charged)));
    Ok((events, result))
}

/// A contest that home opens when it takes a claim: the claim itself tells the creditor.
fn contest(
    document: Digest,
    trip: &TripFinal,
    reason: ContestReason,
    evidence: String,
    amount_fen: Fen,
    context: &mut Context<'_>,
) -> Contest {
    Contest {
        contest: context.new_uuid(),
        document,
        booking_day: trip.booking_day,
        creditor: trip.network,
        debtor: trip.home,
        reason,
        amount_fen,
        evidence,
        opened_at: context.now,
        answer_by: context.now + ANSWER_WITHIN,
    }
}

/// The account that pays for a token: itself, or of model P the one behind it.
fn payer(view: View<'_>, token: &AccountToken) -> Result<Option<Account>, StoreError> {
    let Some(account) = accounts::account(view, token)? else { return Ok(None) };
    match &account.parent {
        None => Ok(Some(account)),
        Some(parent) => accounts::account(view, parent),
    }
}

/// Whether the claim names the city of the account that pays, and under model P the grant of the token and a limit within it.
fn not_its_account(
    view: View<'_>,
    trip: &TripFinal,
    account: &Account,
) -> Result<Option<(ContestReason, String)>, StoreError> {
    if account.city != trip.home {
        return Ok(Some((ContestReason::NoAccount, format!("no account of {}", trip.home))));
    }
    let token = trip.rider.account();
    if token == account.account {
        return Ok(None);
    }
    let grant = trip.grant.map(|grant| grants::grant(view, grant)).transpose()?.flatten();
    Ok(match grant.filter(|grant| grant.account == token && grant.network == trip.network && grant.role != "visited") {
        None => Some((ContestReason::NotVerified, "no such grant".to_owned())),
        Some(grant) if trip.limit_fen > grant.limit_fen => {
            Some((ContestReason::OverLimit, format!("granted {}", grant.limit_fen)))
        }
        Some(_) => None,
    })
}

/// All of it from what was paid in, or all of it a debt.
fn split(account: &Account, amount: Fen, charging: &mut Charging) -> (Fen, Fen) {
    if charging.available(account) >= amount {
        charging.take(account, amount);
        (amount, Fen::ZERO)
    } else {
        (Fen::ZERO, amount)
    }
}

/// SHA-256 of the claim as JSON.
fn content(trip: &TripFinal) -> Result<Digest, StoreError> {
    Ok(HashFunction::Sha256.hash(&[&serde_json::to_vec(trip)?]))
}

/// What is wrong with a claim, with the evidence; `None` if home owes it.
fn fault(
    transit: &Transit,
    view: View<'_>,
    trip: &TripFinal,
    charging: &mut Charging,
    context: &Context<'_>,
) -> Result<Option<(ContestReason, String)>, StoreError> {
    if trip.id_of_taps() != trip.trip_id {
        return Ok(Some((ContestReason::NotVerified, "the trip's id is not the hash of its taps".to_owned())));
    }
    if !trip.is_of_our_days(context.now.business_date()) {
        return Ok(Some((ContestReason::NotVerified, "its taps are not of its days".to_owned())));
    }
    if trip.charge_fen() > trip.limit_fen {
        return Ok(Some((ContestReason::OverLimit, format!("limit {}", trip.limit_fen))));
    }
    let oldest = huitong_kernel::time::days_since_epoch(trip.booking_day) - AGE_DAYS_MAX;
    if huitong_kernel::time::days_since_epoch(trip.travel_day) < oldest {
        return Ok(Some((ContestReason::TooLate, format!("travelled on {}", trip.travel_day))));
    }
    for tap in &trip.taps {
        let direction = tap.direction.number();
        let before = home_trips::code_use(view, tap.replay_key, direction)?;
        if let Some(other) = before.filter(|other| *other != trip.trip_id) {
            return Ok(Some((ContestReason::Duplicate, format!("code used by trip {other}"))));
        }
        if !charging.used.insert((tap.replay_key, direction)) {
            return Ok(Some((ContestReason::Duplicate, "code used twice".to_owned())));
        }
        if let Some(evidence) = denied_before(view, trip, tap, context)? {
            return Ok(Some((ContestReason::DeniedBefore, evidence)));
        }
    }
    Ok(claimed_fare::wrong_fare(transit, view, trip, context.directory)?
        .map(|evidence| (ContestReason::FareWrong, evidence)))
}

/// Risk rule (b): accepted under a list that was too old while the newest one had the account; or under one that had it.
fn denied_before(
    view: View<'_>,
    trip: &TripFinal,
    tap: &crate::model::trip::TapEvidence,
    context: &Context<'_>,
) -> Result<Option<String>, StoreError> {
    // The list is that of the issuer's home: under model P that of the visited city, whose code it is.
    let token = trip.rider.account();
    let city = dated::city_of_issuer(view, token.issuer())?.unwrap_or(trip.home);
    let Some(list) = node_of(context, city) else { return Ok(None) };
    let Some(since) = deny::denied_since(view, list, &token, tap.at)? else { return Ok(None) };
    let limit_s = deny_age_limit_s();
    // Lists and gates count in whole seconds.
    let held_as_of = tap.at.0.div_euclid(1_000) - i64::from(tap.deny_age_s);
    let had_it = held_as_of >= since.0.div_euclid(1_000);
    let was_stale = i64::from(tap.deny_age_s) > limit_s;
    Ok((had_it || was_stale).then(|| {
        format!("denied as of {since}; gate {} applied list {} of age {} s", tap.key, tap.deny_sequence, tap.deny_age_s)
    }))
}

/// The region's age limit of deny lists; a city may be stricter, never laxer.
fn deny_age_limit_s() -> i64 {
    i64::from(crate::model::parameters::Parameters::default().deny_age_limit_h) * 3_600
}

/// An adjustment that another node makes.
pub fn take_adjust(
    _transit: &Transit,
    view: View<'_>,
    adjust: TripAdjust,
    from: Division,
    context: &mut Context<'_>,
) -> Decided {
    if node_of(context, adjust.trip.network) != Some(from) {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", adjust.trip.network).into());
    }
    let (events, result) = charge_adjust(view, &adjust, from, &mut Charging::default(), context)?;
    let mut decision = Decision::nothing().message(send(context, from, Message::AdjustResult(result)));
    decision.events = events;
    Ok(decision)
}

/// Books an adjustment: more is charged like a trip, less goes back to the rider, first against the debt of that trip.
pub fn charge_adjust(
    view: View<'_>,
    adjust: &TripAdjust,
    visited: Division,
    charging: &mut Charging,
    context: &mut Context<'_>,
) -> Result<(Vec<Event>, AdjustResult), Stop> {
    // The trip may be charged in this very decision's predecessor only: its claim came first in the feed.
    let known = home_trips::trip(view, adjust.trip_id)?.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
    let before = known.content()?;
    let is_same = (adjust.trip.trip_id, adjust.trip.rider, adjust.trip.network, adjust.trip.home)
        == (adjust.trip_id, before.rider, before.network, before.home);
    let follows = is_same
        && adjust.trip.charge_fen() <= before.limit_fen
        && !adjust.trip.charge_fen().is_negative()
        && adjust.number == known.adjusts + 1
        && adjust.change_fen == adjust.trip.charge_fen() - known.charge_fen
        && adjust.delta_fen == adjust.trip.charge_fen() - known.original_fen;
    if known.visited != visited || !follows {
        return Err(refusal::TRIP_KNOWN.refuse().into());
    }
    let outcome = known.outcome()?;
    let mut charged = AdjustCharged {
        visited,
        payer: known.account,
        result: AdjustResult { adjust: adjust.adjust, trip_id: adjust.trip_id, outcome: ChargeOutcome::Charged },
        document: None,
        debt: None,
        refunded_fen: Fen::ZERO,
        lost_fen: Fen::ZERO,
        transfers: Vec::new(),
        adjust: adjust.clone(),
    };
    if visited != context.home.jurisdiction {
        charged.document = adjustment_document(adjust, context);
        charged.document.as_ref().map_or(Ok(()), |document| clearing::period::check_open(view, document))?;
    }
    if known.is_disputed {
        // Nothing was booked; what stands when the contest ends is booked then.
        charged.result.outcome = outcome;
    } else {
        book_adjust(view, &known, &mut charged, charging, context)?;
    }
    let result = charged.result.clone();
    Ok((vec![Event::AdjustCharged(Box::new(charged))], result))
}

fn book_adjust(
    view: View<'_>,
    known: &HomeTrip,
    charged: &mut AdjustCharged,
    charging: &mut Charging,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let trip = charged.adjust.trip.clone();
    let payer = charged.payer;
    // What home bears of a trip goes back to home, not to the rider.
    let of_rider = |amount: Fen| known.rider_max_fen.map_or(amount, |most| most.min(amount));
    let change = of_rider(trip.charge_fen()) - of_rider(known.charge_fen);
    charged.lost_fen = charged.adjust.change_fen - change;
    let mut postings = Postings::new(context);
    postings.loss(charged.lost_fen, trip.network, trip.home);
    charged.transfers = postings.transfers;
    if change == Fen::ZERO {
        return Ok(());
    }
    if change.is_negative() {
        let debts = accounts::debts(view, &payer)?;
        let of_trip = debts.iter().find(|debt| debt.debt == format!("trip:{}", trip.trip_id));
        let off_debt = of_trip.map_or(Fen::ZERO, |debt| debt.amount_fen.min(-change));
        let back = -change - off_debt;
        let mut postings = Postings::new(context);
        postings.refund(&payer, off_debt, back, trip.network, trip.home);
        charged.transfers.extend(postings.transfers);
        charged.refunded_fen = back;
        return Ok(());
    }
    let account = accounts::account(view, &payer)?.ok_or_else(|| refusal::ACCOUNT_UNKNOWN.refuse())?;
    let (paid, owed) = split(&account, change, charging);
    let mut postings = Postings::new(context);
    postings.charge(&payer, paid, owed, trip.network, trip.home);
    charged.transfers.extend(postings.transfers);
    if owed > Fen::ZERO {
        charged.result.outcome = ChargeOutcome::ChargedDebt;
        let debt = format!("adjust:{}", charged.adjust.adjust);
        charged.debt = Some(new_debt(debt, owed, context.now));
    }
    Ok(())
}

/// What home owes of a claim that it had contested: charged like any other, as far as the rider answers for it; the rest home
/// bears itself.
pub fn decided(
    view: View<'_>,
    trip: &HomeTrip,
    amount: Fen,
    reason: ContestReason,
    context: &mut Context<'_>,
) -> Result<(ContestCharge, Vec<Transfer>), Stop> {
    let content = trip.content()?;
    let account = accounts::account(view, &trip.account)?.filter(|account| account.city == content.home);
    let rider_max_fen = match &account {
        None => Some(Fen::ZERO),
        Some(_) => rider_max(view, &content, reason)?,
    };
    let of_rider = rider_max_fen.map_or(amount, |most| most.min(amount));
    let (paid_fen, owed_fen) =
        account.map_or((Fen::ZERO, Fen::ZERO), |account| split(&account, of_rider, &mut Charging::default()));
    let debt = (owed_fen > Fen::ZERO).then(|| new_debt(format!("trip:{}", trip.trip), owed_fen, context.now));
    let lost_fen = amount - of_rider;
    let mut postings = Postings::new(context);
    postings.charge(&trip.account, paid_fen, owed_fen, content.network, content.home);
    postings.loss(lost_fen, content.network, content.home);
    let transfers = postings.transfers;
    let payer = trip.account;
    Ok((ContestCharge { trip: trip.trip, payer, paid_fen, owed_fen, lost_fen, rider_max_fen, debt }, transfers))
}

/// The most that a rider pays of a claim that home had contested for such a reason: nothing of what the risk rules (a) and (b)
/// exclude, and nothing above the limit (c), whatever the two cities agree on later.
fn rider_max(view: View<'_>, trip: &TripFinal, reason: ContestReason) -> Result<Option<Fen>, StoreError> {
    Ok(match reason {
        ContestReason::NotVerified | ContestReason::DeniedBefore | ContestReason::NoAccount => Some(Fen::ZERO),
        ContestReason::OverLimit => {
            let grant = trip.grant.map(|grant| grants::grant(view, grant)).transpose()?.flatten();
            Some(grant.map_or(trip.limit_fen, |grant| grant.limit_fen.min(trip.limit_fen)))
        }
        ContestReason::Duplicate | ContestReason::FareWrong | ContestReason::TooLate => None,
    })
}

fn adjustment_document(adjust: &TripAdjust, context: &Context<'_>) -> Option<crate::model::settlement::Document> {
    adjust::document_of(adjust, adjust.trip.network, adjust.trip.home, adjust.trip.travel_day, context)
}

/// When a debt is tried again after so many attempts; `None` when the account is listed instead.
pub fn next_retry(attempts: u32, since: Instant) -> Option<Instant> {
    let hours = RETRY_HOURS.get(usize::try_from(attempts).ok()?)?;
    Some(since + DurationMs::minutes(60 * hours))
}

fn new_debt(debt: String, amount_fen: Fen, now: Instant) -> NewDebt {
    NewDebt { debt, amount_fen, next_retry: now + DurationMs::minutes(60 * RETRY_HOURS[0]) }
}
