//! A jurisdiction that is down for three periods costs the others nothing, and is paid when it is back.

use huitong_clearing::event::BatchState;
use huitong_clearing::model::batch::REGION;
use huitong_clearing::model::statement::State;

use crate::desk::{Desk, JS, NODES, SH, ZJ};

#[test]
fn the_others_go_on_without_it_and_its_claims_come_with_the_first_batch_after_its_return() {
    let mut desk = Desk::daily();
    desk.open_accounts();
    desk.owe("transit", SH, ZJ, 1_000);
    desk.owe("transit", ZJ, JS, 250);
    desk.owe("transit", JS, SH, 70);
    desk.quiet();
    desk.down.push(ZJ);
    for day in 1..=3 {
        desk.owe("transit", SH, JS, 100 * day);
        desk.owe("transit", SH, ZJ, 10);
        desk.pass_up(1);
    }
    // The agent waits for the absent one until the terms of confirming and composing are over.
    desk.pass_up(9);
    for node in [SH, JS] {
        let batch = desk.batch(node, "transit", "2026-11-24", REGION).expect("a batch");
        assert_eq!(batch.state, BatchState::Final, "{node}");
        assert_eq!(batch.batch.members.len(), 2);
        assert_eq!(desk.state(node, "transit", "2026-11-24", if node == SH { JS } else { SH }), State::Batched);
    }
    assert!(desk.alarms(SH).iter().any(|sentence| sentence.contains("overdue")));
    desk.down.clear();
    desk.quiet();
    for _ in 0..12 {
        desk.pass_days(1);
        desk.pay_everything();
    }
    for period in ["2026-11-24", "2026-11-25", "2026-11-26"] {
        for at in NODES {
            for peer in NODES.into_iter().filter(|peer| *peer != at) {
                assert_eq!(desk.state(at, "transit", period, peer), State::Closed, "{at} {peer} {period}");
            }
        }
    }
    let paid = NODES.map(|node| desk.balance(node, &["bank"]));
    assert_eq!(paid, [-1_030 - 600 + 70, 600 + 250 - 70, 1_030 - 250]);
    desk.check();
}

#[test]
fn an_agent_that_is_down_holds_the_batch_up_and_nothing_else() {
    let mut desk = Desk::daily();
    desk.open_accounts();
    desk.owe("transit", JS, ZJ, 500);
    desk.quiet();
    desk.down.push(SH);
    desk.pass_up(14);
    assert_eq!(desk.state(JS, "transit", "2026-11-24", ZJ), State::Declared);
    assert!(desk.alarms(JS).iter().any(|sentence| sentence.contains("netting") && sentence.contains("overdue")));
    desk.down.clear();
    for _ in 0..12 {
        desk.pass_days(1);
        desk.pay_everything();
    }
    assert_eq!(desk.state(JS, "transit", "2026-11-24", ZJ), State::Closed);
    assert_eq!((desk.balance(JS, &["bank"]), desk.balance(ZJ, &["bank"])), (-500, 500));
    desk.check();
}
