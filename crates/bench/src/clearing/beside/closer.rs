//! Closings of medical's running period and of a period of transit that was told before; and what must hold after each.

use std::time::{Duration, Instant as Stopwatch};

use anyhow::{Context, ensure};
use huitong_clearing::command::Command;
use huitong_clearing::event::BatchState;
use huitong_clearing::model::batch::REGION;
use huitong_clearing::model::message::Message;
use huitong_clearing::model::statement::Statement;
use huitong_clearing::query::{batches, statements};
use huitong_kernel::clearing::{Period, PeriodKind};
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_ledger::clearing::{Documents, Marker};
use huitong_service_kit::params;
use huitong_service_kit::stream::StreamPort;

use super::nodes::{BOTH, HOME, Nodes, VISITED, call, deliver};
use crate::clearing::fill::{Shape, lanes, message};
use crate::clearing::stage::{bytes, division, told_by};

const LIMIT: Duration = Duration::from_secs(60);
const LANES: [(&str, &str); 2] = [(VISITED, HOME), (HOME, VISITED)];
/// Messages of one delivery.
const DELIVERY: usize = 128;

/// Cuts one period after the other; all of them are past, so that each can be cut at any time.
pub struct Closer {
    day: Date,
    /// The latest message in each of transit's two lanes.
    number: u64,
    /// Documents of medical in closed periods.
    pub stated: u64,
}

impl Closer {
    pub fn new() -> Closer {
        Closer { day: Date::constant(2026, 9, 1), number: 0, stated: 0 }
    }

    fn period(&self) -> Period {
        Period::of(PeriodKind::Day, self.day)
    }

    /// Transit tells both clearings as many documents, half of them in each lane.
    pub fn tell(&mut self, nodes: &Nodes, documents: u64) -> anyhow::Result<()> {
        let count = documents / 2 / Shape::Trips.a_message();
        for node in BOTH {
            let mut entries = Vec::new();
            for number in self.number + 1..=self.number + count {
                for lane in LANES {
                    let place = lanes().iter().position(|known| *known == lane).context("a lane")?;
                    let told: Documents = message(place, number, Shape::Trips, true);
                    entries.push(bytes(Message::Documents(told), nodes.clock().now()));
                }
            }
            for part in entries.chunks(DELIVERY) {
                self.deliver(nodes, node, part.to_vec())?;
            }
        }
        self.number += count;
        Ok(())
    }

    fn deliver(&self, nodes: &Nodes, node: &'static str, entries: Vec<Vec<u8>>) -> anyhow::Result<()> {
        let (stream, feed) = (&nodes.clearing[node], told_by("transit", node));
        let first = StreamPort::feed_size(&**stream, &feed)? + 1;
        deliver(&**stream, &feed, first, entries, nodes.clock().now())?;
        Ok(())
    }

    /// Cuts the period of both services at one node, which takes the other with it; returns when both nodes hold both batches.
    pub fn close(&mut self, nodes: &Nodes) -> anyhow::Result<f64> {
        let (start, period) = (Stopwatch::now(), self.period());
        // Called on its day, so that the first period of all is the one of that day.
        let now = Instant::start_of(self.day);
        for service in ["medical", "transit"] {
            let command = Command::Close { service: service.to_owned(), period, early: true };
            call(&nodes.clearing[VISITED], "clerk", command, now)?;
        }
        self.number += 1;
        for node in BOTH {
            let marker = |(from, to)| Marker { from: division(from), to: division(to), period, number: self.number };
            let markers = LANES.map(|lane| bytes(Message::Marker(marker(lane)), nodes.clock().now()));
            self.deliver(nodes, node, markers.to_vec())?;
        }
        while !(self.is_final(nodes, "medical")? && self.is_final(nodes, "transit")?) {
            ensure!(start.elapsed() < LIMIT, "the batch of {period} does not become final");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(start.elapsed().as_secs_f64())
    }

    fn is_final(&self, nodes: &Nodes, service: &str) -> anyhow::Result<bool> {
        Ok(self.batches(nodes, service)?.iter().all(Option::is_some))
    }

    /// The digest of the period's batch at each node, once it is final there.
    fn batches(&self, nodes: &Nodes, service: &str) -> anyhow::Result<[Option<Digest>; 2]> {
        let mut digests = [None; 2];
        for (digest, node) in digests.iter_mut().zip(BOTH) {
            let stream = &nodes.clearing[node];
            let row = stream.readers().view(|view| batches::latest(view, service, self.period(), REGION))?;
            let row = row.filter(|row| matches!(row.state, BatchState::Final | BatchState::Closed));
            *digest = row.map(|row| row.digest);
        }
        Ok(digests)
    }

    /// What A says B owes is what B says; each settlement of the period is stated once; then on to the next period.
    pub fn check(&mut self, nodes: &Nodes, trips: u64) -> anyhow::Result<u64> {
        let period = self.period();
        for service in ["medical", "transit"] {
            let [one, other] = self.batches(nodes, service)?;
            ensure!(one.is_some() && one == other, "both hold one batch of {service}");
        }
        let (stated, _) = statements_of(nodes, "transit", period)?;
        ensure!(stated.documents() == trips, "{} trips are stated", stated.documents());
        let (stated, payable) = statements_of(nodes, "medical", period)?;
        let lane = stated.lanes.iter().find(|lane| lane.sender == division(HOME)).context("the lane of documents")?;
        for (node, role) in [(VISITED, "visited"), (HOME, "home")] {
            let sql = "SELECT COUNT(*), COUNT(DISTINCT document), COALESCE(SUM(fund_total_fen + account_fen), 0)
                       FROM settlement WHERE role = ?1 AND number > ?2 AND number <= ?3";
            let read = |row: &huitong_service_kit::Row<'_>| Ok((row.get(0)?, row.get(1)?, Fen(row.get(2)?)));
            let rows = nodes.medical[node]
                .readers()
                .view(|view| view.one(sql, params![role, lane.after, lane.up_to], read))?;
            ensure!(
                rows == Some((lane.documents, lane.documents, payable)),
                "{node}: {rows:?} booked, {lane:?} stated"
            );
        }
        ensure!(stated.documents() == lane.documents, "documents lie in one lane");
        self.stated += lane.documents;
        self.day = self.day.tomorrow().context("a day after it")?;
        Ok(lane.documents)
    }

    /// At the very end: every settlement that a cashier was told is held once by all four streams.
    pub fn check_end(&self, nodes: &Nodes, settled: u64) -> anyhow::Result<()> {
        for node in BOTH {
            let role = if node == VISITED { "visited" } else { "home" };
            let sql = "SELECT COUNT(*), COUNT(DISTINCT document) FROM settlement WHERE role = ?1";
            let pair = |row: &huitong_service_kit::Row<'_>| Ok((row.get::<_, u64>(0)?, row.get::<_, u64>(1)?));
            let booked = nodes.medical[node].readers().view(|view| view.one(sql, [role], pair))?;
            let sql = "SELECT COUNT(*), COUNT(DISTINCT id) FROM item WHERE lane IN (SELECT lane FROM lane WHERE service = ?1)";
            let told = nodes.clearing[node].readers().view(|view| view.one(sql, ["medical"], pair))?;
            let all = Some((settled, settled));
            ensure!(booked == all && told == all, "{node}: {settled} settled, {booked:?} booked, {told:?} told");
            for port in [&*nodes.medical[node] as &dyn StreamPort, &*nodes.clearing[node]] {
                let alarms = port.alarms((Instant(i64::MAX), 0, 0), 10)?;
                ensure!(alarms.is_empty(), "{}: {:?}", port.home(), alarms.first().map(|alarm| &alarm.sentence));
            }
        }
        ensure!(self.stated <= settled, "{} of {settled} are stated", self.stated);
        Ok(())
    }
}

/// The visited side's statement, and what home confirmed to owe by it, when both sides say the same.
fn statements_of(nodes: &Nodes, service: &str, period: Period) -> anyhow::Result<(Statement, Fen)> {
    let mut rows = Vec::new();
    for (node, peer) in LANES {
        let stream = &nodes.clearing[node];
        let row = stream.readers().view(|view| statements::statement(view, service, period, division(peer)))?;
        rows.push(row.with_context(|| format!("{node} has no statement of {service}"))?);
    }
    let (visited, home) = (&rows[0], &rows[1]);
    ensure!(visited.own.lanes == home.own.lanes, "both sides state the same");
    ensure!(visited.payable() == home.receivable() && home.payable() == visited.receivable(), "both owe the same");
    Ok((visited.own.clone(), home.payable()))
}
