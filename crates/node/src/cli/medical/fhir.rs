//! `huitong medical fhir …`: FHIR documents as files.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use huitong_medical::fhir::bundle;
use huitong_medical::fhir::check::{Finding, Report, check_documents};
use huitong_medical::fhir::document::Document;
use huitong_medical::fhir::node::Node;
use huitong_medical::refusal::by_code;
use huitong_service_kit::Refusal;
use serde_json::json;

use crate::cli::FAILED;

#[derive(Subcommand)]
pub enum FhirCommand {
    /// Check every sum of Claims, ClaimResponses, ExplanationOfBenefits, PaymentReconciliations, or Bundles of them
    Check(CheckArguments),
}

#[derive(Args)]
pub struct CheckArguments {
    /// Documents (JSON, FHIR R4). A ClaimResponse is compared with its Claim where that is among them
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[arg(long)]
    json: bool,
}

/// A file: its documents, or why it cannot be read as such.
type Read = Result<Vec<Document>, Refusal>;

pub fn run(command: FhirCommand) -> anyhow::Result<i32> {
    let FhirCommand::Check(arguments) = command;
    let files: Vec<Read> = arguments.files.iter().map(|path| read(path)).collect::<anyhow::Result<_>>()?;
    let at_hand: Vec<Document> = files.iter().flatten().flatten().cloned().collect();
    let mut wrong = 0;
    for (path, read) in arguments.files.iter().zip(&files) {
        let checked = read.as_ref().map(|documents| check_documents(documents, &at_hand));
        wrong += usize::from(!matches!(&checked, Ok(report) if report.faults == 0));
        match checked {
            Ok(report) if arguments.json => print_json(path, &json!(report))?,
            Ok(report) => print_report(path, &report),
            Err(refusal) if arguments.json => print_json(path, &json!({ "refused": refusal }))?,
            Err(refusal) => print_refusal(path, refusal),
        }
    }
    if !arguments.json {
        println!("{} files, {wrong} faulty. 共{}个文件，{wrong}个有误。", files.len(), files.len());
    }
    Ok(if wrong == 0 { 0 } else { FAILED })
}

fn read(path: &Path) -> anyhow::Result<Read> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Node::read(&bytes).and_then(|node| bundle::documents(&node)))
}

fn print_report(path: &Path, report: &Report) {
    let verdict = if report.faults == 0 { "good 通过" } else { "WRONG 有误" };
    println!(
        "{verdict} {}: {} documents, {} comparisons, {} sums without parts",
        path.display(),
        report.documents,
        report.checked,
        report.not_checkable
    );
    report.findings.iter().for_each(print_finding);
    if report.faults > report.findings.len() {
        println!(
            "  … and {} more 另有{}处",
            report.faults - report.findings.len(),
            report.faults - report.findings.len()
        );
    }
}

fn print_finding(finding: &Finding) {
    println!(
        "  {} {}: expected 应为 {}, found 报文为 {}",
        finding.rule.name(),
        finding.path,
        finding.expected,
        finding.found
    );
    println!("     {}", finding.rule.english());
    println!("     {}", finding.rule.chinese());
    if !finding.subject.is_empty() {
        println!("     {}", finding.subject);
    }
}

fn print_refusal(path: &Path, refusal: &Refusal) {
    let (english, chinese) = by_code(&refusal.code).map_or(("", ""), |kind| (kind.english, kind.chinese));
    println!("WRONG 有误 {}: {} {} {}", path.display(), refusal.code, refusal.text(english), refusal.text(chinese));
    if let Some(field) = &refusal.field {
        println!("  field 字段: {field}");
    }
}

/// One line a file.
fn print_json(path: &Path, outcome: &serde_json::Value) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(&json!({ "file": path, "outcome": outcome }))?);
    Ok(())
}
