//! The nodes of the sandbox: our own processes, one of which can be made to stand still.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::supervisor::NodeProcess;

#[derive(Default)]
struct Held {
    processes: Vec<NodeProcess>,
    /// Until when a node stands still, by the address of its API.
    silent: BTreeMap<String, Instant>,
}

#[derive(Default)]
pub struct Nodes(Mutex<Held>);

impl Nodes {
    pub fn new(processes: Vec<NodeProcess>) -> Nodes {
        Nodes(Mutex::new(Held { processes, silent: BTreeMap::new() }))
    }

    /// Makes the members of a node stand still for a while; asked again, the later end counts.
    pub async fn silence(self: &Arc<Self>, api_urls: &[String], duration: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + duration;
        let mut held = self.0.lock().await;
        for url in api_urls {
            for process in held.processes.iter().filter(|process| process.api_url == *url) {
                process.pause().await?;
            }
            let end = held.silent.entry(url.clone()).or_insert(until);
            *end = until.max(*end);
        }
        drop(held);
        let (nodes, urls) = (Arc::clone(self), api_urls.to_vec());
        tokio::spawn(async move {
            tokio::time::sleep_until(until).await;
            if let Err(error) = nodes.wake(&urls).await {
                tracing::warn!(%error, "a node that stood still could not be woken");
            }
        });
        Ok(())
    }

    /// Wakes those whose time is over.
    async fn wake(&self, urls: &[String]) -> anyhow::Result<()> {
        let mut held = self.0.lock().await;
        for url in urls {
            if held.silent.get(url).is_some_and(|until| *until <= Instant::now()) {
                held.silent.remove(url);
                for process in held.processes.iter().filter(|process| process.api_url == *url) {
                    process.resume().await?;
                }
            }
        }
        Ok(())
    }

    /// The log of a node that has ended by itself.
    pub async fn ended(&self) -> Option<PathBuf> {
        let mut held = self.0.lock().await;
        held.processes.iter_mut().find_map(|process| process.has_ended().then(|| process.log.clone()))
    }

    /// Ends all of them in order.
    pub async fn stop(&self) -> anyhow::Result<()> {
        let mut held = self.0.lock().await;
        held.silent.clear();
        for process in std::mem::take(&mut held.processes) {
            process.resume().await?;
            process.stop().await?;
        }
        Ok(())
    }
}
