//! `huitong medical reconcile` and `huitong medical rebuild`: a hospital's records and the node's books

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::FAILED;
use crate::demo::client::ApiClient;

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
    let (_, made): (_, Value) = client.send(Method::POST, "/v1/medical/reconciliations", None, &wish).await?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&made)?);
    } else {
        print(&made);
    }
    let differences = made["differences"].as_array().cloned().unwrap_or_default();
    let open = differences.iter().filter(|difference| difference["resolved"] != true);
    if !arguments.apply {
        return Ok(if open.count() == 0 { 0 } else { FAILED });
    }
    let fixes = format!("/v1/medical/reconciliations/{}/fixes", made["reconciliation"].as_str().unwrap_or_default());
    for difference in open {
        let fix = json!({ "settlement": difference["settlement"] });
        client.send::<_, Value>(Method::POST, &fixes, None, &fix).await?;
        if !arguments.json {
            println!("done 已处理 {}", difference["settlement"].as_str().unwrap_or("-"));
        }
    }
    Ok(0)
}

fn print(made: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    for (name, side) in [("platform 平台", "platform"), ("hospital 机构", "institution")] {
        let of = &made[side];
        let (total, fund, account) = (text(&of["total_fee"]), text(&of["fund_total"]), text(&of["account"]));
        println!(
            "{name}: {} documents 笔, total 总额 {total}, funds 基金 {fund}, account 账户 {account}",
            of["documents"]
        );
    }
    let differences = made["differences"].as_array().cloned().unwrap_or_default();
    for difference in &differences {
        println!(
            "{} {} {}: {} → {}",
            text(&difference["code"]),
            text(&difference["class"]),
            text(&difference["settlement"]),
            text(&difference["cause"]),
            text(&difference["proposal"])
        );
    }
    println!("{} differences 处差异.", differences.len());
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
