//! What the day brought, for a person and for a script.

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use serde::{Deserialize, Serialize};

use super::Settings;
use super::audit::TransitAudit;
use super::day::Told;
use super::load::{ASSUMED, SHORTENED};

/// The outcome as one JSON document. Amounts in fen.
#[derive(Debug, Serialize, Deserialize)]
pub struct TransitReport {
    pub seed: u64,
    pub cities: usize,
    pub riders: usize,
    pub gates: usize,
    pub gates_offline: usize,
    /// Scans at gates: opened, and refused by reason.
    pub opened: u64,
    pub refused: BTreeMap<String, u64>,
    pub attacks: Vec<AttackWire>,
    pub records: u64,
    pub uploaded_twice: u64,
    /// Records by what the nodes made of them.
    pub taps: BTreeMap<String, u64>,
    pub trips: BTreeMap<String, u64>,
    pub states: BTreeMap<String, u64>,
    pub completed: u64,
    pub pairs: Vec<PairWire>,
    pub debts: u64,
    pub debts_fen: i64,
    pub gross_fen: i64,
    pub net_fen: BTreeMap<String, i64>,
    pub charged_otherwise: u64,
    /// Attacks that opened a gate and were not found by the node.
    pub attacks_unfound: u64,
    pub books_equal: bool,
    pub views_equal_replay: bool,
    pub violations: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct AttackWire {
    pub attack: String,
    pub tried: u64,
    pub refused_at_gate: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct PairWire {
    pub visited: String,
    pub home: String,
    pub trips: u64,
    pub charged_fen: i64,
}

impl TransitReport {
    pub fn new(settings: Settings, told: Told, audit: TransitAudit) -> TransitReport {
        let opened_by_attack: u64 = told.attacks.values().map(|(tried, refused)| tried - refused).sum();
        let passbacks = audit.taps.get("passback").copied().unwrap_or(0);
        TransitReport {
            seed: settings.seed,
            cities: told.cities,
            riders: told.riders,
            gates: told.gates,
            gates_offline: told.gates_offline,
            opened: told.opened,
            refused: told.refused,
            attacks: told
                .attacks
                .into_iter()
                .map(|(attack, (tried, refused_at_gate))| AttackWire {
                    attack: attack.text().to_owned(),
                    tried,
                    refused_at_gate,
                })
                .collect(),
            records: told.records,
            uploaded_twice: told.duplicate,
            taps: audit.taps,
            trips: audit.kinds,
            states: audit.states,
            completed: audit.completed,
            pairs: audit
                .pairs
                .into_iter()
                .map(|((visited, home), (trips, charged_fen))| PairWire { visited, home, trips, charged_fen })
                .collect(),
            debts: audit.debts,
            debts_fen: audit.debts_fen,
            gross_fen: audit.gross_fen,
            net_fen: audit.net,
            charged_otherwise: audit.charged_otherwise,
            attacks_unfound: opened_by_attack.saturating_sub(passbacks),
            books_equal: audit.books_equal,
            views_equal_replay: audit.views_equal_replay,
            violations: audit.violations,
        }
    }

    /// Every trip charged once and as claimed, the books equal, every attack refused or found.
    pub fn is_good(&self) -> bool {
        self.charged_otherwise == 0
            && self.attacks_unfound == 0
            && self.books_equal
            && self.views_equal_replay
            && self.violations.is_empty()
            && !self.pairs.is_empty()
    }

    pub fn print(&self) {
        println!(
            "\nA day of transit 扫码互联互通的一天: {} riders of {} cities, seed {}",
            self.riders, self.cities, self.seed
        );
        println!("  invented riders, gates and keys; parameters shortened 演示参数: {SHORTENED}");
        println!("  {ASSUMED}");
        println!(
            "  gates 闸机 {} (offline 离线 {})   opened 放行 {}   refused 拒绝 {} {}",
            self.gates,
            self.gates_offline,
            self.opened,
            self.refused.values().sum::<u64>(),
            counts(&self.refused)
        );
        println!("  attacks 攻击:");
        for attack in &self.attacks {
            println!(
                "    {:<48} tried {:>3}, refused at the gate {:>3}",
                attack.attack, attack.tried, attack.refused_at_gate
            );
        }
        println!(
            "  records 过闸记录 {} {}; sent twice without effect 重复上传 {}",
            self.records,
            counts(&self.taps),
            self.uploaded_twice
        );
        println!(
            "  trips 行程 {} by state 状态 {}; completed 补登 {}",
            counts(&self.trips),
            counts(&self.states),
            self.completed
        );
        println!("\n  visited ← home     trips    charged (yuan)\n  到访地   归属地     笔数        金额（元）");
        for pair in &self.pairs {
            println!("  {} ← {}  {:>6}  {:>16}", pair.visited, pair.home, pair.trips, Fen(pair.charged_fen));
        }
        let paid: i64 = self.net_fen.values().filter(|amount| **amount > 0).sum();
        println!(
            "  gross 全额 {} yuan, net 轧差 {} yuan; debts of riders 乘客欠费 {} ({} yuan)",
            Fen(self.gross_fen),
            Fen(paid),
            self.debts,
            Fen(self.debts_fen)
        );
        println!("\n  charged otherwise than claimed 扣费与清分不符: {}", self.charged_otherwise);
        println!("  attacks not found 未识别的攻击:               {}", self.attacks_unfound);
        println!("  books equal on both sides 双方账目相等:       {}", yes(self.books_equal));
        println!("  views equal replay 视图与重放一致:            {}", yes(self.views_equal_replay));
        for violation in &self.violations {
            println!("  VIOLATION 违反 {violation}");
        }
    }
}

fn yes(truth: bool) -> &'static str {
    if truth { "yes 是" } else { "NO 否" }
}

fn counts(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = counts.iter().map(|(name, count)| format!("{name}×{count}")).collect();
    format!("({})", parts.join(", "))
}
