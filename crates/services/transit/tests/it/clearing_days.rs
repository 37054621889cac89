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
    super::stage::first_station("330100")
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
