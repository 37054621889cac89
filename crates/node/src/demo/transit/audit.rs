//! The audit after the day: what the books of all nodes say, read from the data folders beside the running nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use huitong_kernel::time::Instant;
use huitong_ledger::positions::{Gross, net_positions};
use huitong_service_kit::{Service, StoreError, View, params};
use huitong_store::journal;
use huitong_store::readers::Readers;
use huitong_transit::Transit;
use huitong_transit::accounts::Side;
use huitong_transit::query::audit::Violation;
use huitong_transit::query::pairs;

use crate::demo::Region;
use crate::demo::audit::views_equal_replay;
use crate::demo::load::unequal_feeds;
use crate::region::keeper::ManifestKeeper;
use crate::services::stream_path;

use super::day::Attack;
use super::fleet::Noted;
use super::load::node_of;
use super::play::Told;

/// How long deny lists, answers and due trips may take.
const PATIENCE: Duration = Duration::from_secs(120);
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// What the audit found.
#[derive(Debug, Default)]
pub struct TransitAudit {
    /// Records of gates by what nodes made of them.
    pub taps: BTreeMap<String, u64>,
    /// Final trips by kind, and by state.
    pub kinds: BTreeMap<String, u64>,
    pub states: BTreeMap<String, u64>,
    /// Completed automatically, by what showed the missing side.
    pub completed: u64,
    pub open_taps: u64,
    /// (visited city, home city) → trips and fen charged.
    pub pairs: BTreeMap<(String, String), (u64, i64)>,
    pub debts: u64,
    pub debts_fen: i64,
    /// What every city claims is what the other says it owes (J5).
    pub books_equal: bool,
    /// Trips that home has charged otherwise than claimed, or twice.
    pub charged_otherwise: u64,
    pub views_equal_replay: bool,
    /// Acknowledged records that a node lacks, or holds otherwise.
    pub lost: u64,
    /// Attacks that opened a gate and were found by the node: they took part in no trip that a rider pays.
    pub found: BTreeMap<Attack, u64>,
    /// Trips that were final before records of this day came late, and were adjusted because of them.
    pub adjusted_late: u64,
    /// Trips made with a visited city's own code (model P).
    pub pulled: u64,
    /// Invariants that do not hold, by node.
    pub violations: Vec<String>,
    pub gross_fen: i64,
    pub net: BTreeMap<String, i64>,
}

/// The file of transit's stream; of several members' copies, the one that knows most.
fn path(region: &Region, division: &str) -> anyhow::Result<PathBuf> {
    let mut copies = Vec::new();
    for (folder, _) in region.members(division)? {
        let path = stream_path(&folder.join("streams"), Transit::NAME);
        let (sequence, _) = Readers::new(&path).snapshot(journal::head)?;
        copies.push((sequence, path));
    }
    copies.sort();
    copies.pop().map(|(_, path)| path).context("a node has at least one member")
}

fn count(view: View<'_>, sql: &str, now: i64) -> Result<i64, StoreError> {
    let count = view.one(sql, [now], |row| row.get(0))?;
    Ok(count.unwrap_or(0))
}

/// What a node takes for now: what is due by its clock may become final at any moment.
fn now_at(region: &Region, division: &str) -> anyhow::Result<Instant> {
    let (folder, _) = region.members(division)?.into_iter().next().context("a node has at least one member")?;
    let config = crate::config::NodeConfig::read(&folder.join("node.toml"))?;
    let offset_ms = config.testing.map_or(0, |testing| testing.clock_offset_ms);
    Ok(huitong_service_kit::http::Clock::now(&crate::clock::SystemClock { offset_ms }))
}

/// Waits until a count is zero at every one of the nodes.
async fn until_none(region: &Region, nodes: &BTreeSet<String>, sql: &str, what: &str) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let mut left = 0;
        for node in nodes {
            let now = now_at(region, node)?;
            left += Readers::new(&path(region, node)?).view(|view| count(view, sql, now.0))?;
        }
        if left == 0 {
            return Ok(());
        }
        if tokio::time::Instant::now() > deadline {
            bail!("{left} {what} after {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// Waits until no node has changes of its deny list that are not published.
pub async fn deny_lists_published(region: &Region, nodes: &BTreeSet<String>) -> anyhow::Result<()> {
    let pending = "SELECT (SELECT COUNT(*) FROM deny_pending) + (SELECT COUNT(*) = 0 FROM deny_delta) + 0 * ?1";
    until_none(region, nodes, pending, "changes of deny lists wait").await
}

/// Waits until every trip that is due is final, answered, and known to both sides.
pub async fn settled(region: &Region) -> anyhow::Result<()> {
    let nodes: BTreeSet<String> = region.divisions().into_iter().collect();
    let adjusts = "SELECT COUNT(*) + 0 * ?1 FROM trip_adjust WHERE state = 'sent'";
    until_none(region, &nodes, "SELECT COUNT(*) FROM open_rider WHERE due_at <= ?1", "riders are due").await?;
    until_none(region, &nodes, "SELECT COUNT(*) + 0 * ?1 FROM trip WHERE state = 'priced'", "trips wait").await?;
    until_none(region, &nodes, adjusts, "adjustments wait").await?;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    // A node that is away has not told how far its feeds are.
    while !unequal_feeds(region).await.is_ok_and(|feeds| feeds.is_empty()) {
        if tokio::time::Instant::now() > deadline {
            bail!("these feeds did not arrive: {:?}", unequal_feeds(region).await?);
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
    Ok(())
}

/// A trip that a city owes to a city of another node, in the words of the API, with that city.
pub fn owed_abroad(region: &Region, city: &str) -> anyhow::Result<Option<(String, String)>> {
    let node = node_of(region, city)?;
    let found = Readers::new(&path(region, &node)?).view(|view| {
        view.one(
            "SELECT lower(hex(trip)), network FROM home_trip WHERE state = 'charged' AND charge_fen > 0 AND visited <> ?1
             AND json_extract(text, '$.home') = ?2 ORDER BY booked_at DESC, trip LIMIT 1",
            [&node, city],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    });
    Ok(found?)
}

/// Audits the books, and what became of the records that `told` names.
pub fn audit(region: &Region, told: &Told) -> anyhow::Result<TransitAudit> {
    let mut audit = TransitAudit { books_equal: true, ..TransitAudit::default() };
    let (mut due, mut owed) = (Gross::new(), Gross::new());
    let (mut claimed, mut charged) = (BTreeMap::new(), BTreeMap::new());
    for division in region.divisions() {
        let (folder, _) = region.members(&division)?.into_iter().next().context("a node has at least one member")?;
        let config = crate::config::NodeConfig::read(&folder.join("node.toml"))?;
        let keeper = ManifestKeeper::open(&config.manifest)?;
        Readers::new(&path(region, &division)?).view(|view| -> Result<(), StoreError> {
            audit.books_equal &= huitong_ledger::report::adds_up(view)?;
            audit.read(view)?;
            audit.records(view, told, |city| node_of(region, city).is_ok_and(|node| node == division))?;
            audit.invariants(&division, view, &keeper)?;
            pairs::add(view, Side::Receivable, &mut due)?;
            pairs::add(view, Side::Payable, &mut owed)?;
            charges(
                view,
                "SELECT hex(trip), charge_fen FROM trip WHERE state IN ('charged', 'refunded')",
                &mut claimed,
            )?;
            charges(view, "SELECT hex(trip), charge_fen FROM home_trip WHERE state = 'charged'", &mut charged)
        })?;
    }
    audit.books_equal &= due == owed;
    audit.charged_otherwise = claimed.iter().filter(|(trip, fen)| charged.get(*trip) != Some(fen)).count() as u64
        + charged.keys().filter(|trip| !claimed.contains_key(*trip)).count() as u64;
    audit.gross_fen = due.values().map(|amount| amount.0).sum();
    audit.net = net_positions(&due).into_iter().map(|(city, amount)| (city.to_string(), amount.0)).collect();
    audit.views_equal_replay = views_equal_replay(region)?;
    Ok(audit)
}

impl TransitAudit {
    /// The invariants J1 to J12 once more, over what one node holds.
    fn invariants(&mut self, node: &str, view: View<'_>, keeper: &ManifestKeeper) -> Result<(), StoreError> {
        let own = node.parse().map_err(|_| StoreError::Damaged(format!("{node} is no jurisdiction")))?;
        let found = huitong_transit::query::audit::audit(&Transit::default(), view, keeper, own)?;
        let said =
            |violation: Violation| format!("{node} {} {}: {}", violation.invariant, violation.key, violation.sentence);
        self.violations.extend(found.violations.into_iter().map(said));
        Ok(())
    }

    /// What became of the day's records at one node.
    fn records(&mut self, view: View<'_>, told: &Told, is_of_node: impl Fn(&str) -> bool) -> Result<(), StoreError> {
        for (record, hash) in told.acknowledged.iter().filter(|(record, _)| is_of_node(&record.city)) {
            let held = "SELECT COUNT(*) FROM tap WHERE gate = ?1 AND epoch = ?2 AND sequence = ?3 AND hash = ?4";
            let key = params![record.gate, record.epoch, record.sequence, hash];
            let count: Option<i64> = view.one(held, key, |row| row.get(0))?;
            self.lost += u64::from(count != Some(1));
        }
        for opened in told.attacks_opened.iter().filter(|opened| is_of_node(&opened.record.city)) {
            let found = is_found(view, &opened.record, opened.attack)?;
            *self.found.entry(opened.attack).or_default() += u64::from(found);
        }
        let mut adjusted = BTreeSet::new();
        for record in told.late.iter().filter(|record| is_of_node(&record.city)) {
            let trips =
                "SELECT DISTINCT hex(a.trip) FROM held_tap AS tap JOIN trip_adjust a ON a.trip = tap.trip AND a.reason = 'late_tap'
                 WHERE gate = ?1 AND epoch = ?2 AND sequence = ?3";
            let key = params![record.gate, record.epoch, record.sequence];
            adjusted.extend(view.one(trips, key, |row| row.get::<_, String>(0))?);
        }
        self.adjusted_late += adjusted.len() as u64;
        Ok(())
    }

    fn read(&mut self, view: View<'_>) -> Result<(), StoreError> {
        let taps =
            "SELECT CASE state WHEN 0 THEN 'accepted' WHEN 1 THEN 'late' WHEN 2 THEN 'refused' WHEN 3 THEN 'impossible'
             ELSE 'passback' END, COUNT(*) FROM tap GROUP BY state";
        tally(view, taps, &mut self.taps)?;
        tally(view, "SELECT kind, COUNT(*) FROM trip GROUP BY kind", &mut self.kinds)?;
        tally(view, "SELECT state, COUNT(*) FROM trip GROUP BY state", &mut self.states)?;
        let one = |sql: &str| view.one(sql, [], |row| row.get::<_, i64>(0)).map(Option::unwrap_or_default);
        self.completed += one("SELECT COUNT(*) FROM trip WHERE completed = 1")?.unsigned_abs();
        self.open_taps += one("SELECT COUNT(*) FROM open_tap")?.unsigned_abs();
        self.pulled += one("SELECT COUNT(DISTINCT trip) FROM held_tap WHERE grant_id IS NOT NULL")?.unsigned_abs();
        self.debts += one("SELECT COUNT(*) FROM debt WHERE state <> 'paid'")?.unsigned_abs();
        self.debts_fen += one("SELECT IFNULL(SUM(amount_fen), 0) FROM debt WHERE state <> 'paid'")?;
        view.each(
            "SELECT network, home, COUNT(*), SUM(charge_fen) FROM trip WHERE state IN ('charged', 'refunded') GROUP BY network, home",
            [],
            |row| {
                let pair = self.pairs.entry((row.get(0)?, row.get(1)?)).or_default();
                pair.0 += row.get::<_, u64>(2)?;
                pair.1 += row.get::<_, i64>(3)?;
                Ok(())
            },
        )
    }
}

/// Whether nobody pays for an attack that opened a gate: its tap is kept apart; or, of a code shown twice, whose second showing is
/// the rider's for all that a node can know, one showing counts and no other.
fn is_found(view: View<'_>, record: &Noted, attack: Attack) -> Result<bool, StoreError> {
    let key = params![record.gate, record.epoch, record.sequence];
    let is_apart = view.one(
        "SELECT state IN (3, 4) AND trip IS NULL FROM held_tap WHERE gate = ?1 AND epoch = ?2 AND sequence = ?3",
        key,
        |row| row.get::<_, bool>(0),
    )?;
    if is_apart == Some(true) || !matches!(attack, Attack::ReplayHere | Attack::ReplayElsewhere) {
        return Ok(is_apart == Some(true));
    }
    let shown = view.one(
        "SELECT SUM(other.state IN (0, 1)), SUM(other.state = 4 AND other.trip IS NULL) FROM tap AS own JOIN held_tap AS other
             ON other.replay_key = own.replay_key AND other.direction = own.direction
         WHERE own.gate = ?1 AND own.epoch = ?2 AND own.sequence = ?3",
        params![record.gate, record.epoch, record.sequence],
        |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?)),
    )?;
    Ok(matches!(shown, Some((Some(1), Some(apart))) if apart > 0))
}

fn tally(view: View<'_>, sql: &str, counts: &mut BTreeMap<String, u64>) -> Result<(), StoreError> {
    view.each(sql, [], |row| {
        *counts.entry(row.get(0)?).or_default() += row.get::<_, u64>(1)?;
        Ok(())
    })
}

fn charges(view: View<'_>, sql: &str, charges: &mut BTreeMap<String, i64>) -> Result<(), StoreError> {
    view.each(sql, [], |row| {
        charges.insert(row.get(0)?, row.get(1)?);
        Ok(())
    })
}
