//! 2204, 2205, 2301, 2302: lines of a visit

use huitong_service_kit::http::Problem;
use serde_json::Value;

use super::call::{Call, date, missing, object, text, yuan};
use crate::command::{Command, Reply};
use crate::model::catalogue::FeeClass;
use crate::model::lines::{Approval, Line, SplitLine, SplitReason};
use crate::national::envelope::{Output, Record};
use crate::query::visits;
use crate::refusal;

/// The batch of a stay that takes lines: the running number of the settlement inside the visit.
pub async fn open_batch(call: &Call<'_>, visit: uuid::Uuid) -> Result<String, Problem> {
    call.edge.read(move |view| Ok(visits::open_batch(view, visit)?)).await
}

pub async fn add(call: &Call<'_>) -> Result<Output, Problem> {
    let records = call.request.all("feedetail");
    let first = records.first().ok_or_else(|| missing("feedetail"))?;
    let visit = call.visit(first).await?;
    let is_stay = visit.is_stay();
    if is_stay != (call.request.infno() == "2301") {
        return Err(call.refuse(&refusal::VISIT_STATE.with("state", visit.facts.care_type.code())));
    }
    let visit = visit.facts.visit;
    let batch = match first.get("chrg_bchno") {
        _ if is_stay => open_batch(call, visit).await?,
        Some(batch) => batch.clone(),
        None => return Err(missing("feedetail.chrg_bchno")),
    };
    let mut lines = Vec::with_capacity(records.len());
    for (index, record) in records.iter().enumerate() {
        let path = |field: &str| format!("feedetail[{index}].{field}");
        let is_same = |field: &str| record.get(field) == first.get(field);
        if !is_same("mdtrt_id") || !is_same("psn_no") || (!is_stay && !is_same("chrg_bchno")) {
            let field = path("mdtrt_id");
            return Err(call.refuse(&refusal::VISIT_UNKNOWN.refuse().at_field(field)));
        }
        if !is_same("dise_codg") {
            return Err(call.refuse(&refusal::DISEASE_CODE_DIFFERS.refuse().at_field(path("dise_codg"))));
        }
        lines.push(line(record).ok_or_else(|| missing(&path("fee_ocur_time")))?);
    }
    let command = Command::AddLines { visit, batch, replaces: false, lines };
    let Reply::Lines { lines, .. } = call.told("", command).await? else { unreachable!("lines were added") };
    let result = lines.iter().map(|line| Value::Object(split(line))).collect();
    Ok([("result".to_owned(), Value::Array(result))].into_iter().collect())
}

/// The values have been checked to read.
fn line(record: &Record) -> Option<Line> {
    Some(Line {
        number: text(record, "feedetl_sn"),
        day: date(record, "fee_ocur_time")?,
        code: record.get("med_list_codg").cloned(),
        local_code: record.get("medins_list_codg").cloned(),
        quantity: record.get("cnt")?.parse().ok()?,
        price: record.get("pric")?.parse().ok()?,
        amount: record.get("det_item_fee_sumamt")?.parse().ok()?,
        approval: match record.get("hosp_appr_flag").map(String::as_str) {
            Some("1") => Approval::Approved,
            Some("2") => Approval::SelfPaid,
            _ => Approval::NotStated,
        },
        original: record.get("init_feedetl_sn").cloned(),
    })
}

/// `result` of 2204 and 2301, `feedetail` of 5204.
pub fn split(line: &SplitLine) -> Output {
    object([
        ("feedetl_sn", line.number.clone().into()),
        ("fee_ocur_time", line.day.to_string().into()),
        ("med_list_codg", line.code.clone().into()),
        ("medins_list_codg", line.local_code.clone().into()),
        ("det_item_fee_sumamt", yuan(line.total_fen)),
        ("cnt", line.quantity.to_string().into()),
        ("pric", line.price.to_string().into()),
        (
            "pric_uplmt_amt",
            line.price_limit.map_or_else(|| "999999.000000".to_owned(), |limit| limit.to_string()).into(),
        ),
        ("selfpay_prop", line.self_pay_ratio.to_string().into()),
        ("fulamt_ownpay_amt", yuan(line.own_fen)),
        ("overlmt_amt", yuan(line.over_fen)),
        ("preselfpay_amt", yuan(line.pre_fen)),
        ("inscp_scp_amt", yuan(line.eligible_fen)),
        ("chrgitm_lv", class(line.class).into()),
        ("med_chrgitm_type", "14".into()),
        ("lmt_used_flag", if line.reason == SplitReason::LimitedUseNotApproved { "1" } else { "0" }.into()),
        ("memo", reason(line.reason).into()),
    ])
}

fn class(class: FeeClass) -> &'static str {
    match class {
        FeeClass::A => "1",
        FeeClass::B => "2",
        FeeClass::C => "3",
    }
}

fn reason(reason: SplitReason) -> &'static str {
    match reason {
        SplitReason::Class => "按甲乙丙类",
        SplitReason::OverLimit => "超限价",
        SplitReason::LimitedUseNotApproved => "限制使用未审批",
        SplitReason::DeclaredSelfPaid => "申报自费",
        SplitReason::Unmapped => "未对照",
        SplitReason::Expired => "目录已失效",
        SplitReason::Unknown => "目录中无此编码",
    }
}

/// All that is not settled, where a serial or a batch would stand.
const ALL: &str = "0000";

/// 2205, 2302: the lines that are named by `feedetl_sn`; of a batch, or of the visit, all where none is.
pub async fn revoke(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    let visit = call.visit(data).await?.facts.visit;
    let records = call.request.all("data");
    let is_same = |field: &str| records.iter().all(|record| record.get(field) == data.get(field));
    if !is_same("mdtrt_id") || !is_same("psn_no") || !is_same("chrg_bchno") {
        return Err(call.refuse(&refusal::VISIT_UNKNOWN.refuse().at_field("data.mdtrt_id")));
    }
    let batch = data.get("chrg_bchno").cloned().filter(|batch| batch != ALL);
    let named = |record: &Record| record.get("feedetl_sn").cloned().filter(|number| number != ALL);
    let numbers: Vec<String> = records.iter().filter_map(named).collect();
    match numbers.len() {
        0 => revoke_all(call, visit, batch).await?,
        // Whether that one means all of them would be a guess.
        some if some < records.len() => return Err(missing("data.feedetl_sn")),
        _ => drop(call.told("", Command::RevokeChosenLines { visit, batch, numbers }).await?),
    }
    Ok(Output::new())
}

async fn revoke_all(call: &Call<'_>, visit: uuid::Uuid, batch: Option<String>) -> Result<(), Problem> {
    let batches = match batch {
        Some(batch) => vec![batch],
        None => {
            let all = call.edge.read(move |view| Ok(visits::batches(view, visit)?)).await?;
            all.into_iter().filter(|(_, state)| state == "open").map(|(batch, _)| batch).collect()
        }
    };
    for batch in batches {
        let step = format!("revoke-{batch}");
        call.told(&step, Command::RevokeLines { visit, batch }).await?;
    }
    Ok(())
}
