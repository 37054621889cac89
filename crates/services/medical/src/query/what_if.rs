//! What would a past month have cost under another pack (15.3)? Settlements of the pack's pool and scheme are computed anew, in the order in
//! which they were booked, on accumulators that are rebuilt as they go. Nothing is booked: every figure is hypothetical.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::entry::EntryKind;
use huitong_kernel::money::Fen;
use huitong_service_kit::StoreError;
use huitong_store::journal::{self, Connection};
use serde::Serialize;

use super::settled_entries::{self, Booked, Looked};
use crate::model::accumulators::{Accumulators, negated};
use crate::model::person::HospitalLevel;
use crate::model::policy::Pack;
use crate::model::settle::{Case, Computation, StaySoFar, compute_unexplained};

/// Changes shown one by one.
const LARGEST: usize = 10;
/// Bands of winners and losers, in fen: a change above the last is in a band of its own.
const BANDS: [i64; 4] = [0, 10_000, 100_000, 1_000_000];

/// Two totals of the funds' payments, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    pub settlements: u64,
    pub was_fen: Fen,
    pub would_be_fen: Fen,
}

impl Compared {
    fn add(&mut self, was: Fen, would_be: Fen, count: u64) {
        self.settlements += count;
        self.was_fen += was;
        self.would_be_fen += would_be;
    }
}

/// Persons by what their own part would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeBand {
    /// Changes above this …
    pub above_fen: Fen,
    /// … and up to this; absent: all that are larger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_to_fen: Option<Fen>,
    /// Settlements in which the person would pay less.
    pub winners: u64,
    /// … and more.
    pub losers: u64,
}

/// What one settlement would have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub settlement: String,
    pub was_fen: Fen,
    pub would_be_fen: Fen,
}

/// The outcome. Hypothetical throughout.
#[derive(Clone, Debug, Default, Serialize)]
pub struct WhatIf {
    /// Settlements of the period less those that were taken back, whatever the pack.
    pub total: Compared,
    pub by_class: BTreeMap<String, Compared>,
    /// By division of treatment.
    pub by_city: BTreeMap<String, Compared>,
    pub by_level: BTreeMap<String, Compared>,
    /// By fund, as the pack that pays names it (`fund_pay_type`).
    pub by_fund: BTreeMap<String, Compared>,
    pub bands: Vec<ChangeBand>,
    pub largest: Vec<Change>,
    /// Settlements that the other pack would refuse: counted as they were.
    pub refused: Vec<String>,
}

/// Which settlements are looked at.
pub struct Question<'q> {
    pub pack: &'q Pack,
    /// Clearing period `YYYY-MM` by home's receive time; absent: all.
    pub period: Option<&'q str>,
}

/// Funds, classes and accumulators by a number each: a month has millions of mentions and a handful of names.
#[derive(Default)]
struct Names {
    names: Vec<String>,
    places: BTreeMap<String, u16>,
}

impl Names {
    fn place(&mut self, name: &str) -> u16 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = u16::try_from(self.names.len()).expect("packs have few names");
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        place
    }

    fn amounts<'n>(&mut self, amounts: impl Iterator<Item = (&'n str, Fen)>) -> Box<[(u16, Fen)]> {
        amounts.map(|(name, amount)| (self.place(name), amount)).collect()
    }

    fn name(&self, place: u16) -> &str {
        &self.names[usize::from(place)]
    }
}

/// A settlement as it was and as it would be.
struct Pair {
    city: Division,
    /// The insurance year of the other pack.
    year: i16,
    level: HospitalLevel,
    was: Box<[(u16, Fen)]>,
    would_be: Option<Made>,
    /// What was added to the hypothetical accumulators.
    deltas: Box<[(u16, Fen)]>,
}

/// What the other pack makes of a settlement.
struct Made {
    class: u16,
    funds: Box<[(u16, Fen)]>,
    fund_total_fen: Fen,
    deductible_fen: Fen,
}

#[derive(Default)]
struct Replay {
    accumulators: BTreeMap<(String, i16), Accumulators>,
    /// Of settlements that are not asked for: the other pack's insurance year, where it is another than that in the books.
    years: BTreeMap<String, i16>,
    stays: BTreeMap<String, StaySoFar>,
    pairs: BTreeMap<String, Pair>,
    names: Names,
}

/// Replays a home's journal under another pack.
pub fn run(connection: &Connection, question: &Question<'_>) -> Result<WhatIf, StoreError> {
    let mut replay = Replay::default();
    journal::each_from(connection, 1, |entry| {
        if entry.kind == EntryKind::Decision {
            for looked in settled_entries::events(&entry.bytes)? {
                if let Looked::Settled(booked) = looked {
                    replay.take(*booked, question);
                }
            }
        }
        Ok(())
    })?;
    Ok(outcome(replay.pairs, &replay.names))
}

impl Replay {
    fn take(&mut self, booked: Booked<'_>, question: &Question<'_>) {
        let pack = question.pack;
        if booked.home_area != pack.area || booked.scheme != pack.scheme {
            return;
        }
        if let Some(original) = &booked.contra_of {
            return self.take_back(&booked, original);
        }
        // What a pool has computed has no case here; its year is that in the books.
        let year = booked.case.as_ref().map_or(booked.insurance_year, |case| pack.insurance_year(case.care_date));
        let before = self.accumulators.entry((booked.person.into_owned(), year)).or_default();
        let is_asked = question.period.is_none_or(|period| period == booked.period);
        let Some(case) = booked.case.filter(|_| is_asked) else {
            // Outside the period it is what it was.
            before.add(&booked.deltas);
            if year != booked.insurance_year {
                self.years.insert(booked.settlement.into_owned(), year);
            }
            return self.count(&booked.visit, booked.deductible_fen, booked.admission);
        };
        let stay = self.stays.get(booked.visit.as_ref()).copied().unwrap_or_default();
        // The hypothetical accumulators are lent to the case.
        let case = Case { accumulators: std::mem::take(before), stay, ..case };
        let would_be = compute_unexplained(pack, &case).ok();
        *before = case.accumulators;
        let deltas = would_be.as_ref().map_or(&booked.deltas, |computation| &computation.deltas);
        before.add(deltas);
        let pair = Pair {
            city: case.visited_area,
            year,
            level: case.level,
            was: self.names.amounts(booked.funds.iter().map(|(fund, paid)| (fund.as_ref(), *paid))),
            would_be: would_be.as_ref().map(|computation| self.names.made(computation)),
            deltas: self.names.amounts(deltas.iter().map(|(key, delta)| (key.as_str(), *delta))),
        };
        let (taken, admission) = match &would_be {
            Some(computation) => (computation.amounts.deductible_fen, computation.admission),
            None => (booked.deductible_fen, booked.admission),
        };
        self.count(&booked.visit, taken, admission);
        self.pairs.insert(booked.settlement.into_owned(), pair);
    }

    fn count(&mut self, visit: &str, taken: Fen, admission: Option<u32>) {
        let stay = self.stays.entry(visit.to_owned()).or_default();
        stay.settlements += 1;
        stay.deductible_fen += taken;
        stay.admission = stay.admission.or(admission);
    }

    fn take_back(&mut self, contra: &Booked<'_>, original: &str) {
        let (year, deltas, taken) = match self.pairs.remove(original) {
            Some(pair) => {
                let taken = pair.would_be.map_or(-contra.deductible_fen, |made| made.deductible_fen);
                let added = pair.deltas.iter().map(|(key, delta)| (self.names.name(*key).to_owned(), *delta));
                (pair.year, negated(&added.collect()), taken)
            }
            None => {
                let year = self.years.remove(original).unwrap_or(contra.insurance_year);
                (year, contra.deltas.clone(), -contra.deductible_fen)
            }
        };
        let key = (contra.person.clone().into_owned(), year);
        self.accumulators.entry(key).or_default().add(&deltas);
        let stay = self.stays.entry(contra.visit.clone().into_owned()).or_default();
        stay.settlements = stay.settlements.saturating_sub(1);
        stay.deductible_fen -= taken;
        if stay.settlements == 0 {
            stay.admission = None;
        }
    }
}

impl Names {
    fn made(&mut self, computation: &Computation) -> Made {
        let amounts = &computation.amounts;
        Made {
            class: self.place(&computation.class),
            funds: self.amounts(amounts.funds.iter().map(|fund| (fund.fund.as_str(), fund.paid_fen))),
            fund_total_fen: amounts.fund_total_fen,
            deductible_fen: amounts.deductible_fen,
        }
    }
}

fn outcome(pairs: BTreeMap<String, Pair>, names: &Names) -> WhatIf {
    let mut found = WhatIf { bands: empty_bands(), ..WhatIf::default() };
    let mut changes = Vec::new();
    for (settlement, pair) in pairs {
        let was: Fen = pair.was.iter().map(|(_, paid)| *paid).sum();
        let Some(made) = pair.would_be else {
            found.total.add(was, was, 1);
            found.refused.push(settlement);
            continue;
        };
        let would_be = made.fund_total_fen;
        found.total.add(was, would_be, 1);
        of(&mut found.by_class, names.name(made.class)).add(was, would_be, 1);
        of(&mut found.by_city, pair.city.as_str()).add(was, would_be, 1);
        of(&mut found.by_level, pair.level.name()).add(was, would_be, 1);
        for (fund, paid) in pair.was.iter().filter(|(_, paid)| *paid != Fen::ZERO) {
            of(&mut found.by_fund, names.name(*fund)).add(*paid, Fen::ZERO, 1);
        }
        for (fund, paid) in made.funds.iter().filter(|(_, paid)| *paid != Fen::ZERO) {
            of(&mut found.by_fund, names.name(*fund)).add(Fen::ZERO, *paid, 0);
        }
        note_band(&mut found.bands, would_be - was);
        if was != would_be {
            changes.push(Change { settlement, was_fen: was, would_be_fen: would_be });
        }
    }
    changes.sort_by_key(|change| (-(change.would_be_fen - change.was_fen).0.abs(), change.settlement.clone()));
    changes.truncate(LARGEST);
    found.largest = changes;
    found
}

fn of<'m>(table: &'m mut BTreeMap<String, Compared>, name: &str) -> &'m mut Compared {
    table.entry(name.to_owned()).or_default()
}

fn empty_bands() -> Vec<ChangeBand> {
    let bands = BANDS.iter().enumerate().map(|(index, from)| {
        let up_to_fen = BANDS.get(index + 1).copied().map(Fen);
        ChangeBand { above_fen: Fen(*from), up_to_fen, winners: 0, losers: 0 }
    });
    bands.collect()
}

/// The funds would pay so much more.
fn note_band(bands: &mut [ChangeBand], more: Fen) {
    let size = Fen(more.0.abs());
    let band = bands.iter_mut().rev().find(|band| size > band.above_fen);
    match band {
        Some(band) if more.is_negative() => band.losers += 1,
        Some(band) => band.winners += 1,
        None => {}
    }
}
