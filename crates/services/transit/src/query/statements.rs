//! Periods: what was cut, what creditors claim from debtors, and what that makes each pay.

use std::collections::{BTreeMap, HashMap};

use huitong_kernel::division::Division;
use huitong_kernel::hash::{Digest, RunningSha256};
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{Row, SqlError, StoreError, View, params};

use super::{Text, documents, json};
use crate::model::period::Period;
use crate::model::settlement::{DocumentKind, PeriodStatement};

/// The newest period that was cut.
pub fn last_cut(view: View<'_>) -> Result<Option<Period>, StoreError> {
    let newest =
        view.one("SELECT MAX(period) FROM period_cut", [], |row| row.get::<_, Option<Text<Period>>>(0))?.flatten();
    Ok(newest.map(|period| period.0))
}

/// A month behind the last cut and before this one that has documents: it is cut first.
pub fn earlier_open(view: View<'_>, period: Period) -> Result<Option<String>, StoreError> {
    let from = last_cut(view)?.map(|cut| cut.next().first_day().to_string());
    let earliest = view.one(
        "SELECT MIN(booking_day) FROM document_day WHERE booking_day >= ?1 AND booking_day < ?2",
        params![from.unwrap_or_default(), period.first_day().to_string()],
        |row| row.get::<_, Option<Text<Date>>>(0),
    )?;
    Ok(earliest.flatten().map(|day| Period::of(day.0).to_string()))
}

/// Whether a creditor's claims of a period were stated: nothing is added to them any more.
pub fn is_stated(view: View<'_>, period: Period, creditor: Division, debtor: Division) -> Result<bool, StoreError> {
    let found = view.one(
        "SELECT 1 FROM statement WHERE period = ?1 AND creditor = ?2 AND debtor = ?3",
        params![period.to_string(), creditor.as_str(), debtor.as_str()],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// A statement as this node issued or received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementRow {
    pub statement: PeriodStatement,
    pub creditor_node: Division,
    pub debtor_node: Division,
    /// `issued`, `confirmed` or `disputed`
    pub state: String,
    pub issued_at: Instant,
}

const COLUMNS: &str = "text, creditor_node, debtor_node, state, issued_at";

type Raw = (String, Text<Division>, Text<Division>, String, i64);

fn raw(row: &Row<'_>) -> Result<Raw, SqlError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn statement_row((text, creditor_node, debtor_node, state, issued_at): Raw) -> Result<StatementRow, StoreError> {
    Ok(StatementRow {
        statement: json(&text)?,
        creditor_node: creditor_node.0,
        debtor_node: debtor_node.0,
        state,
        issued_at: Instant(issued_at),
    })
}

pub fn statement(
    view: View<'_>,
    period: Period,
    creditor: Division,
    debtor: Division,
) -> Result<Option<StatementRow>, StoreError> {
    let row = view.one(
        &format!("SELECT {COLUMNS} FROM statement WHERE period = ?1 AND creditor = ?2 AND debtor = ?3"),
        params![period.to_string(), creditor.as_str(), debtor.as_str()],
        raw,
    )?;
    row.map(statement_row).transpose()
}

/// The newest statement of a pair before a period.
pub fn before(
    view: View<'_>,
    period: Period,
    creditor: Division,
    debtor: Division,
) -> Result<Option<StatementRow>, StoreError> {
    let row = view.one(
        &format!(
            "SELECT {COLUMNS} FROM statement WHERE period < ?1 AND creditor = ?2 AND debtor = ?3
             ORDER BY period DESC LIMIT 1"
        ),
        params![period.to_string(), creditor.as_str(), debtor.as_str()],
        raw,
    )?;
    row.map(statement_row).transpose()
}

/// Statements by period, creditor and debtor, behind a place, at most `limit`.
pub fn list(view: View<'_>, after: (&str, &str, &str), limit: usize) -> Result<Vec<StatementRow>, StoreError> {
    let rows = view.all(
        &format!(
            "SELECT {COLUMNS} FROM statement WHERE (period, creditor, debtor) > (?1, ?2, ?3)
             ORDER BY period, creditor, debtor LIMIT ?4"
        ),
        params![after.0, after.1, after.2, limit as i64],
        raw,
    )?;
    rows.into_iter().map(statement_row).collect()
}

/// All pairs of cities that have a statement in the newest period before this one.
pub fn pairs_before(view: View<'_>, period: Period) -> Result<Vec<StatementRow>, StoreError> {
    let rows = view.all(
        &format!(
            "SELECT {COLUMNS} FROM statement WHERE period = (SELECT MAX(period) FROM statement WHERE period < ?1) LIMIT 100000"
        ),
        params![period.to_string()],
        raw,
    )?;
    rows.into_iter().map(statement_row).collect()
}

/// Creditor and debtor city.
pub type Pair = (Division, Division);

/// What a creditor claims from a debtor, counted while its documents pass by.
#[derive(Clone, Default)]
struct Claimed {
    documents: u64,
    claimed_fen: Fen,
    root: RunningSha256,
}

/// Issuers and receivers of this node's documents.
fn streams(view: View<'_>) -> Result<Vec<(String, String)>, StoreError> {
    view.all("SELECT DISTINCT issuer, receiver FROM document_day ORDER BY issuer, receiver", [], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Which documents are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    All,
    /// Those of one pair.
    Of(Pair),
}

/// The statements of a period over all pairs of cities in this node's documents, in one pass by primary key: nothing is held
/// but one sum per pair.
pub fn compute(view: View<'_>, period: Period, wanted: Wanted) -> Result<BTreeMap<Pair, PeriodStatement>, StoreError> {
    let (first, last) = (period.first_day().to_string(), period.last_day().to_string());
    let streams = streams(view)?;
    let mut claimed: BTreeMap<Pair, Claimed> = BTreeMap::new();
    for (issuer, receiver) in streams {
        // Codes come as text, once per pair and stream.
        let mut places: HashMap<(String, String), usize> = HashMap::new();
        let mut sums: Vec<(Pair, Claimed)> = Vec::new();
        let mut known: Option<([u8; 12], usize)> = None;
        view.each(
            "SELECT booking_day, id, creditor, debtor, amount_fen FROM document
             WHERE issuer = ?1 AND receiver = ?2 AND booking_day BETWEEN ?3 AND ?4 ORDER BY booking_day, id",
            params![issuer, receiver, first, last],
            |row| {
                let (creditor, debtor) = (text(row, 2)?, text(row, 3)?);
                let mut key = [0; 12];
                key[..6].copy_from_slice(creditor.as_bytes());
                key[6..].copy_from_slice(debtor.as_bytes());
                let place = match known {
                    Some((last, place)) if last == key => place,
                    _ => match places.get(&(creditor.to_owned(), debtor.to_owned())) {
                        Some(place) => *place,
                        None => {
                            let before = sums.len();
                            sums.push(((code(creditor)?, code(debtor)?), Claimed::default()));
                            places.insert((creditor.to_owned(), debtor.to_owned()), before);
                            before
                        }
                    },
                };
                known = Some((key, place));
                let (pair, sum) = &mut sums[place];
                if wanted == Wanted::All || wanted == Wanted::Of(*pair) {
                    let (id, amount) = (row.get::<_, [u8; 32]>(1)?, row.get::<_, i64>(4)?);
                    sum.root.add(text(row, 0)?.as_bytes());
                    sum.root.add(&id);
                    sum.root.add(&amount.to_be_bytes());
                    sum.documents += 1;
                    sum.claimed_fen += Fen(amount);
                }
                Ok(())
            },
        )?;
        for (pair, sum) in sums {
            join(&mut claimed, pair, sum);
        }
    }
    claimed.retain(|_, sum| sum.documents > 0);
    let mut statements: BTreeMap<Pair, PeriodStatement> = BTreeMap::new();
    for (pair, sum) in claimed {
        let statement = PeriodStatement {
            documents: sum.documents,
            claimed_fen: sum.claimed_fen,
            root: sum.root.digest(),
            ..empty(period, pair)
        };
        statements.insert(pair, statement);
    }
    contested(view, period, wanted, &mut statements)?;
    Ok(statements)
}

/// Documents of a pair that two nodes issue to each other come stream by stream: the roots of the streams are joined.
fn join(claimed: &mut BTreeMap<Pair, Claimed>, pair: Pair, sum: Claimed) {
    match claimed.get_mut(&pair) {
        None => {
            claimed.insert(pair, sum);
        }
        Some(known) => {
            known.documents += sum.documents;
            known.claimed_fen += sum.claimed_fen;
            known.root.add(&sum.root.digest().0);
        }
    }
}

/// A statement that claims nothing.
pub fn empty(period: Period, (creditor, debtor): Pair) -> PeriodStatement {
    PeriodStatement {
        period: period.to_string(),
        creditor,
        debtor,
        documents: 0,
        claimed_fen: Fen::ZERO,
        contested: 0,
        contested_fen: Fen::ZERO,
        root: RunningSha256::default().digest(),
        previous_open: 0,
        previous_open_fen: Fen::ZERO,
    }
}

/// Documents under contest now: of the period, and of earlier ones.
fn contested(
    view: View<'_>,
    period: Period,
    wanted: Wanted,
    statements: &mut BTreeMap<Pair, PeriodStatement>,
) -> Result<(), StoreError> {
    let open = view.all(
        "SELECT document, creditor, debtor, booking_day FROM contest WHERE state IN ('open', 'escalated')
         ORDER BY creditor, debtor, document",
        [],
        |row| {
            let pair = (row.get::<_, Text<Division>>(1)?.0, row.get::<_, Text<Division>>(2)?.0);
            Ok((Digest(row.get(0)?), pair, row.get::<_, Text<_>>(3)?.0))
        },
    )?;
    for (document, pair, day) in open {
        if wanted != Wanted::All && wanted != Wanted::Of(pair) {
            continue;
        }
        for (booking_day, amount) in under_contest(view, document, pair, day)? {
            let statement = statements.entry(pair).or_insert_with(|| empty(period, pair));
            if Period::of(booking_day) == period {
                statement.contested += 1;
                statement.contested_fen += amount;
            } else if Period::of(booking_day) < period {
                statement.previous_open += 1;
                statement.previous_open_fen += amount;
            }
        }
    }
    Ok(())
}

type Dated = (Date, Fen);

/// The contested document with its day; of a trip its adjustments too.
fn under_contest(
    view: View<'_>,
    document: Digest,
    (creditor, debtor): Pair,
    day: Date,
) -> Result<Vec<Dated>, StoreError> {
    let streams = streams(view)?;
    let mut dated: Vec<Dated> = Vec::new();
    for (issuer, receiver) in streams {
        let amount = view.one(
            "SELECT amount_fen FROM document WHERE issuer = ?1 AND receiver = ?2 AND booking_day = ?3 AND id = ?4
             AND creditor = ?5 AND debtor = ?6",
            params![issuer, receiver, day.to_string(), document.0, creditor.as_str(), debtor.as_str()],
            |row| Ok(Fen(row.get(0)?)),
        )?;
        dated.extend(amount.map(|amount| (day, amount)));
    }
    let adjusts = documents::of_trip(view, document)?;
    let adjusts = adjusts.into_iter().filter(|other| other.kind == DocumentKind::Adjust);
    dated.extend(adjusts.map(|other| (other.booking_day, other.amount_fen)));
    Ok(dated)
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, StoreError> {
    let value = row.get_ref(column)?;
    value.as_str().map_err(|_| StoreError::Damaged("a document's code is no text".to_owned()))
}

fn code(text: &str) -> Result<Division, StoreError> {
    text.parse().map_err(|_| StoreError::Damaged(format!("a document's code is {text}")))
}
