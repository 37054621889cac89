//! Links at work: parcels, answers, feeds within a node, manifests. What a parcel means is decided by the production link.

use std::collections::BTreeSet;

use huitong_exchange::ExchangeRefusal;
use huitong_exchange::link::{Accepted, Channel, FeedSource};
use huitong_exchange::parcel::{BATCH_MESSAGES_MAX, Batch, Parcel};
use huitong_kernel::feed::Feed;
use huitong_kernel::time::DurationMs;
use huitong_service_kit::stream::Delivery;
use huitong_store::feeds;

use crate::region::{self, MEMBERS};
use crate::world::{Call, Event, World};

/// A call that is not answered by then is given up.
const CALL_TIMEOUT: DurationMs = DurationMs::seconds(10);
const LINK: u8 = 1;

/// What of a parcel waits for its commit, with the stream that keeps it.
#[derive(Default)]
struct Queued {
    notes: Vec<(usize, Feed)>,
    /// None: nothing of it is new.
    batches: Vec<(Option<usize>, Accepted)>,
}

impl World {
    /// The link to a peer gets a turn soon.
    pub fn ring(&mut self, place: usize, peer: usize, delay: DurationMs) {
        if peer != self.places[place].node && self.due.insert((LINK, place, peer)) {
            self.after(delay, Event::LinkTurn { place, peer });
        }
    }

    pub fn link_turn(&mut self, place: usize, peer: usize) {
        self.due.remove(&(LINK, place, peer));
        for member in 0..MEMBERS[peer] {
            if self.calls.contains_key(&(place, peer, member)) {
                continue;
            }
            let now = self.now;
            let Some(process) = &mut self.places[place].process else { return };
            let (link, speaker, streams) = process.talk(peer, now);
            let Ok(parcel) = link.collect(Channel::Call(member), speaker, streams) else { continue };
            if parcel.is_empty() {
                continue;
            }
            let node = self.places[place].node;
            let number = self.next_number();
            let call = Call { place, peer, member, number };
            self.calls.insert((place, peer, member), number);
            self.after(CALL_TIMEOUT, Event::CallTimeout { call });
            let parcel = self.tamper(node, peer, parcel);
            let to = self.place_of(peer, member);
            for arrival in self.network.carry(node, peer, self.now, &mut self.random) {
                self.at(arrival, Event::Parcel { from: node, to, call, bytes: parcel.clone() });
            }
        }
    }

    pub fn place_of(&self, node: usize, member: usize) -> usize {
        let found = self.places.iter().position(|place| place.node == node && place.member == member);
        found.expect("every member has a place")
    }

    /// A peer's call arrives; what this node has for it goes back with the answer.
    pub fn parcel(&mut self, from: usize, to: usize, call: Call, bytes: &[u8]) {
        if self.places[to].process.is_none() {
            return;
        }
        let Ok(parcel) = Parcel::decode(bytes) else {
            self.coverage.effect("garbage refused", 1);
            return;
        };
        self.take_parcel(to, from, parcel);
        let now = self.now;
        let Some(process) = &mut self.places[to].process else { return };
        let (link, speaker, streams) = process.talk(from, now);
        let Ok(answer) = link.collect(Channel::Answer, speaker, streams) else { return };
        let node = self.places[to].node;
        let answer = self.tamper(node, from, answer);
        for arrival in self.network.carry(node, from, self.now, &mut self.random) {
            self.at(arrival, Event::Answer { to: call.place, call, bytes: answer.clone() });
        }
    }

    pub fn answer(&mut self, to: usize, call: Call, bytes: &[u8]) {
        // The connection of a call that was given up is closed: nothing comes through it any more.
        if self.calls.get(&(call.place, call.peer, call.member)) != Some(&call.number) {
            return;
        }
        self.calls.remove(&(call.place, call.peer, call.member));
        match Parcel::decode(bytes) {
            Ok(parcel) => {
                if let Some(process) = &mut self.places[to].process
                    && let Some(link) = process.links.get_mut(&call.peer)
                {
                    link.reached(call.member);
                }
                self.take_parcel(to, call.peer, parcel);
                self.ring(to, call.peer, DurationMs(5));
            }
            Err(_) => self.fail_call(call),
        }
    }

    pub fn call_timeout(&mut self, call: Call) {
        if self.calls.get(&(call.place, call.peer, call.member)) == Some(&call.number) {
            self.calls.remove(&(call.place, call.peer, call.member));
            self.fail_call(call);
        }
    }

    fn fail_call(&mut self, call: Call) {
        let now = self.now;
        if let Some(process) = &mut self.places[call.place].process {
            let uptime = process.uptime(now);
            let Some(link) = process.links.get_mut(&call.peer) else { return };
            link.rewind(call.member, uptime);
            let backoff = DurationMs(100 + self.random.below(400) as i64);
            self.ring(call.place, call.peer, backoff);
        }
    }

    fn take_parcel(&mut self, place: usize, peer: usize, parcel: Parcel) {
        let now = self.now;
        let mut notes = Vec::new();
        for receipt in parcel.receipts {
            let Some(process) = &mut self.places[place].process else { return };
            let (link, speaker, _) = process.talk(peer, now);
            match link.take_receipt(receipt, speaker) {
                Ok(new) => notes.extend(new),
                Err(_) => self.coverage.effect("forged receipts refused", 1),
            }
        }
        let Some(process) = &mut self.places[place].process else { return };
        let (link, speaker, streams) = process.talk(peer, now);
        if parcel.asks_held {
            link.was_asked();
        }
        for refused in parcel.refused {
            // A gap that cannot be read now will be refused again.
            let _ = link.take_refusal(&refused, speaker, streams);
        }
        if let Some(held) = parcel.held {
            let claims = held.feeds.iter().filter(|held| {
                streams.serves(&held.feed.from) == Some(true)
                    && streams.sent_size(&held.feed).is_ok_and(|size| held.size > size)
            });
            let claims = claims.count() as u64;
            let lost = link.take_held(held, speaker, streams).map_or(0, |lost| lost.len() as u64);
            self.coverage.effect("old backups found out", lost);
            self.coverage.effect("false claims ignored", claims - lost.min(claims));
        }
        self.keep(place, peer, notes, parcel.batches);
        let Some(process) = &self.places[place].process else { return };
        if parcel.manifest_version > process.manifest.version {
            // It is fetched from the peer, one version after the other.
            let version = process.manifest.version + 1;
            self.after(DurationMs(50), Event::Manifest { place, version });
        }
    }

    /// Receipts and batches of a parcel become durable together; a feed's second batch after its first.
    fn keep(&mut self, place: usize, peer: usize, notes: Vec<(Feed, String)>, batches: Vec<Batch>) {
        let mut queued = Queued::default();
        for (feed, note) in notes {
            queued.notes.extend(self.queue_note(place, feed, note));
        }
        for batch in batches {
            if queued.batches.iter().any(|(_, earlier)| earlier.feed == batch.feed) {
                self.commit_queued(place, peer, std::mem::take(&mut queued));
            }
            let feed = batch.feed.clone();
            match self.queue_batch(place, peer, batch) {
                Ok(accepted) => queued.batches.push(accepted),
                Err(refusal) => self.refuse(place, peer, feed, refusal),
            }
        }
        self.commit_queued(place, peer, queued);
    }

    fn queue_note(&mut self, place: usize, feed: Feed, note: String) -> Option<(usize, Feed)> {
        let process = self.places[place].process.as_mut()?;
        if process.is_on_hold() {
            return None;
        }
        let stream = process.streams.0.iter().position(|stream| *stream.home() == feed.from)?;
        process.streams.0[stream].queue_receipt(feed.clone(), note);
        Some((stream, feed))
    }

    /// A batch that came again has nothing to be written, and is only receipted.
    fn queue_batch(
        &mut self,
        place: usize,
        peer: usize,
        batch: Batch,
    ) -> Result<(Option<usize>, Accepted), ExchangeRefusal> {
        let now = self.now;
        let process = self.places[place].process.as_mut().ok_or(ExchangeRefusal::Unavailable)?;
        let held = process.is_on_hold();
        let (link, speaker, streams) = process.talk(peer, now);
        let mut accepted = link.examine(batch, speaker, streams)?;
        let clock = speaker.now;
        let entries = std::mem::take(&mut accepted.messages);
        if entries.is_empty() {
            return Ok((None, accepted));
        }
        if held {
            return Err(ExchangeRefusal::Unavailable);
        }
        let to = &accepted.feed.to;
        let stream = process.streams.0.iter().position(|stream| stream.home() == to);
        let stream = stream.ok_or(ExchangeRefusal::WrongReceiver)?;
        self.coverage.messages += entries.len() as u64;
        let delivery = Delivery {
            feed: accepted.feed.clone(),
            first: accepted.first,
            entries,
            evidence: Some(accepted.note.clone()),
            now: clock,
        };
        process.streams.0[stream].queue_delivery(delivery);
        Ok((Some(stream), accepted))
    }

    fn commit_queued(&mut self, place: usize, peer: usize, queued: Queued) {
        let of_notes = queued.notes.iter().map(|(stream, _)| *stream);
        let of_batches = queued.batches.iter().filter_map(|(stream, _)| *stream);
        let streams: BTreeSet<usize> = of_notes.chain(of_batches).collect();
        let failed: BTreeSet<usize> = streams.into_iter().filter(|stream| !self.commit(place, *stream)).collect();
        for (stream, feed) in queued.notes {
            if failed.contains(&stream)
                && let Some(process) = &mut self.places[place].process
                && let Some(link) = process.links.get_mut(&peer)
            {
                link.forget(&feed);
            }
        }
        for (stream, accepted) in queued.batches {
            if stream.is_some_and(|stream| failed.contains(&stream)) {
                self.refuse(place, peer, accepted.feed, ExchangeRefusal::Unavailable);
                continue;
            }
            let Some(process) = &mut self.places[place].process else { return };
            if let Some(link) = process.links.get_mut(&peer) {
                link.delivered(accepted);
            }
            self.ring(place, peer, DurationMs(25));
        }
    }

    fn refuse(&mut self, place: usize, peer: usize, feed: Feed, refusal: ExchangeRefusal) {
        self.coverage.refusal(refusal.code());
        if refusal == ExchangeRefusal::Fork {
            self.coverage.effect("forks refused", 1);
        }
        if let Some(process) = &mut self.places[place].process
            && let Some(link) = process.links.get_mut(&peer)
        {
            link.refuse(feed, refusal);
        }
    }

    /// Feeds between services of one node: the member that leads the receiver carries; it may follow the sender.
    pub fn carry_within(&mut self, place: usize) {
        let Some(process) = &self.places[place].process else { return };
        if process.is_on_hold() {
            return;
        }
        let mut found: Vec<(Feed, usize)> = Vec::new();
        for sender in &process.streams.0 {
            for feed in feeds::all(sender.connection()).unwrap_or_default() {
                let receiver = process.streams.0.iter().position(|stream| *stream.home() == feed.to);
                if feed.from == *sender.home()
                    && let Some(receiver) = receiver
                    && process.streams.serves(&feed.to) == Some(true)
                {
                    found.push((feed, receiver));
                }
            }
        }
        for (feed, receiver) in found {
            let Some(process) = &mut self.places[place].process else { return };
            let clock = process.clock(self.now);
            let held = process.streams.received_size(&feed).unwrap_or(0);
            let messages = process.streams.messages_after(&feed, held, BATCH_MESSAGES_MAX).unwrap_or_default();
            if messages.is_empty() {
                continue;
            }
            let entries = messages.into_iter().map(|message| message.bytes).collect();
            let delivery = Delivery { feed, first: held + 1, entries, evidence: None, now: clock };
            process.streams.0[receiver].queue_delivery(delivery);
            self.commit(place, receiver);
        }
    }

    /// A newer manifest was fetched from a peer.
    pub fn manifest(&mut self, place: usize, version: u64) {
        let Some(next) = self.office.version(version) else { return };
        let at = &mut self.places[place];
        if let Some(process) = &mut at.process
            && process.accept(next)
        {
            at.signed = next.clone();
        }
    }

    /// Whether all feeds have arrived.
    pub fn feeds_have_arrived(&self) -> bool {
        (0..region::DIVISIONS.len())
            .all(|node| crate::process::SERVICES.iter().all(|service| self.feeds_of_have_arrived(node, service)))
    }

    fn feeds_of_have_arrived(&self, node: usize, service: &str) -> bool {
        let Some((place, stream)) = self.leading(node, service) else { return false };
        let Some(process) = &self.places[place].process else { return false };
        let connection = process.streams.0[stream].connection();
        let home = process.streams.0[stream].home();
        // What is for a service that no node of the region runs waits, and nobody waits for it.
        let is_served = |feed: &Feed| crate::process::SERVICES.contains(&feed.to.service_name());
        let sent = feeds::all(connection).unwrap_or_default().into_iter().filter(|feed| feed.from == *home);
        sent.filter(is_served).all(|feed| {
            let to = region::node_of(feed.to.jurisdiction);
            self.leading(to, &feed.to.service).is_some_and(|(place, stream)| {
                self.places[place].process.as_ref().is_some_and(|receiver| {
                    feeds::size(receiver.streams.0[stream].connection(), &feed).ok()
                        == feeds::size(connection, &feed).ok()
                })
            })
        })
    }
}
