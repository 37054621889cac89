//! Any interleaving of documents, cuts, contests, crashes and absences ends the same on all nodes.

use huitong_clearing::command::{Command, Reply};
use huitong_clearing::model::contest::{Reason, Ruling};
use huitong_clearing::model::statement::State;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::DurationMs;
use proptest::prelude::*;

use crate::desk::{Desk, NODES, code};

#[derive(Clone, Debug)]
enum Step {
    Owe {
        debtor: usize,
        creditor: usize,
        fen: i64,
    },
    /// The debtor contests a document of a period that is matched, if it still can.
    Contest {
        document: usize,
    },
    Answer {
        ruling: u8,
    },
    Move,
    Night,
    Crash {
        node: usize,
    },
    Down {
        node: usize,
    },
    Up,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..3_usize, 1..3_usize, -300..900_i64).prop_map(|(debtor, ahead, fen)| Step::Owe {
            debtor,
            creditor: (debtor + ahead) % 3,
            fen
        }),
        2 => any::<prop::sample::Index>().prop_map(|document| Step::Contest { document: document.index(1 << 20) }),
        2 => (0..3_u8).prop_map(|ruling| Step::Answer { ruling }),
        6 => Just(Step::Move),
        2 => Just(Step::Night),
        1 => (0..3_usize).prop_map(|node| Step::Crash { node }),
        1 => (0..3_usize).prop_map(|node| Step::Down { node }),
        2 => Just(Step::Up),
    ]
}

/// Plays the steps; what every node's bank would have gained if nothing had ever been cleared but by its documents.
fn play(desk: &mut Desk, steps: &[Step]) -> Vec<(usize, usize, Digest, i64)> {
    let mut documents: Vec<(usize, usize, Digest, i64)> = Vec::new();
    for step in steps {
        match step {
            Step::Owe { debtor, creditor, fen } => {
                let id = desk.owe("transit", NODES[*debtor], NODES[*creditor], *fen);
                documents.push((*debtor, *creditor, id, *fen));
            }
            Step::Contest { document } if !documents.is_empty() => {
                let (debtor, _, id, _) = documents[document % documents.len()];
                let command =
                    Command::OpenContest { document: id, reason: Reason::Amount, evidence: "doubtful".to_owned() };
                let _ = desk.call(NODES[debtor], command);
            }
            Step::Answer { ruling } => answer_first(desk, *ruling),
            Step::Move => {
                desk.step();
            }
            Step::Night => desk.region.pass(DurationMs::days(1)),
            Step::Crash { node } => desk.region.restart(code(NODES[*node])),
            Step::Down { node } if desk.down.is_empty() => desk.down.push(NODES[*node]),
            Step::Up => desk.down.clear(),
            _ => {}
        }
    }
    documents
}

/// The first contest that waits for this side is answered or replied to.
fn answer_first(desk: &mut Desk, ruling: u8) {
    for node in NODES {
        let rows = huitong_clearing::query::contests::list(desk.region.view(node), "", 100).expect("readable");
        for row in rows {
            let contest = row.contest.contest;
            let command = if row.own_debt {
                Command::ReplyContest { contest, accepts: ruling != 0, explanation: String::new() }
            } else {
                let (ruling, amount) = match ruling {
                    0 => (Ruling::Upheld, None),
                    1 if row.contest.amount_fen > Fen(1) => (Ruling::Adjusted, Some(Fen(1))),
                    _ => (Ruling::Withdrawn, None),
                };
                let tribunal = Some("decided".to_owned());
                Command::AnswerContest { contest, ruling, amount, explanation: String::new(), tribunal }
            };
            let _ = desk.call(node, command);
        }
    }
}

/// Heals everything, ends every contest, lets four weeks pass, pays.
fn settle(desk: &mut Desk) {
    desk.down.clear();
    desk.quiet();
    for day in 0..28 {
        for _ in 0..2 {
            answer_first(desk, 2);
            desk.quiet();
        }
        desk.pass_days(1);
        if day % 2 == 0 {
            desk.pay_everything();
        }
    }
}

fn holds(steps: &[Step]) {
    let mut desk = Desk::daily();
    desk.open_accounts();
    play(&mut desk, steps);
    settle(&mut desk);
    desk.check();
    let mut expected = [0_i64; 3];
    for (at, node) in NODES.iter().enumerate() {
        for (other, peer) in NODES.iter().enumerate().filter(|(other, _)| *other != at) {
            // Every document that both hold, contras of contests included, is paid exactly once.
            let sum = |debtor: usize, creditor: usize| desk.owed(NODES[debtor], NODES[creditor]);
            expected[at] += sum(other, at) - sum(at, other);
            let rows = huitong_clearing::query::statements::list(desk.region.view(node), ("", "", ""), 1_000);
            for row in rows.expect("readable").into_iter().filter(|row| row.peer == code(peer)) {
                let theirs = desk.statement(peer, "transit", &row.period.to_string(), node);
                assert_eq!(row.own.lanes, theirs.own.lanes, "{node} {peer} {}", row.period);
                assert_eq!((row.payable(), row.receivable()), (theirs.receivable(), theirs.payable()));
            }
        }
    }
    // The last days are not cleared yet; everything before them is.
    let open: Vec<String> = NODES
        .iter()
        .flat_map(|node| {
            huitong_clearing::query::statements::list(desk.region.view(node), ("", "", ""), 1_000).expect("readable")
        })
        .filter(|row| row.state != State::Closed && !row.is_empty())
        .map(|row| format!("{} {} {:?}", row.period, row.peer, row.state))
        .collect();
    assert_eq!(open, Vec::<String>::new());
    assert_eq!(NODES.map(|node| desk.balance(node, &["bank"])), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_gives_the_same_result_on_all_nodes(steps in prop::collection::vec(step(), 1..60)) {
        holds(&steps);
    }
}

#[test]
fn one_long_mixed_run() {
    let mut random = RandomSource::from_number(20_261_129);
    let mut steps = Vec::new();
    for _ in 0..300 {
        let debtor = (random.next_u64() % 3) as usize;
        let fen = (random.next_u64() % 5_000) as i64 - 500;
        steps.push(match random.next_u64() % 10 {
            0 => Step::Night,
            1 | 2 => Step::Move,
            3 => Step::Contest { document: random.next_u64() as usize % 1_000 },
            4 => Step::Answer { ruling: (random.next_u64() % 3) as u8 },
            _ => Step::Owe { debtor, creditor: (debtor + 1 + (random.next_u64() % 2) as usize) % 3, fen },
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
