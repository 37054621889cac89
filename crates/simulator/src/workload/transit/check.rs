//! What must hold of transit.

use std::collections::BTreeMap;

use huitong_ledger::positions::Gross;
use huitong_store::View;
use huitong_transit::Transit;
use huitong_transit::accounts::Side;
use huitong_transit::query::pairs;

use super::super::{Views, readable};
use crate::region;

/// At any time.
pub fn always(views: &Views<'_>) -> Result<(), String> {
    for (node, view) in views.up("transit") {
        if !readable(huitong_ledger::report::adds_up(view))? {
            return Err(format!("the book of node {node} does not add up"));
        }
        // One that was merged with another has given its tap to it, and costs nothing until a clerk says otherwise.
        let empty = readable(view.one(
            "SELECT hex(trip) FROM trip t WHERE NOT EXISTS (SELECT 1 FROM tap_trip WHERE tap_trip.trip = t.trip)
                 AND NOT EXISTS (SELECT 1 FROM trip_adjust WHERE trip_adjust.trip = t.trip AND reason = 'merged') LIMIT 1",
            [],
            |row| row.get::<_, String>(0),
        ))?;
        if let Some(trip) = empty {
            return Err(format!("J2: trip {trip} at node {node} has no tap"));
        }
    }
    Ok(())
}

/// What the visited city's claims are in the end. One that was contested and taken back is `cancelled` there; home, which was told
/// of it, has it settled at nothing. Trips that an order cancelled were never claimed.
const CLAIMED: &str = "SELECT hex(trip), charge_fen FROM trip
    WHERE state IN ('charged', 'refunded') OR (state = 'cancelled' AND receiver IS NOT NULL)";

/// When all is healed and quiet.
pub fn at_rest(views: &Views<'_>) -> Result<(), String> {
    let up = views.up("transit");
    let (mut due, mut owed) = (Gross::new(), Gross::new());
    let mut claimed: BTreeMap<String, i64> = BTreeMap::new();
    let mut charged = claimed.clone();
    for (node, view) in &up {
        readable(pairs::add(*view, Side::Receivable, &mut due))?;
        readable(pairs::add(*view, Side::Payable, &mut owed))?;
        let waiting =
            readable(view.one("SELECT COUNT(*) FROM trip WHERE state = 'priced'", [], |row| row.get::<_, i64>(0)))?;
        if waiting != Some(0) {
            return Err(format!("{waiting:?} trips of node {node} were never answered"));
        }
        amounts(*view, CLAIMED, &mut claimed)?;
        amounts(*view, "SELECT hex(trip), charge_fen FROM home_trip WHERE state = 'charged'", &mut charged)?;
        every_tap_has_its_place(*node, *view)?;
        invariants(*node, *view)?;
    }
    if due != owed {
        return Err(format!("J5: receivable {due:?}, payable {owed:?}"));
    }
    super::told::check(views, &due)?;
    if claimed != charged {
        let only = |one: &BTreeMap<String, i64>, other: &BTreeMap<String, i64>| -> Vec<(String, i64)> {
            one.iter()
                .filter(|(trip, fen)| other.get(*trip) != Some(fen))
                .map(|(trip, fen)| (trip.clone(), *fen))
                .collect()
        };
        let (claimed, charged) = (only(&claimed, &charged), only(&charged, &claimed));
        return Err(format!("J1: claimed {claimed:?}, charged at home {charged:?}"));
    }
    Ok(())
}

/// J1 to J12 once more, as `huitong transit audit` looks at them; but for J9 and J10: codes are not signed here.
fn invariants(node: usize, view: View<'_>) -> Result<(), String> {
    let own = region::DIVISIONS[node].parse().expect("digits");
    let audit = huitong_transit::query::audit::audit(&Transit::default(), view, &*region::directory(), own);
    let audit = readable(audit)?;
    let said = audit.violations.iter().filter(|found| !["J9", "J10"].contains(&found.invariant)).take(5);
    let said: Vec<String> =
        said.map(|found| format!("{} {}: {}", found.invariant, found.key, found.sentence)).collect();
    if said.is_empty() { Ok(()) } else { Err(format!("the audit of node {node}: {said:?}")) }
}

/// What happened at all, over all nodes.
pub fn effects(views: &Views<'_>) -> Result<Vec<(&'static str, u64)>, String> {
    const COUNTED: [(&str, &str); 7] = [
        ("trips without a tap", "trip WHERE kind IN ('entry_only', 'exit_only')"),
        ("trips adjusted", "trip_adjust WHERE state = 'booked'"),
        ("debts tried again", "debt WHERE attempts > 0"),
        ("codes of other cities", "tap WHERE grant_id IS NOT NULL AND state IN (0, 1)"),
        ("revenue shared", "document WHERE kind = 'split'"),
        ("days matched", "day_totals WHERE state = 'matched'"),
        ("contests answered", "contest WHERE state IN ('upheld', 'adjusted', 'withdrawn')"),
    ];
    let up = views.up("transit");
    let mut counts = Vec::new();
    for (name, of) in COUNTED {
        let mut sum = 0;
        for (_, view) in &up {
            sum +=
                readable(view.one(&format!("SELECT COUNT(*) FROM {of}"), [], |row| row.get::<_, u64>(0)))?.unwrap_or(0);
        }
        counts.push((name, sum));
    }
    Ok(counts)
}

fn amounts(view: View<'_>, sql: &str, sums: &mut BTreeMap<String, i64>) -> Result<(), String> {
    let rows = readable(view.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?))))?;
    sums.extend(rows);
    Ok(())
}

/// J2: a tap that counts is in one trip, or matching still looks at it.
fn every_tap_has_its_place(node: usize, view: View<'_>) -> Result<(), String> {
    let lost = readable(view.one(
        "SELECT gate || '/' || sequence FROM held_tap t WHERE state IN (0, 1) AND trip IS NULL AND NOT EXISTS
             (SELECT 1 FROM open_tap o WHERE o.gate = t.gate AND o.epoch = t.epoch AND o.sequence = t.sequence) LIMIT 1",
        [],
        |row| row.get::<_, String>(0),
    ))?;
    lost.map_or(Ok(()), |tap| Err(format!("J2: tap {tap} of node {node} is in no trip and not open")))
}
