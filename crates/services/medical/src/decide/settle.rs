//! Settlement (结算) of a quoted batch.

use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_service_kit::{Context, Decision, Service, Stop, View};
use uuid::Uuid;

use super::booking::{Booking, answer as answer_commit, book, refuse};
use super::pool::asking;
use super::pricing::{Priceable, price};
use super::quote::{care_date, check_stay, check_total, renewed};
use super::{Decided, Peer, lines::own_open_visit, send};
use crate::command::SentSums;
use crate::event::{CallState, Event};
use crate::model::document::StayDates;
use crate::model::message::{CallReference, Commit, CommitOutcome, Message, Quote, SplitBatch};
use crate::model::person::CareType;
use crate::query::settlements::Role;
use crate::query::visits::HomeVisit;
use crate::query::{calls, pools, settlements, visits};
use crate::{Medical, refusal};

/// After this the cashier is told to wait and home is queried. It never decides the outcome.
pub const COMMIT_DEADLINE: DurationMs = DurationMs::seconds(10);

pub struct Wish {
    pub visit: Uuid,
    pub batch: String,
    pub quote: Uuid,
    pub message_id: String,
    pub total: Fen,
    pub sums: Option<SentSums>,
}

pub fn ask(view: View<'_>, wish: &Wish, context: &mut Context<'_>) -> Decided {
    let visit = own_open_visit(view, wish.visit, context)?;
    let batch = visits::visited_batch(view, wish.visit, &wish.batch)?;
    let batch = batch.ok_or_else(|| refusal::VISIT_UNKNOWN.refuse().at_field("batch"))?;
    match batch.state.as_str() {
        "open" => {}
        "settling" => return Err(refusal::BATCH_PENDING.refuse().into()),
        _ => {
            let number = visit.number.as_deref().unwrap_or_default();
            let first = settlements::of_batch(view, Role::Visited, number, &wish.batch)?.unwrap_or_default();
            return Err(refusal::BATCH_SETTLED.with("settlement", first).into());
        }
    }
    let quote = batch.quote.filter(|quote| quote.quote == wish.quote);
    let quote = quote.ok_or_else(|| refusal::QUOTE_UNKNOWN.refuse().at_field("quote"))?;
    check_stay(view, wish.visit, &visit, &wish.batch, quote.interim)?;
    let split = quote.computation.amounts.lines;
    check_total("total_fee", split.total_fen, Some(wish.total))?;
    let sums = wish.sums.unwrap_or_default();
    check_total("own", split.own_fen, sums.own)?;
    check_total("over", split.over_fen, sums.over)?;
    check_total("pre", split.pre_fen, sums.pre)?;
    check_total("eligible", split.eligible_fen, sums.eligible)?;
    let call = CallReference { institution: visit.institution.clone(), message_id: wish.message_id.clone() };
    check_call(view, &call)?;
    let commit = Commit {
        institution: call.institution.clone(),
        message_id: call.message_id.clone(),
        number: quote.number,
        batch: wish.batch.clone(),
        quote: wish.quote,
        lines_hash: quote.lines_hash,
    };
    let event = call_sent(view, call, visit.home, Some(wish.visit), wish.batch.clone(), context)?;
    let cycle = context.new_uuid();
    let message = send(context, visit.home, cycle, wish.visit, Message::Commit(commit));
    Ok(Decision::wait(correlation(&visit.institution, &wish.message_id)).event(event).message(message))
}

/// Under which name the cashier waits.
pub fn correlation(institution: &str, message_id: &str) -> String {
    format!("call/{institution}/{message_id}")
}

/// An id that was used before, or reversed before it was used, is refused (MED-1007, MED-4005). The same request under
/// the same key never comes here: it is answered from the journal.
pub fn check_call(view: View<'_>, call: &CallReference) -> Result<(), Stop> {
    match calls::state(view, call)? {
        None => Ok(()),
        Some(CallState::Reversed | CallState::Tombstone) => Err(refusal::CALL_REVERSED.refuse().into()),
        Some(_) => Err(refusal::MESSAGE_ID_REUSED.refuse().into()),
    }
}

pub fn call_sent(
    view: View<'_>,
    call: CallReference,
    home: huitong_kernel::division::Division,
    visit: Option<Uuid>,
    batch: String,
    context: &Context<'_>,
) -> Result<Event, Stop> {
    let feed = Feed::new(context.home.clone(), Address::new(home, Medical::NAME));
    let number = huitong_store::feeds::next_number(view, &feed)?;
    Ok(Event::CallSent { call, home, visit, batch, number, query_at: context.now + COMMIT_DEADLINE })
}

/// Home: books if the offer still stands, else answers with a new one.
pub fn answer(medical: &Medical, view: View<'_>, commit: &Commit, from: &Peer, context: &mut Context<'_>) -> Decided {
    let call = CallReference { institution: commit.institution.clone(), message_id: commit.message_id.clone() };
    if calls::is_tombstoned(view, from.jurisdiction, &call)? {
        return Ok(refuse(&call, refusal::CALL_REVERSED.refuse(), from, context));
    }
    let quote = visits::home_quote(view, commit.quote, from.jurisdiction)?;
    let visit = visits::home_visit(view, &commit.number)?.filter(|visit| visit.visited == from.jurisdiction);
    let (Some(quote), Some(visit)) = (quote, visit) else {
        return Ok(refuse(&call, refusal::QUOTE_UNKNOWN.refuse(), from, context));
    };
    let matches = (&quote.number, &quote.batch, quote.lines_hash) == (&commit.number, &commit.batch, commit.lines_hash);
    if !matches || visit.facts.institution != commit.institution {
        return Ok(refuse(&call, refusal::QUOTE_UNKNOWN.refuse(), from, context));
    }
    if let Some(settlement) = settlements::of_batch(view, Role::Home, &commit.number, &commit.batch)? {
        return Ok(refuse(&call, refusal::BATCH_SETTLED.with("settlement", settlement), from, context));
    }
    let day = match care_date(&visit, quote.interim, quote.days.1) {
        Ok(of_stay) => of_stay.unwrap_or(quote.care_date),
        Err(refusal) => return Ok(refuse(&call, refusal, from, context)),
    };
    let bill = Priceable {
        facts: &visit.facts,
        sums: quote.computation.amounts.lines,
        care_date: day,
        days: quote.days,
        account_wanted: quote.account_wanted,
        interim: quote.interim,
        stay: visit.stay,
    };
    if pools::is_delegated(view, visit.facts.home_area)? {
        return by_pool(view, (&call, &visit), quote, bill, from, context);
    }
    let priced = match price(medical, view, &bill)? {
        Ok(priced) => priced,
        Err(refusal) => return Ok(refuse(&call, refusal, from, context)),
    };
    if let Some(reason) = staleness(&quote, &priced, context) {
        let quote = renewed(&quote, &priced, context);
        let event = Event::Quoted { visited: from.jurisdiction, quote: quote.clone() };
        let outcome = CommitOutcome::Stale { reason, quote: Box::new(quote) };
        return Ok(Decision::nothing().event(event).message(answer_commit(&call, outcome, from, context)));
    }
    let booking = Booking {
        call: call.clone(),
        facts: &visit.facts,
        number: commit.number.clone(),
        batch: &commit.batch,
        lines_hash: quote.lines_hash,
        catalogues: quote.catalogues.clone(),
        stay: stay_dates(&visit, quote.interim),
        computed: priced.into(),
        quote: Some(quote.quote),
    };
    Ok(match book(view, booking, from, context)? {
        Ok(decision) => decision,
        Err(refusal) => refuse(&call, refusal, from, context),
    })
}

/// The pool accepts its own offer; what has expired, it offers anew.
fn by_pool(
    view: View<'_>,
    (call, visit): (&CallReference, &HomeVisit),
    quote: Quote,
    bill: Priceable<'_>,
    from: &Peer,
    context: &mut Context<'_>,
) -> Decided {
    let split = SplitBatch::named(&quote.batch, quote.catalogues.clone(), bill.sums, quote.lines_hash);
    let stay = stay_dates(visit, quote.interim);
    let batch = asking::Batch { number: quote.number.clone(), bill, batch: &split };
    let expired = context.now >= quote.expires_at;
    let basis = asking::Basis::Offer { quote: Box::new(quote), expired };
    let asked = asking::settlement(view, call.clone(), &batch, stay, basis, from, context)?;
    Ok(asked.unwrap_or_else(|refusal| refuse(call, refusal, from, context)))
}

fn stay_dates(visit: &HomeVisit, interim: bool) -> Option<StayDates> {
    let discharged_on = visit.ended_on.filter(|_| !interim);
    let dates = StayDates { admitted_on: visit.facts.began_on, discharged_on, interim };
    (visit.facts.care_type == CareType::Inpatient).then_some(dates)
}

/// An offer holds while it has not expired and everything it rests on is unchanged.
fn staleness(
    quote: &Quote,
    priced: &super::pricing::Priced,
    context: &Context<'_>,
) -> Option<huitong_service_kit::Refusal> {
    if context.now >= quote.expires_at {
        return Some(refusal::QUOTE_EXPIRED.refuse());
    }
    let same_basis = quote.pack == priced.version
        && quote.accumulators_version == priced.case.accumulators.version
        && quote.computation == priced.computation;
    (!same_basis).then(|| refusal::QUOTE_STALE.refuse())
}
