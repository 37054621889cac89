//! What must hold (architecture, section 9), looked at while the run goes and when it has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::entry::{EntryKind, Sequence};
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::Digest;
use huitong_store::journal::Connection;
use huitong_store::member::Role;
use huitong_store::shared::Row;
use huitong_store::{feeds, journal};
use serde_json::Value;

use crate::process::SERVICES;
use crate::region;
use crate::stream::{FUNCTION, Stream, Told};
use crate::workload::Views;
use crate::world::World;

/// Every so many steps the whole is looked at.
const CHECK_EVERY: u64 = 97;

#[derive(Default)]
pub struct Checker {
    /// Found where no error can be returned.
    remembered: Option<String>,
    steps: u64,
    /// How far each feed was compared.
    compared: BTreeMap<Feed, Sequence>,
}

impl Checker {
    pub fn remember(&mut self, what: String) {
        self.remembered.get_or_insert(what);
    }
}

impl World {
    /// After every step: what was remembered; now and then the rest.
    pub fn check(&mut self) -> Result<(), String> {
        if let Some(what) = self.checker.remembered.take() {
            return Err(what);
        }
        self.checker.steps += 1;
        if self.checker.steps.is_multiple_of(CHECK_EVERY) { self.check_all() } else { Ok(()) }
    }

    fn check_all(&mut self) -> Result<(), String> {
        self.compare_feeds()?;
        let views = |address: &Address| self.journal(address);
        let views = Views(&views);
        self.workloads
            .iter()
            .try_for_each(|workload| workload.check(&views).map_err(|fault| format!("{}: {fault}", workload.service())))
    }

    /// The journal of an address, as far as it can be looked at now.
    pub fn journal(&self, address: &Address) -> Option<&Connection> {
        Some(self.stream(address)?.connection())
    }

    /// The stream of an address, at the member that leads it. A node with an old backup is not looked at.
    fn stream(&self, address: &Address) -> Option<&dyn Stream> {
        let (place, index) = self.leading(region::node_of(address.jurisdiction), &address.service)?;
        if self.places[place].newest_backup.is_some() {
            return None;
        }
        let stream = &*self.places[place].process.as_ref()?.streams.0[index];
        // A leader may not have seen yet what one before it appended; the table is the truth.
        let shared = region::MEMBERS[self.places[place].node] > 1;
        let known = journal::head(stream.connection()).ok()?.0;
        (!shared || self.database.last_sequence(&address.to_string()) == known).then_some(stream)
    }

    fn addresses() -> impl Iterator<Item = Address> {
        (0..region::DIVISIONS.len())
            .flat_map(|node| SERVICES.iter().map(move |service| Address::new(region::division(node), service)))
    }

    /// Both sides of every feed hold the same bytes up to the lower cursor.
    fn compare_feeds(&mut self) -> Result<(), String> {
        let mut compared = std::mem::take(&mut self.checker.compared);
        for address in World::addresses() {
            let Some(receiver) = self.stream(&address) else { continue };
            for feed in feeds::all(receiver.connection()).unwrap_or_default() {
                let Some(sender) = self.stream(&feed.from).filter(|_| feed.to == address) else { continue };
                let cursor = compared.entry(feed.clone()).or_insert(0);
                *cursor = compare_feed(&feed, sender, receiver, *cursor)?;
            }
        }
        self.checker.compared = compared;
        Ok(())
    }

    /// Whether everything has been answered, has arrived, and every process is up.
    pub fn is_at_rest(&self) -> bool {
        self.clients.unanswered().next().is_none()
            && self.clients.0.iter().all(|client| !client.curious || client.told.is_some())
            && self.places.iter().all(|place| place.process.as_ref().is_some_and(|process| !process.is_on_hold()))
            && !self.has_plans()
            && self.feeds_have_arrived()
            && self.workloads_are_at_rest()
    }

    fn workloads_are_at_rest(&self) -> bool {
        let views = |address: &Address| self.journal(address);
        let views = Views(&views);
        self.workloads.iter().all(|workload| workload.is_at_rest(&views))
    }

    /// Why the run has not come to rest.
    pub fn unrest(&self) -> String {
        if let Some((number, client)) = self.clients.unanswered().next() {
            return format!(
                "client {number} was never answered ({} under key {})",
                client.wish.content, client.wish.key
            );
        }
        let down: Vec<String> = (0..self.places.len())
            .filter(|place| self.places[*place].process.as_ref().is_none_or(|process| process.is_on_hold()))
            .map(|place| self.disk(place))
            .collect();
        match (down.is_empty(), self.feeds_have_arrived()) {
            (false, _) => format!("down or on hold: {down:?}"),
            (true, false) => "feeds have not arrived".to_owned(),
            (true, true) => "a workload waits for something".to_owned(),
        }
    }

    /// Everything, when all is healed and quiet.
    pub fn check_end(&mut self) -> Result<(), String> {
        self.checker.compared.clear();
        self.check_all()?;
        let mut journals = BTreeMap::new();
        for address in World::addresses() {
            let Some(stream) = self.stream(&address) else { return Err(format!("{address} is led by nobody")) };
            check_stream(stream)?;
            journals.insert(address.clone(), carried_out(stream)?);
        }
        self.check_acknowledged(&journals)?;
        self.check_shared()?;
        let clients: Vec<_> = self.clients.0.iter().collect();
        let views = |address: &Address| self.journal(address);
        let views = Views(&views);
        for (number, workload) in self.workloads.iter().enumerate() {
            let of_workload: Vec<_> = clients.iter().copied().filter(|client| client.workload == number).collect();
            let checked = workload.check_end(&views, &of_workload);
            checked.map_err(|fault| format!("{}: {fault}", workload.service()))?;
        }
        Ok(())
    }

    /// What the workloads have reached.
    pub fn reached(&mut self) -> Result<(), String> {
        let mut reached = Vec::new();
        {
            let views = |address: &Address| self.journal(address);
            let views = Views(&views);
            for workload in &self.workloads {
                reached.extend(workload.effects(&views)?);
            }
        }
        reached.into_iter().for_each(|(name, count)| self.coverage.effect(name, count));
        Ok(())
    }

    /// What a client was told is in the journal; nothing is there twice.
    fn check_acknowledged(&self, journals: &BTreeMap<Address, BTreeSet<(String, String)>>) -> Result<(), String> {
        for client in &self.clients.0 {
            let Some(Told::Replied(_)) = &client.told else { continue };
            let address = Address::new(region::division(client.wish.node), client.wish.service);
            let key = (client.wish.participant.clone(), client.wish.key.clone());
            if !journals.get(&address).is_some_and(|journal| journal.contains(&key)) {
                return Err(format!("{} was acknowledged to {}, and {address} lacks it", client.wish.key, key.0));
            }
        }
        Ok(())
    }

    /// Every member's copy is what the shared journal holds, from the first entry on.
    fn check_shared(&self) -> Result<(), String> {
        for place in self.places.iter().filter(|place| region::MEMBERS[place.node] > 1) {
            let Some(process) = &place.process else { continue };
            for stream in &process.streams.0 {
                let shared = self.database.rows(&stream.home().to_string());
                let entries = journal::after(stream.connection(), 0, usize::MAX).map_err(|error| error.to_string())?;
                let own: Vec<Row> = entries.iter().map(Row::of).collect();
                let behind = stream.role() == Role::Following && shared.starts_with(&own);
                if shared != own && !behind {
                    return Err(format!(
                        "member {} of {} holds another journal than the table",
                        place.member,
                        stream.home()
                    ));
                }
            }
        }
        Ok(())
    }
}

fn compare_feed(feed: &Feed, sender: &dyn Stream, receiver: &dyn Stream, after: Sequence) -> Result<Sequence, String> {
    let read = |stream: &dyn Stream| {
        feeds::messages_after(stream.connection(), feed, after, usize::MAX >> 1).map_err(|error| error.to_string())
    };
    let (sent, received) = (read(sender)?, read(receiver)?);
    if received.len() > sent.len() {
        return Err(format!("{feed}: {} messages received after {after}, {} sent", received.len(), sent.len()));
    }
    match sent.iter().zip(&received).find(|(sent, received)| sent != received) {
        Some((sent, _)) => Err(format!("{feed}: message {} differs on both sides", sent.number)),
        None => Ok(after + received.len() as Sequence),
    }
}

/// Chain and views of one stream.
fn check_stream(stream: &dyn Stream) -> Result<(), String> {
    let verified: Result<(Sequence, Digest), _> = journal::verify_chain(stream.connection(), FUNCTION);
    verified.map_err(|error| format!("{}: {error}", stream.home()))?;
    let differences = stream.replay_differences().map_err(|error| error.to_string())?;
    if differences.is_empty() {
        Ok(())
    } else {
        Err(format!("{}: views differ from replay: {differences:?}", stream.home()))
    }
}

/// Participant and key of every call in the journal; a call that was carried out twice is a fault.
fn carried_out(stream: &dyn Stream) -> Result<BTreeSet<(String, String)>, String> {
    let mut keys = BTreeSet::new();
    let mut doubled = None;
    let read = journal::each_from(stream.connection(), 1, |entry| {
        if entry.kind == EntryKind::Decision {
            let record: Value = serde_json::from_slice(&entry.bytes)?;
            let call = &record["cause"]["call"];
            if let (Some(participant), Some(key)) = (call["participant"].as_str(), call["idempotency"]["key"].as_str())
                && !keys.insert((participant.to_owned(), key.to_owned()))
            {
                doubled.get_or_insert(format!("{}: {key} of {participant} was carried out twice", stream.home()));
            }
        }
        Ok(())
    });
    read.map_err(|error| error.to_string())?;
    doubled.map_or(Ok(keys), Err)
}
