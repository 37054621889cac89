//! A peer that sends its batches twice, out of order and with a rewritten past: nothing has a second effect, a fork is
//! refused. The test speaks to a real node with Shanghai's own certificate and key, while Shanghai itself is down.

use std::sync::Arc;

use huitong_exchange::parcel::{PARCEL_BYTES_MAX, Parcel};
use huitong_exchange::{Batch, ExchangeRefusal, Outbox};
use huitong_kernel::feed::Feed;
use huitong_kernel::hash::HashFunction;
use huitong_node::api::status::StatusWire;
use huitong_node::demo::transit::audit as transit;
use huitong_node::keys;
use huitong_node::region::keeper::ManifestKeeper;
use huitong_node::services::stream_path;
use huitong_node::tls::Identity;
use huitong_node::transport::PeerClient;
use huitong_store::{feeds, journal};
use hyper::Method;
use serde_json::Value;

use super::crash::Gates;
use super::stage::{Stage, consultation};

struct FalseShanghai {
    client: PeerClient,
    key: huitong_kernel::suite::SoftwareKey,
    feed: Feed,
}

impl FalseShanghai {
    /// The batches that carry `messages`, cut after the given numbers of messages.
    fn batches(&self, messages: &[Vec<u8>], cuts: &[usize]) -> Vec<Batch> {
        let mut outbox = Outbox::resume(self.feed.clone(), HashFunction::Sha256, 0, &[]);
        let mut batches = Vec::new();
        let mut start = 0;
        for end in cuts {
            let part = messages[start..*end].to_vec();
            batches.push(outbox.next_batch("yangtze", part, "shanghai", &self.key).expect("software signs"));
            start = *end;
        }
        batches
    }

    async fn send(&self, batch: &Batch) -> Parcel {
        let parcel = Parcel { manifest_version: 1, batches: vec![batch.clone()], ..Parcel::default() };
        let path = "/exchange/v1/parcels";
        let answer =
            self.client.call(0, Method::POST, path, parcel.encode(), PARCEL_BYTES_MAX).await.expect("an answer");
        Parcel::decode(&answer).expect("a parcel")
    }
}

async fn messages_held(stage: &Stage, feed: &Feed) -> u64 {
    let status: StatusWire = stage.operator("330000").get("/v1/node/status").await.expect("a status");
    status.feeds.iter().find(|known| known.feed == feed.to_string()).expect("the feed").size
}

/// Shanghai's messages for Zhejiang's service again: twice, out of order, and with another past.
async fn redeliver(stage: &mut Stage, service: &str) {
    stage.kill("310000").await;
    let folder = stage.region.node_folder("310000");
    let feed: Feed = format!("310000/{service}>330000/{service}").parse().expect("a feed");
    let connection = journal::open_reader(&stream_path(&folder.join("streams"), service)).expect("the stream");
    let held = feeds::messages_after(&connection, &feed, 0, 1_000).expect("readable");
    let messages: Vec<Vec<u8>> = held.into_iter().map(|message| message.bytes).collect();
    assert!(messages.len() > 3, "{} messages", messages.len());
    let keeper = Arc::new(ManifestKeeper::open(&folder.join("manifest.json")).expect("a manifest"));
    let identity = Identity::read(&folder.join("keys/tls.crt"), &folder.join("keys/tls.key")).expect("an identity");
    let shanghai = FalseShanghai {
        client: PeerClient::new(&identity, &keeper, "zhejiang").expect("a client"),
        key: keys::read(&folder.join("keys/node.key")).expect("a key"),
        feed: feed.clone(),
    };
    let before = messages_held(stage, &feed).await;
    assert_eq!(before, messages.len() as u64);

    let batches = shanghai.batches(&messages, &[1, 3, messages.len()]);
    for batch in [&batches[2], &batches[0], &batches[1], &batches[0], &batches[2]] {
        let answer = shanghai.send(batch).await;
        assert_eq!((answer.receipts.len(), answer.refused.len()), (1, 0), "receipted again, refused never");
    }
    let mut ahead = shanghai.batches(&messages, &[1]).remove(0);
    ahead.first = before + 5;
    let answer = shanghai.send(&ahead).await;
    assert_eq!(answer.refused[0].refusal, ExchangeRefusal::Malformed, "the number does not fit the checkpoint");
    let mut rewritten = messages.clone();
    rewritten[0] = b"{\"another\":\"past\"}".to_vec();
    rewritten.push(messages[0].clone());
    let answer = shanghai.send(&shanghai.batches(&rewritten, &[rewritten.len()])[0]).await;
    assert_eq!(answer.refused[0].refusal, ExchangeRefusal::Fork);
    assert_eq!(messages_held(stage, &feed).await, before, "nothing came twice, nothing foreign came in");
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_sent_twice_out_of_order_or_rewritten_have_no_second_effect() {
    let mut stage = Stage::new(&[]).await;
    let cashier = stage.cashier("H31010100001");
    for number in 0..4 {
        let (message_id, bill) = (format!("redelivered-{number}"), consultation());
        let sent = cashier.send::<_, Value>(Method::POST, "/v1/medical/bills", Some(&message_id), &bill).await;
        assert_eq!(sent.expect("settled").1["answer"], "collect");
    }
    redeliver(&mut stage, "medical").await;
    let list: Value = stage.operator("330000").get("/v1/medical/audit/settlements?role=home").await.expect("a list");
    assert_eq!(list["items"].as_array().map(Vec::len), Some(4), "four bills, four settlements");
    stage.restart("310000").await;
    super::crash::settle_down(&stage).await;
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trips_claimed_twice_out_of_order_or_rewritten_are_charged_once() {
    let mut stage = Stage::new(&[]).await;
    let (told, before) = Gates::begin(&stage.region, 3, 5).await.end(&stage.region).await;
    redeliver(&mut stage, "transit").await;
    stage.restart("310000").await;
    transit::settled(&stage.region).await.expect("everything is answered");
    let after = transit::audit(&stage.region, &told).expect("the audit runs");
    assert_eq!((&after.pairs, &after.net, after.debts_fen), (&before.pairs, &before.net, before.debts_fen));
    assert_eq!((after.lost, after.charged_otherwise, after.violations), (0, 0, Vec::new()));
    assert!(after.books_equal && after.views_equal_replay);
    stage.stop().await;
}
