//! 3201 totals, 3202 details, 3260 details of a month

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_service_kit::http::Problem;
use huitong_service_kit::{Refusal, Stop, View};
use serde_json::Value;

use super::call::{Call, amount, date, missing, object, scheme_code, text, yuan};
use super::files;
use crate::command::{Command, ReconcileWish, Reply};
use crate::model::reconciliation::{
    Cause, Difference, EQUAL, Proposal, ROWS_MAX, Reconciliation, Row, Totals, check_rows,
};
use crate::national::envelope::{Output, Record, local_time};
use crate::query::documents;
use crate::query::reconciliation::{self as books, Days};
use crate::query::settlements::{self, Role};
use crate::refusal;

/// Rows of 3260.
const PAGE: usize = 100;
/// Columns of a row of 3202: seven, and a memo.
const COLUMNS_MAX: usize = 8;
/// Characters of `setl_id`, `mdtrt_id`, `psn_no`.
const ID_MAX: usize = 30;

fn home(call: &Call<'_>, data: &Record) -> Result<Division, Problem> {
    let code = text(data, "setl_optins");
    let unknown = || refusal::CODE_UNKNOWN.with("field", "data.setl_optins").with("value", &code);
    code.parse().map_err(|_| call.refuse(&unknown().at_field("data.setl_optins")))
}

fn stated(data: &Record) -> Result<(Totals, bool), Problem> {
    let sum = |name: &str| amount(data, name).ok_or_else(|| missing(name));
    let documents = text(data, "fixmedins_setl_cnt").parse().map_err(|_| missing("data.fixmedins_setl_cnt"))?;
    let account = amount(data, "acct_pay");
    let totals = Totals {
        documents,
        total_fen: sum("medfee_sumamt")?,
        fund_fen: sum("fund_pay_sumamt")?,
        account_fen: account.unwrap_or(Fen::ZERO),
    };
    Ok((totals, account.is_some()))
}

pub async fn totals(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    let (home_area, (theirs, _)) = (home(call, data)?, stated(data)?);
    let from = date(data, "stmt_begndate").ok_or_else(|| missing("stmt_begndate"))?;
    let to = date(data, "stmt_enddate").ok_or_else(|| missing("stmt_enddate"))?;
    if to < from {
        let why = refusal::TIME_MALFORMED.with("field", "data.stmt_enddate");
        return Err(call.refuse(&why.at_field("data.stmt_enddate")));
    }
    let institution = call.caller.principal.participant.clone();
    let (insurance, clearing) = (text(data, "insutype"), text(data, "clr_type"));
    let ours = call
        .edge
        .read(move |view| {
            let known = books::known(view, &Days { institution: &institution, from, to, home: Some(home_area) })?;
            if known.len() > ROWS_MAX {
                return Err(refusal::TOO_MANY_LINES.with("limit", ROWS_MAX).at_field("data.stmt_enddate").into());
            }
            let mut rows = Vec::new();
            for known in known {
                if clearing_of(view, &known.row.settlement)? == Some((insurance.as_str(), clearing.as_str())) {
                    rows.push(known.row);
                }
            }
            Ok(Totals::of(rows.iter()))
        })
        .await?;
    let told = if ours == theirs {
        "对账一致".to_owned()
    } else {
        let shown = |of: &Totals| {
            let (total, fund) = (of.total_fen.yuan(), of.fund_fen.yuan());
            format!("{}笔，总额{total}，基金{fund}，账户{}", of.documents, of.account_fen.yuan())
        };
        format!("对账不平：平台{}；机构{}", shown(&ours), shown(&theirs))
    };
    let info = object([
        ("setl_optins", text(data, "setl_optins").into()),
        ("stmt_rslt", if ours == theirs { EQUAL } else { "000103" }.into()),
        ("stmt_rslt_dscr", told.into()),
    ]);
    Ok([("stmtinfo".to_owned(), Value::Object(info))].into_iter().collect())
}

/// `insutype` and `clr_type` of a document.
fn clearing_of(view: View<'_>, settlement: &str) -> Result<Option<(&'static str, &'static str)>, Stop> {
    let Some(known) = settlements::settlement(view, Role::Visited, settlement)? else { return Ok(None) };
    let document = documents::document(view, &known)?;
    Ok(Some((scheme_code(document.scheme), document.care_type.code())))
}

/// The rows of a file, by TAB; an empty line is none (MED-5001 names the row).
fn rows(file: &str) -> Result<Vec<Row>, Refusal> {
    let mut rows = Vec::new();
    for (index, line) in file.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let malformed = || refusal::FILE_ROW_MALFORMED.with("row", index + 1);
        let columns: Vec<&str> = line.trim_start_matches('\u{feff}').split('\t').map(str::trim).collect();
        let [settlement, visit, person, total, fund, account, refunded, ..] = columns.as_slice() else {
            return Err(malformed());
        };
        let amount = |text: &str| text.parse::<Fen>().map_err(|_| malformed());
        let is_long = [settlement, visit, person].iter().any(|id| id.chars().count() > ID_MAX);
        let is_flag = matches!(*refunded, "0" | "1" | "" | "null");
        if columns.len() > COLUMNS_MAX || !is_flag || is_long || person.is_empty() {
            return Err(malformed());
        }
        rows.push(Row {
            settlement: (*settlement).to_owned(),
            visit: (*visit).to_owned(),
            person: (*person).to_owned(),
            total_fen: amount(total)?,
            fund_fen: amount(fund)?,
            account_fen: amount(account)?,
            is_contra: *refunded == "1",
        });
    }
    Ok(rows)
}

pub async fn details(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    let file = files::kept(call, text(data, "file_qury_no")).await?;
    let rows = rows(&file.text).map_err(|why| call.refuse(&why))?;
    check_rows(&rows).map_err(|why| call.refuse(&why))?;
    let (mut sums, has_account) = stated(data)?;
    if !has_account {
        sums.account_fen = Totals::of(rows.iter()).account_fen;
    }
    let wish = ReconcileWish {
        from: date(data, "stmt_begndate").ok_or_else(|| missing("stmt_begndate"))?,
        to: date(data, "stmt_enddate").ok_or_else(|| missing("stmt_enddate"))?,
        home: Some(home(call, data)?),
        rows,
        stated: Some(sums),
    };
    let reply = call.told("", Command::Reconcile(Box::new(wish))).await?;
    let Reply::Reconciled(made) = reply else { unreachable!("a reconciliation was made") };
    let name = format!("{}.{}", made.reconciliation, file.form.ending());
    let kept = files::keep(call, "result", (file.form, name), result(&made)).await?;
    let info = kept.get("data").cloned().unwrap_or_default();
    Ok([("fileinfo".to_owned(), info)].into_iter().collect())
}

/// The result file: one row a difference, by TAB.
fn result(made: &Reconciliation) -> String {
    made.differences.iter().map(|difference| row(difference) + "\n").collect()
}

fn row(difference: &Difference) -> String {
    let either = difference.institution.as_ref().or(difference.platform.as_ref());
    let Some(row) = either else { return String::new() };
    let sums = |row: Option<&Row>| match row {
        Some(row) => [row.total_fen.yuan(), row.fund_fen.yuan(), row.account_fen.yuan()].join("\t"),
        None => "null\tnull\tnull".to_owned(),
    };
    let memo = format!("{}；{}", cause(difference.cause), proposal(difference.proposal));
    let message_id = difference.message_id.as_deref().or(difference.original.as_deref()).unwrap_or("null");
    let contra = if row.is_contra { "1" } else { "0" };
    [
        row.person.as_str(),
        &row.visit,
        &row.settlement,
        message_id,
        difference.class.code(),
        contra,
        &memo,
        &sums(difference.institution.as_ref()),
        &sums(difference.platform.as_ref()),
    ]
    .join("\t")
}

pub fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::AnswerLost => "机构未收到结算结果",
        Cause::ReversedOnOneSide => "平台已撤销或冲正，机构未登记",
        Cause::NeverBooked => "平台无此结算",
        Cause::RefundMissing => "机构已退费，平台未退",
        Cause::AmountTyped => "金额与结算单不一致",
        Cause::NumberTyped => "编号与结算单不一致",
        Cause::Duplicate => "机构重复登记",
        Cause::OtherDay => "属相邻日，跨日",
    }
}

pub fn proposal(proposal: Proposal) -> &'static str {
    match proposal {
        Proposal::Rebook => "按流水补登",
        Proposal::MarkReversed => "登记撤销",
        Proposal::Reverse => "按报文ID冲正",
        Proposal::TakeBack => "补办退费",
        Proposal::Correct => "按结算单更正",
        Proposal::Remove => "机构删除该记录",
        Proposal::NeighbourDay => "与相邻日匹配，无须处理",
    }
}

pub async fn month(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    let period = format!("{:0>4}-{:0>2}", text(data, "trt_year"), text(data, "trt_month"));
    let start: usize = text(data, "startrow").parse().map_err(|_| missing("data.startrow"))?;
    let institution = call.caller.principal.participant.clone();
    let rows = call
        .edge
        .read(move |view| Ok(settlements::rows_of_period(view, &institution, &period, start.saturating_sub(1), PAGE)?))
        .await?;
    let row = |(index, known): (usize, settlements::Settlement)| {
        Value::Object(object([
            ("seqno", (start.max(1) + index).into()),
            ("mdtrtarea", known.visited.to_string().into()),
            ("medins_no", known.call.institution.into()),
            ("mdtrt_id", known.visit.into()),
            ("mdtrt_setl_time", local_time(known.settled_at).into()),
            ("setl_sn", known.settlement.into()),
            ("fulamt_advpay_flag", "0".into()),
            ("medfee_sumamt", yuan(known.total_fen)),
            ("optins_pay_sumamt", yuan(known.fund_total_fen + known.account_fen)),
            ("psn_no", known.person.into()),
        ]))
    };
    Ok([("data".to_owned(), Value::Array(rows.into_iter().enumerate().map(row).collect()))].into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faulty_row_of_a_file_is_named() {
        let good = "A1\tS1\tP1\t100.00\t60.00\t0.00\t0\n\nA2\tS2\tP1\t-1.00\t-0.60\t0\t1\tmemo\n";
        assert_eq!(rows(good).expect("readable").len(), 2);
        for (file, row) in [
            ("A1\tS1\tP1\t100.00\t60.00\t0.00\n", "1"),
            ("A1\tS1\tP1\t1e3\t0\t0\t0", "1"),
            ("\nA1\tS1\t\t1\t0\t0\t0", "2"),
            ("A1\tS1\tP1\t1\t0\t0\t0\t\tone too many", "1"),
            ("A1\tS1\tP1\t1\t0\t0\t2", "1"),
            ("A1\tS1\tP1\t12.345\t0\t0\t0", "1"),
            ("A1\tS1\t人人人人人人人人人人人人人人人人人人人人人人人人人人人人人人人\t1\t0\t0\t0", "1"),
            ("A1,S1,P1,1,0,0,0", "1"),
        ] {
            let refused = rows(file).expect_err("refused");
            assert_eq!((refused.code.as_str(), refused.arguments[0].1.as_str()), ("MED-5001", row), "{file}");
        }
    }
}
