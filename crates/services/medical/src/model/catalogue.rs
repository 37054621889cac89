//! The catalogue of items (医保目录), kept by the visited side, versioned and dated (section 6).

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::decimal::{Price, Ratio};
use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::Refusal;
use serde::{Deserialize, Serialize};

use super::person::HospitalLevel;
use crate::refusal;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The jurisdiction in which it holds.
    pub area: Division,
    pub version: String,
    pub valid_from: Date,
    /// Exclusive; absent while no successor is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    /// The version that it corrects or follows: from `valid_from` on this one holds instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
    /// Where the data come from and how far they can be trusted.
    pub source: String,
    pub items: Vec<Item>,
    #[serde(default)]
    pub mappings: Vec<Mapping>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// `med_list_codg`
    pub code: String,
    pub kind: ItemKind,
    pub name: String,
    /// `chrgitm_lv`
    pub class: FeeClass,
    /// `selfpay_prop`: the share of class 乙 that the person pays first.
    #[serde(default)]
    pub self_pay_ratio: Ratio,
    /// `pric_uplmt_amt`: one for all levels, or one per level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub price_limits: Vec<PriceLimit>,
    /// `lmt_used_flag`: the condition under which the item is payable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_use: Option<String>,
    pub valid_from: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceLimit {
    /// Absent: all levels without a limit of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<HospitalLevel>,
    pub price: Price,
}

/// (institution, `medins_list_codg`) → `med_list_codg`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    pub institution: String,
    pub local_code: String,
    pub code: String,
    pub valid_from: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    Drug,
    Herb,
    Service,
    Consumable,
}

/// 甲, 乙, 丙.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum FeeClass {
    /// 甲: wholly in scope
    A,
    /// 乙: a share is paid first by the person
    B,
    /// 丙: wholly self-paid
    C,
}

fn in_force(valid_from: Date, valid_to: Option<Date>, day: Date) -> bool {
    valid_from <= day && valid_to.is_none_or(|end| day < end)
}

impl Item {
    pub fn price_limit(&self, level: HospitalLevel) -> Option<Price> {
        let own = self.price_limits.iter().find(|limit| limit.level == Some(level));
        own.or_else(|| self.price_limits.iter().find(|limit| limit.level.is_none())).map(|limit| limit.price)
    }
}

/// What a code means on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    Item(&'a Item),
    Expired,
    Unknown,
}

/// A catalogue with its indexes.
#[derive(Debug)]
pub struct IndexedCatalogue {
    pub catalogue: Catalogue,
    by_code: BTreeMap<String, Vec<usize>>,
    by_local_code: BTreeMap<(String, String), Vec<usize>>,
}

impl IndexedCatalogue {
    pub fn new(catalogue: Catalogue) -> IndexedCatalogue {
        let mut by_code: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, item) in catalogue.items.iter().enumerate() {
            by_code.entry(item.code.clone()).or_default().push(index);
        }
        let mut by_local_code: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
        for (index, mapping) in catalogue.mappings.iter().enumerate() {
            let key = (mapping.institution.clone(), mapping.local_code.clone());
            by_local_code.entry(key).or_default().push(index);
        }
        IndexedCatalogue { catalogue, by_code, by_local_code }
    }

    /// The item of a national code on the day of the fee.
    pub fn find(&self, code: &str, day: Date) -> Found<'_> {
        let Some(versions) = self.by_code.get(code) else { return Found::Unknown };
        let items = versions.iter().map(|index| &self.catalogue.items[*index]);
        items.into_iter().find(|item| in_force(item.valid_from, item.valid_to, day)).map_or(Found::Expired, Found::Item)
    }

    /// The national code of an institution's own code.
    pub fn mapped(&self, institution: &str, local_code: &str, day: Date) -> Option<&str> {
        let versions = self.by_local_code.get(&(institution.to_owned(), local_code.to_owned()))?;
        let mappings = versions.iter().map(|index| &self.catalogue.mappings[*index]);
        let mapping = mappings.into_iter().find(|mapping| in_force(mapping.valid_from, mapping.valid_to, day));
        mapping.map(|mapping| mapping.code.as_str())
    }
}

/// The rules of section 6; MED-6007 names the first item that breaks one.
pub fn validate(catalogue: &Catalogue) -> Result<(), Refusal> {
    let invalid = |code: &str| Err(refusal::CATALOGUE_ITEM_INVALID.with("code", code));
    if catalogue.valid_to.is_some_and(|end| end <= catalogue.valid_from) {
        return invalid(&catalogue.version);
    }
    let mut periods: BTreeMap<&str, Vec<(Date, Option<Date>)>> = BTreeMap::new();
    for item in &catalogue.items {
        let share = item.self_pay_ratio.units();
        let share_fits = match item.class {
            FeeClass::A => share == 0,
            FeeClass::B => 0 < share && share < Ratio::ONE.units(),
            FeeClass::C => true,
        };
        let limits_fit = item.price_limits.iter().all(|limit| limit.price > Price::ZERO);
        let levels: BTreeSet<_> = item.price_limits.iter().map(|limit| limit.level).collect();
        let dates_fit = item.valid_to.is_none_or(|end| item.valid_from < end);
        let others = periods.entry(&item.code).or_default();
        let overlaps = others.iter().any(|(from, to)| {
            to.is_none_or(|end| item.valid_from < end) && item.valid_to.is_none_or(|end| *from < end)
        });
        others.push((item.valid_from, item.valid_to));
        let named = (1..=50).contains(&item.code.len());
        if !(share_fits && limits_fit && dates_fit && named) || overlaps || levels.len() != item.price_limits.len() {
            return invalid(&item.code);
        }
    }
    Ok(())
}
