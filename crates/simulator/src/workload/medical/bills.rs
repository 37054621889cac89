//! At the cashier: bills in one call and by steps, and calls that are taken back.

use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_medical::command::{BillWish, Command, Reply, VisitWish};
use huitong_medical::model::lines::Line;
use huitong_medical::model::message::{Certificate, Wants};
use huitong_medical::model::person::{CareType, Scheme};
use uuid::Uuid;

use super::super::registry::{certificate, hospital, pool};
use super::{ITEMS, MedicalLoad, Patient, line, total};
use crate::client::Wish;

pub fn visit(patient: Patient, emergency: bool) -> VisitWish {
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

impl MedicalLoad {
    pub fn at_cashier(&mut self, now: Instant, random: &mut RandomSource) -> Option<Wish> {
        let patient = self.patient(random);
        match random.below(10) {
            0..=4 => Some(self.bill(now, patient, random, 0)),
            5 => {
                let mistake = 1 + random.below(4);
                Some(self.bill(now, patient, random, mistake))
            }
            6 if !self.bills.is_empty() => {
                let (node, message_id) = random.pick(&self.bills).clone();
                Some(self.reverse(node, message_id))
            }
            7 => {
                let participant = hospital(patient.visited);
                Some(self.wish(patient.visited, &participant, "eligibility".to_owned(), move || {
                    Command::AskEligibility {
                        home_area: pool(patient.home).parse().expect("a code"),
                        certificate: visit(patient, false).certificate,
                        care_type: CareType::Outpatient,
                        wants: Wants::default(),
                    }
                }))
            }
            _ => {
                let participant = hospital(patient.visited);
                let open = move || Command::OpenVisit(visit(patient, true));
                let mut wish = self.wish(patient.visited, &participant, "visit".to_owned(), open);
                wish.note = now.business_date().to_string();
                self.visits.insert(wish.key.clone(), patient);
                Some(wish)
            }
        }
    }

    fn bill(&mut self, now: Instant, patient: Patient, random: &mut RandomSource, mistake: u64) -> Wish {
        let message_id = format!("bill-{:06}", self.serial);
        let count = 1 + random.below(ITEMS.len() as u64) as usize;
        let (account_wanted, emergency) = (random.below(2) == 0, random.below(3) == 0);
        let (id, today) = (message_id.clone(), now.business_date());
        let make = move || {
            let items = &ITEMS[..count];
            let mut lines: Vec<Line> =
                items.iter().enumerate().map(|(index, item)| line(patient.visited, index + 1, today, *item)).collect();
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

    fn reverse(&mut self, node: usize, message_id: String) -> Wish {
        let content = format!("reverse {message_id}");
        self.wish(node, &hospital(node), content, move || Command::Reverse { message_id: message_id.clone() })
    }

    /// The flow by steps: lines, quote, settlement.
    pub fn after_cashier(&mut self, wish: &Wish, reply: Reply) -> Vec<Wish> {
        let (node, participant) = (wish.node, wish.participant.clone());
        let visit = wish.note.parse::<Uuid>();
        match (reply, visit) {
            (Reply::Visit { visit, .. }, _) => {
                let (Some(patient), Ok(today)) = (self.visits.remove(&wish.key), wish.note.parse()) else {
                    return Vec::new();
                };
                let lines =
                    move || vec![line(patient.visited, 1, today, ITEMS[0]), line(patient.visited, 2, today, ITEMS[1])];
                let mut next = self.wish(node, &participant, format!("lines of {visit}"), move || Command::AddLines {
                    visit,
                    batch: "1".to_owned(),
                    replaces: true,
                    lines: lines(),
                });
                next.note = visit.to_string();
                vec![next]
            }
            (Reply::Lines { .. }, Ok(visit)) => {
                let mut next = self.wish(node, &participant, format!("quote for {visit}"), move || Command::AskQuote {
                    visit,
                    batch: "1".to_owned(),
                    interim: false,
                    account_wanted: false,
                    total: None,
                });
                next.note = visit.to_string();
                vec![next]
            }
            (Reply::Quoted(quote), Ok(visit)) => {
                let message_id = format!("step-{:06}", self.serial);
                self.bills.push((node, message_id.clone()));
                let (quote, sum) = (quote.quote, total(&ITEMS[..2]));
                vec![self.wish(node, &participant, format!("settle {visit} {quote}"), move || Command::Settle {
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
}
