//! `huitong medical policy check`

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use huitong_kernel::division::Division;
use huitong_medical::model::person::Scheme;
use huitong_medical::model::policy::Pack;
use huitong_medical::model::policy::validate::{check_sequence, findings, validities, warnings};
use huitong_medical::refusal::{ADJUSTMENT_UNIT_MISSING, by_code};
use huitong_service_kit::Refusal;

use super::read;
use crate::cli::FAILED;

#[derive(Args)]
pub struct CheckArguments {
    /// Packs (.toml), or folders of packs
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

pub fn run(arguments: &CheckArguments) -> anyhow::Result<i32> {
    let mut versions: BTreeMap<(Division, Scheme), Vec<Pack>> = BTreeMap::new();
    let mut wrong = 0;
    let files = files(&arguments.paths)?;
    for path in &files {
        let (pack, _) = match read(path) {
            Ok(read) => read,
            Err(error) => {
                println!("WRONG 有误 {error:#}");
                wrong += 1;
                continue;
            }
        };
        let found = findings(&pack);
        let name = format!("{} {} {}", pack.area, pack.scheme.name(), pack.version);
        println!("{} {name}: {}", if found.is_empty() { "good 通过" } else { "WRONG 有误" }, path.display());
        found.iter().for_each(|refusal| println!("  {}", told(refusal)));
        for warning in warnings(&pack).iter().filter(|warning| pack.acknowledged.contains(warning)) {
            println!("  acknowledged 已确认 {warning}");
        }
        for waiver in &pack.waivers {
            println!("  waived 豁免 {}: {}", waiver.inversion, waiver.reason);
        }
        wrong += usize::from(!found.is_empty());
        versions.entry((pack.area, pack.scheme)).or_default().push(pack);
    }
    for ((area, scheme), versions) in versions {
        if let Err(refusal) = check_sequence(validities(&versions.iter().collect::<Vec<_>>())) {
            println!("WRONG 有误 {area} {}\n  {}", scheme.name(), told(&refusal));
            wrong += 1;
        }
    }
    println!("{} packs, {wrong} faulty.", files.len());
    Ok(if wrong == 0 { 0 } else { FAILED })
}

fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        for entry in std::fs::read_dir(path)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A refusal in both languages, with its field where the text does not name it.
pub fn told(refusal: &Refusal) -> String {
    let kind = by_code(&refusal.code);
    let text = |template: fn(&huitong_service_kit::RefusalKind) -> &'static str| {
        kind.map(|kind| refusal.text(template(kind))).unwrap_or_default()
    };
    let field = refusal.field.as_deref().filter(|_| refusal.code == ADJUSTMENT_UNIT_MISSING.code);
    let at = field.map(|field| format!(" ({field})")).unwrap_or_default();
    format!("{} {} {}{at}", refusal.code, text(|kind| kind.english), text(|kind| kind.chinese))
}
