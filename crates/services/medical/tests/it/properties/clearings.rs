//! The clearings beside a story: they cut periods and say what is paid, of what medical told them. What must hold of that, and of
//! prepayments, is worked out from the documents told.

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_ledger::clearing::{Cleared, Document, Share};
use huitong_medical::command::SettledReply;
use huitong_medical::model::message::Message;
use huitong_medical::query::prepayment::{quota, used};
use huitong_medical::query::settlements::Role;
use huitong_medical::query::{clearing, totals};

use super::books::{HOMES, VISITED};
use crate::country::{Country, division};
use crate::lanes::{Told, cut, period, say, told};

/// Of all quotas.
pub const YEAR: i16 = 2026;

/// Node and home.
type Desk = (&'static str, &'static str);

#[derive(Default)]
pub struct Clearings {
    /// Periods that a home has cut.
    cuts: BTreeMap<&'static str, usize>,
    /// Periods of a home whose payment was told at a node.
    paid: BTreeMap<Desk, usize>,
    /// Of each quota, the band and the alarms so far.
    bands: BTreeMap<Desk, (u8, u64)>,
}

/// Periods follow each other from 2027 on, so that none is of the present.
fn name(number: usize) -> String {
    format!("{:04}-{:02}", 2027 + number / 12, number % 12 + 1)
}

/// What a node told its clearing of a home's lane: documents by period, those that are not cut last.
fn by_period(country: &Country, node: &str, home: &str) -> Vec<Vec<Document>> {
    let mut periods = vec![Vec::new()];
    for told in told(country, node, home, VISITED) {
        match told {
            Told::Documents(told) => periods.last_mut().expect("never empty").extend(told.documents),
            Told::Marker(_) => periods.push(Vec::new()),
        }
    }
    periods
}

fn by_part<'d>(documents: impl IntoIterator<Item = &'d Document>) -> BTreeMap<String, Fen> {
    let mut sums: BTreeMap<String, Fen> = BTreeMap::new();
    for (part, amount) in documents.into_iter().flat_map(|document| &document.parts) {
        *sums.entry(part.clone()).or_default() += *amount;
    }
    sums.retain(|_, amount| *amount != Fen::ZERO);
    sums
}

fn desks() -> impl Iterator<Item = Desk> {
    HOMES.into_iter().flat_map(|home| [(home, home), (VISITED, home)])
}

fn role(node: &str) -> Role {
    if node == VISITED { Role::Visited } else { Role::Home }
}

fn peer((node, home): Desk) -> &'static str {
    if node == VISITED { home } else { VISITED }
}

impl Clearings {
    pub fn cut(&mut self, country: &mut Country, home: &'static str) {
        let number = self.cuts.entry(home).or_default();
        // A document of the very moment of the cut would count as cut.
        country.region.pass(DurationMs(1));
        cut(country, home, &name(*number));
        country.region.pass(DurationMs(1));
        *number += 1;
    }

    /// The next period that the node has taken whole, or the last one again; what has been paid is told as it was.
    pub fn tell(&mut self, country: &mut Country, home: &'static str, node: &'static str, again: bool) {
        let periods = by_period(country, node, home);
        let paid = self.paid.entry((node, home)).or_default();
        let number = if again && *paid > 0 { *paid - 1 } else { *paid };
        if number + 1 >= periods.len() {
            return;
        }
        *paid = (*paid).max(number + 1);
        let share = |(part, amount_fen): (String, Fen)| Share {
            creditor: division(VISITED),
            debtor: division(home),
            part,
            amount_fen,
        };
        let shares = by_part(&periods[number]).into_iter().map(share).collect();
        let cleared = Cleared { period: period(&name(number)), peer: division(peer((node, home))), shares };
        say(country, (node, "clearing"), node, Message::Cleared(cleared));
    }

    /// Everything that holds at any moment.
    pub fn check(&mut self, country: &Country) {
        for desk in desks() {
            let periods = by_period(country, desk.0, desk.1);
            let paid = self.paid.get(&desk).copied().unwrap_or_default();
            cleared_once(country, desk, &periods, paid);
            self.watched(country, desk, &periods, paid);
        }
    }

    /// I15: what is left of a quota is the quota less what is settled and not cleared; from 70, 90 and 100 percent on an alarm says so,
    /// so that nothing is overdrawn in silence.
    fn watched(&mut self, country: &Country, desk: Desk, periods: &[Vec<Document>], paid: usize) {
        let (node, home) = desk;
        let (view, own, other) = (country.region.view(node), division(node), division(peer(desk)));
        let open: Fen = periods[paid..].iter().flatten().map(|document| document.amount_fen).sum();
        assert_eq!(used(view, role(node), other, own).expect("readable"), open, "I15: used of {home}'s at {node}");
        let Some(quota) = quota(view, role(node), other, YEAR).expect("readable") else { return };
        let reached =
            [100, 90, 70].into_iter().find(|percent| open > Fen::ZERO && open.0 * 100 >= quota.quota_fen.0 * percent);
        let reached = reached.unwrap_or(0) as u8;
        assert_eq!(quota.band, reached, "I15: {open} of {} are used of {home}'s at {node}", quota.quota_fen);
        let sql = "SELECT COUNT(*) FROM alarm WHERE sentence LIKE 'prepayment with ' || ?1 || ': %'";
        let alarms: u64 = view.one(sql, [other.as_str()], |row| row.get(0)).expect("readable").unwrap_or(0);
        let (before, alarms_before) = self.bands.insert(desk, (reached, alarms)).unwrap_or_default();
        assert!(reached <= before || alarms > alarms_before, "I15: {node} is not told that {reached} % are used");
        assert!(open <= quota.quota_fen || alarms > 0, "I15: overdrawn in silence at {node}");
    }

    /// What is cut is paid on both sides, and both have booked it alike.
    pub fn end(&mut self, country: &mut Country) {
        for (node, home) in desks() {
            for _ in 0..self.cuts.get(home).copied().unwrap_or_default() {
                self.tell(country, home, node, false);
            }
        }
        self.check(country);
        for home in HOMES {
            let (visited, at_home) = (by_period(country, VISITED, home), by_period(country, home, home));
            assert_eq!(visited, at_home, "I14: both sides have every document in the same period");
            let of = |node, role| used(country.region.view(node), role, division(peer((node, home))), division(node));
            assert_eq!(of(VISITED, Role::Visited).expect("readable"), of(home, Role::Home).expect("readable"), "I15");
        }
    }
}

/// I14: a document is in one period, and of each period that is paid its sums are booked once, by fund; what is not paid is owed still.
fn cleared_once(country: &Country, (node, home): Desk, periods: &[Vec<Document>], paid: usize) {
    let mut seen = BTreeMap::new();
    for (number, document) in
        periods.iter().enumerate().flat_map(|(number, of)| of.iter().map(move |one| (number, one)))
    {
        assert_eq!(seen.insert(document.id, number), None, "I14: {} is told twice at {node}", document.number);
        let original = document.of.map(|of| seen.get(&of).copied());
        assert!(original != Some(None), "I14: {} points to a document that was told before", document.number);
    }
    let view = country.region.view(node);
    let booked = clearing::by_part(view, VISITED, home).expect("readable");
    let booked: BTreeMap<_, _> = booked.into_iter().filter(|(_, amount)| *amount != Fen::ZERO).collect();
    assert_eq!(booked, by_part(periods[..paid].iter().flatten()), "I14: cleared of {home}'s at {node}");
    let mut open = totals::owed(view, role(node), VISITED, home).expect("readable");
    open.retain(|_, amount| *amount != Fen::ZERO);
    assert_eq!(open, by_part(periods[paid..].iter().flatten()), "I14: open of {home}'s at {node}");
}

/// I14: a cancellation stays in the period of its original; what is refunded after the cut is of a later one, and points to it.
pub fn check_period(country: &Country, contra: &SettledReply, is_refund: bool) {
    let of_home = |home: &&str| {
        let periods = by_period(country, home, home);
        let place = |settlement: &str| {
            let is_in = |of: &Vec<Document>| of.iter().any(|document| document.number == settlement);
            periods.iter().position(is_in)
        };
        let original = contra.contra_of.as_deref().expect("a contra");
        Some((place(original)?, place(&contra.settlement)?, periods.len() - 1))
    };
    let (original, contra, last) = HOMES.iter().find_map(of_home).expect("told to one home's clearing");
    assert_eq!(contra, last, "what comes now is of the period that is open");
    assert!(is_refund || original == contra, "I14: a cancellation reaches into a period that is cut");
}
