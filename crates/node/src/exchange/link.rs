//! The link to one peer at work: calls, answers, and making durable what they say. What a parcel means is decided by
//! [`huitong_exchange::link`]; here are the socket, the clock and the waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use huitong_exchange::ExchangeRefusal;
use huitong_exchange::link::{Channel, Link as Conversation, LostHistory, Speaker};
use huitong_exchange::parcel::{Batch, PARCEL_BYTES_MAX, Parcel, Receipt};
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::manifest::Manifest;
use huitong_kernel::suite::SoftwareKey;
use huitong_kernel::time::DurationMs;
use huitong_service_kit::http::Clock;
use huitong_service_kit::stream::Delivery;
use huitong_store::StoreError;
use hyper::Method;
use tokio::sync::{Mutex, MutexGuard, Notify, watch};
use tokio::time::Instant;

use super::streams::Streams;
use crate::region::keeper::ManifestKeeper;
use crate::transport::{PeerClient, told_to_stop};

/// A receipt waits this long for company.
const RECEIPT_DELAY: Duration = Duration::from_millis(25);
/// Pause after the first failed call; doubled up to the limit.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_LIMIT: Duration = Duration::from_secs(5);
/// How often a link looks for feeds and overdue receipts without being rung.
const PAUSE: Duration = Duration::from_secs(1);

/// Feeds whose turns are remembered; beyond that only those in use.
const TURNS_MAX: usize = 1_024;
/// Manifests fetched after one parcel at most, and the size of one.
const VERSIONS_AT_ONCE: u64 = 16;
const MANIFEST_BYTES_MAX: usize = 1 << 20;

/// What all links share.
pub struct Party {
    /// This node's name.
    pub node: String,
    pub key: SoftwareKey,
    pub keeper: Arc<ManifestKeeper>,
    pub streams: Streams,
    pub clock: Arc<dyn Clock>,
    pub started: Instant,
}

impl Party {
    fn uptime(&self) -> DurationMs {
        DurationMs(i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    fn speaker<'a>(&'a self, manifest: &'a Manifest) -> Speaker<'a> {
        Speaker { node: &self.node, key: &self.key, manifest, now: self.clock.now(), uptime: self.uptime() }
    }
}

pub struct Link {
    party: Arc<Party>,
    conversation: Mutex<Conversation>,
    /// One delivery at a time per feed; the turn is held until it is durable.
    turns: Mutex<BTreeMap<Feed, Arc<Mutex<()>>>>,
    /// Streams that this member led at the last turn.
    led: Mutex<BTreeSet<Address>>,
    bell: Arc<Notify>,
    client: PeerClient,
    peer: String,
}

impl Link {
    pub fn new(party: Arc<Party>, client: PeerClient, peer: &str, bell: Arc<Notify>) -> Link {
        let conversation = Mutex::new(Conversation::new(peer));
        Link {
            party,
            conversation,
            turns: Mutex::default(),
            led: Mutex::default(),
            bell,
            client,
            peer: peer.to_owned(),
        }
    }

    /// Rung when a feed to this peer has something new.
    pub fn bell(&self) -> &Arc<Notify> {
        &self.bell
    }

    pub async fn conversation(&self) -> MutexGuard<'_, Conversation> {
        self.conversation.lock().await
    }

    /// Calls the peer whenever there is something to say, until told to stop.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut backoff = BACKOFF_FIRST;
        loop {
            let pause = match self.turn().await {
                Ok(true) => {
                    backoff = BACKOFF_FIRST;
                    self.next_pause().await
                }
                Ok(false) => PAUSE,
                Err(error) => {
                    tracing::debug!(peer = self.peer, %error, "a call to a peer failed");
                    backoff = (backoff * 2).min(BACKOFF_LIMIT);
                    backoff
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

    /// One call to each member of the peer for which there is something; whether anything was said.
    async fn turn(&self) -> anyhow::Result<bool> {
        let members = self.client.members();
        let leading =
            self.party.streams.iter().filter(|port| port.is_leading()).map(|port| port.home().clone()).collect();
        {
            let mut conversation = self.conversation.lock().await;
            conversation.set_members(members);
            let mut led = self.led.lock().await;
            if *led != leading {
                conversation.reset();
                *led = leading;
            }
        }
        let mut said = false;
        let mut failure = None;
        for member in 0..members {
            let parcel = self.collect(Channel::Call(member)).await?;
            if parcel.is_empty() {
                continue;
            }
            match self.call(member, parcel).await {
                Ok(()) => {
                    said = true;
                    self.conversation.lock().await.reached(member);
                }
                Err(error) => {
                    self.conversation.lock().await.rewind(member, self.party.uptime());
                    failure = Some(error);
                }
            }
        }
        match failure {
            Some(failure) if !said => Err(failure),
            _ => Ok(said),
        }
    }

    /// Messages go at once; receipts alone wait for company.
    async fn next_pause(&self) -> Duration {
        let conversation = self.conversation.lock().await;
        if conversation.has_messages(&self.party.streams) {
            Duration::ZERO
        } else if conversation.has_receipts() {
            RECEIPT_DELAY
        } else {
            PAUSE
        }
    }

    async fn call(&self, member: usize, parcel: Parcel) -> anyhow::Result<()> {
        let body = parcel.encode();
        let answer = self.client.call(member, Method::POST, "/exchange/v1/parcels", body, PARCEL_BYTES_MAX).await?;
        let answer = Parcel::decode(&answer)?;
        self.take(answer).await;
        Ok(())
    }

    /// What this node has for the peer now.
    pub async fn collect(&self, channel: Channel) -> Result<Parcel, StoreError> {
        let manifest = self.party.keeper.current();
        self.conversation.lock().await.collect(channel, self.party.speaker(&manifest), &self.party.streams)
    }

    /// Takes what the peer sent, in a call of its own or in its answer. Receipts and batches become durable together.
    pub async fn take(&self, parcel: Parcel) {
        let mut notes = Vec::new();
        for receipt in parcel.receipts {
            notes.extend(self.accept_receipt(receipt).await);
        }
        self.take_statements(parcel.refused, parcel.held, parcel.asks_held).await;
        let notes = join_all(notes.into_iter().map(|(feed, note)| self.note_receipt(feed, note)));
        let batches = join_all(parcel.batches.into_iter().map(|batch| self.take_or_refuse(batch)));
        tokio::join!(notes, batches);
        self.fetch_manifests(parcel.manifest_version.min(self.party.keeper.current().version + VERSIONS_AT_ONCE)).await;
    }

    async fn take_or_refuse(&self, batch: Batch) {
        let feed = batch.feed.clone();
        let Err(refusal) = self.take_batch(batch).await else { return };
        if refusal.alarms() {
            let code = refusal.code();
            tracing::error!(%feed, peer = self.peer, code, %refusal, "a batch was refused");
            metrics::counter!("huitong_exchange_refused_total", "code" => code).increment(1);
        }
        self.conversation.lock().await.refuse(feed, refusal);
    }

    /// A receipt that tells something new.
    async fn accept_receipt(&self, receipt: Receipt) -> Option<(Feed, String)> {
        let manifest = self.party.keeper.current();
        let taken = self.conversation.lock().await.take_receipt(receipt, self.party.speaker(&manifest));
        taken.unwrap_or_else(|error| {
            tracing::error!(peer = self.peer, %error, "a receipt was not accepted");
            None
        })
    }

    async fn note_receipt(&self, feed: Feed, note: String) {
        let Some(port) = self.party.streams.get(&feed.from) else { return };
        if let Err(error) = self.party.streams.note_receipt(port, feed.clone(), note).await {
            tracing::warn!(%feed, %error, "a receipt could not be kept; the batch will be sent again");
            self.conversation.lock().await.forget(&feed);
        }
    }

    /// What the peer refused, and what it says it holds.
    async fn take_statements(
        &self,
        refused: Vec<huitong_exchange::parcel::Refused>,
        held: Option<huitong_exchange::parcel::Holdings>,
        asks_held: bool,
    ) {
        let manifest = self.party.keeper.current();
        let speaker = self.party.speaker(&manifest);
        let streams = &self.party.streams;
        let mut conversation = self.conversation.lock().await;
        if asks_held {
            conversation.was_asked();
        }
        for refused in refused {
            if refused.refusal.alarms() {
                let (code, refusal) = (refused.refusal.code(), &refused.refusal);
                tracing::error!(feed = %refused.feed, peer = self.peer, code, %refusal, "the peer refused a batch");
                metrics::counter!("huitong_exchange_refused_by_peer_total", "code" => code).increment(1);
            }
            if let Err(error) = conversation.take_refusal(&refused, speaker, streams) {
                tracing::error!(feed = %refused.feed, %error, "the feed cannot be read");
            }
        }
        let mut lost: Vec<LostHistory> = Vec::new();
        match held.map(|held| conversation.take_held(held, speaker, streams)) {
            Some(Ok(found)) => lost.extend(found),
            Some(Err(error)) => tracing::error!(peer = self.peer, %error, "feeds cannot be read"),
            None => {}
        }
        for lost in lost {
            tracing::error!(peer = self.peer, feed = %lost.feed, %lost, "this node's journal is older than what it sent");
            metrics::counter!("huitong_history_lost_total").increment(1);
            if let Some(port) = streams.get(&lost.feed.from) {
                port.hold(&lost.to_string());
            }
        }
    }

    /// Examines a batch and makes it durable with its effects; its receipt waits for the next parcel.
    async fn take_batch(&self, batch: Batch) -> Result<(), ExchangeRefusal> {
        let turn = {
            let mut turns = self.turns.lock().await;
            if turns.len() >= TURNS_MAX {
                // Only those in use are needed.
                turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            }
            Arc::clone(turns.entry(batch.feed.clone()).or_default())
        };
        let _turn = turn.lock().await;
        let party = &self.party;
        let manifest = party.keeper.current();
        let speaker = party.speaker(&manifest);
        let mut accepted = self.conversation.lock().await.examine(batch, speaker, &party.streams)?;
        let entries = std::mem::take(&mut accepted.messages);
        if !entries.is_empty() {
            let port = party.streams.get(&accepted.feed.to).ok_or(ExchangeRefusal::WrongReceiver)?;
            let delivery = Delivery {
                feed: accepted.feed.clone(),
                first: accepted.first,
                entries,
                evidence: Some(accepted.note.clone()),
                now: speaker.now,
            };
            let delivered = party.streams.deliver(port, delivery).await;
            delivered.map_err(|_| ExchangeRefusal::Unavailable)?;
        }
        self.conversation.lock().await.delivered(accepted);
        Ok(())
    }

    /// Takes the manifests that the peer has and this node lacks, one version after the other.
    async fn fetch_manifests(&self, newest: u64) {
        for version in self.party.keeper.current().version + 1..=newest {
            let path = format!("/exchange/v1/manifests/{version}");
            let fetched = self.client.call(0, Method::GET, &path, Vec::new(), MANIFEST_BYTES_MAX).await;
            let Ok(Ok(text)) = fetched.map(String::from_utf8) else { return };
            match self.party.keeper.offer(&text) {
                Ok(true) => tracing::info!(peer = self.peer, version, "a newer manifest was taken from a peer"),
                Ok(false) => {}
                Err(error) => {
                    return tracing::error!(peer = self.peer, version, %error, "a peer's manifest is not trusted");
                }
            }
        }
    }
}
