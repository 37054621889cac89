//! What one side holds and the other does not is found document by document, and left out.

use huitong_clearing::model::message::Message;
use huitong_clearing::model::statement::{DifferenceClass, State};
use huitong_clearing::query::statements;
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::Documents;

use crate::desk::{Desk, SH, ZJ, code};

/// Zhejiang owes Shanghai so many bills of 100 fen; Shanghai takes them as `spoil` makes them.
fn month(count: u64, spoil: impl Fn(&mut Documents) -> bool) -> Desk {
    let mut desk = Desk::monthly();
    desk.open_accounts();
    let (from, to) = (code(ZJ), code(SH));
    for number in 1..=count {
        let document = desk.document(ZJ, SH, 100);
        let mut documents = Documents { from, to, number, documents: vec![document] };
        desk.tell("medical", ZJ, Message::Documents(documents.clone()));
        if spoil(&mut documents) {
            desk.tell("medical", SH, Message::Documents(documents));
        }
    }
    desk.lane_is_at("medical", ZJ, SH, count);
    desk.pass_days(7);
    desk
}

fn found(desk: &Desk, at: &str, peer: &str) -> Vec<(u64, DifferenceClass)> {
    let period = "2026-11".parse().expect("a month");
    let all = statements::differences(desk.region.view(at), "medical", period, code(peer)).expect("readable");
    all.into_iter().map(|(_, difference)| (difference.number, difference.class)).collect()
}

#[test]
fn among_thousands_the_ones_that_differ_are_found_and_the_rest_is_paid() {
    let mut desk = month(3_000, |documents| {
        match documents.number {
            17 => return false,
            2_000 => documents.documents[0].amount_fen = Fen(90),
            _ => {}
        }
        true
    });
    let expected = [(17, DifferenceClass::OnlySender), (2_000, DifferenceClass::ContentDiffers)];
    assert_eq!((found(&desk, SH, ZJ), found(&desk, ZJ, SH)), (expected.to_vec(), expected.to_vec()));
    assert_eq!(desk.state(SH, "medical", "2026-11", ZJ), State::Matched);
    assert!(desk.alarms(SH).iter().any(|sentence| sentence.contains("differs")));
    desk.confirm_all("medical", "2026-11");
    desk.pay_everything();
    assert_eq!(desk.balance(SH, &["bank"]), 299_800);
    assert_eq!(desk.balance(ZJ, &["bank"]), -299_800);
    desk.check();
}

#[test]
fn a_document_that_only_the_receiver_holds_is_found_too() {
    let mut desk = Desk::monthly();
    let (from, to) = (code(ZJ), code(SH));
    let (one, other) = (desk.document(ZJ, SH, 100), desk.document(ZJ, SH, 200));
    let both = Documents { from, to, number: 1, documents: vec![one.clone(), other] };
    desk.tell("medical", ZJ, Message::Documents(Documents { documents: vec![one], ..both.clone() }));
    desk.tell("medical", SH, Message::Documents(both));
    desk.lane_is_at("medical", ZJ, SH, 1);
    desk.pass_days(7);
    assert_eq!(found(&desk, ZJ, SH), [(1, DifferenceClass::OnlyReceiver)]);
    desk.confirm_all("medical", "2026-11");
    assert_eq!(desk.statement(SH, "medical", "2026-11", ZJ).receivable(), Fen(100));
    desk.check();
}

#[test]
fn a_confirmation_that_does_not_follow_from_the_documents_is_refused() {
    let mut desk = month(3, |_| true);
    let mut wrong = desk.statement(ZJ, "medical", "2026-11", SH);
    wrong.own_confirmation = None;
    let confirmation = huitong_clearing::model::statement::Confirmation {
        service: "medical".to_owned(),
        period: "2026-11".parse().expect("a month"),
        held: Vec::new(),
        held_fen: Fen::ZERO,
        released: Vec::new(),
        released_fen: Fen::ZERO,
        payable_fen: Fen(299),
    };
    desk.forge(ZJ, SH, Message::Confirmation(confirmation));
    assert!(desk.statement(SH, "medical", "2026-11", ZJ).their_confirmation.is_none());
    assert!(desk.alarms(SH).iter().any(|sentence| sentence.contains("CLR-3005")));
}
