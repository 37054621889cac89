//! A peer that lies: it changes what it sends, with its own keys at hand. What it does to a parcel, the receiver must refuse
//! or ignore; its honest parcels afterwards must still be taken.

use huitong_exchange::Outbox;
use huitong_exchange::parcel::{Batch, Held, Parcel, Receipt};
use huitong_kernel::checkpoint::{Checkpoint, SignedNote};
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::Digest;
use huitong_kernel::merkle::leaf_hash;
use huitong_kernel::random::RandomSource;
use huitong_kernel::suite::{SoftwareKey, Suite};
use huitong_store::feeds;

use crate::plan::Fault;
use crate::region;
use crate::stream::FUNCTION;
use crate::world::World;

struct Intent {
    fault: Fault,
    from: usize,
    to: usize,
    seed: u64,
}

#[derive(Default)]
pub struct Malice {
    intents: Vec<Intent>,
    /// Batches that went by, to be sent again.
    seen: Vec<(usize, usize, Batch)>,
}

impl Malice {
    pub fn plan(&mut self, fault: Fault, from: usize, to: usize, seed: u64) {
        self.intents.push(Intent { fault, from, to, seed });
    }

    pub fn end(&mut self) {
        self.intents.clear();
    }
}

impl World {
    /// What really leaves a node for a peer, as bytes.
    pub fn tamper(&mut self, from: usize, to: usize, mut parcel: Parcel) -> Vec<u8> {
        let now: Vec<usize> = (0..self.malice.intents.len())
            .filter(|index| self.malice.intents[*index].from == from && self.malice.intents[*index].to == to)
            .collect();
        for batch in &parcel.batches {
            self.malice.seen.push((from, to, batch.clone()));
        }
        for index in now.into_iter().rev() {
            let (fault, seed) = (self.malice.intents[index].fault, self.malice.intents[index].seed);
            let mut random = RandomSource::from_number(seed);
            if fault == Fault::Garbage && random.below(2) == 0 {
                self.malice.intents.remove(index);
                self.coverage.fault(fault);
                let mut bytes = parcel.encode();
                let cut = random.below(bytes.len() as u64) as usize;
                bytes.truncate(cut);
                return bytes;
            }
            if self.falsify(fault, from, to, &mut parcel, &mut random).is_some() {
                self.malice.intents.remove(index);
                self.coverage.fault(fault);
            }
        }
        parcel.encode()
    }

    /// Changes the parcel; `None` when there is nothing in it that this could be done to.
    fn falsify(
        &self,
        fault: Fault,
        from: usize,
        to: usize,
        parcel: &mut Parcel,
        random: &mut RandomSource,
    ) -> Option<()> {
        match fault {
            Fault::Replay => {
                let seen: Vec<&Batch> = self
                    .malice
                    .seen
                    .iter()
                    .filter(|(a, b, _)| (*a, *b) == (from, to))
                    .map(|(_, _, batch)| batch)
                    .collect();
                if seen.is_empty() {
                    return None;
                }
                parcel.batches.insert(0, (*random.pick(&seen)).clone());
            }
            Fault::ForkedFeed => {
                let feed = feed_of_a_service(from, to, random);
                let forked = self.fork(&feed, from, to)?;
                parcel.batches.insert(0, forked);
            }
            Fault::ForgedReceipt => {
                let batch =
                    self.malice.seen.iter().rev().find(|(a, b, _)| (*a, *b) == (to, from)).map(|(.., batch)| batch)?;
                let note: SignedNote = batch.checkpoint.parse().ok()?;
                let forger = stranger(random);
                let forged = note.countersign(region::name(from), &forger).ok()?;
                parcel.receipts.push(Receipt { feed: batch.feed.clone(), note: forged.to_string() });
            }
            Fault::FalseClaim => {
                let feed = feed_of_a_service(to, from, random);
                let mut claims = parcel.held.take().unwrap_or_default();
                claims.feeds.push(Held { feed, size: 1_000_000, note: None });
                parcel.held = Some(claims);
            }
            _ => falsify_batch(fault, from, parcel.batches.first_mut()?, random)?,
        }
        Some(())
    }

    /// The node's whole feed again, its first message rewritten, signed with its own key; up to what the peer has received.
    fn fork(&self, feed: &Feed, from: usize, to: usize) -> Option<Batch> {
        let (place, stream) = self.leading(from, &feed.from.service)?;
        let process = self.places[place].process.as_ref()?;
        let (peer, peer_stream) = self.leading(to, &feed.to.service)?;
        let receiver = self.places[peer].process.as_ref()?.streams.0[peer_stream].connection();
        let received = feeds::size(receiver, feed).ok()?;
        if received == 0 {
            return None;
        }
        let connection = process.streams.0[stream].connection();
        let messages = feeds::messages_after(connection, feed, 0, 1_000).ok()?;
        let mut messages: Vec<Vec<u8>> = messages.into_iter().map(|message| message.bytes).collect();
        // Either what was received before, rewritten, or the next message on a rewritten past.
        messages.truncate(received as usize);
        messages.first_mut()?.push(b' ');
        let leaves: Vec<_> = messages.iter().map(|message| leaf_hash(FUNCTION, message)).collect();
        let region = &process.manifest.region;
        if received.is_multiple_of(2) {
            let mut outbox = Outbox::resume(feed.clone(), FUNCTION, 0, &[]);
            outbox.next_batch(region, messages, region::name(from), &*process.key).ok()
        } else {
            let mut outbox = Outbox::resume(feed.clone(), FUNCTION, 0, &leaves);
            outbox.next_batch(region, vec![b"{}".to_vec()], region::name(from), &*process.key).ok()
        }
    }
}

/// Changes one batch.
fn falsify_batch(fault: Fault, from: usize, batch: &mut Batch, random: &mut RandomSource) -> Option<()> {
    match fault {
        Fault::AlteredMessage => {
            let message = batch.messages.first_mut()?;
            let place = random.below(message.len() as u64) as usize;
            message[place] ^= 1;
        }
        Fault::StrangersKey => {
            let note: SignedNote = batch.checkpoint.parse().ok()?;
            if random.below(3) == 0 {
                // The right key, but not over this checkpoint.
                let checkpoint = note.checkpoint().ok()?;
                let other = Checkpoint { root: Digest([9; 32]), ..checkpoint };
                batch.checkpoint = batch.checkpoint.replace(note.text(), &other.text());
                return Some(());
            }
            let text = note.text().to_owned();
            batch.checkpoint = SignedNote::sign(text, region::name(from), &stranger(random)).ok()?.to_string();
        }
        Fault::Impersonation => match random.below(3) {
            0 => batch.feed.from.jurisdiction = region::division((from + 1) % region::DIVISIONS.len()),
            1 => batch.feed.to.service = "nothing".to_owned(),
            _ => batch.feed.from.service = "other".to_owned(),
        },
        Fault::Garbage => match random.below(3) {
            0 => batch.checkpoint = "no note".to_owned(),
            1 => batch.first += 1,
            _ => batch.messages.push(b"one more".to_vec()),
        },
        _ => return None,
    }
    Some(())
}

/// The feed of a service whose nodes owe each other money, or say how much.
fn feed_of_a_service(from: usize, to: usize, random: &mut RandomSource) -> Feed {
    let service = *random.pick(&["medical", "transit", "clearing"]);
    let address = |node| Address::new(region::division(node), service);
    Feed::new(address(from), address(to))
}

fn stranger(random: &mut RandomSource) -> SoftwareKey {
    SoftwareKey::generate(Suite::Ed25519Sha256, random)
}
