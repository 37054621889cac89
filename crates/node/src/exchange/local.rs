//! Feeds between services of this node: the same messages and cursors, without signatures.

use std::sync::Arc;
use std::time::Duration;

use huitong_exchange::parcel::BATCH_MESSAGES_MAX;
use huitong_kernel::feed::Feed;
use huitong_service_kit::http::Clock;
use huitong_service_kit::stream::Delivery;
use tokio::sync::{Notify, watch};

use super::streams::Streams;
use crate::transport::told_to_stop;

/// Looks again after this time even if nobody rang.
const PAUSE: Duration = Duration::from_secs(5);

/// After something was carried, what comes within this time is carried together: each delivery is a group of its own to the receiver.
const COMPANY: Duration = Duration::from_millis(50);

pub async fn run(streams: Streams, clock: Arc<dyn Clock>, bell: Arc<Notify>, mut stop: watch::Receiver<bool>) {
    loop {
        let mut carried = 0;
        for feed in local_feeds(&streams) {
            match carry(&streams, &*clock, &feed).await {
                Ok(messages) => carried += messages,
                Err(error) => tracing::warn!(%feed, %error, "a feed within this node waits"),
            }
        }
        if carried > 0 {
            tokio::time::sleep(COMPANY).await;
        }
        tokio::select! {
            () = bell.notified() => {}
            () = tokio::time::sleep(PAUSE) => {}
            () = told_to_stop(&mut stop) => return,
        }
    }
}

fn local_feeds(streams: &Streams) -> Vec<Feed> {
    let mut feeds = Vec::new();
    for port in streams.iter() {
        let known = port.feeds().unwrap_or_default();
        // Only the member that leads the receiver carries; it may follow the sender.
        let leads = |feed: &Feed| streams.get(&feed.to).is_some_and(|to| to.is_leading() && to.held().is_none());
        feeds.extend(known.into_iter().filter(|feed| feed.from == *port.home() && leads(feed)));
    }
    feeds
}

/// Carries everything that the receiver does not hold yet; how many messages that were.
async fn carry(streams: &Streams, clock: &dyn Clock, feed: &Feed) -> anyhow::Result<usize> {
    let (Some(from), Some(to)) = (streams.get(&feed.from), streams.get(&feed.to)) else { return Ok(0) };
    let mut carried = 0;
    loop {
        let held = to.feed_size(feed)?;
        let sent = from.feed_size(feed)?;
        if held > sent {
            if !from.is_leading() {
                // This member only follows the sender, and has not seen the newest yet.
                return Ok(carried);
            }
            from.hold(&format!("{feed}: the receiver holds {held} messages, the sender knows of {sent}"));
            return Ok(carried);
        }
        let messages = from.messages_after(feed, held, BATCH_MESSAGES_MAX)?;
        if messages.is_empty() {
            return Ok(carried);
        }
        carried += messages.len();
        let entries = messages.into_iter().map(|message| message.bytes).collect();
        let delivery = Delivery { feed: feed.clone(), first: held + 1, entries, evidence: None, now: clock.now() };
        streams.deliver(to, delivery).await?;
    }
}
