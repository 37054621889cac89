//! What a Claim wishes: an offer, a settlement, or that one is taken back. Read after its sums were checked.

mod coverage;
mod lines;

use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::Refusal;
use uuid::Uuid;

use super::check::{Report, check};
use super::document::Kind;
use super::node::Node;
use super::place::Place;
use super::terms::{BATCH, INFORMATION, MESSAGE, QUOTE, SETTLEMENT, TAKE_BACK, VISIT};
use crate::command::VisitWish;
use crate::model::lines::Line;

/// What is wished.
#[derive(Clone, Debug)]
pub enum Wish {
    /// `use` = predetermination (预结算)
    Quote { of: Subject, interim: bool, account_wanted: bool, total: Option<Fen> },
    /// `use` = claim of a whole outpatient bill (结算)
    SettleBill { bill: Box<Bill>, account_wanted: bool, total: Fen },
    /// `use` = claim of a quoted batch
    SettleBatch { visit: VisitName, batch: String, quote: Uuid, total: Fen, lines: Vec<Line> },
    /// `status` = cancelled (撤销、退费)
    TakeBack { settlement: String, refund: bool },
}

/// Of what an offer is wished.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A whole outpatient bill: its visit is opened for it.
    Bill(Box<Bill>),
    /// A batch of a visit; lines, where there are any, take the place of the batch's.
    Batch { visit: VisitName, batch: String, lines: Vec<Line> },
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
        "cancelled" => return take_back(root),
        other => return Err(status.unknown(other)),
    }
    let lines = lines::lines(root, today)?;
    let information = Information::read(root)?;
    let total = lines::total(root)?;
    let subject = match visit_name(root)? {
        Some(visit) => Subject::Batch { visit, batch: batch(root)?, lines },
        None => Subject::Bill(Box::new(Bill {
            visit: coverage::visit(root, &information)?,
            batch: batch(root)?,
            lines: if lines.is_empty() { return Err(root.get("item").missing()) } else { lines },
        })),
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
                Subject::Batch { visit, batch, lines } => {
                    Wish::SettleBatch { visit, batch, quote: quote(root)?, total, lines }
                }
            })
        }
        _ => Err(usage.unsupported()),
    }
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

fn batch(root: &Place<'_>) -> Result<String, Refusal> {
    Ok(identifier(root, BATCH, 30)?.ok_or_else(|| root.get(&format!("identifier[{BATCH}]")).missing())?.to_owned())
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
