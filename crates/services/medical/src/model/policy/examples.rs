//! Examples in a pack: inputs and expected amounts. A pack whose examples fail cannot be published.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use serde::{Deserialize, Serialize};

use super::Pack;
use crate::model::accumulators::Accumulators;
use crate::model::amounts::LineSums;
use crate::model::filing::FilingKind;
use crate::model::person::{CareType, HospitalLevel, PersonFacts};
use crate::model::settle::{AccountBalances, Case, StaySoFar, compute};
use crate::refusal;
use huitong_service_kit::Refusal;
use huitong_service_kit::toml_data::yuan;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub name: String,
    pub care_date: Date,
    pub care_type: CareType,
    pub level: HospitalLevel,
    pub visited_area: Division,
    pub filing: FilingKind,
    pub facts: PersonFacts,
    #[serde(with = "yuan")]
    pub total: Fen,
    #[serde(with = "yuan")]
    pub own: Fen,
    #[serde(with = "yuan")]
    pub pre: Fen,
    /// What the year has used before, by accumulator key.
    #[serde(default)]
    pub used: std::collections::BTreeMap<String, String>,
    /// Of chronic care.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disease: Option<String>,
    #[serde(with = "yuan")]
    pub expected_deductible: Fen,
    #[serde(with = "yuan")]
    pub expected_funds: Fen,
    #[serde(with = "yuan")]
    pub expected_person: Fen,
}

impl Example {
    fn case(&self) -> Option<Case> {
        let mut accumulators = Accumulators::default();
        for (key, amount) in &self.used {
            accumulators.amounts.insert(key.clone(), amount.parse().ok()?);
        }
        let sums = LineSums {
            total_fen: self.total,
            own_fen: self.own,
            over_fen: Fen::ZERO,
            pre_fen: self.pre,
            eligible_fen: self.total - self.own - self.pre,
        };
        (!sums.eligible_fen.is_negative()).then_some(())?;
        Some(Case {
            facts: self.facts,
            care_type: self.care_type,
            level: self.level,
            care_date: self.care_date,
            visited_area: self.visited_area,
            filing: self.filing,
            sums,
            accounts: AccountBalances::default(),
            account_wanted: false,
            accumulators,
            disease: self.disease.clone(),
            stay: StaySoFar::default(),
        })
    }

    fn holds(&self, pack: &Pack) -> bool {
        let computed = self.case().and_then(|case| compute(pack, &case).ok());
        computed.is_some_and(|computation| {
            let amounts = &computation.amounts;
            (amounts.deductible_fen, amounts.fund_total_fen, amounts.person_total_fen)
                == (self.expected_deductible, self.expected_funds, self.expected_person)
        })
    }
}

/// Examples that do not compute (MED-6005).
pub fn failing(pack: &Pack) -> Vec<Refusal> {
    let failing = pack.examples.iter().filter(|example| !example.holds(pack));
    failing.map(|example| refusal::EXAMPLE_FAILS.with("example", &example.name)).collect()
}
