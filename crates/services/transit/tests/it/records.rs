//! What a gate recorded is shown as evidence until the contest term is over; then its bytes are gone, and nothing else is.

use huitong_kernel::hash::Digest;
use huitong_service_kit::{View, attachment, params};
use huitong_transit::command::{Command, Reply};
use huitong_transit::model::contest::ContestReason;
use huitong_transit::query::taps;
use huitong_transit_code::record::TapRecord;

use super::desk::Shanghai;
use super::stage::{Gate, Phone, Stage};

const SHANGHAI: &str = "310000";
const CLERK: &str = "clearing";
const DAY: i64 = 24 * 60;
/// From 09:00 on 24 November to 04:01 on 1 December; then the months to 1 April 2027.
const TO_DECEMBER: i64 = (6 * 24 + 19) * 60 + 1;
const MONTHS: [(&str, i64); 5] = [("2026-11", 31), ("2026-12", 31), ("2027-01", 28), ("2027-02", 31), ("2027-03", 0)];

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

    fn close(&mut self, period: &str) {
        let closing = Command::ClosePeriod { period: period.to_owned() };
        let reply = self.stage.region.call(SHANGHAI, CLERK, None, closing).reply();
        assert!(matches!(reply, Reply::Closed { .. }));
        self.stage.region.carry_all();
    }

    /// November to March are stated as they end; then so many days pass. Documents of March may rest on records of November.
    fn after_march(&mut self, days: i64) {
        self.stage.pass(TO_DECEMBER);
        for (month, next) in MONTHS {
            self.close(month);
            self.stage.pass(next * DAY);
        }
        self.stage.pass(days * DAY);
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
    story.after_march(59);
    assert!(story.shown().is_some(), "March may still be contested");
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
    story.after_march(100);
    assert!(story.shown().is_some(), "escalated, and not decided");
    story.stage.check();
}
