//! Debts: a rider who cannot pay; home owes all the same, tries again, lists, is paid, releases.

use huitong_kernel::money::Fen;
use huitong_transit::command::{Command, Reply};
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::model::trip::TripState;

use super::desk::Shanghai;
use super::stage::{Phone, Stage};

const HOUR: i64 = 60;

#[test]
fn a_debt_is_tried_four_times_then_listed_everywhere_and_released_when_it_is_paid() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 21);
    stage.account(&phone, 300);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &phone);
    assert_eq!(
        (trip.state, trip.charge_fen),
        (TripState::Charged, Fen(500)),
        "Shanghai is paid whether or not the rider is"
    );
    let began = stage.debts_of(&phone)[0].since;
    let hours_to = |stage: &Stage| stage.debts_of(&phone)[0].next_retry.map(|at| (at - began).0 / 3_600_000);
    assert_eq!(hours_to(&stage), Some(1));
    for (wait, attempts, next) in [(HOUR, 1, Some(6)), (5 * HOUR, 2, Some(24)), (18 * HOUR, 3, Some(72))] {
        stage.pass(wait);
        assert_eq!((stage.debts_of(&phone)[0].attempts, hours_to(&stage)), (attempts, next));
        assert!(stage.causes(&phone).is_empty(), "not listed yet");
    }
    stage.pass(48 * HOUR);
    assert_eq!((stage.debts_of(&phone)[0].state.as_str(), hours_to(&stage)), ("listed", None));
    assert_eq!(stage.causes(&phone), ["debt"]);
    assert!(!stage.is_denied("310000", "330000", &phone.account), "changes wait for others");
    stage.pass(15);
    assert!(stage.is_denied("310000", "330000", &phone.account), "in the next delta");
    assert_eq!(stage.authorise(&phone, "new phone").code(), "TRN-DENIED");

    assert!(matches!(stage.pay(&phone, 100, "too little").reply(), Reply::Paid { unpaid_fen: Fen(500), .. }));
    assert_eq!(stage.causes(&phone), ["debt"], "a debt is settled as a whole");
    let paid = stage.pay(&phone, 200, "enough").reply();
    assert!(matches!(paid, Reply::Paid { balance_fen: Fen(100), unpaid_fen: Fen(0) }), "{paid:?}");
    assert!(stage.causes(&phone).is_empty());
    stage.pass(15);
    assert!(!stage.is_denied("310000", "330000", &phone.account), "released likewise");
    stage.authorise(&phone, "new phone").reply();
    stage.check();
}

#[test]
fn a_retry_takes_the_debt_once_the_balance_covers_it() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 22);
    stage.account(&phone, 0);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.ride(&mut stage, &phone);
    shanghai.ride(&mut stage, &phone);
    assert_eq!(stage.account_of(&phone).unpaid_fen, Fen(1_000));
    // Enough for the older one only.
    stage.pay(&phone, 700, "a").reply();
    assert_eq!((stage.account_of(&phone).balance_fen, stage.debts_of(&phone).len()), (Fen(200), 1));
    // A clerk gives the fare of the first trip back: the retry finds enough.
    let first = stage.trips("310100", &phone)[0].trip;
    let cancel = huitong_transit::command::AdjustWish::Cancel;
    stage.region.call("310000", super::stage::METRO, None, Command::AdjustTrip { trip: first, wish: cancel }).reply();
    stage.pass(0);
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(700));
    stage.pass(HOUR);
    assert_eq!((stage.account_of(&phone).balance_fen, stage.account_of(&phone).unpaid_fen), (Fen(200), Fen(0)));
    assert!(stage.debts_of(&phone).is_empty());
    stage.check();
}

#[test]
fn money_that_comes_back_releases_a_listed_account_by_itself() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 23);
    stage.account(&phone, 500);
    let mut shanghai = Shanghai::new(&mut stage);
    let paid = shanghai.ride(&mut stage, &phone);
    let owed = shanghai.ride(&mut stage, &phone);
    stage.pass(73 * HOUR);
    for _ in 0..4 {
        stage.pass(1);
    }
    assert_eq!(stage.causes(&phone), ["debt"]);
    let cancel = |trip| Command::AdjustTrip { trip, wish: huitong_transit::command::AdjustWish::Cancel };
    stage.region.call("310000", super::stage::METRO, None, cancel(paid.trip)).reply();
    stage.pass(0);
    assert!(stage.causes(&phone).is_empty(), "what came back paid the debt");
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(0));
    // The debt's own trip is cancelled too: its money comes back to the rider.
    stage.region.call("310000", super::stage::METRO, None, cancel(owed.trip)).reply();
    stage.pass(0);
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(500));
    stage.check();
}

#[test]
fn a_debt_whose_trip_was_cancelled_is_gone_and_its_account_free() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 24);
    stage.account(&phone, 0);
    let mut shanghai = Shanghai::new(&mut stage);
    let owed = shanghai.ride(&mut stage, &phone);
    for wait in [1, 6, 24, 72] {
        stage.pass(wait * HOUR);
    }
    assert_eq!(stage.causes(&phone), ["debt"]);
    let cancel = Command::AdjustTrip { trip: owed.trip, wish: huitong_transit::command::AdjustWish::Cancel };
    stage.region.call("310000", super::stage::METRO, None, cancel).reply();
    stage.pass(0);
    assert!(stage.causes(&phone).is_empty());
    assert_eq!((stage.account_of(&phone).balance_fen, stage.account_of(&phone).unpaid_fen), (Fen(0), Fen(0)));
    stage.check();
}

#[test]
fn a_debt_follows_a_rider_who_leaves() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 25);
    stage.account(&phone, 0);
    let mut shanghai = Shanghai::new(&mut stage);
    let early = [shanghai.entry.tap(&phone, In, stage.at(-200)), shanghai.exit.tap(&phone, Out, stage.at(-160))];
    shanghai.ride(&mut stage, &phone);
    stage.home("330100", Command::CloseAccount { account: phone.account }).reply();
    stage.home("330100", Command::CloseAccount { account: phone.account }).reply();
    assert_eq!(stage.causes(&phone), ["closed"]);
    assert_eq!(stage.authorise(&phone, "again").code(), "TRN-2003");
    // A tap from before the closing that comes in late is charged like any other.
    stage.upload_part(&shanghai.entry, early[0], early[0]);
    stage.upload_part(&shanghai.exit, early[1], early[1]);
    stage.pass(1);
    assert_eq!(stage.trips("310100", &phone)[0].state, TripState::Charged);
    assert_eq!(stage.account_of(&phone).unpaid_fen, Fen(1_000));
    for wait in [1, 6, 24, 72] {
        stage.pass(wait * HOUR);
    }
    assert_eq!(stage.causes(&phone), ["closed", "debt"]);
    stage.pay(&phone, 1_000, "last bill").reply();
    assert_eq!(stage.causes(&phone), ["closed"]);
    assert_eq!(stage.pay(&phone, 1, "more").code(), "TRN-2003");
    // When no authorisation can be alive any more the list forgets it.
    stage.pass(9 * 24 * HOUR);
    stage.pass(15);
    assert!(stage.causes(&phone).is_empty() && !stage.is_denied("310000", "330000", &phone.account));
    stage.check();
}
