//! What must hold of medical: at any time, and when all is healed and quiet; and what has happened at all.

use std::collections::{BTreeMap, BTreeSet};

use huitong_medical::command::Reply;
use huitong_medical::query::documents::document;
use huitong_medical::query::recompute;
use huitong_medical::query::settlements::{Role, last_of_visit, settlement};
use huitong_medical::query::totals::pairs;
use huitong_store::View;
use huitong_store::journal::Connection;

use super::super::registry::{PERSONS, certificate};
use super::super::{Views, readable};
use super::{NODES, told};
use crate::client::Client;
use crate::region;
use crate::stream::Told;

/// The first text that a query finds.
fn first(view: View<'_>, sql: &str) -> Result<Option<String>, String> {
    readable(view.one(sql, [], |row| row.get(0)))
}

pub fn always(views: &Views<'_>) -> Result<(), String> {
    let up = views.up("medical");
    let homes: BTreeMap<usize, Documents> =
        up.iter().map(|(node, view)| Ok((*node, documents(*view, Role::Home)?))).collect::<Result<_, String>>()?;
    for (node, view) in &up {
        if !readable(huitong_ledger::report::adds_up(*view))? {
            return Err(format!("the books of node {node} do not add up"));
        }
        let overdrawn = first(
            *view,
            "SELECT code FROM ledger_account WHERE code LIKE 'person/%' AND debits_posted + debits_pending > credits_posted",
        )?;
        if let Some(account) = overdrawn {
            return Err(format!("I9: {account} at node {node} is overdrawn"));
        }
        for (settlement, (home, document)) in documents(*view, Role::Visited)? {
            // I11: nothing is settled at the hospital that home has not booked, byte for byte.
            let booked = homes
                .get(&home)
                .is_none_or(|book| book.get(&settlement).is_some_and(|(_, booked)| *booked == document));
            if !booked {
                return Err(format!("I11: {settlement} at node {node} is not what node {home} has booked"));
            }
        }
        one_settlement_a_call(*view).map_err(|fault| format!("node {node}: {fault}"))?;
    }
    Ok(())
}

/// Settlement → home node and document hash.
type Documents = BTreeMap<String, (usize, [u8; 32])>;

fn documents(view: View<'_>, role: Role) -> Result<Documents, String> {
    let rows = readable(view.all(
        "SELECT settlement, home, document FROM settlement WHERE role = ?1",
        [role.name()],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, [u8; 32]>(2)?)),
    ))?;
    Ok(rows
        .into_iter()
        .map(|(settlement, home, document)| {
            (settlement, (region::node_of(home.parse().expect("a code of the region")), document))
        })
        .collect())
}

/// I10: one settlement per call, and one that stands per visit and batch.
fn one_settlement_a_call(view: View<'_>) -> Result<(), String> {
    let doubled = first(
        view,
        "SELECT message_id FROM settlement WHERE contra_of IS NULL GROUP BY role, institution, message_id HAVING COUNT(*) > 1",
    )?;
    if let Some(message_id) = doubled {
        return Err(format!("I10: the call {message_id} was settled twice"));
    }
    let twice = first(
        view,
        "SELECT visit FROM settlement WHERE state = 'settled' GROUP BY role, visit, batch HAVING COUNT(*) > 1",
    )?;
    twice.map_or(Ok(()), |visit| Err(format!("I10: a batch of visit {visit} was settled twice")))
}

/// What a node still waits for, if anything: an answer to a call, to a question about a visit, to a cancellation, to a day's totals, or
/// of a pool.
pub fn open(views: &Views<'_>) -> Result<Option<String>, String> {
    const OPEN: &str = "SELECT 'call ' || message_id FROM visited_call WHERE state IN ('sent', 'unknown', 'reversing')
        UNION ALL SELECT 'batch ' || batch || ' of ' || visit FROM visited_batch WHERE state = 'settling'
        UNION ALL SELECT 'visit ' || visit FROM visited_visit WHERE state = 'asked'
        UNION ALL SELECT 'cancellation of ' || settlement FROM visited_cancel
        UNION ALL SELECT 'day ' || day || ' with ' || home FROM visited_day WHERE state = 'told'
        UNION ALL SELECT 'question to a pool ' || ask FROM pool_ask WHERE state <> 'answered' LIMIT 1";
    for (node, view) in views.up("medical") {
        if let Some(what) = first(view, OPEN)? {
            return Ok(Some(format!("node {node} waits: {what}")));
        }
    }
    Ok(None)
}

pub fn at_rest(views: &Views<'_>, clients: &[&Client]) -> Result<(), String> {
    let up = views.up("medical");
    if let Some(what) = open(views)? {
        return Err(what);
    }
    let mut sides = [BTreeMap::new(), BTreeMap::new()];
    for (_, view) in &up {
        for (side, role) in sides.iter_mut().zip([Role::Visited, Role::Home]) {
            for totals in readable(pairs(*view, role))? {
                side.insert((totals.visited.clone(), totals.home.clone()), totals);
            }
        }
    }
    if sides[0] != sides[1] {
        return Err(format!("I12: visited says {:?}, home says {:?}", sides[0], sides[1]));
    }
    told::check(&up, &sides[0])?;
    visits_agree(&up)?;
    quotas_agree(&up)?;
    for (node, view) in &up {
        let differs = "SELECT day || ' with ' || home || ': ' || differing FROM visited_day WHERE state = 'differs'";
        if let Some(day) = first(*view, differs)? {
            return Err(format!("node {node} and a peer differ on {day}"));
        }
        let Some(journal) = views.journal(*node, "medical") else { continue };
        let recomputed = readable(recompute::all(journal, None))?;
        if !recomputed.differing.is_empty() {
            return Err(format!("I16: node {node} computes otherwise now: {:?}", recomputed.differing));
        }
    }
    clients.iter().try_for_each(|client| is_held(views, client))
}

/// By visited node and its own id of the visit: the home, number, state and day of its end.
type Visits = BTreeMap<(String, String), [String; 4]>;

/// Every visit is at the same point on both sides.
fn visits_agree(up: &[(usize, View<'_>)]) -> Result<(), String> {
    let (mut visited, mut home) = (Visits::new(), Visits::new());
    for (node, view) in up {
        let own = region::DIVISIONS[*node];
        let read = |sql: &str| {
            readable(view.all(sql, [own], |row| {
                Ok(((row.get(0)?, row.get(1)?), [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?]))
            }))
        };
        visited.extend(read(
            "SELECT ?1, visit, home, number, state, IFNULL(ended_on, '') FROM visited_visit WHERE number IS NOT NULL",
        )?);
        home.extend(read("SELECT visited, visit, ?1, number, state, IFNULL(ended_on, '') FROM home_visit")?);
    }
    for (visit, at_visited) in &visited {
        let at_home = home.get(visit);
        if at_home != Some(at_visited) {
            return Err(format!("visit {visit:?} is {at_visited:?} at its hospital, and {at_home:?} at home"));
        }
    }
    Ok(())
}

/// Both sides of a prepayment know its quota, and what was granted.
fn quotas_agree(up: &[(usize, View<'_>)]) -> Result<(), String> {
    let mut sides: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for (node, view) in up {
        let own = region::DIVISIONS[*node];
        let rows = readable(view.all(
            "SELECT role, CASE role WHEN 'home' THEN ?1 || '>' || peer ELSE peer || '>' || ?1 END || ' ' || year, quota_fen || ''
             FROM prepayment UNION ALL SELECT role, raise_id, state || ' ' || granted_fen FROM prepayment_raise",
            [own],
            |row| Ok((row.get::<_, String>(0)?, (row.get(1)?, row.get(2)?))),
        ))?;
        for (role, row) in rows {
            sides.entry(role).or_default().insert(row);
        }
    }
    let side = |role: Role| sides.get(role.name()).cloned().unwrap_or_default();
    match side(Role::Home).symmetric_difference(&side(Role::Visited)).next() {
        Some(one_sided) => Err(format!("one side only knows of the prepayment {one_sided:?}")),
        None => Ok(()),
    }
}

/// What a cashier was told is in the books.
fn is_held(views: &Views<'_>, client: &Client) -> Result<(), String> {
    let Some(Told::Replied(reply)) = &client.told else { return Ok(()) };
    let Ok(Reply::Settled(settled)) = serde_json::from_value::<Reply>(reply.clone()) else { return Ok(()) };
    let Some(view) = views.of(client.wish.node, "medical") else { return Ok(()) };
    if documents(view, Role::Visited)?.contains_key(&settled.settlement) {
        return Ok(());
    }
    Err(format!("a cashier was told {}, and node {} lacks it", settled.settlement, client.wish.node))
}

/// I17: a person's certificate is in the journals of its home and of where it was treated, and in no other.
pub fn privacy(node: usize, journal: &Connection, treated: &BTreeSet<(usize, usize, usize)>) -> Result<(), String> {
    for home in (0..NODES).filter(|home| *home != node) {
        for number in (0..PERSONS).filter(|number| !treated.contains(&(node, home, *number))) {
            let found = readable(View::new(journal).one(
                "SELECT sequence FROM journal WHERE instr(CAST(bytes AS TEXT), ?1) LIMIT 1",
                [certificate(home, number)],
                |row| row.get::<_, u64>(0),
            ))?;
            if let Some(sequence) = found {
                return Err(format!("I17: entry {sequence} of node {node} names person {number} of node {home}"));
            }
        }
    }
    Ok(())
}

/// What happened at all, over all nodes.
pub fn effects(views: &Views<'_>) -> Result<Vec<(&'static str, u64)>, String> {
    const COUNTED: [(&str, &str); 13] = [
        ("stays settled", "home_visit WHERE stay = 1 AND state = 'closed'"),
        ("stays settled in parts", "home_visit WHERE stay = 1 AND settlements > 1"),
        (
            "settlements of stays taken back",
            "settlement JOIN home_visit ON home_visit.number = settlement.visit AND stay = 1 WHERE role = 'home' AND contra_of IS NOT NULL",
        ),
        ("admissions taken back", "home_visit WHERE stay = 1 AND state = 'cancelled'"),
        ("filings that reach into a stay", "visited_visit WHERE filing IS NOT NULL"),
        ("filings revoked", "filing WHERE status = 'revoked'"),
        (
            "refunds after the cut",
            "settlement AS contra JOIN settlement AS original ON original.role = 'home' AND original.settlement = contra.contra_of
             WHERE contra.role = 'home' AND EXISTS (SELECT 1 FROM period_cut
                 WHERE cut_at >= original.settled_at AND cut_at < contra.settled_at)",
        ),
        ("days equal between nodes", "visited_day WHERE state = 'equal'"),
        (
            "differences fixed",
            "reconciliation_difference WHERE text LIKE '%\"is_resolved\":true%' AND text NOT LIKE '%\"cause\":\"other_day\"%'",
        ),
        ("prepayments alarmed", "prepayment WHERE band > 0"),
        ("prepayments overdrawn", "alarm WHERE sentence LIKE 'prepayment with %, 100 \\% or more' ESCAPE '\\'"),
        ("prepayments raised", "prepayment_raise WHERE role = 'home' AND state = 'raised'"),
        ("settled by a pool", "pool_ask WHERE state = 'answered' AND message_id IS NOT NULL"),
    ];
    let mut counts = Vec::new();
    for (name, of) in COUNTED {
        let mut sum = 0;
        for (_, view) in views.up("medical") {
            let count = view.one(&format!("SELECT COUNT(*) FROM {of}"), [], |row| row.get::<_, u64>(0));
            sum += readable(count)?.unwrap_or(0);
        }
        counts.push((name, sum));
    }
    counts.push(("stays closed with their last part", closed_in_parts(views)?));
    Ok(counts)
}

fn closed_in_parts(views: &Views<'_>) -> Result<u64, String> {
    let mut sum = 0;
    for (_, view) in views.up("medical") {
        let sql = "SELECT number FROM home_visit WHERE stay = 1 AND state = 'closed'";
        for number in readable(view.all(sql, [], |row| row.get::<_, String>(0)))? {
            let last = readable(last_of_visit(view, Role::Home, &number))?;
            let last = last.map(|last| settlement(view, Role::Home, &last)).transpose();
            let Some(last) = readable(last)?.flatten() else { continue };
            let document = document(view, &last).map_err(|_| format!("the document of {} is gone", last.settlement))?;
            sum += u64::from(document.stay.is_some_and(|stay| stay.interim));
        }
    }
    Ok(sum)
}
