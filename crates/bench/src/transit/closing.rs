//! Closing a period of ten million trips: every document read in order, hashed into the statements' roots, and stated.

use std::path::Path;
use std::time::Instant as Stopwatch;

use huitong_kernel::hash::HashFunction;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_store::journal::{self, Medium};
use huitong_store::params;
use huitong_transit::command::{Command, Reply};

use super::stage::{self, call, run as run_group};

const DOCUMENTS: u64 = 10_000_000;
const DAYS: u64 = 30;
/// Node and city of each debtor.
const DEBTORS: [(&str, &str); 3] = [("320000", "320100"), ("330000", "330100"), ("340000", "340100")];
/// Seconds.
const GOAL: f64 = 60.0;

pub fn run(folder: &Path) -> anyhow::Result<()> {
    let path = folder.join("closing.db");
    // The tables, then the month's documents as the views hold them.
    drop(stage::open(&path)?);
    fill(&path)?;
    let mut stream = stage::open(&path)?;
    let now = Instant::start_of("2026-12-02".parse().expect("a date")) + DurationMs::minutes(9 * 60);
    let start = Stopwatch::now();
    let replies = run_group(&mut stream, vec![call(Command::ClosePeriod { period: "2026-11".to_owned() }, now)])?;
    let seconds = start.elapsed().as_secs_f64();
    let Some(Reply::Closed { statements, .. }) = replies.into_iter().next() else {
        anyhow::bail!("the period was not closed")
    };
    let documents: u64 = statements.iter().map(|statement| statement.documents).sum();
    anyhow::ensure!(documents == DOCUMENTS && statements.len() == DEBTORS.len(), "{documents} documents stated");
    let verdict = if seconds < GOAL { "within the goal" } else { "MISSES the goal" };
    println!("\na period of {DOCUMENTS} trips to {} debtors, one thread:", DEBTORS.len());
    println!("  cut and stated in {seconds:.1} s ({verdict} of < {GOAL:.0} s)");
    Ok(())
}

fn fill(path: &Path) -> anyhow::Result<()> {
    let connection = journal::open_writer(path, Medium::default())?;
    connection.execute_batch("BEGIN")?;
    {
        let mut insert = connection.prepare(
            "INSERT INTO document (issuer, receiver, booking_day, id, kind, creditor, debtor, travel_day, amount_fen)
             VALUES (?1, ?2, ?3, ?4, 'trip', '310100', ?5, ?3, ?6)",
        )?;
        let mut count_day = connection.prepare(
            "INSERT INTO document_day (issuer, receiver, booking_day, creditor, debtor, kind, documents, amount_fen)
             VALUES (?1, ?2, ?3, '310100', ?4, 'trip', ?5, ?6)",
        )?;
        let each = DOCUMENTS / DAYS / DEBTORS.len() as u64;
        let mut left = DOCUMENTS;
        for (place, (node, city)) in DEBTORS.iter().enumerate() {
            for day in 1..=DAYS {
                let is_last = place + 1 == DEBTORS.len() && day == DAYS;
                let count = if is_last { left } else { each };
                left -= count;
                let day = format!("2026-11-{day:02}");
                let mut sum = 0;
                for number in 0..count {
                    // Ascending as the key is, and scattered behind.
                    let mut id = HashFunction::Sha256.hash(&[day.as_bytes(), city.as_bytes(), &number.to_be_bytes()]).0;
                    id[..8].copy_from_slice(&(number << 20).to_be_bytes());
                    let amount = 300 + (number % 8) as i64 * 100;
                    insert.execute(params![stage::NODE, node, day, id, city, amount])?;
                    sum += amount;
                }
                count_day.execute(params![stage::NODE, node, day, city, count, sum])?;
            }
        }
    }
    connection.execute_batch("COMMIT")?;
    Ok(())
}
