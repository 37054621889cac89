//! A running node: streams, links, listeners, workers, wired together; and its orderly end.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use anyhow::{Context, bail};
use huitong_clearing::http::ClearingEdge;
use huitong_kernel::division::Division;
use huitong_medical::Medical;
use huitong_registry::Registry;
use huitong_registry::command::Command as RegistryCommand;
use huitong_registry::http::RegistryEdge;
use huitong_registry::model::participant::{Participant, ParticipantKind};
use huitong_registry::model::role::Role;
use huitong_service_kit::http::edge::ANSWER_WAIT;
use huitong_service_kit::http::{Clock, Edge};
use huitong_service_kit::stream::{ApiCall, CallFailure, ServiceStream};
use huitong_service_kit::{Directory, Principal, Service, View};
use huitong_transit::Transit;
use huitong_transit::http::TransitEdge;
use huitong_transit::verify::Verifier;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use crate::api::Api;
use crate::api::authenticate::Authenticator;
use crate::api::status::NodeStatus;
use crate::clock::SystemClock;
use crate::config::{Bootstrap, NodeConfig};
use crate::exchange::link::Party;
use crate::exchange::links::Links;
use crate::exchange::streams::Streams;
use crate::exchange::switchboard::Switchboard;
use crate::exchange::{endpoint, local};
use crate::region::keeper::ManifestKeeper;
use crate::services::{Opener, Services};
use crate::tls::Identity;
use crate::transport::{HEADER_TIMEOUT, Security, serve, told_to_stop};
use crate::{entropy, keys, pool_endpoint, transit_keys};

/// How often due timers and a newer manifest are looked for.
const TICK: Duration = Duration::from_millis(200);
/// Validity of the first operator's key.
const BOOTSTRAP_DAYS: i64 = 365;

pub struct RunningNode {
    pub api: SocketAddr,
    stop: watch::Sender<bool>,
    workers: Vec<JoinHandle<()>>,
    streams: Streams,
}

impl RunningNode {
    pub async fn start(config: &NodeConfig) -> anyhow::Result<RunningNode> {
        let keeper = Arc::new(ManifestKeeper::open(&config.manifest)?);
        let offset_ms = config.testing.as_ref().map_or(0, |testing| testing.clock_offset_ms);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock { offset_ms });
        let switchboard = Arc::new(Switchboard::default());
        let jurisdiction = keeper
            .current()
            .jurisdictions
            .iter()
            .find(|jurisdiction| jurisdiction.node == config.name)
            .map(|jurisdiction| jurisdiction.division)
            .with_context(|| format!("the manifest knows no jurisdiction of the node {}", config.name))?;
        std::fs::create_dir_all(&config.data)?;
        let started = Instant::now();
        let opener = Opener {
            config,
            jurisdiction,
            keeper: &keeper,
            switchboard: &switchboard,
            started,
            anchor: OnceLock::new(),
        };
        let services = Services::open(&opener)?;
        let streams = services.streams();
        let (stop, stopped) = watch::channel(false);
        let mut node = RunningNode { api: config.api.listen, stop, workers: Vec::new(), streams };
        if let Some(bootstrap) = config.bootstrap.clone() {
            let (registry, clock) = (Arc::clone(&services.registry), Arc::clone(&clock));
            let adding = add_first_operator(registry, bootstrap, jurisdiction, clock, stopped.clone());
            if config.has_shared_journal() {
                // Only the leader can; another member may be it.
                node.spawn(async { drop(adding.await) });
            } else {
                adding.await?;
            }
        }
        let local_bell = Arc::new(Notify::new());
        switchboard.bell(jurisdiction, Arc::clone(&local_bell));
        node.spawn(local::run(node.streams.clone(), Arc::clone(&clock), local_bell, stopped.clone()));
        let identity = Identity::read(&config.tls_certificate, &config.tls_key)?;
        let party = Arc::new(Party {
            node: config.name.clone(),
            key: keys::read(&config.key)?,
            keeper: Arc::clone(&keeper),
            streams: node.streams.clone(),
            clock: Arc::clone(&clock),
            started,
        });
        let links = Arc::new(Links::new(party, Identity::read(&config.tls_certificate, &config.tls_key)?, switchboard));
        node.spawn(run_links(Arc::clone(&links), stopped.clone()));
        node.spawn(confirm_restored(node.streams.clone(), Arc::clone(&links), stopped.clone()));
        node.listen_to_peers(config, &identity, &keeper, links, stopped.clone()).await?;
        node.run_pools(config, &services, &keeper, &clock, &stopped)?;
        node.listen_to_callers(config, &identity, services, &keeper, &clock, stopped.clone()).await?;
        node.spawn(tick(node.streams.clone(), keeper, clock, stopped));
        tracing::info!(node = config.name, api = %node.api, "the node serves");
        Ok(node)
    }

    fn spawn(&mut self, worker: impl Future<Output = ()> + Send + 'static) {
        self.workers.push(tokio::spawn(worker));
    }

    /// The worker of the core systems of pools. It runs without any, too: the journal may have to be told that a pool is computed here
    /// again.
    fn run_pools(
        &mut self,
        config: &NodeConfig,
        services: &Services,
        keeper: &Arc<ManifestKeeper>,
        clock: &Arc<dyn Clock>,
        stopped: &watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let Some(stream) = services.medical.as_ref().filter(|_| config.leads(Medical::NAME)) else { return Ok(()) };
        let manifest = keeper.current();
        for pool in config.pools.keys() {
            if manifest.jurisdiction_for(*pool).map(|jurisdiction| jurisdiction.division)
                != Some(stream.home().jurisdiction)
            {
                bail!("[pools] {pool}: this node does not answer for it / 该统筹区不归本节点");
            }
        }
        let office = Arc::new(pool_endpoint::Office {
            stream: Arc::clone(stream),
            clock: Arc::clone(clock),
            sender: pool_endpoint::post::Sender { node: config.name.clone(), key: keys::read(&config.key)? },
        });
        self.spawn(pool_endpoint::run(office, config.pools.clone(), stopped.clone()));
        Ok(())
    }

    async fn listen_to_peers(
        &mut self,
        config: &NodeConfig,
        identity: &Identity,
        keeper: &Arc<ManifestKeeper>,
        links: Arc<Links>,
        stopped: watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let acceptor = TlsAcceptor::from(Arc::new(identity.exchange_server(keeper)?));
        let listener = bind(config.exchange.listen).await?;
        let router = endpoint::router(links, Arc::clone(keeper));
        let security = Security::Mutual(acceptor, Arc::clone(keeper));
        self.spawn(serve(listener, router, security, HEADER_TIMEOUT, stopped));
        Ok(())
    }

    async fn listen_to_callers(
        &mut self,
        config: &NodeConfig,
        identity: &Identity,
        services: Services,
        keeper: &Arc<ManifestKeeper>,
        clock: &Arc<dyn Clock>,
        stopped: watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let random = Arc::new(Mutex::new(entropy::random_source()?));
        let registry_edge =
            Edge { stream: Arc::clone(&services.registry), clock: Arc::clone(clock), answer_wait: ANSWER_WAIT };
        let transit = services.transit.map(|stream| transit_edge(config, stream, clock, keeper)).transpose()?;
        let api = Api {
            registry: RegistryEdge { edge: registry_edge, random: Arc::clone(&random) },
            medical: services.medical.map(|stream| Edge { stream, clock: Arc::clone(clock), answer_wait: ANSWER_WAIT }),
            transit,
            clearing: services.clearing.map(|stream| ClearingEdge {
                edge: Edge { stream, clock: Arc::clone(clock), answer_wait: ANSWER_WAIT },
                directory: Arc::clone(keeper) as Arc<dyn Directory>,
            }),
            status: NodeStatus {
                name: config.name.clone(),
                streams: self.streams.clone(),
                keeper: Arc::clone(keeper),
                services: config.services.clone(),
            },
            authenticator: Authenticator { registry: services.registry, clock: Arc::clone(clock), random },
            metrics: metrics_handle()?,
        };
        let security = if config.api.tls {
            Security::Tls(TlsAcceptor::from(Arc::new(identity.api_server()?)))
        } else {
            Security::Plain
        };
        let listener = bind(config.api.listen).await?;
        self.api = listener.local_addr()?;
        let header_timeout = Duration::from_secs(config.api.header_seconds_max);
        self.spawn(serve(listener, api.router(&config.api), security, header_timeout, stopped));
        Ok(())
    }

    /// Lets running requests end, finishes what is queued, closes the streams.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for worker in self.workers {
            let _ = worker.await;
        }
        for port in self.streams.iter() {
            port.close();
        }
    }
}

/// The endpoints of transit verify what gates send on all cores, and sign gates' tables.
fn transit_edge(
    config: &NodeConfig,
    stream: Arc<ServiceStream<Transit>>,
    clock: &Arc<dyn Clock>,
    keeper: &Arc<ManifestKeeper>,
) -> anyhow::Result<TransitEdge> {
    let transit = Arc::clone(stream.service());
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(TransitEdge {
        edge: Edge { stream, clock: Arc::clone(clock), answer_wait: ANSWER_WAIT },
        transit,
        verifier: Arc::new(Verifier::new(workers)),
        tables: Arc::new(transit_keys::read_or_generate(&config.transit_tables_key)?),
        directory: Arc::clone(keeper) as Arc<dyn Directory>,
    })
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; is another node running there? Change `listen` in node.toml")
    })
}

/// Runs the link to every peer, those that join included.
async fn run_links(links: Arc<Links>, mut stop: watch::Receiver<bool>) {
    let mut running = JoinSet::new();
    loop {
        match links.refresh() {
            Ok(new) => new.into_iter().for_each(|link| {
                let stop = stop.clone();
                running.spawn(async move { link.run(stop).await });
            }),
            Err(error) => tracing::error!(%error, "a link cannot be made"),
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = told_to_stop(&mut stop) => break,
        }
    }
    while running.join_next().await.is_some() {}
}

async fn tick(streams: Streams, keeper: Arc<ManifestKeeper>, clock: Arc<dyn Clock>, mut stop: watch::Receiver<bool>) {
    loop {
        for port in streams.iter() {
            if let Err(error) = port.tick(clock.now()) {
                tracing::warn!(stream = %port.home(), %error, "due timers wait");
            }
        }
        match keeper.poll() {
            Ok(true) => tracing::info!(version = keeper.current().version, "a newer manifest is in force"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the published manifest is not trusted"),
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = told_to_stop(&mut stop) => return,
        }
    }
}

/// One recorder for the process: several nodes in one test process share it.
fn metrics_handle() -> anyhow::Result<PrometheusHandle> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new().install_recorder().context("metrics cannot be recorded")?;
    Ok(HANDLE.get_or_init(|| handle).clone())
}

/// Streams restored from a backup take works again once every peer has said that it knows of nothing newer.
async fn confirm_restored(streams: Streams, links: Arc<Links>, mut stop: watch::Receiver<bool>) {
    loop {
        for port in streams.iter().filter(|port| port.awaits_confirmation()) {
            if links.confirm(&**port).await {
                match port.confirm() {
                    Ok(()) => tracing::info!(stream = %port.home(), "the peers have confirmed the restored journal"),
                    Err(error) => tracing::error!(stream = %port.home(), %error, "the stream stays on hold"),
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = told_to_stop(&mut stop) => return,
        }
    }
}

/// On an empty registry: the operator whose key `huitong region init` made.
async fn add_first_operator(
    registry: Arc<ServiceStream<Registry>>,
    bootstrap: Bootstrap,
    jurisdiction: Division,
    clock: Arc<dyn Clock>,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    loop {
        let known = |view: View<'_>| huitong_registry::query::participants::principal(view, "operator");
        if registry.readers().view(known)?.is_some() {
            return Ok(());
        }
        if registry.held().is_some() {
            // A restored journal knows its operators.
            return Ok(());
        }
        if registry.is_leading() {
            return bootstrap_operator(&registry, &bootstrap, jurisdiction, &*clock).await;
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = told_to_stop(&mut stop) => return Ok(()),
        }
    }
}

async fn bootstrap_operator(
    registry: &ServiceStream<Registry>,
    bootstrap: &Bootstrap,
    jurisdiction: Division,
    clock: &dyn Clock,
) -> anyhow::Result<()> {
    let expires_at = clock.now() + huitong_kernel::time::DurationMs::days(BOOTSTRAP_DAYS);
    let commands = [
        RegistryCommand::PutParticipant(Participant {
            code: "operator".to_owned(),
            kind: ParticipantKind::Operator,
            name_zh: "节点运维".to_owned(),
            name_en: "Node operator".to_owned(),
            division: jurisdiction,
            level: None,
            active: true,
        }),
        RegistryCommand::AddPrincipal {
            id: "operator".to_owned(),
            participant: "operator".to_owned(),
            roles: vec![Role::Operator, Role::PoolClerk, Role::PolicyOfficer, Role::Auditor],
        },
        RegistryCommand::IssueKey {
            principal: "operator".to_owned(),
            key: bootstrap.key.clone(),
            hash: bootstrap.hash,
            expires_at,
        },
    ];
    for command in commands {
        let (sender, receiver) = oneshot::channel();
        let call = ApiCall {
            command,
            principal: Principal::node(),
            request_id: "bootstrap".to_owned(),
            idempotency: None,
            now: clock.now(),
        };
        registry.call(call, move |result: Result<_, CallFailure>| drop(sender.send(result)))?;
        receiver.await.context("the registry closed")??;
    }
    Ok(())
}
