//! Fee lines: step L of 4.2, done by visited under its catalogue.

use std::collections::BTreeMap;

use huitong_kernel::decimal::{Price, Quantity, Ratio};
use huitong_kernel::hash::{Digest, HashFunction};
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
/// Lines that one settlement takes at most.
pub const BATCH_LINES_MAX: usize = 20_000;
/// Lines in one message at most; more go ahead in messages of their own.
pub const PART_LINES: usize = 1_000;
/// Of the lines of one call together: what sums of many bills come to can still be read back ([`Fen::LIMIT`]).
const TOTAL_MAX: Fen = Fen(Fen::LIMIT.0 / 1_000);

/// One million units of an item and one million yuan apiece: far above any real line, far below overflow.
const QUANTITY_UNITS_MAX: i64 = 1_000_000 * 10_000;
const PRICE_UNITS_MAX: i64 = 1_000_000 * 1_000_000;

/// SHA-256 over the bytes of the lines; of more than one part, over the hashes of the parts.
pub fn lines_hash(earlier: &[Digest], last: &str) -> Digest {
    let last = HashFunction::Sha256.hash(&[last.as_bytes()]);
    if earlier.is_empty() {
        return last;
    }
    let parts: Vec<&[u8]> = earlier.iter().chain([&last]).map(|part| part.0.as_slice()).collect();
    HashFunction::Sha256.hash(&parts)
}

/// The hash under which lines travel, as they are now.
pub fn hash_of(lines: &[SplitLine]) -> Result<Option<Digest>, serde_json::Error> {
    let parts = lines.chunks(PART_LINES).map(serde_json::to_string);
    let mut parts = parts.collect::<Result<Vec<_>, _>>()?;
    let Some(last) = parts.pop() else { return Ok(None) };
    let earlier: Vec<Digest> = parts.iter().map(|part| lines_hash(&[], part)).collect();
    Ok(Some(lines_hash(&earlier, &last)))
}

/// Whether a line of that size can be real, so that it can be computed with.
pub fn is_plausible(quantity: Quantity, price: Price) -> bool {
    quantity.units().abs() <= QUANTITY_UNITS_MAX && price.units().abs() <= PRICE_UNITS_MAX
}

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
    /// The institution's own code, where it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_code: Option<String>,
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

/// A return and the line that it takes back from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    pub number: String,
    pub original: String,
    pub quantity: Quantity,
}

/// What the lines of one call come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    pub lines: Vec<SplitLine>,
    /// Lines of earlier calls of which something was returned, as they are now.
    pub changed: Vec<SplitLine>,
    pub returns: Vec<Returned>,
}

/// By which catalogue a day's lines are split.
pub trait Catalogues {
    fn of(&self, day: Date) -> &IndexedCatalogue;
}

impl Catalogues for IndexedCatalogue {
    fn of(&self, _: Date) -> &IndexedCatalogue {
        self
    }
}

/// Splits the lines of a call. Returns are netted off their originals first, of this call or `held` of earlier ones; only what
/// remains is split.
///
/// # Errors
/// MED-1011, MED-1004, MED-3003 to 3005.
pub fn split_lines(
    catalogues: &impl Catalogues,
    institution: &str,
    level: HospitalLevel,
    lines: &[Line],
    held: &BTreeMap<String, SplitLine>,
) -> Result<Split, Refusal> {
    if lines.len() > LINES_MAX {
        return Err(refusal::TOO_MANY_LINES.with("limit", LINES_MAX).at_field("lines"));
    }
    check_amounts(lines)?;
    let quantities = net_quantities(lines, held)?;
    let mut split = Split::default();
    for line in lines {
        match &line.original {
            None => {
                let quantity = quantities[line.number.as_str()];
                split.lines.push(split_line(catalogues.of(line.day), institution, level, line, quantity));
            }
            Some(original) => split.returns.push(Returned {
                number: line.number.clone(),
                original: original.clone(),
                quantity: line.quantity,
            }),
        }
    }
    let is_changed = |line: &&SplitLine| quantities.get(line.number.as_str()).is_some_and(|now| *now != line.quantity);
    split.changed =
        held.values().filter(is_changed).map(|line| line.with_quantity(quantities[line.number.as_str()])).collect();
    if LineSums::of(&split.lines).total_fen > TOTAL_MAX {
        return Err(refusal::NUMBER_MALFORMED.with("field", "lines").at_field("lines"));
    }
    Ok(split)
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

/// Quantities after returns, by line number, of the lines of the call and of those held; MED-3003 for a repeated number, MED-3005 for a
/// return without original, of another item, or of more than was given.
fn net_quantities<'l>(
    lines: &'l [Line],
    held: &'l BTreeMap<String, SplitLine>,
) -> Result<BTreeMap<&'l str, Quantity>, Refusal> {
    let mut quantities: BTreeMap<&str, Quantity> =
        held.iter().map(|(number, line)| (number.as_str(), line.quantity)).collect();
    let mut numbers = std::collections::BTreeSet::new();
    for (index, line) in lines.iter().enumerate() {
        if !numbers.insert(line.number.as_str()) || held.contains_key(&line.number) {
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
        let is_held = held.get(original).is_some_and(|other| other.is_item_of(line));
        if !is_held && !lines.iter().any(|other| same_item(&other)) {
            return Err(refused());
        }
        let quantity = quantities.get_mut(original.as_str()).ok_or_else(refused)?;
        *quantity = Quantity::from_units(quantity.units() + line.quantity.units());
        if *quantity < Quantity::ZERO {
            return Err(refused());
        }
    }
    Ok(quantities)
}

impl SplitLine {
    /// The same line of another quantity, by the limit and the share that it was split by.
    pub fn with_quantity(&self, quantity: Quantity) -> SplitLine {
        let total = price_times_quantity(self.price, quantity);
        let line = SplitLine { quantity, total_fen: total, ..self.clone() };
        if matches!(self.reason, SplitReason::Class | SplitReason::OverLimit) && self.class != FeeClass::C {
            return line.parted(self.price_limit);
        }
        SplitLine { own_fen: total, over_fen: Fen::ZERO, pre_fen: Fen::ZERO, eligible_fen: Fen::ZERO, ..line }
    }

    /// What is over the limit, first paid by the person, and eligible.
    fn parted(self, limit: Option<Price>) -> SplitLine {
        let above = limit.map_or(0, |limit| (self.price.units() - limit.units()).max(0));
        let over = self.total_fen.min(price_times_quantity(Price::from_units(above), self.quantity));
        let pre = share(self.total_fen - over, self.self_pay_ratio);
        let reason = if over > Fen::ZERO { SplitReason::OverLimit } else { SplitReason::Class };
        SplitLine {
            own_fen: Fen::ZERO,
            over_fen: over,
            pre_fen: pre,
            eligible_fen: self.total_fen - over - pre,
            price_limit: limit,
            reason,
            ..self
        }
    }

    /// Whether the line takes back of this item: the hospital names it by the national code or by its own.
    fn is_item_of(&self, line: &Line) -> bool {
        let is_named = line.code.as_deref().is_none_or(|code| code == self.code);
        is_named && self.local_code.as_deref() == line.local_code.as_deref() && self.price == line.price
    }
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
        local_code: line.local_code.clone(),
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
    let line = SplitLine { self_pay_ratio: item.self_pay_ratio, ..wholly_own(item.class, SplitReason::Class) };
    line.parted(item.price_limit(level))
}
