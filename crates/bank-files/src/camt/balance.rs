//! The balances of a statement, and that its entries lead from one to the other.

use super::part::side;
use super::{AccountReport, Balance, Page, Status};
use crate::fault::{self, Fault};
use crate::xml::Place;

pub fn opening(statement: Place) -> Result<Option<Balance>, Fault> {
    match of(statement, "OPBD")? {
        Some(opening) => Ok(Some(opening)),
        None => of(statement, "PRCD"),
    }
}

pub fn closing(statement: Place) -> Result<Option<Balance>, Fault> {
    of(statement, "CLBD")
}

/// The balance of a type, which stands once.
fn of(statement: Place, code: &str) -> Result<Option<Balance>, Fault> {
    let mut balances = balances(statement, code);
    let first = balances.next().map(balance).transpose()?;
    match balances.next() {
        Some(second) => Err(second.fault(fault::DUPLICATE)),
        None => Ok(first),
    }
}

fn balances<'t>(statement: Place<'t>, code: &str) -> impl Iterator<Item = Place<'t>> {
    let is_of = move |balance: &Place| {
        balance.find(&["Tp", "CdOrPrtry", "Cd"]).is_some_and(|balance_code| balance_code.text() == code)
    };
    statement.all("Bal").filter(is_of)
}

fn balance(place: Place) -> Result<Balance, Fault> {
    let amount = place.need(&["Amt"])?.amount()?;
    let side = side(place.need(&["CdtDbtInd"])?);
    Ok(Balance { amount: side.signed(amount), date: place.need(&["Dt"])?.day()? })
}

/// Opening and booked entries make the closing balance; of a statement in pages that cannot be said of one page.
pub fn check(statement: Place, report: &AccountReport) -> Result<(), Fault> {
    let is_whole = report.page.is_none_or(|page| page == Page { number: 1, is_last: true });
    let (Some(opening), Some(closing), true) = (report.opening, report.closing, is_whole) else { return Ok(()) };
    let booked = report.entries.iter().filter(|entry| entry.status == Status::Booked);
    let sum = i128::from(opening.amount.0) + booked.map(|entry| i128::from(entry.signed().0)).sum::<i128>();
    if sum == i128::from(closing.amount.0) {
        return Ok(());
    }
    let place = balances(statement, "CLBD").next().unwrap_or(statement);
    Err(place.find(&["Amt"]).unwrap_or(place).fault(fault::BALANCES).with(yuan(sum)))
}

/// A sum that may be beyond what an amount can be.
pub fn yuan(fen: i128) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let magnitude = fen.unsigned_abs();
    format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100)
}
