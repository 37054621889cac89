//! What a Claim wishes: a filing, an offer, a settlement, or that one is taken back. Read after its sums were checked.

mod coverage;
mod filing;
mod lines;
mod period;

pub use period::Period;

use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::Refusal;
use uuid::Uuid;

use super::check::{Report, check};
use super::document::Kind;
use super::node::Node;
use super::place::Place;
use super::terms::{BATCH, CARE_TYPE, INFORMATION, MESSAGE, QUOTE, SETTLEMENT, TAKE_BACK, VISIT};
use crate::command::VisitWish;
use crate::model::filing::FilingWish;
use crate::model::lines::{LINES_MAX, Line};
use crate::model::person::CareType;
use crate::refusal;

/// What is wished.
#[derive(Clone, Debug)]
pub enum Wish {
    /// `use` = preauthorization (备案)
    File(FilingWish),
    /// `use` = predetermination (预结算)
    Quote { of: Subject, interim: bool, account_wanted: bool, total: Option<Fen> },
    /// `use` = claim of a whole outpatient bill (结算)
    SettleBill { bill: Box<Bill>, account_wanted: bool, total: Fen },
    /// `use` = claim of a quoted batch
    SettleBatch { batch: Batch, quote: Uuid, total: Fen },
    /// `status` = cancelled, `use` = claim (撤销、退费)
    TakeBack { settlement: String, refund: bool },
}

/// Of what an offer is wished.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A whole outpatient bill: its visit is opened for it.
    Bill(Box<Bill>),
    /// A batch of a visit; lines, where there are any, take the place of the batch's.
    Batch(Batch),
}

/// A batch of a visit that is known here.
#[derive(Clone, Debug)]
pub struct Batch {
    pub visit: VisitName,
    /// Of a stay it may be left out: the one that is not settled.
    pub batch: Option<String>,
    pub lines: Vec<Line>,
    /// The days of all its lines.
    pub period: Period,
}

/// A whole bill.
#[derive(Clone, Debug)]
pub struct Bill {
    pub visit: VisitWish,
    pub batch: String,
    pub lines: Vec<Line>,
}

/// How a Claim names a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisitName {
    /// At this node
    Id(Uuid),
    /// `mdtrt_id`
    Number(String),
}

/// A Claim that adds up.
#[derive(Clone, Debug)]
pub struct Claim {
    pub wish: Wish,
    /// The message id that it carries as an identifier; the `Idempotency-Key` must be the same then.
    pub message_id: Option<String>,
}

/// Checks the sums of a Claim, then reads what it wishes.
///
/// # Errors
/// MED-7001 where a sum does not add up; MED-7002 for another type, use or currency than can be settled; MED-1001 to 1005 and
/// MED-1012 for what is missing or malformed. Fields are named by their paths in the Claim.
pub fn read(node: &Node, today: Date) -> Result<Claim, Refusal> {
    let root = Place::root(node, "");
    let kind = root.get("resourceType");
    if kind.text()?.and_then(Kind::of) != Some(Kind::Claim) {
        return Err(kind.unsupported());
    }
    let report: Report = check(node)?;
    if let Some(refusal) = report.refusal() {
        return Err(refusal);
    }
    Ok(Claim { wish: wish(&root, today)?, message_id: identifier(&root, MESSAGE, 64)?.map(str::to_owned) })
}

fn wish(root: &Place<'_>, today: Date) -> Result<Wish, Refusal> {
    let (status, usage) = (root.get("status"), root.get("use"));
    match status.text()?.ok_or_else(|| status.missing())? {
        "active" => {}
        // A filing is revoked at home, and an offer lapses by itself.
        "cancelled" if usage.text()? != Some("claim") => return Err(usage.unsupported()),
        "cancelled" => return take_back(root),
        other => return Err(status.unknown(other)),
    }
    if usage.text()? == Some("preauthorization") {
        return Ok(Wish::File(filing::filing(root, today)?));
    }
    let information = Information::read(root)?;
    let total = lines::total(root)?;
    let period = Period::read(&root.get("billablePeriod"))?;
    let visit = visit_name(root)?;
    // What settles a batch is about lines that have their days already.
    let is_sent = visit.is_some() && usage.text()? == Some("claim");
    let lines = lines::lines(root, if is_sent { Period::default() } else { period }, today)?;
    let subject = match visit {
        Some(visit) => Subject::Batch(Batch { visit, batch: batch(root)?, lines, period }),
        None => Subject::Bill(Box::new(bill(root, &information, lines)?)),
    };
    let account_wanted = information.account;
    match usage.text()? {
        Some("predetermination") => {
            Ok(Wish::Quote { of: subject, interim: information.interim, account_wanted, total })
        }
        Some("claim") => {
            let total = total.ok_or_else(|| root.get("total").missing())?;
            Ok(match subject {
                Subject::Bill(bill) => Wish::SettleBill { bill, account_wanted, total },
                Subject::Batch(batch) => Wish::SettleBatch { batch, quote: quote(root)?, total },
            })
        }
        _ => Err(usage.unsupported()),
    }
}

/// A whole bill. A stay is none: the person is admitted, and lines come day by day.
fn bill(root: &Place<'_>, information: &Information<'_>, lines: Vec<Line>) -> Result<Bill, Refusal> {
    if root.get("subType").code(CARE_TYPE)? == Some(CareType::Inpatient.code()) {
        return Err(root.get(&format!("identifier[{VISIT}]")).missing());
    }
    let visit = coverage::visit(root, information)?;
    let batch = batch(root)?.ok_or_else(|| root.get(&format!("identifier[{BATCH}]")).missing())?;
    if lines.is_empty() {
        return Err(root.get("item").missing());
    }
    if lines.len() > LINES_MAX {
        return Err(refusal::TOO_MANY_LINES.with("limit", LINES_MAX).at_field("item"));
    }
    Ok(Bill { visit, batch, lines })
}

/// What `supportingInfo` says, by its categories of [`INFORMATION`].
#[derive(Default)]
struct Information<'n> {
    account: bool,
    emergency: bool,
    interim: bool,
    chronic_disease: Option<&'n str>,
}

impl<'n> Information<'n> {
    fn read(root: &Place<'n>) -> Result<Information<'n>, Refusal> {
        let mut information = Information::default();
        for entry in root.list("supportingInfo")? {
            let flag = || Ok::<bool, Refusal>(entry.get("valueBoolean").boolean()?.unwrap_or(false));
            match entry.get("category").code(INFORMATION)? {
                Some("account") => information.account = flag()?,
                Some("emergency") => information.emergency = flag()?,
                Some("interim") => information.interim = flag()?,
                Some("chronic-disease") => information.chronic_disease = entry.get("valueString").text_up_to(30)?,
                // Of another's system: not ours to read.
                None => {}
                Some(other) => return Err(entry.get("category").unknown(other)),
            }
        }
        Ok(information)
    }
}

/// The value of an identifier of the Claim.
fn identifier<'n>(root: &Place<'n>, system: &str, limit: usize) -> Result<Option<&'n str>, Refusal> {
    for identifier in root.list("identifier")? {
        if identifier.get("system").text()? == Some(system) {
            return identifier.get("value").text_up_to(limit);
        }
    }
    Ok(None)
}

fn visit_name(root: &Place<'_>) -> Result<Option<VisitName>, Refusal> {
    let name = identifier(root, VISIT, 36)?;
    Ok(name.map(|name| match name.parse() {
        Ok(id) => VisitName::Id(id),
        Err(_) => VisitName::Number(name.to_owned()),
    }))
}

fn batch(root: &Place<'_>) -> Result<Option<String>, Refusal> {
    Ok(identifier(root, BATCH, 30)?.map(str::to_owned))
}

/// The offer that the person accepted: `preAuthRef` of the answer to the predetermination.
fn quote(root: &Place<'_>) -> Result<Uuid, Refusal> {
    for insurance in root.list("insurance")? {
        if let Some(reference) = insurance.list("preAuthRef")?.first() {
            let text = reference.text()?.ok_or_else(|| reference.missing())?;
            return text.parse().map_err(|_| reference.unknown(text));
        }
    }
    match identifier(root, QUOTE, 36)?.map(str::parse) {
        Some(Ok(quote)) => Ok(quote),
        _ => Err(root.get("insurance[0].preAuthRef").missing()),
    }
}

fn take_back(root: &Place<'_>) -> Result<Wish, Refusal> {
    let related = root.list("related")?;
    let [related] = related.as_slice() else { return Err(root.get("related").missing()) };
    let relationship = related.get("relationship");
    let refund = match relationship.code(TAKE_BACK)? {
        None | Some("cancel") => false,
        Some("refund") => true,
        Some(other) => return Err(relationship.unknown(other)),
    };
    for identifier in [related.get("claim").get("identifier"), related.get("reference")] {
        if identifier.get("system").text()? == Some(SETTLEMENT) {
            let value = identifier.get("value");
            let settlement = value.text_up_to(30)?.ok_or_else(|| value.missing())?.to_owned();
            return Ok(Wish::TakeBack { settlement, refund });
        }
    }
    Err(related.get("claim").get("identifier").missing())
}
