//! Four jurisdictions' clearings in this thread: the production streams on files, messages carried by hand.

use std::path::Path;

use huitong_clearing::Clearing;
use huitong_clearing::model::message::Message;
use huitong_kernel::clearing::{ClearingRule, Confirmation, Payment, PeriodKind};
use huitong_kernel::division::Division;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::Envelope;
use huitong_service_kit::harness::Region;
use uuid::Uuid;

pub const NODES: [&str; 4] = ["310000", "320000", "330000", "340000"];
/// The day on which the harness begins.
pub const PERIOD: &str = "2026-11-24";

pub fn division(code: &str) -> Division {
    code.parse().expect("a code")
}

/// Daily, all together, confirmed at once by the debtor's node.
pub fn rule(service: &str) -> ClearingRule {
    ClearingRule {
        service: service.to_owned(),
        valid_from: Date::constant(2026, 1, 1),
        period: PeriodKind::Day,
        payment: Payment::Multilateral,
        confirmation: Confirmation::Automatic,
        cut_minutes: 0,
        statement_days: 1,
        confirm_days: 2,
        payment_days: 3,
        contest_days: 22,
        answer_days: 11,
        tribunal_days: 65,
        agent: None,
        source: "benchmark".to_owned(),
    }
}

/// The clearings on the files below `folder`.
pub fn open(folder: &Path, service: &str) -> Region<Clearing> {
    let mut region = Region::new(folder.to_owned(), &NODES, || Clearing);
    region.set_clearing_rules(vec![rule(service)]);
    region
}

/// The feed by which a service tells the clearing of its node.
pub fn told_by(service: &str, node: &str) -> Feed {
    Feed::new(Address::new(division(node), service), Address::new(division(node), "clearing"))
}

pub fn bytes(message: Message, at: Instant) -> Vec<u8> {
    let id = Uuid::nil();
    serde_json::to_vec(&Envelope { id, cycle: id, episode: id, at, message }).expect("plain data")
}

/// Carries what lies between all clearings once; gives the number of messages.
pub fn carry(region: &mut Region<Clearing>) -> usize {
    let pairs = NODES.iter().flat_map(|from| NODES.iter().map(move |to| (*from, *to)));
    pairs.filter(|(from, to)| from != to).map(|(from, to)| region.carry(from, to)).sum()
}
