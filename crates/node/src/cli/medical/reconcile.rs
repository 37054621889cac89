//! `huitong medical reconcile` and `huitong medical rebuild`: a hospital's records and the node's books

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::FAILED;
use crate::demo::client::{ApiClient, CallError};

/// Which node, and which days.
#[derive(Args)]
pub struct Days {
    /// Base address of the node's API
    #[arg(long)]
    node: String,
    /// API key of the hospital's IT
    #[arg(long, env = "HUITONG_KEY")]
    key: String,
    /// First day of settlement, YYYY-MM-DD
    #[arg(long)]
    from: String,
    /// Last day
    #[arg(long)]
    to: String,
}

#[derive(Args)]
pub struct ReconcileArguments {
    #[command(flatten)]
    days: Days,
    /// The hospital's records, a row a document, by TAB: setl_id, mdtrt_id, psn_no, total, fund, account, refunded (0 or 1)
    #[arg(long)]
    rows: PathBuf,
    /// Carry out every proposal that is this node's to do
    #[arg(long)]
    apply: bool,
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct RebuildArguments {
    #[command(flatten)]
    days: Days,
    /// Where the settlements go, one JSON document a line
    #[arg(long)]
    out: PathBuf,
}

/// The rows of a file.
fn rows(file: &str) -> anyhow::Result<Vec<Value>> {
    let mut rows = Vec::new();
    for (index, line) in file.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let columns: Vec<&str> = line.split('\t').map(str::trim).collect();
        let [settlement, visit, person, total, fund, account, refunded, ..] = columns.as_slice() else {
            bail!("row {} has {} columns instead of 7 第{}行列数不符", index + 1, columns.len(), index + 1);
        };
        rows.push(json!({ "settlement": settlement, "visit": visit, "person": person, "total_fee": total,
            "fund_total": fund, "account": account, "contra": *refunded == "1" }));
    }
    Ok(rows)
}

pub async fn reconcile(arguments: ReconcileArguments) -> anyhow::Result<i32> {
    let path = &arguments.rows;
    let file = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let client = ApiClient::new(&arguments.days.node, &arguments.days.key);
    let wish = json!({ "from": arguments.days.from, "to": arguments.days.to, "rows": rows(&file)? });
    let (_, mut made): (_, Value) = client.send(Method::POST, "/v1/medical/reconciliations", None, &wish).await?;
    let path = format!("/v1/medical/reconciliations/{}", made["reconciliation"].as_str().unwrap_or_default());
    if arguments.apply {
        apply(&client, &path, &made).await?;
        made = client.get(&path).await?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&made)?);
    } else {
        print!("{}", sheet(&made));
    }
    Ok(if made["closed"] == true { 0 } else { FAILED })
}

/// Carries out what is this node's to do. What home refuses stands in the comparison afterwards, with its reason; what is refused here is
/// told at once.
async fn apply(client: &ApiClient, path: &str, made: &Value) -> anyhow::Result<()> {
    let differences = made["differences"].as_array().into_iter().flatten();
    for difference in differences.filter(|of| of["by_node"] == true && of["state"] == "open") {
        let fix = json!({ "difference": difference["number"] });
        match client.send::<_, Value>(Method::POST, &format!("{path}/fixes"), None, &fix).await {
            Err(CallError::Refused(problem)) => {
                let (number, settlement) = (&difference["number"], difference["settlement"].as_str().unwrap_or("-"));
                eprintln!("{number} {settlement}: {} {} {}", problem.code, problem.title_zh, problem.title);
            }
            told => drop(told?),
        }
    }
    Ok(())
}

fn state(difference: &Value) -> &'static str {
    match (difference["state"].as_str(), difference["by_node"] == true) {
        (Some("resolved"), _) => "resolved 已处理",
        (Some("confirmed"), _) => "confirmed 机构已确认",
        (Some("asked"), _) => "asked of home, not answered yet 已提请参保地，待答复",
        (_, true) => "open 未处理",
        (_, false) => "open, the hospital's to do 未处理，由机构处理",
    }
}

fn sheet(made: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut lines = String::new();
    for (name, side) in [("platform 平台", "platform"), ("hospital 机构", "institution")] {
        let of = &made[side];
        let (total, fund, account) = (text(&of["total_fee"]), text(&of["fund_total"]), text(&of["account"]));
        let documents = &of["documents"];
        lines += &format!(
            "{name}: {documents} documents 笔, total 总额 {total}, funds 基金 {fund}, account 账户 {account}\n"
        );
    }
    let differences = made["differences"].as_array().cloned().unwrap_or_default();
    for difference in &differences {
        let [code, class, settlement, cause, proposal] =
            ["code", "class", "settlement", "cause", "proposal"].map(|name| text(&difference[name]));
        let (number, state) = (&difference["number"], state(difference));
        lines += &format!("{number}. {code} {class} {settlement}: {cause} → {proposal} [{state}]");
        if let Some(contra) = difference["contra"].as_str() {
            lines += &format!(" contra 冲减单据 {contra}");
        }
        let refusal = &difference["refusal"];
        if refusal.is_object() {
            let [code, chinese, english] = ["code", "title_zh", "title"].map(|name| text(&refusal[name]));
            lines += &format!(" refused by home 参保地拒绝: {code} {chinese} {english}");
        }
        lines.push('\n');
    }
    lines + &format!("{} differences 处差异.\n", differences.len())
}

pub async fn rebuild(arguments: RebuildArguments) -> anyhow::Result<i32> {
    let Days { node, key, from, to } = &arguments.days;
    let client = ApiClient::new(node, key);
    let path = format!("/v1/medical/settlement-records?from={from}&to={to}");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&arguments.out)?);
    let (mut count, mut after) = (0, None::<String>);
    loop {
        let cursor = after.map(|after| format!("&after={}", after.replace('/', "%2F"))).unwrap_or_default();
        let page: Value = client.get(&format!("{path}{cursor}")).await?;
        for item in page["items"].as_array().into_iter().flatten() {
            writeln!(file, "{item}")?;
            count += 1;
        }
        after = page["next"].as_str().map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    file.flush()?;
    println!("{count} settlements 笔结算 → {}", arguments.out.display());
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sheet_says_of_each_difference_how_it_stands() {
        let difference = |number: usize, by_node: bool, state: &str| {
            json!({ "number": number, "code": "000102", "class": "institution_more", "settlement": format!("R{number}"),
                "cause": "refund_missing", "proposal": "take_back", "by_node": by_node, "state": state })
        };
        let mut resolved = difference(1, true, "resolved");
        resolved["contra"] = json!("A9");
        let mut refused = difference(2, true, "open");
        refused["refusal"] = json!({ "code": "MED-4006", "title": "cleared", "title_zh": "已清算" });
        let totals = json!({ "documents": 1, "total_fee": "1.00", "fund_total": "0.50", "account": "0.00" });
        let differences = [resolved, refused, difference(3, true, "asked"), difference(4, false, "open")];
        let sheet = sheet(&json!({ "platform": totals, "institution": totals, "differences": differences }));
        let ends: Vec<&str> =
            sheet.lines().skip(2).map(|line| line.split_once('[').map_or(line, |(_, end)| end)).collect();
        assert_eq!(
            ends,
            [
                "resolved 已处理] contra 冲减单据 A9",
                "open 未处理] refused by home 参保地拒绝: MED-4006 已清算 cleared",
                "asked of home, not answered yet 已提请参保地，待答复]",
                "open, the hospital's to do 未处理，由机构处理]",
                "4 differences 处差异.",
            ]
        );
    }
}
