//! What the books hold of days of settlement, and comparisons that were made.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::division::Division;
use huitong_kernel::feed::Feed;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, ToSpan};
use huitong_service_kit::{Row as SqlRow, SqlError, StoreError, Text, View, params};
use uuid::Uuid;

use super::settlements::Role;
use super::{json, visits};
use crate::event::{DayState, KeptFile};
use crate::model::reconciliation::{
    DayDifference, DayDocument, DayTotals, Difference, Known, ROWS_MAX, Reconciliation, Row, Totals,
};

/// Documents of an institution, by their days of settlement.
pub struct Days<'d> {
    pub institution: &'d str,
    /// Both inclusive.
    pub from: Date,
    pub to: Date,
    /// Home area, or its province.
    pub home: Option<Division>,
}

/// Documents of a visit that are looked at.
const VISIT_DOCUMENTS_MAX: i64 = 1_000;

const COLUMNS: &str =
    "settlement, visit, person, total_fen, fund_total_fen, account_fen, message_id, contra_of, document, state";

fn read(row: &SqlRow<'_>) -> Result<Known, SqlError> {
    let contra_of: Option<String> = row.get(7)?;
    Ok(Known {
        row: Row {
            settlement: row.get(0)?,
            visit: row.get(1)?,
            person: row.get(2)?,
            total_fen: Fen(row.get(3)?),
            fund_fen: Fen(row.get(4)?),
            account_fen: Fen(row.get(5)?),
            is_contra: contra_of.is_some(),
        },
        message_id: row.get(6)?,
        contra_of,
        is_taken_back: row.get::<_, String>(9)? == "cancelled",
        document: Digest(row.get(8)?),
    })
}

/// What this node holds of the days, up to one more than a comparison takes.
pub fn known(view: View<'_>, days: &Days<'_>) -> Result<Vec<Known>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM settlement WHERE role = 'visited' AND day >= ?1 AND day <= ?2 AND institution = ?3
         AND (?4 IS NULL OR substr(home_area, 1, length(?4)) = ?4) ORDER BY day, settlement LIMIT ?5"
    );
    let limit = ROWS_MAX as i64 + 1;
    let home = days.home.as_ref().map(Division::prefix);
    view.all(&sql, params![days.from.to_string(), days.to.to_string(), days.institution, home, limit], read)
}

/// What the rows may mean of other days: the documents of the day before and the day behind, those that the rows name, and those of the visits
/// of which they have refunds.
pub fn near(view: View<'_>, days: &Days<'_>, rows: &[Row]) -> Result<Vec<Known>, StoreError> {
    let mut near = BTreeMap::new();
    let mut add = |known: Vec<Known>| {
        near.extend(known.into_iter().map(|known| (known.row.settlement.clone(), known)));
    };
    for day in [days.from.checked_sub(1.day()), days.to.checked_add(1.day())].into_iter().flatten() {
        add(known(view, &Days { institution: days.institution, from: day, to: day, home: days.home })?);
    }
    let refunded = rows.iter().filter(|row| row.is_contra).map(|row| &row.visit).collect::<BTreeSet<_>>();
    for (column, values) in
        [("settlement", rows.iter().map(|row| &row.settlement).collect::<BTreeSet<_>>()), ("visit", refunded)]
    {
        let sql = format!(
            "SELECT {COLUMNS} FROM settlement WHERE role = 'visited' AND {column} = ?1 AND institution = ?2
             AND (day < ?3 OR day > ?4) AND (?5 IS NULL OR substr(home_area, 1, length(?5)) = ?5) LIMIT ?6"
        );
        let home = days.home.as_ref().map(Division::prefix);
        for value in values {
            let (from, to) = (days.from.to_string(), days.to.to_string());
            add(view.all(&sql, params![value, days.institution, from, to, home, VISIT_DOCUMENTS_MAX], read)?);
        }
    }
    Ok(near.into_values().collect())
}

/// The last settling call for a visit that came to nothing.
pub fn call_of_visit(view: View<'_>, institution: &str, number: &str) -> Result<Option<String>, StoreError> {
    let Some(visit) = visits::visited_number(view, number)? else { return Ok(None) };
    view.one(
        "SELECT message_id FROM visited_call WHERE institution = ?1 AND visit = ?2 AND settlement IS NULL
         ORDER BY number DESC LIMIT 1",
        params![institution, visit.facts.visit.to_string()],
        |row| row.get(0),
    )
}

/// A comparison with all its differences.
pub fn reconciliation(view: View<'_>, reconciliation: Uuid) -> Result<Option<Reconciliation>, StoreError> {
    let sql = "SELECT text FROM reconciliation WHERE reconciliation = ?1";
    let text = view.one(sql, params![reconciliation.to_string()], |row| row.get::<_, String>(0))?;
    text.map(|text| whole(view, &text)).transpose()
}

pub fn institution_of(view: View<'_>, reconciliation: Uuid) -> Result<Option<String>, StoreError> {
    let sql = "SELECT institution FROM reconciliation WHERE reconciliation = ?1";
    view.one(sql, params![reconciliation.to_string()], |row| row.get(0))
}

fn whole(view: View<'_>, text: &str) -> Result<Reconciliation, StoreError> {
    let header: Reconciliation = json(text)?;
    Ok(Reconciliation { differences: differences(view, header.reconciliation)?, ..header })
}

/// In their order.
pub fn differences(view: View<'_>, reconciliation: Uuid) -> Result<Vec<Difference>, StoreError> {
    let texts = view.all(
        "SELECT text FROM reconciliation_difference WHERE reconciliation = ?1 ORDER BY number",
        params![reconciliation.to_string()],
        |row| row.get::<_, String>(0),
    )?;
    texts.iter().map(|text| json(text)).collect()
}

pub fn difference(view: View<'_>, reconciliation: Uuid, number: usize) -> Result<Option<Difference>, StoreError> {
    let text = view.one(
        "SELECT text FROM reconciliation_difference WHERE reconciliation = ?1 AND number = ?2",
        params![reconciliation.to_string(), i64::try_from(number).unwrap_or(i64::MAX)],
        |row| row.get::<_, String>(0),
    )?;
    text.as_deref().map(json).transpose()
}

/// Differences that wait for the same answer of home.
pub fn waiting(view: View<'_>, name: &str, limit: usize) -> Result<Vec<(Uuid, usize)>, StoreError> {
    let rows = view.all(
        "SELECT reconciliation, number FROM reconciliation_difference WHERE waiting = ?1
         ORDER BY reconciliation, number LIMIT ?2",
        params![name, limit as i64],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)? as usize)),
    )?;
    rows.into_iter().map(|(reconciliation, number)| Ok((super::text(&reconciliation)?, number))).collect()
}

/// Which of an institution's documents an earlier comparison has matched with another day.
pub fn matched_other_day(view: View<'_>, institution: &str, among: &[Known]) -> Result<BTreeSet<String>, StoreError> {
    let mut matched = BTreeSet::new();
    for known in among {
        let sql = "SELECT settlement FROM matched_other_day WHERE institution = ?1 AND settlement = ?2";
        matched.extend(view.one(sql, params![institution, known.row.settlement], |row| row.get::<_, String>(0))?);
    }
    Ok(matched)
}

/// Differences of a comparison: all, and those that are not resolved.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    pub found: u64,
    pub open: u64,
}

/// Reconciliations of an institution, behind `after`, without their differences.
pub fn list(
    view: View<'_>,
    institution: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(Reconciliation, Counts)>, StoreError> {
    let rows = view.all(
        "SELECT text,
            (SELECT COUNT(*) FROM reconciliation_difference AS of WHERE of.reconciliation = made.reconciliation),
            (SELECT COUNT(*) FROM reconciliation_difference AS of WHERE of.reconciliation = made.reconciliation
                AND NOT json_extract(of.text, '$.is_resolved'))
         FROM reconciliation AS made WHERE institution = ?1 AND (?2 IS NULL OR reconciliation > ?2)
         ORDER BY reconciliation LIMIT ?3",
        params![institution, after, limit as i64],
        |row| Ok((row.get::<_, String>(0)?, Counts { found: row.get(1)?, open: row.get(2)? })),
    )?;
    rows.into_iter().map(|(text, counts)| Ok((json(&text)?, counts))).collect()
}

/// Which column names the other side.
fn other(role: Role) -> &'static str {
    match role {
        Role::Visited => "home",
        Role::Home => "visited",
    }
}

/// What a side's books hold of a day with another jurisdiction.
pub fn day_totals(view: View<'_>, role: Role, peer: Division, day: Date) -> Result<DayTotals, StoreError> {
    let sql = format!(
        "SELECT settlement, document, total_fen, fund_total_fen, account_fen FROM settlement
         WHERE role = ?1 AND day = ?2 AND {} = ?3 ORDER BY settlement",
        other(role)
    );
    let (mut totals, mut hash) = (Totals::default(), Digest::ZERO);
    view.each(&sql, params![role.name(), day.to_string(), peer.as_str()], |row| {
        let (settlement, document): (String, [u8; 32]) = (row.get(0)?, row.get(1)?);
        totals.documents += 1;
        totals.total_fen += Fen(row.get(2)?);
        totals.fund_fen += Fen(row.get(3)?);
        totals.account_fen += Fen(row.get(4)?);
        hash = HashFunction::Sha256.hash(&[&hash.0, settlement.as_bytes(), &document]);
        Ok(())
    })?;
    Ok(DayTotals { day, totals, list_hash: hash })
}

/// Documents of a day behind a number.
pub fn day_documents(
    view: View<'_>,
    role: Role,
    (peer, day): (Division, Date),
    after: &str,
    limit: usize,
) -> Result<Vec<DayDocument>, StoreError> {
    let sql = format!(
        "SELECT settlement, document, total_fen, fund_total_fen, number FROM settlement
         WHERE role = ?1 AND day = ?2 AND {} = ?3 AND settlement > ?4 ORDER BY settlement LIMIT ?5",
        other(role)
    );
    view.all(&sql, params![role.name(), day.to_string(), peer.as_str(), after, limit as i64], |row| {
        Ok(DayDocument {
            settlement: row.get(0)?,
            document: Digest(row.get(1)?),
            total_fen: Fen(row.get(2)?),
            fund_fen: Fen(row.get(3)?),
            number: row.get(4)?,
        })
    })
}

/// Why a message of another medical service was refused here.
pub fn refused(view: View<'_>, feed: &Feed, number: u64) -> Result<Option<String>, StoreError> {
    let sql = "SELECT code FROM unread_message WHERE feed = ?1 AND number = ?2";
    view.one(sql, params![feed.to_string(), number], |row| row.get(0))
}

pub fn day_state(view: View<'_>, home: Division, day: Date) -> Result<Option<DayState>, StoreError> {
    let sql = "SELECT state FROM visited_day WHERE home = ?1 AND day = ?2";
    let state = view.one(sql, params![home.as_str(), day.to_string()], |row| row.get::<_, String>(0))?;
    state.map(|state| state.parse().map_err(|()| StoreError::Damaged(format!("state of a day {state:?}")))).transpose()
}

pub fn day_differing(view: View<'_>, home: Division, day: Date) -> Result<Vec<DayDifference>, StoreError> {
    let sql = "SELECT differing FROM visited_day WHERE home = ?1 AND day = ?2";
    let text = view.one(sql, params![home.as_str(), day.to_string()], |row| row.get::<_, String>(0))?;
    text.as_deref().map_or_else(|| Ok(Vec::new()), json)
}

/// A day with another jurisdiction, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    pub home: String,
    pub day: String,
    pub state: DayState,
    /// Documents that one side lacks or holds otherwise.
    pub differing: Vec<DayDifference>,
}

/// Days with other jurisdictions, behind one of them.
pub fn days(view: View<'_>, after: (&str, &str), limit: usize) -> Result<Vec<Day>, StoreError> {
    let rows = view.all(
        "SELECT home, day, state, differing FROM visited_day WHERE (home, day) > (?1, ?2) ORDER BY home, day LIMIT ?3",
        params![after.0, after.1, limit as i64],
        |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?)),
    )?;
    rows.into_iter()
        .map(|(home, day, state, differing)| {
            let state = state.parse().map_err(|()| StoreError::Damaged(format!("state of a day {state:?}")))?;
            Ok(Day { home, day, state, differing: json(&differing)? })
        })
        .collect()
}

/// A file that is still kept, of an institution.
pub fn file(view: View<'_>, institution: &str, file: &str, now: i64) -> Result<Option<KeptFile>, StoreError> {
    view.one(
        "SELECT file, institution, name, form, text, until FROM national_file
         WHERE file = ?1 AND institution = ?2 AND until >= ?3",
        params![file, institution, now],
        |row| {
            Ok(KeptFile {
                file: row.get(0)?,
                institution: row.get(1)?,
                name: row.get(2)?,
                form: row.get::<_, Text<_>>(3)?.0,
                text: row.get(4)?,
                until: huitong_kernel::time::Instant(row.get(5)?),
            })
        },
    )
}
