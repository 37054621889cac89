//! What a filing would still change of a bill (15.4): what is payable under each kind that the person can still make, how and until when
//! to file, and an estimate of the same bill at home. A quote says it beside its price; where home settles nothing directly without a
//! filing, the refusal (MED-2005) carries it.

use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::{Refusal, named};
use serde::{Deserialize, Serialize};

use super::filing::FilingKind;
use super::policy::Pack;
use super::settle::{Case, fund_total_at_home, fund_total_under};

/// Other filings that are spoken of, at most.
pub const ALTERNATIVES_MAX: usize = 16;

/// The same bill under another filing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    pub filing: FilingKind,
    pub fund_total_fen: Fen,
    /// More than what is payable now.
    pub gain_fen: Fen,
}

named! {
    /// Until what a filing still counts for a bill.
    FileUntil {
        /// Its own settlement.
        Settlement = "settlement",
        /// 出院结算
        DischargeSettlement = "discharge_settlement",
    }
}

/// Until when to file, and for which day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilingTerm {
    /// The day on which the filing must hold. It may begin before, and be made after.
    pub holds_on: Date,
    pub until: FileUntil,
}

impl FilingTerm {
    pub fn of(holds_on: Date, is_stay: bool, interim: bool) -> FilingTerm {
        let until = if is_stay && !interim { FileUntil::DischargeSettlement } else { FileUntil::Settlement };
        FilingTerm { holds_on, until }
    }

    pub fn chinese(self) -> String {
        let until = match self.until {
            FileUntil::Settlement => "本次结算前",
            FileUntil::DischargeSettlement => "出院结算前",
        };
        format!("{until}可向参保地备案或由医院代办，须在{}有效，可补办", self.holds_on)
    }

    pub fn english(self) -> String {
        let until = match self.until {
            FileUntil::Settlement => "this settlement",
            FileUntil::DischargeSettlement => "the settlement of the discharge",
        };
        let day = self.holds_on;
        format!(
            "until {until} it can be filed at home or through the hospital; it must hold on {day} and may be back-dated"
        )
    }
}

/// What a refusal for want of a filing carries: nothing is paid directly now, the person pays all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilingEffect {
    pub total_fen: Fen,
    pub alternatives: Vec<Alternative>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_home_fen: Option<Fen>,
    pub term: FilingTerm,
}

impl FilingEffect {
    pub fn of(pack: &Pack, case: &Case, term: FilingTerm) -> FilingEffect {
        FilingEffect {
            total_fen: case.sums.total_fen,
            alternatives: alternatives(pack, case, case.filing, Fen::ZERO),
            at_home_fen: fund_total_at_home(pack, case),
            term,
        }
    }

    /// As it travels with the refusal.
    pub fn refused(&self, refusal: Refusal) -> Refusal {
        match serde_json::to_value(self) {
            Ok(value) => refusal.extended(value),
            Err(_) => refusal,
        }
    }

    /// What a refusal carries, if it is this and can be believed: it may come from another jurisdiction.
    pub fn carried(refusal: &Refusal) -> Option<FilingEffect> {
        let effect = FilingEffect::deserialize(refusal.extension.as_deref()?).ok()?;
        let is_share = |fen: Fen| Fen::ZERO <= fen && fen <= effect.total_fen;
        let is_part = |other: &Alternative| is_share(other.fund_total_fen) && other.gain_fen == other.fund_total_fen;
        let holds = effect.alternatives.len() <= ALTERNATIVES_MAX
            && effect.alternatives.iter().all(is_part)
            && effect.at_home_fen.is_none_or(is_share);
        holds.then_some(effect)
    }
}

/// The kinds that can still be filed and settle directly, with what the funds would pay. An exempt area needs none, and who is an
/// emergency does not file as anything less.
pub fn alternatives(pack: &Pack, case: &Case, in_force: FilingKind, now_fen: Fen) -> Vec<Alternative> {
    if in_force == FilingKind::ExemptArea {
        return Vec::new();
    }
    let is_less = |kind| in_force == FilingKind::TempEmergency && kind == FilingKind::TempSelf;
    let others = FilingKind::FILEABLE.into_iter().filter(|kind| *kind != in_force && !is_less(*kind));
    let alternative = |filing| {
        let fund_total_fen = fund_total_under(pack, case, filing)?;
        Some(Alternative { filing, fund_total_fen, gain_fen: fund_total_fen - now_fen })
    };
    others.filter_map(alternative).collect()
}
