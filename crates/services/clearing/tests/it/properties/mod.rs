//! Any interleaving of documents, refunds, cuts, contests, prepayments, banks, crashes and absences ends the same on all nodes.
//!
//! * [`steps`]: what may happen, and how often
//! * [`play`]: a sequence as it goes on, with the banks beside it
//! * [`books`]: I13, I14 and I15 (medical specification, section 10), checked after each step

mod books;
mod play;
mod steps;

use huitong_clearing::command::Reply;
use huitong_clearing::model::statement::State;
use huitong_clearing::query::statements;
use huitong_kernel::random::RandomSource;
use proptest::prelude::*;

use self::play::Play;
use self::steps::{Step, step};
use crate::desk::{Desk, NODES};

/// Heals everything, ends every contest, lets four weeks pass, pays.
fn settle(play: &mut Play) {
    play.desk.down.clear();
    play.desk.quiet();
    for day in 0..28 {
        for _ in 0..2 {
            play.answer_first(2);
            play.desk.quiet();
        }
        NODES.iter().for_each(|node| play.confirm(node));
        play.desk.quiet();
        play.desk.pass_days(1);
        if day % 2 == 0 {
            play.banks();
            play.desk.quiet();
        }
    }
}

fn both_sides_say_the_same(desk: &Desk) {
    for node in NODES {
        for row in statements::list(desk.region.view(node), ("", "", ""), 1_000).expect("readable") {
            let (peer, period) = (row.peer.to_string(), row.period.to_string());
            let theirs = desk.statement(&peer, &row.service, &period, node);
            assert_eq!(row.own.lanes, theirs.own.lanes, "{} of {period}: {node} {peer}", row.service);
            assert_eq!((row.payable(), row.receivable()), (theirs.receivable(), theirs.payable()));
            // The last days are empty and not cleared yet; everything before them is.
            assert!(row.is_empty() || row.state == State::Closed, "{} of {period}: {:?}", row.service, row.state);
        }
    }
}

fn holds(steps: &[Step]) {
    let mut play = Play::begin();
    for step in steps {
        play.step(step);
        books::check(&mut play);
    }
    settle(&mut play);
    books::check(&mut play);
    books::check_end(&play);
    play.desk.check();
    both_sides_say_the_same(&play.desk);
    for node in NODES {
        // Every document that both hold, contras included, is paid exactly once, from the bank or from what was paid ahead.
        let owed = |debtor: &str, creditor: &str| play.desk.owed(debtor, creditor);
        let documents: i64 = NODES.iter().map(|other| owed(other, node) - owed(node, other)).sum();
        let balance = play.desk.balance(node, &["bank"]);
        assert_eq!(balance + play.ahead_of(node), documents, "{node}");
        assert_eq!(balance, play.bank_of(node), "{node}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_gives_the_same_result_on_all_nodes(steps in prop::collection::vec(step(), 1..70)) {
        holds(&steps);
    }
}

#[test]
fn one_long_mixed_run() {
    let mut random = RandomSource::from_number(20_261_129);
    let mut steps = Vec::new();
    for _ in 0..180 {
        let debtor = (random.next_u64() % 3) as usize;
        let fen = (random.next_u64() % 5_000) as i64 - 500;
        let creditor = (debtor + 1 + (random.next_u64() % 2) as usize) % 3;
        steps.push(match random.next_u64() % 14 {
            0 => Step::Night,
            1 | 2 => Step::Move,
            3 => Step::Contest { document: random.next_u64() as usize % 1_000 },
            4 => Step::Answer { ruling: (random.next_u64() % 3) as u8 },
            5 => Step::Refund { document: random.next_u64() as usize % 1_000 },
            6 => Step::Banks,
            7 => Step::Prepay { service: 0, payer: debtor, payee: creditor, fen: fen.abs() + 1 },
            8 => Step::FromPrepaid { payment: random.next_u64() as usize % 1_000, percent: 40 },
            9 => Step::Confirm { node: debtor },
            _ => Step::Owe { service: (random.next_u64() % 2) as usize, debtor, creditor, fen },
        });
    }
    holds(&steps);
}

#[test]
fn a_reply_is_what_was_asked() {
    let mut desk = Desk::daily();
    let reply = desk.close(NODES[0], "transit", "2026-11-24").reply();
    assert!(matches!(reply, Reply::Closed { period } if period.to_string() == "2026-11-24"));
}
