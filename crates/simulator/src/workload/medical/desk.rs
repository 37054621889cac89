//! Clerks: accounts are credited, filings made and moved, quotas fixed and raised, settlements taken back, records of hospitals compared.

use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{Instant, ToSpan};
use huitong_medical::command::{AccountBucket, Command, ReconcileWish};
use huitong_medical::model::filing::{FilingKind, FilingStatus, FilingWish};
use huitong_medical::model::message::Certificate;
use huitong_medical::model::prepayment::RaiseState;
use huitong_medical::model::reconciliation::{Reconciliation, Row};
use huitong_medical::query::prepayment::raises;
use huitong_medical::query::reconciliation::{Days, known};
use huitong_medical::query::settlements::Role;
use huitong_store::View;

use super::super::Views;
use super::super::registry::{certificate, hospital, person, pool};
use super::{MedicalLoad, NODES};
use crate::client::Wish;
use crate::region;

/// Raises that a clerk looks through.
const RAISES: usize = 50;

impl MedicalLoad {
    pub fn at_desk(&mut self, now: Instant, views: &Views<'_>, random: &mut RandomSource) -> Option<Wish> {
        match random.below(14) {
            0 | 1 => {
                let patient = self.patient(random);
                let amount = 1 + random.below(20_000) as i64;
                Some(self.credit(patient.home, patient.number, amount))
            }
            2..=4 => self.file(now, random),
            5 => self.move_filing(random),
            6 | 7 => self.take_settlement_back(random),
            8 => Some(self.quota(now, random)),
            9..=11 => self.raise(views, random),
            12 if random.below(4) == 0 => Some(self.set_computing(random.below(2) == 0)),
            _ => {
                let node = random.below(NODES as u64) as usize;
                self.reconcile(node, now, views.of(node, "medical")?, random)
            }
        }
    }

    pub fn credit(&mut self, node: usize, number: usize, amount: i64) -> Wish {
        self.wish(node, "pool", format!("credit {number} {amount}"), move || Command::CreditAccount {
            person: person(node, number),
            bucket: AccountBucket::Current,
            amount: Fen(amount),
        })
    }

    pub fn long_stay(&mut self, node: usize, number: usize, areas: Vec<usize>) -> Wish {
        self.wish(node, "pool", format!("filing of {number}"), move || {
            Command::File(FilingWish {
                home_area: pool(node).parse().expect("a code"),
                certificate: Certificate { kind: "03".to_owned(), number: certificate(node, number) },
                kind: FilingKind::LongStay,
                areas: areas.iter().map(|area| region::division(*area)).collect(),
                valid_from: "2026-01-01".parse().expect("a date"),
                valid_to: None,
                referral: None,
            })
        })
    }

    /// Of any kind, from today or from some days ago on, which may reach into a stay; at home, or at a hospital.
    fn file(&mut self, now: Instant, random: &mut RandomSource) -> Option<Wish> {
        let patient = match random.below(3) {
            1.. if !self.admitted.is_empty() => *random.pick(&self.admitted),
            _ => self.patient(random),
        };
        let kind = *random.pick(&FilingKind::FILEABLE);
        let valid_from = now.business_date().checked_sub((random.below(8) as i32).days()).ok()?;
        let wish = move || FilingWish {
            home_area: pool(patient.home).parse().expect("a code"),
            certificate: Certificate { kind: "03".to_owned(), number: certificate(patient.home, patient.number) },
            kind,
            areas: vec![region::division(patient.visited)],
            valid_from,
            valid_to: None,
            referral: None,
        };
        let content = format!("filing of {}", patient.number);
        Some(if random.below(3) == 0 {
            self.wish(patient.visited, &hospital(patient.visited), content, move || Command::File(wish()))
        } else {
            self.wish(patient.home, "pool", content, move || Command::File(wish()))
        })
    }

    fn move_filing(&mut self, random: &mut RandomSource) -> Option<Wish> {
        let status = *random.pick(&[FilingStatus::Revoked, FilingStatus::Revoked, FilingStatus::Suspended]);
        let (node, filing) = self.filings.pop()?;
        Some(self.wish(node, "pool", format!("{status:?} {filing}"), move || Command::MoveFiling { filing, status }))
    }

    fn take_settlement_back(&mut self, random: &mut RandomSource) -> Option<Wish> {
        if self.settled.is_empty() {
            return None;
        }
        let (node, settlement) = random.pick(&self.settled).clone();
        let (participant, refund) = (hospital(node), random.below(3) > 0);
        Some(self.wish(node, &participant, format!("take back {settlement}"), move || {
            let settlement = settlement.clone();
            if refund { Command::Refund { settlement } } else { Command::Cancel { settlement } }
        }))
    }

    fn quota(&mut self, now: Instant, random: &mut RandomSource) -> Wish {
        let node = random.below(NODES as u64) as usize;
        let peer = (node + 1 + random.below(NODES as u64 - 1) as usize) % NODES;
        self.set_quota(node, peer, now.business_date().year(), random.below(60_000) as i64)
    }

    pub fn set_quota(&mut self, node: usize, peer: usize, year: i16, amount: i64) -> Wish {
        let (peer, amount) = (region::division(peer), Fen(amount));
        self.wish(node, "pool", format!("quota of {peer}"), move || Command::SetQuota { peer, year, amount })
    }

    /// Answers a raise that waits at a node; where none does, asks for one.
    fn raise(&mut self, views: &Views<'_>, random: &mut RandomSource) -> Option<Wish> {
        let amount = Fen(random.below(30_000) as i64);
        for (node, view) in views.up("medical") {
            let rows = raises(view, RAISES).ok()?;
            let waiting = rows.into_iter().find(|row| row.role == Role::Home && row.state == RaiseState::Asked);
            if let Some(raise) = waiting.map(|row| row.raise) {
                let answer = move || Command::AnswerRaise { raise, amount };
                return Some(self.wish(node, "pool", format!("answer {raise}"), answer));
            }
        }
        let quotas = |(node, view): (usize, View<'_>)| {
            let all = huitong_medical::query::prepayment::quotas(view, RAISES).unwrap_or_default();
            all.into_iter()
                .filter(|(role, ..)| *role == Role::Visited)
                .map(|(_, peer, _)| (node, peer))
                .collect::<Vec<_>>()
        };
        let known: Vec<_> = views.up("medical").into_iter().flat_map(quotas).collect();
        if known.is_empty() {
            return None;
        }
        let (node, peer) = *random.pick(&known);
        Some(self.wish(node, "pool", format!("raise of {peer}"), move || Command::AskRaise {
            peer,
            amount: amount + Fen(1),
            reason: "模拟".to_owned(),
        }))
    }

    /// A hospital compares its records of some days: mostly with a mistake or two in them.
    fn reconcile(&mut self, node: usize, now: Instant, view: View<'_>, random: &mut RandomSource) -> Option<Wish> {
        let institution = hospital(node);
        let to = now.business_date();
        let from = to.checked_sub((random.below(3) as i32).days()).ok()?;
        let held = known(view, &Days { institution: &institution, from, to, home: None }).ok()?;
        let mut rows: Vec<Row> = held.into_iter().map(|known| known.row).collect();
        if !rows.is_empty() {
            let place = random.below(rows.len() as u64) as usize;
            match random.below(5) {
                0 => drop(rows.remove(place)),
                1 => rows[place].total_fen += Fen(1),
                2 => rows[place].is_contra = !rows[place].is_contra,
                3 => rows.push(Row { settlement: format!("A{}9999999", pool(node)), ..rows[place].clone() }),
                _ => {}
            }
        }
        let make = move || {
            Command::Reconcile(Box::new(ReconcileWish { from, to, home: None, rows: rows.clone(), stated: None }))
        };
        Some(self.wish(node, &institution, "reconcile".to_owned(), make))
    }

    /// Whatever is proposed is carried out.
    pub fn fixes(&mut self, wish: &Wish, found: &Reconciliation) -> Vec<Wish> {
        self.reach("records compared");
        let reconciliation = found.reconciliation;
        let mut wishes = Vec::new();
        for number in 1..=found.differences.len() {
            self.reach("records that differ");
            let content = format!("fix {reconciliation} {number}");
            let make = move || Command::FixDifference { reconciliation, number };
            wishes.push(self.wish(wish.node, &wish.participant, content, make));
        }
        wishes
    }
}
