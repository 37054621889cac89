//! Invoices (发票) of a rider's months: the data (开票数据) that the home operator hands to the tax authority's e-invoice platform. Huitong
//! signs no tax invoice and keeps no tax number of a seller.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use serde::{Deserialize, Serialize};

use super::rider::AccountToken;

/// Rides on one invoice at most; the rest of a month goes on another one.
pub const RIDES_MAX: usize = 1_000;
/// Characters of a title at most.
const TITLE_MAX: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceKind {
    /// 蓝字
    Normal,
    /// 红字: takes a ride off the invoice that it points to.
    RedLetter,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// `330100-202611-00000001`: city, month, and a number that rises over all invoices of the node.
    pub number: String,
    pub serial: u64,
    pub kind: InvoiceKind,
    /// Of a red-letter invoice: the number of the one that it corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
    pub account: AccountToken,
    /// Whose accounts the seller keeps.
    pub city: Division,
    /// `2026-11`: when the rides were booked.
    pub month: String,
    pub buyer: Buyer,
    pub rides: Vec<InvoicedRide>,
    pub issued_at: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// 抬头
    pub title: String,
    /// 纳税人识别号
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
}

/// A ride with what its rider pays of it; less than zero on a red-letter invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoicedRide {
    pub trip: Digest,
    pub network: Division,
    pub amount_fen: Fen,
}

/// The rides of one city.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvoiceLine {
    pub network: Division,
    pub trips: u64,
    pub amount_fen: Fen,
}

impl Buyer {
    /// The field that is wrong.
    pub fn fault(&self) -> Option<&'static str> {
        let is_title = |title: &str| {
            !title.trim().is_empty() && title.chars().count() <= TITLE_MAX && !title.chars().any(char::is_control)
        };
        let is_tax_number = |number: &String| {
            (15..=20).contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        };
        if !is_title(&self.title) {
            Some("title")
        } else if !self.tax_number.as_ref().is_none_or(is_tax_number) {
            Some("tax_number")
        } else {
            None
        }
    }
}

impl Invoice {
    pub fn total_fen(&self) -> Fen {
        self.rides.iter().map(|ride| ride.amount_fen).sum()
    }

    /// By visited city, in the order of their codes.
    pub fn lines(&self) -> Vec<InvoiceLine> {
        let mut lines: std::collections::BTreeMap<Division, InvoiceLine> = std::collections::BTreeMap::new();
        for ride in &self.rides {
            let network = ride.network;
            let line = lines.entry(network).or_insert(InvoiceLine { network, trips: 0, amount_fen: Fen::ZERO });
            line.trips += 1;
            line.amount_fen += ride.amount_fen;
        }
        lines.into_values().collect()
    }
}

/// `city-month-serial`
pub fn number(city: Division, month: &str, serial: u64) -> String {
    format!("{city}-{}-{serial:08}", month.replace('-', ""))
}
