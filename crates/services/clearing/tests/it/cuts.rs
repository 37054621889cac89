//! Periods: where the marker lies in a lane is where the period ends, the same on both sides.

use huitong_clearing::command::Reply;
use huitong_clearing::model::message::Message;
use huitong_clearing::model::statement::State;
use huitong_clearing::query::{items, lanes};
use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_ledger::clearing::{Documents, Marker};

use crate::desk::{Desk, JS, SH, ZJ, code};

#[test]
fn a_document_behind_the_cut_belongs_to_the_next_period_on_both_sides_with_its_own_day() {
    let mut desk = Desk::daily();
    desk.owe("transit", ZJ, SH, 500);
    // Shanghai's midnight comes; Zhejiang's message was sent before it, Shanghai has not taken it yet.
    let late = desk.owe("transit", ZJ, SH, 700);
    desk.pass_days(1);
    let after = desk.owe("transit", ZJ, SH, 900);
    desk.pass_days(1);
    for (at, peer) in [(SH, ZJ), (ZJ, SH)] {
        let first = desk.statement(at, "transit", "2026-11-24", peer);
        assert_eq!((first.own.documents(), first.own.owed_by(code(ZJ))), (2, Fen(1_200)), "{at}");
        let second = desk.statement(at, "transit", "2026-11-25", peer);
        assert_eq!(second.own.owed_by(code(ZJ)), Fen(900), "{at}");
        let view = desk.region.view(at);
        let period = |id| {
            let item = items::of_id(view, id).expect("readable").expect("known");
            let period = lanes::period_of(view, item.lane, item.number).expect("readable").expect("cut");
            (period.to_string(), item.day.to_string())
        };
        assert_eq!(period(late), ("2026-11-24".to_owned(), "2026-11-24".to_owned()));
        assert_eq!(period(after), ("2026-11-25".to_owned(), "2026-11-25".to_owned()));
    }
    desk.check();
}

#[test]
fn what_is_on_its_way_when_the_clock_strikes_is_late_and_keeps_its_day() {
    let mut desk = Desk::daily();
    desk.owe("transit", ZJ, SH, 500);
    desk.quiet();
    // Zhejiang is cut at midnight; a trip of the evening is charged a minute later.
    desk.region.pass(DurationMs::days(1));
    desk.quiet();
    let mut document = desk.document(ZJ, SH, 300);
    document.day = "2026-11-24".parse().expect("a day");
    desk.send("transit", ZJ, SH, vec![document]);
    desk.pass_days(1);
    for (at, peer) in [(SH, ZJ), (ZJ, SH)] {
        assert_eq!(desk.statement(at, "transit", "2026-11-24", peer).own.owed_by(code(ZJ)), Fen(500));
        assert_eq!(desk.statement(at, "transit", "2026-11-25", peer).own.owed_by(code(ZJ)), Fen(300));
    }
    desk.check();
}

#[test]
fn who_cuts_early_takes_the_whole_region_with_it() {
    let mut desk = Desk::daily();
    desk.owe("transit", SH, JS, 100);
    desk.owe("transit", JS, ZJ, 40);
    desk.quiet();
    assert!(matches!(desk.close(SH, "transit", "2026-11-24").reply(), Reply::Closed { .. }));
    desk.quiet();
    for at in [SH, JS, ZJ] {
        for peer in [SH, JS, ZJ].into_iter().filter(|peer| *peer != at) {
            assert!(desk.state(at, "transit", "2026-11-24", peer) >= State::Confirmed, "{at} {peer}");
        }
    }
    // Midnight cuts the next day, not the same one again.
    desk.pass_days(1);
    assert_eq!(desk.close(SH, "transit", "2026-11-24").code(), "CLR-2002");
    desk.check();
}

#[test]
fn a_period_is_cut_once_in_order_and_not_before_it_begins() {
    let mut desk = Desk::daily();
    desk.owe("transit", SH, JS, 100);
    desk.quiet();
    assert_eq!(desk.close(SH, "transit", "2026-11-26").code(), "CLR-2004");
    assert_eq!(desk.close(SH, "transit", "2026-11-20").code(), "CLR-2002");
    assert_eq!(desk.close(SH, "transit", "2026-11").code(), "CLR-2004", "a month under a rule of days");
    assert_eq!(desk.close(SH, "vouchers", "2026-11-24").code(), "CLR-2001");
    desk.close(SH, "transit", "2026-11-24").reply();
    assert_eq!(desk.close(SH, "transit", "2026-11-25").code(), "CLR-2007", "tomorrow has not begun");
    desk.quiet();
    desk.check();
}

#[test]
fn a_month_is_cut_on_the_first_and_nothing_happens_before() {
    let mut desk = Desk::monthly();
    desk.owe("medical", ZJ, SH, 12_345);
    desk.pass_days(6);
    assert!(!lanes::is_cut(desk.region.view(SH), "medical", "2026-11".parse().expect("a month")).expect("readable"));
    desk.pass_days(1);
    assert_eq!(desk.statement(SH, "medical", "2026-11", ZJ).own.owed_by(code(ZJ)), Fen(12_345));
    assert_eq!(desk.state(SH, "medical", "2026-11", ZJ), State::Matched, "a clerk confirms");
    desk.check();
}

#[test]
fn what_does_not_come_in_the_order_of_its_lane_or_from_its_node_is_refused_and_changes_nothing() {
    let mut desk = Desk::daily();
    desk.owe("transit", SH, JS, 100);
    desk.quiet();
    let (from, to) = (code(SH), code(JS));
    let unread = |desk: &Desk| -> Vec<String> {
        let sql = "SELECT code FROM unread_message ORDER BY sequence";
        desk.region.view(SH).all(sql, [], |row| row.get(0)).expect("readable")
    };
    let again = desk.document(SH, JS, 1);
    desk.tell("transit", SH, Message::Documents(Documents { from, to, number: 1, documents: vec![again] }));
    let foreign = desk.document(SH, ZJ, 1);
    desk.tell("transit", SH, Message::Documents(Documents { from, to, number: 9, documents: vec![foreign] }));
    let mut parts = desk.document(SH, JS, 5);
    parts.parts = vec![("pool".to_owned(), Fen(4))];
    desk.tell("transit", SH, Message::Documents(Documents { from, to, number: 9, documents: vec![parts] }));
    let other = desk.document(ZJ, JS, 1);
    let lane = Documents { from: code(ZJ), to, number: 1, documents: vec![other] };
    desk.tell("transit", SH, Message::Documents(lane));
    let period = "2026-11-24".parse().expect("a day");
    desk.tell("transit", SH, Message::Marker(Marker { from, to, period, number: 1 }));
    assert_eq!(unread(&desk), ["CLR-2005", "CLR-2006", "CLR-1003", "CLR-1006", "CLR-2005"]);
    assert_eq!(desk.region.replay_differences(), vec![]);
}

#[test]
fn a_crash_between_any_two_steps_loses_nothing() {
    let mut desk = Desk::daily();
    desk.open_accounts();
    desk.owe("transit", SH, JS, 100);
    desk.owe("transit", JS, ZJ, 70);
    desk.owe("transit", ZJ, SH, 30);
    desk.region.pass(DurationMs::days(1));
    loop {
        let moved = desk.step();
        for node in [SH, JS, ZJ] {
            desk.region.restart(code(node));
        }
        if moved == 0 {
            break;
        }
    }
    desk.pay_everything();
    for node in [SH, JS, ZJ] {
        desk.region.restart(code(node));
    }
    desk.quiet();
    for (at, peer) in [(SH, JS), (JS, ZJ), (ZJ, SH)] {
        assert_eq!(desk.state(at, "transit", "2026-11-24", peer), State::Closed);
    }
    desk.check();
}

#[test]
fn a_cut_of_another_age_is_refused_and_the_true_ones_still_count() {
    let mut desk = Desk::daily();
    desk.owe("transit", ZJ, SH, 500);
    desk.quiet();
    let strange = |desk: &mut Desk, number, period: &str| {
        let period = period.parse().expect("a period");
        let marker = Marker { from: code(ZJ), to: code(SH), period, number };
        desk.tell("transit", SH, Message::Marker(marker));
    };
    strange(&mut desk, 2, "9998-12");
    strange(&mut desk, 2, "2027-03-01");
    let sql = "SELECT code FROM unread_message ORDER BY sequence";
    let unread: Vec<String> = desk.region.view(SH).all(sql, [], |row| row.get(0)).expect("readable");
    assert_eq!(unread, ["CLR-2008", "CLR-2008"]);
    desk.pass_days(1);
    assert!(desk.state(SH, "transit", "2026-11-24", ZJ) >= State::Confirmed);
}
