//! Every difference between the two sides' documents of a day, in exactly one class, with its cause as far as this side knows.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_service_kit::{StoreError, View, params};

use crate::event::DayDifference;
use crate::model::settlement::{DayDocuments, DifferenceCause, DifferenceClass};
use crate::model::trip::TripState;
use crate::query::{home_trips, trips};

/// Differences named at most; more are a defect that single documents do not explain.
const DIFFERENCES_MAX: usize = 10_000;

/// Compares the own documents with the other side's pages, of which `last` is the last.
pub fn of(view: View<'_>, last: &DayDocuments, own: Division) -> Result<Vec<DayDifference>, StoreError> {
    let is_issuer = own == last.issuer;
    let (issuer, receiver, day) = (last.issuer.as_str(), last.receiver.as_str(), last.booking_day.to_string());
    let mut theirs: BTreeMap<Digest, Fen> = last.documents.iter().copied().collect();
    view.each(
        "SELECT id, amount_fen FROM day_document WHERE issuer = ?1 AND receiver = ?2 AND booking_day = ?3",
        params![issuer, receiver, day],
        |row| {
            theirs.insert(Digest(row.get(0)?), Fen(row.get(1)?));
            Ok(())
        },
    )?;
    let mut found: Vec<(Digest, Option<Fen>, Option<Fen>)> = Vec::new();
    view.each(
        "SELECT id, amount_fen FROM document WHERE issuer = ?1 AND receiver = ?2 AND booking_day = ?3 ORDER BY id",
        params![issuer, receiver, day],
        |row| {
            let (id, held) = (Digest(row.get(0)?), Fen(row.get(1)?));
            let other = theirs.remove(&id);
            if other != Some(held) && found.len() < DIFFERENCES_MAX {
                found.push((id, Some(held), other));
            }
            Ok(())
        },
    )?;
    found.extend(theirs.into_iter().map(|(id, amount)| (id, None, Some(amount))));
    found.truncate(DIFFERENCES_MAX);
    let sides = |(id, held, other)| if is_issuer { (id, held, other) } else { (id, other, held) };
    found
        .into_iter()
        .map(sides)
        .map(|(id, issuer, receiver)| classified(view, id, issuer, receiver, is_issuer))
        .collect()
}

fn classified(
    view: View<'_>,
    id: Digest,
    issuer_fen: Option<Fen>,
    receiver_fen: Option<Fen>,
    is_issuer: bool,
) -> Result<DayDifference, StoreError> {
    let class = match (issuer_fen, receiver_fen) {
        (Some(_), None) => DifferenceClass::OnlyIssuer,
        (None, _) => DifferenceClass::OnlyReceiver,
        (Some(_), Some(_)) => DifferenceClass::AmountsDiffer,
    };
    let cause = match (class, is_issuer) {
        (DifferenceClass::AmountsDiffer, _) => DifferenceCause::AmountChanged,
        (DifferenceClass::OnlyIssuer, true) => match trips::trip(view, id)? {
            Some(trip) if trip.state == TripState::Priced => DifferenceCause::NotAnswered,
            _ => DifferenceCause::AnsweredNotHeld,
        },
        (DifferenceClass::OnlyIssuer, false) => match home_trips::trip(view, id)? {
            Some(_) => DifferenceCause::DocumentLost,
            None => DifferenceCause::NeverReceived,
        },
        (DifferenceClass::OnlyReceiver, true) => match trips::trip(view, id)? {
            Some(_) => DifferenceCause::IssuerDocumentLost,
            None => DifferenceCause::UnknownAtIssuer,
        },
        (DifferenceClass::OnlyReceiver, false) => DifferenceCause::UnknownHere,
    };
    Ok(DayDifference { id, class, issuer_fen, receiver_fen, cause, proposal: cause.proposal() })
}
