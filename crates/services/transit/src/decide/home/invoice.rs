//! Invoices (发票): one for a month's rides in all cities, of what the rider has paid. A ride is on one invoice at a time: what changes
//! later takes it off by a red-letter invoice, and it can be invoiced anew as it stands.

use huitong_kernel::clearing::{Period, PeriodKind};
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Context, Decision, StoreError, View};

use super::own_account;
use crate::command::Reply;
use crate::decide::Decided;
use crate::event::Event;
use crate::model::invoice::{Buyer, Invoice, InvoiceKind, InvoicedRide, number};
use crate::model::rider::AccountToken;
use crate::query::{home_trips, invoices, totals};
use crate::refusal;

/// Rides that are taken off their invoices in a tick.
const CHANGED_MAX: usize = 100;

/// Of the rides that were booked in a month that is over, those that are paid and on no invoice.
pub fn issue(view: View<'_>, account: AccountToken, month: Period, buyer: Buyer, context: &mut Context<'_>) -> Decided {
    let known = own_account(view, &account, context)?;
    if month.kind() != PeriodKind::Month {
        return Err(refusal::invalid("month").into());
    }
    if let Some(field) = buyer.fault() {
        return Err(refusal::invalid(field).into());
    }
    // Until its last business day is over in every city, rides are booked in it.
    if context.now < month.ends() + totals::cut(view)? {
        return Err(refusal::MONTH_OPEN.refuse().at_field("month").into());
    }
    if known.unpaid_fen > Fen::ZERO {
        // What is not paid is not invoiced, and a debt is paid as a whole.
        return Err(refusal::INVOICE_UNPAID.refuse().into());
    }
    let month = month.to_string();
    let rides = invoices::open_rides(view, &account, &month)?;
    if rides.is_empty() {
        return Err(refusal::NOTHING_TO_INVOICE.refuse().into());
    }
    let serial = invoices::next_serial(view)?;
    let invoice = Invoice {
        number: number(known.city, &month, serial),
        serial,
        kind: InvoiceKind::Normal,
        original: None,
        account,
        city: known.city,
        month,
        buyer,
        rides,
        issued_at: context.now,
    };
    Ok(Decision::reply(Reply::Invoiced(Box::new(invoice.clone()))).event(Event::InvoiceIssued(Box::new(invoice))))
}

pub fn due(view: View<'_>) -> Result<Vec<Digest>, StoreError> {
    invoices::changed_rides(view, CHANGED_MAX)
}

/// A ride was adjusted after it was invoiced.
pub fn correct(view: View<'_>, trip: Digest, now: Instant) -> Decided {
    // Else a tick before this one has seen to it.
    let Some((invoiced, amount_fen)) = invoices::of_ride(view, trip)? else { return Ok(Decision::nothing()) };
    let Some(ride) = home_trips::trip(view, trip)? else { return Ok(Decision::nothing()) };
    if ride.of_rider(ride.charge_fen) == amount_fen {
        return Ok(Decision::nothing());
    }
    let serial = invoices::next_serial(view)?;
    let invoice = Invoice {
        number: number(invoiced.city, &invoiced.month, serial),
        serial,
        kind: InvoiceKind::RedLetter,
        original: Some(invoiced.number),
        rides: vec![InvoicedRide { trip, network: ride.network, amount_fen: -amount_fen }],
        issued_at: now,
        account: invoiced.account,
        city: invoiced.city,
        month: invoiced.month,
        buyer: invoiced.buyer,
    };
    Ok(Decision::nothing().event(Event::InvoiceIssued(Box::new(invoice))))
}
