//! The link to one peer: what is to be sent, what was received, and the worker that calls.
//!
//! Both the worker's calls and the peer's calls go through the same state, so a message is sent once, in whichever parcel
//! goes first; what is not receipted in time is sent again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use huitong_exchange::parcel::{
    BATCH_BYTES_SOFT_MAX, BATCH_MESSAGES_MAX, Batch, PARCEL_BYTES_MAX, Parcel, Receipt, Refused,
};
use huitong_exchange::{ExchangeRefusal, Inbox, Outbox};
use huitong_kernel::checkpoint::SignedNote;
use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::Feed;
use huitong_kernel::suite::SoftwareKey;
use huitong_service_kit::http::Clock;
use huitong_service_kit::stream::Delivery;
use huitong_store::StoreError;
use hyper::Method;
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::Instant;

use super::streams::Streams;
use crate::region::keeper::ManifestKeeper;
use crate::transport::{PeerClient, told_to_stop};

/// What was sent and not receipted after this time is sent again.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(3);
/// A receipt waits this long for company.
const RECEIPT_DELAY: Duration = Duration::from_millis(25);
/// Pause after the first failed call; doubled up to the limit.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_LIMIT: Duration = Duration::from_secs(5);
/// How often a link looks for feeds and overdue receipts without being rung.
const PAUSE: Duration = Duration::from_secs(1);

/// What all links share.
pub struct Party {
    /// This node's name.
    pub node: String,
    pub key: SoftwareKey,
    pub keeper: Arc<ManifestKeeper>,
    pub streams: Streams,
    pub clock: Arc<dyn Clock>,
}

struct Sending {
    outbox: Outbox,
    /// When the oldest message without receipt was sent.
    since: Option<Instant>,
}

#[derive(Default)]
struct State {
    sending: BTreeMap<Feed, Sending>,
    receipts: Vec<Receipt>,
    refused: Vec<Refused>,
}

pub struct Link {
    party: Arc<Party>,
    peer: String,
    state: Mutex<State>,
    /// One delivery at a time per feed; the lock is held until it is durable.
    inboxes: Mutex<BTreeMap<Feed, Arc<Mutex<Inbox>>>>,
    bell: Arc<Notify>,
    client: PeerClient,
}

impl Link {
    pub fn new(party: Arc<Party>, client: PeerClient, peer: &str, bell: Arc<Notify>) -> Link {
        Link { party, peer: peer.to_owned(), state: Mutex::default(), inboxes: Mutex::default(), bell, client }
    }

    /// Rung when a feed to this peer has something new.
    pub fn bell(&self) -> &Arc<Notify> {
        &self.bell
    }

    /// Calls the peer whenever there is something to say, until told to stop.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut backoff = BACKOFF_FIRST;
        loop {
            let parcel = self.collect().await;
            let pause = match parcel {
                Ok(parcel) if parcel.is_empty() => PAUSE,
                Ok(parcel) => match self.call(parcel).await {
                    Ok(()) => {
                        backoff = BACKOFF_FIRST;
                        // Nothing but receipts may be left: they wait for company.
                        if self.has_messages().await { Duration::ZERO } else { self.idle_pause().await }
                    }
                    Err(error) => {
                        tracing::debug!(peer = self.peer, %error, "a call to a peer failed");
                        self.rewind_all().await;
                        backoff = (backoff * 2).min(BACKOFF_LIMIT);
                        backoff
                    }
                },
                Err(error) => {
                    tracing::error!(peer = self.peer, %error, "messages cannot be read");
                    BACKOFF_LIMIT
                }
            };
            let failed = backoff > BACKOFF_FIRST;
            tokio::select! {
                () = self.bell.notified(), if !failed && pause > RECEIPT_DELAY => {}
                () = tokio::time::sleep(pause) => {}
                () = told_to_stop(&mut stop) => return,
            }
        }
    }

    async fn idle_pause(&self) -> Duration {
        if self.state.lock().await.receipts.is_empty() { PAUSE } else { RECEIPT_DELAY }
    }

    async fn has_messages(&self) -> bool {
        let state = self.state.lock().await;
        self.party.streams.iter().any(|port| {
            state.sending.iter().any(|(feed, sending)| {
                feed.from == *port.home() && port.feed_size(feed).is_ok_and(|size| size > sending.outbox.sent())
            })
        })
    }

    async fn call(&self, parcel: Parcel) -> anyhow::Result<()> {
        let answer = self.client.call(Method::POST, "/exchange/v1/parcels", parcel.encode(), PARCEL_BYTES_MAX).await?;
        let answer = Parcel::decode(&answer)?;
        self.take(answer).await;
        Ok(())
    }

    /// What this node has for the peer now: the next batch of each feed, receipts, refusals.
    pub async fn collect(&self) -> Result<Parcel, StoreError> {
        let mut state = self.state.lock().await;
        let manifest = self.party.keeper.current();
        let mut batches = Vec::new();
        for port in self.party.streams.iter() {
            for feed in port.feeds()?.into_iter().filter(|feed| feed.from == *port.home()) {
                let to_peer = manifest.node_of(feed.to.jurisdiction).is_some_and(|node| node.name == self.peer);
                if to_peer {
                    batches.extend(self.next_batch(&mut state, &feed, &manifest.region)?);
                }
            }
        }
        Ok(Parcel {
            manifest_version: manifest.version,
            batches,
            receipts: std::mem::take(&mut state.receipts),
            refused: std::mem::take(&mut state.refused),
        })
    }

    fn next_batch(&self, state: &mut State, feed: &Feed, region: &str) -> Result<Option<Batch>, StoreError> {
        let Some(port) = self.party.streams.get(&feed.from) else { return Ok(None) };
        if !state.sending.contains_key(feed) {
            let acknowledged = acknowledged(port.evidence_latest(feed)?);
            let sending = Sending { outbox: self.resume(feed, acknowledged, acknowledged)?, since: None };
            state.sending.insert(feed.clone(), sending);
        }
        let overdue = state.sending[feed].since.is_some_and(|since| since.elapsed() > RECEIPT_TIMEOUT);
        if overdue {
            let acknowledged = state.sending[feed].outbox.acknowledged();
            let outbox = self.resume(feed, acknowledged, acknowledged)?;
            state.sending.insert(feed.clone(), Sending { outbox, since: None });
        }
        let Some(sending) = state.sending.get_mut(feed) else { return Ok(None) };
        let mut messages = Vec::new();
        let mut bytes = 0;
        for message in port.messages_after(feed, sending.outbox.sent(), BATCH_MESSAGES_MAX)? {
            if bytes > BATCH_BYTES_SOFT_MAX {
                break;
            }
            bytes += message.bytes.len();
            messages.push(message.bytes);
        }
        if messages.is_empty() {
            return Ok(None);
        }
        match sending.outbox.next_batch(region, messages, &self.party.node, &self.party.key) {
            Ok(batch) => {
                sending.since.get_or_insert_with(Instant::now);
                Ok(Some(batch))
            }
            Err(error) => {
                tracing::error!(%feed, %error, "a checkpoint cannot be signed");
                Ok(None)
            }
        }
    }

    /// The outbox built again from the journal: sending goes on after `sent`.
    fn resume(&self, feed: &Feed, acknowledged: Sequence, sent: Sequence) -> Result<Outbox, StoreError> {
        let function = self.party.keeper.current().hash_function();
        let leaves = match self.party.streams.get(&feed.from) {
            Some(port) if sent > 0 => port.leaves(feed, 1, sent)?,
            _ => Vec::new(),
        };
        Ok(Outbox::resume(feed.clone(), function, acknowledged, &leaves))
    }

    /// A call failed: whatever it carried will be sent again.
    async fn rewind_all(&self) {
        let mut state = self.state.lock().await;
        state.sending.clear();
    }

    /// Takes what the peer sent, in a call of its own or in its answer.
    pub async fn take(&self, parcel: Parcel) {
        for receipt in parcel.receipts {
            self.take_receipt(receipt).await;
        }
        for refused in parcel.refused {
            self.take_refusal(refused).await;
        }
        for batch in parcel.batches {
            let feed = batch.feed.clone();
            match self.take_batch(batch).await {
                Ok(receipt) => self.state.lock().await.receipts.push(receipt),
                Err(refusal) => {
                    if refusal.alarms() {
                        let code = refusal.code();
                        tracing::error!(%feed, peer = self.peer, code, %refusal, "a batch was refused");
                        metrics::counter!("huitong_exchange_refused_total", "code" => code).increment(1);
                    }
                    self.state.lock().await.refused.push(Refused { feed, refusal });
                }
            }
        }
        if parcel.manifest_version > self.party.keeper.current().version {
            self.fetch_manifest().await;
        }
    }

    async fn take_receipt(&self, receipt: Receipt) {
        let manifest = self.party.keeper.current();
        let now = self.party.clock.now();
        let taken = {
            let mut state = self.state.lock().await;
            let Some(sending) = state.sending.get_mut(&receipt.feed) else { return };
            let key = receipt.note.parse::<SignedNote>().ok().and_then(|note| {
                let line = note.signatures().iter().find(|line| line.name == self.peer)?.clone();
                manifest.speaking_key(receipt.feed.to.jurisdiction, line.key_id, now).ok().cloned()
            });
            let Some(key) = key else {
                tracing::error!(feed = %receipt.feed, "a receipt is not signed by the peer's key");
                return;
            };
            let taken = sending.outbox.take_receipt(&receipt.note, &self.peer, &key);
            sending.since = sending.outbox.awaits_receipt().then(Instant::now);
            taken
        };
        match taken {
            Ok(true) => {
                let Some(port) = self.party.streams.get(&receipt.feed.from) else { return };
                let noted = self.party.streams.note_receipt(port, receipt.feed.clone(), receipt.note).await;
                if let Err(error) = noted {
                    tracing::warn!(feed = %receipt.feed, %error, "a receipt could not be kept; the batch will be sent again");
                    self.rewind_all().await;
                }
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(feed = %receipt.feed, %error, "a receipt was not accepted"),
        }
    }

    async fn take_refusal(&self, refused: Refused) {
        let Refused { feed, refusal } = refused;
        let mut state = self.state.lock().await;
        match refusal {
            ExchangeRefusal::Gap { expected } => {
                let Some(sending) = state.sending.get(&feed) else { return };
                let acknowledged = sending.outbox.acknowledged();
                // The receiver knows best what it holds; messages before that are not sent again.
                match self.resume(&feed, acknowledged.min(expected - 1), expected.saturating_sub(1)) {
                    Ok(outbox) => drop(state.sending.insert(feed, Sending { outbox, since: None })),
                    Err(error) => tracing::error!(%feed, %error, "the feed cannot be read"),
                }
            }
            refusal => {
                if refusal.alarms() {
                    let code = refusal.code();
                    tracing::error!(%feed, peer = self.peer, code, %refusal, "the peer refused a batch");
                    metrics::counter!("huitong_exchange_refused_by_peer_total", "code" => code).increment(1);
                }
            }
        }
    }

    /// Examines a batch, makes it durable with its effects, and gives the receipt.
    async fn take_batch(&self, batch: Batch) -> Result<Receipt, ExchangeRefusal> {
        let party = &self.party;
        let manifest = party.keeper.current();
        let now = party.clock.now();
        manifest.check_in_force(now).map_err(|_| ExchangeRefusal::ManifestNotInForce)?;
        let feed = batch.feed.clone();
        let sender = manifest.node_of(feed.from.jurisdiction);
        if sender.is_none_or(|node| node.name != self.peer) {
            return Err(ExchangeRefusal::WrongSender);
        }
        let port = party.streams.get(&feed.to).ok_or(ExchangeRefusal::WrongReceiver)?;
        let inbox = self.inbox(&feed).await?;
        let mut inbox = inbox.lock().await;
        let key = |key_id| manifest.speaking_key(feed.from.jurisdiction, key_id, now).cloned();
        let history = |size| port.leaves(&feed, 1, size).ok();
        let examined = inbox.examine(&manifest.region, batch, &self.peer, &key, &history)?;
        let advance = examined.advance();
        let note = examined.note.countersign(&party.node, &party.key).map_err(|_| ExchangeRefusal::Unavailable)?;
        let note = note.to_string();
        if !examined.messages.is_empty() {
            let delivery = Delivery {
                feed: feed.clone(),
                first: examined.first,
                entries: examined.messages,
                evidence: Some(note.clone()),
                now,
            };
            let delivered = party.streams.deliver(port, delivery).await;
            delivered.map_err(|_| ExchangeRefusal::Unavailable)?;
            inbox.advance(advance);
        }
        Ok(Receipt { feed, note })
    }

    async fn inbox(&self, feed: &Feed) -> Result<Arc<Mutex<Inbox>>, ExchangeRefusal> {
        let mut inboxes = self.inboxes.lock().await;
        if let Some(inbox) = inboxes.get(feed) {
            return Ok(Arc::clone(inbox));
        }
        let port = self.party.streams.get(&feed.to).ok_or(ExchangeRefusal::WrongReceiver)?;
        let size = port.feed_size(feed).map_err(|_| ExchangeRefusal::Unavailable)?;
        let leaves = port.leaves(feed, 1, size).map_err(|_| ExchangeRefusal::Unavailable)?;
        let function = self.party.keeper.current().hash_function();
        let inbox = Arc::new(Mutex::new(Inbox::resume(feed.clone(), function, &leaves)));
        inboxes.insert(feed.clone(), Arc::clone(&inbox));
        Ok(inbox)
    }

    async fn fetch_manifest(&self) {
        let fetched = self.client.call(Method::GET, "/exchange/v1/manifest", Vec::new(), 1 << 20).await;
        let Ok(text) = fetched.map(String::from_utf8) else { return };
        match text.map(|text| self.party.keeper.offer(&text)) {
            Ok(Ok(true)) => tracing::info!(peer = self.peer, "a newer manifest was taken from a peer"),
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(error)) => tracing::error!(peer = self.peer, %error, "a peer's manifest is not trusted"),
        }
    }
}

/// How far a feed is receipted, by the newest evidence.
pub fn acknowledged(evidence: Option<String>) -> Sequence {
    let checkpoint = evidence.and_then(|note| note.parse::<SignedNote>().ok()?.checkpoint().ok());
    checkpoint.map_or(0, |checkpoint| checkpoint.size)
}
