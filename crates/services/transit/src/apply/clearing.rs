//! Documents, splits, days.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs, Instant, days_since_epoch};
use huitong_ledger::{Transfer, book};
use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::json;
use crate::event::DayDifference;
use crate::model::settlement::{DayDocuments, DayTotals, Document, SplitNotice};

/// How long after a business day its totals are sent: until then answers to its last claims arrive.
pub const DAY_GRACE: DurationMs = DurationMs::minutes(60);
/// Documents booked so many days after the travel are counted by their age; younger ones are the rule.
pub const AGE_DAYS_MIN: i64 = 2;

/// A document that this node issues: its day has totals to send.
pub fn issue_document(tx: Tx<'_>, document: &Document) -> Result<(), StoreError> {
    issue_documents(tx, [document])
}

/// Several at once: their days and sums are written once.
pub fn issue_documents<'d>(tx: Tx<'_>, documents: impl IntoIterator<Item = &'d Document>) -> Result<(), StoreError> {
    let mut sums = Sums::default();
    for document in documents {
        insert_document(tx, document)?;
        sums.add(document);
    }
    for (receiver, day) in sums.days.keys().map(|of| (of.receiver, of.booking_day)).collect::<BTreeSet<_>>() {
        let due_at = Instant::start_of(day) + DurationMs::days(1) + DAY_GRACE;
        tx.execute(
            "INSERT OR IGNORE INTO open_day (receiver, booking_day, due_at) VALUES (?1, ?2, ?3)",
            params![receiver.as_str(), day.to_string(), due_at.0],
        )?;
    }
    sums.write(tx)
}

/// A document, own or taken, and the sums of its day.
pub fn add_document(tx: Tx<'_>, document: &Document) -> Result<(), StoreError> {
    insert_document(tx, document)?;
    let mut sums = Sums::default();
    sums.add(document);
    sums.write(tx)
}

/// What documents add to the sums of their days.
#[derive(Default)]
struct Sums {
    days: BTreeMap<SumOf, (i64, Fen)>,
    ages: BTreeMap<(Date, Division, Division, i64), (i64, Fen)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct SumOf {
    issuer: Division,
    receiver: Division,
    booking_day: Date,
    creditor: Division,
    debtor: Division,
    kind: &'static str,
}

impl Sums {
    fn add(&mut self, document: &Document) {
        let Document { issuer, receiver, booking_day, creditor, debtor, .. } = *document;
        let of = SumOf { issuer, receiver, booking_day, creditor, debtor, kind: document.kind.name() };
        let add = |(documents, amount): &mut (i64, Fen)| {
            *documents += 1;
            *amount += document.amount_fen;
        };
        add(self.days.entry(of).or_default());
        let age = days_since_epoch(booking_day) - days_since_epoch(document.travel_day);
        if age >= AGE_DAYS_MIN {
            add(self.ages.entry((booking_day, issuer, receiver, age)).or_default());
        }
    }

    fn write(self, tx: Tx<'_>) -> Result<(), StoreError> {
        for (of, (documents, amount)) in self.days {
            tx.execute_one(
                "INSERT INTO document_day (issuer, receiver, booking_day, creditor, debtor, kind, documents, amount_fen)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (issuer, receiver, booking_day, creditor, debtor, kind)
                 DO UPDATE SET documents = documents + ?7, amount_fen = amount_fen + ?8",
                params![
                    of.issuer.as_str(),
                    of.receiver.as_str(),
                    of.booking_day.to_string(),
                    of.creditor.as_str(),
                    of.debtor.as_str(),
                    of.kind,
                    documents,
                    amount.0,
                ],
            )?;
        }
        for ((booking_day, issuer, receiver, age), (documents, amount)) in self.ages {
            tx.execute_one(
                "INSERT INTO document_age (booking_day, issuer, receiver, age_days, documents, amount_fen)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (booking_day, issuer, receiver, age_days)
                 DO UPDATE SET documents = documents + ?5, amount_fen = amount_fen + ?6",
                params![booking_day.to_string(), issuer.as_str(), receiver.as_str(), age, documents, amount.0],
            )?;
        }
        Ok(())
    }
}

fn insert_document(tx: Tx<'_>, document: &Document) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO document (issuer, receiver, booking_day, id, kind, creditor, debtor, travel_day, amount_fen, trip)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            document.issuer.as_str(),
            document.receiver.as_str(),
            document.booking_day.to_string(),
            document.id.0,
            document.kind.name(),
            document.creditor.as_str(),
            document.debtor.as_str(),
            document.travel_day.to_string(),
            document.amount_fen.0,
            document.trip.map(|trip| trip.0),
        ],
    )
}

/// At the operating node: the partner's part waits until the partner has booked it.
pub fn split_noticed(tx: Tx<'_>, notice: &SplitNotice, amount: Fen, applied: &Applied) -> Result<(), StoreError> {
    split_part(tx, notice, amount, "noticed", applied)
}

fn split_part(tx: Tx<'_>, notice: &SplitNotice, amount: Fen, state: &str, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO split_part (of, partner, trip, amount_fen, state, since, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (of, partner) DO UPDATE SET state = ?5",
        params![notice.of.0, notice.partner.as_str(), notice.trip_id.0, amount.0, state, applied.at.0, json(notice)?,],
    )
}

pub fn split_booked(
    tx: Tx<'_>,
    notice: &SplitNotice,
    document: &Document,
    is_issuer: bool,
    transfers: &[Transfer],
    applied: &Applied,
) -> Result<(), StoreError> {
    if is_issuer {
        issue_document(tx, document)?;
    } else {
        add_document(tx, document)?;
    }
    split_part(tx, notice, document.amount_fen, "booked", applied)?;
    book::apply(tx, applied.at, &format!("split:{}:{}", notice.of, notice.partner), transfers)
}

pub fn totals_sent(tx: Tx<'_>, totals: &DayTotals) -> Result<(), StoreError> {
    let day = totals.booking_day.to_string();
    // Between cities of one node there is nobody to ask.
    let state = if totals.issuer == totals.receiver { "matched" } else { "sent" };
    tx.execute_one(
        "INSERT INTO day_totals (issuer, receiver, booking_day, state, own) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![totals.issuer.as_str(), totals.receiver.as_str(), day, state, json(totals)?],
    )?;
    tx.execute(
        "DELETE FROM open_day WHERE receiver = ?1 AND booking_day = ?2",
        params![totals.receiver.as_str(), day],
    )?;
    Ok(())
}

/// The longest of a day's terms: cities may have calendars of their own.
pub fn contest_term(tx: Tx<'_>, booking_day: Date, until: Instant) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO contest_term (booking_day, until) VALUES (?1, ?2)
         ON CONFLICT (booking_day) DO UPDATE SET until = MAX(until, ?2)",
        params![booking_day.to_string(), until.0],
    )
}

pub fn totals_compared(tx: Tx<'_>, own: &DayTotals, theirs: &DayTotals) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO day_totals (issuer, receiver, booking_day, state, own, theirs) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (issuer, receiver, booking_day) DO UPDATE SET state = ?4, theirs = ?6",
        params![
            own.issuer.as_str(),
            own.receiver.as_str(),
            own.booking_day.to_string(),
            if own == theirs { "matched" } else { "different" },
            json(own)?,
            json(theirs)?,
        ],
    )
}

/// A page of the other side's documents; with the last one the differences are known, and the pages are not needed any more.
pub fn documents_held(tx: Tx<'_>, page: &DayDocuments, differences: &[DayDifference]) -> Result<(), StoreError> {
    let (issuer, receiver, day) = (page.issuer.as_str(), page.receiver.as_str(), page.booking_day.to_string());
    tx.execute_one(
        "UPDATE day_totals SET pages_held = ?4, all_held = ?5 WHERE issuer = ?1 AND receiver = ?2 AND booking_day = ?3",
        params![issuer, receiver, day, page.page + 1, page.is_last],
    )?;
    if !page.is_last {
        return page.documents.iter().try_for_each(|(id, amount)| {
            tx.execute_one(
                "INSERT INTO day_document (issuer, receiver, booking_day, id, amount_fen) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![issuer, receiver, day, id.0, amount.0],
            )
        });
    }
    tx.execute(
        "DELETE FROM day_document WHERE issuer = ?1 AND receiver = ?2 AND booking_day = ?3",
        params![issuer, receiver, day],
    )?;
    differences
        .iter()
        .try_for_each(|difference| add_difference(tx, page.issuer, page.receiver, page.booking_day, difference))
}

fn add_difference(
    tx: Tx<'_>,
    issuer: Division,
    receiver: Division,
    day: Date,
    difference: &DayDifference,
) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO day_difference (issuer, receiver, booking_day, id, class, issuer_fen, receiver_fen, cause, proposal)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            issuer.as_str(),
            receiver.as_str(),
            day.to_string(),
            difference.id.0,
            difference.class.name(),
            difference.issuer_fen.map(|amount| amount.0),
            difference.receiver_fen.map(|amount| amount.0),
            difference.cause.name(),
            difference.proposal.name(),
        ],
    )
}
