//! A hospital that has lost everything has it back from the journal: outpatients and stays, parts of stays, what was cancelled, refunded and
//! reversed, each as it was signed, with the lines that it was settled for.

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use huitong_medical::command::{Command, ReconcileWish, Reply};
use huitong_medical::http::records::RecordItem;
use huitong_medical::model::lines::hash_of;
use huitong_medical::model::reconciliation::Row;
use huitong_medical::query::records::{self, Record};
use huitong_medical::query::settlements::{Role, list};
use serde_json::Value;

use super::country::{Country, HOSPITAL};
use super::lanes::{HOME, VISITED, cut};
use super::settlement::used_up_deductible;
use super::stays::care;

/// Everything of the hospital, page by page.
fn exported(country: &Country) -> Vec<Record> {
    let today = country.region.now.business_date();
    let (mut found, mut after) = (Vec::new(), (String::new(), String::new()));
    loop {
        let view = country.region.view(VISITED);
        let page = records::list(view, HOSPITAL, (today, today), (&after.0, &after.1), 3).expect("readable");
        let Some((day, last)) = page.last() else { return found };
        after = (day.clone(), last.document.settlement.clone());
        found.extend(page.into_iter().map(|(_, record)| record));
    }
}

/// A busy day: nothing of it is left out.
fn lived() -> Country {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    for (message_id, way) in [("cancelled", 0), ("refunded", 1), ("reversed", 2)] {
        let settled = country.settled(message_id);
        if way == 1 {
            cut(&mut country, HOME, "2026-11");
            cut(&mut country, VISITED, "2026-11");
            country.region.carry_all();
        }
        let take_back = match way {
            0 => Command::Cancel { settlement: settled.settlement },
            1 => Command::Refund { settlement: settled.settlement },
            _ => Command::Reverse { message_id: message_id.to_owned() },
        };
        country.region.ask(VISITED, HOSPITAL, None, take_back).reply();
    }
    // A stay in two parts; the second is taken back, changed and settled anew.
    let visit = country.admitted("2026-11-10");
    country.add(visit, "1", vec![care("1", "2026-11-10", 20)]).reply();
    country.settle_stay(visit, "1", true, "interim-1");
    let many =
        |first: usize, count: usize| (first..first + count).map(|n| care(&n.to_string(), "2026-11-20", 1)).collect();
    for first in (2..1_102).step_by(100) {
        country.add(visit, "2", many(first, 100)).reply();
    }
    country.discharge(visit, "2026-11-22").reply();
    let (_, whole) = country.settle_stay(visit, "2", false, "stay-2");
    country.region.ask(VISITED, HOSPITAL, None, Command::Refund { settlement: whole.settlement }).reply();
    country.region.call(VISITED, HOSPITAL, None, Command::RevokeLines { visit, batch: "2".to_owned() }).reply();
    country.add(visit, "2", vec![care("5000", "2026-11-21", 70)]).reply();
    country.settle_stay(visit, "2", false, "stay-3");
    country
}

#[test]
fn the_exported_records_are_exactly_the_settlements_of_the_node() {
    let country = lived();
    let known = list(country.region.view(VISITED), Role::Visited, Some(HOSPITAL), None, 100).expect("readable");
    assert_eq!(known.len(), 3 + 2 * 3 + 1 + 3);
    let mut records: BTreeMap<String, Record> = BTreeMap::new();
    for record in exported(&country) {
        assert!(records.insert(record.document.settlement.clone(), record).is_none(), "each once");
    }
    assert_eq!(records.len(), known.len());
    for known in &known {
        let Record { document, hash, lines } = &records[&known.settlement];
        assert_eq!((*hash, &document.message_id), (known.document, &known.call.message_id));
        assert_eq!((&document.visit, &document.batch), (&known.visit, &known.batch));
        assert_eq!((document.settled_at, &document.contra_of), (known.settled_at, &known.contra_of));
        let amounts = &document.amounts;
        let accounts = amounts.account_fen + amounts.mutual_aid_fen;
        assert_eq!((amounts.lines.total_fen, amounts.fund_total_fen), (known.total_fen, known.fund_total_fen));
        assert_eq!((accounts, amounts.cash_fen), (known.account_fen, known.cash_fen));
        if known.contra_of.is_none() {
            let sum: Fen = lines.iter().map(|line| line.total_fen).sum();
            assert_eq!(sum, known.total_fen, "{} with its own lines", known.settlement);
            assert_eq!(hash_of(lines).expect("JSON"), Some(document.lines_hash), "{}", known.settlement);
        }
    }
}

/// From what `huitong medical rebuild` writes alone.
fn row(item: &Value) -> Row {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let amount = |name: &str| text(&item["settlement"][name]).parse::<Fen>().expect("an amount");
    Row {
        settlement: text(&item["settlement"]["settlement"]),
        visit: text(&item["settlement"]["visit"]),
        person: text(&item["person"]),
        total_fen: amount("total_fee"),
        fund_fen: amount("fund_total"),
        account_fen: amount("account") + amount("mutual_aid"),
        is_contra: item["settlement"]["contra_of"].is_string(),
    }
}

#[test]
fn a_hospital_with_the_rebuilt_records_has_no_difference_left() {
    let mut country = lived();
    let today = country.region.now.business_date();
    let items =
        exported(&country).into_iter().map(|record| serde_json::to_value(RecordItem::from(record)).expect("JSON"));
    let rows: Vec<Row> = items.map(|item| row(&item)).collect();
    for (rows, differences) in [(Vec::new(), rows.len()), (rows, 0)] {
        let wish = ReconcileWish { from: today, to: today, home: None, rows, stated: None };
        match country.region.call(VISITED, HOSPITAL, None, Command::Reconcile(Box::new(wish))).reply() {
            Reply::Reconciled(made) => assert_eq!(made.differences.len(), differences, "{:#?}", made.differences),
            other => panic!("a reconciliation, not {other:?}"),
        }
    }
}
