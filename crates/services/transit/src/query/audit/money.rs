//! J5 at this node: what the book says is due and owed is what the documents' trips say; days and periods keep their sums.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::division::Division;
use huitong_ledger::report::{adds_up, balances_below};
use huitong_service_kit::{StoreError, View};

use super::{Audit, Place};
use crate::model::period::Period;
use crate::model::settlement::PeriodStatement;
use crate::query::Text;
use crate::query::statements::{self, StatementRow, Wanted};

/// Statements read at once.
const STATEMENTS_PAGE: usize = 1_000;

pub fn check(place: &Place<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    balances(place, audit)?;
    days(place.view, audit)?;
    periods(place, audit)
}

fn balances(place: &Place<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    let view = place.view;
    if !adds_up(view)? {
        audit.note("J5", "book", "debits and credits do not add up");
    }
    let mut receivable = sums(
        view,
        "SELECT network, home, original_fen + IFNULL((SELECT SUM(change_fen) FROM trip_adjust
                WHERE trip_adjust.trip = trip.trip AND trip_adjust.state = 'booked'), 0)
         FROM trip WHERE state IN ('charged', 'refunded')",
    )?;
    let mut payable =
        sums(view, "SELECT network, json_extract(text, '$.home'), charge_fen FROM home_trip WHERE state = 'charged'")?;
    // A part of a shared trip is owed at the operating node and due at the partner's.
    for (pair, amount) in sums(view, "SELECT creditor, debtor, amount_fen FROM document WHERE kind = 'split'")? {
        let is_own = |code: &str| {
            code.parse().is_ok_and(|place_of: Division| place.directory.jurisdiction_of(place_of) == Some(place.own))
        };
        if is_own(&pair.0) {
            *receivable.entry(pair.clone()).or_default() += amount;
        }
        if is_own(&pair.1) {
            *payable.entry(pair.clone()).or_default() += amount;
        }
    }
    compare(view, "receivable", receivable, audit)?;
    compare(view, "payable", payable, audit)
}

type Sums = BTreeMap<(String, String), i64>;

fn sums(view: View<'_>, sql: &str) -> Result<Sums, StoreError> {
    let mut sums = Sums::new();
    view.each(sql, [], |row| {
        *sums.entry((row.get(0)?, row.get(1)?)).or_default() += row.get::<_, i64>(2)?;
        Ok(())
    })?;
    Ok(sums)
}

fn compare(view: View<'_>, class: &str, mut expected: Sums, audit: &mut Audit) -> Result<(), StoreError> {
    for (code, balance) in balances_below(view, class)? {
        let mut parts = code.split('/').skip(1).map(str::to_owned);
        let (one, other) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (pair, booked) = if class == "payable" { ((other, one), -balance.0) } else { ((one, other), balance.0) };
        let said = expected.remove(&pair).unwrap_or(0);
        if said != booked {
            audit.note("J5", code, format!("the book says {booked}, the trips {said}"));
        }
    }
    for ((creditor, debtor), amount) in expected.into_iter().filter(|(_, amount)| *amount != 0) {
        audit.note("J5", format!("{class} {creditor} {debtor}"), format!("the trips say {amount}, the book nothing"));
    }
    Ok(())
}

/// The kept sums of days are those of their documents, and no documents are without.
fn days(view: View<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    let kept = "SELECT issuer, receiver, booking_day, creditor, debtor, kind, documents, amount_fen FROM document_day";
    let held = "SELECT issuer, receiver, booking_day, creditor, debtor, kind, COUNT(*), SUM(amount_fen) FROM document
         GROUP BY issuer, receiver, booking_day, creditor, debtor, kind";
    for (one, other) in [(kept, held), (held, kept)] {
        audit.none(
            view,
            "J5",
            "the sums of the day are not those of its documents",
            &format!(
                "SELECT issuer || '>' || receiver || ' ' || booking_day FROM (SELECT * FROM ({one}) EXCEPT SELECT * FROM ({other}))
                 LIMIT 1000"
            ),
        )?;
    }
    Ok(())
}

/// Periods that were stated never change: their documents are still those of the statement. At the debtor's node this is so where
/// it has confirmed.
fn periods(place: &Place<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    let view = place.view;
    let periods = view.all("SELECT DISTINCT period FROM statement", [], |row| Ok(row.get::<_, Text<Period>>(0)?.0))?;
    for period in periods.into_iter().collect::<BTreeSet<_>>() {
        let held = statements::compute(view, period, Wanted::All, period.ends())?;
        for row in stated(view, period)? {
            let statement = &row.statement;
            if row.creditor_node != place.own && row.state != "confirmed" {
                continue;
            }
            let claim = |statement: &PeriodStatement| (statement.documents, statement.claimed_fen, statement.root);
            let pair = (statement.creditor, statement.debtor);
            let now = held.get(&pair).map_or_else(|| claim(&statements::empty(period, pair, period.ends())), claim);
            if now != claim(statement) {
                audit.note(
                    "J5",
                    format!("{period} {} {}", pair.0, pair.1),
                    format!("{} documents were stated, {} of the period are held", statement.documents, now.0),
                );
            }
        }
    }
    Ok(())
}

/// All statements of a period.
fn stated(view: View<'_>, period: Period) -> Result<Vec<StatementRow>, StoreError> {
    let name = period.to_string();
    let (mut rows, mut after): (Vec<StatementRow>, (String, String)) = (Vec::new(), Default::default());
    loop {
        let page = statements::list(view, (&name, &after.0, &after.1), STATEMENTS_PAGE)?;
        let is_last = page.len() < STATEMENTS_PAGE;
        let of_period = page.into_iter().filter(|row| row.statement.period == name);
        let before = rows.len();
        rows.extend(of_period);
        match rows.last() {
            Some(last) if !is_last && rows.len() > before => {
                after = (last.statement.creditor.to_string(), last.statement.debtor.to_string());
            }
            _ => return Ok(rows),
        }
    }
}
