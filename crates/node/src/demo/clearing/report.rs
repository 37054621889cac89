//! What the clearing of the day came to, for a person and for a script.

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The outcome as one JSON document. Amounts in fen.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ClearingReport {
    pub services: Vec<Cleared>,
    /// What each says it owes is what the other says it is owed.
    pub mirrored: bool,
    /// Of every service at every node, after what was paid is booked.
    pub views_equal_replay: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Cleared {
    pub service: String,
    pub period: String,
    pub payment: String,
    pub documents: u64,
    /// Who owes, whom, how much, before netting.
    pub matrix: Vec<(String, String, Fen)>,
    pub positions: BTreeMap<String, Fen>,
    pub payments: Vec<(String, String, Fen)>,
}

impl Cleared {
    pub fn of(service: &str, period: &str, documents: u64, batches: Vec<Value>) -> Cleared {
        let mut cleared =
            Cleared { service: service.to_owned(), period: period.to_owned(), documents, ..Cleared::default() };
        for batch in batches {
            cleared.payment = batch["payment"].as_str().unwrap_or_default().to_owned();
            cleared.matrix.extend(owed(&batch["matrix"]));
            cleared.payments.extend(owed(&batch["payments"]));
            for position in batch["positions"].as_array().into_iter().flatten() {
                let division = position["division"].as_str().unwrap_or_default().to_owned();
                *cleared.positions.entry(division).or_default() += amount(&position["amount"]);
            }
        }
        cleared.matrix.sort();
        cleared.payments.sort();
        cleared
    }

    fn gross(&self) -> Fen {
        self.matrix.iter().map(|(_, _, amount)| *amount).sum()
    }

    fn paid(&self) -> Fen {
        self.payments.iter().map(|(_, _, amount)| *amount).sum()
    }

    fn sums_to_zero(&self) -> bool {
        self.positions.values().copied().sum::<Fen>() == Fen::ZERO
    }

    /// Payments bring every position to zero: the same end balances as gross.
    fn ends_as_gross(&self) -> bool {
        let mut left = self.positions.clone();
        for (payer, payee, amount) in &self.payments {
            *left.entry(payer.clone()).or_default() += *amount;
            *left.entry(payee.clone()).or_default() -= *amount;
        }
        left.values().all(|amount| *amount == Fen::ZERO)
    }
}

fn amount(value: &Value) -> Fen {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn owed(rows: &Value) -> Vec<(String, String, Fen)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| (text(&row["debtor"]), text(&row["creditor"]), amount(&row["amount"]));
    rows.as_array().into_iter().flatten().map(row).collect()
}

impl ClearingReport {
    pub fn is_good(&self) -> bool {
        self.mirrored
            && self.views_equal_replay
            && self.services.iter().all(|cleared| cleared.sums_to_zero() && cleared.ends_as_gross())
    }

    pub fn print(&self) {
        println!(
            "\nThe day is cleared 日终清算 (periods are cut early, and the bank is the demonstration's 账期提前切账，银行为演示银行)"
        );
        if self.services.is_empty() {
            println!("  This day was cleared before; a new one begins at midnight 当日已清算.");
        }
        for cleared in &self.services {
            print(cleared);
        }
        println!(
            "  what each owes is what the other claims 双方数字一致: {}",
            if self.mirrored { "yes 是" } else { "NO 否" }
        );
        println!("  views equal replay 视图与重放一致: {}", if self.views_equal_replay { "yes 是" } else { "NO 否" });
    }
}

fn print(cleared: &Cleared) {
    println!(
        "  {} {}: {} documents 笔单据, {} owes ↓ whom → (yuan 元)",
        cleared.service, cleared.period, cleared.documents, cleared.payment
    );
    let divisions: Vec<&String> = cleared.positions.keys().collect();
    print!("  {:<10}", "");
    divisions.iter().for_each(|division| print!("{division:>16}"));
    println!("{:>18}", "net position 净额");
    for debtor in &divisions {
        print!("  {debtor:<10}");
        for creditor in &divisions {
            let found = cleared.matrix.iter().find(|(owes, whom, _)| owes == *debtor && whom == *creditor);
            print!("{:>16}", found.map_or("·".to_owned(), |(_, _, amount)| amount.yuan()));
        }
        println!("{:>16}", cleared.positions[*debtor].yuan());
    }
    for (payer, payee, amount) in &cleared.payments {
        println!("    {payer} pays 付 {payee} {:>16}", amount.yuan());
    }
    println!(
        "    gross 全额 {} yuan in {} payments, paid 实付 {} yuan in {}; positions sum to zero 头寸合计为零: {}",
        cleared.gross().yuan(),
        cleared.matrix.len(),
        cleared.paid().yuan(),
        cleared.payments.len(),
        if cleared.sums_to_zero() && cleared.ends_as_gross() { "yes 是" } else { "NO 否" }
    );
}
