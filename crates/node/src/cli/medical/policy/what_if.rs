//! `huitong medical policy what-if`

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_medical::model::policy::Pack;
use huitong_medical::query::what_if::{Compared, Question, WhatIf};

use super::read;

#[derive(Args)]
pub struct WhatIfArguments {
    /// The folder of the home node, for instance data/330000
    #[arg(long)]
    data: PathBuf,
    /// The draft
    #[arg(long)]
    pack: PathBuf,
    /// The clearing period, YYYY-MM; all when absent
    #[arg(long)]
    month: Option<String>,
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &WhatIfArguments) -> anyhow::Result<i32> {
    let (pack, _) = read(&arguments.pack)?;
    if let Some(finding) = huitong_medical::model::policy::validate::findings(&pack).first() {
        eprintln!("The pack is faulty ({}): huitong medical policy check {}", finding.code, arguments.pack.display());
    }
    // A draft of days to come is asked about days that are past.
    let pack = Pack { valid_from: Date::constant(1900, 1, 1), valid_to: None, ..pack };
    let config = crate::config::NodeConfig::read(&arguments.data.join("node.toml"))?;
    let path = crate::services::stream_path(&config.data, "medical");
    let connection = huitong_store::journal::open_reader(&path)?;
    let begin = Instant::now();
    let question = Question { pack: &pack, period: arguments.month.as_deref() };
    let found = huitong_medical::query::what_if::run(&connection, &question)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
        return Ok(0);
    }
    let month = arguments.month.as_deref().unwrap_or("all periods 全部");
    println!(
        "HYPOTHETICAL 假设测算, nothing is booked 不入账: {} {} {}, {month}",
        pack.area,
        pack.scheme.name(),
        pack.version
    );
    print(&found);
    println!("{:.2} s", begin.elapsed().as_secs_f64());
    Ok(0)
}

fn print(found: &WhatIf) {
    line("funds 基金支付", &found.total);
    let tables: [(&str, &BTreeMap<String, Compared>); 4] = [
        ("person class 人员类别", &found.by_class),
        ("city of treatment 就医地", &found.by_city),
        ("hospital level 医院等级", &found.by_level),
        ("fund 基金", &found.by_fund),
    ];
    for (title, table) in tables {
        println!("by {title}");
        table.iter().for_each(|(name, compared)| line(&format!("  {name}"), compared));
    }
    println!("persons by change 个人负担变化");
    for band in &found.bands {
        let to = band.up_to_fen.map_or_else(|| "…".to_owned(), |to| to.yuan());
        println!(
            "  {:>10} – {to:>10}: {} pay less 减少, {} more 增加",
            band.above_fen.yuan(),
            band.winners,
            band.losers
        );
    }
    println!("largest changes 变化最大");
    for change in &found.largest {
        println!("  {} {} → {}", change.settlement, change.was_fen.yuan(), change.would_be_fen.yuan());
    }
    if !found.refused.is_empty() {
        println!("{} settlements would be refused 不能直接结算; they are counted as they were", found.refused.len());
    }
}

fn line(name: &str, compared: &Compared) {
    let change: Fen = compared.would_be_fen - compared.was_fen;
    let (was, would_be) = (compared.was_fen.yuan(), compared.would_be_fen.yuan());
    println!("{name}: {} settlements, {was} → {would_be} ({}{})", compared.settlements, sign(change), change.yuan());
}

fn sign(change: Fen) -> &'static str {
    if change.is_negative() { "" } else { "+" }
}
