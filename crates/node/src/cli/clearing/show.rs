//! `huitong clearing show`

use clap::Args;
use serde_json::Value;

use super::NodeAddress;
use crate::demo::client::ApiClient;

#[derive(Args)]
pub struct ShowArguments {
    #[command(flatten)]
    address: NodeAddress,
    /// Only this service
    #[arg(long)]
    service: Option<String>,
    /// Only this period
    #[arg(long)]
    period: Option<String>,
    /// Only with this jurisdiction
    #[arg(long)]
    peer: Option<String>,
    /// The documents of one statement (service, period and peer are given) as CSV
    #[arg(long, conflicts_with_all = ["print", "json"])]
    csv: bool,
    /// One statement for print, as HTML
    #[arg(long, conflicts_with = "json")]
    print: bool,
    #[arg(long)]
    json: bool,
}

pub async fn run(arguments: ShowArguments) -> anyhow::Result<i32> {
    let client = arguments.address.client();
    if arguments.csv || arguments.print {
        let (Some(service), Some(period), Some(peer)) = (&arguments.service, &arguments.period, &arguments.peer) else {
            anyhow::bail!("name one statement with --service, --period and --peer");
        };
        let path = format!("/v1/clearing/statements/{service}/{period}/{peer}");
        if arguments.print {
            print!("{}", client.text(&format!("{path}/print")).await?);
        } else {
            csv(&client, &path).await?;
        }
        return Ok(0);
    }
    let is_wanted = |item: &Value| {
        let is = |wanted: &Option<String>, field: &str| {
            wanted.as_deref().is_none_or(|wanted| item[field].is_null() || item[field] == wanted)
        };
        is(&arguments.service, "service") && is(&arguments.period, "period") && is(&arguments.peer, "peer")
    };
    let mut found = serde_json::Map::new();
    for name in ["statements", "batches", "payments"] {
        let mut items = client.all(&format!("/v1/clearing/{name}")).await?;
        items.retain(is_wanted);
        found.insert(name.to_owned(), Value::Array(items));
    }
    let found = Value::Object(found);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        table(&found);
    }
    Ok(0)
}

const COLUMNS: [&str; 11] =
    ["document", "name", "kind", "debtor", "creditor", "day", "amount", "of", "feed", "number", "line"];

/// Writes page by page: a statement may hold millions.
async fn csv(client: &ApiClient, path: &str) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(std::io::stdout());
    writer.write_record(COLUMNS)?;
    let mut after: Option<String> = None;
    loop {
        let (items, next) = client.page(&format!("{path}/documents"), after.as_deref()).await?;
        for item in &items {
            writer.write_record(COLUMNS.map(|column| text(&item[column])))?;
        }
        after = next;
        if after.is_none() {
            writer.flush()?;
            return Ok(());
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn table(found: &Value) {
    println!("Statements 清算表");
    println!(
        "  {:<9} {:<10} {:<7} {:>9} {:>16} {:>16}  state 状态",
        "service", "period", "peer", "documents", "owed 应付", "claimed 应收"
    );
    for item in found["statements"].as_array().into_iter().flatten() {
        println!(
            "  {:<9} {:<10} {:<7} {:>9} {:>16} {:>16}  {}",
            text(&item["service"]),
            text(&item["period"]),
            text(&item["peer"]),
            text(&item["documents"]),
            text(item.get("payable").unwrap_or(&item["owed"])),
            text(item.get("receivable").unwrap_or(&item["claimed"])),
            text(&item["state"])
        );
    }
    for batch in found["batches"].as_array().into_iter().flatten() {
        println!(
            "Batch 批次 {} {} {}: {}, {}",
            text(&batch["service"]),
            text(&batch["period"]),
            text(&batch["scope"]),
            text(&batch["payment"]),
            text(&batch["state"])
        );
        owed(&batch["matrix"], "owes 应付");
        for position in batch["positions"].as_array().into_iter().flatten() {
            println!("    position 净头寸 {} {:>16}", text(&position["division"]), text(&position["amount"]));
        }
        owed(&batch["payments"], "pays 付款");
        println!(
            "    gross 全额 {} yuan in {} payments; paid 实付 {} yuan in {}",
            text(&batch["gross"]),
            text(&batch["gross_payments"]),
            text(&batch["paid"]),
            batch["payments"].as_array().map_or(0, Vec::len)
        );
    }
    for payment in found["payments"].as_array().into_iter().flatten() {
        println!(
            "Payment 付款 {} {} → {} {} yuan: {}",
            text(&payment["payment"]),
            text(&payment["payer"]),
            text(&payment["payee"]),
            text(&payment["amount"]),
            text(&payment["state"])
        );
    }
}

fn owed(rows: &Value, word: &str) {
    for row in rows.as_array().into_iter().flatten() {
        println!("    {} {word} {} {:>16}", text(&row["debtor"]), text(&row["creditor"]), text(&row["amount"]));
    }
}
