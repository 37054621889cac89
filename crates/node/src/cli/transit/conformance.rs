//! The conformance report: what a vendor shows to an operator.

use std::fmt;
use std::time::Instant;

use anyhow::{anyhow, bail};
use huitong_transit_code::attack::{Bench, Finding, NOW, Report, Step};
use huitong_transit_code::cache::NoCache;
use huitong_transit_code::chain::{Checker, TimeRules};
use huitong_transit_code::key_set::KeySet;
use huitong_transit_code::signature::RustCrypto;
use huitong_transit_code::table::SIGNATURE_LENGTH;
use serde::Serialize;

use crate::gate::moment::Moment;

/// Odd, so that the median is a measured value.
const MEASURED_RUNS: usize = 51;

#[derive(Serialize)]
pub struct Conformance {
    pub title: &'static str,
    pub title_zh: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// The program under test.
    pub gate: String,
    /// RFC 3339.
    pub made_at: String,
    pub library_version: &'static str,
    pub cpu: String,
    /// Median time of one check with three SM2 signatures and no cache; only of our own gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub three_signatures_us: Option<u64>,
    pub findings: Vec<Finding>,
    pub as_expected: usize,
    pub passed: bool,
}

impl Conformance {
    pub fn new(vendor: Option<String>, gate: &str, report: Report, three_signatures_us: Option<u64>) -> Conformance {
        Conformance {
            title: "Ride-code gate: conformance report",
            title_zh: "乘车码闸机符合性报告",
            vendor,
            gate: gate.to_owned(),
            made_at: huitong_kernel::time::Instant(Moment::now().0).to_string(),
            library_version: env!("CARGO_PKG_VERSION"),
            cpu: cpu_model(),
            three_signatures_us,
            as_expected: report.findings.iter().filter(|finding| finding.passed).count(),
            passed: report.passed(),
            findings: report.findings,
        }
    }
}

impl fmt::Display for Conformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}\n", self.title_zh, self.title)?;
        writeln!(f, "  厂商 vendor              {}", self.vendor.as_deref().unwrap_or("-"))?;
        writeln!(f, "  被测设备 gate            {}", self.gate)?;
        writeln!(f, "  日期 date                {}", self.made_at)?;
        writeln!(f, "  测试库版本 library       huitong {}", self.library_version)?;
        writeln!(f, "  处理器 CPU               {}", self.cpu)?;
        if let Some(time_us) = self.three_signatures_us {
            let (ms, us) = (time_us / 1_000, time_us % 1_000);
            writeln!(f, "  三次验签 three SM2       {ms}.{us:03} ms (median 中位数, {MEASURED_RUNS} runs)")?;
        }
        writeln!(f, "\n       攻击 attack   应答 expected                  实答 actual")?;
        for finding in &self.findings {
            let mark = if finding.passed { "ok  " } else { "FAIL" };
            let expected = format!("{} {}", finding.expected_code, finding.expected_reason);
            let actual = match (finding.actual_code, &finding.fault) {
                (Some(code), _) => format!("{code} {}", finding.actual_reason.as_deref().unwrap_or("-")),
                (None, fault) => fault.clone().unwrap_or_else(|| "no answer".to_owned()),
            };
            writeln!(f, "  {mark} {:<4} {expected:<24} {actual:<24} {}", finding.id, finding.title)?;
        }
        let verdict = if self.passed { "PASSED 符合" } else { "NOT PASSED 不符合" };
        writeln!(f, "\n{} of {} as expected 项符合预期: {verdict}", self.as_expected, self.findings.len())
    }
}

/// The median time of a genuine code through the whole chain, nothing cached, microseconds.
pub fn three_signatures_us() -> anyhow::Result<u64> {
    let bench = Bench::new();
    let Step::KeySet(table) = bench.key_set(&bench.key_set_content()) else { bail!("the bench makes a key set") };
    let body = &table[..table.len() - SIGNATURE_LENGTH];
    let set = KeySet::parse(body).map_err(|reason| anyhow!("the bench's key set: {}", reason.english()))?;
    let code = bench.genuine();
    let mut times = Vec::with_capacity(MEASURED_RUNS);
    for _ in 0..MEASURED_RUNS {
        let mut checker = Checker { signatures: &RustCrypto, cache: &mut NoCache, rules: TimeRules::default() };
        let start = Instant::now();
        let checked = std::hint::black_box(checker.check(&code, Some(&set), NOW));
        times.push(u64::try_from(start.elapsed().as_micros())?);
        checked.map_err(|failure| anyhow!("a genuine code was refused: {}", failure.reason.english()))?;
    }
    times.sort_unstable();
    Ok(times[MEASURED_RUNS / 2])
}

/// The CPU's name as the system tells it; on ARM boards often only the board's.
fn cpu_model() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let value = |name: &str| {
        let line = text.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    let model = ["model name", "Model", "Hardware", "cpu model"].into_iter().find_map(value);
    format!("{} ({})", model.unwrap_or_else(|| "unknown".to_owned()), std::env::consts::ARCH)
}
