//! What the replay measured and found, for people and for scripts.

use std::fmt;
use std::time::Instant;

use huitong_kernel::money::Fen;
use huitong_transit::command::TakenReply;
use serde::Serialize;

use super::gates::GateCounts;
use super::reconcile;
use super::{Play, ReplayArguments};

/// Differences shown at most; the JSON has all.
const SHOWN_MAX: usize = 10;

pub fn announce(arguments: &ReplayArguments, signed_ppm: u64) {
    println!("客流重放 replay of passenger counts, seed {}", arguments.seed);
    if signed_ppm == 0 {
        println!(
            "  未验签 signatures not exercised: records and chains are real, their codes are not signed and not verified;\n  \
             --signed SHARE makes that share of batches carry real codes and verifies them"
        );
    } else {
        println!(
            "  部分验签 signatures exercised on a share of {} of the batches, with the published test keys",
            arguments.signed
        );
    }
    if arguments.fraction > 1 {
        println!("  抽样 one passenger of {}", arguments.fraction);
    }
}

/// Time and memory of the play.
pub struct Measured {
    started: Instant,
    taken_s: f64,
    total_s: f64,
    memory_mib: Vec<u64>,
    taps: u64,
    bytes_on_disk: u64,
}

impl Measured {
    pub fn begin() -> Measured {
        Measured {
            started: Instant::now(),
            taken_s: 0.0,
            total_s: 0.0,
            memory_mib: Vec::new(),
            taps: 0,
            bytes_on_disk: 0,
        }
    }

    pub fn note_memory(&mut self) {
        self.memory_mib.push(memory_mib("VmRSS:"));
    }

    /// All batches are durable, and all trips with both sides final.
    pub fn taken(&mut self, taken: &TakenReply) {
        self.taps = u64::from(taken.accepted);
        self.taken_s = self.started.elapsed().as_secs_f64();
        self.note_memory();
    }

    pub fn end(&mut self, bytes_on_disk: u64) {
        self.total_s = self.started.elapsed().as_secs_f64();
        self.bytes_on_disk = bytes_on_disk;
        self.note_memory();
    }
}

/// A figure of this process, MiB; 0 where the system does not tell.
fn memory_mib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1_024
}

#[derive(Serialize)]
pub struct Replay {
    pub seed: u64,
    pub fraction: u32,
    pub signed_share: f64,
    pub riders: u32,
    pub taken: TakenReply,
    pub gates: GateCounts,
    pub result: reconcile::Result,
    pub seconds_until_taken: f64,
    pub seconds: f64,
    pub taps_per_s: f64,
    pub memory_mib: Vec<u64>,
    pub memory_peak_mib: u64,
    pub bytes_on_disk: u64,
    pub reconciles: bool,
}

impl Replay {
    pub fn new(arguments: &ReplayArguments, play: &Play, measured: Measured, result: reconcile::Result) -> Replay {
        let taken = play.node.taken;
        // Every batch that was sent again must have been known, and nothing else may be refused or doubted.
        let all_taken = u64::from(taken.duplicate) == play.gates.counts.sent_twice_taps
            && (taken.impossible, taken.refused, taken.passback) == (0, 0, 0);
        Replay {
            seed: arguments.seed,
            fraction: arguments.fraction,
            signed_share: arguments.signed,
            riders: play.riders.drawn(),
            taken,
            gates: play.gates.counts,
            reconciles: result.is_good() && all_taken,
            result,
            seconds_until_taken: measured.taken_s,
            seconds: measured.total_s,
            taps_per_s: measured.taps as f64 / measured.total_s.max(1e-9),
            memory_mib: measured.memory_mib,
            memory_peak_mib: memory_mib("VmHWM:"),
            bytes_on_disk: measured.bytes_on_disk,
        }
    }
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (taken, gates, result) = (&self.taken, &self.gates, &self.result);
        writeln!(f, "\n  过闸记录 taps accepted            {:>10}", taken.accepted)?;
        writeln!(f, "  乘客 riders                       {:>10}", self.riders)?;
        writeln!(f, "  批次 batches                      {:>10}", gates.batches)?;
        writeln!(f, "    迟到 late, out of order         {:>10}  ({} taps)", gates.late_batches, gates.late_taps)?;
        writeln!(
            f,
            "    重发 sent twice                 {:>10}  ({} taps)",
            gates.sent_twice_batches, gates.sent_twice_taps
        )?;
        writeln!(f, "    验签 signed and verified        {:>10}  ({} taps)", gates.signed_batches, gates.signed_taps)?;
        writeln!(f, "  重复 duplicate taps               {:>10}", taken.duplicate)?;
        writeln!(
            f,
            "  拒绝/隔离/回闯 refused, impossible, passback {}, {}, {}",
            taken.refused, taken.impossible, taken.passback
        )?;
        writeln!(f, "  告警 alarms (holes over 2 h)      {:>10}", result.alarms)?;
        writeln!(f, "\n行程 final trips")?;
        for (kind, count) in &result.trips {
            writeln!(f, "  {count:>10}  {kind}")?;
        }
        for (reason, count) in &result.single_sided {
            writeln!(f, "      {count:>10}  {reason}")?;
        }
        for (state, count) in &result.states {
            writeln!(f, "  {count:>10}  状态 state {state}")?;
        }
        writeln!(f, "  应收 claimed                      {:>13} CNY", Fen(result.charged_fen).yuan())?;
        self.figures(f)?;
        self.measures(f)
    }
}

impl Replay {
    fn figures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = &self.result;
        writeln!(f, "\n对账 reconciliation, by calendar day (business days begin at 03:00)")?;
        for day in &result.days {
            let (date, entries, exits) = (&day.day, day.entries, day.exits);
            writeln!(f, "  {date}  进站 entries {entries:>9}  出站 exits {exits:>9}  车站 stations {}", day.stations)?;
            if !day.unknown_stations.is_empty() {
                writeln!(
                    f,
                    "              无数据，状态未知 no data, unknown (not: closed): {:?}",
                    day.unknown_stations
                )?;
            }
        }
        for difference in result.differences.iter().take(SHOWN_MAX) {
            let reconcile::Difference { day, station, counted_entries, entries, counted_exits, exits } = difference;
            writeln!(
                f,
                "  DIFFERENCE 差异 {day} station {station}: in {entries} for {counted_entries}, out {exits} for {counted_exits}"
            )?;
        }
        writeln!(f, "  不一致 station-days that differ    {:>9}", result.differences.len())?;
        writeln!(f, "  未入行程 taps in no trip           {:>9}", result.open_taps)?;
        writeln!(
            f,
            "  行程所含 taps in trips              {:>9} entries, {} exits",
            result.trip_entries, result.trip_exits
        )?;
        writeln!(
            f,
            "  进站−出站 entries − exits = {} = 只进 entry-only − 只出 exit-only (+ extra taps {} − {}) = {}",
            result.entries_minus_exits, result.extra_entries, result.extra_exits, result.explained
        )
    }

    fn measures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n用时 time {:.1} s (all taken after {:.1} s), {:.0} taps/s",
            self.seconds, self.seconds_until_taken, self.taps_per_s
        )?;
        let (peak, disk) = (self.memory_peak_mib, self.bytes_on_disk >> 20);
        writeln!(f, "内存 memory, MiB, by quarters of a day and at the end: {:?}, peak {peak}", self.memory_mib)?;
        writeln!(
            f,
            "磁盘 stream on disk {disk} MiB, {} bytes a tap",
            self.bytes_on_disk / u64::from(self.taken.accepted.max(1))
        )?;
        writeln!(f, "\n{}", if self.reconciles { "RECONCILES 对账一致" } else { "DOES NOT RECONCILE 对账不一致" })
    }
}
