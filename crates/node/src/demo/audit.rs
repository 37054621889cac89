//! The audit after the morning: what the books say, read from the data folders beside the running nodes.

use std::collections::BTreeMap;

use anyhow::Context;
use huitong_clearing::Clearing;
use huitong_kernel::division::Division;
use huitong_kernel::feed::Address;
use huitong_medical::Medical;
use huitong_medical::query::settlements::Role;
use huitong_medical::query::totals::{PairTotals, pairs};
use huitong_registry::Registry;
use huitong_service_kit::stream::ServiceLogic;
use huitong_service_kit::{Service, StoreError};
use huitong_store::readers::Readers;
use huitong_store::{journal, replay};
use huitong_transit::Transit;

use super::Region;
use super::morning::Morning;
use crate::services::stream_path;

/// What the audit found.
#[derive(Debug, Default)]
pub struct Audit {
    /// Acknowledged settlements that a book lacks.
    pub lost: u64,
    /// Calls with more than one settlement in a book.
    pub doubled: u64,
    /// Both sides of every pair hold the same documents and owe each other the same.
    pub books_equal: bool,
    pub views_equal_replay: bool,
    pub pairs: Vec<PairTotals>,
}

/// A row of a book: who called, and what was booked.
type Booked = BTreeMap<(String, String), Vec<(String, [u8; 32])>>;

pub fn audit(region: &Region, morning: &Morning) -> anyhow::Result<Audit> {
    let mut books: BTreeMap<&'static str, Booked> = BTreeMap::new();
    let (mut visited_totals, mut home_totals) = (BTreeMap::new(), BTreeMap::new());
    let mut adds_up = true;
    for division in region.divisions() {
        let readers = Readers::new(&medical_path(region, &division)?);
        readers.view(|view| -> Result<(), StoreError> {
            for role in [Role::Visited, Role::Home] {
                let book = books.entry(role.name()).or_default();
                view.each(
                    "SELECT institution, message_id, settlement, document FROM settlement
                     WHERE role = ?1 AND contra_of IS NULL",
                    [role.name()],
                    |row| {
                        let call = (row.get(0)?, row.get(1)?);
                        book.entry(call).or_default().push((row.get(2)?, row.get(3)?));
                        Ok(())
                    },
                )?;
            }
            for totals in pairs(view, Role::Visited)? {
                visited_totals.insert((totals.visited.clone(), totals.home.clone()), totals);
            }
            for totals in pairs(view, Role::Home)? {
                home_totals.insert((totals.visited.clone(), totals.home.clone()), totals);
            }
            adds_up &= huitong_ledger::report::adds_up(view)?;
            Ok(())
        })?;
    }
    let (visited, home) = (&books["visited"], &books["home"]);
    let held = |book: &Booked, call: &(String, String), settlement: &str| {
        book.get(call).is_some_and(|rows| rows.iter().any(|(known, _)| known == settlement))
    };
    let lost = morning
        .settled
        .iter()
        .filter(|(call, settlement)| !held(visited, call, settlement) || !held(home, call, settlement));
    let doubled = visited.values().chain(home.values()).filter(|rows| rows.len() > 1);
    Ok(Audit {
        lost: lost.count() as u64,
        doubled: doubled.count() as u64,
        books_equal: adds_up && visited == home && visited_totals == home_totals,
        views_equal_replay: views_equal_replay(region)?,
        pairs: visited_totals.into_values().collect(),
    })
}

/// The stream of the node; of several members' copies, the one that knows most.
fn medical_path(region: &Region, division: &str) -> anyhow::Result<std::path::PathBuf> {
    let mut copies = Vec::new();
    for (folder, _) in region.members(division)? {
        let path = stream_path(&folder.join("streams"), Medical::NAME);
        let (sequence, _) = Readers::new(&path).snapshot(journal::head)?;
        copies.push((sequence, path));
    }
    copies.sort();
    copies.pop().map(|(_, path)| path).context("a node has at least one member")
}

/// Replays every stream of every node in a scratch file and compares all views.
pub fn views_equal_replay(region: &Region) -> anyhow::Result<bool> {
    let mut equal = true;
    for division in region.divisions() {
        let folder = region.node_folder(&division).join("streams");
        equal &= stream_equals_replay::<Medical>(region, &division, &folder)?;
        equal &= stream_equals_replay::<Transit>(region, &division, &folder)?;
        equal &= stream_equals_replay::<Clearing>(region, &division, &folder)?;
        equal &= stream_equals_replay::<Registry>(region, &division, &folder)?;
    }
    Ok(equal)
}

fn stream_equals_replay<S: Service + Default>(
    region: &Region,
    division: &str,
    folder: &std::path::Path,
) -> anyhow::Result<bool> {
    Ok(compare::<S>(folder, division.parse()?, region.manifest.hash_function())?.is_empty())
}

/// The views of a service's stream that differ from replay.
pub fn compare<S: Service + Default>(
    folder: &std::path::Path,
    division: Division,
    function: huitong_kernel::hash::HashFunction,
) -> anyhow::Result<Vec<replay::Difference>> {
    let mut logic = ServiceLogic::<S>::for_replay(Address::new(division, S::NAME), function);
    let scratch = folder.join(format!("{}.replay-{}", S::NAME, std::process::id()));
    let differences = replay::compare(&stream_path(folder, S::NAME), &scratch, function, &mut logic);
    let _ = std::fs::remove_file(&scratch);
    Ok(differences?)
}
