//! setlinfo and setldetail: the amounts of a quote or a settlement under their national names.

use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use serde_json::{Map, Value};

use super::call::{object, scheme_code, yuan};
use crate::model::amounts::{Amounts, FundPayment, PayField};
use crate::model::document::SettledDocument;
use crate::model::explain::Step;
use crate::model::filing_effect::FilingTerm;
use crate::model::message::{Certificate, Quote};
use crate::national::envelope::local_time;
use crate::query::visits::VisitedVisit;

/// `clr_way`: other, as home's pack decides.
const CLEARING_WAY: &str = "9";
/// Characters of `setl_proc_info` at most.
const STEPS_MAX: usize = 4_000;

/// The amounts of a settlement (12.3).
pub fn amounts(of: &Amounts) -> Map<String, Value> {
    let paid = |field| yuan(of.paid_by(field));
    object([
        ("medfee_sumamt", yuan(of.lines.total_fen)),
        ("fulamt_ownpay_amt", yuan(of.lines.own_fen)),
        ("overlmt_selfpay", yuan(of.lines.over_fen)),
        ("preselfpay_amt", yuan(of.lines.pre_fen)),
        ("inscp_scp_amt", yuan(of.lines.eligible_fen)),
        ("act_pay_dedc", yuan(of.deductible_fen)),
        ("hifp_pay", paid(PayField::Pool)),
        ("cvlserv_pay", paid(PayField::CivilServant)),
        ("hifes_pay", paid(PayField::Company)),
        ("hifmi_pay", paid(PayField::SeriousIllness)),
        ("hifob_pay", paid(PayField::LargeAmount)),
        ("hifdm_pay", paid(PayField::Disabled)),
        ("maf_pay", paid(PayField::MedicalAid)),
        ("oth_pay", paid(PayField::Other)),
        ("fund_pay_sumamt", yuan(of.fund_total_fen)),
        ("psn_part_amt", yuan(of.person_total_fen)),
        ("acct_pay", yuan(of.account_fen)),
        ("acct_mulaid_pay", yuan(of.mutual_aid_fen)),
        ("psn_cash_pay", yuan(of.cash_fen)),
        ("hosp_part_amt", yuan(of.hospital_share_fen)),
    ])
}

/// Who was treated: what the visit says of the person.
pub fn person(visit: &VisitedVisit, today: Date) -> Map<String, Value> {
    let certificate = &visit.facts.certificate;
    object([
        ("psn_name", visit.name.clone().into()),
        ("psn_cert_type", if certificate.kind == "02" { "01".into() } else { Value::Null }),
        ("certno", if certificate.kind == "02" { certificate.number.clone().into() } else { Value::Null }),
        ("gend", gender(certificate).into()),
        ("brdy", visit.birth_date.map(|day| day.to_string()).into()),
        ("age", visit.birth_date.map(|born| age(born, today)).into()),
        ("mdtrt_cert_type", certificate.kind.clone().into()),
    ])
}

/// 1 male, 2 female, by the 17th digit of an identity card (GB 11643); 9 not known.
pub fn gender(certificate: &Certificate) -> &'static str {
    let digit =
        certificate.number.as_bytes().get(16).filter(|_| certificate.kind == "02" && certificate.number.len() == 18);
    match digit {
        Some(digit) if digit.is_ascii_digit() => {
            if (digit - b'0') % 2 == 1 {
                "1"
            } else {
                "2"
            }
        }
        _ => "9",
    }
}

/// Completed years, with the one decimal that the field has.
pub fn age(born: Date, today: Date) -> String {
    let before = (today.month(), today.day()) < (born.month(), born.day());
    format!("{}.0", today.year() - born.year() - i16::from(before))
}

/// setldetail: one object a fund, with the steps as text.
pub fn details(funds: &[FundPayment], steps: &[Step]) -> Value {
    let text: String = steps.iter().map(Step::chinese).collect::<Vec<_>>().join("；").chars().take(STEPS_MAX).collect();
    let detail = |fund: &FundPayment| {
        Value::Object(object([
            ("fund_pay_type", fund.fund.clone().into()),
            ("inscp_scp_amt", yuan(fund.in_scope_fen)),
            ("crt_payb_lmt_amt", fund.room_before_fen.map_or(Value::Null, yuan)),
            ("fund_payamt", yuan(fund.paid_fen)),
            ("fund_pay_type_name", fund_name(fund.field).into()),
            ("setl_proc_info", text.clone().into()),
        ]))
    };
    Value::Array(funds.iter().map(detail).collect())
}

fn fund_name(field: PayField) -> &'static str {
    match field {
        PayField::Pool => "基本医疗保险统筹基金",
        PayField::CivilServant => "公务员医疗补助",
        PayField::Company => "企业补充医疗保险",
        PayField::SeriousIllness => "城乡居民大病保险",
        PayField::LargeAmount => "职工大额医疗费用补助",
        PayField::Disabled => "伤残人员医疗保障基金",
        PayField::MedicalAid => "医疗救助",
        PayField::Other => "其他基金",
    }
}

/// dclainfo, an extension: what would be payable under each filing (备案) that can still be made, and of the same bill at home.
pub fn other_filings(quote: &Quote) -> Option<Value> {
    let amounts = &quote.computation.amounts;
    let row = |kind: &str, name: &str, fund: Fen, memo: Option<String>| {
        Value::Object(object([
            ("dcla_type", kind.into()),
            ("dcla_name", name.into()),
            ("fund_pay_sumamt", yuan(fund)),
            ("psn_part_amt", yuan(amounts.lines.total_fen - fund)),
            ("fund_pay_diff", yuan(fund - amounts.fund_total_fen)),
            ("memo", memo.into()),
        ]))
    };
    let memo = quote.filing_term.map(FilingTerm::chinese);
    let others = quote.alternatives.iter();
    let others =
        others.map(|other| row(other.filing.name(), other.filing.chinese(), other.fund_total_fen, memo.clone()));
    let at_home = quote.at_home_fen.map(|fund| row("at_home", "参保地就医（估算）", fund, None));
    let rows: Vec<Value> = others.chain(at_home).collect();
    (!rows.is_empty()).then_some(Value::Array(rows))
}

/// `cvlserv_flag`
fn civil_servant(of: &Amounts) -> &'static str {
    if of.paid_by(PayField::CivilServant) == Fen::ZERO { "0" } else { "1" }
}

/// setlinfo of a quote: no `setl_id`; `medins_setl_id` is the question's.
pub fn quoted(quote: &Quote, visit: &VisitedVisit, message_id: &str, now: Instant) -> Map<String, Value> {
    let mut info = object([
        ("mdtrt_id", quote.number.clone().into()),
        ("psn_no", visit.person.clone().into()),
        ("insutype", scheme_code(visit.facts.scheme).into()),
        ("psn_type", class_code(&quote.computation.class).into()),
        ("cvlserv_flag", civil_servant(&quote.computation.amounts).into()),
        ("med_type", visit.facts.care_type.code().into()),
        ("setl_time", local_time(now).into()),
        ("pool_prop_selfpay", quote.computation.pool_ratio.map(|ratio| ratio.to_string()).into()),
        ("medins_setl_id", message_id.into()),
        ("clr_optins", visit.facts.home_area.to_string().into()),
        ("clr_way", CLEARING_WAY.into()),
        ("clr_type", visit.facts.care_type.code().into()),
    ]);
    info.extend(person(visit, now.business_date()));
    info.extend(amounts(&quote.computation.amounts));
    info
}

/// setlinfo of a settlement or its contra.
pub fn settled(document: &SettledDocument, visit: Option<&VisitedVisit>) -> Map<String, Value> {
    let mut info = object([
        ("mdtrt_id", document.visit.clone().into()),
        ("setl_id", document.settlement.clone().into()),
        ("psn_no", document.person.clone().into()),
        ("insutype", scheme_code(document.scheme).into()),
        ("psn_type", class_code(&document.class).into()),
        ("cvlserv_flag", civil_servant(&document.amounts).into()),
        ("med_type", document.care_type.code().into()),
        ("setl_time", local_time(document.settled_at).into()),
        ("pool_prop_selfpay", document.pool_ratio.map(|ratio| ratio.to_string()).into()),
        ("balc", yuan(document.account_balance_fen)),
        ("medins_setl_id", document.message_id.clone().into()),
        ("clr_optins", document.home_area.to_string().into()),
        ("clr_way", CLEARING_WAY.into()),
        ("clr_type", document.care_type.code().into()),
    ]);
    if let Some(visit) = visit {
        info.extend(person(visit, document.settled_at.business_date()));
    }
    info.extend(amounts(&document.amounts));
    info
}

/// `psn_type`: 11 employed, 12 retired, 15 residents.
fn class_code(class: &str) -> &'static str {
    match class {
        class if class.starts_with("retired") => "12",
        class if class.starts_with("employed") => "11",
        _ => "15",
    }
}
