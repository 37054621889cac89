//! The items of a Claim as fee lines (费用明细): amounts in yuan to the fen, prices to 10⁻⁶, quantities to 10⁻⁴.

use std::str::FromStr;

use huitong_kernel::decimal::{Price, Quantity};
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::Refusal;

use super::period::{Period, day};
use crate::fhir::number::Exact;
use crate::fhir::place::Place;
use crate::fhir::terms::{APPROVAL, ITEM_CODE, LOCAL_CODE};
use crate::model::lines::{Approval, Line, is_plausible};
use crate::refusal;

/// The currency in which is settled.
const YUAN: &str = "CNY";

/// The fee lines, numbered by the items' sequences. Each is of a day of the period.
pub(super) fn lines(root: &Place<'_>, period: Period, today: Date) -> Result<Vec<Line>, Refusal> {
    let items = root.list("item")?;
    let read = |item: &Place<'_>| {
        let line = line(item, today)?;
        let outside = || refusal::FEE_TIME_OUTSIDE_VISIT.refuse().at_field(item.get("servicedDate").path);
        if period.holds(line.day) { Ok(line) } else { Err(outside()) }
    };
    items.iter().map(read).collect()
}

/// Claim.total
pub(super) fn total(root: &Place<'_>) -> Result<Option<Fen>, Refusal> {
    let total = root.get("total");
    if total.is_there() { yuan::<Fen>(&total).map(Some) } else { Ok(None) }
}

fn line(item: &Place<'_>, today: Date) -> Result<Line, Refusal> {
    let product = item.get("productOrService");
    let (code, local_code) = (product.code(ITEM_CODE)?, product.code(LOCAL_CODE)?);
    if code.is_none() && local_code.is_none() {
        return Err(product.missing());
    }
    check_length(&product, code, 50)?;
    check_length(&product, local_code, 150)?;
    // A fee line has no parts: what has them is another kind of document.
    if item.get("detail").is_there() {
        return Err(item.get("detail").unsupported());
    }
    let quantity = match item.get("quantity").is_there() {
        true => plain(&item.get("quantity").get("value"))?,
        false => Quantity::ONE,
    };
    let price = price(item)?;
    if !is_plausible(quantity, price) {
        return Err(item.get("quantity").malformed());
    }
    Ok(Line {
        number: sequence(item)?,
        day: serviced(item)?.unwrap_or(today),
        code: code.map(str::to_owned),
        local_code: local_code.map(str::to_owned),
        quantity,
        price,
        amount: yuan(&item.get("net"))?,
        approval: approval(item)?,
        original: None,
    })
}

/// A positive whole number, as FHIR has it.
fn sequence(item: &Place<'_>) -> Result<String, Refusal> {
    let sequence = item.get("sequence");
    let digits = sequence.digits()?.ok_or_else(|| sequence.missing())?;
    let is_positive = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits != "0";
    if is_positive && digits.len() <= 10 { Ok(digits.to_owned()) } else { Err(sequence.malformed()) }
}

fn check_length(place: &Place<'_>, text: Option<&str>, limit: usize) -> Result<(), Refusal> {
    let is_long = text.is_some_and(|text| text.chars().count() > limit);
    let refused = || refusal::FIELD_TOO_LONG.with("field", &place.path).with("limit", limit).at_field(&place.path);
    if is_long { Err(refused()) } else { Ok(()) }
}

/// A Money in yuan, of the decimals of its kind.
fn yuan<T: FromStr>(money: &Place<'_>) -> Result<T, Refusal> {
    let currency = money.get("currency");
    if currency.text()?.is_some_and(|code| code != YUAN) {
        return Err(currency.unsupported());
    }
    plain(&money.get("value"))
}

/// A number with no more decimals than its kind has; the form of the digits does not matter (`1e2`, `20.000`).
fn plain<T: FromStr>(place: &Place<'_>) -> Result<T, Refusal> {
    let number = place.exact()?.ok_or_else(|| place.missing())?;
    number.to_string().parse().map_err(|_| place.malformed())
}

/// What one costs. A factor (a discount, points) is part of the price where the price stays exact to 10⁻⁶ yuan.
fn price(item: &Place<'_>) -> Result<Price, Refusal> {
    let price: Price = yuan(&item.get("unitPrice"))?;
    let factor = item.get("factor");
    let Some(times) = factor.exact()?.filter(|times| *times != Exact::ONE) else { return Ok(price) };
    // Six decimals and six make twelve at most, which are kept: nothing is rounded.
    let exact = item.get("unitPrice").get("value").exact()?.filter(|_| times.rounded(6) == times);
    let product = exact.and_then(|price| Exact::product(&[price, times], 12));
    product.and_then(|product| product.to_string().parse().ok()).ok_or_else(|| factor.unsupported())
}

/// The day of the fee: a date, or a period of one day.
fn serviced(item: &Place<'_>) -> Result<Option<Date>, Refusal> {
    let period = item.get("servicedPeriod");
    if !period.is_there() {
        return day(&item.get("servicedDate"));
    }
    match Period::read(&period)? {
        Period { start: Some(start), end: Some(end) } if start == end => Ok(Some(start)),
        _ => Err(period.unsupported()),
    }
}

/// `hosp_appr_flag` among the modifiers.
fn approval(item: &Place<'_>) -> Result<Approval, Refusal> {
    for modifier in item.list("modifier")? {
        match modifier.code(APPROVAL)? {
            None => {}
            Some("0") => return Ok(Approval::NotStated),
            Some("1") => return Ok(Approval::Approved),
            Some("2") => return Ok(Approval::SelfPaid),
            Some(other) => return Err(modifier.unknown(other)),
        }
    }
    Ok(Approval::NotStated)
}
