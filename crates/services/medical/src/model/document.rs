//! The settled document: what home signs and both sides keep. Its bytes are the message that carries it, so its hash is the
//! message's leaf hash, the same in both books and in every proof (I11).

use huitong_kernel::decimal::Ratio;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use serde::{Deserialize, Serialize};

use super::accumulators::Deltas;
use super::amounts::Amounts;
use super::explain::Step;
use super::filing::FilingKind;
use super::person::{CareType, HospitalLevel, Scheme};
use crate::pool::ask::ComputedBy;

/// Which version of dated data a settlement was computed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DataVersion {
    /// Division whose data they are.
    #[schema(value_type = String)]
    pub area: Division,
    pub version: String,
    /// SHA-256 of the published text.
    #[schema(value_type = String)]
    pub hash: Digest,
}

/// From admission to discharge, or so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayDates {
    pub admitted_on: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discharged_on: Option<Date>,
    /// 中途结算: the stay goes on.
    pub interim: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledDocument {
    /// `setl_id`: "A" + home area 6 + YYMMDD + serial 7
    pub settlement: String,
    /// `mdtrt_id`: "S" + the same, issued by home
    pub visit: String,
    /// `msgid` of the call that settled
    pub message_id: String,
    pub visited: Division,
    pub home_area: Division,
    pub institution: String,
    pub level: HospitalLevel,
    /// `psn_no`
    pub person: String,
    pub scheme: Scheme,
    pub class: String,
    pub care_type: CareType,
    pub care_date: Date,
    /// Of a stay: admission and discharge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stay: Option<StayDates>,
    pub batch: String,
    pub settled_at: Instant,
    /// Clearing period, by home's receive time: `YYYY-MM`.
    pub period: String,
    pub insurance_year: i16,
    pub filing: FilingKind,
    pub pack: DataVersion,
    /// Lowest trust grade of the pack.
    pub grade: super::policy::Grade,
    /// Each line's by its day.
    pub catalogues: Vec<DataVersion>,
    /// SHA-256 over the lines as visited sent them.
    pub lines_hash: Digest,
    pub amounts: Amounts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_ratio: Option<Ratio>,
    /// Version of the accumulators before, and what this settlement adds.
    pub accumulators_version: u64,
    pub deltas: Deltas,
    /// Balance of the personal account after.
    pub account_balance_fen: Fen,
    pub steps: Vec<Step>,
    /// The core system of the pool, where it has computed this and not home's node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed_by: Option<ComputedBy>,
    /// A contra mirrors the settlement it names, with negative amounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contra_of: Option<String>,
}

/// The number part of `mdtrt_id` and `setl_id`: home area 6 + YYMMDD + serial 7.
pub fn number(area: Division, day: Date, serial: u64) -> String {
    format!("{area}{:02}{:02}{:02}{:07}", day.year().rem_euclid(100), day.month(), day.day(), serial % 10_000_000)
}

impl Amounts {
    /// Every amount negated: the contra.
    pub fn negated(&self) -> Amounts {
        let mut contra = self.clone();
        let lines = &mut contra.lines;
        let parts = [
            &mut lines.total_fen,
            &mut lines.own_fen,
            &mut lines.over_fen,
            &mut lines.pre_fen,
            &mut lines.eligible_fen,
            &mut contra.deductible_fen,
            &mut contra.fund_total_fen,
            &mut contra.person_total_fen,
            &mut contra.account_fen,
            &mut contra.mutual_aid_fen,
            &mut contra.cash_fen,
            &mut contra.hospital_share_fen,
        ];
        parts.into_iter().for_each(|amount| *amount = -*amount);
        for fund in &mut contra.funds {
            fund.paid_fen = -fund.paid_fen;
            fund.in_scope_fen = -fund.in_scope_fen;
        }
        contra
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_twenty_characters_with_their_letter() {
        let area = "330100".parse().expect("a code");
        let text = format!("A{}", number(area, Date::constant(2026, 11, 24), 42));
        assert_eq!(text, "A3301002611240000042");
        assert_eq!(text.len(), 20);
    }
}
