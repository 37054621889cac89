//! The only code that writes views: one arm per event.

mod calls;
mod filings;
mod pools;
mod prepayment;
mod publications;
mod reconciliation;
mod settlements;
mod visits;

use huitong_ledger::book;
use huitong_service_kit::{Applied, StoreError, Tx, params};

use crate::event::Event;
use crate::model::reconciliation::DayDifference;

pub fn apply(tx: Tx<'_>, event: &Event, applied: &Applied) -> Result<(), StoreError> {
    match event {
        Event::InstitutionKnown(institution) => publications::institution_known(tx, institution),
        Event::InsuredKnown(insured) => publications::insured_known(tx, insured),
        Event::PolicyPublished { .. } | Event::PolicyWithdrawn { .. } | Event::CataloguePublished { .. } => {
            publications::published(tx, event, applied)
        }
        Event::AccountCredited { reference, transfers, .. } => book::apply(tx, applied.at, reference, transfers),
        Event::FilingMade(filing) => filings::made(tx, filing, applied),
        Event::FilingMoved { filing, status } => filings::moved(tx, *filing, *status),
        Event::ChronicRegistered(state) => filings::chronic_registered(tx, state),
        Event::ChronicEnded { registration, valid_to } => filings::chronic_ended(tx, *registration, *valid_to),
        Event::NationalAnswered(kept) => tx.execute_one(
            "INSERT INTO national_answer (institution, message_id, request, answer) VALUES (?1, ?2, ?3, ?4)",
            params![kept.institution, kept.message_id, kept.request.0, kept.answer],
        ),
        Event::Reconciled(made) => reconciliation::made(tx, made),
        Event::DifferenceResolved { reconciliation, settlement } => {
            reconciliation::first_resolved(tx, *reconciliation, settlement)
        }
        Event::DifferenceMoved(moved) => reconciliation::difference_moved(tx, moved),
        Event::DayMoved { home, day, state } => reconciliation::day_moved(tx, *home, *day, *state),
        Event::DayDiffers { home, day, settlements, differences } => {
            let not_recorded = settlements.iter().cloned().map(DayDifference::not_recorded);
            reconciliation::day_differs(tx, (*home, *day), not_recorded.chain(differences.iter().cloned()))
        }
        Event::FileKept(kept) => reconciliation::file_kept(tx, kept, applied.at.0),
        Event::VisitAsked { facts, home } => visits::asked(tx, facts, *home),
        Event::VisitOpened(opened) => visits::opened(tx, opened),
        Event::VisitRefused { visit } => visits::refused(tx, *visit),
        Event::VisitDescribed { visit, details } => visits::described(tx, *visit, details),
        Event::VisitMoved { visit, change } => visits::moved(tx, *visit, *change),
        Event::FilingNoted(changed) => visits::filing_noted(tx, changed),
        Event::FilingAsked { correlation, institution, home } => tx.execute_one(
            "INSERT INTO visited_filing (correlation, institution, home) VALUES (?1, ?2, ?3)",
            params![correlation, institution, home.as_str()],
        ),
        Event::FilingAnswered { correlation, filing } => filings::answered(tx, correlation, filing.as_ref()),
        Event::AskedFilingMoved { correlation, status } => tx.execute_one(
            "UPDATE visited_filing SET status = ?2 WHERE correlation = ?1",
            params![correlation, status.name()],
        ),
        Event::LinesSplit(split) => visits::lines_split(tx, split),
        Event::LinesRevoked { visit, batch } => visits::lines_revoked(tx, *visit, batch),
        Event::ChosenLinesRevoked { visit, batch, numbers, changed } => {
            visits::chosen_lines_revoked(tx, (*visit, batch), numbers, changed)
        }
        Event::BatchQuoted { visit, batch, quote } => tx.execute_one(
            "UPDATE visited_batch SET quote = ?3 WHERE visit = ?1 AND batch = ?2",
            params![visit.to_string(), batch, json(quote)?],
        ),
        Event::CallSent { .. } | Event::CallUnknown { .. } | Event::CallReversing { .. } | Event::CallEnded { .. } => {
            calls::changed(tx, event)
        }
        Event::CancelAsked { correlation, settlement } => tx.execute_one(
            "INSERT INTO visited_cancel (correlation, settlement) VALUES (?1, ?2)",
            params![correlation, settlement],
        ),
        Event::CancelEnded { correlation } => {
            tx.execute_one("DELETE FROM visited_cancel WHERE correlation = ?1", params![correlation])
        }
        Event::SettlementReceived(booked) => settlements::received(tx, booked, applied),
        Event::Settled(booked) => {
            publications::settled_with(tx, booked)?;
            settlements::settled(tx, booked, applied)
        }
        Event::VisitIssued { facts, number, person, visited, serial } => {
            visits::issued(tx, facts, (number, *serial), person, *visited)
        }
        Event::VisitChanged(changed) => visits::changed(tx, changed),
        Event::LinesHeld { hash, part } => visits::lines_held(tx, *hash, part),
        Event::Quoted { visited, quote } => {
            publications::quoted_with(tx, &quote.pack)?;
            tx.execute_one(
                "INSERT INTO home_quote (quote, visited, number, batch, text) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![quote.quote.to_string(), visited.as_str(), quote.number, quote.batch, json(quote)?],
            )
        }
        Event::CallTombstoned { visited, call } => tx.execute_one(
            "INSERT INTO home_tombstone (visited, institution, message_id) VALUES (?1, ?2, ?3)",
            params![visited.as_str(), call.institution, call.message_id],
        ),
        Event::QuotaSet { role, peer, year, quota_fen } => prepayment::quota_set(tx, *role, *peer, *year, *quota_fen),
        Event::QuotaBand { role, peer, year, band } => prepayment::band(tx, *role, *peer, *year, *band),
        Event::RaiseAsked { role, peer, raise, due_at } => prepayment::asked(tx, *role, *peer, raise, *due_at),
        Event::RaiseEnded { raise, granted_fen } => prepayment::ended(tx, *raise, *granted_fen),
        Event::RaiseOverdue { raise } => prepayment::overdue(tx, *raise),
        Event::HospitalPosted(posted) => book::apply(tx, applied.at, &posted.reference, &posted.transfers),
        Event::PoolComputingSet(_)
        | Event::PoolAsked(_)
        | Event::PoolUnknown { .. }
        | Event::PoolReversing { .. }
        | Event::PoolAnswered(_)
        | Event::PoolEnded { .. }
        | Event::PoolMissed { .. } => pools::changed(tx, event),
        Event::PeriodCut { period } => {
            let insert = "INSERT INTO period_cut (period, cut_at) VALUES (?1, ?2)";
            tx.execute_one(insert, params![period.to_string(), applied.at.0])
        }
        Event::SharesCleared(cleared) => settlements::shares_cleared(tx, cleared, applied),
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    Ok(serde_json::to_string(value)?)
}
