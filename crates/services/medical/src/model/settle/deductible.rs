//! Step 3 of 4.2: the deductible (起付线).

use huitong_kernel::money::Fen;
use huitong_service_kit::Refusal;

use super::{ADMISSIONS, Working, missing_cell};
use crate::model::exact::share;
use crate::model::explain::{Path, Rule};
use crate::model::policy::{Deductible, DeductibleKind, RepeatAdmission};

impl Working<'_> {
    /// What is taken of `cost`; noted in the deltas.
    pub(super) fn deductible(&mut self, cost: Fen) -> Result<Fen, Refusal> {
        let pack = self.pack;
        let Some(rule) = pack.deductible(self.case.care_type) else { return Ok(Fen::ZERO) };
        let amount = rule.amount(self.class, self.case.level).ok_or_else(|| missing_cell(self.class, self.case))?;
        let key = rule.key();
        let (amount, taken_before) = self.due(rule, amount, self.case.accumulators.get(&key));
        let left = (amount - taken_before).max(Fen::ZERO);
        let taken = left.min(cost);
        if taken > Fen::ZERO {
            self.deltas.insert(key, taken);
        }
        let admission = self.admission.map_or(0, i64::from);
        let inputs = [
            ("amount", amount.0),
            ("taken_before", taken_before.0),
            ("left", left.0),
            ("cost", cost.0),
            ("admission", admission),
        ];
        let inputs = if admission > 0 { &inputs[..] } else { &inputs[..4] };
        self.steps.add(Rule::Deductible, Path::In("deductibles", &rule.id), inputs, taken);
        Ok(taken)
    }

    /// The whole deductible that applies, and what has been taken of it.
    fn due(&mut self, rule: &Deductible, amount: Fen, taken_in_year: Fen) -> (Fen, Fen) {
        let in_stay = self.case.stay.deductible_fen;
        match rule.kind {
            DeductibleKind::PerYear => (amount, taken_in_year),
            DeductibleKind::PerVisit => (amount, in_stay),
            DeductibleKind::PerYearHighestLevel => (rule.year_max.map_or(amount, |max| amount.min(max)), taken_in_year),
            DeductibleKind::PerAdmission => (of_admission(rule, amount, self.count_admission()), in_stay),
        }
    }

    /// Which admission of the year this is; a stay counts once, with its first settlement.
    fn count_admission(&mut self) -> u32 {
        if let Some(counted) = self.case.stay.admission {
            return counted;
        }
        let earlier = u32::try_from(self.case.accumulators.get(ADMISSIONS).0).unwrap_or(0);
        // What cost nothing makes the next admission no cheaper.
        if self.case.sums.total_fen == Fen::ZERO {
            return earlier + 1;
        }
        self.deltas.insert(ADMISSIONS.to_owned(), Fen(1));
        self.admission = Some(earlier + 1);
        earlier + 1
    }
}

/// The first admission pays all; the last entry for later ones repeats.
fn of_admission(rule: &Deductible, amount: Fen, admission: u32) -> Fen {
    let later = usize::try_from(admission).unwrap_or(usize::MAX).checked_sub(2);
    let repeat = later.and_then(|index| rule.repeat_admissions.get(index).or_else(|| rule.repeat_admissions.last()));
    match repeat {
        None => amount,
        Some(RepeatAdmission::Factor(factor)) => share(amount, *factor),
        Some(RepeatAdmission::Amount(fixed)) => *fixed,
    }
}
