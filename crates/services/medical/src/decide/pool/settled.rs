//! A settling call at the pool: booked as the pool has signed it, or known not to be booked there, and refused for good.

use huitong_kernel::hash::HashFunction;
use huitong_service_kit::{Context, Decision, Refusal, Stop, View};

use super::super::booking::{Booking, Computed as ToBook, book};
use super::super::{Decided, Peer, pricing, reply, reverse};
use super::offered::quote_of;
use super::{alarm, commit_answer, ended, wrong_sentence};
use crate::event::Event;
use crate::model::document::DataVersion;
use crate::model::message::{CommitOutcome, VisitChange, VisitChanged};
use crate::pool::answer::{Computed, Outcome, SettledByPool};
use crate::pool::ask::{ComputedBy, Owed, PoolAsk, Settling, SignedAnswer, Step};
use crate::pool::check;
use crate::query::calls;
use crate::query::pools::OpenAsk;
use crate::{Medical, refusal};

pub fn settled(
    view: View<'_>,
    (open, settling): (&OpenAsk, &Settling),
    signed: &SignedAnswer,
    outcome: Outcome,
    context: &mut Context<'_>,
) -> Decided {
    let ask = &open.ask;
    match (signed.step, outcome) {
        (Step::Call | Step::Query, Outcome::Settled(by_pool)) => {
            adopt(view, (ask, settling), signed, *by_pool, context)
        }
        (Step::Call, Outcome::Stale(computed)) => stale(view, (ask, settling), *computed, context),
        (Step::Call | Step::Query, Outcome::Refused(refused)) => {
            Ok(super::refuse(ask, refused.refusal_of(&settling.offered), context))
        }
        (Step::Query, Outcome::NotFound) => Ok(reversing(ask, None)),
        (Step::Call | Step::Query, Outcome::Tombstone)
        | (Step::Reverse, Outcome::Reversed { .. } | Outcome::NothingBooked | Outcome::Tombstone) => {
            nothing_booked(view, (open, settling), context)
        }
        // It says no to the reversal, or something that does not belong here: it stays open, and somebody must look.
        (Step::Reverse, _) => {
            let sentence = format!("pool {}: a reversal is not granted; the call stays open", ask.pool);
            Ok(alarm(view, Decision::nothing(), sentence, context)?.0)
        }
        _ => give_up(view, ask, "it is of another kind", context),
    }
}

/// Books what the pool has settled, if it holds. What does not is taken back there before the visited node is told.
fn adopt(
    view: View<'_>,
    (ask, settling): (&PoolAsk, &Settling),
    signed: &SignedAnswer,
    by_pool: SettledByPool,
    context: &mut Context<'_>,
) -> Decided {
    let offered = &settling.offered;
    if let Err(rule) = check::settled(&offered.asked(settling.quoted.as_ref()), &by_pool) {
        return give_up(view, ask, rule, context);
    }
    let insured = match pricing::insured(view, &settling.facts)? {
        Ok(insured) => insured,
        Err(refusal) => return Ok(reversing(ask, Some(refusal))),
    };
    let SettledByPool { reference, computed } = by_pool;
    let year = computed.computation.insurance_year;
    let accumulators = crate::query::persons::accumulators(view, &insured.person, insured.scheme, year)?;
    let computed = ToBook {
        accounts: crate::query::persons::balances(view, &insured.person)?,
        care_date: offered.care_date,
        accumulators_version: accumulators.version,
        case: None,
        version: DataVersion { area: ask.pool, version: computed.version, hash: computed.hash },
        grade: computed.grade,
        computation: computed.computation,
        computed_by: Some(evidence(reference, signed)),
        insured,
    };
    let booking = Booking {
        call: settling.call.clone(),
        facts: &settling.facts,
        number: offered.number.clone(),
        batch: &offered.batch,
        lines_hash: offered.lines_hash,
        catalogues: offered.catalogues.clone(),
        stay: settling.stay,
        computed,
        quote: settling.quote,
    };
    match book(view, booking, &Peer::waiting(&ask.asker), context)? {
        Ok(decision) => Ok(ended(decision, ask)),
        Err(refusal) => Ok(reversing(ask, Some(refusal))),
    }
}

/// The pool's number with the hash of the answer that says so.
pub fn evidence(reference: String, signed: &SignedAnswer) -> ComputedBy {
    ComputedBy { reference, answer: HashFunction::Sha256.hash(&[signed.answer.as_bytes()]) }
}

fn stale(
    view: View<'_>,
    (ask, settling): (&PoolAsk, &Settling),
    computed: Computed,
    context: &mut Context<'_>,
) -> Decided {
    // A bill that was not quoted cannot be stale.
    if settling.quote.is_none() {
        return give_up(view, ask, "only an offer can be stale", context);
    }
    if let Err(rule) = check::computed(&settling.offered.asked(None), &computed) {
        return give_up(view, ask, rule, context);
    }
    let quote = quote_of(view, ask, &settling.offered, computed, context)?;
    let event = Event::Quoted { visited: ask.asker.jurisdiction, quote: quote.clone() };
    let outcome = CommitOutcome::Stale { reason: refusal::QUOTE_STALE.refuse(), quote: Box::new(quote) };
    let message = reply(context, &Peer::waiting(&ask.asker), commit_answer(&settling.call, outcome));
    Ok(ended(Decision::nothing().event(event).message(message), ask))
}

/// The answer does not hold, whatever the pool has booked by it: it is reversed there, and refused here.
fn give_up(view: View<'_>, ask: &PoolAsk, rule: &str, context: &Context<'_>) -> Decided {
    let decision = reversing(ask, Some(refusal::POOL_ANSWER_WRONG.with("pool", ask.pool)));
    Ok(alarm(view, decision, wrong_sentence(ask, rule), context)?.0)
}

fn reversing(ask: &PoolAsk, refusal: Option<Refusal>) -> Decision<Medical> {
    Decision::nothing().event(Event::PoolReversing { ask: ask.ask, asked_by: None, refusal })
}

/// Nothing is booked there, and never will be: so it is here.
fn nothing_booked(
    view: View<'_>,
    (open, settling): (&OpenAsk, &Settling),
    context: &mut Context<'_>,
) -> Result<Decision<Medical>, Stop> {
    let (ask, call) = (&open.ask, &settling.call);
    let visited = ask.asker.jurisdiction;
    let mut decision = Decision::nothing();
    if !calls::is_tombstoned(view, visited, call)? {
        decision = decision.event(Event::CallTombstoned { visited, call: call.clone() });
    }
    decision.events.extend(visit_given_up(ask));
    let message = match &open.asked_by {
        Some(asker) => reverse::nothing_booked(call, &Peer::waiting(asker), context),
        None => {
            let refusal = open.refusal.clone().unwrap_or_else(|| refusal::CALL_REVERSED.refuse());
            let answer = commit_answer(call, CommitOutcome::Refused(refusal));
            reply(context, &Peer::waiting(&ask.asker), answer)
        }
    };
    Ok(ended(decision, ask).message(message))
}

/// A whole bill has opened a visit of its own; when it is not settled, there is none.
pub fn visit_given_up(ask: &PoolAsk) -> Option<Event> {
    match &ask.owed {
        Owed::Settlement(settling) if settling.quote.is_none() => {
            let number = settling.offered.number.clone();
            Some(Event::VisitChanged(VisitChanged { number, change: VisitChange::Cancelled }))
        }
        _ => None,
    }
}
