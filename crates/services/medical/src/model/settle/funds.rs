//! Steps 4 to 6 of 4.2: the pool, the funds above its cap, serious illness and supplements.

use huitong_kernel::decimal::Ratio;
use huitong_kernel::money::Fen;
use huitong_service_kit::Refusal;

use super::{IN_SCOPE_OWN, Working, missing_cell};
use crate::model::amounts::FundPayment;
use crate::model::bands::{BandPart, Paid, exact_sum, part_in, pay};
use crate::model::exact::{exact_share, round_to_fen};
use crate::model::explain::{Path, Rule};
use crate::model::filing::Adjustment;
use crate::model::policy::{BandsFrom, ChronicDisease, Fund, FundBase};

/// Cost that spills to a fund.
type Spill<'a> = (&'a str, Fen);

/// A cap that binds a fund in this case.
struct Binding<'a> {
    /// Of its accumulator.
    key: String,
    room: Fen,
    /// The fund that takes the cost above.
    spill_to: Option<&'a str>,
}

/// What a fund is asked to pay.
struct Asked<'a> {
    fund: &'a Fund,
    cost: Fen,
    bindings: Vec<Binding<'a>>,
}

impl<'a> Asked<'a> {
    /// The cap that binds first; a tie goes to the one that spills (4.3: the pool's), then to the one named first.
    fn tightest(&self) -> Option<&Binding<'a>> {
        self.bindings.iter().min_by_key(|binding| (binding.room, binding.spill_to.is_none()))
    }

    fn room(&self) -> Option<Fen> {
        self.tightest().map(|binding| binding.room)
    }
}

impl<'a> Working<'a> {
    /// Steps 4 and 5: the pool, then the funds that take what spills over its caps.
    pub(super) fn pay_base(&mut self, base: Fen) -> Result<Option<Ratio>, Refusal> {
        let (pack, care_type) = (self.pack, self.case.care_type);
        let mut ratio = None;
        let mut spills: Vec<Spill<'a>> = Vec::new();
        for fund in pack.funds_of(care_type, FundBase::AfterDeductible) {
            let own = self.chronic.and_then(|chronic| chronic.ratio(self.class, self.case.level));
            ratio = own.or_else(|| fund.bands.first().and_then(|band| band.ratio(self.class, self.case.level)));
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

    /// Pays one fund; gives what spills over its cap.
    fn pay_fund(&mut self, fund: &'a Fund, cost: Fen) -> Result<Option<Spill<'a>>, Refusal> {
        let start = match fund.bands_from {
            BandsFrom::Settlement => Fen::ZERO,
            BandsFrom::Year => {
                let key = ["base/", &fund.id].concat();
                let used = self.case.accumulators.get(&key);
                if cost > Fen::ZERO {
                    self.deltas.insert(key, cost);
                }
                used
            }
        };
        let parts = self.parts(fund, start, cost)?;
        let asked = Asked { fund, cost, bindings: self.bindings(fund)? };
        let Paid { paid, spill } = pay(&parts, asked.room());
        let spill_to = asked.tightest().and_then(|binding| binding.spill_to);
        self.record_payment(asked, paid, &parts);
        Ok(spill_to.filter(|_| spill > Fen::ZERO).map(|fund| (fund, spill)))
    }

    /// A chronic disease may have a ratio and a cap of its own in the pool.
    fn chronic_in(&self, fund: &Fund) -> Option<&'a ChronicDisease> {
        self.chronic.filter(|_| fund.base == FundBase::AfterDeductible)
    }

    fn parts(&self, fund: &Fund, start: Fen, amount: Fen) -> Result<Vec<BandPart>, Refusal> {
        let adjust = if fund.adjusted_by_filing { self.adjust } else { Adjustment::None };
        let (class, level) = (self.class, self.case.level);
        let own = self.chronic_in(fund).and_then(|chronic| chronic.ratio(class, level));
        let mut parts = Vec::with_capacity(fund.bands.len());
        for band in &fund.bands {
            let ratio = own.or_else(|| band.ratio(class, level)).ok_or_else(|| missing_cell(class, self.case))?;
            parts.push(part_in((band.from, band.to), adjust.apply(ratio), start, amount));
        }
        Ok(parts)
    }

    fn bindings(&self, fund: &Fund) -> Result<Vec<Binding<'a>>, Refusal> {
        let (class, level) = (self.class, self.case.level);
        let mut bindings = Vec::new();
        for cap in &self.pack.caps {
            if cap.care_types.contains(&self.case.care_type) && cap.funds.contains(&fund.id) {
                let amount = cap.amount(class, level).ok_or_else(|| missing_cell(class, self.case))?;
                bindings.push(self.binding(cap.key(), amount, cap.spill_to.as_deref()));
            }
        }
        let chronic = self.chronic_in(fund);
        if let Some((chronic, amount)) = chronic.and_then(|chronic| Some((chronic, chronic.cap(class, level)?))) {
            bindings.push(self.binding(chronic.key(), amount, None));
        }
        Ok(bindings)
    }

    fn binding(&self, key: String, amount: Fen, spill_to: Option<&'a str>) -> Binding<'a> {
        let used = self.case.accumulators.get(&key) + self.deltas.get(&key).copied().unwrap_or_default();
        Binding { key, room: (amount - used).max(Fen::ZERO), spill_to }
    }

    fn record_payment(&mut self, asked: Asked<'_>, paid: Fen, parts: &[BandPart]) {
        let room = asked.room();
        let Asked { fund, cost, bindings } = asked;
        if paid > Fen::ZERO {
            for binding in bindings {
                *self.deltas.entry(binding.key).or_default() += paid;
            }
        }
        // Band k is shown as round2(C[k]) − round2(C[k−1]), so that the bands add up to the total (4.1).
        let (mut sum, mut shown) = (0, Fen::ZERO);
        for (index, band) in parts.iter().enumerate().filter(|(_, band)| band.part > Fen::ZERO) {
            sum += exact_share(band.part, band.ratio);
            let until = round_to_fen(sum);
            let inputs = [("part", band.part.0), ("ratio_e8", band.ratio.0)];
            self.steps.add(Rule::Band, Path::Band(&fund.id, index), &inputs, until - shown);
            shown = until;
        }
        let inputs = [("cost", cost.0), ("room", room.map_or(-1, |room| room.0))];
        self.steps.add(Rule::Fund, Path::In("funds", &fund.id), &inputs, paid);
        if paid > Fen::ZERO || fund.base == FundBase::AfterDeductible {
            self.funds.push(FundPayment {
                fund: fund.fund_pay_type.clone(),
                field: fund.field,
                in_scope_fen: cost,
                room_before_fen: room,
                paid_fen: paid,
            });
        }
    }

    /// Step 6: serious illness on the year's in-scope own cost, then supplements on what is left of this settlement. What the account
    /// has paid first is paid: no fund pays it again.
    pub(super) fn pay_own_cost(&mut self, eligible: Fen, account_first: Fen) -> Result<(), Refusal> {
        let (pack, care_type) = (self.pack, self.case.care_type);
        let own_before = self.case.accumulators.get(IN_SCOPE_OWN);
        let own_now = eligible - self.paid_so_far();
        if own_now > Fen::ZERO {
            self.deltas.insert(IN_SCOPE_OWN.to_owned(), own_now);
        }
        for fund in pack.funds_of(care_type, FundBase::InScopeOwnYear) {
            let parts = |end| self.parts(fund, Fen::ZERO, end);
            let (after, before) = (parts(own_before + own_now)?, parts(own_before)?);
            let gain = round_to_fen(exact_sum(&after) - exact_sum(&before));
            let asked = Asked { fund, cost: own_now, bindings: self.bindings(fund)? };
            let unpaid = eligible - account_first - self.paid_so_far();
            let paid = gain.min(unpaid).min(asked.room().unwrap_or(gain)).max(Fen::ZERO);
            self.record_payment(asked, paid, &[]);
        }
        for fund in pack.funds_of(care_type, FundBase::InScopeOwnLeft) {
            let unpaid = eligible - account_first - self.paid_so_far();
            self.pay_fund(fund, unpaid)?;
        }
        Ok(())
    }

    fn paid_so_far(&self) -> Fen {
        self.funds.iter().map(|fund| fund.paid_fen).sum()
    }
}
