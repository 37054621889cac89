//! `huitong clearing explain`: from a figure down to the documents, and to the messages that prove them.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use huitong_clearing::Clearing;
use huitong_clearing::query::items::Item;
use huitong_clearing::query::statements::StatementRow;
use huitong_clearing::query::{batches, contests, items, lanes, payments, statements};
use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_service_kit::{Service, View};
use huitong_store::journal;

use super::recomputed;

#[derive(Args)]
pub struct ExplainArguments {
    /// The folder of a node, for instance data/310000
    #[arg(long)]
    data: PathBuf,
    /// With --period and --peer: a statement
    #[arg(long, requires_all = ["period", "peer"])]
    service: Option<String>,
    #[arg(long)]
    period: Option<Period>,
    #[arg(long)]
    peer: Option<Division>,
    /// List every document of the statement
    #[arg(long)]
    documents: bool,
    /// One document: its hash
    #[arg(long, conflicts_with = "service")]
    document: Option<String>,
}

pub fn run(arguments: &ExplainArguments) -> anyhow::Result<i32> {
    let config = crate::config::NodeConfig::read(&arguments.data.join("node.toml"))?;
    let path = crate::services::stream_path(&config.data, Clearing::NAME);
    let connection = journal::open_reader(&path)?;
    let view = View::new(&connection);
    let folder = arguments.data.display().to_string();
    match (&arguments.document, &arguments.service, arguments.period, arguments.peer) {
        (Some(document), ..) => {
            let id: Digest = document.clone().try_into().ok().context("a document's hash has 64 hexadecimal digits")?;
            let item = items::of_id(view, id)?.context("no service has told of this document")?;
            document_of(view, &item, &folder)?;
            Ok(0)
        }
        (None, Some(service), Some(period), Some(peer)) => {
            let row = statements::statement(view, service, period, peer)?.context("there is no such statement")?;
            statement(view, &row, &folder, arguments.documents)
        }
        _ => bail!("name a statement with --service, --period and --peer, or a document with --document"),
    }
}

fn statement(view: View<'_>, row: &StatementRow, folder: &str, is_listed: bool) -> anyhow::Result<i32> {
    let own = row.own.author;
    println!("Statement 清算表 {} {} {own} – {}: {}", row.service, row.period, row.peer, row.state.name());
    let mut print = |item: &Item| {
        if is_listed {
            println!("    {}", line(item));
        }
    };
    let lanes = recomputed::lanes_of(view, row, &mut print)?;
    for lane in &lanes {
        println!(
            "  {}: messages {}–{}, {} documents, sender owes {}, receiver owes {} yuan",
            lane.feed,
            lane.stated.after + 1,
            lane.stated.up_to,
            lane.found.documents,
            lane.found.sender_owes_fen.yuan(),
            lane.found.receiver_owes_fen.yuan()
        );
        println!(
            "    root {} {}",
            lane.found.root,
            if lane.agrees() { "as stated 与清算表一致" } else { "DIFFERS 不一致" }
        );
        println!("    the cut: huitong prove --data {folder} --feed '{}' --number {}", lane.feed, lane.stated.up_to);
    }
    println!(
        "  owed 应付 {} yuan, claimed 应收 {} yuan",
        row.own.owed_by(own).yuan(),
        row.own.owed_by(row.peer).yuan()
    );
    confirmed("payable 已确认应付", &row.own_confirmation);
    confirmed("receivable 已确认应收", &row.their_confirmation);
    for (sender, difference) in statements::differences(view, &row.service, row.period, row.peer)? {
        println!(
            "  not held alike 双方不一致: {sender}:{}.{} {}",
            difference.number,
            difference.line,
            difference.class.name()
        );
    }
    let is_sound = paid(view, row, folder)?;
    let holds = is_sound && lanes.iter().all(recomputed::Lane::agrees);
    println!(
        "{}",
        if holds {
            "Every sum follows from the documents 各项合计均可由单据重算."
        } else {
            "A sum does not follow 有合计不符."
        }
    );
    Ok(if holds { 0 } else { crate::cli::FAILED })
}

fn confirmed(words: &str, confirmation: &Option<huitong_clearing::model::statement::Confirmation>) {
    let Some(of) = confirmation else { return };
    println!(
        "  {words} {} yuan: {} held back ({} yuan), {} released ({} yuan)",
        of.payable_fen.yuan(),
        of.held.len(),
        of.held_fen.yuan(),
        of.released.len(),
        of.released_fen.yuan()
    );
}

/// The batch of a statement, recomputed, and its payments.
fn paid(view: View<'_>, row: &StatementRow, folder: &str) -> anyhow::Result<bool> {
    let mut is_sound = true;
    let Some(batch) = &row.batch else { return Ok(is_sound) };
    let period: Period = batch.parse()?;
    let pair = huitong_clearing::model::batch::pair(row.own.author, row.peer);
    for scope in [huitong_clearing::model::batch::REGION, pair.as_str()] {
        let Some(found) = batches::latest(view, &row.service, period, scope)? else { continue };
        let positions: Fen = found.batch.positions.iter().map(|(_, amount)| *amount).sum();
        is_sound &= found.batch.is_sound() && positions == Fen::ZERO;
        println!(
            "  batch 批次 {period} {scope}: {}; gross {} yuan, paid {} yuan, positions sum to {}; {}",
            found.state.name(),
            found.batch.gross_fen().yuan(),
            found.batch.paid_fen().yuan(),
            positions.yuan(),
            if found.batch.is_sound() { "recomputed alike 重算一致" } else { "DOES NOT FOLLOW 重算不符" }
        );
        if scope == huitong_clearing::model::batch::REGION {
            declared(view, row, period, folder)?;
        }
        for payment in payments::of_batch(view, &row.service, batch, scope)? {
            let of = &payment.payment;
            println!("    {} pays {} {} yuan: {}", of.payer, of.payee, of.amount_fen.yuan(), payment.state.name());
            for entry in payments::entries_of(view, &of.payment)? {
                println!("      bank {} {} yuan on {}", entry.reference, entry.amount_fen.yuan(), entry.booked_on);
            }
        }
    }
    Ok(is_sound)
}

/// What each member has declared to this node itself, with the message that proves it.
fn declared(view: View<'_>, row: &StatementRow, period: Period, folder: &str) -> anyhow::Result<()> {
    for of in batches::declarations(view, &row.service, period)? {
        let author = of.declaration.author;
        print!("    declared by 申报方 {author}: {} statements, {}", of.declaration.claims.len(), of.digest);
        if of.number == 0 {
            println!(" (this node 本节点)");
        } else {
            let feed = format!("{author}/clearing>{}/clearing", row.own.author);
            println!("\n      huitong prove --data {folder} --feed '{feed}' --number {}", of.number);
        }
    }
    Ok(())
}

fn line(item: &Item) -> String {
    let name = if item.name.is_empty() { item.id.to_string() } else { item.name.clone() };
    format!(
        "{}.{} {} {name} of {}: {} owes {} {} yuan",
        item.number,
        item.line,
        item.kind,
        item.day,
        item.debtor,
        item.creditor,
        item.amount_fen.yuan()
    )
}

fn document_of(view: View<'_>, item: &Item, folder: &str) -> anyhow::Result<()> {
    let feed = format!("{}/{service}>{}/{service}", item.sender, item.receiver, service = item.service);
    println!("Document 单据 {}", item.id);
    println!("  {}", line(item));
    for (part, amount) in &item.parts {
        println!("    {part} {} yuan", amount.yuan());
    }
    match lanes::period_of(view, item.lane, item.number)? {
        Some(period) => println!("  period 账期 {period}"),
        None => println!("  its period is open 账期未切"),
    }
    println!("  final on both sides by message {} of {feed}; prove it with", item.number);
    println!("    huitong prove --data {folder} --feed '{feed}' --number {}", item.number);
    for change in items::changes(view, item.lane, item.id, item.number, 100)? {
        println!("  changed by 变更 {}", line(&change));
    }
    for row in contests::of_document(view, item.id)? {
        println!("  contest 争议 {}: {}, {}", row.contest.contest, row.contest.reason.name(), row.state.name());
    }
    Ok(())
}
