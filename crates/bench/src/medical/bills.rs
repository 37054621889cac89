//! Bills of Hangzhou's employees in Shanghai, as visited would send them.

use huitong_kernel::division::Division;
use huitong_kernel::id::new_uuid;
use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{Date, Instant};
use huitong_medical::model::amounts::LineSums;
use huitong_medical::model::catalogue::FeeClass;
use huitong_medical::model::document::DataVersion;
use huitong_medical::model::exact::{price_times_quantity, share};
use huitong_medical::model::lines::{SplitLine, SplitReason};
use huitong_medical::model::message::{Bill, Certificate, Message, SplitBatch, VisitFacts};
use huitong_medical::model::person::{CareType, HospitalLevel, PersonFacts, Scheme};
use huitong_medical::model::published::{InstitutionPublished, InsuredPublished};
use huitong_service_kit::Envelope;
use serde_json::value::RawValue;

pub const VISITED: &str = "310000";
pub const HOME: &str = "330000";
pub const POOL: &str = "330100";
const LINES: u64 = 4;
/// Code, division and level. All bills are emergencies, which count as filed.
const INSTITUTIONS: [(&str, &str, HospitalLevel); 4] = [
    ("H31011800001", "310118", HospitalLevel::Three),
    ("H31011800002", "310118", HospitalLevel::One),
    ("H31010100001", "310101", HospitalLevel::Three),
    ("H31010100002", "310101", HospitalLevel::Two),
];

pub fn division(code: &str) -> Division {
    code.parse().expect("a code")
}

/// Bytes of a message as a peer sends them.
pub fn bytes(message: Message, at: Instant, random: &mut RandomSource) -> Vec<u8> {
    let id = new_uuid(at, random);
    serde_json::to_vec(&Envelope { id, cycle: id, episode: id, at, message }).expect("plain data")
}

/// The hospitals, as Shanghai's registry publishes them.
pub fn institutions() -> impl Iterator<Item = Message> {
    INSTITUTIONS.into_iter().map(|(code, area, level)| {
        Message::Institution(InstitutionPublished {
            code: code.to_owned(),
            name_zh: "测试医院".to_owned(),
            name_en: "Bench".to_owned(),
            division: division(area),
            level: Some(level),
            active: true,
            version: 1,
        })
    })
}

/// One in five is retired, one in three has a family doctor.
pub fn insured(number: u64) -> InsuredPublished {
    let retired = number.is_multiple_of(5);
    InsuredPublished {
        person: format!("P{POOL}{number:09}"),
        pool: division(POOL),
        scheme: Scheme::Employee,
        certificate_type: "02".to_owned(),
        certificate_number: certificate(number),
        name: "测试".to_owned(),
        facts: PersonFacts {
            birth_date: Date::constant(if retired { 1955 } else { 1985 }, 1 + (number % 12) as i8, 1),
            retired,
            work_start_date: None,
            student: false,
            family_doctor: number.is_multiple_of(3),
        },
        suspended_from: None,
        version: 1,
    }
}

fn certificate(number: u64) -> String {
    format!("BENCH{number:013}")
}

/// A bill of person `person` on `day`; `message_id` is unique at the hospital.
pub fn bill(person: u64, message_id: String, day: Date, at: Instant, random: &mut RandomSource) -> Bill {
    let lines: Vec<SplitLine> = (0..LINES).map(|number| line(number, day, random)).collect();
    let text = serde_json::to_string(&lines).expect("plain data");
    let (institution, area, level) = *random.pick(&INSTITUTIONS);
    let facts = VisitFacts {
        visit: new_uuid(at, random),
        institution: institution.to_owned(),
        visited_area: division(area),
        level,
        home_area: division(POOL),
        certificate: Certificate { kind: "02".to_owned(), number: certificate(person) },
        scheme: Scheme::Employee,
        care_type: if random.below(5) == 0 { CareType::Emergency } else { CareType::Outpatient },
        began_on: day,
        emergency: true,
        disease: None,
    };
    let batch = SplitBatch {
        batch: "1".to_owned(),
        catalogues: vec![DataVersion { area: division(VISITED), version: "2026".to_owned(), hash: Default::default() }],
        sums: LineSums::of(&lines),
        lines_hash: Default::default(),
        earlier_parts: Vec::new(),
        lines: RawValue::from_string(text).expect("JSON"),
    };
    Bill { message_id, care_date: day, account_wanted: random.below(2) == 0, facts, batch: batch.hashed() }
}

fn line(number: u64, day: Date, random: &mut RandomSource) -> SplitLine {
    let class = *random.pick(&[FeeClass::A, FeeClass::A, FeeClass::B, FeeClass::C]);
    let price = format!("{}.{:02}", 5 + random.below(300), random.below(100)).parse().expect("a price");
    let quantity = (1 + random.below(3)).to_string().parse().expect("a quantity");
    let total = price_times_quantity(price, quantity);
    let own = if class == FeeClass::C { total } else { Fen::ZERO };
    let ratio = if class == FeeClass::B { "0.1" } else { "0" }.parse().expect("a ratio");
    let pre = share(total - own, ratio);
    SplitLine {
        number: (number + 1).to_string(),
        day,
        code: format!("F{:06}", random.below(100_000)),
        local_code: None,
        quantity,
        price,
        total_fen: total,
        own_fen: own,
        over_fen: Fen::ZERO,
        pre_fen: pre,
        eligible_fen: total - own - pre,
        class,
        reason: SplitReason::Class,
        self_pay_ratio: ratio,
        price_limit: None,
    }
}
