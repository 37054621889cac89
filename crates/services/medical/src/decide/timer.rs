//! What is due by the clock. Unknown outcomes resolve themselves: query when the deadline has passed, reverse when home stays silent.

use huitong_kernel::division::Division;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{Context, Decision, StoreError, View, params};
use uuid::Uuid;

use super::{Decided, day, pool, prepayment, send};
use crate::event::{CallState, Event};
use crate::model::message::{CallReference, Message};
use crate::query::{calls, pools, prepayment as books};

/// How long a call may stay unknown before the node takes it back. The cashier's patient has gone by then.
pub const REVERSE_AFTER: DurationMs = DurationMs::minutes(5);

/// What is due.
pub enum Due {
    /// A call whose next step it is.
    Call(CallReference),
    /// A question to a pool whose answer is missing.
    PoolAnswer(Uuid),
    /// A day with another jurisdiction that is over.
    Day(Division, Date),
    /// A raise that nobody has answered.
    Raise(Uuid),
}

pub fn due(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<Due>, StoreError> {
    let mut due = due_calls(view, now, limit)?;
    due.extend(pools::missed(view, now, limit - due.len())?.into_iter().map(Due::PoolAnswer));
    let days = day::due(view, now, limit - due.len())?;
    due.extend(days.into_iter().map(|(home, day)| Due::Day(home, day)));
    let raises = books::overdue(view, now, limit - due.len())?;
    due.extend(raises.into_iter().map(Due::Raise));
    Ok(due)
}

fn due_calls(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<Due>, StoreError> {
    view.all(
        "SELECT institution, message_id FROM visited_call WHERE next_at <= ?1 ORDER BY next_at LIMIT ?2",
        params![now.0, limit as i64],
        |row| Ok(Due::Call(CallReference { institution: row.get(0)?, message_id: row.get(1)? })),
    )
}

pub fn decide(view: View<'_>, due: Due, context: &mut Context<'_>) -> Decided {
    match due {
        Due::Call(call) => next_step(view, call, context),
        Due::PoolAnswer(ask) => pool::missed_deadline(view, ask, context),
        Due::Raise(raise) => prepayment::overdue(view, raise),
        Due::Day(home, day) => day::tell(view, home, day, context),
    }
}

fn next_step(view: View<'_>, call: CallReference, context: &mut Context<'_>) -> Decided {
    let Some(known) = calls::visited_call(view, &call)? else { return Ok(Decision::nothing()) };
    let Some(home) = known.home else { return Ok(Decision::nothing()) };
    let cycle = context.new_uuid();
    Ok(match known.state {
        CallState::Sent => Decision::nothing()
            .message(send(context, home, cycle, cycle, Message::Query(call.clone())))
            .event(Event::CallUnknown { call, reverse_at: context.now + REVERSE_AFTER }),
        CallState::Unknown => Decision::nothing()
            .message(send(context, home, cycle, cycle, Message::Reverse(call.clone())))
            .event(Event::CallReversing { call }),
        CallState::Reversing | CallState::Settled | CallState::Refused | CallState::Reversed | CallState::Tombstone => {
            Decision::nothing()
        }
    })
}
