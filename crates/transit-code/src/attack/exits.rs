//! The same at exit and on the bus: a gate must refuse there what it refuses at entry.

use super::bench::NOW;
use super::catalogue::{List, present};
use super::{Attack, Step};
use crate::gate::Direction;
use crate::make;
use crate::reason::Reason;

/// At exit a shortfall locks nobody in, nobody is in the way of a second entry, and a closed station lets out.
const OF_ENTRY_ONLY: [Reason; 3] = [Reason::Limit, Reason::Passback, Reason::Closed];

/// The step at exit; `None` for one that is at exit already, or on a bus.
fn at_exit(step: &Step) -> Option<Step> {
    let mut step = step.clone();
    match &mut step {
        Step::Present { direction, .. } | Step::PresentNextDoor { direction, .. } => {
            if *direction != Direction::In {
                return None;
            }
            *direction = Direction::Out;
        }
        Step::KeySet(_) | Step::Deny(_) | Step::State(_) => {}
    }
    Some(step)
}

impl List<'_> {
    /// Every story of entries once more as one of exits.
    pub fn exits(&mut self) {
        let at_exit = |attack: &Attack| {
            let is_of_exits =
                matches!(attack.judged, Step::Present { .. }) && !OF_ENTRY_ONLY.contains(&attack.expected);
            let before = attack.before.iter().map(at_exit).collect::<Option<Vec<Step>>>()?;
            let judged = at_exit(&attack.judged).filter(|_| is_of_exits)?;
            Some(Attack { title: format!("at exit: {}", attack.title), before, judged, ..attack.clone() })
        };
        let exits: Vec<Attack> = self.attacks.iter().filter_map(at_exit).collect();
        self.attacks.extend(exits);
    }

    pub fn boardings(&mut self) {
        let bench = self.bench;
        let board = |code: Vec<u8>, now| present(code, now, Direction::Boarding);
        for (layout, code) in [("", bench.genuine()), ("UIC: ", bench.uic_genuine())] {
            let first = board(code.clone(), NOW);
            self.add("G", &format!("{layout}a genuine code on the bus"), vec![], first.clone(), Reason::Ok);
            let again = board(code.clone(), NOW + 60);
            self.add("A13", &format!("{layout}the same code on the bus again"), vec![first], again, Reason::Replay);
        }
        let foreign = make::code(&bench.genuine()[..291], NOW as u32, &bench.attacker);
        self.add("A9", "on the bus: user signature by another key", vec![], board(foreign, NOW), Reason::UserSignature);
        let poor = board(self.with(|code| code.limit_fen = 799), NOW);
        self.add("A15", "on the bus: limit below the highest fare", vec![], poor, Reason::Limit);
    }
}
