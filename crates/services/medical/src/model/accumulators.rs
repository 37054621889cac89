//! What a person has used up in an insurance year (累计).

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use serde::{Deserialize, Serialize};

/// Amounts by key: `deductible/…`, `cap/…`, `base/…`, `in_scope_own`; and the number of admissions under `admissions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accumulators {
    /// Counts the changes: a quote computed on another version is stale.
    pub version: u64,
    pub amounts: BTreeMap<String, Fen>,
}

/// What a settlement adds; a cancel adds the exact negatives.
pub type Deltas = BTreeMap<String, Fen>;

impl Accumulators {
    pub fn get(&self, key: &str) -> Fen {
        self.amounts.get(key).copied().unwrap_or_default()
    }

    /// The accumulators after a settlement.
    pub fn after(&self, deltas: &Deltas) -> Accumulators {
        let mut after = self.clone();
        after.add(deltas);
        after
    }

    /// Takes in what a settlement adds.
    pub fn add(&mut self, deltas: &Deltas) {
        for (key, delta) in deltas {
            match self.amounts.get_mut(key) {
                Some(amount) => *amount += *delta,
                None => drop(self.amounts.insert(key.clone(), *delta)),
            }
        }
        // A cancelled first settlement leaves no trace, so that cancelling restores exactly (I7).
        self.amounts.retain(|_, amount| *amount != Fen::ZERO);
        self.version += 1;
    }
}

/// The exact negatives.
pub fn negated(deltas: &Deltas) -> Deltas {
    deltas.iter().map(|(key, delta)| (key.clone(), -*delta)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelling_restores_the_amounts_exactly() {
        let before = Accumulators { version: 3, amounts: [("cap/pool".to_owned(), Fen(700))].into() };
        let deltas: Deltas = [("cap/pool".to_owned(), Fen(50)), ("deductible/outpatient".to_owned(), Fen(9))].into();
        let restored = before.after(&deltas).after(&negated(&deltas));
        assert_eq!(restored.amounts, before.amounts);
        assert_eq!(restored.version, 5);
    }
}
