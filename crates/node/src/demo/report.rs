//! What happened, for a person and for a script.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Region;
use super::audit::Audit;
use super::load::{operator, unequal_feeds};
use super::morning::{Morning, Settings};
use crate::api::status::StatusWire;
use huitong_kernel::money::Fen;
use huitong_medical::query::totals::PairTotals;

/// The outcome as one JSON document. Amounts in fen.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    pub seed: u64,
    pub bills: usize,
    pub settled: u64,
    pub refused: u64,
    pub refused_by_code: BTreeMap<String, u64>,
    pub unknown: u64,
    pub lost: u64,
    pub doubled: u64,
    pub latency_ms_p50: f64,
    pub latency_ms_p99: f64,
    pub settlements_per_second: f64,
    pub books_equal: bool,
    pub views_equal_replay: bool,
    /// Every feed between nodes is covered by a receipted checkpoint up to its last message.
    pub heads_receipted: bool,
    pub pairs: Vec<PairTotals>,
    /// The day of transit, if it was played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transit: Option<super::transit::report::TransitReport>,
    /// The clearing at the end of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clearing: Option<super::clearing::report::ClearingReport>,
}

const HEADER: &str =
    "visited ← home    count        total        funds       person      account         cash   owed by fund (yuan)";
const HEADER_ZH: &str =
    "就医地   参保地     笔数         总额         基金     个人负担         账户         现金   应付（元）";

impl Report {
    pub async fn new(region: &Region, settings: Settings, morning: &Morning, audit: Audit) -> anyhow::Result<Report> {
        let mut latencies = morning.latencies_ms.clone();
        latencies.sort_by(f64::total_cmp);
        let settled = morning.settled.len() as u64;
        Ok(Report {
            seed: settings.seed,
            bills: settings.bills,
            settled,
            refused: morning.refused.values().sum(),
            refused_by_code: morning.refused.clone(),
            unknown: morning.unknown.len() as u64,
            lost: audit.lost,
            doubled: audit.doubled,
            latency_ms_p50: percentile(&latencies, 50),
            latency_ms_p99: percentile(&latencies, 99),
            settlements_per_second: if morning.seconds > 0.0 { settled as f64 / morning.seconds } else { 0.0 },
            books_equal: audit.books_equal,
            views_equal_replay: audit.views_equal_replay,
            heads_receipted: heads_receipted(region).await?,
            pairs: audit.pairs,
            transit: None,
            clearing: None,
        })
    }

    /// Nothing lost, nothing doubled, the books equal.
    pub fn is_good(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.unknown == 0 && self.books_equal && self.views_equal_replay
    }

    pub fn print(&self) {
        println!("\nThe morning 上午: {} bills, seed {}", self.bills, self.seed);
        println!("  settled 结算 {}   refused 拒绝 {} {}", self.settled, self.refused, codes(&self.refused_by_code));
        println!("  lost 丢失 {}   doubled 重复 {}   unknown 未知 {}", self.lost, self.doubled, self.unknown);
        println!(
            "  latency 时延 p50 {:.1} ms, p99 {:.1} ms   {:.0} settlements/s",
            self.latency_ms_p50, self.latency_ms_p99, self.settlements_per_second
        );
        println!("\n  {HEADER}");
        println!("  {HEADER_ZH}");
        for pair in &self.pairs {
            let funds: Vec<String> =
                pair.ledger_fen.iter().map(|(fund, amount)| format!("{fund} {}", amount.yuan())).collect();
            println!(
                "  {:>7} ← {:<7} {:>5} {:>12} {:>12} {:>12} {:>12} {:>12}   {}",
                pair.visited,
                pair.home,
                pair.settlements,
                pair.total_fen,
                pair.fund_total_fen,
                pair.person_total_fen,
                pair.account_fen,
                pair.cash_fen,
                funds.join(", ")
            );
        }
        let owed: Fen = self.pairs.iter().flat_map(|pair| pair.ledger_fen.values()).copied().sum();
        println!("  owed between jurisdictions 各地应付合计: {} yuan", owed.yuan());
        println!("\n  books equal on both sides 双方账目相等: {}", yes(self.books_equal));
        println!("  views equal replay 视图与重放一致:      {}", yes(self.views_equal_replay));
        println!("  feed heads receipted 信道均有回执:      {}", yes(self.heads_receipted));
    }
}

fn yes(truth: bool) -> &'static str {
    if truth { "yes 是" } else { "NO 否" }
}

fn codes(codes: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = codes.iter().map(|(code, count)| format!("{code}×{count}")).collect();
    if parts.is_empty() { String::new() } else { format!("({})", parts.join(", ")) }
}

/// Nearest rank; 0 for an empty list.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0.0)
}

/// Receipts follow their messages by a few milliseconds, so this asks again for a while.
async fn heads_receipted(region: &Region) -> anyhow::Result<bool> {
    for _ in 0..50 {
        let mut all = unequal_feeds(region).await?.is_empty();
        for division in region.divisions() {
            let status: StatusWire = operator(region, &division)?.get("/v1/node/status").await?;
            let between = status.feeds.iter().filter(|feed| !feed.within_node);
            all &= between.into_iter().all(|feed| feed.receipted == feed.size);
        }
        if all {
            return Ok(true);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Ok(false)
}
