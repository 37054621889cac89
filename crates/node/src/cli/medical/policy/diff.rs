//! `huitong medical policy diff`

use std::path::PathBuf;

use clap::Args;
use huitong_kernel::money::Fen;
use huitong_medical::model::accumulators::Accumulators;
use huitong_medical::model::amounts::LineSums;
use huitong_medical::model::filing::FilingKind;
use huitong_medical::model::person::{CareType, HospitalLevel, PersonFacts};
use huitong_medical::model::policy::Pack;
use huitong_medical::model::settle::{AccountBalances, Case, StaySoFar, compute};
use serde_json::Value;

use super::read;

/// Bills on which two packs are compared, all of it eligible: 1 000.00 and 30 000.00 yuan.
const BILLS: [(CareType, Fen); 2] = [(CareType::Outpatient, Fen(100_000)), (CareType::Inpatient, Fen(3_000_000))];

#[derive(Args)]
pub struct DiffArguments {
    /// The pack in force
    old: PathBuf,
    /// The draft
    new: PathBuf,
}

pub fn run(arguments: &DiffArguments) -> anyhow::Result<i32> {
    let ((old, before), (new, after)) = (read(&arguments.old)?, read(&arguments.new)?);
    let mut changes = Vec::new();
    differences("", &before, &after, &mut changes);
    if changes.is_empty() {
        println!("The packs say the same 内容一致.");
        return Ok(0);
    }
    changes.iter().for_each(|change| println!("{change}"));
    println!("\nFund payment of a first bill of the year 首笔费用的基金支付 (employed adult of 40, long stay filed):");
    for (care_type, eligible) in BILLS {
        for level in HospitalLevel::ALL {
            let (was, is) = (paid(&old, care_type, level, eligible), paid(&new, care_type, level, eligible));
            if was != is {
                let shown = |paid: Option<Fen>| paid.map_or_else(|| "-".to_owned(), |paid| paid.yuan());
                let (was, is) = (shown(was), shown(is));
                println!("  {} {:>9} {}: {was} → {is}", care_type.code(), level.name(), eligible.yuan());
            }
        }
    }
    Ok(0)
}

/// What the funds pay of a bill, as a standard person without anything used of the year.
fn paid(pack: &Pack, care_type: CareType, level: HospitalLevel, eligible: Fen) -> Option<Fen> {
    let born = pack.valid_from.checked_sub(huitong_kernel::time::Span::new().years(40)).ok()?;
    let case = Case {
        facts: PersonFacts {
            birth_date: born,
            retired: false,
            work_start_date: None,
            student: false,
            family_doctor: false,
        },
        care_type,
        level,
        care_date: pack.valid_from,
        visited_area: pack.area,
        filing: FilingKind::LongStay,
        sums: LineSums { total_fen: eligible, eligible_fen: eligible, ..LineSums::default() },
        accounts: AccountBalances::default(),
        account_wanted: false,
        accumulators: Accumulators::default(),
        disease: None,
        stay: StaySoFar::default(),
    };
    compute(pack, &case).ok().map(|computation| computation.amounts.fund_total_fen)
}

/// Every place at which two packs differ. Entries of lists are known by what names them, not by their position.
fn differences(path: &str, before: &Value, after: &Value, changes: &mut Vec<String>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let place = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let value = |of: &serde_json::Map<String, Value>| of.get(key).cloned().unwrap_or(Value::Null);
                differences(&place, &value(old), &value(new), changes);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.iter().chain(new).all(|entry| name(entry).is_some()) => {
            // Classes, funds and caps are taken in their order.
            let order = |of: &[Value]| of.iter().filter_map(name).collect::<Vec<_>>();
            let (old_order, new_order) = (order(old), order(new));
            if old_order != new_order {
                changes.push(format!("{path}: order {old_order:?} → {new_order:?}"));
            }
            let names: std::collections::BTreeSet<String> = old.iter().chain(new).filter_map(name).collect();
            for known in names {
                let entry = |of: &[Value]| {
                    of.iter().find(|entry| name(entry).as_deref() == Some(&known)).cloned().unwrap_or(Value::Null)
                };
                differences(&format!("{path}[{known}]"), &entry(old), &entry(new), changes);
            }
        }
        _ => changes.push(format!("{path}: {before} → {after}")),
    }
}

/// What names an entry of a list.
fn name(entry: &Value) -> Option<String> {
    let text = |key: &str| entry[key].as_str().map(str::to_owned);
    let cell = || Some(format!("{}/{}", text("class")?, text("level")?));
    text("id").or_else(cell).or_else(|| text("from")).or_else(|| text("name")).or_else(|| text("title"))
}
