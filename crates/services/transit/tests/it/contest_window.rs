//! Until when a document can be contested: by the region's rule, and by either side's own clock.

use huitong_kernel::clearing::{ClearingRule, Confirmation, Payment, PeriodKind};
use huitong_kernel::time::{DurationMs, Instant};
use huitong_transit::command::Command;
use huitong_transit::model::contest::{ContestReason, ContestState};

use super::contests::{CLERK, DAY, books, of_document, ridden, ride};
use super::stage::{Phone, Stage};

/// Documents of 24 November can be contested until the end of a day, and no longer.
#[track_caller]
fn contested_until(stage: &mut Stage, last: &str) {
    let (phone, other) = (Phone::new("330100", 4), Phone::new("330100", 5));
    stage.account(&phone, 10_000);
    stage.account(&other, 10_000);
    let trips = ridden(stage, &[&phone, &other]);
    let (early, late) = (trips[0], trips[1]);
    let over = Instant::start_of(last.parse().expect("a date")) + DurationMs::days(1);
    stage.pass((over - stage.now()).0 / 60_000 - 1);
    let wish = |document| Command::OpenContest { document, reason: ContestReason::FareWrong, evidence: String::new() };
    assert_eq!(stage.region.call("310000", CLERK, None, wish(early)).code(), "TRN-1006", "only the debtor contests");
    stage.region.call("330000", CLERK, None, wish(early)).reply();
    // It comes to Shanghai when the day is over there, and is taken.
    stage.region.pass(DurationMs::minutes(60));
    stage.pass(1);
    assert_eq!(of_document(stage, "310000", early).state, ContestState::Open, "opened on {last}");
    assert_eq!(stage.region.call("330000", CLERK, None, wish(late)).code(), "TRN-CONTEST-LATE", "after {last}");
    stage.check();
}

#[test]
fn without_a_rule_of_the_region_a_document_can_be_contested_for_thirty_days() {
    contested_until(&mut Stage::new(), "2026-12-24");
}

/// Under a rule of the region, with other periods.
fn under_rule(period: PeriodKind) -> Stage {
    let mut stage = Stage::new();
    stage.region.set_clearing_rules(vec![rule("medical", PeriodKind::Month, 3), rule("transit", period, 10)]);
    stage
}

fn rule(service: &str, period: PeriodKind, contest_days: u32) -> ClearingRule {
    ClearingRule {
        service: service.to_owned(),
        valid_from: "2026-11-01".parse().expect("a date"),
        period,
        payment: Payment::Bilateral,
        confirmation: Confirmation::Automatic,
        cut_minutes: 300,
        statement_days: 1,
        confirm_days: 1,
        payment_days: 1,
        contest_days,
        answer_days: 15,
        tribunal_days: 60,
        agent: None,
        source: "a rule of the story".to_owned(),
    }
}

#[test]
fn under_a_rule_it_can_be_contested_so_many_working_days_after_the_end_of_its_period() {
    // Ten working days after Tuesday, 24 November; then after Monday, 30 November.
    contested_until(&mut under_rule(PeriodKind::Day), "2026-12-08");
    contested_until(&mut under_rule(PeriodKind::Month), "2026-12-14");
}

#[test]
fn a_debtor_whose_clock_is_behind_is_told_that_it_was_too_late() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 11);
    stage.account(&phone, 10_000);
    let trip = ride(&mut stage, &phone);
    // Opened on the last day by home's clock, known in Shanghai two days after the last.
    stage.pass(30 * DAY);
    let wish = Command::OpenContest { document: trip, reason: ContestReason::FareWrong, evidence: String::new() };
    stage.region.call("330000", CLERK, None, wish).reply();
    stage.region.pass(DurationMs::days(2));
    stage.pass(1);
    for node in ["310000", "330000"] {
        let row = of_document(&stage, node, trip);
        assert_eq!((row.state, row.awaits), (ContestState::Refused, None), "{node}");
        assert!(stage.alarms(node).iter().any(|alarm| alarm.contains("TRN-CONTEST-LATE")), "{node}");
    }
    assert_eq!(books(&stage), (500, -500));
    stage.check();
}
