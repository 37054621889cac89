//! Visits and their lines, on either side.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_service_kit::{StoreError, Tx, params};
use uuid::Uuid;

use super::{json, settlements};
use crate::event::LinesSplit;
use crate::model::lines::SplitLine;
use crate::model::message::{FilingChanged, LinesPart, VisitChange, VisitChanged, VisitFacts, VisitOpened};
use crate::model::person::CareType;
use crate::model::visit::VisitDetails;
use crate::query::visits::{self, Serial};

pub fn asked(tx: Tx<'_>, facts: &VisitFacts, home: Division) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO visited_visit (visit, institution, home, state, facts, details) VALUES (?1, ?2, ?3, 'asked', ?4, '{}')",
        params![facts.visit.to_string(), facts.institution, home.as_str(), json(facts)?],
    )
}

pub fn opened(tx: Tx<'_>, opened: &VisitOpened) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE visited_visit SET state = 'open', number = ?2, person = ?3, name = ?4, birth_date = ?5 WHERE visit = ?1",
        params![opened.visit.to_string(), opened.number, opened.person, opened.name, opened.birth_date.to_string()],
    )
}

pub fn refused(tx: Tx<'_>, visit: Uuid) -> Result<(), StoreError> {
    tx.execute_one("UPDATE visited_visit SET state = 'refused' WHERE visit = ?1", params![visit.to_string()])
}

pub fn described(tx: Tx<'_>, visit: Uuid, details: &VisitDetails) -> Result<(), StoreError> {
    tx.execute_one("UPDATE visited_visit SET details = ?2 WHERE visit = ?1", params![visit.to_string(), json(details)?])
}

/// State, and the day on which a stay ended; what is closed keeps its day.
fn after(change: VisitChange) -> (&'static str, Option<String>) {
    match change {
        VisitChange::Discharged { ended_on } => ("discharged", Some(ended_on.to_string())),
        VisitChange::Readmitted => ("open", None),
        VisitChange::Cancelled => ("cancelled", None),
        VisitChange::Closed { .. } => ("closed", None),
    }
}

pub fn moved(tx: Tx<'_>, visit: Uuid, change: VisitChange) -> Result<(), StoreError> {
    let (state, ended_on) = after(change);
    tx.execute_one(
        "UPDATE visited_visit SET state = ?2, ended_on = CASE WHEN ?2 = 'closed' THEN ended_on ELSE ?3 END
         WHERE visit = ?1",
        params![visit.to_string(), state, ended_on],
    )
}

pub fn filing_noted(tx: Tx<'_>, changed: &FilingChanged) -> Result<(), StoreError> {
    let params = params![changed.number, json(changed)?];
    tx.execute("UPDATE visited_visit SET filing = ?2 WHERE number = ?1", params).map(drop)
}

pub fn lines_split(tx: Tx<'_>, split: &LinesSplit) -> Result<(), StoreError> {
    let LinesSplit { batch, replaces, catalogues, lines, changed, returns, .. } = split;
    let visit = split.visit.to_string();
    if *replaces {
        lines_revoked(tx, split.visit, batch)?;
    }
    tx.execute_one(
        "INSERT INTO visited_batch (visit, batch, state, catalogues) VALUES (?1, ?2, 'open', ?3)
         ON CONFLICT (visit, batch) DO UPDATE SET catalogues = ?3, quote = NULL",
        params![visit, batch, json(catalogues)?],
    )?;
    let insert = "INSERT INTO visited_line (visit, number, batch, text, returned) VALUES (?1, ?2, ?3, ?4, ?5)";
    for line in lines {
        tx.execute_one(insert, params![visit, line.number, batch, json(line)?, None::<String>])?;
    }
    for returned in returns {
        tx.execute_one(insert, params![visit, returned.number, batch, None::<String>, json(returned)?])?;
    }
    lines_changed(tx, split.visit, changed)
}

fn lines_changed(tx: Tx<'_>, visit: Uuid, changed: &[SplitLine]) -> Result<(), StoreError> {
    for line in changed {
        tx.execute_one(
            "UPDATE visited_line SET text = ?3 WHERE visit = ?1 AND number = ?2",
            params![visit.to_string(), line.number, json(line)?],
        )?;
    }
    Ok(())
}

pub fn lines_revoked(tx: Tx<'_>, visit: Uuid, batch: &str) -> Result<(), StoreError> {
    let key = params![visit.to_string(), batch];
    tx.execute("DELETE FROM visited_batch WHERE visit = ?1 AND batch = ?2", key)?;
    tx.execute("DELETE FROM visited_line WHERE visit = ?1 AND batch = ?2", key).map(drop)
}

/// What is left is to be quoted anew; a batch without lines is none.
pub fn chosen_lines_revoked(
    tx: Tx<'_>,
    (visit, batch): (Uuid, &str),
    numbers: &[String],
    changed: &[SplitLine],
) -> Result<(), StoreError> {
    let text = visit.to_string();
    for number in numbers {
        tx.execute_one("DELETE FROM visited_line WHERE visit = ?1 AND number = ?2", params![text, number])?;
    }
    lines_changed(tx, visit, changed)?;
    if visits::count_lines(tx.view(), visit, batch)? == 0 {
        return lines_revoked(tx, visit, batch);
    }
    let key = params![text, batch];
    tx.execute_one("UPDATE visited_batch SET quote = NULL WHERE visit = ?1 AND batch = ?2", key)
}

/// Home.
pub fn issued(
    tx: Tx<'_>,
    facts: &VisitFacts,
    (number, serial): (&str, u64),
    person: &str,
    visited: Division,
) -> Result<(), StoreError> {
    settlements::count_serial(tx, Serial::Visit, facts.home_area, serial)?;
    tx.execute_one(
        "INSERT INTO home_visit (number, visit, visited, person, state, stay, facts)
         VALUES (?1, ?2, ?3, ?4, 'open', ?5, ?6)",
        params![
            number,
            facts.visit.to_string(),
            visited.as_str(),
            person,
            facts.care_type == CareType::Inpatient,
            json(facts)?
        ],
    )
}

/// Home.
pub fn changed(tx: Tx<'_>, changed: &VisitChanged) -> Result<(), StoreError> {
    let (state, ended_on) = after(changed.change);
    tx.execute_one(
        "UPDATE home_visit SET state = ?2, ended_on = CASE WHEN ?2 = 'closed' THEN ended_on ELSE ?3 END
         WHERE number = ?1",
        params![changed.number, state, ended_on],
    )?;
    if state == "closed" { lines_dropped(tx, &changed.number) } else { Ok(()) }
}

/// Home: a stay that is closed needs none of the lines that were sent ahead.
pub fn lines_dropped(tx: Tx<'_>, number: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM home_lines WHERE number = ?1", params![number]).map(drop)
}

/// Home: lines of a long stay, sent ahead.
pub fn lines_held(tx: Tx<'_>, hash: Digest, part: &LinesPart) -> Result<(), StoreError> {
    tx.execute(
        "INSERT OR IGNORE INTO home_lines (hash, number, text) VALUES (?1, ?2, ?3)",
        params![hash.0, part.number, part.lines.get()],
    )
    .map(drop)
}
