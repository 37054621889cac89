//! Sequences of everything that cashiers, wards and clerks do, with messages late, nodes restarted and calls repeated: two persons of
//! two homes are treated in Shanghai. Refusals are regular outcomes; after each step the books are checked.

use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_medical::command::{AccountBucket, Command, Reply};
use huitong_medical::model::filing::{FilingKind, FilingStatus};
use huitong_medical::model::lines::Line;
use huitong_medical::model::person::CareType;
use huitong_medical::model::prepayment::RaiseState;
use huitong_medical::query::prepayment::raises;
use proptest::prelude::*;

use super::books::{HOMES, VISITED, check, check_end, check_private};
use super::clearings::{YEAR, check_period};
use super::play::{NANJING_CARD, NANJING_NAME, NANJING_PERSON, Play, Stay, regular};
use super::steps::{Step, step};
use crate::country::{CARD, PERSON, division, insured};
use crate::stays::care;

impl Play {
    fn at_hospital(&mut self, step: &Step) {
        match step {
            Step::Bill { who, quantity, account, late } => {
                let key = self.new_key("bill");
                self.bills.push((key.clone(), *who, *quantity, *account));
                self.bill(&key, *who, *quantity, *account, *late);
            }
            Step::Again { which, late } if !self.bills.is_empty() => {
                let (key, who, quantity, account) = self.bills[which.index(self.bills.len())].clone();
                self.bill(&key, who, quantity, account, *late);
            }
            Step::Admit { who } => {
                let wish = self.visit(*who, CareType::Inpatient);
                if let Some(Reply::Visit { visit, .. }) = self.call(None, false, Command::OpenVisit(wish)) {
                    self.stays.push(Stay { visit, batches: 1, lines: 0 });
                }
            }
            Step::SettleAgain { which } => self.settle_again(which),
            Step::Cancel { which, refund, late } => {
                let Some(settlement) = self.settlement(which) else { return };
                let command = if *refund { Command::Refund { settlement } } else { Command::Cancel { settlement } };
                if let Some(Reply::Cancelled(contra)) = self.call(None, *late, command) {
                    check_period(&self.country, &contra, *refund);
                }
            }
            Step::Reverse { which, late } => {
                let unknown = "never-asked".to_owned();
                let bills = self.bills.iter().map(|(key, ..)| key);
                let asked = bills.chain(&self.parts).cloned().chain([unknown]).collect::<Vec<_>>();
                let command = Command::Reverse { message_id: asked[which.index(asked.len())].clone() };
                self.call(None, *late, command);
            }
            _ => {}
        }
    }

    fn on_ward(&mut self, step: &Step) {
        let (Step::Lines { stay, .. }
        | Step::Return { stay }
        | Step::Settle { stay, .. }
        | Step::Discharge { stay }
        | Step::Readmit { stay }
        | Step::Drop { stay }
        | Step::Leave { stay }) = step
        else {
            return;
        };
        let Some(stay) = self.stay(stay) else { return };
        let visit = self.stays[stay].visit;
        match step {
            Step::Lines { quantity, .. } => self.add(stay, |number, _| care(&number, "2026-11-21", *quantity)),
            Step::Return { .. } => self.add(stay, |number, lines| Line {
                original: Some((lines - 1).to_string()),
                ..care(&number, "2026-11-21", -3)
            }),
            Step::Settle { interim, late, .. } => {
                self.add(stay, |number, _| care(&number, "2026-11-22", 70));
                if !interim {
                    self.discharge(visit);
                }
                self.settle(stay, *interim, *late);
            }
            Step::Discharge { .. } => self.discharge(visit),
            Step::Readmit { .. } => drop(self.call(None, false, Command::CancelDischarge { visit })),
            Step::Drop { .. } => {
                let batch = self.stays[stay].batches.to_string();
                self.call(None, false, Command::RevokeLines { visit, batch });
            }
            _ => drop(self.call(None, false, Command::CancelVisit { visit })),
        }
    }

    fn between_provinces(&mut self, step: &Step) {
        match *step {
            Step::Cut { home } => self.clearings.cut(&mut self.country, HOMES[home]),
            Step::Clear { home, at_visited, again } => {
                let at = if at_visited { VISITED } else { HOMES[home] };
                self.clearings.tell(&mut self.country, HOMES[home], at, again);
            }
            Step::Quota { home, fen } => {
                let set = Command::SetQuota { peer: division(VISITED), year: YEAR, amount: Fen(fen) };
                regular(self.country.region.call(HOMES[home], "pool", None, set));
            }
            Step::AskRaise { home, fen } => {
                let (peer, reason) = (division(HOMES[home]), "疫情".to_owned());
                let ask = Command::AskRaise { peer, amount: Fen(fen), reason };
                regular(self.country.region.call(VISITED, "pool", None, ask));
            }
            Step::AnswerRaise { home, fen } => {
                let asked = raises(self.country.region.view(HOMES[home]), 100).expect("readable");
                let Some(open) = asked.into_iter().find(|raise| raise.state == RaiseState::Asked) else { return };
                let answer = Command::AnswerRaise { raise: open.raise, amount: Fen(fen) };
                regular(self.country.region.call(HOMES[home], "pool", None, answer));
            }
            _ => {}
        }
    }

    fn elsewhere(&mut self, step: &Step) {
        let region = &mut self.country.region;
        match step {
            Step::File { who, kind } => self.file(*who, FilingKind::FILEABLE[*kind]),
            Step::MoveFiling { which, status } => {
                let (who, filing) = self.filings[which.index(self.filings.len())];
                let status = [FilingStatus::Suspended, FilingStatus::Active, FilingStatus::Revoked][*status];
                regular(region.call(HOMES[who], "pool", None, Command::MoveFiling { filing, status }));
            }
            Step::Credit { who, bucket, fen } => {
                let bucket = [AccountBucket::Current, AccountBucket::History, AccountBucket::MutualAid][*bucket];
                let person = [PERSON, NANJING_PERSON][*who].to_owned();
                let amount = Fen(*fen);
                regular(region.call(HOMES[*who], "pool", None, Command::CreditAccount { person, bucket, amount }));
            }
            Step::Carry { home, back: false } => drop(region.carry(VISITED, HOMES[*home])),
            Step::Carry { home, back: true } => drop(region.carry(HOMES[*home], VISITED)),
            Step::Pass { minutes } => region.pass(DurationMs::minutes(*minutes)),
            Step::Restart { node } => region.restart(division([VISITED, HOMES[0], HOMES[1]][*node])),
            _ => {}
        }
    }
}

fn holds(steps: &[Step]) {
    let mut play = Play::begin();
    for step in steps {
        play.at_hospital(step);
        play.on_ward(step);
        play.between_provinces(step);
        play.elsewhere(step);
        check(&play.country, &play.packs);
        play.clearings.check(&play.country);
    }
    // Whatever is unknown is asked for, reversed if need be, and ends.
    for _ in 0..3 {
        play.country.region.carry_all();
        play.country.region.pass(DurationMs::minutes(10));
    }
    play.country.region.carry_all();
    play.clearings.end(&mut play.country);
    check_end(&play.country, &play.packs);
    check_private(&play.country, HOMES[0], &[NANJING_PERSON, NANJING_CARD, NANJING_NAME]);
    check_private(&play.country, HOMES[1], &[PERSON, CARD, &insured().name]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn whatever_happens_in_whatever_order_the_books_agree(steps in prop::collection::vec(step(), 1..30)) {
        holds(&steps);
    }
}
