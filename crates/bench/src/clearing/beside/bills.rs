//! Insured of Zhejiang at a hospital in Shanghai: whole bills, as many as the streams take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;

use anyhow::Context;
use huitong_kernel::feed::Feed;
use huitong_kernel::hash::HashFunction;
use huitong_kernel::time::Date;
use huitong_medical::Medical;
use huitong_medical::command::{BillWish, Command, Reply, VisitWish};
use huitong_medical::model::filing::{FilingKind, FilingWish};
use huitong_medical::model::lines::{Approval, Line};
use huitong_medical::model::message::{Certificate, Message};
use huitong_medical::model::person::{CareType, HospitalLevel, PersonFacts, Scheme};
use huitong_medical::model::published::{InstitutionPublished, InsuredPublished};
use huitong_service_kit::stream::record::Idempotency;
use huitong_service_kit::stream::{ApiCall, ServiceStream};
use huitong_service_kit::toml_data::json_text;
use huitong_service_kit::{Envelope, Principal};

use super::nodes::{BOTH, Clock, HOME, Nodes, VISITED, address, call, deliver};
use crate::clearing::stage::division;

const HOSPITAL: &str = "H31010100001";
const PERSONS: usize = 2_000;
/// Bills that wait for their answer at any time.
const WAITING: usize = 256;

fn card(person: usize) -> Certificate {
    Certificate { kind: "02".to_owned(), number: format!("33010219850301{person:04}") }
}

/// Institution, catalogue, policy, insured and their filings.
pub fn set_up(nodes: &Nodes) -> anyhow::Result<()> {
    let clock = nodes.clock();
    for node in BOTH {
        publish(nodes, VISITED, node, vec![institution()])?;
    }
    publish(nodes, HOME, HOME, (0..PERSONS).map(insured).collect())?;
    let text = |path: &str| -> anyhow::Result<String> {
        let toml = std::fs::read_to_string(path).context("run from the project's folder")?;
        json_text(&toml).map_err(|error| anyhow::anyhow!("{path}: {error}"))
    };
    let pack = Command::PublishPolicy { text: text("regions/yangtze/policies/330100-employee-2025.toml")? };
    call(&nodes.medical[HOME], "office", pack, clock.now())?;
    let catalogue = Command::PublishCatalogue { text: text("regions/yangtze/catalogues/310000-2026.toml")? };
    call(&nodes.medical[VISITED], "office", catalogue, clock.now())?;
    for person in 0..PERSONS {
        let wish = FilingWish {
            home_area: division("330100"),
            certificate: card(person),
            kind: FilingKind::LongStay,
            areas: vec![division(VISITED)],
            valid_from: Date::constant(2026, 1, 1),
            valid_to: None,
            referral: None,
        };
        call(&nodes.medical[HOME], "pool", Command::File(wish), clock.now())?;
    }
    Ok(())
}

fn publish(nodes: &Nodes, from: &str, to: &'static str, messages: Vec<Message>) -> anyhow::Result<()> {
    let (feed, now) = (Feed::new(address(from, "registry"), address(to, "medical")), nodes.clock().now());
    let id = uuid::Uuid::nil();
    let bytes = |message| serde_json::to_vec(&Envelope { id, cycle: id, episode: id, at: now, message });
    let entries = messages.into_iter().map(bytes).collect::<Result<_, _>>()?;
    deliver(&*nodes.medical[to], &feed, 1, entries, now)?;
    Ok(())
}

fn institution() -> Message {
    Message::Institution(InstitutionPublished {
        code: HOSPITAL.to_owned(),
        name_zh: "测试医院".to_owned(),
        name_en: "Test Hospital".to_owned(),
        division: division("310101"),
        level: Some(HospitalLevel::Three),
        active: true,
        version: 1,
    })
}

fn insured(person: usize) -> Message {
    Message::Insured(InsuredPublished {
        person: format!("P33010000{person:06}"),
        pool: division("330100"),
        scheme: Scheme::Employee,
        certificate_type: "02".to_owned(),
        certificate_number: card(person).number,
        name: "测试".to_owned(),
        facts: PersonFacts {
            birth_date: Date::constant(1985, 3, 1),
            retired: false,
            work_start_date: None,
            student: false,
            family_doctor: false,
        },
        suspended_from: None,
        version: 1,
    })
}

/// Consultation 20.00, CT 200.00, vitamins 29.00.
fn bill(number: u64, day: Date) -> anyhow::Result<BillWish> {
    let items = [("F002431", "20.00"), ("F003331", "200.00"), ("X001631", "29.00")];
    let mut lines = Vec::new();
    for (place, (code, price)) in items.iter().enumerate() {
        lines.push(Line {
            number: (place + 1).to_string(),
            day,
            code: Some((*code).to_owned()),
            local_code: None,
            quantity: "1".parse()?,
            price: price.parse()?,
            amount: price.parse()?,
            approval: Approval::NotStated,
            original: None,
        });
    }
    let visit = VisitWish {
        home_area: division("330100"),
        certificate: card(number as usize % PERSONS),
        scheme: Scheme::Employee,
        care_type: CareType::Outpatient,
        began_on: None,
        emergency: false,
        disease: None,
        details: None,
    };
    Ok(BillWish {
        message_id: format!("bench-{number:010}"),
        visit,
        batch: "1".to_owned(),
        account_wanted: false,
        total: "249.00".parse()?,
        lines,
    })
}

/// What became of the bills so far.
#[derive(Default)]
pub struct Counts {
    pub settled: AtomicU64,
    pub failed: AtomicU64,
}

/// Sends bills until told to stop, then waits for the last answers.
pub fn send(stream: &Arc<ServiceStream<Medical>>, clock: Clock, counts: &Arc<Counts>, stop: &AtomicBool) {
    let (give, take) = sync_channel(WAITING);
    for _ in 0..WAITING {
        // There is room for all.
        let _ = give.send(());
    }
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) && take.recv().is_ok() {
        number += 1;
        let now = clock.now();
        let bill = bill(number, now.business_date()).expect("a bill of the benchmark");
        let key = bill.message_id.clone();
        let principal =
            Principal { id: "cashier".to_owned(), participant: HOSPITAL.to_owned(), permissions: Arc::default() };
        let call = ApiCall {
            command: Command::SettleBill(Box::new(bill)),
            principal,
            request_id: String::new(),
            idempotency: Some(Idempotency { request: HashFunction::Sha256.hash(&[key.as_bytes()]), key }),
            now,
        };
        let (give, counts) = (give.clone(), Arc::clone(counts));
        let told = stream.call(call, move |result| {
            let count = if matches!(result, Ok(Reply::Settled(_))) { &counts.settled } else { &counts.failed };
            count.fetch_add(1, Ordering::Relaxed);
            // There is room for as many as wait.
            let _ = give.send(());
        });
        assert!(told.is_ok(), "the queue is longer than what waits");
    }
    for _ in 0..WAITING - 1 {
        let _ = take.recv();
    }
}
