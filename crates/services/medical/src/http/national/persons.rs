//! 1101 person, 1201 institution, 2001 benefit check

use huitong_kernel::money::Fen;
use huitong_service_kit::http::Problem;
use serde_json::Value;

use super::amounts::{age, gender};
use super::call::{Call, care_type, missing, object, scheme_code, text, yuan};
use crate::command::{Command, Reply};
use crate::model::message::{Certificate, Eligibility, Wants};
use crate::model::person::CareType;
use crate::national::envelope::{Output, Record};
use crate::query::persons as persons_of;
use crate::refusal;

/// `mdtrt_cert_type`: a social security card, whose serial `card_sn` is.
const CARD: &str = "03";

/// What home says of a person.
pub async fn eligibility(
    call: &Call<'_>,
    certificate: Certificate,
    care_type: CareType,
    wants: Wants,
) -> Result<Eligibility, Problem> {
    let command = Command::AskEligibility { home_area: call.home_area()?, certificate, care_type, wants };
    match call.told("", command).await? {
        Reply::Eligible(found) => Ok(found),
        other => unreachable!("eligibility was asked for: {other:?}"),
    }
}

pub async fn person(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    if data.get("mdtrt_cert_type").is_some_and(|kind| kind == CARD) && !data.contains_key("card_sn") {
        return Err(missing("data.card_sn"));
    }
    let wants = Wants { identity: true, ..Wants::default() };
    let found = eligibility(call, call.certificate(data), CareType::Outpatient, wants).await?;
    let identity = found.identity.clone().ok_or_else(|| call.refuse(&refusal::PERSON_NOT_FOUND.refuse()))?;
    for (field, known) in [("psn_name", &identity.name), ("certno", &identity.certificate.number)] {
        if data.get(field).is_some_and(|sent| sent != known) {
            return Err(call.refuse(&refusal::CERTIFICATE_MISMATCH.refuse().at_field(format!("data.{field}"))));
        }
    }
    let today = call.edge.clock.now().business_date();
    let base = object([
        ("psn_no", found.person.clone().into()),
        ("psn_cert_type", "01".into()),
        ("certno", identity.certificate.number.clone().into()),
        ("psn_name", identity.name.into()),
        ("gend", gender(&identity.certificate).into()),
        ("brdy", identity.birth_date.to_string().into()),
        ("age", age(identity.birth_date, today).into()),
    ]);
    let mut output = Output::new();
    output.insert("baseinfo".to_owned(), Value::Object(base));
    output.insert("insuinfo".to_owned(), Value::Array(vec![Value::Object(insurance(&found))]));
    output.insert("idetinfo".to_owned(), Value::Array(Vec::new()));
    Ok(output)
}

fn insurance(found: &Eligibility) -> Output {
    let class = match (found.retired, scheme_code(found.scheme)) {
        (_, "390") => "15",
        (true, _) => "12",
        (false, _) => "11",
    };
    object([
        ("balc", yuan(found.account_balance_fen)),
        ("insutype", scheme_code(found.scheme).into()),
        ("psn_type", class.into()),
        ("psn_insu_stas", if found.in_force { "1" } else { "2" }.into()),
        ("paus_insu_date", found.suspended_from.map(|day| day.to_string()).into()),
        ("cvlserv_flag", "0".into()),
        ("insuplc_admdvs", found.pool.to_string().into()),
        ("inhosp_stas", if found.in_hospital { "1" } else { "0" }.into()),
        ("trt_chk_rslt", reason(found).into()),
    ])
}

/// Why there is no benefit; nothing where there is.
fn reason(found: &Eligibility) -> Option<&'static str> {
    match (found.in_force, found.direct) {
        (false, _) => Some(refusal::INSURANCE_NOT_IN_FORCE.chinese).map(|text| text.trim_end_matches("：{reason}")),
        (true, false) => Some(refusal::NOT_FILED.chinese),
        (true, true) => None,
    }
}

pub async fn benefit(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    let care_type = data.get("med_type").and_then(|code| care_type(code)).ok_or_else(|| missing("med_type"))?;
    let found = eligibility(call, call.certificate(data), care_type, Wants::default()).await?;
    let info = object([
        ("psn_no", found.person.clone().into()),
        ("trt_chk_type", "1".into()),
        ("fund_pay_type", if scheme_code(found.scheme) == "390" { "390101" } else { "310101" }.into()),
        ("trt_enjymnt_flag", if found.direct { "1" } else { "0" }.into()),
        ("trt_chk_rslt", reason(&found).into()),
    ]);
    Ok([("trtinfo".to_owned(), Value::Array(vec![Value::Object(info)]))].into_iter().collect())
}

pub async fn institution(call: &Call<'_>) -> Result<Output, Problem> {
    let code = text(call.node("medinsinfo")?, "fixmedins_code");
    let found = call.edge.read(move |view| Ok(persons_of::institution(view, &code)?)).await?;
    let found = found.ok_or_else(|| call.refuse(&refusal::INSTITUTION_NOT_ALLOWED.refuse()))?;
    let info = object([
        ("fixmedins_code", found.code.clone().into()),
        ("fixmedins_name", found.name_zh.clone().into()),
        ("hosp_lv", found.level.map(|level| level.name()).into()),
        ("admdvs", found.division.to_string().into()),
    ]);
    Ok([("medinsinfo".to_owned(), Value::Array(vec![Value::Object(info)]))].into_iter().collect())
}

/// Of a record that has a person's number only.
pub fn by_number(record: &Record) -> Certificate {
    Certificate { kind: "00".to_owned(), number: text(record, "psn_no") }
}

/// An amount under a name of its own, for 5206.
pub fn used((name, amount): &(String, Fen), year: i16, scheme: &str, month: &str) -> Value {
    // Admissions are a number, not an amount.
    let value = if name == crate::model::settle::ADMISSIONS { Value::from(amount.0) } else { yuan(*amount) };
    Value::Object(object([
        ("insutype", scheme.into()),
        ("year", year.to_string().into()),
        ("cum_ym", month.into()),
        ("cum_type_code", name.clone().into()),
        ("cum", value),
    ]))
}
