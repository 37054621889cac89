//! The sums of a bill and the amounts of a settlement, in fen.

use huitong_kernel::money::Fen;
use serde::{Deserialize, Serialize};

use super::lines::SplitLine;

/// Totals over the lines: what visited found payable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSums {
    /// `medfee_sumamt`
    pub total_fen: Fen,
    /// `fulamt_ownpay_amt`
    pub own_fen: Fen,
    /// `overlmt_selfpay`
    pub over_fen: Fen,
    /// `preselfpay_amt`
    pub pre_fen: Fen,
    /// `inscp_scp_amt`
    pub eligible_fen: Fen,
}

impl LineSums {
    pub fn of(lines: &[SplitLine]) -> LineSums {
        let sum = |part: fn(&SplitLine) -> Fen| lines.iter().map(part).sum();
        LineSums {
            total_fen: sum(|line| line.total_fen),
            own_fen: sum(|line| line.own_fen),
            over_fen: sum(|line| line.over_fen),
            pre_fen: sum(|line| line.pre_fen),
            eligible_fen: sum(|line| line.eligible_fen),
        }
    }
}

/// What one fund pays (`setldetail`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundPayment {
    /// `fund_pay_type`, for instance 310101
    pub fund: String,
    /// The field of setlinfo that it belongs to.
    pub field: PayField,
    pub in_scope_fen: Fen,
    /// `crt_payb_lmt_amt`: room below the cap before this payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_before_fen: Option<Fen>,
    pub paid_fen: Fen,
}

/// The fund fields of setlinfo (section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayField {
    /// `hifp_pay`
    Pool,
    /// `cvlserv_pay`
    CivilServant,
    /// `hifes_pay`
    Company,
    /// `hifmi_pay`
    SeriousIllness,
    /// `hifob_pay`
    LargeAmount,
    /// `hifdm_pay`
    Disabled,
    /// `maf_pay`
    MedicalAid,
    /// `oth_pay`
    Other,
}

/// All amounts of a settlement (`setlinfo`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    pub lines: LineSums,
    /// `act_pay_dedc`
    pub deductible_fen: Fen,
    pub funds: Vec<FundPayment>,
    /// `fund_pay_sumamt`
    pub fund_total_fen: Fen,
    /// `psn_part_amt`
    pub person_total_fen: Fen,
    /// `acct_pay`
    pub account_fen: Fen,
    /// `acct_mulaid_pay`
    pub mutual_aid_fen: Fen,
    /// `psn_cash_pay`
    pub cash_fen: Fen,
    /// `hosp_part_amt`
    pub hospital_share_fen: Fen,
}

impl Amounts {
    /// What the funds of one field pay.
    pub fn paid_by(&self, field: PayField) -> Fen {
        self.funds.iter().filter(|fund| fund.field == field).map(|fund| fund.paid_fen).sum()
    }
}
