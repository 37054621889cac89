//! What a clearing takes of its services in a second: their messages with documents, through the whole stream (message and
//! record in the journal, views, fsync).

use std::path::Path;
use std::time::Instant as Stopwatch;

use huitong_clearing::Clearing;
use huitong_clearing::model::message::Message;
use huitong_service_kit::harness::Region;

use super::fill::{Shape, lanes, message};
use super::stage::{self, NODES, bytes, told_by};

/// Documents a measurement.
const DOCUMENTS: u64 = 200_000;
/// Messages of one delivery, as within a node.
const DELIVERY: u64 = 1_024;

/// On empty files: one document a message, then many.
pub fn run(folder: &Path) -> anyhow::Result<()> {
    println!("\ndocuments taken by one clearing, one thread, fsync on:");
    for shape in [Shape::Settlements, Shape::Trips] {
        let folder = folder.join(format!("taking-{}", shape.service()));
        std::fs::create_dir_all(&folder)?;
        let mut region = stage::open(&folder, shape.service());
        println!("  {}", describe(&mut region, shape, 0)?);
        drop(region);
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

/// Takes documents behind message `after` of a lane.
pub fn describe(region: &mut Region<Clearing>, shape: Shape, after: u64) -> anyhow::Result<String> {
    const LANE: usize = 0;
    let node = NODES[0];
    anyhow::ensure!(lanes()[LANE].0 == node, "a lane of the first node");
    let feed = told_by(shape.service(), node);
    let first = huitong_store::feeds::next_number(region.view(node), &feed)?;
    let messages: Vec<Vec<u8>> = (1..=DOCUMENTS / shape.a_message())
        .map(|number| bytes(Message::Documents(message(LANE, after + number, shape, true)), region.now))
        .collect();
    let before = held(region, node)?;
    let start = Stopwatch::now();
    let mut number = first;
    for part in messages.chunks(DELIVERY as usize) {
        region.deliver(&feed, number, part.to_vec());
        number += part.len() as u64;
    }
    let seconds = start.elapsed().as_secs_f64();
    let taken = held(region, node)? - before;
    anyhow::ensure!(taken == DOCUMENTS, "{taken} documents were taken");
    Ok(format!("{} a message: {:.0}/s onto {before} that are there", shape.a_message(), DOCUMENTS as f64 / seconds))
}

fn held(region: &Region<Clearing>, node: &str) -> anyhow::Result<u64> {
    Ok(region.view(node).one("SELECT COUNT(*) FROM item", [], |row| row.get(0))?.unwrap_or(0))
}
