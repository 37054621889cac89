//! Sequences of everything that cashiers, wards and clerks do, with messages late, nodes restarted and calls repeated: two persons of
//! two homes are treated in Shanghai. Refusals are regular outcomes; after each step the books are checked.

use std::collections::BTreeMap;

use huitong_kernel::time::DurationMs;
use huitong_medical::command::{AccountBucket, BillWish, Command, Reply, SettledReply, VisitWish};
use huitong_medical::model::filing::{FilingKind, FilingStatus, FilingWish};
use huitong_medical::model::lines::Line;
use huitong_medical::model::message::{Certificate, Message};
use huitong_medical::model::person::CareType;
use huitong_medical::model::policy::Pack;
use huitong_medical::model::published::InsuredPublished;
use huitong_medical::query::settlements::{Role, list};
use huitong_service_kit::harness::Called;
use huitong_service_kit::toml_data::json_text;
use proptest::prelude::*;
use uuid::Uuid;

use super::books::{HOMES, VISITED, check, check_end, check_private};
use crate::calculation::pack;
use crate::country::{CARD, Country, HOSPITAL, PERSON, bill, division, institution, insured, line};
use crate::stays::{HANGZHOU, care, date};

const NANJING: &str = include_str!("../../../../../../regions/yangtze/policies/320100-employee-2023.toml");
const NANJING_PERSON: &str = "P32010000000007";
const NANJING_CARD: &str = "320102197705051234";
const NANJING_NAME: &str = "测试乙丙";
const POOLS: [&str; 2] = ["330100", "320100"];

#[derive(Clone, Debug)]
enum Step {
    Bill {
        who: usize,
        quantity: i64,
        account: bool,
        late: bool,
    },
    /// The same call again.
    Again {
        which: prop::sample::Index,
        late: bool,
    },
    Admit {
        who: usize,
    },
    Lines {
        stay: prop::sample::Index,
        quantity: i64,
    },
    Return {
        stay: prop::sample::Index,
    },
    Settle {
        stay: prop::sample::Index,
        interim: bool,
        late: bool,
    },
    Discharge {
        stay: prop::sample::Index,
    },
    Readmit {
        stay: prop::sample::Index,
    },
    Leave {
        stay: prop::sample::Index,
    },
    Cancel {
        which: prop::sample::Index,
        refund: bool,
    },
    Reverse {
        which: prop::sample::Index,
        late: bool,
    },
    File {
        who: usize,
        kind: usize,
    },
    MoveFiling {
        which: prop::sample::Index,
        status: usize,
    },
    Credit {
        who: usize,
        bucket: usize,
        fen: i64,
    },
    Carry {
        home: usize,
        back: bool,
    },
    Pass {
        minutes: i64,
    },
    Restart {
        node: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let any_index = any::<prop::sample::Index>;
    prop_oneof![
        4 => (0..2_usize, 1..400_i64, any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(who, quantity, account, late)| Step::Bill { who, quantity, account, late }),
        2 => (any_index(), any::<bool>()).prop_map(|(which, late)| Step::Again { which, late }),
        3 => (0..2_usize).prop_map(|who| Step::Admit { who }),
        4 => (any_index(), 1..30_000_i64).prop_map(|(stay, quantity)| Step::Lines { stay, quantity }),
        1 => any_index().prop_map(|stay| Step::Return { stay }),
        6 => (any_index(), any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(stay, interim, late)| Step::Settle { stay, interim, late }),
        2 => any_index().prop_map(|stay| Step::Discharge { stay }),
        1 => any_index().prop_map(|stay| Step::Readmit { stay }),
        1 => any_index().prop_map(|stay| Step::Leave { stay }),
        3 => (any_index(), any::<bool>()).prop_map(|(which, refund)| Step::Cancel { which, refund }),
        2 => (any_index(), any::<bool>()).prop_map(|(which, late)| Step::Reverse { which, late }),
        1 => (0..2_usize, 0..4_usize).prop_map(|(who, kind)| Step::File { who, kind }),
        1 => (any_index(), 0..3_usize).prop_map(|(which, status)| Step::MoveFiling { which, status }),
        1 => (0..2_usize, 0..3_usize, 1..20_000_i64).prop_map(|(who, bucket, fen)| Step::Credit { who, bucket, fen }),
        2 => (0..2_usize, any::<bool>()).prop_map(|(home, back)| Step::Carry { home, back }),
        1 => (1..20_i64).prop_map(|minutes| Step::Pass { minutes }),
        1 => (0..3_usize).prop_map(|node| Step::Restart { node }),
    ]
}

struct Stay {
    visit: Uuid,
    batches: usize,
    lines: usize,
}

struct Play {
    country: Country,
    packs: Vec<(&'static str, Pack)>,
    /// What was asked under which message id, to ask the same again.
    bills: Vec<(String, usize, i64, bool)>,
    stays: Vec<Stay>,
    filings: Vec<(usize, Uuid)>,
    /// What the cashier was told first under a message id.
    told: BTreeMap<String, SettledReply>,
    calls: usize,
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
    fn begin() -> Play {
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
            filings: Vec::new(),
            told: BTreeMap::new(),
            calls: 0,
        };
        (0..2).for_each(|who| play.file(who, FilingKind::LongStay));
        play
    }

    fn file(&mut self, who: usize, kind: FilingKind) {
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

    fn visit(&self, who: usize, care_type: CareType) -> VisitWish {
        let began_on = (care_type == CareType::Inpatient).then(|| date("2026-11-20"));
        let (home_area, certificate) = (division(POOLS[who]), certificate(who));
        VisitWish { home_area, certificate, care_type, began_on, ..crate::country::visit() }
    }

    /// A call of the hospital, carried at once unless it is late; what it is told first is what it is told for ever.
    fn call(&mut self, key: Option<&str>, late: bool, command: Command) -> Option<Reply> {
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

    fn bill(&mut self, message_id: &str, who: usize, quantity: i64, account_wanted: bool, late: bool) {
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
    fn stay(&self, index: &prop::sample::Index) -> Option<usize> {
        let count = self.stays.len();
        (count > 0).then(|| count - 1 - index.index(count.min(2)))
    }

    fn new_key(&mut self, what: &str) -> String {
        self.calls += 1;
        format!("{what}-{:04}", self.calls)
    }

    fn add(&mut self, stay: usize, line: impl FnOnce(String, usize) -> Line) {
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

    fn settle(&mut self, stay: usize, interim: bool, late: bool) {
        let (visit, batch) = (self.stays[stay].visit, self.stays[stay].batches.to_string());
        let ask = Command::AskQuote { visit, batch: batch.clone(), interim, account_wanted: interim, total: None };
        let Some(Reply::Quoted(quote)) = self.call(None, false, ask) else { return };
        let key = self.new_key("stay");
        let total = quote.computation.amounts.lines.total_fen;
        let command = Command::Settle { visit, batch, quote: quote.quote, message_id: key.clone(), total, sums: None };
        if let Some(Reply::Settled(settled)) = self.call(Some(&key), late, command) {
            assert_eq!(settled.fund_total_fen, quote.computation.amounts.fund_total_fen, "as quoted");
        }
        self.stays[stay].batches += 1;
    }

    fn discharge(&mut self, visit: Uuid) {
        let ended_on = date("2026-11-23");
        self.call(None, false, Command::Discharge { visit, ended_on, details: None });
        self.country.region.carry_all();
    }

    fn settlement(&self, which: &prop::sample::Index) -> Option<String> {
        let known = list(self.country.region.view(VISITED), Role::Visited, None, None, 10_000).expect("readable");
        (!known.is_empty()).then(|| known[which.index(known.len())].settlement.clone())
    }

    fn at_hospital(&mut self, step: &Step) {
        match step {
            Step::Bill { who, quantity, account, late } => {
                let key = self.new_key("bill");
                self.bills.push((key.clone(), *who, *quantity, *account));
                self.bill(&key, *who, *quantity, *account, *late);
            }
            Step::Again { which, late } if !self.bills.is_empty() => {
                let (key, who, quantity, account) = self.bills[which.index(self.bills.len())].clone();
                self.bill(&key, who, quantity, account, *late);
            }
            Step::Admit { who } => {
                let wish = self.visit(*who, CareType::Inpatient);
                if let Some(Reply::Visit { visit, .. }) = self.call(None, false, Command::OpenVisit(wish)) {
                    self.stays.push(Stay { visit, batches: 1, lines: 0 });
                }
            }
            Step::Cancel { which, refund } => {
                let Some(settlement) = self.settlement(which) else { return };
                let command = if *refund { Command::Refund { settlement } } else { Command::Cancel { settlement } };
                self.call(None, false, command);
            }
            Step::Reverse { which, late } => {
                let unknown = "never-asked".to_owned();
                let asked = self.bills.iter().map(|(key, ..)| key.clone()).chain([unknown]).collect::<Vec<_>>();
                let command = Command::Reverse { message_id: asked[which.index(asked.len())].clone() };
                self.call(None, *late, command);
            }
            _ => {}
        }
    }

    fn on_ward(&mut self, step: &Step) {
        let (Step::Lines { stay, .. }
        | Step::Return { stay }
        | Step::Settle { stay, .. }
        | Step::Discharge { stay }
        | Step::Readmit { stay }
        | Step::Leave { stay }) = step
        else {
            return;
        };
        let Some(stay) = self.stay(stay) else { return };
        let visit = self.stays[stay].visit;
        match step {
            Step::Lines { quantity, .. } => self.add(stay, |number, _| care(&number, "2026-11-21", *quantity)),
            Step::Return { .. } => self.add(stay, |number, lines| Line {
                original: Some((lines - 1).to_string()),
                ..care(&number, "2026-11-21", -3)
            }),
            Step::Settle { interim, late, .. } => {
                self.add(stay, |number, _| care(&number, "2026-11-22", 70));
                if !interim {
                    self.discharge(visit);
                }
                self.settle(stay, *interim, *late);
            }
            Step::Discharge { .. } => self.discharge(visit),
            Step::Readmit { .. } => drop(self.call(None, false, Command::CancelDischarge { visit })),
            _ => drop(self.call(None, false, Command::CancelVisit { visit })),
        }
    }

    fn elsewhere(&mut self, step: &Step) {
        let region = &mut self.country.region;
        match step {
            Step::File { who, kind } => self.file(*who, FilingKind::FILEABLE[*kind]),
            Step::MoveFiling { which, status } => {
                let (who, filing) = self.filings[which.index(self.filings.len())];
                let status = [FilingStatus::Suspended, FilingStatus::Active, FilingStatus::Revoked][*status];
                regular(region.call(HOMES[who], "pool", None, Command::MoveFiling { filing, status }));
            }
            Step::Credit { who, bucket, fen } => {
                let bucket = [AccountBucket::Current, AccountBucket::History, AccountBucket::MutualAid][*bucket];
                let person = [PERSON, NANJING_PERSON][*who].to_owned();
                let amount = huitong_kernel::money::Fen(*fen);
                regular(region.call(HOMES[*who], "pool", None, Command::CreditAccount { person, bucket, amount }));
            }
            Step::Carry { home, back: false } => drop(region.carry(VISITED, HOMES[*home])),
            Step::Carry { home, back: true } => drop(region.carry(HOMES[*home], VISITED)),
            Step::Pass { minutes } => region.pass(DurationMs::minutes(*minutes)),
            Step::Restart { node } => region.restart(division([VISITED, HOMES[0], HOMES[1]][*node])),
            _ => {}
        }
    }
}

fn bulk(number: &str, quantity: i64) -> Line {
    let amount = huitong_kernel::money::Fen(quantity * 2_000).yuan();
    line(number, "F002431", &quantity.to_string(), "20.00", &amount)
}

/// A reply, or a refusal with a code of the register.
fn regular(called: Called<Reply>) -> Option<Reply> {
    match called {
        Called::Replied(reply) => Some(reply),
        Called::Refused(refusal) => {
            assert!(refusal.code.starts_with("MED-") || refusal.code.starts_with("API-"), "{refusal:?}");
            None
        }
        Called::Waiting(_) => None,
    }
}

fn holds(steps: &[Step]) {
    let mut play = Play::begin();
    for step in steps {
        play.at_hospital(step);
        play.on_ward(step);
        play.elsewhere(step);
        check(&play.country, &play.packs);
    }
    // Whatever is unknown is asked for, reversed if need be, and ends.
    for _ in 0..3 {
        play.country.region.carry_all();
        play.country.region.pass(DurationMs::minutes(10));
    }
    play.country.region.carry_all();
    check_end(&play.country, &play.packs);
    check_private(&play.country, HOMES[0], &[NANJING_PERSON, NANJING_CARD, NANJING_NAME]);
    check_private(&play.country, HOMES[1], &[PERSON, CARD, &insured().name]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn whatever_happens_in_whatever_order_the_books_agree(steps in prop::collection::vec(step(), 1..30)) {
        holds(&steps);
    }
}
