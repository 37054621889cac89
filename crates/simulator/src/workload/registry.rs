//! Registry: hospitals change, people are enrolled, keys come and go. In the end every node's medical knows exactly what
//! registry published last.

use std::rc::Rc;

use huitong_kernel::hash::Digest;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_registry::command::Command;
use huitong_registry::model::participant::{Participant, ParticipantKind};
use huitong_registry::model::published::{Facts, Insured};
use huitong_registry::model::role::Role;
use huitong_store::View;

use super::{Views, Workload, readable};
use crate::client::{Client, Wish};
use crate::region;

/// Persons insured at each node.
pub const PERSONS: usize = 3;

pub fn hospital(node: usize) -> String {
    format!("H{}01000{}", &region::DIVISIONS[node], "01")[..12].to_owned()
}

pub fn pool(node: usize) -> String {
    format!("{}0100", &region::DIVISIONS[node][..2])
}

pub fn person(node: usize, number: usize) -> String {
    format!("P{}{number:08}", pool(node))
}

pub fn certificate(node: usize, number: usize) -> String {
    format!("PASSPORT{}{number:04}", pool(node))
}

#[derive(Default)]
pub struct RegistryLoad {
    serial: usize,
}

fn participant(node: usize, name: String) -> Participant {
    Participant {
        code: hospital(node),
        kind: ParticipantKind::Hospital,
        name_zh: "模拟医院".to_owned(),
        name_en: name,
        division: format!("{}0101", &region::DIVISIONS[node][..2]).parse().expect("a code"),
        level: Some("3".to_owned()),
        active: true,
    }
}

fn insured(node: usize, number: usize, family_doctor: bool) -> Insured {
    Insured {
        person: person(node, number),
        pool: pool(node).parse().expect("a code"),
        scheme: "employee".to_owned(),
        certificate_type: "03".to_owned(),
        certificate_number: certificate(node, number),
        name: format!("模拟{number}"),
        facts: Facts {
            birth_date: "1985-03-01".parse().expect("a date"),
            retired: number == 2,
            work_start_date: None,
            student: false,
            family_doctor,
        },
        suspended_from: None,
        version: 0,
    }
}

impl RegistryLoad {
    fn wish(&mut self, node: usize, content: String, make: impl Fn() -> Command + 'static) -> Wish {
        self.serial += 1;
        Wish {
            node,
            service: "registry",
            participant: "office".to_owned(),
            key: format!("registry-{:06}", self.serial),
            content,
            make: Rc::new(move || Box::new(make())),
            note: String::new(),
        }
    }
}

impl Workload for RegistryLoad {
    fn service(&self) -> &'static str {
        "registry"
    }

    fn set_up(&mut self, stage: usize) -> Vec<Wish> {
        let nodes = 0..region::DIVISIONS.len();
        let mut wishes = Vec::new();
        for node in nodes {
            if stage == 1 {
                let add = move || Command::AddPrincipal {
                    id: "clerk".to_owned(),
                    participant: hospital(node),
                    roles: vec![Role::PoolClerk],
                };
                wishes.push(self.wish(node, format!("clerk of {node}"), add));
            }
            if stage != 0 {
                continue;
            }
            let put = move || Command::PutParticipant(participant(node, format!("Hospital {node}")));
            wishes.push(self.wish(node, format!("hospital of {node}"), put));
            let enrol = move || Command::PutInsured((0..PERSONS).map(|number| insured(node, number, false)).collect());
            wishes.push(self.wish(node, format!("persons of {node}"), enrol));
        }
        wishes
    }

    fn act(&mut self, _: Instant, random: &mut RandomSource) -> Option<Wish> {
        let node = random.below(region::DIVISIONS.len() as u64) as usize;
        let serial = self.serial;
        Some(match random.below(6) {
            0 | 1 => {
                let name = format!("Hospital {node}, name {serial}");
                self.wish(node, name.clone(), move || Command::PutParticipant(participant(node, name.clone())))
            }
            2 | 3 => {
                let number = random.below(PERSONS as u64) as usize;
                let doctor = random.below(2) == 0;
                let content = format!("person {number} of {node}, family doctor {doctor}, {serial}");
                self.wish(node, content, move || Command::PutInsured(vec![insured(node, number, doctor)]))
            }
            4 => {
                let key = format!("key{serial:06}");
                let content = key.clone();
                self.wish(node, content, move || Command::IssueKey {
                    principal: "clerk".to_owned(),
                    key: key.clone(),
                    hash: Digest([7; 32]),
                    expires_at: Instant(i64::MAX),
                })
            }
            _ => {
                let wrong = (node + 1) % region::DIVISIONS.len();
                let content = format!("a person of another node {serial}");
                self.wish(node, content, move || Command::PutInsured(vec![insured(wrong, 0, false)]))
            }
        })
    }

    fn check(&self, _: &Views<'_>) -> Result<(), String> {
        Ok(())
    }

    fn check_end(&self, views: &Views<'_>, _: &[&Client]) -> Result<(), String> {
        let medicals = views.up("medical");
        for (node, registry) in views.up("registry") {
            let published = rows(registry, "SELECT code, version FROM participant ORDER BY code")?;
            for (other, medical) in &medicals {
                let sql = format!("SELECT code, version FROM institution WHERE code = '{}'", hospital(node));
                let known = rows(*medical, &sql)?;
                if !known.iter().all(|row| published.contains(row)) || known.len() != published.len() {
                    return Err(format!(
                        "medical of node {other} knows {known:?}, registry of {node} published {published:?}"
                    ));
                }
            }
            let Some(medical) = views.of(node, "medical") else { continue };
            let (enrolled, known) = (
                rows(registry, "SELECT person, version FROM insured ORDER BY person")?,
                rows(medical, "SELECT person, version FROM insured ORDER BY person")?,
            );
            if enrolled != known {
                return Err(format!("medical of node {node} knows {known:?}, registry enrolled {enrolled:?}"));
            }
        }
        Ok(())
    }
}

fn rows(view: View<'_>, sql: &str) -> Result<Vec<(String, i64)>, String> {
    readable(view.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?))))
}
