//! A month is cut, stated, confirmed and paid; what comes later belongs to the next.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::positions::{Gross, Payment};
use huitong_transit::command::{Command, Reply};
use huitong_transit::model::contest::{ContestDecision, ContestReason};
use huitong_transit::model::message::{Message, StatementAnswer};
use huitong_transit::model::settlement::{PeriodStatement, StatementDifference, UnderContest};
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::query::positions::{self, PairPosition};
use huitong_transit::query::statements::{self, StatementRow};
use uuid::Uuid;

use super::stage::{Gate, NODES, Phone, Stage, division};

const CLERK: &str = "clearing";

fn close(stage: &mut Stage, node: &str, period: &str) -> Vec<PeriodStatement> {
    let closing = Command::ClosePeriod { period: period.to_owned() };
    let Reply::Closed { statements, .. } = stage.region.call(node, CLERK, None, closing).reply() else {
        panic!("a period was closed")
    };
    stage.region.carry_all();
    statements
}

fn refused(stage: &mut Stage, node: &str, period: &str) -> String {
    stage.region.call(node, CLERK, None, Command::ClosePeriod { period: period.to_owned() }).code()
}

/// What Shanghai states to Hangzhou, as a node holds it.
fn statement(stage: &Stage, node: &str, period: &str) -> StatementRow {
    let period = period.parse().expect("a month");
    let row = statements::statement(stage.region.view(node), period, division("310100"), division("330100"));
    row.expect("readable").expect("a statement")
}

/// Two gates of 人民广场 and 虹桥火车站 with riders of Hangzhou between them.
struct Line {
    entry: Gate,
    exit: Gate,
}

impl Line {
    fn new(stage: &mut Stage) -> Line {
        let entry = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
        Line { entry, exit: stage.gate("SH-HONGQIAO-1", "310100", 201, 2) }
    }

    /// A ride at 5 yuan that begins so many minutes after 09:00 of the story's first day.
    fn ride(&mut self, stage: &mut Stage, phone: &Phone, minutes: i64) {
        self.entry.tap(phone, In, stage.at(minutes));
        self.exit.tap(phone, Out, stage.at(minutes + 40));
    }

    fn upload(&self, stage: &mut Stage) {
        stage.upload(&self.entry);
        stage.upload(&self.exit);
        stage.pass(1);
    }
}

/// A rider of Hangzhou with money, and the gates.
fn story() -> (Stage, Phone, Line) {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 5);
    stage.account(&phone, 10_000);
    let line = Line::new(&mut stage);
    (stage, phone, line)
}

/// The rider has ridden at 7 o'clock on 24 November.
fn ridden() -> (Stage, Phone) {
    let (mut stage, phone, mut line) = story();
    line.ride(&mut stage, &phone, -120);
    line.upload(&mut stage);
    (stage, phone)
}

/// A second rider too, whose ride is to be contested.
fn two_ridden() -> (Stage, Phone) {
    let (mut stage, paid, mut line) = story();
    let contested = Phone::new("330100", 6);
    stage.account(&contested, 10_000);
    line.ride(&mut stage, &paid, -120);
    line.ride(&mut stage, &contested, -119);
    line.upload(&mut stage);
    (stage, contested)
}

/// The node of Zhejiang contests a rider's ride.
fn contest(stage: &mut Stage, phone: &Phone) -> Uuid {
    let document = stage.trips("310100", phone).remove(0).trip;
    let wish = Command::OpenContest { document, reason: ContestReason::Duplicate, evidence: "paid by card".to_owned() };
    let Reply::Contested { contest, .. } = stage.region.call("330000", CLERK, None, wish).reply() else { panic!() };
    contest
}

/// Shanghai answers, and leaves of the claim what it says.
fn answer(stage: &mut Stage, contest: Uuid, decision: ContestDecision, amount: Option<Fen>) {
    let answer = Command::AnswerContest { contest, decision, explanation: "as agreed".to_owned(), amount };
    stage.region.call("310000", CLERK, None, answer).reply();
}

/// From 09:00 on 24 November to 04:01 on 1 December.
const TO_DECEMBER: i64 = (6 * 24 + 19) * 60 + 1;
const DAY: i64 = 24 * 60;

#[test]
fn a_month_is_cut_once_and_confirmed_by_the_debtor() {
    let (mut stage, _) = ridden();
    assert_eq!(refused(&mut stage, "310000", "2026-11"), "TRN-4004");
    stage.pass(TO_DECEMBER - 63);
    assert_eq!(refused(&mut stage, "310000", "2026-11"), "TRN-4004", "the last business day ends at 03:00");
    stage.pass(63);
    assert_eq!(refused(&mut stage, "310000", "2026-13"), "TRN-1003");
    let statements = close(&mut stage, "310000", "2026-11");
    assert_eq!(statements.len(), 1);
    assert_eq!((statements[0].documents, statements[0].claimed_fen), (1, Fen(500)));
    for node in ["310000", "330000"] {
        assert_eq!(statement(&stage, node, "2026-11").state, "confirmed", "{node}");
    }
    assert_eq!(refused(&mut stage, "310000", "2026-11"), "TRN-PERIOD-CLOSED");
    assert!(close(&mut stage, "330000", "2026-11").is_empty(), "Zhejiang claims nothing");
    stage.check();
}

#[test]
fn what_is_uploaded_after_the_cut_belongs_to_the_next_month_with_its_own_day_of_travel() {
    let (mut stage, phone, mut line) = story();
    line.ride(&mut stage, &phone, 0);
    stage.pass(TO_DECEMBER);
    assert!(close(&mut stage, "310000", "2026-11").is_empty());
    line.upload(&mut stage);
    let trip = stage.trips("310100", &phone).remove(0);
    assert_eq!(
        (trip.travel_day.to_string(), trip.booking_day.to_string()),
        ("2026-11-24".to_owned(), "2026-12-01".to_owned())
    );
    let ages =
        huitong_transit::query::ages::of_documents(stage.region.view("310000"), "2026-12".parse().expect("a month"));
    let ages: Vec<_> =
        ages.expect("readable").into_iter().map(|age| (age.age_days, age.documents, age.amount_fen)).collect();
    assert_eq!(ages, [(7, 1, Fen(500))]);
    stage.pass(31 * DAY);
    let statements = close(&mut stage, "310000", "2026-12");
    assert_eq!((statements[0].documents, statements[0].claimed_fen), (1, Fen(500)));
    stage.check();
}

#[test]
fn a_city_that_begins_its_day_later_never_books_into_a_month_that_was_cut() {
    let (mut stage, phone, mut line) = story();
    stage.pass(TO_DECEMBER);
    close(&mut stage, "310000", "2026-11");
    // A new map: business days begin at noon. By it 04:02 on 1 December is still November.
    let view = stage.region.view("310000");
    let map =
        huitong_transit::query::dated::map_text(view, division("310100"), 1).expect("readable").expect("published");
    let mut map: serde_json::Value = serde_json::from_str(&map).expect("JSON");
    map["version"] = 2.into();
    map["parameters"]["business_day_cut_min"] = 720.into();
    stage.region.call("310000", super::stage::METRO, None, Command::PublishMap { text: map.to_string() }).reply();
    // The first key set is over a week old.
    let keys = stage.key_set(2);
    stage.region.call("310000", "keeper", None, Command::PublishKeySet(keys)).reply();
    (line.entry.key_set, line.exit.key_set) = (2, 2);
    line.ride(&mut stage, &phone, TO_DECEMBER - 60);
    line.upload(&mut stage);
    assert_eq!(stage.trips("310100", &phone).remove(0).booking_day.to_string(), "2026-12-01");
    stage.check();
}

#[test]
fn a_debtor_whose_documents_differ_does_not_confirm() {
    let (mut stage, _) = ridden();
    stage.tamper("330000", "UPDATE document SET amount_fen = 400");
    stage.pass(TO_DECEMBER);
    close(&mut stage, "310000", "2026-11");
    for node in ["310000", "330000"] {
        assert_eq!(statement(&stage, node, "2026-11").state, "disputed", "{node}");
        assert!(!stage.alarms(node).is_empty(), "{node}");
    }
}

#[test]
fn what_is_under_contest_waits_and_is_paid_when_it_is_decided() {
    let (mut stage, contested) = two_ridden();
    let contest = contest(&mut stage, &contested);
    stage.pass(TO_DECEMBER);
    let november = close(&mut stage, "310000", "2026-11").remove(0);
    assert_eq!((november.claimed_fen, november.contested, november.contested_fen), (Fen(1_000), 1, Fen(500)));
    let pays = |stage: &Stage, node: &str, period: &str| {
        let pairs = positions::pairs(stage.region.view(node), period.parse().expect("a month")).expect("readable");
        pairs.iter().map(|pair| pair.payable_fen).sum::<Fen>()
    };
    assert_eq!(pays(&stage, "310000", "2026-11"), Fen(500));
    answer(&mut stage, contest, ContestDecision::Adjusted, Some(Fen(200)));
    stage.region.carry_all();
    let accept = Command::ReplyContest { contest, accepts: true, explanation: String::new() };
    stage.region.call("330000", CLERK, None, accept).reply();
    stage.pass(31 * DAY);
    let december = close(&mut stage, "310000", "2026-12").remove(0);
    assert_eq!((december.claimed_fen, december.contested, december.previous_open), (Fen(-300), 0, 0));
    for node in ["310000", "330000"] {
        assert_eq!(pays(&stage, node, "2026-12"), Fen(200), "{node}: 500 that waited, 300 given back");
        assert_eq!(statement(&stage, node, "2026-12").state, "confirmed");
    }
    stage.check();
}

#[test]
fn the_region_is_paid_gross_or_net_with_the_same_balances() {
    let mut stage = Stage::new();
    let (hangzhou, shanghai) = (Phone::new("330100", 7), Phone::new("310100", 8));
    stage.account(&hangzhou, 10_000);
    stage.account(&shanghai, 10_000);
    let mut line = Line::new(&mut stage);
    line.ride(&mut stage, &hangzhou, -200);
    line.ride(&mut stage, &hangzhou, -100);
    line.upload(&mut stage);
    let station = super::published::first_station("330100");
    let mut entry = stage.gate("HZ-1", "330100", station, 1);
    entry.tap(&shanghai, In, stage.at(-100));
    stage.upload(&entry);
    stage.pass(80 * 60);
    stage.pass(TO_DECEMBER - 80 * 60);
    for node in NODES {
        close(&mut stage, node, "2026-11");
    }
    let pairs = agreed_pairs(&stage, "2026-11");
    assert_eq!(pairs.len(), 2);
    check_payments(&positions::gross(&pairs));
    stage.tamper("330000", "UPDATE statement SET text = json_set(text, '$.claimed_fen', 900) WHERE debtor = '330100'");
    let month = "2026-11".parse().expect("a month");
    let of = |node: &str| positions::pairs(stage.region.view(node), month).expect("readable");
    let (creditor, debtor) = (of("310000"), of("330000"));
    let found = positions::disagreements((division("310000"), &creditor), (division("330000"), &debtor));
    assert_eq!(found.len(), 1, "a node that says otherwise is found");
    assert_eq!((found[0].at_creditor, found[0].at_debtor), (Some(Fen(1_000)), Some(Fen(900))));
}

/// What every node's own statements say, compared node by node (J6): what one receives from another is what that one pays.
pub fn agreed_pairs(stage: &Stage, period: &str) -> Vec<PairPosition> {
    let month = period.parse().expect("a month");
    let of_node = |node: &&str| (division(node), positions::pairs(stage.region.view(node), month).expect("readable"));
    let known: Vec<(Division, Vec<PairPosition>)> = NODES.iter().map(of_node).collect();
    for (creditor, of_creditor) in &known {
        for (debtor, of_debtor) in known.iter().filter(|(debtor, _)| debtor != creditor) {
            let found = positions::disagreements((*creditor, of_creditor), (*debtor, of_debtor));
            assert!(found.is_empty(), "{creditor} and {debtor}: {found:?}");
        }
    }
    let sum: Fen = known.iter().map(|(node, pairs)| positions::own_position(*node, pairs)).sum();
    assert_eq!(sum, Fen::ZERO, "J6: each by its own statements");
    let claims = known
        .into_iter()
        .flat_map(|(node, pairs)| pairs.into_iter().filter(move |pair| pair.row.creditor_node == node));
    claims.collect()
}

#[test]
fn a_contest_that_was_on_its_way_when_the_month_was_cut_is_not_paid_on_either_side() {
    let (mut stage, contested) = two_ridden();
    stage.pass(TO_DECEMBER);
    let contest = contest(&mut stage, &contested);
    // Shanghai does not know of it yet.
    let november = close(&mut stage, "310000", "2026-11").remove(0);
    assert_eq!((november.claimed_fen, november.contested), (Fen(1_000), 0));
    for node in ["310000", "330000"] {
        assert_eq!(statement(&stage, node, "2026-11").state, "confirmed", "{node}");
        assert_eq!(statement(&stage, node, "2026-11").under_contest().contested_fen, Fen(500), "{node}");
    }
    let pairs = agreed_pairs(&stage, "2026-11");
    assert_eq!(pairs.iter().map(|pair| pair.payable_fen).sum::<Fen>(), Fen(500));
    // Taken back in December: November paid 500 less, December pays nothing more.
    answer(&mut stage, contest, ContestDecision::Withdrawn, None);
    stage.pass(31 * DAY);
    close(&mut stage, "310000", "2026-12");
    let pairs = agreed_pairs(&stage, "2026-12");
    assert_eq!(pairs.iter().map(|pair| pair.payable_fen).collect::<Vec<_>>(), [Fen(0)]);
    stage.check();
}

#[test]
fn a_claim_that_the_creditor_takes_back_while_the_answer_is_on_its_way_changes_nothing_about_it() {
    let (mut stage, phone) = ridden();
    let contest = contest(&mut stage, &phone);
    stage.pass(TO_DECEMBER);
    let closing = Command::ClosePeriod { period: "2026-11".to_owned() };
    stage.region.call("310000", CLERK, None, closing).reply();
    stage.region.carry("310000", "330000");
    answer(&mut stage, contest, ContestDecision::Withdrawn, None);
    stage.region.carry_all();
    for node in ["310000", "330000"] {
        assert_eq!(statement(&stage, node, "2026-11").state, "confirmed", "{node}");
    }
    let pairs = agreed_pairs(&stage, "2026-11");
    assert_eq!(pairs.iter().map(|pair| pair.payable_fen).collect::<Vec<_>>(), [Fen(0)]);
    stage.check();
}

#[test]
fn a_debtor_that_names_contests_which_nobody_was_told_of_does_not_confirm() {
    let (mut stage, _) = ridden();
    stage.pass(TO_DECEMBER);
    let closing = Command::ClosePeriod { period: "2026-11".to_owned() };
    stage.region.call("310000", CLERK, None, closing).reply();
    let answer = StatementAnswer {
        period: "2026-11".to_owned(),
        creditor: division("310100"),
        debtor: division("330100"),
        difference: None,
        under_contest: UnderContest { contested: 1, contested_fen: Fen(500), ..UnderContest::default() },
    };
    stage.forge("330000", "310000", Message::StatementAnswer(answer));
    let row = statement(&stage, "310000", "2026-11");
    assert_eq!((row.state.as_str(), row.difference), ("disputed", Some(StatementDifference::UnderContest)));
    assert_eq!(row.under_contest(), UnderContest::default(), "what Shanghai knows counts for Shanghai");
}

#[test]
fn months_are_cut_in_their_order() {
    let (mut stage, _) = ridden();
    stage.pass(TO_DECEMBER);
    stage.pass(31 * DAY);
    assert_eq!(refused(&mut stage, "310000", "2026-12"), "TRN-4005", "November has documents");
    close(&mut stage, "310000", "2026-11");
    assert!(close(&mut stage, "310000", "2026-12").is_empty());
    assert_eq!(refused(&mut stage, "310000", "2026-10"), "TRN-PERIOD-CLOSED", "nothing is cut behind a later month");
    stage.check();
}

/// Positions sum to zero (J6), and both ways to pay give the same end balances.
fn check_payments(gross: &Gross) {
    let payments = positions::payments(gross);
    assert_eq!(payments.positions.values().copied().sum::<Fen>(), Fen::ZERO);
    let balances = |paid: &[Payment]| {
        let mut balances: BTreeMap<Division, Fen> = payments.positions.keys().map(|node| (*node, Fen::ZERO)).collect();
        for payment in paid {
            *balances.entry(payment.payer).or_default() -= payment.amount;
            *balances.entry(payment.payee).or_default() += payment.amount;
        }
        balances
    };
    assert_eq!(balances(&payments.gross), payments.positions);
    assert_eq!(balances(&payments.net), payments.positions);
    assert!(payments.net.is_sorted_by_key(|payment| (payment.payer, payment.payee)));
}

#[test]
fn the_example_of_the_specification_is_paid_by_one_transfer() {
    let yuan = |amount: i64| Fen(amount * 100);
    let (sh, js, zj) = (division("310000"), division("320000"), division("330000"));
    let gross: Gross = [
        ((sh, zj), yuan(7_000)),
        ((sh, js), yuan(900)),
        ((zj, sh), yuan(4_500)),
        ((zj, js), yuan(300)),
        ((js, sh), yuan(1_200)),
    ]
    .into();
    check_payments(&gross);
    let payments = positions::payments(&gross);
    assert_eq!(payments.gross.iter().map(|payment| payment.amount).sum::<Fen>(), yuan(13_900));
    assert_eq!(payments.net, [Payment { payer: sh, payee: zj, amount: yuan(2_200) }]);
}
