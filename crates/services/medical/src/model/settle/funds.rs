//! Steps 4 to 6 of 4.2: the pool, the funds above its cap, serious illness and supplements.

use huitong_kernel::decimal::Ratio;
use huitong_kernel::money::Fen;
use huitong_service_kit::Refusal;

use super::{IN_SCOPE_OWN, Working, missing_cell};
use crate::model::amounts::FundPayment;
use crate::model::bands::{BandPart, Paid, cut, exact_sum, pay};
use crate::model::exact::round_to_fen;
use crate::model::explain::Rule;
use crate::model::policy::{BandsFrom, Fund, FundBase};

/// A cap that binds: accumulator, amount, and the fund that takes the cost above.
type Binding<'p> = (String, Fen, Option<&'p str>);

impl Working<'_> {
    /// Steps 4 and 5: the pool, then the funds that take what spills over its caps.
    pub(super) fn pay_base(&mut self, base: Fen) -> Result<Option<Ratio>, Refusal> {
        let (pack, care_type) = (self.pack, self.case.care_type);
        let mut ratio = None;
        let mut spills: Vec<(String, Fen)> = Vec::new();
        for fund in pack.funds_of(care_type, FundBase::AfterDeductible) {
            let own = self.chronic.and_then(|chronic| chronic.ratio(&self.class, self.case.level));
            ratio = own.or_else(|| fund.bands.first().and_then(|band| band.ratio(&self.class, self.case.level)));
            spills.extend(self.pay_fund(fund, base)?);
        }
        // A spill may spill again; validation has excluded loops, so this ends.
        while let Some((id, cost)) = spills.pop() {
            if let Some(fund) = pack.funds_of(care_type, FundBase::Spill).find(|fund| fund.id == id) {
                spills.extend(self.pay_fund(fund, cost)?);
            }
        }
        Ok(ratio)
    }

    /// Pays one fund; gives the fund and the cost that spill over its cap.
    fn pay_fund(&mut self, fund: &Fund, cost: Fen) -> Result<Option<(String, Fen)>, Refusal> {
        let base_key = format!("base/{}", fund.id);
        let start = match fund.bands_from {
            BandsFrom::Settlement => Fen::ZERO,
            BandsFrom::Year => self.case.accumulators.get(&base_key),
        };
        if fund.bands_from == BandsFrom::Year && cost > Fen::ZERO {
            self.deltas.insert(base_key, cost);
        }
        let parts = self.parts(fund, start, cost)?;
        let (room, spill_to) = self.room(fund)?;
        let Paid { paid, spill } = pay(&parts, room);
        self.record_payment(fund, cost, room, paid, &parts)?;
        Ok(spill_to.filter(|_| spill > Fen::ZERO).map(|fund| (fund, spill)))
    }

    fn parts(&self, fund: &Fund, start: Fen, amount: Fen) -> Result<Vec<BandPart>, Refusal> {
        let adjust = match self.pack.filings.get(&self.filing) {
            Some(rule) if fund.adjusted_by_filing => rule.adjust,
            _ => Default::default(),
        };
        // A chronic disease may have a ratio of its own in the pool.
        let chronic = self.chronic.filter(|_| fund.base == FundBase::AfterDeductible);
        let own = chronic.and_then(|chronic| chronic.ratio(&self.class, self.case.level));
        let mut bands = Vec::with_capacity(fund.bands.len());
        for band in &fund.bands {
            let ratio = own.or_else(|| band.ratio(&self.class, self.case.level));
            let ratio = ratio.ok_or_else(|| missing_cell(&self.class, self.case))?;
            bands.push((band.from, band.to, adjust.apply(ratio)));
        }
        Ok(cut(bands.into_iter(), start, amount))
    }

    /// Caps that bind a fund in this case.
    fn caps(&self, fund: &Fund) -> Result<Vec<Binding<'_>>, Refusal> {
        let (class, level) = (self.class.as_str(), self.case.level);
        let mut binding = Vec::new();
        for cap in &self.pack.caps {
            if cap.care_types.contains(&self.case.care_type) && cap.funds.contains(&fund.id) {
                let amount = cap.amount(class, level).ok_or_else(|| missing_cell(class, self.case))?;
                binding.push((cap.key(), amount, cap.spill_to.as_deref()));
            }
        }
        let chronic = self.chronic.filter(|_| fund.base == FundBase::AfterDeductible);
        if let Some((chronic, amount)) = chronic.and_then(|chronic| Some((chronic, chronic.cap(class, level)?))) {
            binding.push((chronic.key(), amount, None));
        }
        Ok(binding)
    }

    /// The room below the tightest cap that binds, and where cost above it goes; a tie goes to the cap named first.
    fn room(&self, fund: &Fund) -> Result<(Option<Fen>, Option<String>), Refusal> {
        let mut tightest: (Option<Fen>, Option<String>) = (None, None);
        for (key, amount, spill_to) in self.caps(fund)? {
            let used = self.case.accumulators.get(&key) + self.deltas.get(&key).copied().unwrap_or_default();
            let room = (amount - used).max(Fen::ZERO);
            if tightest.0.is_none_or(|known| room < known) {
                tightest = (Some(room), spill_to.map(str::to_owned));
            }
        }
        Ok(tightest)
    }

    fn record_payment(
        &mut self,
        fund: &Fund,
        cost: Fen,
        room: Option<Fen>,
        paid: Fen,
        parts: &[BandPart],
    ) -> Result<(), Refusal> {
        let keys: Vec<String> = self.caps(fund)?.into_iter().map(|(key, _, _)| key).collect();
        for key in keys.into_iter().filter(|_| paid > Fen::ZERO) {
            *self.deltas.entry(key).or_default() += paid;
        }
        for (index, band) in parts.iter().enumerate().filter(|(_, band)| band.part > Fen::ZERO) {
            let shown = shown_share(parts, index);
            let inputs = [("part", band.part.0), ("ratio_e8", band.ratio.0)];
            self.steps.add(Rule::Band, &format!("funds.{}.bands[{index}]", fund.id), &inputs, shown);
        }
        let inputs = [("cost", cost.0), ("room", room.map_or(-1, |room| room.0))];
        self.steps.add(Rule::Fund, &format!("funds.{}", fund.id), &inputs, paid);
        if paid > Fen::ZERO || fund.base == FundBase::AfterDeductible {
            self.funds.push(FundPayment {
                fund: fund.fund_pay_type.clone(),
                field: fund.field,
                in_scope_fen: cost,
                room_before_fen: room,
                paid_fen: paid,
            });
        }
        Ok(())
    }

    /// Step 6: serious illness on the year's in-scope own cost, then supplements on what is left of this settlement.
    pub(super) fn pay_own_cost(&mut self, eligible: Fen) -> Result<(), Refusal> {
        let (pack, care_type) = (self.pack, self.case.care_type);
        let own_before = self.case.accumulators.get(IN_SCOPE_OWN);
        let paid_so_far: Fen = self.funds.iter().map(|fund| fund.paid_fen).sum();
        let own_now = eligible - paid_so_far;
        if own_now > Fen::ZERO {
            self.deltas.insert(IN_SCOPE_OWN.to_owned(), own_now);
        }
        for fund in pack.funds_of(care_type, FundBase::InScopeOwnYear) {
            let parts = |end| self.parts(fund, Fen::ZERO, end);
            let (after, before) = (parts(own_before + own_now)?, parts(own_before)?);
            let gain = round_to_fen(exact_sum(&after) - exact_sum(&before));
            let (room, _) = self.room(fund)?;
            let paid = gain.min(own_now).min(room.unwrap_or(gain)).max(Fen::ZERO);
            self.record_payment(fund, own_now, room, paid, &[])?;
        }
        for fund in pack.funds_of(care_type, FundBase::InScopeOwnLeft) {
            let paid_so_far: Fen = self.funds.iter().map(|fund| fund.paid_fen).sum();
            self.pay_fund(fund, eligible - paid_so_far)?;
        }
        Ok(())
    }
}

/// Band k is shown as round2(C[k]) − round2(C[k−1]), so that the bands add up to the total (4.1).
fn shown_share(parts: &[BandPart], index: usize) -> Fen {
    round_to_fen(exact_sum(&parts[..=index])) - round_to_fen(exact_sum(&parts[..index]))
}
