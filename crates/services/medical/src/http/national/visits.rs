//! 2201 to 2203, 2401 to 2405: registration, admission, diagnoses, discharge

use huitong_kernel::time::Date;
use huitong_service_kit::http::Problem;
use serde_json::Value;

use super::call::{Call, care_type, date, missing, object, scheme, text};
use crate::command::{Command, Reply, VisitWish};
use crate::model::person::CareType;
use crate::model::visit::{Diagnosis, VisitDetails};
use crate::national::envelope::{Output, Record};
use crate::refusal;

fn wish(call: &Call<'_>, record: &Record, care_type: CareType) -> Result<VisitWish, Problem> {
    Ok(VisitWish {
        home_area: call.home_area()?,
        certificate: call.certificate(record),
        scheme: scheme(&text(record, "insutype")).ok_or_else(|| missing("insutype"))?,
        care_type,
        began_on: (care_type == CareType::Inpatient).then(|| date(record, "begntime")).flatten(),
        emergency: care_type == CareType::Emergency || record.get("er_flag").is_some_and(|flag| flag == "1"),
        disease: (care_type == CareType::ChronicOutpatient).then(|| record.get("dise_codg").cloned()).flatten(),
        details: None,
    })
}

/// Who comes is known when home has answered; a visit of somebody else than the message says does not stay open.
async fn open(call: &Call<'_>, node: &str, wish: VisitWish) -> Result<(String, String), Problem> {
    match call.told("", Command::OpenVisit(wish)).await? {
        Reply::Visit { number, person, .. } if text(call.node(node)?, "psn_no") == person => Ok((number, person)),
        Reply::Visit { visit, .. } => {
            call.told("mismatch", Command::CancelVisit { visit }).await?;
            Err(call.refuse(&refusal::CERTIFICATE_MISMATCH.refuse().at_field(format!("{node}.psn_no"))))
        }
        other => unreachable!("a visit was opened: {other:?}"),
    }
}

pub async fn register(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    let care_type = data.get("med_type").and_then(|code| care_type(code)).unwrap_or(CareType::Outpatient);
    if care_type == CareType::Inpatient {
        let why = refusal::CODE_UNKNOWN.with("field", "data.med_type").with("value", "21");
        return Err(call.refuse(&why.at_field("data.med_type")));
    }
    let details = VisitDetails {
        record_number: data.get("ipt_otp_no").cloned(),
        department: data.get("dept_code").cloned(),
        department_name: data.get("dept_name").cloned(),
        doctor: data.get("atddr_no").cloned(),
        doctor_name: data.get("dr_name").cloned(),
        ..VisitDetails::default()
    };
    let wish = VisitWish { details: Some(Box::new(details)), ..wish(call, data, care_type)? };
    let (number, person) = open(call, "data", wish).await?;
    let data = object([
        ("mdtrt_id", number.into()),
        ("psn_no", person.into()),
        ("ipt_otp_no", text(data, "ipt_otp_no").into()),
    ]);
    Ok([("data".to_owned(), Value::Object(data))].into_iter().collect())
}

pub async fn admit(call: &Call<'_>) -> Result<Output, Problem> {
    let info = call.node("mdtrtinfo")?;
    let main = Diagnosis {
        code: text(info, "dscg_maindiag_code"),
        name: text(info, "dscg_maindiag_name"),
        main: true,
        found_on: date(info, "begntime").ok_or_else(|| missing("begntime"))?,
    };
    let mut details = admission(info);
    details.diagnoses = diagnoses(call);
    if !details.diagnoses.iter().any(|found| found.main) {
        details.diagnoses.insert(0, main);
    }
    let wish = VisitWish { details: Some(checked(details)?), ..wish(call, info, CareType::Inpatient)? };
    let (number, _) = open(call, "mdtrtinfo", wish).await?;
    Ok([("result".to_owned(), Value::Object(object([("mdtrt_id", number.into())])))].into_iter().collect())
}

/// Fields of 2401 and 2403.
fn admission(info: &Record) -> VisitDetails {
    VisitDetails {
        record_number: info.get("ipt_no").cloned(),
        department: info.get("adm_dept_codg").cloned(),
        department_name: info.get("adm_dept_name").cloned(),
        bed: info.get("adm_bed").cloned(),
        doctor: info.get("atddr_no").cloned(),
        doctor_name: info.get("chfpdr_name").cloned(),
        condition: info.get("main_cond_dscr").cloned(),
        ..VisitDetails::default()
    }
}

fn diagnoses(call: &Call<'_>) -> Vec<Diagnosis> {
    let diagnosis = |record: &Record| {
        Some(Diagnosis {
            code: text(record, "diag_code"),
            name: text(record, "diag_name"),
            main: record.get("maindiag_flag").is_some_and(|flag| flag == "1"),
            found_on: date(record, "diag_time")?,
        })
    };
    // 有效标志: what the hospital has withdrawn is none.
    let is_valid = |record: &&Record| record.get("vali_flag").is_none_or(|flag| flag != "0");
    call.request.all("diseinfo").iter().filter(is_valid).filter_map(diagnosis).collect()
}

/// Lengths that the table does not know: how many diagnoses.
fn checked(details: VisitDetails) -> Result<Box<VisitDetails>, Problem> {
    super::super::wire::checked("diseinfo", details)
}

pub async fn describe(call: &Call<'_>) -> Result<Output, Problem> {
    let info = call.node("mdtrtinfo")?;
    let visit = call.visit(info).await?.facts.visit;
    let details = VisitDetails {
        condition: info.get("main_cond_dscr").cloned(),
        diagnoses: diagnoses(call),
        ..VisitDetails::default()
    };
    call.told("", Command::DescribeVisit { visit, details: checked(details)? }).await?;
    Ok(Output::new())
}

pub async fn change(call: &Call<'_>) -> Result<Output, Problem> {
    let info = call.node("adminfo")?;
    let visit = call.visit(info).await?.facts.visit;
    let details = VisitDetails { diagnoses: diagnoses(call), ..admission(info) };
    call.told("", Command::DescribeVisit { visit, details: checked(details)? }).await?;
    Ok(Output::new())
}

pub async fn discharge(call: &Call<'_>) -> Result<Output, Problem> {
    let info = call.node("dscginfo")?;
    let visit = call.visit(info).await?.facts.visit;
    let ended_on: Date = date(info, "endtime").ok_or_else(|| missing("endtime"))?;
    let details = VisitDetails {
        department: info.get("dscg_dept_codg").cloned(),
        department_name: info.get("dscg_dept_name").cloned(),
        bed: info.get("dscg_bed").cloned(),
        discharge_way: info.get("dscg_way").cloned(),
        died_on: date(info, "die_date"),
        diagnoses: diagnoses(call),
        ..VisitDetails::default()
    };
    call.told("", Command::Discharge { visit, ended_on, details: Some(checked(details)?) }).await?;
    Ok(Output::new())
}

pub async fn cancel_discharge(call: &Call<'_>) -> Result<Output, Problem> {
    let visit = call.visit(call.node("data")?).await?.facts.visit;
    call.told("", Command::CancelDischarge { visit }).await?;
    Ok(Output::new())
}

/// 2202, 2404
pub async fn cancel(call: &Call<'_>) -> Result<Output, Problem> {
    let visit = call.visit(call.node("data")?).await?.facts.visit;
    call.told("", Command::CancelVisit { visit }).await?;
    Ok(Output::new())
}
