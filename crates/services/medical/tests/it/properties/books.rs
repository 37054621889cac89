//! What must hold of the books of a country after any step, worked out from the signed documents alone.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::money::Fen;
use huitong_medical::model::accumulators::{Deltas, negated};
use huitong_medical::model::amounts::Amounts;
use huitong_medical::model::document::SettledDocument;
use huitong_medical::model::person::Scheme;
use huitong_medical::model::policy::Pack;
use huitong_medical::query::settlements::{Role, Settlement, count_of_visit as settled_count, list};
use huitong_medical::query::totals::pairs;
use huitong_medical::query::what_if::Question;
use huitong_medical::query::{documents, persons, recompute, visits, what_if};
use huitong_service_kit::View;

use crate::country::Country;

pub const VISITED: &str = "310000";
pub const HOMES: [&str; 2] = ["330000", "320000"];

/// The documents of a node in the order of their numbers.
fn settlements(view: View<'_>, role: Role) -> Vec<(Settlement, SettledDocument)> {
    let known = list(view, role, None, None, 10_000).expect("readable");
    let with_document = |settlement: Settlement| {
        let document = documents::document(view, &settlement).unwrap_or_else(|_| panic!("{}", settlement.settlement));
        (settlement, document)
    };
    known.into_iter().map(with_document).collect()
}

fn amounts_of(amounts: &Amounts) -> Vec<Fen> {
    let lines = &amounts.lines;
    let mut all = vec![lines.total_fen, lines.own_fen, lines.over_fen, lines.pre_fen, lines.eligible_fen];
    all.extend([amounts.deductible_fen, amounts.fund_total_fen, amounts.person_total_fen, amounts.account_fen]);
    all.extend([amounts.mutual_aid_fen, amounts.cash_fen, amounts.hospital_share_fen]);
    all.extend(amounts.funds.iter().map(|fund| fund.paid_fen));
    all
}

/// I2 to I6 of one document, and of a contra against its original.
fn check_document(document: &SettledDocument, original: Option<&SettledDocument>) {
    let (amounts, name) = (&document.amounts, &document.settlement);
    let lines = &amounts.lines;
    assert_eq!(lines.total_fen, lines.own_fen + lines.over_fen + lines.pre_fen + lines.eligible_fen, "I2: {name}");
    assert_eq!(
        lines.total_fen,
        amounts.fund_total_fen + amounts.person_total_fen + amounts.hospital_share_fen,
        "I3: {name}"
    );
    assert_eq!(amounts.fund_total_fen, amounts.funds.iter().map(|fund| fund.paid_fen).sum(), "I4: {name}");
    let paid = amounts.account_fen + amounts.mutual_aid_fen + amounts.cash_fen;
    assert_eq!(amounts.person_total_fen, paid, "I5: {name}");
    match original {
        None => assert!(amounts_of(amounts).iter().all(|amount| !amount.is_negative()), "I6: {name}"),
        Some(original) => {
            assert_eq!(*amounts, original.amounts.negated(), "I6: {name} mirrors its original");
            assert_eq!(document.deltas, negated(&original.deltas), "I7: {name} takes back what was added");
        }
    }
}

type Year = (String, Scheme, i16);

/// I7 and I8: the accumulators are the sum of what the documents add, in order; caps hold.
fn check_accumulators(view: View<'_>, known: &[(Settlement, SettledDocument)], pack: &Pack) {
    let mut years: BTreeMap<Year, (u64, Deltas)> = BTreeMap::new();
    for (settlement, document) in known {
        let year = (document.person.clone(), document.scheme, document.insurance_year);
        let (version, amounts) = years.entry(year).or_default();
        // A contra repeats the version of its original.
        if settlement.contra_of.is_none() {
            let name = &settlement.settlement;
            assert_eq!(document.accumulators_version, *version, "I7: {name} follows the one before");
        }
        *version += 1;
        for (key, delta) in &document.deltas {
            *amounts.entry(key.clone()).or_default() += *delta;
        }
        amounts.retain(|_, amount| *amount != Fen::ZERO);
    }
    for ((person, scheme, year), (version, amounts)) in years {
        let held = persons::accumulators(view, &person, scheme, year).expect("readable");
        assert_eq!((held.version, &held.amounts), (version, &amounts), "I7: accumulators of {person} in {year}");
        assert!(amounts.values().all(|amount| !amount.is_negative()), "I7: {person} has used nothing below zero");
        for cap in &pack.caps {
            let most = cap.amounts.iter().map(|cell| cell.amount).max().expect("a cap has a cell");
            assert!(held.get(&cap.key()) <= most, "I8: cap {} of {person}", cap.id);
        }
    }
}

/// I10: one settlement a call, and one that stands a visit and batch.
fn check_once(known: &[(Settlement, SettledDocument)]) {
    let (mut calls, mut batches) = (BTreeSet::new(), BTreeSet::new());
    for (settlement, _) in known.iter().filter(|(settlement, _)| settlement.contra_of.is_none()) {
        let call = (&settlement.call.institution, &settlement.call.message_id);
        assert!(calls.insert(call), "I10: the call {call:?} was settled twice");
        let batch = (&settlement.visit, &settlement.batch);
        assert!(settlement.state != "settled" || batches.insert(batch), "I10: the batch {batch:?} stands twice");
    }
}

/// Everything that holds at any moment, whatever is still on its way.
pub fn check(country: &Country, packs: &[(&str, Pack)]) {
    let mut homes = BTreeMap::new();
    for (home, pack) in packs {
        let view = country.region.view(home);
        let known = settlements(view, Role::Home);
        for (settlement, document) in &known {
            let original = settlement.contra_of.as_ref().map(|of| {
                let found = known.iter().find(|(other, _)| other.settlement == *of);
                &found.unwrap_or_else(|| panic!("the original {of} of a contra")).1
            });
            check_document(document, original);
        }
        check_accumulators(view, &known, pack);
        check_once(&known);
        for person in known.iter().map(|(settlement, _)| &settlement.person).collect::<BTreeSet<_>>() {
            let held = persons::balances(view, person).expect("readable");
            let balances = [held.current_fen, held.history_fen, held.mutual_aid_fen];
            assert!(balances.iter().all(|balance| !balance.is_negative()), "I9: {held:?}");
        }
        homes.extend(known.into_iter().map(|(settlement, _)| (settlement.settlement, settlement.document)));
    }
    let visited = settlements(country.region.view(VISITED), Role::Visited);
    check_once(&visited);
    for (settlement, _) in &visited {
        let booked = homes.get(&settlement.settlement);
        assert_eq!(booked, Some(&settlement.document), "I11: {} is what home has booked", settlement.settlement);
    }
    for node in HOMES.iter().chain([&VISITED]) {
        assert!(huitong_ledger::report::adds_up(country.region.view(node)).expect("readable"), "{node}");
    }
}

/// What each document has moved between the nodes, in the book of one of them, by document and fund.
fn owed(view: View<'_>, prefix: &str, sign: i64) -> BTreeMap<(String, String), Fen> {
    let mut owed: BTreeMap<(String, String), Fen> = BTreeMap::new();
    let sides = [("debit", sign), ("credit", -sign)];
    for (column, sign) in sides {
        let sql = format!(
            "SELECT reference, {column}, amount_fen FROM ledger_transfer
             WHERE {column} LIKE ?1 || '/%' AND reference NOT LIKE 'clearing/%'"
        );
        let rows = view.all(&sql, [prefix], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?)));
        for (reference, account, amount) in rows.expect("readable") {
            let part = account.rsplit('/').next().unwrap_or_default().to_owned();
            *owed.entry((reference, part)).or_default() += Fen(sign * amount);
        }
    }
    owed
}

/// Both sides say the same of every visit, and a stay is closed exactly where it is over and nothing of it is left.
fn check_visits(country: &Country) {
    let view = country.region.view(VISITED);
    let rows = view.all("SELECT visit FROM visited_visit WHERE number IS NOT NULL", [], |row| row.get::<_, String>(0));
    for visit in rows.expect("readable") {
        let visit = visit.parse().expect("an id");
        let known = visits::visited_visit(view, visit).expect("readable").expect("listed");
        let number = known.number.as_deref().expect("home has answered");
        let home = country.region.view(known.home.as_str());
        let home = visits::home_visit(home, number).expect("readable").expect("issued");
        assert_eq!((&known.state, known.ended_on), (&home.state, home.ended_on), "{number} on both sides");
        let settled = settled_count(view, Role::Visited, number).expect("readable");
        assert_eq!(home.stay.settlements, settled, "{number} on both sides");
        if known.is_stay() && matches!(known.state.as_str(), "discharged" | "closed") {
            let batches = visits::batches(view, visit).expect("readable");
            let is_whole = settled > 0 && batches.iter().all(|(_, state)| state == "settled");
            assert_eq!(known.state == "closed", is_whole, "{number}: {batches:?}");
        }
    }
}

/// Everything that holds when nothing is on its way any more.
pub fn check_end(country: &Country, packs: &[(&str, Pack)]) {
    check(country, packs);
    check_visits(country);
    let visited = pairs(country.region.view(VISITED), Role::Visited).expect("readable");
    let homes: Vec<_> =
        packs.iter().flat_map(|(home, _)| pairs(country.region.view(home), Role::Home).expect("readable")).collect();
    let by_home = |pairs: &[_]| {
        let pairs: &[huitong_medical::query::totals::PairTotals] = pairs;
        pairs.iter().map(|pair| (pair.home.clone(), pair.clone())).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(by_home(&visited), by_home(&homes), "I12: both sides' sums are equal");
    for (home, pack) in packs {
        let receivable = owed(country.region.view(VISITED), &format!("receivable/{home}"), 1);
        let payable = owed(country.region.view(home), &format!("payable/{VISITED}"), -1);
        assert_eq!(receivable, payable, "I12: per document");
        let path = country.folder.path().join(format!("{home}.db"));
        let journal = huitong_store::journal::open_reader(&path).expect("opens");
        let recomputed = recompute::all(&journal, None).expect("readable");
        let booked = list(country.region.view(home), Role::Home, None, None, 10_000).expect("readable");
        let computed = booked.iter().filter(|settlement| settlement.contra_of.is_none()).count() as u64;
        assert_eq!((recomputed.computed, recomputed.differing), (computed, Vec::new()), "I16: {home}");
        let found = what_if::run(&journal, &Question { pack, period: None }).expect("readable");
        let standing = booked.iter().filter(|settlement| settlement.state == "settled").count() as u64;
        assert_eq!(found.total.settlements, standing, "what was taken back is not played again");
        assert!(found.largest.is_empty() && found.refused.is_empty(), "under its own pack nothing changes: {found:?}");
    }
    assert_eq!(country.region.replay_differences(), [], "views equal replay");
}

/// I17: nothing of a person is in the files of a node that has nothing to do with the person.
pub fn check_private(country: &Country, node: &str, secrets: &[&str]) {
    for ending in ["db", "db-wal"] {
        let bytes = std::fs::read(country.folder.path().join(format!("{node}.{ending}"))).unwrap_or_default();
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "I17: {node}.{ending} holds {secret}");
        }
    }
}
