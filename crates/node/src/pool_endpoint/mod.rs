//! Posts questions to the core systems of pools, and gives what they sign back to medical. The contract:
//! docs/services/medical-pool-endpoint.md.
//!
//! Nothing is decided here, and nothing is remembered that could be lost: what waits stands in the journal, whatever a post brings goes
//! back as a command, and a post that was lost with the node is made again with the same bytes.

pub mod config;
mod desk;
mod pauses;
pub mod post;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use huitong_kernel::division::Division;
use huitong_medical::Medical;
use huitong_medical::command::{Command, Reply};
use huitong_medical::pool::ask::PoolComputing;
use huitong_medical::query::pools;
use huitong_service_kit::http::Clock;
use huitong_service_kit::stream::{ApiCall, CallFailure, ServiceStream};
use huitong_service_kit::{Principal, View};
use huitong_store::StoreError;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::transport::told_to_stop;
use config::PoolConfig;
use desk::Desk;
use post::Sender;

/// How often the journal is asked what waits.
const POLL: Duration = Duration::from_millis(50);
/// How often it is looked whether the journal agrees with the configuration.
const AGREE: Duration = Duration::from_secs(1);

/// What all pools of a node share.
pub struct Office {
    pub stream: Arc<ServiceStream<Medical>>,
    pub clock: Arc<dyn Clock>,
    pub sender: Sender,
}

/// Runs a desk for each pool in the configuration, while this member leads medical.
pub async fn run(office: Arc<Office>, pools: BTreeMap<Division, PoolConfig>, mut stop: watch::Receiver<bool>) {
    let mut desks = JoinSet::new();
    for (pool, config) in &pools {
        match Desk::new(Arc::clone(&office), *pool, config) {
            Ok(desk) => drop(desks.spawn(desk.run(stop.clone()))),
            Err(error) => tracing::error!(%pool, %error, "the pool's endpoint cannot be used"),
        }
    }
    let mut has_looked = false;
    loop {
        if office.stream.is_leading() {
            match agree(&office, &pools).await {
                Ok(()) if has_looked => {}
                Ok(()) => has_looked = say_what_waits_for_nobody(&office).is_ok(),
                Err(error) => {
                    tracing::error!(%error, "the journal does not agree with node.toml who computes for a pool")
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(AGREE) => {}
            () = told_to_stop(&mut stop) => break,
        }
    }
    while desks.join_next().await.is_some() {}
}

/// Says in the journal who computes, where it says otherwise. A pool that is no longer in the configuration is computed here again;
/// what its core system has settled waits for its endpoint when it is to be taken back.
async fn agree(office: &Office, pools: &BTreeMap<Division, PoolConfig>) -> anyhow::Result<()> {
    let known = office.stream.readers().view(pools::all)?;
    let wished = pools.iter().map(|(pool, config)| PoolComputing {
        pool: *pool,
        delegated: config.computes,
        public_key: config.public_key.clone(),
        has_endpoint: true,
    });
    let removed = known.iter().filter(|known| !pools.contains_key(&known.pool));
    let removed = removed.map(|known| PoolComputing { delegated: false, has_endpoint: false, ..known.clone() });
    for computing in wished.chain(removed).collect::<Vec<_>>() {
        if !known.contains(&computing) {
            tracing::info!(pool = %computing.pool, delegated = computing.delegated, "who computes for a pool has changed");
            office.tell(Command::SetPoolComputing(computing)).await?;
        }
    }
    Ok(())
}

/// Once after the start: questions to pools that node.toml does not name are not posted, and nobody must find out by accident.
fn say_what_waits_for_nobody(office: &Office) -> Result<(), StoreError> {
    let unnamed = |view: View<'_>| {
        let pools = pools::all(view)?.into_iter().filter(|known| !known.has_endpoint);
        pools
            .map(|known| Ok((known.pool, pools::count_open(view, known.pool)?)))
            .collect::<Result<Vec<_>, StoreError>>()
    };
    for (pool, open) in office.stream.readers().view(unnamed)?.into_iter().filter(|(_, open)| *open > 0) {
        tracing::error!(%pool, open, "questions wait for the core system of a pool, and [pools] has no line for it: put it back");
    }
    Ok(())
}

impl Office {
    /// Gives a command to medical and waits until it is durable.
    async fn tell(&self, command: Command) -> Result<Reply, CallFailure> {
        let (sender, receiver) = oneshot::channel();
        let call = ApiCall {
            command,
            principal: Principal::node(),
            request_id: "pool-endpoint".to_owned(),
            idempotency: None,
            now: self.clock.now(),
        };
        self.stream.call(call, move |result| drop(sender.send(result)))?;
        receiver.await.map_err(|_| CallFailure::Closed)?
    }
}
