//! Medical: bills in one call and step by step, stays, reversals, cancellations and refunds, filings, accounts, prepayments, records of
//! hospitals, a pool with a core system of its own, and mistakes of every kind.
//!
//! * [`bills`]: at the cashier
//! * [`ward`]: stays, from admission to the settlement of the discharge, and back
//! * [`desk`]: clerks of homes and hospitals, who look at what their node shows
//! * [`core`]: the core system of a pool, late, doubled or silent
//! * [`check`]: invariants of the specification's section 10 that can be seen from outside: I9 to I12, I16, I17 and the books. I1 to I8 are
//!   assertions of the service itself, I13 to I15 are checked with clearing.

mod bills;
mod check;
mod core;
mod desk;
mod told;
mod ward;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use huitong_kernel::decimal::Quantity;
use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{Date, Instant};
use huitong_medical::command::{Command, Reply};
use huitong_medical::model::lines::{Approval, Line};
use huitong_service_kit::toml_data::json_text;
use serde_json::Value;
use uuid::Uuid;

use super::registry::PERSONS;
use super::{Views, Workload};
use crate::client::{Client, Wish};
use crate::region;

const NODES: usize = region::DIVISIONS.len();
const PACKS: [&str; NODES] = [
    include_str!("../../../../../regions/yangtze/policies/310100-employee-2025.toml"),
    include_str!("../../../../../regions/yangtze/policies/320100-employee-2023.toml"),
    include_str!("../../../../../regions/yangtze/policies/330100-employee-2025.toml"),
    include_str!("../../../../../regions/yangtze/policies/340100-employee-2023.toml"),
];
const CATALOGUES: [&str; NODES] = [
    include_str!("../../../../../regions/yangtze/catalogues/310000-2026.toml"),
    include_str!("../../../../../regions/yangtze/catalogues/320000-2026.toml"),
    include_str!("../../../../../regions/yangtze/catalogues/330000-2026.toml"),
    include_str!("../../../../../regions/yangtze/catalogues/340000-2026.toml"),
];
/// Item code without the province's digits, price.
const ITEMS: [(&str, &str); 4] = [("F0024", "20.00"), ("F0033", "220.00"), ("X0016", "29.00"), ("X0013", "9.60")];

/// Who is treated where.
#[derive(Clone, Copy)]
struct Patient {
    visited: usize,
    home: usize,
    number: usize,
}

#[derive(Default)]
pub struct MedicalLoad {
    serial: usize,
    /// Message ids of bills, with the node where they were sent.
    bills: Vec<(usize, String)>,
    /// Settlements told, with the visited node.
    settled: Vec<(usize, String)>,
    /// Visits of the step-by-step flow, by the key of the wish that opened them.
    visits: BTreeMap<String, Patient>,
    filings: Vec<(usize, Uuid)>,
    /// Who was ever treated where: visited, home, person.
    treated: BTreeSet<(usize, usize, usize)>,
    /// Who was ever admitted.
    admitted: Vec<Patient>,
    core: core::Core,
    /// What clients were told that views do not show.
    reached: BTreeMap<&'static str, u64>,
}

fn line(node: usize, number: usize, day: Date, (code, price): (&str, &str)) -> Line {
    Line {
        number: number.to_string(),
        day,
        code: Some(format!("{code}{}", &region::DIVISIONS[node][..2])),
        local_code: None,
        quantity: Quantity::ONE,
        price: price.parse().expect("a price"),
        amount: price.parse().expect("an amount"),
        approval: Approval::NotStated,
        original: None,
    }
}

fn total(items: &[(&str, &str)]) -> Fen {
    items.iter().map(|(_, price)| price.parse::<Fen>().expect("an amount")).sum()
}

impl MedicalLoad {
    fn wish(&mut self, node: usize, participant: &str, content: String, make: impl Fn() -> Command + 'static) -> Wish {
        self.serial += 1;
        Wish {
            node,
            service: "medical",
            participant: participant.to_owned(),
            key: format!("medical-{:06}", self.serial),
            // Nothing is wished twice.
            content: format!("{content} {}", self.serial),
            make: Rc::new(move || Box::new(make())),
            note: String::new(),
        }
    }

    fn patient(&mut self, random: &mut RandomSource) -> Patient {
        let visited = random.below(NODES as u64) as usize;
        let home = (visited + 1 + random.below(NODES as u64 - 1) as usize) % NODES;
        let patient = Patient { visited, home, number: random.below(PERSONS as u64) as usize };
        self.treated.insert((patient.visited, patient.home, patient.number));
        patient
    }

    fn reach(&mut self, name: &'static str) {
        *self.reached.entry(name).or_default() += 1;
    }
}

impl Workload for MedicalLoad {
    fn service(&self) -> &'static str {
        "medical"
    }

    fn set_up(&mut self, stage: usize) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for node in 0..NODES {
            if stage == 0 {
                let publish = move || Command::PublishPolicy { text: json_text(PACKS[node]).expect("a pack") };
                wishes.push(self.wish(node, "office", format!("policy of {node}"), publish));
                let publish = move || Command::PublishCatalogue { text: json_text(CATALOGUES[node]).expect("TOML") };
                wishes.push(self.wish(node, "office", format!("catalogue of {node}"), publish));
            } else if stage == 1 {
                let others: Vec<usize> = (0..NODES).filter(|other| *other != node).collect();
                // One of three has not filed.
                wishes.push(self.long_stay(node, 0, Vec::clone(&others)));
                wishes.push(self.long_stay(node, 1, others));
                wishes.push(self.credit(node, 0, 30_000));
                wishes.push(self.set_quota(node, (node + 1) % NODES, 2026, 20_000));
            }
        }
        if stage == 1 {
            wishes.push(self.set_computing(true));
        }
        wishes
    }

    fn work(&mut self, now: Instant, views: &Views<'_>, random: &mut RandomSource) -> Vec<Wish> {
        match random.below(20) {
            0..=6 => self.at_cashier(now, random),
            7..=12 => self.on_ward(now, views, random),
            _ => self.at_desk(now, views, random),
        }
        .into_iter()
        .collect()
    }

    fn errands(&mut self, node: usize, now: Instant, views: &Views<'_>, random: &mut RandomSource) -> Vec<Wish> {
        self.at_core(node, now, views, random)
    }

    fn answered(&mut self, wish: &Wish, reply: &Value, random: &mut RandomSource) -> Vec<Wish> {
        let Ok(reply) = serde_json::from_value::<Reply>(reply.clone()) else { return Vec::new() };
        if let Reply::Settled(settled) = &reply {
            self.settled.push((wish.node, settled.settlement.clone()));
        }
        if let Some(next) = self.after_ward(wish, &reply, random) {
            return next;
        }
        match reply {
            Reply::Filed(filed) => {
                self.filings.push((wish.node, filed.filing));
                Vec::new()
            }
            Reply::Reconciled(found) => self.fixes(wish, &found),
            reply => self.after_cashier(wish, reply),
        }
    }

    fn check(&self, views: &Views<'_>) -> Result<(), String> {
        check::always(views)
    }

    fn is_at_rest(&self, views: &Views<'_>) -> bool {
        // What cannot be read is found by the checks.
        check::open(views).is_ok_and(|open| open.is_none())
    }

    fn effects(&self, views: &Views<'_>) -> Result<Vec<(&'static str, u64)>, String> {
        let mut effects = check::effects(views)?;
        effects.extend(self.reached.iter().map(|(name, count)| (*name, *count)));
        Ok(effects)
    }

    fn check_end(&self, views: &Views<'_>, clients: &[&Client]) -> Result<(), String> {
        check::at_rest(views, clients)?;
        for (node, _) in views.up("medical") {
            let Some(journal) = views.journal(node, "medical") else { continue };
            check::privacy(node, journal, &self.treated)?;
        }
        self.core.check(views)
    }
}
