//! 5201, 5203, 5204, 5206, 5301, 5303: queries

use huitong_service_kit::http::Problem;
use huitong_service_kit::{Stop, View};
use serde_json::Value;

use super::amounts::{details, settled};
use super::call::{Call, date, object, scheme_code, text};
use super::fees::split;
use super::persons::{by_number, eligibility, used};
use crate::model::document::SettledDocument;
use crate::model::message::Wants;
use crate::model::person::CareType;
use crate::national::envelope::Output;
use crate::query::documents;
use crate::query::settlements::{self, Role};
use crate::query::visits::{self as visits_of, VisitedVisit};
use crate::refusal;

/// Rows of an answer at most.
const ROWS_MAX: usize = 100;

fn list(node: &str, rows: Vec<Output>) -> Output {
    let rows = rows.into_iter().map(Value::Object).collect();
    [(node.to_owned(), Value::Array(rows))].into_iter().collect()
}

fn visit(known: &VisitedVisit) -> Output {
    object([
        ("mdtrt_id", known.number.clone().into()),
        ("psn_no", known.person.clone().into()),
        ("psn_name", known.name.clone().into()),
        ("med_type", known.facts.care_type.code().into()),
        ("insutype", scheme_code(known.facts.scheme).into()),
        ("begntime", known.facts.began_on.to_string().into()),
        ("endtime", known.ended_on.map(|day| day.to_string()).into()),
        ("fixmedins_code", known.institution.clone().into()),
        ("ipt_otp_no", known.details.record_number.clone().into()),
        ("dept_name", known.details.department_name.clone().into()),
        ("adm_bed", known.details.bed.clone().into()),
    ])
}

/// Visits of a person at the caller's institution.
async fn of_person(call: &Call<'_>, person: String) -> Result<Vec<VisitedVisit>, Problem> {
    let institution = call.caller.principal.participant.clone();
    call.edge.read(move |view| Ok(visits_of::visited_of(view, &institution, &person, ROWS_MAX)?)).await
}

pub async fn visits(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    let (from, to) = (date(data, "begntime"), date(data, "endtime"));
    let (care_type, number) = (data.get("med_type"), data.get("mdtrt_id"));
    let known = of_person(call, text(data, "psn_no")).await?;
    let is_wanted = |known: &&VisitedVisit| {
        let began = Some(known.facts.began_on);
        began >= from
            && began <= to
            && care_type.is_none_or(|code| *code == known.facts.care_type.code())
            && number.is_none_or(|number| known.number.as_ref() == Some(number))
    };
    Ok(list("mdtrtinfo", known.iter().filter(is_wanted).map(visit).collect()))
}

pub async fn stays(call: &Call<'_>) -> Result<Output, Problem> {
    let known = of_person(call, text(call.node("data")?, "psn_no")).await?;
    let is_in = |known: &&VisitedVisit| known.is_stay() && known.state == "open";
    Ok(list("data", known.iter().filter(is_in).map(visit).collect()))
}

/// 5203 names some amounts otherwise than setlinfo.
fn queried(document: &SettledDocument, visit: &VisitedVisit) -> Output {
    let mut info = settled(document, Some(visit));
    for (name, other) in [("psn_part_amt", "psn_pay"), ("psn_cash_pay", "cash_payamt")] {
        if let Some(value) = info.remove(name) {
            info.insert(other.to_owned(), value);
        }
    }
    let refunded = if document.contra_of.is_some() { "1" } else { "0" };
    info.extend(object([
        ("fixmedins_code", document.institution.clone().into()),
        ("hosp_lv", document.level.name().into()),
        ("begndate", visit.facts.began_on.to_string().into()),
        ("enddate", visit.ended_on.unwrap_or(document.care_date).to_string().into()),
        ("refd_setl_flag", refunded.into()),
        ("year", document.insurance_year.to_string().into()),
        ("dise_codg", visit.facts.disease.clone().into()),
    ]));
    info
}

pub async fn settlements(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    let visit = call.visit(data).await?;
    let (number, wanted) = (text(data, "mdtrt_id"), data.get("setl_id").cloned());
    let documents: Vec<SettledDocument> = call
        .edge
        .read(move |view| {
            let known = settlements::of_visit(view, Role::Visited, &number, ROWS_MAX)?;
            let known = known.into_iter().filter(|known| wanted.as_ref().is_none_or(|id| *id == known.settlement));
            known.map(|known| documents::document(view, &known)).collect()
        })
        .await?;
    let info = documents.iter().map(|document| Value::Object(queried(document, &visit))).collect();
    let detail = documents.iter().flat_map(|document| {
        let of = details(&document.amounts.funds, &document.steps);
        let rows = of.as_array().cloned().unwrap_or_default();
        rows.into_iter().map(|mut row| {
            row["setl_id"] = document.settlement.clone().into();
            row
        })
    });
    Ok([("setlinfo".to_owned(), Value::Array(info)), ("setldetail".to_owned(), Value::Array(detail.collect()))]
        .into_iter()
        .collect())
}

/// The batch of a settlement of this visit.
fn batch_of(view: View<'_>, settlement: &str, visit: &str) -> Result<String, Stop> {
    let known = settlements::settlement(view, Role::Visited, settlement)?.filter(|known| known.visit == visit);
    let known = known.ok_or_else(|| refusal::SETTLEMENT_UNKNOWN.refuse().at_field("data.setl_id"))?;
    Ok(known.batch)
}

pub async fn lines(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    let visit = call.visit(data).await?.facts.visit;
    let (number, settlement) = (text(data, "mdtrt_id"), data.get("setl_id").cloned());
    let lines = call
        .edge
        .read(move |view| {
            let of = match settlement {
                Some(settlement) => Some(batch_of(view, &settlement, &number)?),
                None => None,
            };
            let mut lines = Vec::new();
            for (batch, _) in visits_of::batches(view, visit)? {
                if of.as_ref().is_none_or(|wanted| *wanted == batch) {
                    lines.extend(visits_of::lines(view, visit, &batch)?);
                }
            }
            Ok(lines)
        })
        .await?;
    Ok(list("feedetail", lines.iter().map(split).collect()))
}

pub async fn accumulators(call: &Call<'_>) -> Result<Output, Problem> {
    let wants = Wants { accumulators: true, ..Wants::default() };
    let certificate = by_number(call.node("data")?);
    let found = eligibility(call, certificate, CareType::Outpatient, wants).await?;
    let month: String =
        call.edge.clock.now().business_date().to_string().chars().filter(char::is_ascii_digit).take(6).collect();
    let (year, amounts) = found.accumulators.clone().unwrap_or_default();
    let rows = amounts.iter().map(|entry| used(entry, year, scheme_code(found.scheme), &month)).collect();
    Ok([("cuminfo".to_owned(), Value::Array(rows))].into_iter().collect())
}

pub async fn chronic(call: &Call<'_>) -> Result<Output, Problem> {
    let wants = Wants { chronic: true, ..Wants::default() };
    let found = eligibility(call, by_number(call.node("data")?), CareType::Outpatient, wants).await?;
    let rows = found.chronic.iter().map(|known| {
        object([
            ("opsp_dise_code", known.disease.clone().into()),
            ("begndate", known.valid_from.to_string().into()),
            ("enddate", known.valid_to.map(|day| day.to_string()).into()),
        ])
    });
    Ok(list("feedetail", rows.collect()))
}
