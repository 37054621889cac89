//! A pool that keeps its own core system computes there: the same amounts, the same care for what is not known.

use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_medical::command::{AccountBucket, Command, Reply, SettledReply};
use huitong_medical::event::CallState;
use huitong_medical::model::filing::FilingKind;
use huitong_medical::model::filing_effect::{Alternative, FileUntil, FilingEffect};
use huitong_medical::model::message::{CallReference, Wants};
use huitong_medical::model::person::CareType;
use huitong_medical::pool::answer::{Answer, Outcome, PoolRefusal};
use huitong_medical::pool::ask::Step;
use huitong_medical::query::{calls, documents, recompute, settlements};
use huitong_service_kit::harness::Called;

use super::calculation::fen;
use super::country::{Country, HOSPITAL, PERSON, certificate, division, lines, visit};
use super::pool_core::{Core, Standing};
use super::pool_stage::{Delegated, HOME, VISITED};
use super::stays::care;

pub fn state(stage: &Delegated, message_id: &str) -> CallState {
    let call = CallReference { institution: HOSPITAL.to_owned(), message_id: message_id.to_owned() };
    calls::state(stage.country.region.view(VISITED), &call).expect("readable").expect("a call")
}

/// What a cashier sees, without the numbers.
pub fn amounts(settled: &SettledReply) -> impl PartialEq + std::fmt::Debug + use<> {
    let SettledReply { total_fen, funds, fund_total_fen, person_total_fen, account_fen, cash_fen, .. } =
        settled.clone();
    (total_fen, funds, fund_total_fen, person_total_fen, account_fen, cash_fen, settled.account_balance_fen)
}

#[test]
fn the_amounts_are_the_same_whoever_computes() {
    let mut own = Country::new();
    let mut stage = Delegated::new();
    for number in 0..5 {
        let message_id = format!("message-{number}");
        assert_eq!(amounts(&stage.settled(&message_id)), amounts(&own.settled(&message_id)), "{message_id}");
    }
    stage.check_books(5, 0);
    assert_eq!(stage.core.booked, 5);
    let known = settlements::list(stage.country.region.view(HOME), settlements::Role::Home, None, None, 1);
    let document = documents::document(stage.country.region.view(HOME), &known.expect("readable")[0]).expect("kept");
    assert_eq!(document.computed_by.expect("by the pool").reference, "POOL-000001");
}

#[test]
fn the_evidence_in_the_journal_holds_what_was_booked() {
    let mut stage = Delegated::new();
    let settled = stage.settled("message-0001");
    stage.set(false);
    stage.country.settled("message-0002");
    let cancel = Command::Cancel { settlement: settled.settlement };
    assert!(matches!(stage.ask(None, cancel).reply(), Reply::Cancelled(_)), "the pool takes back what it has settled");
    stage.check_books(2, 1);
    assert_eq!((stage.core.booked, stage.core.contras), (1, 1));
    let outcome = recompute::all(stage.country.region.journal(HOME), None).expect("readable");
    assert_eq!((outcome.computed, outcome.by_pool, outcome.differing), (2, 1, Vec::new()));
}

fn opened(stage: &mut Delegated) -> uuid::Uuid {
    let opened = stage.ask(None, Command::OpenVisit(visit())).reply();
    let Reply::Visit { visit, .. } = opened else { panic!("a visit") };
    let add = Command::AddLines { visit, batch: "1".to_owned(), replaces: true, lines: lines() };
    stage.country.region.call(VISITED, HOSPITAL, None, add).reply();
    visit
}

fn quoted(stage: &mut Delegated, visit: uuid::Uuid) -> huitong_medical::model::message::Quote {
    let (batch, total) = ("1".to_owned(), Some(fen("249.00")));
    let ask = Command::AskQuote { visit, batch, interim: false, account_wanted: true, total };
    let Reply::Quoted(quote) = stage.ask(None, ask).reply() else { panic!("a quote") };
    *quote
}

fn settle(visit: uuid::Uuid, quote: &huitong_medical::model::message::Quote, key: &str) -> Command {
    let (batch, message_id) = ("1".to_owned(), key.to_owned());
    Command::Settle { visit, batch, quote: quote.quote, message_id, total: fen("249.00"), sums: None }
}

#[test]
fn from_eligibility_over_the_quote_to_the_settlement_with_an_account() {
    let mut stage = Delegated::new();
    let credit =
        Command::CreditAccount { person: PERSON.to_owned(), bucket: AccountBucket::History, amount: fen("30.00") };
    stage.country.region.call(HOME, "pool", None, credit).reply();
    let (certificate, care_type, wants) = (certificate(), CareType::Outpatient, Wants::default());
    let ask = Command::AskEligibility { home_area: division("330100"), certificate, care_type, wants };
    let Reply::Eligible(eligible) = stage.ask(None, ask).reply() else { panic!("eligible") };
    assert!(eligible.direct && eligible.person == PERSON && eligible.account_balance_fen == fen("30.00"));
    let visit = opened(&mut stage);
    let quote = quoted(&mut stage, visit);
    assert!(!quote.alternatives.is_empty());
    let Reply::Settled(settled) = stage.ask(Some("s-1"), settle(visit, &quote, "s-1")).reply() else { panic!() };
    assert_eq!((settled.account_fen, settled.account_balance_fen), (fen("30.00"), Fen::ZERO));
    assert_eq!(stage.ask(Some("s-2"), settle(visit, &quote, "s-2")).code(), "MED-4004");
    stage.check_books(1, 0);
}

#[test]
fn an_offer_that_is_stale_or_has_expired_comes_back_renewed_and_books_nothing() {
    let mut stage = Delegated::new();
    for number in 0..2 {
        stage.settled(&format!("before-{number}"));
    }
    let visit = opened(&mut stage);
    let quote = quoted(&mut stage, visit);
    stage.settled("in-between");
    assert_eq!(stage.ask(Some("s-1"), settle(visit, &quote, "s-1")).code(), "MED-4003");
    let quote = quoted(&mut stage, visit);
    stage.country.region.pass(DurationMs::minutes(16));
    assert_eq!(stage.ask(Some("s-2"), settle(visit, &quote, "s-2")).code(), "MED-4002");
    stage.check_books(3, 0);
    assert_eq!(stage.core.booked, 3);
}

#[test]
fn the_pool_booked_and_its_answer_was_lost_the_query_finds_it() {
    let mut stage = Delegated::new();
    stage.send("message-0001");
    let post = stage.due().remove(0);
    assert!(post.books && post.path == "commit");
    stage.core.answer(&post.body);
    stage.miss(&post);
    assert_eq!(stage.step(), [Step::Query], "nobody knows: query");
    stage.country.region.pass(DurationMs::seconds(11));
    stage.country.region.carry_all();
    assert_eq!(state(&stage, "message-0001"), CallState::Unknown, "do not collect yet");
    stage.work();
    assert_eq!(state(&stage, "message-0001"), CallState::Settled);
    stage.check_books(1, 0);
    assert_eq!((stage.core.booked, stage.core.contras), (1, 0));
}

#[test]
fn the_post_was_lost_the_query_does_not_find_it_and_the_tombstone_is_set_here_and_there() {
    let mut stage = Delegated::new();
    stage.send("message-0001");
    let post = stage.due().remove(0);
    stage.miss(&post);
    stage.miss(&post);
    stage.work();
    assert_eq!(state(&stage, "message-0001"), CallState::Refused);
    assert_eq!(stage.send("message-0001").code(), "MED-4005", "nothing is to be collected, for ever");
    assert_eq!(stage.standing("message-0001"), Some(&Standing::Tombstone));
    assert!(stage.is_tombstoned("message-0001"));
    let late = stage.core.answer(&post.body);
    assert!(!stage.give(&post, late), "the late original has no effect here");
    assert_eq!(stage.core.booked, 0, "nor there");
    stage.check_books(0, 0);
    stage.settled("message-0002");
    stage.check_books(1, 0);
}

#[test]
fn an_answer_that_comes_twice_or_late_books_once() {
    let mut stage = Delegated::new();
    stage.send("message-0001");
    let post = stage.due().remove(0);
    let answer = stage.core.answer(&post.body);
    assert_eq!(stage.core.answer(&post.body), answer, "the same ask, the same bytes");
    stage.miss(&post);
    assert!(stage.give(&post, answer.clone()), "late, but in time");
    assert!(!stage.give(&post, answer), "twice");
    stage.work();
    assert_eq!(state(&stage, "message-0001"), CallState::Settled);
    stage.check_books(1, 0);
}

#[test]
fn what_is_not_signed_by_the_pool_books_nothing_and_the_duty_officer_is_told_once() {
    let mut stage = Delegated::new();
    stage.send("message-0001");
    let post = stage.due().remove(0);
    let (text, signature) = stage.core.answer(&post.body);
    let forged = text.replace("POOL-000001", "POOL-000002");
    assert!(!stage.give(&post, (forged, signature)));
    stage.country.check_books(0, 0);
    assert_eq!(stage.step(), [Step::Query]);
    let query = stage.due().remove(0);
    assert!(!stage.give(&query, (text, "00".repeat(64))));
    let other = stage.core.sign(Answer::text(query.ask, "another question", Outcome::NotFound));
    assert!(!stage.give(&query, other), "signed, but an answer to something else");
    let told: Vec<_> = stage.alarms().into_iter().filter(|sentence| sentence.contains("not signed")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    stage.work();
    assert_eq!(state(&stage, "message-0001"), CallState::Settled, "the query was answered well");
    stage.check_books(1, 0);
}

/// Changes the computation of a signed settlement.
fn faulty(
    core: &Core,
    body: &str,
    signed: &str,
    fault: impl Fn(&mut huitong_medical::model::settle::Computation),
) -> (String, String) {
    let mut answer: Answer = serde_json::from_str(signed).expect("an answer");
    let Outcome::Settled(settled) = &mut answer.result else { panic!("settled") };
    fault(&mut settled.computed.computation);
    core.sign(Answer::text(answer.ask, body, answer.result))
}

#[test]
fn sums_that_do_not_hold_are_taken_back_at_the_pool_and_refused() {
    type Fault = fn(&mut huitong_medical::model::settle::Computation);
    let faults: [Fault; 6] = [
        |computation| computation.amounts.cash_fen = Fen(1),
        |computation| computation.amounts.lines.total_fen = fen("249.01"),
        |computation| {
            computation.amounts.hospital_share_fen = Fen(-100);
            computation.amounts.cash_fen += Fen(100);
            computation.amounts.person_total_fen += Fen(100);
        },
        |computation| {
            computation.deltas.insert("in_scope_own".to_owned(), Fen(9_999_999_999_999_999));
        },
        |computation| {
            // Nobody has asked for the account.
            computation.amounts.account_fen = computation.amounts.cash_fen;
            computation.amounts.cash_fen = Fen::ZERO;
        },
        |computation| computation.insurance_year = 1999,
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let mut stage = Delegated::new();
        stage.send("message-0001");
        let post = stage.due().remove(0);
        let (text, _) = stage.core.answer(&post.body);
        let wrong = faulty(&stage.core, &post.body, &text, fault);
        assert!(stage.give(&post, wrong), "{number}");
        stage.country.check_books(0, 0);
        assert_eq!(stage.step(), [Step::Reverse], "{number}");
        stage.work();
        assert_eq!(stage.send("message-0001").code(), "MED-8007", "{number}");
        assert_eq!(stage.standing("message-0001"), Some(&Standing::Tombstone));
        assert!(stage.alarms().iter().any(|sentence| sentence.contains("is wrong")), "{number}");
        stage.check_books(0, 0);
    }
}

#[test]
fn an_account_that_cannot_pay_what_the_pool_says_is_not_overdrawn() {
    let mut stage = Delegated::new();
    let mut bill = super::country::bill("message-0001");
    bill.account_wanted = true;
    let bill = Command::SettleBill(Box::new(bill));
    let Called::Waiting(correlation) = stage.country.region.call(VISITED, HOSPITAL, None, bill) else { panic!() };
    stage.country.region.carry_all();
    let post = stage.due().remove(0);
    let (text, _) = stage.core.answer(&post.body);
    let wrong = faulty(&stage.core, &post.body, &text, |computation| {
        computation.amounts.account_fen = computation.amounts.cash_fen;
        computation.amounts.cash_fen = Fen::ZERO;
    });
    stage.give(&post, wrong);
    stage.work();
    assert_eq!(stage.country.region.told[&correlation].as_ref().expect_err("refused").code, "MED-4010");
    assert_eq!(stage.standing("message-0001"), Some(&Standing::Tombstone), "taken back there");
    stage.check_books(0, 0);
}

/// A pool that says no sums, or impossible ones: the refusal stands, with what the node itself knows or with nothing.
fn not_filed_and_no_more(stage: &mut Delegated) {
    let impossible = Alternative { filing: FilingKind::LongStay, fund_total_fen: Fen(-1), gain_fen: Fen(-1) };
    for (key, alternatives, sums) in [("message-0003", Vec::new(), Some(0)), ("message-0004", vec![impossible], None)] {
        stage.send(key);
        let post = stage.due().remove(0);
        let (reason_zh, reason_en) = ("未备案".to_owned(), "not filed".to_owned());
        let code = Some("MED-2005".to_owned());
        let refused =
            PoolRefusal { code, arguments: Vec::new(), reason_zh, reason_en, alternatives, at_home_fen: None };
        let answer = stage.core.sign(Answer::text(post.ask, &post.body, Outcome::Refused(refused)));
        assert!(stage.give(&post, answer));
        stage.work();
        let Called::Refused(refusal) = stage.send(key) else { panic!("refused") };
        assert_eq!(refusal.code, "MED-2005");
        assert_eq!(FilingEffect::carried(&refusal).map(|told| told.alternatives.len()), sums);
    }
}

#[test]
fn the_pool_refuses_by_a_code_of_the_service_or_in_its_own_words() {
    let mut stage = Delegated::of(Country::unfiled());
    stage.send("message-0001");
    stage.work();
    let Called::Refused(refusal) = stage.send("message-0001") else { panic!("refused") };
    assert_eq!(refusal.code, "MED-2005", "not filed");
    let told = FilingEffect::carried(&refusal).expect("the pool says what a filing would give");
    assert_eq!((told.total_fen, told.alternatives.len()), (fen("249.00"), 4));
    assert_eq!(told.term.until, FileUntil::Settlement);
    not_filed_and_no_more(&mut stage);
    stage.send("message-0002");
    let post = stage.due().remove(0);
    let refused = PoolRefusal {
        code: Some("MED-4008".to_owned()),
        arguments: Vec::new(),
        reason_zh: "账户冻结".to_owned(),
        reason_en: "the account is frozen".to_owned(),
        alternatives: Vec::new(),
        at_home_fen: None,
    };
    let answer = stage.core.sign(Answer::text(post.ask, &post.body, Outcome::Refused(refused)));
    assert!(stage.give(&post, answer));
    stage.work();
    let Called::Refused(refusal) = stage.send("message-0002") else { panic!("refused") };
    assert_eq!(refusal.code, "MED-4019", "how a call stands is not for the pool to say");
    assert!(refusal.arguments.contains(&("reason_zh".to_owned(), "账户冻结".to_owned())), "{refusal:?}");
    stage.check_books(0, 0);
}

#[test]
fn a_crash_of_either_node_at_any_step_loses_and_doubles_nothing() {
    for step in 0..5 {
        let mut stage = Delegated::new();
        let crash = |stage: &mut Delegated, now: i32, node: &str| {
            if now == step {
                stage.country.region.restart(division(node));
            }
        };
        stage.send("message-0001");
        crash(&mut stage, 0, HOME);
        let post = stage.due().remove(0);
        let answer = stage.core.answer(&post.body);
        if step == 1 {
            // The answer is lost with the node that has posted; it posts again.
            stage.country.region.restart(division(HOME));
        } else {
            stage.give(&post, answer);
        }
        crash(&mut stage, 2, HOME);
        crash(&mut stage, 3, VISITED);
        stage.work();
        crash(&mut stage, 4, VISITED);
        assert!(matches!(stage.send("message-0001").reply(), Reply::Settled(_)), "step {step}");
        stage.check_books(1, 0);
        assert_eq!((stage.core.booked, stage.core.contras), (1, 0));
    }
}

#[test]
fn a_silent_pool_costs_a_question_its_answer_a_settlement_its_haste_and_the_duty_officer_a_call() {
    let mut stage = Delegated::new();
    let visit = opened(&mut stage);
    let (batch, total) = ("1".to_owned(), None);
    let ask = Command::AskQuote { visit, batch, interim: false, account_wanted: false, total };
    let Called::Waiting(correlation) = stage.country.region.call(VISITED, HOSPITAL, None, ask) else { panic!() };
    stage.country.region.carry_all();
    stage.country.region.pass(DurationMs::seconds(9));
    stage.country.region.carry_all();
    assert_eq!(stage.country.region.told[&correlation].as_ref().expect_err("refused").code, "MED-8005");
    stage.send("message-0001");
    stage.send("message-0002");
    for _ in 0..5 {
        stage.country.region.pass(DurationMs::minutes(2));
        stage.country.region.carry_all();
    }
    let silent = stage.alarms().into_iter().filter(|sentence| sentence.contains("is silent")).count();
    assert_eq!(silent, 1, "once an hour, however many wait");
    assert_eq!(stage.step(), [Step::Reverse, Step::Reverse], "visited has asked for it meanwhile");
    stage.country.region.pass(DurationMs::minutes(61));
    assert_eq!(stage.alarms().into_iter().filter(|sentence| sentence.contains("is silent")).count(), 2);
    stage.work();
    assert_eq!(state(&stage, "message-0001"), CallState::Tombstone);
    stage.check_books(0, 0);
}

#[test]
fn a_stay_is_settled_in_parts_by_the_pool_and_taken_back_from_the_end() {
    let mut stage = Delegated::new();
    let visit = stage.country.admitted("2026-11-10");
    stage.country.add(visit, "1", vec![care("1", "2026-11-10", 20)]).reply();
    let quote = |stage: &mut Delegated, batch: &str, interim: bool| {
        let ask = Command::AskQuote { visit, batch: batch.to_owned(), interim, account_wanted: false, total: None };
        let Reply::Quoted(quote) = stage.ask(None, ask).reply() else { panic!("a quote") };
        *quote
    };
    let settle = |stage: &mut Delegated, quote: &huitong_medical::model::message::Quote, key: &str| {
        let total = quote.computation.amounts.lines.total_fen;
        let (batch, message_id) = (quote.batch.clone(), key.to_owned());
        let command = Command::Settle { visit, batch, quote: quote.quote, message_id, total, sums: None };
        let Reply::Settled(settled) = stage.ask(Some(key), command).reply() else { panic!("settled") };
        *settled
    };
    let first = quote(&mut stage, "1", true);
    let first = settle(&mut stage, &first, "interim-1");
    assert_eq!(first.fund_total_fen, Fen::ZERO, "400.00 of 800.00 are taken");
    stage.country.add(visit, "2", vec![care("2", "2026-11-20", 100)]).reply();
    stage.country.discharge(visit, "2026-11-22").reply();
    let last = quote(&mut stage, "2", false);
    let last = settle(&mut stage, &last, "stay-2");
    assert_eq!(last.fund_total_fen, fen("1344.00"), "1 600.00 × 84 %, as this node would");
    let cancel = |settlement: &str| Command::Cancel { settlement: settlement.to_owned() };
    assert_eq!(stage.ask(None, cancel(&first.settlement)).code(), "MED-4016");
    stage.ask(None, cancel(&last.settlement)).reply();
    stage.ask(None, cancel(&first.settlement)).reply();
    stage.check_books(2, 2);
}

#[test]
fn only_an_own_pool_can_be_said_to_compute() {
    let mut stage = Delegated::new();
    let public_key = stage.core.public_key().parse().expect("a key");
    let pool = division("310100");
    let set = huitong_medical::pool::ask::PoolComputing { pool, delegated: true, public_key, has_endpoint: true };
    let called = stage.country.region.call(HOME, "node", None, Command::SetPoolComputing(set));
    assert_eq!(called.code(), "MED-8008");
}

/// The exchange that the contract shows: the question gets that answer, but for the white space.
#[test]
fn the_example_in_the_contract_is_a_true_one() {
    let contract = include_str!("../../../../../docs/services/medical-pool-endpoint.md");
    let blocks: Vec<&str> = contract.split("```json\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect();
    let [question, shown] = blocks[..] else { panic!("a question and its answer, not {} examples", blocks.len()) };
    let mut stage = Delegated::new();
    let (answer, signature) = stage.core.answer(question);
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    // A new version of the pack is no reason to write the contract anew.
    let timeless = |text: &str| {
        let mut value = value(text);
        let computed = value["result"]["body"]["computed"].as_object_mut().expect("a price");
        computed.retain(|field, _| !matches!(field.as_str(), "version" | "hash" | "grade"));
        value
    };
    assert_eq!(timeless(shown), timeless(&answer), "show this in the contract: {answer}");
    let key = stage.core.public_key().parse().expect("a key");
    let ask = value(question)["ask"].as_str().expect("an ask").parse().expect("an id");
    let outcome = huitong_medical::pool::answer::read(&key, ask, question, &answer, &signature).expect("it counts");
    let Outcome::Settled(settled) = outcome else { panic!("settled") };
    let computation = &settled.computed.computation;
    let asked = huitong_medical::pool::check::Asked {
        sums: computation.amounts.lines,
        care_date: "2026-11-24".parse().expect("a date"),
        account_wanted: false,
        quoted: None,
    };
    assert_eq!(huitong_medical::pool::check::settled(&asked, &settled), Ok(()));
}
