//! Both sides tell the clearings of their nodes the same documents, in the same order, under the same numbers; what clearing says
//! is booked once; and the books stay comparable whoever is told first.

use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::DurationMs;
use huitong_ledger::clearing::{Cleared, Cut, Share};
use huitong_medical::command::{AccountBucket, Command, Reply, SettledReply};
use huitong_medical::model::message::{Message, PeriodMarker};
use huitong_medical::query::settlements::Role;
use huitong_medical::query::totals::open;

use super::calculation::fen;
use super::country::{Country, HOSPITAL, PERSON, bill, division, owed};
use super::lanes::{
    HOME, Told, VISITED, bytes, check, check_arrived, cut, documents, given_back, lane, paid, period, refused, say,
    told, wish_back,
};
use super::settlement::{quoted, settle, used_up_deductible};

fn send(country: &mut Country, message_id: &str) {
    let command = Command::SettleBill(Box::new(bill(message_id)));
    country.region.call(VISITED, HOSPITAL, Some(message_id), command);
}

fn cancel(country: &mut Country, settlement: &str) {
    let cancel = Command::Cancel { settlement: settlement.to_owned() };
    country.region.ask(VISITED, HOSPITAL, None, cancel).reply();
}

/// A settlement of which the funds pay a part.
fn with_funds(country: &mut Country) -> SettledReply {
    used_up_deductible(country);
    country.settled("message-0001")
}

#[test]
fn bills_settlements_by_steps_and_what_takes_them_back_are_told_alike_by_both_sides() {
    let mut country = Country::new();
    let settled = with_funds(&mut country);
    let credit =
        Command::CreditAccount { person: PERSON.to_owned(), bucket: AccountBucket::History, amount: fen("30.00") };
    country.region.call(HOME, "pool", None, credit).reply();
    let (visit, quote) = quoted(&mut country, true);
    let Reply::Settled(by_steps) = settle(&mut country, visit, &quote, "message-0002").reply() else {
        panic!("settled")
    };
    check_arrived(&country);
    let told = documents(&country, VISITED);
    let document = &told.last().expect("told").documents[0];
    assert_eq!(document.number, by_steps.settlement);
    assert_eq!((document.creditor, document.debtor), (division(VISITED), division(HOME)));
    assert_eq!((document.kind.as_str(), document.of), ("settlement", None));
    assert_eq!(document.day.to_string(), "2026-11-24");
    assert_eq!(document.amount_fen, by_steps.fund_total_fen + by_steps.account_fen);
    assert!(
        document.parts.contains(&("account".to_owned(), fen("30.00"))),
        "the account's part is named: {document:?}"
    );

    cancel(&mut country, &by_steps.settlement);
    let reverse = Command::Reverse { message_id: "message-0001".to_owned() };
    country.region.ask(VISITED, HOSPITAL, None, reverse).reply();
    check_arrived(&country);
    let told = documents(&country, HOME);
    let contras = &told[told.len() - 2..];
    for (contra, number) in contras.iter().zip([&by_steps.settlement, &settled.settlement]) {
        let contra = &contra.documents[0];
        let original = told.iter().find(|told| told.documents[0].number == *number).expect("told before");
        let original = &original.documents[0];
        assert_eq!((contra.kind.as_str(), contra.of), ("contra", Some(original.id)), "a contra names what it changes");
        assert_eq!((contra.amount_fen, contra.day), (-original.amount_fen, original.day));
    }
    country.check_books(5, 2);
}

#[test]
fn the_first_bills_of_a_year_owe_nothing_and_are_told_all_the_same() {
    let mut country = Country::new();
    country.settled("message-0001");
    check_arrived(&country);
    let told = documents(&country, VISITED);
    assert_eq!((told[0].documents[0].amount_fen, &told[0].documents[0].parts[..]), (Fen::ZERO, &[][..]));
}

#[test]
fn what_books_nothing_is_not_told_and_what_comes_twice_is_told_once() {
    let mut country = Country::new();
    let settled = country.settled("message-0001");
    country.settled("message-0001");
    let answer = bytes(&country, VISITED, &lane(), 1).expect("the answer");
    country.region.deliver(&lane(), 1, vec![answer.clone()]);
    assert_eq!(documents(&country, VISITED).len(), 1, "the same message once more");
    let reverse = Command::Reverse { message_id: "message-0009".to_owned() };
    country.region.call(VISITED, HOSPITAL, None, reverse).reply();
    send(&mut country, "message-0009");
    let mut unknown = bill("message-0010");
    unknown.visit.certificate.number = "330102190001010000".to_owned();
    country.region.ask(VISITED, HOSPITAL, None, Command::SettleBill(Box::new(unknown))).code();
    cancel(&mut country, &settled.settlement);
    let again = Command::Cancel { settlement: settled.settlement };
    country.region.ask(VISITED, HOSPITAL, None, again).code();
    check_arrived(&country);
    assert_eq!(documents(&country, HOME).len(), 2);
    // The same document under a new number: visited holds it already.
    let next = huitong_store::feeds::next_number(country.region.view(VISITED), &lane()).expect("readable");
    country.region.deliver(&lane(), next, vec![answer]);
    assert_eq!(documents(&country, VISITED).len(), 2);
    assert_eq!(refused(&country, VISITED), ["MED-8001"], "the call has ended");
}

#[test]
fn an_answer_that_comes_after_the_reversal_was_sent_is_told_and_so_is_its_contra() {
    let mut country = Country::new();
    send(&mut country, "message-0001");
    country.region.carry(VISITED, HOME);
    assert_eq!((documents(&country, HOME).len(), documents(&country, VISITED).len()), (1, 0), "home is ahead");
    check(&country);
    country.region.pass(DurationMs::seconds(11));
    country.region.pass(DurationMs::minutes(6));
    country.region.carry_all();
    check_arrived(&country);
    let kinds: Vec<_> = documents(&country, VISITED).iter().map(|told| told.documents[0].kind.clone()).collect();
    assert_eq!(kinds, ["settlement", "contra"]);
}

#[test]
fn the_cut_falls_at_one_place_of_the_lane_and_what_is_under_way_is_on_the_same_side_of_it_for_both() {
    let mut country = Country::new();
    country.settled("message-0001");
    // One bill is on its way to home, one answer on its way back, when home and visited cut.
    send(&mut country, "message-0002");
    country.region.carry(VISITED, HOME);
    send(&mut country, "message-0003");
    cut(&mut country, HOME, "2026-11");
    cut(&mut country, HOME, "2026-11");
    cut(&mut country, VISITED, "2026-11");
    check(&country);
    country.region.carry_all();
    check_arrived(&country);
    let at_visited = told(&country, VISITED, HOME, VISITED);
    let place = |told: &Told| matches!(told, Told::Marker(_));
    assert_eq!(at_visited.iter().map(place).collect::<Vec<_>>(), [false, false, true, false], "{at_visited:?}");
    let Told::Documents(late) = &at_visited[3] else { panic!("a document after the cut") };
    assert_eq!(late.documents[0].day.to_string(), "2026-11-24", "it falls into the next period with its own day");
    let back = told(&country, HOME, VISITED, HOME);
    assert_eq!(back.len(), 1, "the lane to home carries no documents, and one marker: {back:?}");
}

#[test]
fn every_other_jurisdiction_gets_a_marker_and_this_one_none() {
    let mut country = Country::new();
    country.region.join("320000");
    cut(&mut country, HOME, "2026-11");
    country.region.carry_all();
    for to in [VISITED, "320000"] {
        let sent = told(&country, HOME, HOME, to);
        let [Told::Marker(marker)] = &sent[..] else { panic!("one marker to {to}: {sent:?}") };
        assert_eq!((marker.number, marker.period), (1, period("2026-11")));
        assert_eq!(told(&country, to, HOME, to), sent);
    }
    assert_eq!(told(&country, HOME, HOME, HOME), []);
}

#[test]
fn a_crash_of_either_node_tells_nothing_twice_and_forgets_nothing() {
    for step in 0..4 {
        let mut country = Country::new();
        let crash = |country: &mut Country, now: i32, node: &str| {
            if now == step {
                country.region.restart(division(node));
                check(country);
            }
        };
        send(&mut country, "message-0001");
        crash(&mut country, 0, HOME);
        country.region.carry(VISITED, HOME);
        crash(&mut country, 1, HOME);
        cut(&mut country, HOME, "2026-11");
        crash(&mut country, 2, HOME);
        country.region.carry(HOME, VISITED);
        crash(&mut country, 3, VISITED);
        country.region.carry_all();
        check_arrived(&country);
        assert_eq!(told(&country, VISITED, HOME, VISITED).len(), 2, "step {step}");
    }
}

#[test]
fn what_is_paid_is_booked_once_on_each_side_and_the_books_compare_whoever_is_told_first() {
    let mut country = Country::new();
    let settled = with_funds(&mut country);
    let (fund, amount) = (settled.funds[0].fund.clone(), settled.fund_total_fen.0);
    let before = country.check_books(4, 0);
    let still_open = |country: &Country, node: &str, role| {
        let pair = open(country.region.view(node), role).expect("readable").remove(0);
        (pair.open_fen.get(&fund).copied(), pair.cleared_fen.get(&fund).copied())
    };
    paid(&mut country, HOME, "2026-11", &[(&fund, amount)]);
    assert_eq!(still_open(&country, HOME, Role::Home), (Some(Fen::ZERO), Some(Fen(amount))));
    assert_eq!(still_open(&country, VISITED, Role::Visited), (Some(Fen(amount)), None), "visited is not told yet");
    assert_eq!(country.check_books(4, 0), before, "and still both books say the same of their documents");
    for _ in 0..2 {
        paid(&mut country, VISITED, "2026-11", &[(&fund, amount)]);
        assert_eq!(still_open(&country, VISITED, Role::Visited), (Some(Fen::ZERO), Some(Fen(amount))));
    }
    // The bill is taken back after it was paid: what comes back is paid the other way in the next period.
    cancel(&mut country, &settled.settlement);
    assert_eq!(still_open(&country, VISITED, Role::Visited), (Some(Fen(-amount)), Some(Fen(amount))));
    for node in [VISITED, HOME] {
        paid(&mut country, node, "2026-12", &[(&fund, -amount)]);
    }
    assert_eq!(still_open(&country, VISITED, Role::Visited), (Some(Fen::ZERO), Some(Fen::ZERO)));
    assert_eq!(still_open(&country, HOME, Role::Home), (Some(Fen::ZERO), Some(Fen::ZERO)));
    country.check_books(4, 1);
    check_arrived(&country);
    // The same share with another amount is not booked; the duty officer is told.
    paid(&mut country, HOME, "2026-12", &[(&fund, 1)]);
    assert_eq!(still_open(&country, HOME, Role::Home), (Some(Fen::ZERO), Some(Fen::ZERO)));
}

#[test]
fn a_wrong_share_is_refused_with_all_that_was_told_beside_it() {
    let mut country = Country::new();
    let share = |creditor: &str, debtor: &str, part: &str, amount| Share {
        creditor: division(creditor),
        debtor: division(debtor),
        part: part.to_owned(),
        amount_fen: Fen(amount),
    };
    let good = share(VISITED, HOME, "310101", 100);
    let wrong = [
        share("320000", HOME, "310101", 100),
        share(VISITED, "320000", "310101", 100),
        share(HOME, HOME, "310101", 100),
        share(VISITED, HOME, "", 100),
        good.clone(),
    ];
    let count = wrong.len();
    for wrong in wrong {
        let shares = vec![good.clone(), wrong];
        let cleared = Cleared { period: period("2026-11"), peer: division(VISITED), shares };
        say(&mut country, (HOME, "clearing"), HOME, Message::Cleared(cleared));
    }
    assert_eq!(refused(&country, HOME), vec!["MED-8004"; count]);
    assert_eq!(owed(&country.check_books(0, 0)), Fen::ZERO);
    // Both directions of one period, told apart: each is booked.
    for share in [good, share(HOME, VISITED, "310101", 7)] {
        let cleared = Cleared { period: period("2026-11"), peer: division(VISITED), shares: vec![share] };
        say(&mut country, (HOME, "clearing"), HOME, Message::Cleared(cleared));
    }
    let balance = |code: &str| {
        let account = huitong_ledger::AccountCode::new(&[code]);
        let balance = huitong_ledger::book::balance(country.region.view(HOME), &account).expect("readable");
        balance.debits_posted - balance.credits_posted
    };
    assert_eq!(balance("payable/310000/310101"), Fen(100));
    assert_eq!(balance("receivable/310000/310101"), Fen(-7));
    assert_eq!(balance("clearing/310000"), Fen(-93));
}

#[test]
fn a_lost_contest_takes_the_whole_settlement_back_and_clearing_is_answered_at_once() {
    let mut country = Country::new();
    let settled = with_funds(&mut country);
    let document = documents(&country, VISITED).last().expect("told").documents[0].id;
    wish_back(&mut country, 1, document, &settled.settlement, 0);
    let codes = |country: &Country| given_back(country).into_iter().map(|answer| answer.refused).collect::<Vec<_>>();
    assert_eq!(codes(&country), [None], "asked");
    // Asked twice before home has answered: home books one contra.
    wish_back(&mut country, 2, document, &settled.settlement, 0);
    country.region.carry_all();
    country.check_books(4, 1);
    check_arrived(&country);
    let contra = documents(&country, VISITED).last().expect("told").documents[0].clone();
    assert_eq!(contra.of, Some(document));

    let other = documents(&country, VISITED)[2].documents[0].clone();
    wish_back(&mut country, 3, document, &settled.settlement, 0);
    wish_back(&mut country, 4, document, &other.number, 0);
    wish_back(&mut country, 5, other.id, "A3301002611249999999", 0);
    wish_back(&mut country, 6, other.id, &other.number, 1);
    wish_back(&mut country, 7, contra.id, &contra.number, 0);
    let refusals = ["MED-4008", "MED-4007", "MED-4007", "MED-5008", "MED-5008"].map(|code| Some(code.to_owned()));
    assert_eq!(codes(&country)[2..], refusals);
    country.region.carry_all();
    country.check_books(4, 1);
}

#[test]
fn only_the_own_clearing_is_heard_and_of_peers_only_their_medical_service_marks_periods() {
    let mut country = Country::new();
    let settled = with_funds(&mut country);
    let amount = settled.fund_total_fen.0;
    let messages = || {
        let share = Share {
            creditor: division(VISITED),
            debtor: division(HOME),
            part: settled.funds[0].fund.clone(),
            amount_fen: Fen(amount),
        };
        let cleared = Cleared { period: period("2026-11"), peer: division(HOME), shares: vec![share] };
        vec![Message::Cut(Cut { period: period("2026-11") }), Message::Cleared(cleared)]
    };
    let before = messages_count(&country);
    for from in [(HOME, "clearing"), (HOME, "medical"), (VISITED, "registry"), (VISITED, "medical")] {
        for message in messages() {
            say(&mut country, from, VISITED, message);
        }
    }
    let marker = || Message::PeriodMarker(PeriodMarker { period: period("2026-11") });
    for from in [(HOME, "clearing"), (HOME, "registry"), (VISITED, "clearing"), (VISITED, "medical")] {
        say(&mut country, from, VISITED, marker());
    }
    assert_eq!(refused(&country, VISITED), vec!["MED-8003"; 12]);
    assert_eq!(messages_count(&country), before, "nobody was told anything");
    country.check_books(4, 0);
}

#[test]
fn home_cannot_take_back_by_itself_what_it_owes() {
    let mut country = Country::new();
    let kept = country.settled("message-0001");
    let taken_back = country.settled("message-0002");
    cancel(&mut country, &taken_back.settlement);
    let number = documents(&country, VISITED).last().expect("the contra").number;
    let contra = String::from_utf8(bytes(&country, HOME, &lane(), number).expect("sent")).expect("JSON");
    // The same answer again with another number, and one that takes back the settlement that stands.
    let again = contra.replacen("0000003\"", "0000009\"", 1);
    let other = again.replace(&taken_back.settlement, &kept.settlement);
    assert!(contra != again && again != other);
    for message in [again, other] {
        let next = huitong_store::feeds::next_number(country.region.view(VISITED), &lane()).expect("readable");
        country.region.deliver(&lane(), next, vec![message.into_bytes()]);
    }
    assert_eq!(refused(&country, VISITED), ["MED-8001", "MED-8001"], "nobody asked");
    check(&country);
    // Asked to take back one, home takes back another.
    let command = Command::Cancel { settlement: kept.settlement.clone() };
    country.region.call(VISITED, HOSPITAL, None, command);
    country.region.carry(VISITED, HOME);
    let next = huitong_store::feeds::next_number(country.region.view(VISITED), &lane()).expect("readable");
    // The last message is the contra's receipt, the one before it the answer.
    let sent = huitong_store::feeds::next_number(country.region.view(HOME), &lane()).expect("readable") - 2;
    let answer = String::from_utf8(bytes(&country, HOME, &lane(), sent).expect("sent")).expect("JSON");
    let other = answer.replace(&kept.settlement, &taken_back.settlement);
    let more = answer.replace("\"cash_fen\":-", "\"cash_fen\":-1");
    assert!(answer != other && answer != more);
    let entries = [other, more, answer].map(String::into_bytes);
    country.region.deliver(&lane(), next, entries.into());
    assert_eq!(refused(&country, VISITED)[2..], ["MED-8002", "MED-8002"]);
    assert_eq!(documents(&country, VISITED).len(), 4, "the honest answer is taken");
}

fn messages_count(country: &Country) -> u64 {
    let sql = "SELECT COUNT(*) FROM journal WHERE kind = 'sent'";
    country.region.view(VISITED).one(sql, [], |row| row.get(0)).expect("readable").expect("a count")
}

#[test]
fn what_visited_refuses_it_does_not_tell_so_that_the_difference_shows() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    send(&mut country, "message-0001");
    country.region.carry(VISITED, HOME);
    let number = huitong_store::feeds::next_number(country.region.view(VISITED), &lane()).expect("readable");
    let honest = String::from_utf8(bytes(&country, HOME, &lane(), number).expect("sent")).expect("JSON");
    let wrong = honest.replace("\"account_fen\":0", "\"account_fen\":100");
    assert_ne!(honest, wrong);
    country.region.deliver(&lane(), number, vec![wrong.into_bytes()]);
    assert_eq!(refused(&country, VISITED), ["MED-8002"]);
    assert_eq!((documents(&country, HOME).len(), documents(&country, VISITED).len()), (4, 3));
    // Taken back by the timer, the contra of what visited never held is refused too: home has told two more documents than visited,
    // of the same amount and opposite signs, and nobody owes anything for them.
    country.region.pass(DurationMs::seconds(11));
    country.region.pass(DurationMs::minutes(6));
    country.region.carry_all();
    assert_eq!(refused(&country, VISITED), ["MED-8002", "MED-8002"]);
    let told = documents(&country, HOME);
    assert_eq!((told.len(), documents(&country, VISITED).len()), (5, 3));
    assert_eq!(told[3].documents[0].amount_fen + told[4].documents[0].amount_fen, Fen::ZERO);
}

/// One step of a random afternoon.
fn step(country: &mut Country, random: &mut RandomSource, serial: u64) {
    let known = documents(country, VISITED);
    let node = *random.pick(&[VISITED, HOME]);
    match random.below(12) {
        0..=3 => send(country, &format!("message-{serial:04}")),
        4 => drop(country.region.carry(VISITED, HOME)),
        5 => drop(country.region.carry(HOME, VISITED)),
        6 if !known.is_empty() => {
            let settlement = random.pick(&known).documents[0].number.clone();
            country.region.call(VISITED, HOSPITAL, None, Command::Cancel { settlement });
        }
        7 => {
            let message_id = format!("message-{:04}", random.below(serial + 1));
            country.region.call(VISITED, HOSPITAL, None, Command::Reverse { message_id });
        }
        8 => cut(country, node, &format!("2027-{:02}", random.below(12) + 1)),
        9 => country.region.pass(DurationMs::seconds(5 * random.below(30) as i64)),
        10 => {
            country.region.pass(DurationMs(1));
            country.region.restart(division(node));
        }
        _ => {
            paid(country, node, &format!("2027-{:02}", random.below(12) + 1), &[("310101", random.below(9) as i64 - 4)])
        }
    }
}

#[test]
fn whatever_the_order_of_bills_cancellations_cuts_and_crashes_both_clearings_are_told_the_same() {
    let (mut contras, mut markers, mut owed) = (0, 0, 0);
    for seed in 0..12 {
        println!("seed {seed}");
        let mut random = RandomSource::from_number(seed);
        let mut country = Country::new();
        for serial in 0..60 {
            step(&mut country, &mut random, serial);
            country.region.pass(DurationMs(1));
            check(&country);
        }
        country.region.carry_all();
        check_arrived(&country);
        let of_lane = told(&country, VISITED, HOME, VISITED);
        markers += of_lane.iter().filter(|told| matches!(told, Told::Marker(_))).count();
        let documents = documents(&country, VISITED);
        contras += documents.iter().filter(|told| told.documents[0].of.is_some()).count();
        owed += documents.iter().filter(|told| told.documents[0].amount_fen != Fen::ZERO).count();
    }
    println!("{contras} contras, {markers} markers, {owed} documents that move money");
    assert!(contras > 5 && markers > 5 && owed > 20, "the afternoons hold all of it");
}
