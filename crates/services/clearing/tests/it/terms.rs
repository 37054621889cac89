//! Legal terms: working days, reminders, alarms.

use crate::desk::{Desk, SH, ZJ};

#[test]
fn a_clerk_is_reminded_on_the_last_working_day_and_the_officer_told_after_it() {
    let mut desk = Desk::monthly();
    desk.owe("medical", ZJ, SH, 100);
    desk.pass_days(7);
    // 1 December 2026 is a Tuesday; two working days after it is Thursday the 3rd.
    let of_confirming = |desk: &Desk| -> Vec<String> {
        let all = desk.alarms(ZJ).into_iter();
        all.filter(|sentence| sentence.contains("confirm") && sentence.contains("310000")).collect()
    };
    desk.pass_days(1);
    assert!(of_confirming(&desk).is_empty());
    desk.pass_days(1);
    assert_eq!(of_confirming(&desk).len(), 1, "{:?}", desk.alarms(ZJ));
    assert!(of_confirming(&desk)[0].contains("due today, 2026-12-03"));
    desk.pass_days(1);
    assert!(of_confirming(&desk)[1].contains("was due on 2026-12-03 and is overdue"));
    desk.pass_days(5);
    assert_eq!(of_confirming(&desk).len(), 2, "said once");
    desk.check();
}

#[test]
fn a_payment_that_does_not_arrive_is_overdue_on_both_sides() {
    let mut desk = Desk::daily();
    desk.open_accounts();
    desk.owe("transit", ZJ, SH, 100);
    desk.pass_days(1);
    desk.pass_days(6);
    for at in [SH, ZJ] {
        let overdue = |sentence: &String| sentence.starts_with("payment/") && sentence.contains("overdue");
        assert!(desk.alarms(at).iter().any(overdue), "{at}: {:?}", desk.alarms(at));
    }
}
