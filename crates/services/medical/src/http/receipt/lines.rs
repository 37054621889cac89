//! The lines of a bill on its receipt: what each cost, and how visited's catalogue split it.

use huitong_service_kit::http::Yuan;
use huitong_service_kit::{Stop, View};
use serde::{Deserialize, Serialize};

use crate::Medical;
use crate::model::amounts::LineSums;
use crate::model::catalogue::{FeeClass, Found};
use crate::model::document::SettledDocument;
use crate::model::lines::SplitLine;
use crate::query::settlements::Settlement;
use crate::query::{dated, documents};

/// Lines that a receipt lists; more are counted.
pub const LINES_MAX: usize = 300;

/// One line of the bill (费用明细). Amounts in yuan; total = own + over + pre + eligible.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LineRow {
    pub number: String,
    pub code: String,
    /// As the catalogue names it; empty where it is not in it.
    pub name: String,
    /// 甲, 乙 or 丙
    pub class: String,
    pub quantity: String,
    /// Yuan, up to six decimals
    pub price: String,
    pub total: Yuan,
    pub own: Yuan,
    pub over: Yuan,
    pub pre: Yuan,
    pub eligible: Yuan,
}

/// The lines that add up to the document, and how many are left out. None of a contra, nor where they cannot be told any more.
pub fn rows(
    medical: &Medical,
    view: View<'_>,
    settlement: &Settlement,
    document: &SettledDocument,
) -> Result<(Vec<LineRow>, usize), Stop> {
    if document.contra_of.is_some() {
        return Ok((Vec::new(), 0));
    }
    let lines = documents::lines(view, settlement)?;
    // A batch that was taken back may have got other lines since.
    if LineSums::of(&lines) != document.amounts.lines {
        return Ok((Vec::new(), 0));
    }
    let listed = lines.iter().take(LINES_MAX).map(|line| row(medical, view, settlement, line));
    Ok((listed.collect::<Result<_, _>>()?, lines.len().saturating_sub(LINES_MAX)))
}

fn row(medical: &Medical, view: View<'_>, settlement: &Settlement, line: &SplitLine) -> Result<LineRow, Stop> {
    let catalogue = dated::catalogue(medical, view, settlement.visited, line.day)?;
    let name = catalogue.and_then(|(_, catalogue)| match catalogue.find(&line.code, line.day) {
        Found::Item(item) => Some(item.name.clone()),
        Found::Expired | Found::Unknown => None,
    });
    Ok(LineRow {
        number: line.number.clone(),
        code: line.code.clone(),
        name: name.unwrap_or_default(),
        class: match line.class {
            FeeClass::A => "甲",
            FeeClass::B => "乙",
            FeeClass::C => "丙",
        }
        .to_owned(),
        quantity: line.quantity.to_string(),
        price: line.price.to_string(),
        total: line.total_fen.into(),
        own: line.own_fen.into(),
        over: line.over_fen.into(),
        pre: line.pre_fen.into(),
        eligible: line.eligible_fen.into(),
    })
}
