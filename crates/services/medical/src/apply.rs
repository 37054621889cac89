//! The only code that writes views: one arm per event.

use huitong_kernel::division::Division;
use huitong_ledger::book;
use huitong_service_kit::{Applied, StoreError, Tx, params};
use uuid::Uuid;

use crate::event::{CallState, Event, SettlementBooked, SharesCleared};
use crate::model::accumulators::Accumulators;
use crate::model::message::{FilingState, VisitFacts};
use crate::model::published::{InstitutionPublished, InsuredPublished};
use crate::query::persons;
use crate::query::settlements::Role;
use crate::query::visits::Serial;

pub fn apply(tx: Tx<'_>, event: &Event, applied: &Applied) -> Result<(), StoreError> {
    match event {
        Event::InstitutionKnown(institution) => institution_known(tx, institution),
        Event::InsuredKnown(insured) => insured_known(tx, insured),
        Event::PolicyPublished { .. } | Event::CataloguePublished { .. } => published(tx, event, applied),
        Event::AccountCredited { reference, transfers, .. } => book::apply(tx, applied.at, reference, transfers),
        Event::FilingMade(filing) => filing_made(tx, filing),
        Event::FilingRevoked { filing } => {
            tx.execute_one("UPDATE filing SET active = 0 WHERE filing = ?1", params![filing.to_string()])
        }
        Event::VisitAsked { facts, home } => tx.execute_one(
            "INSERT INTO visited_visit (visit, institution, home, state, facts) VALUES (?1, ?2, ?3, 'asked', ?4)",
            params![facts.visit.to_string(), facts.institution, home.as_str(), json(facts)?],
        ),
        Event::VisitOpened(opened) => tx.execute_one(
            "UPDATE visited_visit SET state = 'open', number = ?2, person = ?3 WHERE visit = ?1",
            params![opened.visit.to_string(), opened.number, opened.person],
        ),
        Event::VisitRefused { visit } => {
            tx.execute_one("UPDATE visited_visit SET state = 'refused' WHERE visit = ?1", params![visit.to_string()])
        }
        Event::LinesSplit { visit, batch, catalogue, sums, lines } => tx.execute_one(
            "INSERT OR REPLACE INTO visited_batch (visit, batch, state, catalogue, sums, lines)
             VALUES (?1, ?2, 'open', ?3, ?4, ?5)",
            params![visit.to_string(), batch, json(catalogue)?, json(sums)?, json(lines)?],
        ),
        Event::LinesRevoked { visit, batch } => tx.execute_one(
            "DELETE FROM visited_batch WHERE visit = ?1 AND batch = ?2",
            params![visit.to_string(), batch],
        ),
        Event::BatchQuoted { visit, batch, quote } => tx.execute_one(
            "UPDATE visited_batch SET quote = ?3 WHERE visit = ?1 AND batch = ?2",
            params![visit.to_string(), batch, json(quote)?],
        ),
        Event::CallSent { .. } | Event::CallUnknown { .. } | Event::CallReversing { .. } | Event::CallEnded { .. } => {
            call_changed(tx, event)
        }
        Event::CancelAsked { correlation, settlement } => tx.execute_one(
            "INSERT INTO visited_cancel (correlation, settlement) VALUES (?1, ?2)",
            params![correlation, settlement],
        ),
        Event::CancelEnded { correlation } => {
            tx.execute_one("DELETE FROM visited_cancel WHERE correlation = ?1", params![correlation])
        }
        Event::SettlementReceived(booked) => settlement_booked(tx, Role::Visited, booked, applied),
        Event::Settled(booked) => settled(tx, booked, applied),
        Event::VisitIssued { facts, number, person, visited, serial } => {
            visit_issued(tx, facts, number, person, visited.as_str(), *serial)
        }
        Event::Quoted { visited, quote } => tx.execute_one(
            "INSERT INTO home_quote (quote, visited, number, batch, text) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![quote.quote.to_string(), visited.as_str(), quote.number, quote.batch, json(quote)?],
        ),
        Event::CallTombstoned { visited, call } => tx.execute_one(
            "INSERT INTO home_tombstone (visited, institution, message_id) VALUES (?1, ?2, ?3)",
            params![visited.as_str(), call.institution, call.message_id],
        ),
        Event::PeriodCut { period } => {
            tx.execute_one("INSERT INTO period_cut (period) VALUES (?1)", params![period.to_string()])
        }
        Event::SharesCleared(cleared) => shares_cleared(tx, cleared, applied),
    }
}

fn shares_cleared(tx: Tx<'_>, cleared: &SharesCleared, applied: &Applied) -> Result<(), StoreError> {
    let period = cleared.period.to_string();
    for share in &cleared.shares {
        tx.execute_one(
            "INSERT INTO cleared_share (creditor, debtor, part, period, amount_fen) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![share.creditor.as_str(), share.debtor.as_str(), share.part, period, share.amount_fen.0],
        )?;
    }
    let reference = format!("clearing/{period}/{}", cleared.peer);
    book::apply(tx, applied.at, &reference, &cleared.transfers)
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    Ok(serde_json::to_string(value)?)
}

fn institution_known(tx: Tx<'_>, institution: &InstitutionPublished) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT OR REPLACE INTO institution (code, name_zh, name_en, division, level, active, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            institution.code,
            institution.name_zh,
            institution.name_en,
            institution.division.as_str(),
            institution.level.map(|level| level.name()),
            institution.active,
            institution.version,
        ],
    )
}

fn insured_known(tx: Tx<'_>, insured: &InsuredPublished) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT OR REPLACE INTO insured
             (person, pool, scheme, certificate_type, certificate_number, name, facts, suspended_from, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            insured.person,
            insured.pool.as_str(),
            insured.scheme.name(),
            insured.certificate_type,
            insured.certificate_number,
            insured.name,
            json(&insured.facts)?,
            insured.suspended_from.map(|day| day.to_string()),
            insured.version,
        ],
    )
}

fn published(tx: Tx<'_>, event: &Event, applied: &Applied) -> Result<(), StoreError> {
    match event {
        Event::PolicyPublished { version, scheme, valid_from, valid_to, text } => tx.execute_one(
            "INSERT INTO policy_pack (area, scheme, version, valid_from, valid_to, hash, text, sequence)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                version.area.as_str(),
                scheme.name(),
                version.version,
                valid_from.to_string(),
                valid_to.map(|day| day.to_string()),
                version.hash.0,
                text,
                applied.sequence,
            ],
        ),
        Event::CataloguePublished { version, valid_from, valid_to, text } => tx.execute_one(
            "INSERT INTO catalogue (area, version, valid_from, valid_to, hash, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                version.area.as_str(),
                version.version,
                valid_from.to_string(),
                valid_to.map(|day| day.to_string()),
                version.hash.0,
                text,
            ],
        ),
        _ => unreachable!("only publications come here"),
    }
}

fn filing_made(tx: Tx<'_>, filing: &FilingState) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO filing (filing, person, kind, areas, valid_from, valid_to, active) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)",
        params![
            filing.filing.to_string(),
            filing.person,
            filing.kind.name(),
            json(&filing.areas)?,
            filing.valid_from.to_string(),
            filing.valid_to.map(|day| day.to_string()),
        ],
    )
}

fn call_changed(tx: Tx<'_>, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::CallSent { call, home, visit, batch, number, query_at } => {
            if let Some(visit) = visit {
                set_batch_state(tx, *visit, batch, "settling")?;
            }
            tx.execute_one(
                "INSERT INTO visited_call (institution, message_id, home, state, visit, batch, number, next_at)
                 VALUES (?1, ?2, ?3, 'sent', ?4, ?5, ?6, ?7)",
                params![
                    call.institution,
                    call.message_id,
                    home.as_str(),
                    visit.map(|visit| visit.to_string()),
                    batch,
                    number,
                    query_at.0,
                ],
            )
        }
        Event::CallUnknown { call, reverse_at } => tx.execute_one(
            "UPDATE visited_call SET state = 'unknown', next_at = ?3 WHERE institution = ?1 AND message_id = ?2",
            params![call.institution, call.message_id, reverse_at.0],
        ),
        Event::CallReversing { call } => tx.execute_one(
            "UPDATE visited_call SET state = 'reversing', next_at = NULL WHERE institution = ?1 AND message_id = ?2",
            params![call.institution, call.message_id],
        ),
        Event::CallEnded { call, state, settlement, code } => {
            let key = params![call.institution, call.message_id];
            let batch = tx.view().one(
                "SELECT visit, batch FROM visited_call WHERE institution = ?1 AND message_id = ?2",
                key,
                |row| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, String>(1)?)),
            )?;
            if let Some((Some(visit), batch)) = batch {
                let after = if *state == CallState::Settled { "settled" } else { "open" };
                tx.execute(
                    "UPDATE visited_batch SET state = ?3 WHERE visit = ?1 AND batch = ?2",
                    params![visit, batch, after],
                )?;
            }
            // A reversal of an id that was never sent leaves a row of its own, so that a late original is refused.
            tx.execute_one(
                "INSERT INTO visited_call (institution, message_id, home, state, batch, number, settlement, code)
                 VALUES (?1, ?2, '', ?3, '', 0, ?4, ?5)
                 ON CONFLICT (institution, message_id)
                 DO UPDATE SET state = ?3, next_at = NULL, settlement = IFNULL(?4, settlement), code = ?5",
                params![call.institution, call.message_id, state.name(), settlement, code],
            )
        }
        _ => unreachable!("only call events come here"),
    }
}

fn set_batch_state(tx: Tx<'_>, visit: Uuid, batch: &str, state: &str) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE visited_batch SET state = ?3 WHERE visit = ?1 AND batch = ?2",
        params![visit.to_string(), batch, state],
    )
}

fn visit_issued(
    tx: Tx<'_>,
    facts: &VisitFacts,
    number: &str,
    person: &str,
    visited: &str,
    serial: u64,
) -> Result<(), StoreError> {
    count_serial(tx, Serial::Visit, facts.home_area, serial)?;
    tx.execute_one(
        "INSERT INTO home_visit (number, visit, visited, person, facts) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![number, facts.visit.to_string(), visited, person, json(facts)?],
    )
}

fn count_serial(tx: Tx<'_>, serial: Serial, area: Division, last: u64) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT OR REPLACE INTO home_serial (letter, area, last) VALUES (?1, ?2, ?3)",
        params![serial.letter(), area.as_str(), last],
    )
}

/// Home: the document, the accumulators, the money.
fn settled(tx: Tx<'_>, booked: &SettlementBooked, applied: &Applied) -> Result<(), StoreError> {
    settlement_booked(tx, Role::Home, booked, applied)?;
    count_serial(tx, Serial::Settlement, booked.home_area, booked.serial)?;
    let before = persons::accumulators(tx.view(), &booked.person, booked.scheme, booked.insurance_year)?;
    let Accumulators { version, amounts } = before.after(&booked.deltas);
    tx.execute_one(
        "INSERT OR REPLACE INTO accumulator (person, scheme, year, version, amounts) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![booked.person, booked.scheme.name(), booked.insurance_year, version, json(&amounts)?],
    )
}

fn settlement_booked(tx: Tx<'_>, role: Role, booked: &SettlementBooked, applied: &Applied) -> Result<(), StoreError> {
    if let Some(original) = &booked.contra_of {
        tx.execute_one(
            "UPDATE settlement SET state = 'cancelled' WHERE role = ?1 AND settlement = ?2 AND state = 'settled'",
            params![role.name(), original],
        )?;
    }
    tx.execute_one(
        "INSERT INTO settlement (role, settlement, institution, message_id, visited, home, home_area, visit, batch, person,
             scheme, insurance_year, settled_at, period, number, document, total_fen, fund_total_fen, person_total_fen,
             account_fen, cash_fen, deltas, state, contra_of)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
        params![
            role.name(),
            booked.settlement,
            booked.call.institution,
            booked.call.message_id,
            booked.visited.as_str(),
            booked.home.as_str(),
            booked.home_area.as_str(),
            booked.visit,
            booked.batch,
            booked.person,
            booked.scheme.name(),
            booked.insurance_year,
            booked.settled_at.0,
            booked.period,
            booked.number,
            booked.document.0,
            booked.total_fen.0,
            booked.fund_total_fen.0,
            booked.person_total_fen.0,
            booked.account_fen.0,
            booked.cash_fen.0,
            json(&booked.deltas)?,
            if booked.contra_of.is_some() { "contra" } else { "settled" },
            booked.contra_of,
        ],
    )?;
    book::apply(tx, applied.at, &booked.settlement, &booked.transfers)
}
