//! Sharing the revenue of a line that crosses a border (跨省线路收入分摊, transit specification §8).
//!
//! The split is a second document per trip, between the operating node and its partners: charging never waits for it.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use serde::{Deserialize, Serialize};

use super::fare::Grade;
use super::fare::ride::Ride;
use super::network::{LineId, Mode, Network, Section, Station};

/// Parties of a rule at most.
pub const PARTIES_MAX: usize = 16;
const WEIGHT_MAX: u64 = 1_000_000_000_000;

/// How the trips over a cross-border line are shared; dated data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitRule {
    pub network: Division,
    pub line: LineId,
    pub version: u32,
    /// Business days, inclusive.
    pub valid_from: Date,
    /// Exclusive; `None`: until the next version begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    pub grade: Grade,
    pub source: String,
    /// The parties' written decision to settle by an unconfirmed rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_decision: Option<String>,
    pub basis: SplitBasis,
    /// The node that claims the whole trip from the home node.
    pub operating: Division,
    /// The nodes it shares with. A stop belongs to the party whose division contains the stop's.
    pub partners: Vec<Division>,
    /// Basis `share`: one for every party.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<Share>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitBasis {
    /// Metres of the trip in each jurisdiction. A section that crosses the border is cut there (`border_m` of the map), or
    /// counts half for each, the odd metre for the lower code.
    Km,
    /// Stops of the trip in each jurisdiction, both ends included; where one tap is the whole trip, the stop boarded at.
    Stops,
    /// Agreed weights, whatever the trip.
    Share,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    pub party: Division,
    pub weight: u64,
}

/// What counts for each party, in the order of their codes.
pub type Weights = Vec<(Division, u64)>;

/// What becomes of a trip's revenue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Splitting<'r> {
    /// It stays with the operating node: the trip lies inside one jurisdiction, or was boarded on the operating node's ground.
    Whole,
    By {
        rule: &'r SplitRule,
        weights: Weights,
    },
    /// The trip crosses a border on a line without rule for that day (`TRN-SPLIT`).
    RuleMissing(LineId),
}

/// The parts of an amount, exact to the fen, in the order of the codes: ⌊A·w / W⌋ each, and the fen that remain one each to
/// the largest remainders, ties to the lower code. A negative amount is split like its positive and changes the sign.
/// `None` if nothing has weight, or the weights are beyond 2⁶⁴.
pub fn parts(amount: Fen, weights: &[(Division, u64)]) -> Option<Vec<(Division, Fen)>> {
    let mut merged: BTreeMap<Division, u128> = BTreeMap::new();
    for (party, weight) in weights {
        *merged.entry(*party).or_default() += u128::from(*weight);
    }
    let whole: u128 = merged.values().sum();
    if whole == 0 || whole > u128::from(u64::MAX) {
        return None;
    }
    let total = u128::from(amount.0.unsigned_abs());
    let product = |weight: u128| total.checked_mul(weight).expect("2^63 fen by a weight below 2^64");
    let mut shares: Vec<(Division, u128, u128)> =
        merged.into_iter().map(|(party, weight)| (party, product(weight) / whole, product(weight) % whole)).collect();
    let left = total - shares.iter().map(|(_, part, _)| part).sum::<u128>();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    // A stable sort: equal remainders stay in the order of the codes.
    order.sort_by_key(|index| std::cmp::Reverse(shares[*index].2));
    for index in order.into_iter().take(usize::try_from(left).expect("fewer fen than parties remain")) {
        shares[index].1 += 1;
    }
    let signed = |part: u128| {
        let part = Fen(i64::try_from(part).expect("a part is no more than the whole"));
        if amount.is_negative() { -part } else { part }
    };
    Some(shares.into_iter().map(|(party, part, _)| (party, signed(part))).collect())
}

/// Whether and how a trip is split. `operating`: the code of the node that books the trip. `None` if there is no such way.
pub fn splitting<'r>(
    rules: &'r [SplitRule],
    network: &Network,
    operating: Division,
    ride: &Ride,
) -> Option<Splitting<'r>> {
    let day = network.map.parameters.business_day(ride.entry);
    let rule_of = |line: LineId| in_force(rules, network.map.network, line, day);
    if network.map.mode == Mode::SingleTap {
        let (stop, line) = (network.station(ride.from)?, ride.line?);
        let crosses = network.map.stations.iter().any(|other| {
            other.lines.contains(&line)
                && operating.contains(other.jurisdiction) != operating.contains(stop.jurisdiction)
        });
        return Some(match rule_of(line) {
            Some(rule) => {
                let weights = rule.weights_of_boarding(stop.jurisdiction);
                let is_own = weights.iter().all(|(party, _)| *party == rule.operating);
                if is_own { Splitting::Whole } else { Splitting::By { rule, weights } }
            }
            None if crosses => Splitting::RuleMissing(line),
            None => Splitting::Whole,
        });
    }
    let path = network.path(ride.from, ride.to)?;
    let is_abroad = |id| network.station(id).is_some_and(|stop| !operating.contains(stop.jurisdiction));
    let lines_abroad = path.iter().filter(|section| is_abroad(section.from) || is_abroad(section.to));
    // The lowest line decides if a trip crosses on several: the same both ways.
    let Some(line) = lines_abroad.map(|section| section.line).min() else { return Some(Splitting::Whole) };
    Some(match rule_of(line) {
        None => Splitting::RuleMissing(line),
        Some(rule) => {
            let weights = rule.weights(network, &path);
            if weights.len() > 1 { Splitting::By { rule, weights } } else { Splitting::Whole }
        }
    })
}

/// The rule of a line on a business day.
pub fn in_force(rules: &[SplitRule], network: Division, line: LineId, day: Date) -> Option<&SplitRule> {
    let begun = rules.iter().filter(|rule| rule.network == network && rule.line == line && rule.valid_from <= day);
    begun.max_by_key(|rule| rule.valid_from).filter(|rule| rule.valid_to.is_none_or(|end| day < end))
}

impl SplitRule {
    /// Whether real money may be settled by it.
    pub fn may_charge(&self) -> bool {
        self.grade != Grade::Unconfirmed || self.override_decision.is_some()
    }

    pub fn parties(&self) -> impl Iterator<Item = Division> {
        std::iter::once(self.operating).chain(self.partners.iter().copied())
    }

    /// The party on whose ground a place lies.
    pub fn party_of(&self, place: Division) -> Option<Division> {
        self.parties().find(|party| party.contains(place))
    }

    /// What counts of a path for each party.
    pub fn weights(&self, network: &Network, path: &[Section]) -> Weights {
        let party_at = |id| network.station(id).and_then(|station| self.party_of(station.jurisdiction));
        let mut metres: BTreeMap<Division, u64> = BTreeMap::new();
        let mut stops: BTreeMap<Division, u64> = BTreeMap::new();
        for section in path {
            let (Some(from), Some(to)) = (party_at(section.from), party_at(section.to)) else { continue };
            let (before, after) = cut(section, from, to);
            *metres.entry(from).or_default() += u64::from(before);
            *metres.entry(to).or_default() += u64::from(after);
            *stops.entry(to).or_default() += 1;
        }
        if let Some(first) = path.first().and_then(|section| party_at(section.from)) {
            *stops.entry(first).or_default() += 1;
        }
        let weights = match self.basis {
            SplitBasis::Km => metres,
            SplitBasis::Stops => stops,
            SplitBasis::Share if stops.len() > 1 => return self.agreed(),
            SplitBasis::Share => stops,
        };
        weights.into_iter().filter(|(_, weight)| *weight > 0).collect()
    }

    /// The same where one tap is the whole trip.
    fn weights_of_boarding(&self, stop: Division) -> Weights {
        match self.basis {
            SplitBasis::Share => self.agreed(),
            SplitBasis::Km | SplitBasis::Stops => self.party_of(stop).map(|party| (party, 1)).into_iter().collect(),
        }
    }

    fn agreed(&self) -> Weights {
        let mut weights: Weights = self.shares.iter().map(|share| (share.party, share.weight)).collect();
        weights.sort_unstable();
        weights
    }
}

/// The metres of a section on either side of the border.
fn cut(section: &Section, from: Division, to: Division) -> (u32, u32) {
    let half = section.metres / 2;
    let before = match section.border_m {
        _ if from == to => section.metres,
        Some(border) => border,
        None if from < to => section.metres - half,
        None => half,
    };
    (before, section.metres - before)
}

/// The field at fault.
pub type SplitFault = String;

/// Checks a rule against its network and itself.
pub fn validate(rule: &SplitRule, network: &Network) -> Result<(), SplitFault> {
    let parties: Vec<Division> = rule.parties().collect();
    let apart = |index: usize| {
        let others = parties[..index].iter().chain(&parties[index + 1..]);
        others.clone().all(|other| !other.contains(parties[index]))
    };
    let on_line = network.map.stations.iter().filter(|station| station.lines.contains(&rule.line));
    let mut reached: Vec<_> = on_line.filter_map(|station| rule.party_of(station.jurisdiction)).collect();
    reached.sort_unstable();
    reached.dedup();
    let shares_fit = match rule.basis {
        SplitBasis::Share => {
            let listed = |party: &Division| rule.shares.iter().filter(|share| share.party == *party).count() == 1;
            rule.shares.len() == parties.len()
                && parties.iter().all(listed)
                && rule.shares.iter().all(|share| share.weight <= WEIGHT_MAX)
                && rule.shares.iter().any(|share| share.weight > 0)
        }
        SplitBasis::Km | SplitBasis::Stops => rule.shares.is_empty(),
    };
    let checks = [
        ("network", rule.network == network.map.network),
        ("valid_to", rule.valid_to.is_none_or(|end| end > rule.valid_from)),
        ("source", !rule.source.is_empty()),
        ("partners", (2..=PARTIES_MAX).contains(&parties.len()) && (0..parties.len()).all(apart)),
        ("basis", !(rule.basis == SplitBasis::Km && network.map.mode == Mode::SingleTap)),
        ("shares", shares_fit),
        ("line", reached.len() > 1),
    ];
    if let Some((field, _)) = checks.into_iter().find(|(_, fits)| !fits) {
        return Err(field.to_owned());
    }
    // The weights speak of the whole trip, which may leave the line, except on a bus: each of its stops needs a party.
    let is_ridden = |station: &&Station| network.map.mode == Mode::Gated || station.lines.contains(&rule.line);
    let mut ridden = network.map.stations.iter().filter(is_ridden);
    match ridden.find(|station| rule.party_of(station.jurisdiction).is_none()) {
        Some(station) => Err(format!("partners: none has stop {}", station.id)),
        None => Ok(()),
    }
}

/// Checks that no two rules of a line are in force on one day. A rule without end lasts until the next begins.
pub fn check_sequence(rules: &[SplitRule]) -> Result<(), SplitFault> {
    let mut sorted: Vec<&SplitRule> = rules.iter().collect();
    sorted.sort_by_key(|rule| (rule.network, rule.line, rule.valid_from));
    for pair in sorted.windows(2).filter(|pair| (pair[0].network, pair[0].line) == (pair[1].network, pair[1].line)) {
        let (earlier, later) = (pair[0], pair[1]);
        if earlier.valid_from == later.valid_from || earlier.valid_to.is_some_and(|end| end > later.valid_from) {
            return Err(format!("valid_from of line {} version {}", later.line, later.version));
        }
    }
    Ok(())
}
