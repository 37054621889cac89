//! Whatever is lost, late, doubled or crashes between home's node and a pool's core system: in the end the books of the two nodes and
//! those of the pool agree. A seed repeats every run.

use huitong_kernel::random::RandomSource;
use huitong_kernel::time::DurationMs;
use huitong_medical::command::Command;
use huitong_medical::model::message::CallReference;
use huitong_medical::query::pools::DuePost;
use huitong_medical::query::settlements::{Role, of_call};

use super::country::{HOSPITAL, bill, division};
use super::pool_core::{Signed, Standing};
use super::pool_stage::{Delegated, HOME, VISITED};

const SEEDS: u64 = 60;
const STEPS: u64 = 60;
const BILLS_MAX: u64 = 6;

struct Run {
    stage: Delegated,
    random: RandomSource,
    bills: u64,
    /// Answers that are still under way.
    late: Vec<(DuePost, Signed)>,
}

impl Run {
    fn some_post(&mut self) -> Option<DuePost> {
        let due = self.stage.due();
        let index = self.random.below(due.len().max(1) as u64) as usize;
        due.into_iter().nth(index)
    }

    fn some_bill(&mut self) -> String {
        format!("bill-{}", self.random.below(self.bills.max(1)))
    }

    fn call(&mut self, command: Command) {
        // Refused or waiting: the end counts.
        let _ = self.stage.country.region.call(VISITED, HOSPITAL, None, command);
    }

    fn step(&mut self) {
        match self.random.below(12) {
            0 | 1 if self.bills < BILLS_MAX => {
                let wish = bill(&format!("bill-{}", self.bills));
                self.bills += 1;
                self.call(Command::SettleBill(Box::new(wish)));
            }
            2 => drop(self.stage.country.region.carry(VISITED, HOME)),
            3 => drop(self.stage.country.region.carry(HOME, VISITED)),
            4..=6 => self.post(),
            7 => {
                let index = self.random.below(self.late.len().max(1) as u64) as usize;
                if let Some((post, answer)) = self.late.get(index).cloned() {
                    self.stage.give(&post, answer);
                }
            }
            8 => {
                let node = if self.random.below(2) == 0 { HOME } else { VISITED };
                self.stage.country.region.restart(division(node));
            }
            9 => {
                let message_id = self.some_bill();
                self.call(Command::Reverse { message_id });
            }
            10 => {
                let call = CallReference { institution: HOSPITAL.to_owned(), message_id: self.some_bill() };
                let known = of_call(self.stage.country.region.view(VISITED), Role::Visited, &call).expect("readable");
                if let Some(known) = known {
                    self.call(Command::Cancel { settlement: known.settlement });
                }
            }
            _ => {
                let time = if self.random.below(3) == 0 { DurationMs::minutes(3) } else { DurationMs::seconds(6) };
                self.stage.country.region.pass(time);
            }
        }
    }

    /// Lost there, lost back, late, or in time.
    fn post(&mut self) {
        let Some(post) = self.some_post() else { return };
        let fate = self.random.below(4);
        if fate == 0 {
            return self.stage.miss(&post);
        }
        let answer = self.stage.core.answer(&post.body);
        match fate {
            1 => self.stage.miss(&post),
            2 => self.late.push((post, answer)),
            _ => drop(self.stage.give(&post, answer)),
        }
    }

    /// All faults end.
    fn settle_down(&mut self) {
        for (post, answer) in std::mem::take(&mut self.late) {
            self.stage.give(&post, answer);
        }
        for _ in 0..3 {
            self.stage.work();
            self.stage.country.region.pass(DurationMs::minutes(6));
        }
        self.stage.work();
    }

    fn check(&self, seed: u64) {
        let (mut settled, mut contras) = (0, 0);
        for bill in 0..self.bills {
            let message_id = format!("bill-{bill}");
            let call = CallReference { institution: HOSPITAL.to_owned(), message_id: message_id.clone() };
            let known = of_call(self.stage.country.region.view(HOME), Role::Home, &call).expect("readable");
            let state = known.as_ref().map(|known| known.state.as_str());
            let is_settled_there = matches!(self.stage.standing(&message_id), Some(Standing::Settled(_)));
            assert_eq!(state == Some("settled"), is_settled_there, "seed {seed}, {message_id}: {state:?}");
            settled += u64::from(state.is_some());
            contras += u64::from(state == Some("cancelled"));
        }
        self.stage.check_books(settled, contras);
        let (booked, reversed) = (self.stage.core.booked, self.stage.core.contras);
        assert_eq!(booked - reversed, settled - contras, "seed {seed}: the pool holds what the nodes hold");
    }
}

#[test]
fn whatever_is_lost_late_doubled_or_crashes_all_three_books_agree() {
    for seed in 0..SEEDS {
        let random = RandomSource::from_number(seed);
        let mut run = Run { stage: Delegated::new(), random, bills: 0, late: Vec::new() };
        for _ in 0..STEPS {
            run.step();
        }
        run.settle_down();
        run.check(seed);
    }
}
