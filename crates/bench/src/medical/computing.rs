//! Settlements computed on one core: outpatient and inpatient, employees and residents, every pack of the region profile and
//! variants with chronic care and drops in points; persons with filings, accounts, and a year of bills before.

use std::time::{Duration, Instant as Stopwatch};

use anyhow::Context;
use huitong_kernel::random::RandomSource;
use huitong_medical::model::person::CareType;
use huitong_medical::model::policy::Pack;
use huitong_medical::model::settle::{Case, compute};

use super::{POLICIES, mix};

const VARIANTS: [&str; 2] = ["320500-employee-2023+chronic", "330200-employee-2023+points"];
const CASES_OF_A_PACK: usize = 300;
const WINDOWS: usize = 9;
const WINDOW: Duration = Duration::from_secs(1);
/// Bills a second on one core.
const GOAL: f64 = 300_000.0;

pub fn run() -> anyhow::Result<()> {
    let packs = packs()?;
    let cases = cases(&packs);
    let stays = cases.iter().filter(|(_, case)| case.care_type == CareType::Inpatient).count();
    let mut rates = Vec::with_capacity(WINDOWS);
    let mut steps = 0;
    for _ in 0..WINDOWS {
        let (start, mut computed) = (Stopwatch::now(), 0);
        while start.elapsed() < WINDOW {
            steps = 0;
            for (pack, case) in &cases {
                // The explanation is part of what is measured, and of what is dropped again.
                steps += compute(pack, case).map_or(0, |computation| computation.steps.len());
            }
            computed += cases.len();
        }
        rates.push(computed as f64 / start.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    let median = rates[WINDOWS / 2];
    let verdict = if median >= GOAL { "within the goal" } else { "MISSES the goal" };
    println!(
        "\npolicy computation alone, one core, {} cases under {} packs, {stays} of them stays, {:.1} steps each:",
        cases.len(),
        packs.len(),
        steps as f64 / cases.len() as f64
    );
    println!(
        "  {median:.0} bills/s, median of {WINDOWS} windows ({:.0}–{:.0}) ({verdict} of ≥ {GOAL:.0})",
        rates[0],
        rates[WINDOWS - 1]
    );
    Ok(())
}

fn packs() -> anyhow::Result<Vec<Pack>> {
    let mut names: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(POLICIES).context("run from the project's folder")? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    names.extend(VARIANTS.map(str::to_owned));
    names.sort();
    Ok(names.iter().map(|name| mix::pack(POLICIES, name)).collect())
}

/// Cases that settle, in no order, so that no branch is foreseen.
fn cases(packs: &[Pack]) -> Vec<(&Pack, Case)> {
    let mut cases = Vec::new();
    for (seed, pack) in packs.iter().enumerate() {
        let drawn = mix::cases(pack, seed as u64, CASES_OF_A_PACK).into_iter();
        cases.extend(drawn.filter(|case| compute(pack, case).is_ok()).map(|case| (pack, case)));
    }
    let mut random = RandomSource::from_number(1);
    for place in (1..cases.len()).rev() {
        cases.swap(place, random.below(place as u64 + 1) as usize);
    }
    cases
}
