//! Home charges a trip: checks the claim, takes the money or notes the debt, and answers, the same for ever (§9).

use std::collections::{HashMap, HashSet};

use huitong_kernel::division::Division;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_ledger::Transfer;
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};

use super::claim::{self, Fault};
use super::finalise::merge;
use super::{Decided, check_sender, clearing, evidence, send};
use crate::accounts::Postings;
use crate::event::{ContestCharge, Event, NewDebt, TripCharged};
use crate::model::contest::{ANSWER_WITHIN, Contest, ContestReason};
use crate::model::message::{ChargeOutcome, ChargeResult, Message};
use crate::model::rider::AccountToken;
use crate::model::settlement::{Claim, Document};
use crate::model::trip::TripFinal;
use crate::query::accounts::{self, Account};
use crate::query::home_trips::{self, HomeTrip};
use crate::{Transit, refusal};

/// When a debt is tried again, in hours after it arose; then the account is listed (Huitong rule).
const RETRY_HOURS: [i64; 4] = [1, 6, 24, 72];

/// What a decision has taken from accounts before the views say so.
#[derive(Clone, Default)]
pub struct Charging {
    taken: HashMap<AccountToken, Fen>,
    /// Codes that claims of this decision have used.
    pub used: HashSet<(Digest, u8)>,
    /// Trips that cost nothing since an adjustment of this decision.
    pub freed: HashSet<Digest>,
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
    check_sender(context, trip.network, from)?;
    if let Some(known) = home_trips::trip(view, trip.trip_id)? {
        if known.content != content(&trip)? {
            return Err(refusal::TRIP_KNOWN.refuse().into());
        }
        let result = ChargeResult { trip_id: trip.trip_id, outcome: known.outcome()?, booked_at: known.booked_at };
        return Ok(Decision::nothing().message(send(context, from, Message::ChargeResult(result))));
    }
    let (mut decision, result) = charge(transit, view, &trip, from, &mut Charging::default(), context)?;
    let document = Document::of_claim(&trip, Claim { issuer: from, receiver: context.home.jurisdiction });
    let told = clearing::told::answered(&result.outcome, &document);
    decision.messages.insert(0, send(context, from, Message::ChargeResult(result)));
    decision.messages.extend(clearing::told::sent(view, from, told, context)?);
    Ok(decision)
}

/// Charges a trip of the node `visited`: what follows, and the answer.
pub fn charge(
    transit: &Transit,
    view: View<'_>,
    trip: &TripFinal,
    visited: Division,
    charging: &mut Charging,
    context: &mut Context<'_>,
) -> Result<(Decision<Transit>, ChargeResult), Stop> {
    let token = trip.rider.account();
    let account = payer(view, &token)?;
    let fault = match &account {
        None => Some(no_account()),
        Some(account) => claim::fault(transit, view, trip, account, charging, context)?,
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
        charged.document.as_ref().map_or(Ok(()), |document| clearing::day::check_open(view, document))?;
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
            let fault = fault.unwrap_or_else(no_account);
            let reason = fault.0;
            let contest = contest(trip.trip_id, trip, trip.booking_day, fault, trip.charge_fen(), context);
            charged.result.outcome = ChargeOutcome::Contested {
                contest: contest.contest,
                reason: reason.name().to_owned(),
                evidence: contest.evidence.clone(),
            };
            let role = if visited == context.home.jurisdiction { "both" } else { "debtor" };
            events.push(Event::ContestOpened { contest, role: role.to_owned(), is_held: false });
        }
    }
    let result = charged.result.clone();
    events.insert(0, Event::TripCharged(Box::new(charged)));
    let mut decision = Decision { events, ..Decision::nothing() };
    if result.outcome.is_owed() {
        merge(&mut decision, evidence::ask::of_claim(transit, view, trip, 0, &payer, visited, context)?);
    }
    Ok((decision, result))
}

pub fn no_account() -> Fault {
    (ContestReason::NoAccount, "no such account".to_owned())
}

/// A contest that home opens by itself when it takes a document of a trip.
pub fn contest(
    document: Digest,
    trip: &TripFinal,
    booking_day: Date,
    (reason, evidence): Fault,
    amount_fen: Fen,
    context: &mut Context<'_>,
) -> Contest {
    Contest {
        contest: context.new_uuid(),
        document,
        booking_day,
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

/// All of it from what was paid in, or all of it a debt.
pub fn split(account: &Account, amount: Fen, charging: &mut Charging) -> (Fen, Fen) {
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
    let by_reason = match &account {
        None => Some(Fen::ZERO),
        Some(account) => rider_max(view, &content, account, reason)?,
    };
    // While it was disputed it may have been raised wrongly.
    let rider_max_fen = by_reason.into_iter().chain(trip.rider_max_fen).min();
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
fn rider_max(
    view: View<'_>,
    trip: &TripFinal,
    account: &Account,
    reason: ContestReason,
) -> Result<Option<Fen>, StoreError> {
    Ok(match reason {
        ContestReason::NotVerified | ContestReason::DeniedBefore | ContestReason::NoAccount => Some(Fen::ZERO),
        ContestReason::OverLimit => Some(claim::limit(view, trip, account)?),
        ContestReason::Duplicate | ContestReason::FareWrong | ContestReason::TooLate => None,
    })
}

/// When a debt is tried again after so many attempts; `None` when the account is listed instead.
pub fn next_retry(attempts: u32, since: Instant) -> Option<Instant> {
    let hours = RETRY_HOURS.get(usize::try_from(attempts).ok()?)?;
    Some(since + DurationMs::minutes(60 * hours))
}

pub fn new_debt(debt: String, amount_fen: Fen, now: Instant) -> NewDebt {
    NewDebt { debt, amount_fen, next_retry: now + DurationMs::minutes(60 * RETRY_HOURS[0]) }
}
