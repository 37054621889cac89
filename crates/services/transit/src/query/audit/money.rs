//! J5 at this node: what the book says is due and owed is what the documents' trips say; days keep their sums.

use std::collections::BTreeSet;

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::positions::Gross;
use huitong_ledger::report::adds_up;
use huitong_service_kit::{StoreError, View};

use super::{Audit, Place};
use crate::accounts::Side;
use crate::query::{Text, pairs};

pub fn check(place: &Place<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    balances(place, audit)?;
    days(place.view, audit)
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
