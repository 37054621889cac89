//! The sums of a Claim, ClaimResponse, ExplanationOfBenefit or PaymentReconciliation, read once for all checks.

use std::collections::btree_map::Entry;

use huitong_service_kit::Refusal;

use super::part::{Adjudicated, Amount, Category, Currency, Part};
use super::place::Place;
use super::terms::ADJUDICATION;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Claim,
    ClaimResponse,
    ExplanationOfBenefit,
    PaymentReconciliation,
}

impl Kind {
    pub const ALL: [Kind; 4] =
        [Kind::Claim, Kind::ClaimResponse, Kind::ExplanationOfBenefit, Kind::PaymentReconciliation];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Claim => "Claim",
            Kind::ClaimResponse => "ClaimResponse",
            Kind::ExplanationOfBenefit => "ExplanationOfBenefit",
            Kind::PaymentReconciliation => "PaymentReconciliation",
        }
    }

    pub fn of(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What R4 allows as `use`; other versions have other words.
const USES: [&str; 3] = ["claim", "preauthorization", "predetermination"];

/// A document: its sums, and by which names others refer to it.
#[derive(Clone, Debug)]
pub struct Document {
    pub kind: Kind,
    /// Where it stands in its file; empty for the file's root.
    pub path: String,
    pub currency: Currency,
    /// `status` is `cancelled`: it may be the negative mirror of another.
    pub cancelled: bool,
    pub names: Names,
    /// ClaimResponse: the Claim that it answers.
    pub request: Names,
    pub items: Vec<Part>,
    pub added: Vec<Part>,
    /// Adjudication of the document as a whole.
    pub header: Adjudicated,
    pub totals: Adjudicated,
    /// Totals of a category that has one already.
    pub repeated: Vec<(Category, Amount)>,
    /// Claim.total
    pub total: Option<Amount>,
    pub payment: Option<Amount>,
    pub payment_adjustment: Option<Amount>,
    /// PaymentReconciliation.paymentAmount
    pub payment_amount: Option<Amount>,
    pub details: Vec<Amount>,
}

/// By what a document is known, or another referred to.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// `Claim/1`, a full URL; of a contained one the path of its document and `#1`.
    pub addresses: Vec<String>,
    /// System and value.
    pub identifiers: Vec<(String, String)>,
}

impl Names {
    pub fn meet(&self, other: &Names) -> bool {
        let same_address = |address: &String| other.addresses.contains(address);
        self.addresses.iter().any(same_address) || self.identifiers.iter().any(|id| other.identifiers.contains(id))
    }

    pub fn identify(&mut self, identifier: &Place<'_>) -> Result<(), Refusal> {
        if let (Some(system), Some(value)) = (identifier.get("system").text()?, identifier.get("value").text()?) {
            self.identifiers.push((system.to_owned(), value.to_owned()));
        }
        Ok(())
    }
}

impl Document {
    /// Reads the sums of a resource, which may be contained in the one at a path.
    ///
    /// # Errors
    /// MED-7002 for another type, another version of FHIR or a second currency; MED-1004 for a number that cannot be kept exactly;
    /// MED-1002 for what R4 demands of a payment; MED-1003, MED-1011, MED-1012 for what has the wrong shape.
    pub fn read(place: &Place<'_>, contained_in: Option<&str>) -> Result<Document, Refusal> {
        let kind_place = place.get("resourceType");
        let kind = kind_place.text()?.and_then(Kind::of).ok_or_else(|| kind_place.unsupported())?;
        check_version(kind, place)?;
        let mut currency = Currency::default();
        let mut all = |list: &str| -> Result<Vec<Part>, Refusal> {
            place.list(list)?.iter().map(|item| currency.part(item, &["detail", "subDetail"])).collect()
        };
        let is_reconciliation = kind == Kind::PaymentReconciliation;
        let items = if is_reconciliation { Vec::new() } else { all("item")? };
        let added = if is_reconciliation { Vec::new() } else { all("addItem")? };
        let mut document = Document {
            kind,
            path: place.path.clone(),
            cancelled: place.get("status").text()? == Some("cancelled"),
            names: names(place, contained_in)?,
            request: request(place)?,
            items,
            added,
            header: Adjudicated::new(),
            totals: Adjudicated::new(),
            repeated: Vec::new(),
            total: None,
            payment: None,
            payment_adjustment: None,
            payment_amount: None,
            details: Vec::new(),
            currency,
        };
        document.read_sums(place)?;
        Ok(document)
    }

    fn read_sums(&mut self, place: &Place<'_>) -> Result<(), Refusal> {
        let currency = &mut self.currency;
        match self.kind {
            Kind::Claim => self.total = currency.amount(&place.get("total"))?,
            Kind::ClaimResponse | Kind::ExplanationOfBenefit => {
                self.header = currency.adjudicated(place, "adjudication")?;
                for (category, amount) in currency.categorised(place, "total")? {
                    match self.totals.entry(category) {
                        Entry::Vacant(first) => _ = first.insert(amount),
                        Entry::Occupied(known) => self.repeated.push((known.key().clone(), amount)),
                    }
                }
                let payment = place.get("payment");
                if payment.is_there() && self.kind == Kind::ClaimResponse {
                    payment.needs(&["type", "amount"])?;
                }
                self.payment = currency.amount(&payment.get("amount"))?;
                self.payment_adjustment = currency.amount(&payment.get("adjustment"))?;
            }
            Kind::PaymentReconciliation => {
                place.needs(&["paymentAmount"])?;
                self.payment_amount = currency.amount(&place.get("paymentAmount"))?;
                for detail in place.list("detail")? {
                    detail.needs(&["type"])?;
                    self.details.extend(currency.amount(&detail.get("amount"))?);
                }
            }
        }
        Ok(())
    }

    /// The total of one of FHIR's categories.
    pub fn total_of(&self, code: &str) -> Option<&Amount> {
        self.totals.get(&standard(code))
    }
}

/// One of FHIR's categories.
pub fn standard(code: &str) -> Category {
    (ADJUDICATION.to_owned(), code.to_owned())
}

/// R4 (4.0) alone: R5 has no `paymentAmount`, STU3 other words for `use`, or none.
fn check_version(kind: Kind, place: &Place<'_>) -> Result<(), Refusal> {
    if kind == Kind::PaymentReconciliation {
        let (old, new) = (place.get("paymentAmount"), place.get("amount"));
        return if !old.is_there() && new.is_there() { Err(new.unsupported()) } else { Ok(()) };
    }
    let usage = place.get("use");
    match usage.text()? {
        Some(word) if USES.contains(&word) => Ok(()),
        _ => Err(usage.unsupported()),
    }
}

fn names(place: &Place<'_>, contained_in: Option<&str>) -> Result<Names, Refusal> {
    let mut names = Names::default();
    if let (Some(kind), Some(id)) = (place.get("resourceType").text()?, place.get("id").text()?) {
        names.addresses.push(match contained_in {
            Some(path) => format!("{path}#{id}"),
            None => format!("{kind}/{id}"),
        });
    }
    for identifier in place.list("identifier")? {
        names.identify(&identifier)?;
    }
    Ok(names)
}

fn request(place: &Place<'_>) -> Result<Names, Refusal> {
    let (request, mut names) = (place.get("request"), Names::default());
    if let Some(reference) = request.get("reference").text()? {
        let is_contained = reference.starts_with('#');
        names.addresses.push(if is_contained { format!("{}{reference}", place.path) } else { reference.to_owned() });
    }
    names.identify(&request.get("identifier"))?;
    Ok(names)
}
