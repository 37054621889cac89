//! The only code that writes views: one arm per event, one file per part of the views.

mod cleared;
mod clearing;
mod contests;
mod dated;
mod deny;
mod evidence;
mod flows;
mod grants;
mod home;
mod invoices;
mod orders;
mod publications;
mod releases;
mod rides;
mod taps;
mod trips;

use huitong_service_kit::{Applied, StoreError, Tx};

use crate::event::Event;

pub fn apply(tx: Tx<'_>, event: &Event, applied: &Applied) -> Result<(), StoreError> {
    match event {
        Event::KeySetKnown { set, bytes } => dated::key_set(tx, set, bytes),
        Event::MapKnown { network, version, node, operator, text } => {
            dated::map(tx, *network, *version, *node, operator, text)
        }
        Event::PackKnown(pack) => dated::pack(tx, pack),
        Event::SplitKnown { network, rule, version, valid_from, text } => {
            dated::split(tx, *network, rule, *version, *valid_from, text)
        }
        Event::GatesRegistered { operator, gates } => dated::gates(tx, operator, gates, applied),
        Event::OrderKnown(order) => orders::known(tx, order),
        Event::OrderEnded(order) => orders::ended(tx, order),
        Event::OrderTouched { order, trips } => orders::touched(tx, *order, trips),
        Event::OrderPursued { order, next } => orders::pursued(tx, *order, next.as_ref()),

        Event::TapsTaken(taken) => taps::taken(tx, taken, applied),
        Event::TapDoubted { tap, network, rider, reason } => taps::doubted(tx, tap, *network, *rider, reason),
        Event::RecordsErased { up_to } => taps::records_erased(tx, *up_to),
        Event::TapReleased(released) => releases::released(tx, released, applied),
        Event::HoleAlarmed { gate, epoch } => taps::hole_alarmed(tx, gate, *epoch),
        Event::TripsFinal(trips) => trips::finals(tx, trips, applied),
        Event::TripAnswered { result, transfers } => trips::answered(tx, result, transfers, applied),
        Event::TripAdjusted { adjust, document } => trips::adjusted(tx, adjust, document.as_ref(), applied),
        Event::TapsJoined { trip, network, rider, taps } => trips::joined(tx, *trip, *network, rider, taps),
        Event::AdjustAnswered { result, transfers } => trips::adjust_answered(tx, result, transfers, applied),

        Event::AccountPut { participant, account, parent } => home::account_put(tx, participant, account, *parent),
        Event::AccountClosed { account } => home::account_closed(tx, account),
        Event::PaymentBooked(payment) => home::payment(tx, payment, applied),
        Event::Authorised(authorised) => home::authorised(tx, authorised, applied),
        Event::TripCharged(charged) => rides::charged(tx, charged, applied),
        Event::AdjustCharged(charged) => rides::adjust_charged(tx, charged, applied),
        Event::DebtRetried(retried) => home::debt_retried(tx, retried, applied),
        Event::CompletionAsked { trip, account, station } => {
            rides::completion_asked(tx, *trip, account, *station, applied)
        }
        Event::CompletionRefused { trip, code } => rides::completion_refused(tx, *trip, code),
        Event::EvidenceAsked(asked) => evidence::asked(tx, asked, applied),
        Event::EvidenceHeld(held) => evidence::held(tx, held, applied),
        Event::EvidenceJudged(judged) => evidence::judged(tx, judged, applied),
        Event::EvidenceShown { trip, home, adjusts } => evidence::shown(tx, *trip, *home, *adjusts, applied),
        Event::GrantAsked { ask, parent } => grants::asked(tx, ask, parent, applied),
        Event::GrantMade { ask, grant } => grants::made(tx, ask, grant),
        Event::GrantHeld(grant) => grants::held(tx, grant),

        Event::InvoiceIssued(invoice) => invoices::issued(tx, invoice),

        Event::DenyCaused(caused) => deny::caused(tx, caused, applied),
        Event::DenyKnown { delta, hash, bytes, is_own } => deny::known(tx, delta, *hash, bytes, *is_own, applied),

        Event::PublicationAsked { peer, kind } => publications::asked(tx, *peer, *kind, applied),
        Event::PublicationLacking { peer, kind } => publications::lacking(tx, *peer, *kind),
        Event::PublicationAnswered { peer, kind, content } => {
            publications::answered(tx, *peer, *kind, *content, applied)
        }

        Event::SplitNoticed { notice, amount_fen } => clearing::split_noticed(tx, notice, *amount_fen, applied),
        Event::SplitBooked { notice, document, is_issuer, transfers } => {
            clearing::split_booked(tx, notice, document, *is_issuer, transfers, applied)
        }
        Event::DayTotalsSent(totals) => clearing::totals_sent(tx, totals),
        Event::ContestTerm { booking_day, until } => clearing::contest_term(tx, *booking_day, *until),
        Event::DayTotalsCompared { own, theirs } => clearing::totals_compared(tx, own, theirs),
        Event::DayDocumentsHeld { page, differences } => clearing::documents_held(tx, page, differences),
        Event::ContestOpened { contest, role, is_held } => contests::opened(tx, contest, role, *is_held),
        Event::ContestAnswered { answer, reply_by } => contests::answered(tx, answer, *reply_by, applied),
        Event::ContestEnded(ended) => contests::ended(tx, ended, applied),

        Event::PeriodMarked(marker) => cleared::period_marked(tx, marker),
        Event::GivenBack { contest, document, refused } => {
            cleared::given_back(tx, *contest, *document, refused.as_deref())
        }
        Event::Cleared(booked) => cleared::cleared(tx, booked, applied),

        Event::FlowsPublished(published) => flows::published(tx, published),
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    Ok(serde_json::to_string(value)?)
}

/// Bytes that an event carries as text, written by this service.
fn bytes_of(text: &str) -> Result<Vec<u8>, StoreError> {
    hex::decode(text).map_err(|_| StoreError::Damaged("an event's bytes are not hexadecimal".to_owned()))
}
