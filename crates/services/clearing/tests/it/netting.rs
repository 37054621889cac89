//! Gross, of a pair, of the region: the same end balances, and one signed batch that everybody recomputes.

use huitong_clearing::event::BatchState;
use huitong_clearing::model::batch::REGION;
use huitong_clearing::model::payment::PaymentState;
use huitong_clearing::model::statement::State;
use huitong_clearing::query::batches::BatchRow;
use huitong_kernel::clearing::{Confirmation, Payment, PeriodKind};
use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;

use crate::desk::{Desk, JS, NODES, SH, ZJ, code, entry, rule};

/// The example of the transit specification §13, in yuan: who owes whom.
const EXAMPLE: [(&str, &str, i64); 5] =
    [(SH, ZJ, 7_000), (SH, JS, 900), (ZJ, SH, 4_500), (ZJ, JS, 300), (JS, SH, 1_200)];

fn example(payment: Payment) -> Desk {
    let mut desk = Desk::new(vec![rule("transit", PeriodKind::Day, payment, Confirmation::Automatic)]);
    desk.open_accounts();
    for (debtor, creditor, yuan) in EXAMPLE {
        desk.owe("transit", debtor, creditor, yuan * 100);
    }
    desk.pass_days(1);
    desk
}

/// What each node's bank account has gained by a cleared day, in fen.
fn paid(desk: &mut Desk) -> [i64; 3] {
    desk.pay_everything();
    desk.check();
    NODES.map(|node| {
        assert_eq!(desk.balance(node, &["netting", "transit"]), 0, "{node}");
        desk.balance(node, &["bank"])
    })
}

#[test]
fn all_three_ways_end_with_the_same_balances_and_netting_saves_payments() {
    let expected = [-220_000, 0, 220_000];
    let mut counts = Vec::new();
    for payment in [Payment::Gross, Payment::Bilateral, Payment::Multilateral] {
        let mut desk = example(payment);
        let payments: usize = NODES.iter().map(|node| desk.payments(node).len()).sum();
        counts.push(payments / 2);
        assert_eq!(paid(&mut desk), expected, "{payment:?}");
        for (at, peer) in [(SH, JS), (JS, ZJ), (ZJ, SH)] {
            assert_eq!(desk.state(at, "transit", "2026-11-24", peer), State::Closed, "{payment:?}");
        }
    }
    assert_eq!(counts, [5, 3, 1]);
}

#[test]
fn the_batch_of_the_region_sums_to_zero_and_is_the_same_everywhere() {
    let desk = example(Payment::Multilateral);
    let batches = NODES.map(|node| desk.batch(node, "transit", "2026-11-24", REGION).expect("a batch"));
    for row in &batches {
        assert_eq!(row.digest, batches[0].digest);
        assert_eq!(row.batch.digest(), row.digest);
        assert!(row.batch.is_sound());
        let positions: Fen = row.batch.positions.iter().map(|(_, amount)| *amount).sum();
        assert_eq!(positions, Fen::ZERO);
        assert_eq!((row.batch.gross_fen(), row.batch.paid_fen()), (Fen(1_390_000), Fen(220_000)));
        assert_eq!((row.batch.gross_payments(), row.batch.payments.len()), (5, 1));
    }
    assert_eq!(batches.clone().map(|row| row.state), [BatchState::Final, BatchState::Closed, BatchState::Final]);
    // The agent made it; the others hold its message, and every declaration by its author's.
    assert_eq!(batches[0].number, 0);
    assert!(batches[1].number > 0 && batches[2].number > 0);
    desk.check();
}

#[test]
fn who_pays_nothing_and_receives_nothing_is_done_at_once_and_a_payee_waits_for_its_bank() {
    let mut desk = example(Payment::Multilateral);
    assert_eq!(desk.state(JS, "transit", "2026-11-24", SH), State::Closed, "Jiangsu's position is zero");
    assert_eq!(desk.state(SH, "transit", "2026-11-24", JS), State::Batched);
    assert_eq!(desk.payments(SH)[0].state, PaymentState::Instructed);
    assert_eq!(desk.payments(ZJ)[0].state, PaymentState::Expected);
    desk.pay_everything();
    assert_eq!(desk.payments(SH)[0].state, PaymentState::Closed);
    let told: Vec<(String, String, i64)> = desk
        .cleared
        .iter()
        .map(|(at, _, cleared)| {
            let sum: Fen = cleared.shares.iter().map(|share| share.amount_fen).sum();
            (at.clone(), cleared.peer.to_string(), sum.0)
        })
        .collect();
    assert_eq!(told.len(), 6, "each pair, both sides: {told:?}");
    assert!(told.contains(&(SH.to_owned(), ZJ.to_owned(), 1_150_000)), "payable and receivable: {told:?}");
    desk.check();
}

#[test]
fn more_given_back_than_new_is_owed_the_other_way() {
    for payment in [Payment::Gross, Payment::Bilateral, Payment::Multilateral] {
        let mut desk = Desk::new(vec![rule("transit", PeriodKind::Day, payment, Confirmation::Automatic)]);
        desk.open_accounts();
        desk.owe("transit", SH, ZJ, -2_500);
        desk.owe("transit", SH, ZJ, 1_000);
        desk.pass_days(1);
        assert_eq!(paid(&mut desk), [1_500, 0, -1_500], "{payment:?}");
    }
}

#[test]
fn a_refund_after_the_payment_lies_in_the_next_period_and_nothing_closed_changes() {
    let mut desk = Desk::daily();
    desk.open_accounts();
    let ride = desk.owe("transit", SH, ZJ, 900);
    desk.pass_days(1);
    desk.pay_everything();
    let before = desk.statement(ZJ, "transit", "2026-11-24", SH);
    let mut refund = desk.document(SH, ZJ, -400);
    refund.of = Some(ride);
    desk.send("transit", SH, ZJ, vec![refund]);
    desk.pass_days(1);
    assert_eq!(desk.statement(ZJ, "transit", "2026-11-24", SH), before);
    assert_eq!(desk.statement(ZJ, "transit", "2026-11-25", SH).own.owed_by(code(SH)), Fen(-400));
    desk.pay_everything();
    assert_eq!((desk.balance(SH, &["bank"]), desk.balance(ZJ, &["bank"])), (-500, 500));
    desk.check();
}

#[test]
fn an_agent_that_adds_a_claim_is_not_believed() {
    use huitong_clearing::model::batch::{Batch, Settled};
    use huitong_clearing::model::message::Message;
    let mut desk = example(Payment::Multilateral);
    let honest = desk.batch(ZJ, "transit", "2026-11-24", REGION).expect("a batch").batch;
    // The same again for the next day, with a claim that nobody declared.
    desk.owe("transit", ZJ, SH, 100);
    desk.down.push(JS);
    desk.pass_days(1);
    let mut settled = honest.settled.clone();
    settled.push(Settled {
        period: "2026-11-25".to_owned(),
        one: code(SH),
        other: code(ZJ),
        one_owes_fen: Fen::ZERO,
        other_owes_fen: Fen(1_000_000),
    });
    let key = ("transit".to_owned(), "2026-11-25".parse().expect("a day"), REGION.to_owned(), 1);
    let forged = Batch::compose(key, Payment::Multilateral, honest.members.clone(), settled);
    desk.forge(SH, ZJ, Message::Batch(forged));
    assert!(desk.payments(ZJ).iter().all(|row| row.payment.period == "2026-11-24"));
}

#[test]
fn a_payment_may_be_made_before_its_payee_knows_of_the_batch() {
    let mut desk = Desk::daily();
    desk.open_accounts();
    desk.owe("transit", JS, ZJ, 500);
    desk.region.pass(DurationMs::days(1));
    // Nothing moves for Shanghai, the agent: for it the batch is closed when it is final.
    let is_closed = |row: BatchRow| row.state == BatchState::Closed;
    while !desk.batch(SH, "transit", "2026-11-24", REGION).is_some_and(is_closed) {
        assert!(desk.step() > 0, "the batch is final before all is at rest");
    }
    // The agent's word reaches Jiangsu first; it pays at once, and Zhejiang hears of the payment before it hears of the batch.
    desk.region.carry(SH, JS);
    let file = desk.export(JS).expect("something to pay");
    let (paid, day) = (file.payments[0].clone(), desk.today());
    desk.report(JS, vec![entry("out", false, 500, &paid.end_to_end, day)]);
    desk.region.carry(JS, ZJ);
    assert!(desk.payments(ZJ).is_empty());
    desk.quiet();
    desk.region.tick(ZJ);
    desk.report(ZJ, vec![entry("in", true, 500, &paid.end_to_end, day)]);
    desk.quiet();
    for node in [JS, ZJ] {
        assert_eq!(desk.payments(node)[0].state, PaymentState::Closed, "{node}");
    }
    desk.check();
}

#[test]
fn who_is_silent_when_a_batch_is_to_be_accepted_is_left_out_and_nothing_of_it_counts_as_paid() {
    let mut desk = Desk::daily();
    desk.open_accounts();
    desk.owe("transit", JS, ZJ, 500);
    desk.owe("transit", SH, JS, 40);
    desk.region.pass(DurationMs::days(1));
    while desk.batch(SH, "transit", "2026-11-24", REGION).is_none() {
        assert!(desk.step() > 0, "the batch is proposed before all is at rest");
    }
    desk.down.push(ZJ);
    desk.pass_up(4);
    let row = desk.batch(SH, "transit", "2026-11-24", REGION).expect("a batch");
    assert_eq!((row.batch.attempt, row.batch.members.len(), row.state), (2, 2, BatchState::Final));
    desk.down.clear();
    desk.quiet();
    // Nobody has paid anything yet: no service is told of a payment.
    assert!(desk.cleared.is_empty(), "{:?}", desk.cleared);
    assert!(desk.payments(ZJ).iter().all(|row| row.payment.period != "2026-11-24"));
    for _ in 0..10 {
        desk.pass_days(1);
        desk.pay_everything();
    }
    assert_eq!(NODES.map(|node| desk.balance(node, &["bank"])), [-40, -460, 500]);
    desk.check();
}

#[test]
fn an_agent_cannot_make_anybody_pay_who_has_not_accepted() {
    use huitong_clearing::model::batch::{Batch, Pay, Settled};
    use huitong_clearing::model::message::{BatchEnd, Message};
    let mut desk = example(Payment::Multilateral);
    desk.down.push(SH);
    let forge = |desk: &mut Desk, settled: Vec<Settled>, payments: Option<Vec<Pay>>| {
        let key = ("transit".to_owned(), "2026-11-25".parse().expect("a day"), REGION.to_owned(), 1);
        let batch = Batch::compose(key, Payment::Multilateral, Vec::new(), settled);
        let batch = Batch { payments: payments.unwrap_or(batch.payments.clone()), ..batch };
        desk.forge(SH, ZJ, Message::BatchEnd(BatchEnd { batch, is_final: true }));
    };
    let pay = |amount_fen| Pay { payer: code(ZJ), payee: code(SH), amount_fen };
    forge(&mut desk, Vec::new(), Some(vec![pay(Fen(1_000_000))]));
    forge(&mut desk, Vec::new(), Some(vec![pay(Fen(i64::MAX)); 3]));
    let owed = |amount| Settled {
        period: "2026-11-25".to_owned(),
        one: code(SH),
        other: code(ZJ),
        one_owes_fen: Fen::ZERO,
        other_owes_fen: amount,
    };
    forge(&mut desk, vec![owed(Fen(1_000_000))], None);
    assert!(desk.payments(ZJ).iter().all(|row| row.payment.period == "2026-11-24"));
    assert_eq!(desk.region.replay_differences(), vec![]);
}
