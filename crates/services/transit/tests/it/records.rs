//! What a gate recorded is shown as evidence until the contest term is over; then its bytes are gone, and nothing else is.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_service_kit::{View, attachment, params};
use huitong_transit::command::{AdjustWish, Command};
use huitong_transit::model::contest::ContestReason;
use huitong_transit::query::taps;
use huitong_transit_code::record::TapRecord;

use super::desk::Shanghai;
use super::stage::{Gate, METRO, Phone, Stage};

const SHANGHAI: &str = "310000";
const CLERK: &str = "clearing";
const DAY: i64 = 24 * 60;
/// From 09:00 on 24 November 2026 to 31 March 2027.
const TO_MARCH: i64 = (6 + 31 + 31 + 28 + 31) * DAY;

struct Story {
    stage: Stage,
    entry: Gate,
    trip: Digest,
}

impl Story {
    fn new() -> Story {
        let mut stage = Stage::new();
        let phone = Phone::new("330100", 1);
        stage.account(&phone, 10_000);
        let mut shanghai = Shanghai::new(&mut stage);
        let trip = shanghai.ride(&mut stage, &phone).trip;
        Story { stage, entry: shanghai.entry, trip }
    }

    /// The entry's record as a clerk is shown it.
    fn shown(&self) -> Option<Vec<u8>> {
        let view = self.stage.region.view(SHANGHAI);
        let tap = taps::tap(view, &self.entry.key_of(1)).expect("readable").expect("it is held");
        taps::record(view, &tap).expect("readable")
    }

    /// A clerk changes what the trip costs.
    fn adjust(&mut self, amount: i64) {
        let wish = AdjustWish::Charge { amount_fen: Fen(amount) };
        let command = Command::AdjustTrip { trip: self.trip, wish };
        self.stage.region.call(SHANGHAI, METRO, None, command).reply();
        self.stage.pass(1);
    }
}

#[test]
fn a_record_is_shown_as_the_gate_sent_it() {
    let story = Story::new();
    let bytes = story.shown().expect("it is held");
    let record = TapRecord::parse(&bytes).expect("a record");
    assert_eq!((record.sequence, record.code.len()), (1, 360));
}

#[test]
fn records_are_erased_when_no_document_that_rests_on_them_can_be_contested() {
    let mut story = Story::new();
    story.stage.pass(TO_MARCH);
    // The last document that may rest on records of November: it can be contested until the end of April.
    story.adjust(300);
    story.stage.pass(75 * DAY);
    assert!(story.shown().is_some(), "what was contested in April may not be decided yet");
    story.stage.pass(2 * DAY);
    assert_eq!(story.shown(), None);
    let view = story.stage.region.view(SHANGHAI);
    let left = view.one("SELECT COUNT(*) FROM attachment", [], |row| row.get::<_, u64>(0)).expect("readable");
    assert_eq!(left, Some(0));
    let entry = taps::tap(view, &story.entry.key_of(1)).expect("readable").expect("the tap itself stays").entry;
    assert!(attachment::is_erased(view, entry).expect("readable"));
    // The audit says nothing of what was erased rightly, and the journal is whole without it.
    story.stage.check();
}

#[test]
fn records_of_trips_that_nothing_changed_are_erased_after_four_months() {
    let mut story = Story::new();
    story.stage.pass(TO_MARCH);
    assert!(story.shown().is_some(), "a document of March may still rest on records of November");
    story.stage.pass(DAY);
    assert_eq!(story.shown(), None);
    story.stage.check();
}

#[test]
fn a_record_that_is_missing_before_its_time_is_damage() {
    let story = Story::new();
    let audit = |view: View<'_>| {
        let provinces = super::invariants::Provinces;
        let home = super::stage::division(SHANGHAI);
        huitong_transit::query::audit::audit(&super::stage::transit(), view, &provinces, home).expect("readable")
    };
    let lose = |file: &huitong_store::journal::Connection| {
        assert!(file.execute("DELETE FROM attachment", params![]).expect("SQL") > 0);
    };
    let found = story.stage.tampered(SHANGHAI, lose, audit).violations;
    assert!(found.iter().any(|found| found.invariant == "J9"), "{found:#?}");
}

#[test]
fn a_contest_that_goes_on_holds_the_records() {
    let mut story = Story::new();
    let evidence = "the rider was at work".to_owned();
    let wish = Command::OpenContest { document: story.trip, reason: ContestReason::NotVerified, evidence };
    story.stage.region.call("330000", CLERK, None, wish).reply();
    story.stage.region.carry_all();
    story.stage.pass(TO_MARCH + 100 * DAY);
    assert!(story.shown().is_some(), "escalated, and not decided");
    story.stage.check();
}
