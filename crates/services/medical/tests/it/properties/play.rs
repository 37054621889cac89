//! A story as it goes on: two persons of two homes are treated in Shanghai; what was asked and told, to ask the same again and to
//! demand the same answer.

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use huitong_medical::command::{BillWish, Command, Reply, SettledReply, VisitWish};
use huitong_medical::model::filing::{FilingKind, FilingWish};
use huitong_medical::model::lines::Line;
use huitong_medical::model::message::{Certificate, Message, Quote};
use huitong_medical::model::person::CareType;
use huitong_medical::model::policy::Pack;
use huitong_medical::model::published::InsuredPublished;
use huitong_medical::query::settlements::{Role, list, of_batch};
use huitong_medical::query::visits::visited_batch;
use huitong_service_kit::harness::Called;
use huitong_service_kit::toml_data::json_text;
use proptest::sample::Index;
use uuid::Uuid;

use super::books::{HOMES, VISITED};
use super::clearings::Clearings;
use crate::calculation::pack;
use crate::country::{CARD, Country, HOSPITAL, bill, division, institution, insured, line};
use crate::stays::{HANGZHOU, date};

pub const NANJING: &str = include_str!("../../../../../../regions/yangtze/policies/320100-employee-2023.toml");
pub const NANJING_PERSON: &str = "P32010000000007";
pub const NANJING_CARD: &str = "320102197705051234";
pub const NANJING_NAME: &str = "测试乙丙";
pub const POOLS: [&str; 2] = ["330100", "320100"];

pub struct Stay {
    pub visit: Uuid,
    pub batches: usize,
    pub lines: usize,
}

pub struct Play {
    pub country: Country,
    pub packs: Vec<(&'static str, Pack)>,
    /// What was asked under which message id, to ask the same again.
    pub bills: Vec<(String, usize, i64, bool)>,
    pub stays: Vec<Stay>,
    /// Message ids of the settlements of stays.
    pub parts: Vec<String>,
    pub filings: Vec<(usize, Uuid)>,
    /// What the cashier was told first under a message id.
    pub told: BTreeMap<String, SettledReply>,
    /// What was offered for batches of stays.
    pub offers: Vec<(Uuid, Quote)>,
    pub calls: usize,
    pub clearings: Clearings,
}

fn nanjing_insured() -> InsuredPublished {
    InsuredPublished {
        person: NANJING_PERSON.to_owned(),
        pool: division(POOLS[1]),
        certificate_number: NANJING_CARD.to_owned(),
        name: NANJING_NAME.to_owned(),
        ..insured()
    }
}

fn certificate(who: usize) -> Certificate {
    Certificate { kind: "02".to_owned(), number: [CARD, NANJING_CARD][who].to_owned() }
}

impl Play {
    pub fn begin() -> Play {
        let mut country = Country::unfiled();
        country.region.join(HOMES[1]);
        country.publish(HOMES[1], VISITED, institution(HOSPITAL));
        country.publish(HOMES[1], HOMES[1], Message::Insured(nanjing_insured()));
        let text = json_text(NANJING).expect("TOML");
        country.region.call(HOMES[1], "office", None, Command::PublishPolicy { text }).reply();
        let packs = vec![(HOMES[0], pack(HANGZHOU)), (HOMES[1], pack(NANJING))];
        let mut play = Play {
            country,
            packs,
            bills: Vec::new(),
            stays: Vec::new(),
            parts: Vec::new(),
            filings: Vec::new(),
            told: BTreeMap::new(),
            offers: Vec::new(),
            calls: 0,
            clearings: Clearings::default(),
        };
        (0..2).for_each(|who| play.file(who, FilingKind::LongStay));
        play
    }

    pub fn file(&mut self, who: usize, kind: FilingKind) {
        let wish = FilingWish {
            home_area: division(POOLS[who]),
            certificate: certificate(who),
            kind,
            areas: vec![division(VISITED)],
            valid_from: date("2026-01-01"),
            valid_to: None,
            referral: None,
        };
        if let Some(Reply::Filed(filed)) =
            regular(self.country.region.call(HOMES[who], "pool", None, Command::File(wish)))
        {
            self.filings.push((who, filed.filing));
        }
    }

    pub fn visit(&self, who: usize, care_type: CareType) -> VisitWish {
        let began_on = (care_type == CareType::Inpatient).then(|| date("2026-11-20"));
        let (home_area, certificate) = (division(POOLS[who]), certificate(who));
        VisitWish { home_area, certificate, care_type, began_on, ..crate::country::visit() }
    }

    /// A call of the hospital, carried at once unless it is late; what it is told first is what it is told for ever.
    pub fn call(&mut self, key: Option<&str>, late: bool, command: Command) -> Option<Reply> {
        let region = &mut self.country.region;
        let called = if late {
            region.call(VISITED, HOSPITAL, key, command)
        } else {
            region.ask(VISITED, HOSPITAL, key, command)
        };
        let reply = regular(called)?;
        if let (Some(key), Reply::Settled(settled)) = (key, &reply) {
            let first = self.told.entry(key.to_owned()).or_insert_with(|| (**settled).clone());
            assert_eq!(first, &**settled, "I10: the same call, the same answer");
        }
        Some(reply)
    }

    pub fn bill(&mut self, message_id: &str, who: usize, quantity: i64, account_wanted: bool, late: bool) {
        let lines = vec![
            bulk("1", quantity),
            line("2", "F003331", "1", "200.00", "200.00"),
            line("3", "X001631", "1", "29.00", "29.00"),
        ];
        let total = lines.iter().map(|line| line.amount).sum();
        let visit = self.visit(who, CareType::Outpatient);
        let wish = BillWish { visit, account_wanted, total, lines, ..bill(message_id) };
        self.call(Some(message_id), late, Command::SettleBill(Box::new(wish)));
    }

    /// One of the last two stays: older ones are over.
    pub fn stay(&self, index: &Index) -> Option<usize> {
        let count = self.stays.len();
        (count > 0).then(|| count - 1 - index.index(count.min(2)))
    }

    pub fn new_key(&mut self, what: &str) -> String {
        self.calls += 1;
        format!("{what}-{:04}", self.calls)
    }

    pub fn add(&mut self, stay: usize, line: impl FnOnce(String, usize) -> Line) {
        let Stay { visit, batches, lines } = &mut self.stays[stay];
        *lines += 1;
        let command = Command::AddLines {
            visit: *visit,
            batch: batches.to_string(),
            replaces: false,
            lines: vec![line(lines.to_string(), *lines)],
        };
        self.call(None, false, command);
    }

    pub fn settle(&mut self, stay: usize, interim: bool, late: bool) {
        let (visit, batch) = (self.stays[stay].visit, self.stays[stay].batches.to_string());
        let ask = Command::AskQuote { visit, batch: batch.clone(), interim, account_wanted: interim, total: None };
        let Some(Reply::Quoted(quote)) = self.call(None, false, ask) else { return };
        let key = self.new_key("stay");
        self.parts.push(key.clone());
        let command = accept(visit, &quote, &key);
        self.offers.push((visit, (*quote).clone()));
        if let Some(Reply::Settled(settled)) = self.call(Some(&key), late, command) {
            assert_eq!(settled.fund_total_fen, quote.computation.amounts.fund_total_fen, "as quoted");
        }
        self.stays[stay].batches += 1;
    }

    /// Where a settlement of the batch stands, another call is refused, and told which it is; one that accepts what was offered anew
    /// in that refusal, too.
    pub fn settle_again(&mut self, which: &Index) {
        if self.offers.is_empty() {
            return;
        }
        let (visit, mut quote) = self.offers[which.index(self.offers.len())].clone();
        let first = of_batch(self.country.region.view(VISITED), Role::Visited, &quote.number, &quote.batch);
        let Some(first) = first.expect("readable") else {
            let key = self.new_key("again");
            return drop(self.call(Some(&key), false, accept(visit, &quote, &key)));
        };
        for _ in 0..3 {
            self.demand_refused(visit, &quote, &first);
            let batch = visited_batch(self.country.region.view(VISITED), visit, &quote.batch).expect("readable");
            match batch.and_then(|batch| batch.quote) {
                Some(newest) if newest.quote != quote.quote => quote = newest,
                _ => return,
            }
        }
    }

    fn demand_refused(&mut self, visit: Uuid, quote: &Quote, first: &str) {
        let key = self.new_key("again");
        match self.country.region.ask(VISITED, HOSPITAL, Some(&key), accept(visit, quote, &key)) {
            Called::Refused(refusal) if refusal.code == "MED-4004" => {
                assert!(format!("{:?}", refusal.arguments).contains(first), "I10: {first} is named");
            }
            called => assert!(regular(called).is_none(), "I10: a batch of which {first} stands is settled again"),
        }
    }

    pub fn discharge(&mut self, visit: Uuid) {
        let ended_on = date("2026-11-23");
        self.call(None, false, Command::Discharge { visit, ended_on, details: None });
    }

    pub fn settlement(&self, which: &Index) -> Option<String> {
        let known = list(self.country.region.view(VISITED), Role::Visited, None, None, 10_000).expect("readable");
        (!known.is_empty()).then(|| known[which.index(known.len())].settlement.clone())
    }
}

/// What the hospital says to an offer.
fn accept(visit: Uuid, quote: &Quote, message_id: &str) -> Command {
    Command::Settle {
        visit,
        batch: quote.batch.clone(),
        quote: quote.quote,
        message_id: message_id.to_owned(),
        total: quote.computation.amounts.lines.total_fen,
        sums: None,
    }
}

fn bulk(number: &str, quantity: i64) -> Line {
    let amount = Fen(quantity * 2_000).yuan();
    line(number, "F002431", &quantity.to_string(), "20.00", &amount)
}

/// A reply, or a refusal with a code of the register.
pub fn regular(called: Called<Reply>) -> Option<Reply> {
    match called {
        Called::Replied(reply) => Some(reply),
        Called::Refused(refusal) => {
            assert!(refusal.code.starts_with("MED-") || refusal.code.starts_with("API-"), "{refusal:?}");
            None
        }
        Called::Waiting(_) => None,
    }
}
