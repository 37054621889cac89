//! What clearing has paid or was paid is booked against what was owed, once.

use huitong_kernel::money::Fen;
use huitong_ledger::clearing::{Cleared, Share};
use huitong_transit::model::message::Message;

use super::desk::Shanghai;
use super::stage::{Phone, Stage, division};

const SHANGHAI: &str = "310000";
const ZHEJIANG: &str = "330000";

fn share(creditor: &str, debtor: &str, fen: i64) -> Share {
    Share { creditor: division(creditor), debtor: division(debtor), part: String::new(), amount_fen: Fen(fen) }
}

fn clear(stage: &mut Stage, node: &str, period: &str, peer: &str, shares: Vec<Share>) {
    let period = period.parse().expect("a period");
    stage.clearing_says(node, Message::Cleared(Cleared { period, peer: division(peer), shares }));
}

fn balance(stage: &Stage, node: &str, account: &str) -> Fen {
    let class = account.split('/').next().expect("a class");
    stage.balances(node, class).get(account).copied().unwrap_or_default()
}

/// Two rides of 5 yuan in Shanghai, of riders of Hangzhou and of Ningbo.
fn ridden() -> Stage {
    let mut stage = Stage::new();
    let (hangzhou, ningbo) = (Phone::new("330100", 1), Phone::new("330200", 2));
    stage.account(&hangzhou, 10_000);
    stage.account(&ningbo, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.ride(&mut stage, &hangzhou);
    shanghai.ride(&mut stage, &ningbo);
    stage
}

#[test]
fn what_is_paid_is_due_and_owed_no_more_and_the_audit_knows_why() {
    let mut stage = ridden();
    let shares = vec![share("310100", "330100", 500), share("310100", "330200", 300)];
    clear(&mut stage, SHANGHAI, "2026-11-24", ZHEJIANG, shares.clone());
    assert_eq!(balance(&stage, SHANGHAI, "receivable/310100/330100"), Fen(0));
    assert_eq!(balance(&stage, SHANGHAI, "receivable/310100/330200"), Fen(200));
    assert_eq!(balance(&stage, SHANGHAI, "clearing/330000"), Fen(800));
    // Zhejiang has not booked it yet: what both have booked as owed is the same all the while.
    stage.check();
    clear(&mut stage, ZHEJIANG, "2026-11-24", SHANGHAI, shares);
    assert_eq!(balance(&stage, ZHEJIANG, "payable/330100/310100"), Fen(0));
    assert_eq!(balance(&stage, ZHEJIANG, "payable/330200/310100"), Fen(-200));
    assert_eq!(balance(&stage, ZHEJIANG, "clearing/310000"), Fen(-800));
    stage.check();
}

#[test]
fn a_period_is_booked_once_for_each_peer() {
    let mut stage = ridden();
    for _ in 0..2 {
        clear(&mut stage, SHANGHAI, "2026-11-24", ZHEJIANG, vec![share("310100", "330100", 500)]);
    }
    assert_eq!(balance(&stage, SHANGHAI, "clearing/330000"), Fen(500));
    clear(&mut stage, SHANGHAI, "2026-11-25", ZHEJIANG, vec![share("310100", "330200", 500)]);
    clear(&mut stage, SHANGHAI, "2026-11-25", "320000", Vec::new());
    assert_eq!(balance(&stage, SHANGHAI, "clearing/330000"), Fen(1_000));
    stage.check();
}

#[test]
fn what_was_given_back_after_it_was_paid_comes_back_in_a_later_period() {
    let mut stage = ridden();
    clear(&mut stage, SHANGHAI, "2026-11-24", ZHEJIANG, vec![share("310100", "330100", 500)]);
    clear(&mut stage, ZHEJIANG, "2026-11-24", SHANGHAI, vec![share("310100", "330100", 500)]);
    let trip = stage.trips("310100", &Phone::new("330100", 1)).remove(0).trip;
    let wish = huitong_transit::command::AdjustWish::Charge { amount_fen: Fen(100) };
    let adjust = huitong_transit::command::Command::AdjustTrip { trip, wish };
    stage.region.call(SHANGHAI, super::stage::METRO, None, adjust).reply();
    stage.pass(1);
    assert_eq!(balance(&stage, SHANGHAI, "receivable/310100/330100"), Fen(-400), "Shanghai owes it now");
    clear(&mut stage, SHANGHAI, "2026-11-25", ZHEJIANG, vec![share("310100", "330100", -400)]);
    clear(&mut stage, ZHEJIANG, "2026-11-25", SHANGHAI, vec![share("310100", "330100", -400)]);
    for (node, account) in [(SHANGHAI, "receivable/310100/330100"), (ZHEJIANG, "payable/330100/310100")] {
        assert_eq!(balance(&stage, node, account), Fen(0), "{node}");
    }
    assert_eq!(balance(&stage, SHANGHAI, "clearing/330000"), Fen(100));
    stage.check();
}

#[test]
fn shares_of_others_are_refused_as_a_whole() {
    let mut stage = ridden();
    let shares = vec![share("310100", "330100", 500), share("310100", "320500", 100)];
    clear(&mut stage, SHANGHAI, "2026-11-24", ZHEJIANG, shares);
    clear(&mut stage, SHANGHAI, "2026-11-24", SHANGHAI, Vec::new());
    assert_eq!(stage.unread(SHANGHAI), ["TRN-1006", "TRN-1006"]);
    assert_eq!(balance(&stage, SHANGHAI, "receivable/310100/330100"), Fen(500));
    stage.check();
}

#[test]
fn the_audit_names_what_was_cleared_without_a_payment() {
    let mut stage = ridden();
    clear(&mut stage, SHANGHAI, "2026-11-24", ZHEJIANG, vec![share("310100", "330100", 500)]);
    let cases = [("J5", "the book says 5.01, the trips 5.00", "UPDATE cleared_share SET amount_fen = amount_fen + 1")];
    super::invariants::check_each(&stage, &cases);
}
