//! Documents as the views hold them, written by the service's own `apply`, without journal: the period that is closed.

use std::path::Path;

use huitong_clearing::Clearing;
use huitong_clearing::event::{DocumentsTaken, Event};
use huitong_kernel::entry::Entry;
use huitong_kernel::feed::Address;
use huitong_kernel::hash::HashFunction;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_ledger::clearing::{Document, Documents};
use huitong_service_kit::stream::ServiceLogic;
use huitong_service_kit::{Applied, Service, StoreError, Tx};
use huitong_store::group::{Done, GroupCommitter, Logic, Scope};
use huitong_store::journal::Pace;

use super::stage::{NODES, PERIOD, division};

/// Documents written together.
const GROUP: u64 = 20_000;
/// Cities of each jurisdiction.
const CITIES: u64 = 5;

/// What the documents are like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Of transit: many a message, one part.
    Trips,
    /// Of medical: one a message, two funds each.
    Settlements,
}

impl Shape {
    pub fn service(self) -> &'static str {
        match self {
            Shape::Trips => "transit",
            Shape::Settlements => "medical",
        }
    }

    pub fn a_message(self) -> u64 {
        match self {
            Shape::Trips => 40,
            Shape::Settlements => 1,
        }
    }

    pub fn parse(word: &str) -> Option<Shape> {
        [Shape::Trips, Shape::Settlements].into_iter().find(|shape| shape.service() == word)
    }
}

/// All lanes: sender and receiver.
pub fn lanes() -> Vec<(&'static str, &'static str)> {
    let all = NODES.iter().flat_map(|from| NODES.iter().map(move |to| (*from, *to)));
    all.filter(|(from, to)| from != to).collect()
}

/// The messages of each lane that carry so many documents together, at least.
pub fn messages_a_lane(documents: u64, shape: Shape) -> u64 {
    documents.div_ceil(lanes().len() as u64 * shape.a_message())
}

/// The documents of a message; the same at both ends. `scattered` gives ids as hashes are, else they ascend, which fills faster.
pub fn message(lane: usize, number: u64, shape: Shape, scattered: bool) -> Documents {
    let (from, to) = lanes()[lane];
    let documents = (0..shape.a_message()).map(|line| document(lane, number, line, shape, scattered)).collect();
    Documents { from: division(from), to: division(to), number, documents }
}

fn document(lane: usize, number: u64, line: u64, shape: Shape, scattered: bool) -> Document {
    let (from, to) = lanes()[lane];
    let seed = (number * shape.a_message() + line) * lanes().len() as u64 + lane as u64;
    let mut id = HashFunction::Sha256.hash(&[b"bench", &seed.to_be_bytes()]);
    let draw = u64::from_be_bytes(id.0[24..].try_into().expect("eight bytes"));
    if !scattered {
        id.0[..8].copy_from_slice(&(seed << 16).to_be_bytes());
    }
    let city = |node: &str, draw: u64| division(&format!("{}{:02}00", &node[..2], draw % CITIES + 1));
    let (debtor, creditor) = if draw % 4 == 0 { (to, from) } else { (from, to) };
    let amount = 200 + (draw >> 32) as i64 % 30_000;
    let is_trip = shape == Shape::Trips;
    let parts = vec![("310101".to_owned(), Fen(amount - amount / 3)), ("account".to_owned(), Fen(amount / 3))];
    Document {
        id,
        number: if is_trip { String::new() } else { format!("A{}20261124{seed:09}", &from[..4]) },
        creditor: city(creditor, draw >> 8),
        debtor: city(debtor, draw >> 16),
        day: PERIOD.parse().expect("a date"),
        amount_fen: Fen(amount),
        kind: if is_trip { "trip" } else { "settlement" }.to_owned(),
        of: None,
        parts: if is_trip { Vec::new() } else { parts },
    }
}

/// The event that taking a message's documents makes at a node.
fn taken(node: &str, documents: Documents, shape: Shape) -> Event {
    let peer = if documents.from == division(node) { documents.to } else { documents.from };
    let sender_owes = documents.documents.iter().map(|document| documents.from.contains(document.debtor)).collect();
    Event::DocumentsTaken(DocumentsTaken { service: shape.service().to_owned(), peer, documents, sender_owes })
}

/// Writes the views of every node.
pub fn fill(folder: &Path, documents: u64, shape: Shape, now: Instant) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let count = messages_a_lane(documents, shape);
    let step = (GROUP / shape.a_message()).max(1) as usize;
    for node in NODES {
        let home = Address::new(division(node), Clearing::NAME);
        let logic = Filling(ServiceLogic::for_replay(home, HashFunction::Sha256));
        let path = folder.join(format!("{node}.db"));
        let mut file = GroupCommitter::open(&path, HashFunction::Sha256, logic)?;
        let day = PERIOD.parse().expect("a date");
        let begin = Event::ServiceLookedAt { service: shape.service().to_owned(), next_day: day, next_at: now };
        run(&mut file, vec![begin])?;
        let own: Vec<usize> = (0..lanes().len()).filter(|lane| is_end(*lane, node)).collect();
        // The lanes grow side by side, as they do in life.
        for first in (1..=count).step_by(step) {
            for lane in &own {
                let numbers = first..(first + step as u64).min(count + 1);
                let events = numbers.map(|number| taken(node, message(*lane, number, shape, false), shape)).collect();
                run(&mut file, events)?;
            }
        }
    }
    Ok(())
}

fn is_end(lane: usize, node: &str) -> bool {
    let (from, to) = lanes()[lane];
    from == node || to == node
}

fn run(file: &mut GroupCommitter<Filling>, events: Vec<Event>) -> anyhow::Result<()> {
    let (outcomes, _) = file.run(vec![events]);
    for outcome in outcomes {
        outcome.map_err(|error| anyhow::anyhow!("storage: {error}"))?;
    }
    Ok(())
}

/// Applies events and writes no journal.
struct Filling(ServiceLogic<Clearing>);

impl Logic for Filling {
    type Work = Vec<Event>;
    type Outcome = ();

    fn schema(&self) -> Vec<&'static str> {
        self.0.schema()
    }

    fn pace(&self) -> Pace {
        self.0.pace()
    }

    fn process(&mut self, scope: &mut Scope<'_>, events: &Vec<Event>) -> Result<Done<()>, StoreError> {
        for event in events {
            Clearing.apply(scope.tx(), event, &Applied { sequence: 0, at: Instant(1) })?;
        }
        Ok(Done::Keep(()))
    }

    fn replay(&mut self, _: Tx<'_>, _: &Entry) -> Result<(), StoreError> {
        Ok(())
    }

    fn forget(&mut self) {}
}
