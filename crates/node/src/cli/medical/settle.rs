//! `huitong medical settle`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use huitong_medical::http::filing_effect;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::cli::FAILED;
use crate::demo::client::{ApiClient, CallError};

#[derive(Args)]
pub struct SettleArguments {
    /// The bill: the body of POST /v1/medical/bills, see docs/start/first-bill.md
    bill: PathBuf,
    /// Base address of the node's API
    #[arg(long)]
    node: String,
    /// API key of the cashier
    #[arg(long, env = "HUITONG_KEY")]
    key: String,
    /// The message id; the same id gives the same answer for ever. Made from the file's content when absent
    #[arg(long)]
    message_id: Option<String>,
    #[arg(long)]
    json: bool,
}

pub async fn settle(arguments: SettleArguments) -> anyhow::Result<i32> {
    let text = std::fs::read(&arguments.bill).with_context(|| format!("cannot read {}", arguments.bill.display()))?;
    let bill: Value = serde_json::from_slice(&text).context("the bill is not valid JSON")?;
    let message_id = arguments.message_id.unwrap_or_else(|| {
        let hash = huitong_kernel::hash::HashFunction::Sha256.hash(&[&text]).to_string();
        format!("bill-{}", &hash[..24])
    });
    let client = ApiClient::new(&arguments.node, &arguments.key);
    match client.send::<_, Value>(Method::POST, "/v1/medical/bills", Some(&message_id), &bill).await {
        Ok((status, answer)) => {
            if arguments.json {
                println!("{}", serde_json::to_string_pretty(&answer)?);
            } else {
                print_answer(status, &answer, &message_id);
            }
            Ok(if status == StatusCode::OK { 0 } else { FAILED })
        }
        Err(CallError::Refused(problem)) => {
            if arguments.json {
                println!("{}", serde_json::to_string_pretty(&problem)?);
            } else {
                println!("DO NOT COLLECT 不收费: {} {} {}", problem.code, problem.title, problem.title_zh);
                if let Some(field) = &problem.field {
                    println!("  field 字段: {field}");
                }
                if let Some(sums) = filing_effect::in_short(&problem) {
                    println!("  if filed 备案影响: {sums}");
                }
            }
            Ok(FAILED)
        }
        Err(error @ CallError::Unreachable(_)) => {
            println!("WAIT 请等待: {error}");
            println!("Repeat the same command: the message id {message_id} makes sure that nothing is booked twice.");
            Ok(FAILED)
        }
    }
}

fn print_answer(status: StatusCode, answer: &Value, message_id: &str) {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    if status != StatusCode::OK {
        println!("WAIT, do not collect yet 请等待，暂勿收费: message id {message_id}");
        println!("Repeat the same command; the node resolves the outcome by itself.");
        return;
    }
    let settlement = &answer["settlement"];
    println!("COLLECT 收费 {} yuan", text(&answer["collect"]));
    println!("  settlement 结算ID   {}", text(&settlement["settlement"]));
    println!("  total 总额          {}", text(&settlement["total_fee"]));
    println!("  funds 基金          {}", text(&settlement["fund_total"]));
    println!("  account 个人账户    {}", text(&settlement["account"]));
    println!("  cash 现金           {}", text(&settlement["cash"]));
}
