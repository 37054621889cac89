//! Items, details, sub-details and added items: the parts that carry amounts.

use std::collections::BTreeMap;

use huitong_service_kit::Refusal;

use super::number::Exact;
use super::place::Place;
use super::terms::ADJUDICATION;
use crate::refusal;

/// ISO 4217: currencies without a smaller unit, and those with three decimals; the others have two.
const NO_DECIMALS: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
const THREE_DECIMALS: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// An amount and the path of its value.
#[derive(Clone, Debug)]
pub struct Amount {
    pub path: String,
    pub value: Exact,
}

/// What an adjudication or a total is about: system and code, or the text where there is no code.
pub type Category = (String, String);

/// A part of a document: an item, a detail, a sub-detail or an added item.
#[derive(Clone, Debug, Default)]
pub struct Part {
    pub path: String,
    pub quantity: Option<Exact>,
    pub unit_price: Option<Amount>,
    pub factor: Option<Exact>,
    pub net: Option<Amount>,
    pub adjudicated: Adjudicated,
    pub parts: Vec<Part>,
}

/// Amounts by category; several of one category in one part count together.
pub type Adjudicated = BTreeMap<Category, Amount>;

/// The currency of a document: the first that it names. One document has one currency.
#[derive(Clone, Debug, Default)]
pub struct Currency {
    code: Option<String>,
}

impl Currency {
    pub fn code(&self) -> &str {
        self.code.as_deref().unwrap_or("CNY")
    }

    /// Decimals of its smallest unit.
    pub fn places(&self) -> u32 {
        match self.code() {
            code if NO_DECIMALS.contains(&code) => 0,
            code if THREE_DECIMALS.contains(&code) => 3,
            _ => 2,
        }
    }

    /// Reads a Money; `None` where there is no value.
    ///
    /// # Errors
    /// MED-7002 for a second currency or none of three letters, MED-1004.
    pub fn amount(&mut self, money: &Place<'_>) -> Result<Option<Amount>, Refusal> {
        let (value, currency) = (money.get("value"), money.get("currency"));
        if let Some(code) = currency.text()? {
            let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
            if !is_code || self.code.as_deref().is_some_and(|first| first != code) {
                return Err(currency.unsupported());
            }
            self.code = Some(code.to_owned());
        }
        Ok(value.exact()?.map(|exact| Amount { path: value.path, value: exact }))
    }

    /// Reads a part with what is below it.
    ///
    /// # Errors
    /// As [`Currency::amount`]; MED-1012 where something has the wrong type.
    pub fn part(&mut self, place: &Place<'_>, below: &[&str]) -> Result<Part, Refusal> {
        let mut parts = Vec::new();
        if let Some((name, below)) = below.split_first() {
            for child in place.list(name)? {
                parts.push(self.part(&child, below)?);
            }
        }
        Ok(Part {
            path: place.path.clone(),
            quantity: place.get("quantity").get("value").exact()?,
            unit_price: self.amount(&place.get("unitPrice"))?,
            factor: place.get("factor").exact()?,
            net: self.amount(&place.get("net"))?,
            adjudicated: self.adjudicated(place, "adjudication")?,
            parts,
        })
    }

    /// The amounts of a list with their categories: `adjudication`, `total`.
    ///
    /// # Errors
    /// As [`Currency::amount`].
    pub fn categorised(&mut self, place: &Place<'_>, list: &str) -> Result<Vec<(Category, Amount)>, Refusal> {
        let mut amounts = Vec::new();
        for entry in place.list(list)? {
            let Some(amount) = self.amount(&entry.get("amount"))? else { continue };
            amounts.push((category(&entry.get("category"))?, amount));
        }
        Ok(amounts)
    }

    /// The amounts of `adjudication` by category; the path is that of the first of a category.
    ///
    /// # Errors
    /// As [`Currency::amount`].
    pub fn adjudicated(&mut self, place: &Place<'_>, list: &str) -> Result<Adjudicated, Refusal> {
        let mut amounts = Adjudicated::new();
        for (category, amount) in self.categorised(place, list)? {
            amounts.entry(category).and_modify(|sum| sum.value = sum.value + amount.value).or_insert(amount);
        }
        Ok(amounts)
    }
}

/// A known coding if there is one, else the first, else the text. A code without system is one of FHIR's.
fn category(concept: &Place<'_>) -> Result<Category, Refusal> {
    let mut first = None;
    for coding in concept.list("coding")? {
        let Some(code) = coding.get("code").text()? else { continue };
        let system = coding.get("system").text()?.unwrap_or(ADJUDICATION);
        let category = (system.to_owned(), code.to_owned());
        if system == ADJUDICATION || system.starts_with("urn:huitong:fhir:") {
            return Ok(category);
        }
        first.get_or_insert(category);
    }
    let text = concept.get("text").text()?.map(|text| (String::new(), text.to_owned()));
    first.or(text).ok_or_else(|| refusal::FIELD_MISSING.with("field", &concept.path).at_field(concept.path.clone()))
}

impl Part {
    /// quantity × unit price × factor, each missing one counting as 1, to the smallest unit. `None`: no unit price; or, inside,
    /// beyond what can be computed exactly.
    pub fn product(&self, places: u32) -> Option<Option<Exact>> {
        let price = self.unit_price.as_ref()?.value;
        let factors = [self.quantity.unwrap_or(Exact::ONE), price, self.factor.unwrap_or(Exact::ONE)];
        Some(Exact::product(&factors, places))
    }

    /// What the part comes to: its net, else its product, else the sum of its parts; `None` where it has none of them.
    pub fn amount(&self, places: u32) -> Option<Exact> {
        match &self.net {
            Some(net) => Some(net.value),
            None => self.product(places).flatten().or_else(|| sum(self.parts.iter().map(|part| part.amount(places)))),
        }
    }

    /// What the part carries of a category: itself, or its parts together.
    pub fn carried(&self, category: &Category) -> Option<Exact> {
        match self.adjudicated.get(category) {
            Some(amount) => Some(amount.value),
            None => sum(self.parts.iter().map(|part| part.carried(category))),
        }
    }
}

/// The sum of those that are there; `None` where none is: such a sum cannot be checked.
pub fn sum(parts: impl Iterator<Item = Option<Exact>>) -> Option<Exact> {
    parts.flatten().fold(None, |sum, part| Some(sum.unwrap_or(Exact::ZERO) + part))
}
