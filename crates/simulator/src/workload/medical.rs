//! Medical: bills in one call and step by step, reversals, cancellations, credits, filings, and mistakes of every kind.
//! Invariants of the specification's section 10 that can be seen from outside: I9 to I12, I16, I17 and the books. I1 to I8 are
//! assertions of the service itself.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use huitong_kernel::decimal::Quantity;
use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_medical::command::{AccountBucket, BillWish, Command, Reply, VisitWish};
use huitong_medical::model::filing::{FilingKind, FilingStatus, FilingWish};
use huitong_medical::model::lines::{Approval, Line};
use huitong_medical::model::message::{Certificate, Wants};
use huitong_medical::model::person::{CareType, Scheme};
use huitong_medical::query::recompute;
use huitong_medical::query::settlements::Role;
use huitong_medical::query::totals::pairs;
use huitong_service_kit::toml_data::json_text;
use huitong_store::View;
use huitong_store::journal::Connection;
use serde_json::Value;
use uuid::Uuid;

use super::registry::{PERSONS, certificate, hospital, person, pool};
use super::{Views, Workload, readable};
use crate::client::{Client, Wish};
use crate::region;
use crate::stream::Told;

mod told;

const PACKS: [&str; 4] = [
    include_str!("../../../../regions/yangtze/policies/310100-employee-2025.toml"),
    include_str!("../../../../regions/yangtze/policies/320100-employee-2023.toml"),
    include_str!("../../../../regions/yangtze/policies/330100-employee-2025.toml"),
    include_str!("../../../../regions/yangtze/policies/340100-employee-2023.toml"),
];
const CATALOGUES: [&str; 4] = [
    include_str!("../../../../regions/yangtze/catalogues/310000-2026.toml"),
    include_str!("../../../../regions/yangtze/catalogues/320000-2026.toml"),
    include_str!("../../../../regions/yangtze/catalogues/330000-2026.toml"),
    include_str!("../../../../regions/yangtze/catalogues/340000-2026.toml"),
];
/// Item code without the province's digits, price.
const ITEMS: [(&str, &str); 4] = [("F0024", "20.00"), ("F0033", "220.00"), ("X0016", "29.00"), ("X0013", "9.60")];
const DAY: &str = "2026-11-24";

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
}

fn line(node: usize, number: usize, (code, price): (&str, &str)) -> Line {
    Line {
        number: number.to_string(),
        day: DAY.parse().expect("a date"),
        code: Some(format!("{code}{}", &region::DIVISIONS[node][..2])),
        local_code: None,
        quantity: Quantity::ONE,
        price: price.parse().expect("a price"),
        amount: price.parse().expect("an amount"),
        approval: Approval::NotStated,
        original: None,
    }
}

fn visit(patient: Patient, emergency: bool) -> VisitWish {
    VisitWish {
        home_area: pool(patient.home).parse().expect("a code"),
        certificate: Certificate { kind: "03".to_owned(), number: certificate(patient.home, patient.number) },
        scheme: Scheme::Employee,
        care_type: CareType::Outpatient,
        began_on: None,
        emergency,
        disease: None,
        details: None,
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
            content,
            make: Rc::new(move || Box::new(make())),
            note: String::new(),
        }
    }

    fn patient(random: &mut RandomSource) -> Patient {
        let nodes = region::DIVISIONS.len() as u64;
        let visited = random.below(nodes) as usize;
        let home = (visited + 1 + random.below(nodes - 1) as usize) % nodes as usize;
        Patient { visited, home, number: random.below(PERSONS as u64) as usize }
    }

    fn bill(&mut self, patient: Patient, random: &mut RandomSource, mistake: u64) -> Wish {
        let message_id = format!("bill-{:06}", self.serial);
        let count = 1 + random.below(ITEMS.len() as u64) as usize;
        let (account_wanted, emergency) = (random.below(2) == 0, random.below(3) == 0);
        let id = message_id.clone();
        let make = move || {
            let items = &ITEMS[..count];
            let mut lines: Vec<Line> =
                items.iter().enumerate().map(|(index, item)| line(patient.visited, index + 1, *item)).collect();
            let mut visit = visit(patient, emergency);
            let mut total = total(items);
            match mistake {
                1 => visit.certificate.number = "NOBODY000001".to_owned(),
                2 => total += Fen(1),
                3 => lines[0].code = Some("F999931".to_owned()),
                4 => visit.home_area = "440100".parse().expect("a code"),
                _ => {}
            }
            Command::SettleBill(Box::new(BillWish {
                message_id: id.clone(),
                visit,
                batch: "1".to_owned(),
                account_wanted,
                total,
                lines,
            }))
        };
        let content = format!("{message_id} {count} {account_wanted} {emergency} {mistake}");
        let mut wish = self.wish(patient.visited, &hospital(patient.visited), content, make);
        wish.note = message_id.clone();
        if mistake == 0 {
            self.bills.push((patient.visited, message_id));
        }
        wish
    }

    fn file(&mut self, node: usize, number: usize, areas: Vec<usize>) -> Wish {
        let content = format!("filing of {number} for {areas:?} {}", self.serial);
        self.wish(node, "pool", content, move || {
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

    fn credit(&mut self, node: usize, number: usize, amount: i64) -> Wish {
        let content = format!("credit {number} {amount} {}", self.serial);
        self.wish(node, "pool", content, move || Command::CreditAccount {
            person: person(node, number),
            bucket: AccountBucket::Current,
            amount: Fen(amount),
        })
    }

    fn reverse(&mut self, node: usize, message_id: String) -> Wish {
        let content = format!("reverse {message_id}");
        self.wish(node, &hospital(node), content, move || Command::Reverse { message_id: message_id.clone() })
    }
}

impl Workload for MedicalLoad {
    fn service(&self) -> &'static str {
        "medical"
    }

    fn set_up(&mut self, stage: usize) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for node in 0..region::DIVISIONS.len() {
            if stage == 0 {
                let publish = move || Command::PublishPolicy { text: json_text(PACKS[node]).expect("a pack") };
                wishes.push(self.wish(node, "office", format!("policy of {node}"), publish));
                let publish = move || Command::PublishCatalogue { text: json_text(CATALOGUES[node]).expect("TOML") };
                wishes.push(self.wish(node, "office", format!("catalogue of {node}"), publish));
            } else if stage == 1 {
                let others: Vec<usize> = (0..region::DIVISIONS.len()).filter(|other| *other != node).collect();
                // One of three has not filed.
                wishes.push(self.file(node, 0, Vec::clone(&others)));
                wishes.push(self.file(node, 1, others));
                wishes.push(self.credit(node, 0, 30_000));
            }
        }
        wishes
    }

    fn act(&mut self, _: Instant, random: &mut RandomSource) -> Option<Wish> {
        let patient = MedicalLoad::patient(random);
        self.treated.insert((patient.visited, patient.home, patient.number));
        Some(match random.below(20) {
            0..=8 => self.bill(patient, random, 0),
            9 | 10 => {
                let amount = 1 + random.below(20_000) as i64;
                self.credit(patient.home, patient.number, amount)
            }
            11 => {
                if self.bills.is_empty() {
                    return None;
                }
                let (node, message_id) = random.pick(&self.bills).clone();
                self.reverse(node, message_id)
            }
            12 => {
                if self.settled.is_empty() {
                    return None;
                }
                let (node, settlement) = random.pick(&self.settled).clone();
                let content = format!("cancel {settlement} {}", self.serial);
                let participant = hospital(node);
                self.wish(node, &participant, content, move || Command::Cancel { settlement: settlement.clone() })
            }
            13 => self.file(patient.home, patient.number, vec![patient.visited]),
            14 => {
                let (node, filing) = self.filings.pop()?;
                self.wish(node, "pool", format!("revoke {filing}"), move || Command::MoveFiling {
                    filing,
                    status: FilingStatus::Revoked,
                })
            }
            15 => {
                let content = format!("eligibility {}", self.serial);
                let participant = hospital(patient.visited);
                self.wish(patient.visited, &participant, content, move || Command::AskEligibility {
                    home_area: pool(patient.home).parse().expect("a code"),
                    certificate: visit(patient, false).certificate,
                    care_type: CareType::Outpatient,
                    wants: Wants::default(),
                })
            }
            16 | 17 => {
                let content = format!("visit {}", self.serial);
                let participant = hospital(patient.visited);
                let open = move || Command::OpenVisit(visit(patient, true));
                let wish = self.wish(patient.visited, &participant, content, open);
                self.visits.insert(wish.key.clone(), patient);
                wish
            }
            _ => {
                let mistake = 1 + random.below(4);
                self.bill(patient, random, mistake)
            }
        })
    }

    fn answered(&mut self, wish: &Wish, reply: &Value, _: &mut RandomSource) -> Vec<Wish> {
        let Ok(reply) = serde_json::from_value::<Reply>(reply.clone()) else { return Vec::new() };
        match reply {
            Reply::Settled(settled) => {
                self.settled.push((wish.node, settled.settlement));
                Vec::new()
            }
            Reply::Filed(filed) => {
                self.filings.push((wish.node, filed.filing));
                Vec::new()
            }
            Reply::Visit { visit, .. } => {
                let Some(patient) = self.visits.remove(&wish.key) else { return Vec::new() };
                let participant = hospital(patient.visited);
                let mut next =
                    self.wish(patient.visited, &participant, format!("lines of {visit}"), move || Command::AddLines {
                        visit,
                        batch: "1".to_owned(),
                        replaces: true,
                        lines: vec![line(patient.visited, 1, ITEMS[0]), line(patient.visited, 2, ITEMS[1])],
                    });
                next.note = visit.to_string();
                vec![next]
            }
            Reply::Lines { .. } => {
                let Ok(visit) = wish.note.parse::<Uuid>() else { return Vec::new() };
                let content = format!("quote for {visit}");
                let mut next = self.wish(wish.node, &wish.participant.clone(), content, move || Command::AskQuote {
                    visit,
                    batch: "1".to_owned(),
                    interim: false,
                    account_wanted: false,
                    total: None,
                });
                next.note = visit.to_string();
                vec![next]
            }
            Reply::Quoted(quote) => {
                let Ok(visit) = wish.note.parse::<Uuid>() else { return Vec::new() };
                let message_id = format!("step-{:06}", self.serial);
                self.bills.push((wish.node, message_id.clone()));
                let (quote, sum) = (quote.quote, total(&ITEMS[..2]));
                let content = format!("settle {visit} {quote}");
                vec![self.wish(wish.node, &wish.participant.clone(), content, move || Command::Settle {
                    visit,
                    batch: "1".to_owned(),
                    quote,
                    message_id: message_id.clone(),
                    total: sum,
                    sums: None,
                })]
            }
            _ => Vec::new(),
        }
    }

    fn check(&self, views: &Views<'_>) -> Result<(), String> {
        let up = views.up("medical");
        let homes: BTreeMap<usize, Documents> =
            up.iter().map(|(node, view)| Ok((*node, documents(*view, Role::Home)?))).collect::<Result<_, String>>()?;
        for (node, view) in &up {
            if !readable(huitong_ledger::report::adds_up(*view))? {
                return Err(format!("the books of node {node} do not add up"));
            }
            let overdrawn = view.one(
                "SELECT code FROM ledger_account WHERE code LIKE 'person/%' AND debits_posted + debits_pending > credits_posted",
                [],
                |row| row.get::<_, String>(0),
            );
            if let Some(account) = readable(overdrawn)? {
                return Err(format!("I9: {account} at node {node} is overdrawn"));
            }
            for (settlement, (home, document)) in documents(*view, Role::Visited)? {
                // I11: nothing is settled at the hospital that home has not booked, byte for byte.
                let booked = homes
                    .get(&home)
                    .is_none_or(|book| book.get(&settlement).is_some_and(|(_, booked)| *booked == document));
                if !booked {
                    return Err(format!("I11: {settlement} at node {node} is not what node {home} has booked"));
                }
            }
            one_settlement_a_call(*node, *view)?;
        }
        Ok(())
    }

    fn check_end(&self, views: &Views<'_>, clients: &[&Client]) -> Result<(), String> {
        let up = views.up("medical");
        let mut sides = [BTreeMap::new(), BTreeMap::new()];
        for (_, view) in &up {
            for (side, role) in sides.iter_mut().zip([Role::Visited, Role::Home]) {
                for totals in readable(pairs(*view, role))? {
                    side.insert((totals.visited.clone(), totals.home.clone()), totals);
                }
            }
        }
        if sides[0] != sides[1] {
            return Err(format!("I12: visited says {:?}, home says {:?}", sides[0], sides[1]));
        }
        told::check(&up, &sides[0])?;
        for (node, _) in &up {
            let Some(journal) = views.journal(*node, "medical") else { continue };
            let recomputed = readable(recompute::all(journal, None))?;
            if !recomputed.differing.is_empty() {
                return Err(format!("I16: node {node} computes otherwise now: {:?}", recomputed.differing));
            }
            self.check_privacy(*node, journal)?;
        }
        for client in clients {
            let Some(Told::Replied(reply)) = &client.told else { continue };
            let Ok(Reply::Settled(settled)) = serde_json::from_value::<Reply>(reply.clone()) else { continue };
            let held = views.of(client.wish.node, "medical").is_some_and(|view| {
                documents(view, Role::Visited).is_ok_and(|book| book.contains_key(&settled.settlement))
            });
            if !held {
                return Err(format!(
                    "a cashier was told {}, and node {} lacks it",
                    settled.settlement, client.wish.node
                ));
            }
        }
        Ok(())
    }
}

impl MedicalLoad {
    /// I17: a person's certificate is in the journals of its home and of where it was treated, and in no other.
    fn check_privacy(&self, node: usize, journal: &Connection) -> Result<(), String> {
        for home in (0..region::DIVISIONS.len()).filter(|home| *home != node) {
            for number in (0..PERSONS).filter(|number| !self.treated.contains(&(node, home, *number))) {
                let found = readable(View::new(journal).one(
                    "SELECT sequence FROM journal WHERE instr(CAST(bytes AS TEXT), ?1) LIMIT 1",
                    [certificate(home, number)],
                    |row| row.get::<_, u64>(0),
                ))?;
                if let Some(sequence) = found {
                    return Err(format!("I17: entry {sequence} of node {node} names person {number} of node {home}"));
                }
            }
        }
        Ok(())
    }
}

/// Settlement → home node and document hash.
type Documents = BTreeMap<String, (usize, [u8; 32])>;

fn documents(view: View<'_>, role: Role) -> Result<Documents, String> {
    let rows = readable(view.all(
        "SELECT settlement, home, document FROM settlement WHERE role = ?1",
        [role.name()],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, [u8; 32]>(2)?)),
    ))?;
    Ok(rows
        .into_iter()
        .map(|(settlement, home, document)| {
            (settlement, (region::node_of(home.parse().expect("a code of the region")), document))
        })
        .collect())
}

/// I10: one settlement per call, and one that stands per visit and batch.
fn one_settlement_a_call(node: usize, view: View<'_>) -> Result<(), String> {
    let doubled = readable(view.one(
        "SELECT message_id FROM settlement WHERE contra_of IS NULL
         GROUP BY role, institution, message_id HAVING COUNT(*) > 1",
        [],
        |row| row.get::<_, String>(0),
    ))?;
    if let Some(message_id) = doubled {
        return Err(format!("I10: the call {message_id} was settled twice at node {node}"));
    }
    let twice = readable(view.one(
        "SELECT visit FROM settlement WHERE state = 'settled' GROUP BY role, visit, batch HAVING COUNT(*) > 1",
        [],
        |row| row.get::<_, String>(0),
    ))?;
    match twice {
        Some(visit) => Err(format!("I10: a batch of visit {visit} was settled twice at node {node}")),
        None => Ok(()),
    }
}
