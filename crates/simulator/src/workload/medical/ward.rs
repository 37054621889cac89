//! On the ward: persons are admitted, get lines over days, are settled in parts, discharged and settled; now and then a step is taken
//! back. What is done next follows from the answer before, or from what the node shows of a stay that nobody has gone on with.

use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{Date, Instant, ToSpan};
use huitong_medical::command::{Command, Reply, VisitWish};
use huitong_medical::model::person::CareType;
use huitong_medical::query::settlements::{Role, last_of_visit};
use huitong_medical::query::visits::{VisitedVisit, lines, open_batch, visited_list};
use huitong_store::View;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::Views;
use super::super::registry::hospital;
use super::bills::visit;
use super::{ITEMS, MedicalLoad, NODES, line};
use crate::client::Wish;

/// Stays of a hospital that are looked at.
const BEDS: usize = 50;

/// What was done last with a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Done {
    Admitted,
    Cared,
    Quoted,
    /// A part, while the stay goes on.
    QuotedPart,
    SettledPart,
    Settled,
    Discharged,
    /// All of it is settled in parts: there is nothing else to settle.
    DischargedInParts,
    Readmitted,
    /// A closed stay gets lines that come late.
    Reopened,
    Revoked,
    Left,
    TakenBack,
}

/// A stay at a node; a wish's note.
#[derive(Clone, Serialize, Deserialize)]
struct Bed {
    node: usize,
    visit: Uuid,
    batch: String,
    began_on: Date,
    today: Date,
}

impl Bed {
    fn of(wish: &Wish) -> Option<(Done, Bed)> {
        serde_json::from_str(&wish.note).ok()
    }

    /// The batch behind this one.
    fn next_batch(&self) -> Bed {
        let number = self.batch.parse::<u64>().unwrap_or(0) + 1;
        Bed { batch: number.to_string(), ..self.clone() }
    }
}

impl MedicalLoad {
    fn of_bed(&mut self, bed: &Bed, done: Done, make: impl Fn() -> Command + 'static) -> Wish {
        let mut wish = self.wish(bed.node, &hospital(bed.node), format!("{done:?} {}", bed.visit), make);
        wish.note = serde_json::to_string(&(done, bed)).expect("plain data");
        wish
    }

    fn admit(&mut self, now: Instant, random: &mut RandomSource) -> Wish {
        let patient = self.patient(random);
        self.admitted.push(patient);
        let (node, today) = (patient.visited, now.business_date());
        let began_on = today.checked_sub((random.below(6) as i32).days()).expect("a date");
        let bed = Bed { node, visit: Uuid::nil(), batch: "1".to_owned(), began_on, today };
        self.of_bed(&bed, Done::Admitted, move || {
            Command::OpenVisit(VisitWish {
                care_type: CareType::Inpatient,
                began_on: Some(began_on),
                ..visit(patient, true)
            })
        })
    }

    /// Some lines of days between admission and today, or a little more.
    fn care(&mut self, bed: &Bed, random: &mut RandomSource) -> Wish {
        self.lines(bed, Done::Cared, random)
    }

    fn lines(&mut self, bed: &Bed, done: Done, random: &mut RandomSource) -> Wish {
        let (serial, count, Bed { node, visit, .. }) = (self.serial, 1 + random.below(3), bed.clone());
        let batch = bed.batch.clone();
        let mut day = || {
            let day = bed.began_on.checked_add((random.below(6) as i32).days()).expect("a date");
            day.min(bed.today)
        };
        let days: Vec<Date> = (0..count).map(|_| day()).collect();
        self.of_bed(bed, done, move || {
            let numbers = (serial * 10..).zip(&days);
            let lines = numbers.map(|(number, day)| line(node, number, *day, ITEMS[number % ITEMS.len()])).collect();
            Command::AddLines { visit, batch: batch.clone(), replaces: false, lines }
        })
    }

    fn quote(&mut self, bed: &Bed, interim: bool) -> Wish {
        let (visit, batch) = (bed.visit, bed.batch.clone());
        let done = if interim { Done::QuotedPart } else { Done::Quoted };
        self.of_bed(bed, done, move || Command::AskQuote {
            visit,
            batch: batch.clone(),
            interim,
            account_wanted: interim,
            total: None,
        })
    }

    fn discharge(&mut self, bed: &Bed, done: Done) -> Wish {
        let (visit, ended_on) = (bed.visit, bed.today);
        self.of_bed(bed, done, move || Command::Discharge { visit, ended_on, details: None })
    }

    fn take_back(&mut self, bed: &Bed, settlement: String, refund: bool) -> Wish {
        self.of_bed(bed, Done::TakenBack, move || {
            let settlement = settlement.clone();
            if refund { Command::Refund { settlement } } else { Command::Cancel { settlement } }
        })
    }

    pub fn on_ward(&mut self, now: Instant, views: &Views<'_>, random: &mut RandomSource) -> Option<Wish> {
        let node = random.below(NODES as u64) as usize;
        let found = views.of(node, "medical").filter(|_| random.below(2) == 0);
        found.and_then(|view| self.go_on(node, now, view, random)).or_else(|| Some(self.admit(now, random)))
    }

    /// Any of the node's stays goes on.
    fn go_on(&mut self, node: usize, now: Instant, view: View<'_>, random: &mut RandomSource) -> Option<Wish> {
        let stays = visited_list(view, &hospital(node), None, BEDS).ok()?;
        let stays: Vec<VisitedVisit> =
            stays.into_iter().filter(|visit| visit.is_stay() && visit.number.is_some()).collect();
        if stays.is_empty() {
            return None;
        }
        let stay = random.pick(&stays);
        let batch = open_batch(view, stay.facts.visit).ok()?;
        let (visit, began_on, today) = (stay.facts.visit, stay.facts.began_on, now.business_date());
        let bed = Bed { node, visit, batch, began_on, today };
        match (stay.state.as_str(), random.below(6)) {
            ("open" | "discharged", 5) => self.revoke(&bed, view),
            ("open", 0 | 1) => Some(self.care(&bed, random)),
            ("open", 2) => Some(self.quote(&bed, true)),
            ("open", 3) => Some(self.of_bed(&bed, Done::Left, move || Command::CancelVisit { visit })),
            ("open", _) => Some(self.discharge(&bed, Done::Discharged)),
            ("discharged", 0) => Some(self.of_bed(&bed, Done::Readmitted, move || Command::CancelDischarge { visit })),
            ("discharged", _) => Some(self.quote(&bed, false)),
            ("closed", 0..=2) => {
                let last = last_of_visit(view, Role::Visited, stay.number.as_deref()?).ok()??;
                Some(self.take_back(&bed, last, random.below(2) == 0))
            }
            ("closed", 3) => Some(self.lines(&bed, Done::Reopened, random)),
            ("closed", 4) => Some(self.of_bed(&bed, Done::Readmitted, move || Command::CancelDischarge { visit })),
            _ => None,
        }
    }

    /// The last line of a batch was sent in error.
    fn revoke(&mut self, bed: &Bed, view: View<'_>) -> Option<Wish> {
        let number = lines(view, bed.visit, &bed.batch).ok()?.pop()?.number;
        let visit = bed.visit;
        Some(self.of_bed(bed, Done::Revoked, move || Command::RevokeChosenLines {
            visit,
            batch: None,
            numbers: vec![number.clone()],
        }))
    }

    /// The next step of a stay; `None` where the wish was of no stay.
    pub fn after_ward(&mut self, wish: &Wish, reply: &Reply, random: &mut RandomSource) -> Option<Vec<Wish>> {
        let (done, bed) = Bed::of(wish)?;
        let next = match (done, reply) {
            (Done::Admitted, Reply::Visit { visit, .. }) => Some(self.care(&Bed { visit: *visit, ..bed }, random)),
            (Done::Cared, _) => match random.below(6) {
                0 => Some(self.care(&bed, random)),
                1 | 2 => Some(self.quote(&bed, true)),
                3 => Some(self.discharge(&bed, Done::Discharged)),
                4 => {
                    let visit = bed.visit;
                    Some(self.of_bed(&bed, Done::Left, move || Command::CancelVisit { visit }))
                }
                _ => None,
            },
            (Done::Quoted | Done::QuotedPart, Reply::Quoted(quote)) => {
                let (visit, batch, message_id) = (bed.visit, bed.batch.clone(), format!("stay-{:06}", self.serial));
                self.bills.push((bed.node, message_id.clone()));
                let (id, total) = (quote.quote, quote.computation.amounts.lines.total_fen);
                let done = if done == Done::Quoted { Done::Settled } else { Done::SettledPart };
                Some(self.of_bed(&bed, done, move || Command::Settle {
                    visit,
                    batch: batch.clone(),
                    quote: id,
                    message_id: message_id.clone(),
                    total,
                    sums: None,
                }))
            }
            (Done::SettledPart, _) if random.below(2) == 0 => Some(self.discharge(&bed, Done::DischargedInParts)),
            (Done::DischargedInParts, _) if random.below(2) == 0 => {
                Some(self.lines(&bed.next_batch(), Done::Reopened, random))
            }
            (Done::SettledPart, _) => Some(self.care(&bed.next_batch(), random)),
            (Done::Discharged, _) if random.below(6) > 0 => Some(self.quote(&bed, false)),
            (Done::Discharged, _) => {
                let visit = bed.visit;
                Some(self.of_bed(&bed, Done::Readmitted, move || Command::CancelDischarge { visit }))
            }
            (Done::Readmitted, _) => {
                self.reach("discharges taken back");
                Some(self.care(&bed, random))
            }
            (Done::Reopened, Reply::Lines { .. }) => {
                self.reach("closed stays opened again");
                Some(self.quote(&bed, false))
            }
            (Done::Revoked, _) => {
                self.reach("lines of stays revoked");
                None
            }
            (Done::Settled, Reply::Settled(settled)) if random.below(4) == 0 => {
                Some(self.take_back(&bed, settled.settlement.clone(), false))
            }
            (Done::TakenBack, Reply::Cancelled(_)) if random.below(2) == 0 => Some(self.quote(&bed, false)),
            _ => None,
        };
        Some(next.into_iter().collect())
    }
}
