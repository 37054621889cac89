//! Clearing: clerks look at what their node shows and work it off: they cut early, confirm, contest, answer, have payments made, and hand
//! in what the banks report. In the end both sides of every pair say the same of every period, and what both banks paid is closed.

mod bank;
mod check;
mod desk;
mod rest;

use std::cell::RefCell;
use std::rc::Rc;

use huitong_clearing::Clearing;
use huitong_clearing::command::{Command, Reply};
use huitong_clearing::model::payment::BankAccount;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_service_kit::Service;
use serde_json::Value;

use super::{Views, Workload};
use crate::client::{Client, Wish};
use crate::region;

const NODES: usize = region::DIVISIONS.len();

#[derive(Default)]
pub struct ClearingLoad {
    serial: usize,
    bank: bank::Bank,
    /// What was seen once and must not change.
    seen: RefCell<check::Seen>,
}

impl ClearingLoad {
    fn wish(&mut self, node: usize, content: String, command: Command) -> Wish {
        self.serial += 1;
        Wish {
            node,
            service: Clearing::NAME,
            participant: "clearing-centre".to_owned(),
            key: format!("clearing-{:06}", self.serial),
            content: format!("{content} {}", self.serial),
            make: Rc::new(move || Box::new(command.clone())),
            note: String::new(),
        }
    }

    fn wishes(&mut self, node: usize, commands: Vec<Command>) -> Vec<Wish> {
        commands.into_iter().map(|command| self.wish(node, format!("{command:?}"), command)).collect()
    }
}

/// The clearing account of a node.
fn account(node: usize, version: u64) -> BankAccount {
    let division = region::division(node);
    BankAccount {
        division,
        name: format!("Clearing centre of {}", region::name(node)),
        account: format!("6210{node}{version:04}"),
        bank: format!("10{division}0001"),
    }
}

impl Workload for ClearingLoad {
    fn service(&self) -> &'static str {
        Clearing::NAME
    }

    fn set_up(&mut self, stage: usize) -> Vec<Wish> {
        if stage > 0 {
            return Vec::new();
        }
        let open = |node| (node, Command::SetBankAccount(account(node, 0)));
        let commands: Vec<_> = (0..NODES).map(open).collect();
        commands.into_iter().map(|(node, command)| self.wish(node, "account".to_owned(), command)).collect()
    }

    fn work(&mut self, now: Instant, views: &Views<'_>, random: &mut RandomSource) -> Vec<Wish> {
        if random.below(4) == 0 {
            // Whoever's turn it is in a contest.
            for (node, view) in views.up(Clearing::NAME) {
                let commands = desk::Desk { node, now, view }.rule(random).unwrap_or_default();
                if !commands.is_empty() {
                    return self.wishes(node, commands);
                }
            }
        }
        let node = random.below(NODES as u64) as usize;
        // A clerk who is shown nothing does nothing.
        let Some(view) = views.of(node, Clearing::NAME) else { return Vec::new() };
        let desk = desk::Desk { node, now, view };
        let strange = self.bank.strange_entry(now, random);
        let commands = desk.work(strange, random).unwrap_or_default();
        self.wishes(node, commands)
    }

    fn answered(&mut self, wish: &Wish, reply: &Value, random: &mut RandomSource) -> Vec<Wish> {
        match serde_json::from_value::<Reply>(reply.clone()) {
            Ok(Reply::Exported { file: Some(file) }) => {
                let reports = self.bank.carry_out(wish.node, &file, random);
                reports.into_iter().flat_map(|(node, command)| self.wishes(node, vec![command])).collect()
            }
            _ => Vec::new(),
        }
    }

    fn check(&self, views: &Views<'_>) -> Result<(), String> {
        check::always(views, &mut self.seen.borrow_mut())
    }

    fn effects(&self, views: &Views<'_>) -> Result<Vec<(&'static str, u64)>, String> {
        rest::effects(views)
    }

    fn check_end(&self, views: &Views<'_>, _: &[&Client]) -> Result<(), String> {
        rest::at_rest(views, &self.bank)
    }
}
