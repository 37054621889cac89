//! A home's journal of a month: each day's bills go through the service's own stream (decision, journal, views, ledger); what the day
//! has put into the journal is kept, its views are thrown away. So the disk holds the journal and the views of one day.

use std::path::{Path, PathBuf};
use std::time::Instant as Stopwatch;

use anyhow::ensure;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{Date, DurationMs, Instant, ToSpan};
use huitong_medical::Medical;
use huitong_medical::command::Command;
use huitong_medical::model::message::Message;
use huitong_service_kit::Service;
use huitong_service_kit::harness::Region;
use huitong_service_kit::toml_data::json_text;
use huitong_store::journal::{self, Medium, Pace};

use super::POLICIES;
use super::bills::{HOME, VISITED, bill, bytes, division, institutions, insured};

const DAYS: usize = 30;
const FIRST_DAY: Date = Date::constant(2026, 11, 1);
/// Bills of a person on the day; every person comes once a month.
const BILLS_OF_A_PERSON: usize = 4;
/// Messages delivered together, as within a node.
const DELIVERY: usize = 64;

pub fn path(folder: &Path) -> PathBuf {
    folder.join("journal.db")
}

/// The pack under which the month is settled.
pub fn pack() -> anyhow::Result<String> {
    let text = std::fs::read_to_string(format!("{POLICIES}/330100-employee-2025.toml"))?;
    json_text(&text).map_err(|error| anyhow::anyhow!(error))
}

pub fn fill(folder: &Path, settlements: usize) -> anyhow::Result<()> {
    let start = Stopwatch::now();
    let target = journal::open_writer(&path(folder), Medium { copy: true, pace: Pace::Bulk, ..Medium::default() })?;
    let mut random = RandomSource::from_number(1);
    for day in 0..DAYS {
        let bills = settlements * (day + 1) / DAYS - settlements * day / DAYS;
        let stage = folder.join("day");
        std::fs::create_dir_all(&stage)?;
        settle(&stage, day, bills, &mut random)?;
        // Numbered on; each chain value stays what its day's journal gave it.
        target.execute_batch(&format!(
            "ATTACH '{}' AS day; INSERT INTO main.journal
                 SELECT sequence + (SELECT IFNULL(MAX(sequence), 0) FROM main.journal), kind, bytes, chain FROM day.journal;
             DETACH day",
            stage.join(format!("{HOME}.db")).display()
        ))?;
        std::fs::remove_dir_all(&stage)?;
    }
    let bytes = std::fs::metadata(path(folder))?.len();
    println!(
        "\na home's journal of a month, {settlements} settlements: filled in {:.0} s, {:.1} GB, {:.1} KB a settlement",
        start.elapsed().as_secs_f64(),
        bytes as f64 / 1e9,
        bytes as f64 / 1e3 / settlements.max(1) as f64
    );
    Ok(())
}

/// One day of bills at home.
fn settle(stage: &Path, day: usize, bills: usize, random: &mut RandomSource) -> anyhow::Result<()> {
    let mut region: Region<Medical> = Region::new(stage.to_owned(), &[HOME, VISITED], Medical::default);
    let date = FIRST_DAY.checked_add((day as i32).days())?;
    region.now = Instant::start_of(date) + DurationMs::minutes(9 * 60);
    region.call(HOME, "office", None, Command::PublishPolicy { text: pack()? }).reply();
    let persons = bills.div_ceil(BILLS_OF_A_PERSON).max(1) as u64;
    let first = day as u64 * 1_000_000;
    let published = (first..first + persons).map(|number| Message::Insured(insured(number)));
    let registry = Feed::new(Address::new(division(HOME), "registry"), Address::new(division(HOME), Medical::NAME));
    let abroad = Feed::new(Address::new(division(VISITED), "registry"), registry.to.clone());
    deliver(&mut region, &abroad, institutions(), random)?;
    deliver(&mut region, &registry, published, random)?;
    let medical = Feed::new(Address::new(division(VISITED), Medical::NAME), registry.to.clone());
    let mut own = RandomSource::from_number(day as u64);
    let at = region.now;
    let sent = (0..bills).map(|number| {
        let person = first + own.below(persons);
        Message::Bill(bill(person, format!("{day:02}-{number:08}"), date, at, &mut own))
    });
    deliver(&mut region, &medical, sent, random)?;
    let settled =
        huitong_medical::query::totals::pairs(region.view(HOME), huitong_medical::query::settlements::Role::Home)?;
    let settled: u64 = settled.iter().map(|pair| pair.settlements).sum();
    ensure!(settled == bills as u64, "{settled} of {bills} bills were settled");
    Ok(())
}

fn deliver(
    region: &mut Region<Medical>,
    feed: &Feed,
    messages: impl Iterator<Item = Message>,
    random: &mut RandomSource,
) -> anyhow::Result<()> {
    let mut number = huitong_store::feeds::next_number(region.view(HOME), feed)?;
    let at = region.now;
    let mut waiting = Vec::with_capacity(DELIVERY);
    let mut give = |waiting: &mut Vec<Vec<u8>>| {
        let count = waiting.len() as u64;
        region.deliver(feed, number, std::mem::take(waiting));
        number += count;
    };
    for message in messages {
        waiting.push(bytes(message, at, random));
        if waiting.len() == DELIVERY {
            give(&mut waiting);
        }
    }
    if !waiting.is_empty() {
        give(&mut waiting);
    }
    Ok(())
}
