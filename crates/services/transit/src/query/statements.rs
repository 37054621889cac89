//! Periods: what was cut, what creditors claim from debtors, and what that makes each pay.

use std::collections::{BTreeMap, HashMap};

use huitong_kernel::division::Division;
use huitong_kernel::hash::{Digest, RunningSha256};
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{Row, SqlError, StoreError, View, params};

use super::{Text, documents, json};
use crate::model::period::Period;
use crate::model::settlement::{DocumentKind, PeriodStatement, StatementDifference, UnderContest};

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
    /// When this node issued it, or held it.
    pub issued_at: Instant,
    /// Journal sequence of that.
    pub entry: u64,
    /// What the debtor has answered.
    pub answered: Option<UnderContest>,
    /// Of disputed ones.
    pub difference: Option<StatementDifference>,
}

impl StatementRow {
    /// What is not paid now: by the debtor's answer, and until there is one by the statement.
    pub fn under_contest(&self) -> UnderContest {
        self.answered.unwrap_or_else(|| self.statement.under_contest())
    }
}

const COLUMNS: &str = "text, creditor_node, debtor_node, state, issued_at, entry, under_contest, difference";

/// Columns as they are, the JSON not yet read.
struct Raw {
    text: String,
    nodes: (Division, Division),
    state: String,
    issued_at: i64,
    entry: u64,
    under_contest: Option<String>,
    difference: Option<StatementDifference>,
}

fn raw(row: &Row<'_>) -> Result<Raw, SqlError> {
    Ok(Raw {
        text: row.get(0)?,
        nodes: (row.get::<_, Text<Division>>(1)?.0, row.get::<_, Text<Division>>(2)?.0),
        state: row.get(3)?,
        issued_at: row.get(4)?,
        entry: row.get(5)?,
        under_contest: row.get(6)?,
        difference: row.get::<_, Option<Text<StatementDifference>>>(7)?.map(|difference| difference.0),
    })
}

fn statement_row(raw: Raw) -> Result<StatementRow, StoreError> {
    Ok(StatementRow {
        statement: json(&raw.text)?,
        creditor_node: raw.nodes.0,
        debtor_node: raw.nodes.1,
        state: raw.state,
        issued_at: Instant(raw.issued_at),
        entry: raw.entry,
        answered: raw.under_contest.map(|text| json(&text)).transpose()?,
        difference: raw.difference,
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
pub fn compute(
    view: View<'_>,
    period: Period,
    wanted: Wanted,
    issued_at: Instant,
) -> Result<BTreeMap<Pair, PeriodStatement>, StoreError> {
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
            ..empty(period, pair, issued_at)
        };
        statements.insert(pair, statement);
    }
    for (pair, under) in under_contest(view, period, wanted, None)? {
        let statement = statements.entry(pair).or_insert_with(|| empty(period, pair, issued_at));
        (statement.contested, statement.contested_fen) = (under.contested, under.contested_fen);
        (statement.previous_open, statement.previous_open_fen) = (under.previous_open, under.previous_open_fen);
    }
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
pub fn empty(period: Period, (creditor, debtor): Pair, issued_at: Instant) -> PeriodStatement {
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
        issued_at,
    }
}

/// Documents under contest now, of the period and of earlier ones. With `as_of`, an entry of the creditor's journal: as the debtor
/// knew it when it took what that entry sent, so that contests which the creditor has ended since are open still.
pub fn under_contest(
    view: View<'_>,
    period: Period,
    wanted: Wanted,
    as_of: Option<u64>,
) -> Result<BTreeMap<Pair, UnderContest>, StoreError> {
    let open = view.all(
        "SELECT document, creditor, debtor, booking_day FROM contest
         WHERE awaits IS NOT NULL OR (state IN ('withdrawn', 'refused') AND ended_entry > ?1)",
        params![as_of],
        |row| {
            let pair = (row.get::<_, Text<Division>>(1)?.0, row.get::<_, Text<Division>>(2)?.0);
            Ok((Digest(row.get(0)?), pair, row.get::<_, Text<_>>(3)?.0))
        },
    )?;
    let streams = streams(view)?;
    // A trip and an adjustment of it may be contested both: each document counts once.
    let mut documents: BTreeMap<(Pair, Digest), Dated> = BTreeMap::new();
    for (document, pair, day) in open {
        if wanted == Wanted::All || wanted == Wanted::Of(pair) {
            let found = contested(view, &streams, document, pair, day)?;
            documents.extend(found.into_iter().map(|(id, dated)| ((pair, id), dated)));
        }
    }
    let mut pairs: BTreeMap<Pair, UnderContest> = BTreeMap::new();
    for ((pair, _), (booking_day, amount)) in documents {
        let under = pairs.entry(pair).or_default();
        if Period::of(booking_day) == period {
            under.contested += 1;
            under.contested_fen += amount;
        } else if Period::of(booking_day) < period {
            under.previous_open += 1;
            under.previous_open_fen += amount;
        }
    }
    pairs.retain(|_, under| !under.is_nothing());
    Ok(pairs)
}

type Dated = (Date, Fen);

/// The contested document with its day; of a trip its adjustments too.
fn contested(
    view: View<'_>,
    streams: &[(String, String)],
    document: Digest,
    (creditor, debtor): Pair,
    day: Date,
) -> Result<Vec<(Digest, Dated)>, StoreError> {
    let mut found: Vec<(Digest, Dated)> = Vec::new();
    for (issuer, receiver) in streams {
        let amount = view.one(
            "SELECT amount_fen FROM document WHERE issuer = ?1 AND receiver = ?2 AND booking_day = ?3 AND id = ?4
             AND creditor = ?5 AND debtor = ?6",
            params![issuer, receiver, day.to_string(), document.0, creditor.as_str(), debtor.as_str()],
            |row| Ok(Fen(row.get(0)?)),
        )?;
        found.extend(amount.map(|amount| (document, (day, amount))));
    }
    let adjusts = documents::of_trip(view, document)?;
    let adjusts = adjusts.into_iter().filter(|other| other.kind == DocumentKind::Adjust);
    found.extend(adjusts.map(|other| (other.id, (other.booking_day, other.amount_fen))));
    Ok(found)
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, StoreError> {
    let value = row.get_ref(column)?;
    value.as_str().map_err(|_| StoreError::Damaged("a document's code is no text".to_owned()))
}

fn code(text: &str) -> Result<Division, StoreError> {
    text.parse().map_err(|_| StoreError::Damaged(format!("a document's code is {text}")))
}
