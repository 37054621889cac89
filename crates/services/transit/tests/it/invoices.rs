//! Invoices: one for a month's rides in all cities, of what the rider paid.

use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::harness::Called;
use huitong_transit::command::{AdjustWish, Command, Reply};
use huitong_transit::model::fare::ride::Fare;
use huitong_transit::model::invoice::{Buyer, Invoice, InvoiceKind};
use huitong_transit::model::message::Message;
use huitong_transit::model::tap::Direction::Boarding;
use huitong_transit::query::{invoices, trips};

use super::desk::Shanghai;
use super::foreign_claims::next;
use super::stage::{HOME, METRO, Phone, Stage, division};

fn wish(phone: &Phone, month: &str) -> Command {
    let buyer =
        Buyer { title: "华东贸易有限公司".to_owned(), tax_number: Some("91330100MA27XXXX1K".to_owned()) };
    Command::IssueInvoice { account: phone.account, month: month.parse().expect("a month"), buyer }
}

fn issue(stage: &mut Stage, phone: &Phone) -> Called<Reply> {
    stage.region.call("330000", HOME, None, wish(phone, "2026-11"))
}

fn issued(called: Called<Reply>) -> Invoice {
    match called.reply() {
        Reply::Invoiced(invoice) => *invoice,
        other => panic!("an invoice: {other:?}"),
    }
}

fn all(stage: &Stage, phone: &Phone) -> Vec<Invoice> {
    invoices::of_account(stage.region.view("330000"), &phone.account, 0, 100).expect("readable")
}

/// To the second of December.
fn november_ends(stage: &mut Stage) {
    let december = Instant::start_of("2026-12-02".parse().expect("a date"));
    stage.pass((december - stage.now()).0 / 60_000);
}

#[test]
fn one_invoice_lists_a_months_rides_in_all_cities_each_once() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    for _ in 0..2 {
        shanghai.ride(&mut stage, &phone);
        stage.pass(60);
    }
    let mut bus = stage.gate("JS-BUS-1", "320509", 1, 7_618);
    let boarded = bus.tap(&phone, Boarding, stage.now());
    stage.upload_part(&bus, boarded, boarded);
    stage.pass(1);
    let bus_fare = stage.trips("320509", &phone).remove(0).charge_fen;
    assert_eq!(issue(&mut stage, &phone).code(), "TRN-2007", "November is not over");
    november_ends(&mut stage);
    assert_eq!(stage.region.call("330000", "another", None, wish(&phone, "2026-11")).code(), "TRN-2001");
    assert_eq!(stage.region.call("330000", HOME, None, wish(&phone, "2026-10")).code(), "TRN-2009");
    let long = "长".repeat(101);
    for (title, tax_number) in
        [(" ", None), (long.as_str(), None), ("个人", Some("12345")), ("个人", Some("91330100ma27xxxx1k"))]
    {
        let buyer = Buyer { title: title.to_owned(), tax_number: tax_number.map(str::to_owned) };
        let wish = Command::IssueInvoice { account: phone.account, month: "2026-11".parse().expect("a month"), buyer };
        assert_eq!(stage.region.call("330000", HOME, None, wish).code(), "TRN-1003", "{title}");
    }
    let first = issued(stage.region.call("330000", HOME, Some("invoice-0001"), wish(&phone, "2026-11")));
    let again = issued(stage.region.call("330000", HOME, Some("invoice-0001"), wish(&phone, "2026-11")));
    assert_eq!(first, again, "a repeated call makes no second one");
    assert_eq!((first.number.as_str(), first.kind), ("330100-202611-00000001", InvoiceKind::Normal));
    let lines: Vec<_> = first.lines().iter().map(|line| (line.network, line.trips, line.amount_fen)).collect();
    assert_eq!(lines, [(division("310100"), 2, Fen(1_000)), (division("320509"), 1, bus_fare)]);
    assert_eq!(first.total_fen(), Fen(10_000) - stage.account_of(&phone).balance_fen);
    assert_eq!(issue(&mut stage, &phone).code(), "TRN-2009", "each ride is invoiced once");
    assert_eq!(all(&stage, &phone), [first]);
    stage.check();
}

#[test]
fn a_ride_that_is_adjusted_later_comes_off_by_a_red_letter_invoice_and_can_be_invoiced_anew() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let kept = shanghai.ride(&mut stage, &phone).trip;
    stage.pass(60);
    let trip = shanghai.ride(&mut stage, &phone).trip;
    november_ends(&mut stage);
    let first = issued(issue(&mut stage, &phone));
    assert_eq!(first.total_fen(), Fen(1_000));
    let wish = AdjustWish::Charge { amount_fen: Fen(300) };
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip, wish }).reply();
    stage.pass(1);
    let red = all(&stage, &phone).pop().expect("an invoice");
    assert_eq!((red.kind, red.original.as_ref()), (InvoiceKind::RedLetter, Some(&first.number)));
    assert_eq!((red.rides.len(), red.rides[0].trip, red.total_fen()), (1, trip, Fen(-500)));
    assert_eq!((&red.buyer, red.month.as_str()), (&first.buyer, "2026-11"));
    let anew = issued(issue(&mut stage, &phone));
    assert_eq!((anew.rides.len(), anew.rides[0].trip, anew.total_fen()), (1, trip, Fen(300)));
    assert!(anew.rides.iter().all(|ride| ride.trip != kept));
    // What is taken back wholly is on no invoice any more.
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip, wish: AdjustWish::Cancel }).reply();
    stage.pass(1);
    stage.pass(60);
    let numbers: Vec<(u64, Fen)> = all(&stage, &phone).iter().map(|one| (one.serial, one.total_fen())).collect();
    assert_eq!(numbers, [(1, Fen(1_000)), (2, Fen(-500)), (3, Fen(300)), (4, Fen(-300))]);
    assert_eq!(issue(&mut stage, &phone).code(), "TRN-2009");
    let invoiced: Fen = numbers.iter().map(|(_, total)| *total).sum();
    assert_eq!(invoiced, Fen(10_000) - stage.account_of(&phone).balance_fen, "the invoices sum to what was paid");
    stage.check();
}

#[test]
fn neither_debts_nor_what_home_bears_are_invoiced() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 0);
    let mut shanghai = Shanghai::new(&mut stage);
    let row = shanghai.ride(&mut stage, &phone);
    let genuine = trips::content(stage.region.view("310000"), &row).expect("readable");
    let dearer = next(&genuine, Fen(500), 1, |trip| trip.fare = Fare::flat(16_450, Fen(900)));
    stage.forge("310000", "330000", Message::TripAdjust(Box::new(dearer)));
    let booked = stage.home_trip(&phone, &row);
    assert_eq!((booked.charge_fen, booked.borne_by_home()), (Fen(900), Fen(400)));
    november_ends(&mut stage);
    assert_eq!(issue(&mut stage, &phone).code(), "TRN-2008");
    stage.pay(&phone, 500, "paid").reply();
    assert_eq!(issued(issue(&mut stage, &phone)).total_fen(), Fen(500));
    assert!(stage.region.replay_differences().is_empty());
}

#[test]
fn a_month_is_over_when_its_last_business_day_is() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 8);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.ride(&mut stage, &phone);
    let december = Instant::start_of("2026-12-01".parse().expect("a date"));
    stage.pass((december - stage.now()).0 / 60_000 + 120);
    assert_eq!(
        issue(&mut stage, &phone).code(),
        "TRN-2007",
        "at two in the morning November's last trains are under way"
    );
    stage.pass(60);
    assert_eq!(issued(issue(&mut stage, &phone)).rides.len(), 1);
    stage.check();
}
