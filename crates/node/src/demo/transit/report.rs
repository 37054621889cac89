//! What the day brought, for a person and for a script.

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use serde::{Deserialize, Serialize};

use super::Settings;
use super::audit::TransitAudit;
use super::day::Attack;
use super::load::{ASSUMED, shortened};
use super::play::Told;

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
    /// Of this day.
    pub records: u64,
    pub uploads: u64,
    pub uploaded_twice: u64,
    /// Records that came when the trips of the others were final, and the trips adjusted because of them.
    pub late: u64,
    pub adjusted_late: u64,
    /// Acknowledged records that a node lacks.
    pub lost: u64,
    /// Records by what the nodes made of them.
    pub taps: BTreeMap<String, u64>,
    pub trips: BTreeMap<String, u64>,
    pub states: BTreeMap<String, u64>,
    pub completed: u64,
    /// Trips made with a visited city's own code (model P).
    pub pulled: u64,
    /// Whether a charged trip was contested and taken back.
    pub contested: bool,
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
    /// Of those that opened a gate, by the node, at the upload.
    pub found_by_node: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct PairWire {
    pub visited: String,
    pub home: String,
    pub trips: u64,
    pub charged_fen: i64,
}

impl TransitReport {
    pub fn new(settings: Settings, told: Told, contested: bool, audit: TransitAudit) -> TransitReport {
        let found: u64 = audit.found.values().sum();
        TransitReport {
            seed: settings.seed,
            cities: told.cities,
            riders: told.riders,
            gates: told.gates,
            gates_offline: told.gates_offline,
            opened: told.opened,
            refused: told.refused,
            attacks_unfound: (told.attacks_opened.len() as u64).saturating_sub(found),
            attacks: told
                .attacks
                .into_iter()
                .map(|(attack, (tried, refused_at_gate))| AttackWire {
                    attack: attack.text().to_owned(),
                    tried,
                    refused_at_gate,
                    found_by_node: audit.found.get(&attack).copied().unwrap_or(0),
                })
                .collect(),
            records: told.records,
            uploads: told.uploads,
            uploaded_twice: told.duplicate,
            late: told.late.len() as u64,
            adjusted_late: audit.adjusted_late,
            lost: audit.lost,
            taps: audit.taps,
            trips: audit.kinds,
            states: audit.states,
            completed: audit.completed,
            pulled: audit.pulled,
            contested,
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
            books_equal: audit.books_equal,
            views_equal_replay: audit.views_equal_replay,
            violations: audit.violations,
        }
    }

    /// Every trip charged once and as claimed, the books equal, nothing lost, every kind of attack tried, and each refused or found.
    pub fn is_good(&self) -> bool {
        self.charged_otherwise == 0
            && self.lost == 0
            && self.attacks_unfound == 0
            && self.attacks.len() == Attack::ALL.len()
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
        println!("  the hours of the day lie in the past: clocks of gates and phones are set, those of nodes are not");
        println!("  这一天的各时段均在过去：闸机与手机时钟为设定值，节点时钟为真实时间");
        println!(
            "  riders, gates and keys are invented 乘客、闸机、密钥均为虚构; parameters 演示参数: {}",
            shortened()
        );
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
                "    {:<48} tried 尝试 {:>3}, refused at the gate 闸机拒绝 {:>3}, found by the node 节点识别 {:>3}",
                attack.attack, attack.tried, attack.refused_at_gate, attack.found_by_node
            );
        }
        println!(
            "  records 过闸记录 {} in {} uploads 上传; sent twice without effect 重复上传 {}",
            self.records, self.uploads, self.uploaded_twice
        );
        println!(
            "  late uploads, when other trips were final 迟到上传: {} records 条; trips adjusted because of them 因此调整的行程 {}",
            self.late, self.adjusted_late
        );
        println!("  taps at the nodes, of all days 各节点过闸记录（历日累计） {}", counts(&self.taps));
        println!(
            "  trips 行程 {} by state 状态 {}; completed 补登 {}; by pulled codes 拉取码 {}; contested and taken back 争议撤回 {}",
            counts(&self.trips),
            counts(&self.states),
            self.completed,
            self.pulled,
            u8::from(self.contested)
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
        println!("  acknowledged records lost 已确认记录丢失:     {}", self.lost);
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
