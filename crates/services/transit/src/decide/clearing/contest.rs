//! Contests (争议): opened by the debtor, answered by the creditor in time, or escalated.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Context, Decision, StoreError, View};
use uuid::Uuid;

use crate::Transit;
use crate::decide::Decided;
use crate::event::Event;
use crate::model::contest::{ANSWER_WITHIN, Contest, ContestAnswer, ContestDecision, ContestReason};
use crate::model::trip::TripFinal;

/// The contest that home opened when it took a claim, as the creditor notes it.
pub fn of_claim(trip: &TripFinal, contest: Uuid, reason: &str, context: &Context<'_>) -> Event {
    let contest = Contest {
        contest,
        document: trip.trip_id,
        creditor: trip.network,
        debtor: trip.home,
        reason: ContestReason::parse(reason).unwrap_or(ContestReason::NotVerified),
        amount_fen: trip.charge_fen(),
        evidence: String::new(),
        opened_at: context.now,
        answer_by: context.now + ANSWER_WITHIN,
    };
    Event::ContestOpened { contest, role: "creditor".to_owned() }
}

pub fn open(
    _view: View<'_>,
    _document: Digest,
    _reason: ContestReason,
    _evidence: String,
    _context: &mut Context<'_>,
) -> Decided {
    Ok(Decision::nothing())
}

pub fn answer(
    _transit: &Transit,
    _view: View<'_>,
    _contest: Uuid,
    _decision: ContestDecision,
    _explanation: String,
    _amount: Option<Fen>,
    _context: &mut Context<'_>,
) -> Decided {
    Ok(Decision::nothing())
}

pub fn take(_view: View<'_>, _contest: Contest, _from: Division, _context: &mut Context<'_>) -> Decided {
    Ok(Decision::nothing())
}

pub fn take_answer(
    _transit: &Transit,
    _view: View<'_>,
    _answer: ContestAnswer,
    _from: Division,
    _context: &mut Context<'_>,
) -> Decided {
    Ok(Decision::nothing())
}

pub fn due(_view: View<'_>, _now: Instant) -> Result<Vec<String>, StoreError> {
    Ok(Vec::new())
}

pub fn overdue(_view: View<'_>, _contest: &str) -> Decided {
    Ok(Decision::nothing())
}
