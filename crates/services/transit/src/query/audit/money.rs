//! J5 at this node: what the book says is due and owed is what the documents' trips say; days and periods keep their sums.

use std::collections::BTreeSet;

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::positions::Gross;
use huitong_ledger::report::adds_up;
use huitong_service_kit::{StoreError, View};

use super::{Audit, Place};
use crate::accounts::Side;
use crate::model::period::Period;
use crate::model::settlement::PeriodStatement;
use crate::query::statements::{self, StatementRow, Wanted};
use crate::query::{Text, pairs};

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
        let is_own = |city| place.directory.jurisdiction_of(city) == Some(place.own);
        let (debtor, creditor) = pair;
        if is_own(creditor) {
            *receivable.entry(pair).or_default() += amount;
        }
        if is_own(debtor) {
            *payable.entry(pair).or_default() += amount;
        }
    }
    compare(view, Side::Receivable, &receivable, audit)?;
    compare(view, Side::Payable, &payable, audit)
}

/// Amounts by debtor and creditor, of rows (creditor, debtor, fen).
fn sums(view: View<'_>, sql: &str) -> Result<Gross, StoreError> {
    let mut sums = Gross::new();
    view.each(sql, [], |row| {
        let city = |column| Ok::<_, StoreError>(row.get::<_, Text<Division>>(column)?.0);
        *sums.entry((city(1)?, city(0)?)).or_default() += Fen(row.get(2)?);
        Ok(())
    })?;
    Ok(sums)
}

fn compare(view: View<'_>, side: Side, trips: &Gross, audit: &mut Audit) -> Result<(), StoreError> {
    let mut book = Gross::new();
    pairs::add(view, side, &mut book)?;
    for pair in trips.keys().chain(book.keys()).collect::<BTreeSet<_>>() {
        let amount = |sums: &Gross| sums.get(pair).copied().unwrap_or_default();
        let (said, booked) = (amount(trips), amount(&book));
        if said != booked {
            let key = format!("{} of {} from {}", side.class(), pair.1, pair.0);
            audit.note("J5", key, format!("the book says {booked}, the trips {said}"));
        }
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
