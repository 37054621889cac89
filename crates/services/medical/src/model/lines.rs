//! Fee lines: step L of 4.2, done by visited under its catalogue.

use std::collections::BTreeMap;

use huitong_kernel::decimal::{Price, Quantity, Ratio};
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::Refusal;
use serde::{Deserialize, Serialize};

use super::amounts::LineSums;
use super::catalogue::{FeeClass, Found, IndexedCatalogue};
use super::exact::{price_times_quantity, share};
use super::person::HospitalLevel;
use crate::refusal;

/// Lines in one call at most.
pub const LINES_MAX: usize = 100;
/// Of the lines of one call together: what sums of many bills come to can still be read back ([`Fen::LIMIT`]).
const TOTAL_MAX: Fen = Fen(Fen::LIMIT.0 / 1_000);

/// A line as the hospital sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `feedetl_sn`, unique in the visit
    pub number: String,
    /// The day of `fee_ocur_time`: it selects the catalogue version.
    pub day: Date,
    /// `med_list_codg`
    pub code: Option<String>,
    /// `medins_list_codg`
    pub local_code: Option<String>,
    /// Negative for a return.
    pub quantity: Quantity,
    pub price: Price,
    /// `det_item_fee_sumamt`
    pub amount: Fen,
    pub approval: Approval,
    /// `init_feedetl_sn`: the line that a return takes back.
    pub original: Option<String>,
}

/// `hosp_appr_flag`; a missing flag counts as 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Approval {
    #[default]
    #[serde(rename = "0")]
    NotStated,
    #[serde(rename = "1")]
    Approved,
    #[serde(rename = "2")]
    SelfPaid,
}

/// A line split into what is payable and what is not; all amounts in fen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitLine {
    pub number: String,
    pub day: Date,
    pub code: String,
    pub quantity: Quantity,
    pub price: Price,
    pub total_fen: Fen,
    pub own_fen: Fen,
    pub over_fen: Fen,
    pub pre_fen: Fen,
    pub eligible_fen: Fen,
    pub class: FeeClass,
    pub reason: SplitReason,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub self_pay_ratio: Ratio,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_limit: Option<Price>,
}

fn is_zero(ratio: &Ratio) -> bool {
    *ratio == Ratio::ZERO
}

/// Why a line was split as it was; shown to cashier and patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SplitReason {
    Class,
    OverLimit,
    LimitedUseNotApproved,
    DeclaredSelfPaid,
    Unmapped,
    Expired,
    Unknown,
}

/// Splits all lines of a batch. Returns are netted off their originals first; only what remains is split.
pub fn split_lines(
    catalogue: &IndexedCatalogue,
    institution: &str,
    level: HospitalLevel,
    lines: &[Line],
) -> Result<(Vec<SplitLine>, LineSums), Refusal> {
    if lines.len() > LINES_MAX {
        return Err(refusal::TOO_MANY_LINES.with("limit", LINES_MAX).at_field("lines"));
    }
    check_amounts(lines)?;
    let quantities = net_quantities(lines)?;
    let mut split = Vec::with_capacity(lines.len());
    for line in lines.iter().filter(|line| line.original.is_none()) {
        let quantity = quantities[line.number.as_str()];
        split.push(split_line(catalogue, institution, level, line, quantity));
    }
    let sums = LineSums::of(&split);
    if sums.total_fen > TOTAL_MAX {
        return Err(refusal::NUMBER_MALFORMED.with("field", "lines").at_field("lines"));
    }
    Ok((split, sums))
}

/// Each amount is price × quantity, rounded once (MED-3004); signs fit (MED-3005).
fn check_amounts(lines: &[Line]) -> Result<(), Refusal> {
    for (index, line) in lines.iter().enumerate() {
        if line.price < Price::ZERO {
            return Err(refusal::NUMBER_MALFORMED.with("field", "price").at_field(format!("lines[{index}].price")));
        }
        let returned = line.quantity < Quantity::ZERO;
        if line.quantity == Quantity::ZERO || returned != line.original.is_some() {
            return Err(refusal::RETURN_INVALID.refuse().at_field(format!("lines[{index}].quantity")));
        }
        let expected = price_times_quantity(line.price, line.quantity);
        if line.amount != expected {
            return Err(refusal::LINE_AMOUNT_WRONG
                .with("expected", expected)
                .at_field(format!("lines[{index}].amount")));
        }
    }
    Ok(())
}

/// Quantities after returns, by line number; MED-3003 for a repeated number, MED-3005 for a return without original, of
/// another item, or of more than was given.
fn net_quantities(lines: &[Line]) -> Result<BTreeMap<&str, Quantity>, Refusal> {
    let mut quantities = BTreeMap::new();
    let mut numbers = std::collections::BTreeSet::new();
    for (index, line) in lines.iter().enumerate() {
        if !numbers.insert(line.number.as_str()) {
            return Err(refusal::LINE_REPEATED.with("number", &line.number).at_field(format!("lines[{index}].number")));
        }
        if line.original.is_none() {
            quantities.insert(line.number.as_str(), line.quantity);
        }
    }
    for (index, line) in lines.iter().enumerate() {
        let Some(original) = &line.original else { continue };
        let refused = || refusal::RETURN_INVALID.refuse().at_field(format!("lines[{index}].original"));
        let same_item = |other: &&Line| {
            other.number == *original
                && other.original.is_none()
                && (&other.code, &other.local_code, other.price) == (&line.code, &line.local_code, line.price)
        };
        lines.iter().find(same_item).ok_or_else(refused)?;
        let quantity = quantities.get_mut(original.as_str()).ok_or_else(refused)?;
        *quantity = Quantity::from_units(quantity.units() + line.quantity.units());
        if *quantity < Quantity::ZERO {
            return Err(refused());
        }
    }
    Ok(quantities)
}

fn split_line(
    catalogue: &IndexedCatalogue,
    institution: &str,
    level: HospitalLevel,
    line: &Line,
    quantity: Quantity,
) -> SplitLine {
    let total = price_times_quantity(line.price, quantity);
    let mapped = line.local_code.as_deref().and_then(|local| catalogue.mapped(institution, local, line.day));
    let code = line.code.as_deref().or(mapped);
    let wholly_own = |class, reason| SplitLine {
        number: line.number.clone(),
        day: line.day,
        code: code.or(line.local_code.as_deref()).unwrap_or_default().to_owned(),
        quantity,
        price: line.price,
        total_fen: total,
        own_fen: total,
        over_fen: Fen::ZERO,
        pre_fen: Fen::ZERO,
        eligible_fen: Fen::ZERO,
        class,
        reason,
        self_pay_ratio: Ratio::ZERO,
        price_limit: None,
    };
    let Some(code) = code else { return wholly_own(FeeClass::C, SplitReason::Unmapped) };
    let item = match catalogue.find(code, line.day) {
        Found::Item(item) => item,
        Found::Expired => return wholly_own(FeeClass::C, SplitReason::Expired),
        Found::Unknown => return wholly_own(FeeClass::C, SplitReason::Unknown),
    };
    if item.class == FeeClass::C {
        return wholly_own(FeeClass::C, SplitReason::Class);
    }
    match (item.limited_use.is_some(), line.approval) {
        (true, Approval::NotStated) => return wholly_own(item.class, SplitReason::LimitedUseNotApproved),
        (_, Approval::SelfPaid) => return wholly_own(item.class, SplitReason::DeclaredSelfPaid),
        (true, Approval::Approved) | (false, Approval::NotStated | Approval::Approved) => {}
    }
    let limit = item.price_limit(level);
    let above = limit.map_or(0, |limit| (line.price.units() - limit.units()).max(0));
    let over = total.min(price_times_quantity(Price::from_units(above), quantity));
    let pre = share(total - over, item.self_pay_ratio);
    SplitLine {
        own_fen: Fen::ZERO,
        over_fen: over,
        pre_fen: pre,
        eligible_fen: total - over - pre,
        self_pay_ratio: item.self_pay_ratio,
        price_limit: limit,
        ..wholly_own(item.class, if over > Fen::ZERO { SplitReason::OverLimit } else { SplitReason::Class })
    }
}
