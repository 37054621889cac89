//! What stands on a receipt, as data: the page and the PDF are drawn from it.

use huitong_kernel::money::Fen;
use huitong_service_kit::http::Yuan;
use huitong_service_kit::{Stop, View};
use serde::{Deserialize, Serialize};

use super::super::explanation::{StepWire, shown};
use super::lines::{self, LineRow};
use crate::Medical;
use crate::model::amounts::{Amounts, PayField};
use crate::model::document::SettledDocument;
use crate::model::filing::FilingKind;
use crate::model::person::{CareType, Scheme, masked};
use crate::model::receipt::token::Token;
use crate::query::settlements::Settlement;
use crate::query::{documents, persons, visits};

/// The receipt of a settlement (结算凭证), bilingual. Amounts in yuan, negative for a contra.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Slip {
    /// `setl_id`
    pub settlement: String,
    /// `settled`, `cancelled` or `contra`, as the book stands now
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contra_of: Option<String>,
    pub facts: Vec<Fact>,
    pub amounts: Vec<AmountRow>,
    pub funds: Vec<AmountRow>,
    /// The lines of the bill; none of a contra.
    pub lines: Vec<LineRow>,
    /// Lines that are not listed: a receipt has at most 300.
    pub lines_left_out: usize,
    /// Why each yuan is as it is; none of a contra, which mirrors its settlement.
    pub steps: Vec<StepWire>,
    /// What the calculation rests on, and what proves it.
    pub sources: Vec<Fact>,
    /// `htr1:…`, for command lines and the verifier's page
    pub token: String,
    /// `HTR1:…`, the same for a QR code
    pub qr: String,
}

/// One thing that the receipt says.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Fact {
    pub zh: String,
    pub en: String,
    pub value: String,
}

/// One amount with its names.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AmountRow {
    /// Stable name; of a fund its `fund_pay_type`
    pub key: String,
    pub zh: String,
    pub en: String,
    pub amount: Yuan,
}

impl Slip {
    pub fn of(medical: &Medical, view: View<'_>, settlement: &Settlement, token: &Token) -> Result<Slip, Stop> {
        let document = documents::document(view, settlement)?;
        let name = visits::visited_number(view, &document.visit)?.and_then(|visit| visit.name);
        let (lines, lines_left_out) = lines::rows(medical, view, settlement, &document)?;
        let hospital = persons::institution_names(view, &document.institution)?;
        Ok(Slip {
            settlement: settlement.settlement.clone(),
            state: settlement.state.clone(),
            contra_of: settlement.contra_of.clone(),
            facts: facts(&document, name.as_deref(), hospital),
            amounts: amounts(&document),
            funds: funds(&document.amounts),
            lines,
            lines_left_out,
            steps: document.steps.iter().map(StepWire::from).collect(),
            sources: sources(&document, settlement, token),
            token: token.text(),
            qr: token.qr_text(),
        })
    }
}

fn fact(zh: &str, en: &str, value: impl ToString) -> Fact {
    Fact { zh: zh.to_owned(), en: en.to_owned(), value: value.to_string() }
}

fn facts(document: &SettledDocument, name: Option<&str>, hospital: Option<(String, String)>) -> Vec<Fact> {
    let last: String = document.person.chars().skip(document.person.chars().count().saturating_sub(4)).collect();
    let person = format!("{} ****{last}", name.map(masked).unwrap_or_default());
    let hospital = hospital.map_or(document.institution.clone(), |(zh, en)| format!("{zh} {en}"));
    let mut facts = vec![
        fact("结算ID", "Settlement", &document.settlement),
        fact("结算时间", "Settled at", document.settled_at.shanghai()),
        fact("定点医药机构", "Institution", hospital),
        fact("人员", "Person", person.trim_start()),
        fact("就医地", "Place of treatment", document.visited),
        fact("参保地", "Insured place", document.home_area),
        fact("险种", "Scheme", scheme(document.scheme)),
        fact("医疗类别", "Care type", care_type(document.care_type)),
        fact("备案", "Filing", filing(document.filing)),
        fact("就诊ID", "Visit", &document.visit),
    ];
    if let Some(stay) = document.stay {
        let until = stay.discharged_on.map_or("中途结算 interim".to_owned(), |day| day.to_string());
        facts.push(fact("住院", "Stay", format!("{} – {until}", stay.admitted_on)));
    }
    if let Some(original) = &document.contra_of {
        facts.push(fact("冲销的结算", "Takes back", original));
    }
    facts
}

fn amounts(document: &SettledDocument) -> Vec<AmountRow> {
    let (all, lines) = (&document.amounts, &document.amounts.lines);
    let rows = [
        ("total", "医疗费总额", "Total fee", lines.total_fen),
        ("own", "全自费", "Wholly self-paid", lines.own_fen),
        ("over", "超限价自费", "Above the limit price", lines.over_fen),
        ("pre", "先行自付", "First self-pay", lines.pre_fen),
        ("eligible", "符合政策范围金额", "Eligible amount", lines.eligible_fen),
        ("deductible", "起付线（本次）", "Deductible taken", all.deductible_fen),
        ("fund", "基金支付总额", "Fund total", all.fund_total_fen),
        ("person", "个人负担总额", "Person's total", all.person_total_fen),
        ("hospital", "医院负担", "Hospital's share", all.hospital_share_fen),
        ("account", "其中：个人账户", "Of it: personal account", all.account_fen),
        ("mutual_aid", "其中：共济账户", "Of it: mutual-aid account", all.mutual_aid_fen),
        ("cash", "其中：现金", "Of it: cash", all.cash_fen),
        ("balance", "账户余额", "Account balance after", document.account_balance_fen),
    ];
    let always = ["total", "eligible", "fund", "person", "cash"];
    let shown = |(key, _, _, amount): &(&str, &str, &str, Fen)| always.contains(key) || *amount != Fen::ZERO;
    rows.into_iter().filter(shown).map(|(key, zh, en, amount)| row(key, zh, en, amount)).collect()
}

fn row(key: &str, zh: &str, en: &str, amount: Fen) -> AmountRow {
    AmountRow { key: key.to_owned(), zh: zh.to_owned(), en: en.to_owned(), amount: Yuan(amount) }
}

fn funds(amounts: &Amounts) -> Vec<AmountRow> {
    let paid = amounts.funds.iter().filter(|fund| fund.paid_fen != Fen::ZERO);
    paid.map(|fund| {
        let (zh, en) = fund_name(fund.field);
        row(&fund.fund, zh, en, fund.paid_fen)
    })
    .collect()
}

fn sources(document: &SettledDocument, settlement: &Settlement, token: &Token) -> Vec<Fact> {
    let pack = &document.pack;
    let catalogues = document.catalogues.iter().map(shown).collect::<Vec<_>>().join(", ");
    let mut sources = vec![
        fact("政策包", "Policy pack", format!("{} {} {}", pack.area, document.scheme.name(), pack.version)),
        fact("政策包哈希", "Pack SHA-256", pack.hash),
        fact("医保目录", "Catalogue", catalogues),
        fact("单据哈希", "Document hash", settlement.document),
        fact("凭证报文", "Receipt message", format!("{} No. {}", token.feed(), token.number)),
        fact("检查点", "Checkpoint", format!("{} / {}", token.size, token.root)),
    ];
    if let Some(by) = &document.computed_by {
        // Who has computed it, under which number there, and the hash of the answer that home keeps.
        let at = sources.len() - 3;
        sources.insert(at, fact("核心系统计算", "Pool's core system", &by.reference));
        sources.insert(at + 1, fact("应答哈希", "Its answer's SHA-256", by.answer));
    }
    sources
}

fn fund_name(field: PayField) -> (&'static str, &'static str) {
    match field {
        PayField::Pool => ("统筹基金", "Pool fund"),
        PayField::CivilServant => ("公务员补助", "Civil servants' supplement"),
        PayField::Company => ("企业补充", "Company supplement"),
        PayField::SeriousIllness => ("居民大病", "Residents' serious illness"),
        PayField::LargeAmount => ("职工大额", "Employees' large amount"),
        PayField::Disabled => ("伤残保障", "Disabled persons' fund"),
        PayField::MedicalAid => ("医疗救助", "Medical aid"),
        PayField::Other => ("其他基金", "Other fund"),
    }
}

fn scheme(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Employee => "职工 employee",
        Scheme::Resident => "城乡居民 resident",
    }
}

fn care_type(care_type: CareType) -> &'static str {
    match care_type {
        CareType::Outpatient => "普通门诊 outpatient",
        CareType::Emergency => "急诊 emergency",
        CareType::ChronicOutpatient => "门诊慢特病 chronic outpatient",
        CareType::Inpatient => "住院 inpatient",
        CareType::Pharmacy => "定点药店 pharmacy",
    }
}

fn filing(filing: FilingKind) -> &'static str {
    match filing {
        FilingKind::LongStay => "长期居住 long stay",
        FilingKind::TempReferred => "临时·转诊 referred",
        FilingKind::TempEmergency => "急诊抢救 emergency",
        FilingKind::TempSelf => "临时·非急诊未转诊 not referred",
        FilingKind::ExemptArea => "免备案区域 exempt area",
        FilingKind::None => "未备案 not filed",
    }
}
