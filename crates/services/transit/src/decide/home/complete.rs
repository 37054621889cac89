//! Completion by the rider (补登, §6.5): home counts, the visited city prices.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::DurationMs;
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, View};

use super::own_account;
use crate::command::Reply;
use crate::decide::{Decided, completion, send};
use crate::event::Event;
use crate::model::message::{CompletionAsk, Message};
use crate::model::network::StationId;
use crate::model::parameters::Parameters;
use crate::model::rider::AccountToken;
use crate::query::{completions, dated, home_trips};
use crate::{Transit, refusal};

/// A rider says where a single-sided trip began or ended. The count is by the calendar month in which the rider asks.
pub fn ask(
    transit: &Transit,
    view: View<'_>,
    trip: Digest,
    account: AccountToken,
    station: StationId,
    context: &mut Context<'_>,
) -> Decided {
    own_account(view, &account, context)?;
    let known = home_trips::trip(view, trip)?.filter(|known| known.account == account);
    let known = known.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse().at_field("trip"))?;
    if !known.kind.is_single_sided() {
        return Err(refusal::TRIP_COMPLETE.refuse().into());
    }
    if known.is_disputed {
        return Err(refusal::TRIP_NOT_CHARGED.refuse().into());
    }
    let reply = Reply::Completing { trip };
    if let Some(asked) = completions::open(view, trip)? {
        let is_same = asked == station;
        return if is_same { Ok(Decision::reply(reply)) } else { Err(refusal::COMPLETION_PENDING.refuse().into()) };
    }
    // The visited city's, as its newest map says.
    let map = dated::current_map(transit, view, known.network)?;
    let rules = map.map_or_else(Parameters::default, |map| map.map.parameters.clone());
    let until = known.began + DurationMs::days(i64::from(rules.completion_days));
    let asked = completions::asked_in(view, &account, &completions::month_of(context.now))?;
    if context.now > until || asked >= rules.completions_per_month {
        return Err(refusal::COMPLETE_LIMIT.refuse().into());
    }
    // The visited city knows the rider by the token of the trip.
    let token = known.content()?.rider.account();
    let ask = CompletionAsk { trip_id: trip, account: token, station };
    let asked = Event::CompletionAsked { trip, account, station };
    if known.visited != context.home.jurisdiction {
        let message = send(context, known.visited, Message::CompletionAsk(ask));
        return Ok(Decision::reply(reply).event(asked).message(message));
    }
    let mut decision = completion::complete(transit, view, &ask, known.visited, context)?;
    if decision.events.is_empty() {
        // The trip stands as the rider says already.
        return Err(refusal::TRIP_COMPLETE.refuse().into());
    }
    decision.events.insert(0, asked);
    decision.answer = Answer::Now(reply);
    Ok(decision)
}

/// The visited city did not complete the trip: it does not count.
pub fn refused(view: View<'_>, trip: Digest, code: String, from: Division) -> Decided {
    let is_its = home_trips::trip(view, trip)?.is_some_and(|known| known.visited == from);
    if !is_its || completions::open(view, trip)?.is_none() {
        return Err(refusal::TRIP_UNKNOWN.refuse().into());
    }
    Ok(Decision::nothing().event(Event::CompletionRefused { trip, code }))
}
