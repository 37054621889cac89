//! The two sides compare each day: equal roots, or every difference named.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_transit::model::settlement::{DifferenceCause, DifferenceClass, Proposal};
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::query::totals::{self, DayRow, DifferenceRow};

use super::stage::{NODES, Phone, Stage, division};

/// So many riders of Hangzhou from 人民广场 to 虹桥火车站, at 5 yuan each; gives their trips.
fn rides(stage: &mut Stage, riders: u8) -> Vec<Digest> {
    let mut entry = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let mut exit = stage.gate("SH-HONGQIAO-1", "310100", 201, 2);
    let phones: Vec<Phone> = (1..=riders).map(|number| Phone::new("330100", number)).collect();
    for (number, phone) in phones.iter().enumerate() {
        stage.account(phone, 10_000);
        entry.tap(phone, In, stage.at(-60 + number as i64 % 10));
        exit.tap(phone, Out, stage.at(-20 + number as i64 % 10));
    }
    stage.upload(&entry);
    stage.upload(&exit);
    stage.pass(1);
    let mut trips: Vec<Digest> =
        phones.iter().flat_map(|phone| stage.trips("310100", phone)).map(|trip| trip.trip).collect();
    trips.sort();
    trips
}

/// Until the totals of the story's day were exchanged: 04:00 of the next.
const UNTIL_TOTALS: i64 = 19 * 60 + 1;

fn days(stage: &Stage, node: &str) -> Vec<DayRow> {
    totals::days(stage.region.view(node), ("", "", ""), 100).expect("readable")
}

fn differences(stage: &Stage, node: &str) -> Vec<DifferenceRow> {
    totals::differences(stage.region.view(node), ("", "", "", Digest::ZERO), 10_000).expect("readable")
}

#[test]
fn a_day_that_is_over_matches_on_both_sides() {
    let mut stage = Stage::new();
    rides(&mut stage, 3);
    stage.pass(UNTIL_TOTALS - 10);
    assert!(NODES.iter().all(|node| days(&stage, node).is_empty()), "before the grace is over nothing is sent");
    stage.pass(10);
    let (visited, home) = (days(&stage, "310000"), days(&stage, "330000"));
    assert_eq!((visited.len(), home.len()), (1, 1));
    assert_eq!((visited[0].state.as_str(), home[0].state.as_str()), ("matched", "matched"));
    assert_eq!((visited[0].own.trips, visited[0].own.trips_fen), (3, Fen(1_500)));
    assert_eq!(visited[0].own, home[0].own);
    stage.pass(24 * 60);
    assert_eq!(days(&stage, "310000").len(), 1, "a day is sent once");
    stage.check();
}

#[test]
fn a_day_waits_for_the_answer_to_its_last_claim() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 1);
    let mut entry = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let mut exit = stage.gate("SH-HONGQIAO-1", "310100", 201, 2);
    entry.tap(&phone, In, stage.at(-60));
    exit.tap(&phone, Out, stage.at(-20));
    stage.upload(&entry);
    stage.upload(&exit);
    // Home is away.
    stage.region.pass(huitong_kernel::time::DurationMs::minutes(1));
    stage.region.pass(huitong_kernel::time::DurationMs::minutes(UNTIL_TOTALS));
    assert!(days(&stage, "310000").is_empty());
    stage.region.carry_all();
    stage.pass(1);
    assert_eq!(days(&stage, "310000")[0].state, "matched");
    stage.check();
}

/// Another ride of 5 yuan that ends now.
fn ride_now(stage: &mut Stage, number: u8) -> huitong_transit::query::trips::TripRow {
    let phone = Phone::new("330100", number);
    stage.account(&phone, 10_000);
    let mut entry = stage.gate("SH-PEOPLE-9", "310100", 207, 2);
    let mut exit = stage.gate("SH-HONGQIAO-9", "310100", 201, 2);
    let began = huitong_kernel::time::Instant(stage.now().0 - 40 * 60_000);
    entry.tap(&phone, In, began);
    exit.tap(&phone, Out, stage.now());
    stage.upload(&entry);
    stage.upload(&exit);
    stage.pass(1);
    stage.trips("310100", &phone).remove(0)
}

/// All days of all nodes are sent and agree, and books too.
fn check_days(stage: &Stage, count: usize) {
    for node in ["310000", "330000"] {
        let days = days(stage, node);
        assert_eq!(days.len(), count, "{node}");
        assert!(days.iter().all(|day| day.state == "matched"), "{node}: {days:?}");
        let open = stage.region.view(node).one("SELECT COUNT(*) FROM open_day", [], |row| row.get::<_, u64>(0));
        assert_eq!(open.expect("readable"), Some(0), "{node}");
    }
    stage.check();
}

#[test]
fn a_clock_that_was_put_back_never_books_on_a_day_whose_totals_were_sent() {
    let mut stage = Stage::new();
    rides(&mut stage, 1);
    stage.pass(UNTIL_TOTALS);
    check_days(&stage, 1);
    // It is 04:01 on the 25th, and becomes 02:00: by the clock business is that of the 24th.
    stage.region.now = huitong_kernel::time::Instant(stage.now().0 - 121 * 60_000);
    let trip = ride_now(&mut stage, 21);
    assert_eq!(trip.booking_day.to_string(), "2026-11-25");
    assert_eq!(trip.state, huitong_transit::model::trip::TripState::Charged);
    // Timers run on, and the next day is sent as any other.
    stage.pass(2 * 24 * 60);
    check_days(&stage, 2);
}

#[test]
fn a_business_day_that_begins_later_never_books_on_a_day_whose_totals_were_sent() {
    let mut stage = Stage::new();
    rides(&mut stage, 1);
    stage.pass(UNTIL_TOTALS);
    check_days(&stage, 1);
    // A new map: business days begin at six. By it 04:02 on the 25th is still the 24th.
    let map = huitong_transit::query::dated::map_text(stage.region.view("310000"), division("310100"), 1);
    let mut map: serde_json::Value = serde_json::from_str(&map.expect("readable").expect("published")).expect("JSON");
    map["version"] = 2.into();
    map["parameters"]["business_day_cut_min"] = 360.into();
    let publish = huitong_transit::command::Command::PublishMap { text: map.to_string() };
    stage.region.call("310000", super::stage::METRO, None, publish).reply();
    let trip = ride_now(&mut stage, 22);
    assert_eq!(trip.booking_day.to_string(), "2026-11-25");
    stage.pass(2 * 24 * 60);
    check_days(&stage, 2);
}

#[test]
fn a_document_for_a_day_that_was_compared_is_refused() {
    let mut stage = Stage::new();
    let trips = rides(&mut stage, 1);
    stage.pass(UNTIL_TOTALS);
    let view = stage.region.view("310000");
    let row = huitong_transit::query::trips::trip(view, trips[0]).expect("readable").expect("the ride");
    let mut trip = huitong_transit::query::trips::content(view, &row).expect("readable");
    trip.taps.iter_mut().enumerate().for_each(|(place, tap)| {
        tap.hash = super::stage::digest(&format!("tap {place}"));
        tap.replay_key = super::stage::digest(&format!("code {place}"));
    });
    trip.trip_id = trip.id_of_taps();
    stage.forge("310000", "330000", huitong_transit::model::message::Message::TripFinal(Box::new(trip)));
    assert_eq!(stage.unread("330000"), ["TRN-PERIOD-CLOSED"]);
    stage.check();
}

#[test]
fn cities_of_one_node_match_by_themselves() {
    let mut stage = Stage::new();
    let phone = Phone::new("330200", 1);
    stage.account(&phone, 10_000);
    let mut entry = stage.gate("HZ-1", "330100", stage_station(0), 1);
    entry.tap(&phone, In, stage.at(-60));
    stage.upload(&entry);
    stage.pass(80 * 60);
    stage.pass(24 * 60);
    let days = days(&stage, "330000");
    assert_eq!(days.len(), 1);
    assert_eq!((days[0].state.as_str(), days[0].own.trips), ("matched", 1));
    stage.check();
}

/// Some station of Hangzhou.
fn stage_station(_: usize) -> u32 {
    super::published::first_station("330100")
}

#[test]
fn tampering_at_either_side_is_found_document_by_document() {
    let mut stage = Stage::new();
    let trips = rides(&mut stage, 4);
    let [lost_at_home, changed, lost_at_visited, _] = trips[..] else { panic!("four trips") };
    stage.tamper("330000", &format!("DELETE FROM document WHERE id = x'{lost_at_home}'"));
    stage.tamper("330000", &format!("UPDATE document SET amount_fen = 300 WHERE id = x'{changed}'"));
    stage.tamper("310000", &format!("DELETE FROM document WHERE id = x'{lost_at_visited}'"));
    stage.pass(UNTIL_TOTALS);
    let expected = [
        (lost_at_home, DifferenceClass::OnlyIssuer, Some(Fen(500)), None),
        (changed, DifferenceClass::AmountsDiffer, Some(Fen(500)), Some(Fen(300))),
        (lost_at_visited, DifferenceClass::OnlyReceiver, None, Some(Fen(500))),
    ];
    let causes = [
        (
            "310000",
            [DifferenceCause::AnsweredNotHeld, DifferenceCause::AmountChanged, DifferenceCause::IssuerDocumentLost],
        ),
        ("330000", [DifferenceCause::DocumentLost, DifferenceCause::AmountChanged, DifferenceCause::UnknownHere]),
    ];
    for (node, causes) in causes {
        assert_eq!(days(&stage, node)[0].state, "different", "{node}");
        let found = differences(&stage, node);
        let classes: Vec<_> = found
            .iter()
            .map(|row| {
                (row.difference.id, row.difference.class, row.difference.issuer_fen, row.difference.receiver_fen)
            })
            .collect();
        assert_eq!(classes, expected, "{node}");
        assert_eq!(found.iter().map(|row| row.difference.cause).collect::<Vec<_>>(), causes, "{node}");
        assert!(stage.alarms(node).iter().any(|alarm| alarm.contains("differ")), "{node}");
    }
    assert_eq!(differences(&stage, "330000")[0].difference.proposal, Proposal::ReplayViews);
}

#[test]
fn a_day_of_many_documents_is_compared_page_by_page() {
    let mut stage = Stage::new();
    let trips = rides(&mut stage, 3);
    // 1 100 documents more on either side, as if they had come so; one of them is missing at home.
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
        INSERT INTO document (issuer, receiver, booking_day, id, kind, creditor, debtor, travel_day, amount_fen)
        SELECT '310000', '330000', '2026-11-24', unhex(printf('%064x', i)), 'trip', '310100', '330100', '2026-11-24', 300 FROM n";
    for node in ["310000", "330000"] {
        stage.tamper(node, many);
    }
    stage.tamper("330000", &format!("DELETE FROM document WHERE id IN (x'{:064x}', x'{}')", 700, trips[0]));
    stage.pass(UNTIL_TOTALS);
    for node in ["310000", "330000"] {
        let day = days(&stage, node).remove(0);
        assert!(day.all_held && day.pages_held >= 3, "{node} has all pages");
        let found: Vec<Digest> = differences(&stage, node).iter().map(|row| row.difference.id).collect();
        assert_eq!(found, [format!("{:064x}", 700).parse().expect("an id"), trips[0]], "{node}");
    }
    assert_eq!(
        totals::day(
            stage.region.view("310000"),
            division("310000"),
            division("330000"),
            "2026-11-24".parse().expect("a date")
        )
        .expect("readable")
        .expect("a day")
        .own
        .trips,
        1_103
    );
}
