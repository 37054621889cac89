//! The services of a node with their streams: a new service is opened here, and nowhere else.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, bail};
use huitong_clearing::Clearing;
use huitong_kernel::division::Division;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::time::DurationMs;
use huitong_medical::Medical;
use huitong_registry::Registry;
use huitong_service_kit::stream::{ServiceStream, StreamSettings};
use huitong_service_kit::{Directory, Service};
use huitong_store::member::Eligible;
use huitong_store::shared::{PostgresTable, SharedJournal, TableTls};
use huitong_store::writer::Leading;
use huitong_transit::Transit;
use tokio::time::Instant;

use crate::config::NodeConfig;
use crate::entropy;
use crate::exchange::streams::Streams;
use crate::exchange::switchboard::Switchboard;
use crate::region::keeper::ManifestKeeper;
use crate::{tls, transit_keys};

/// The streams with their typed handles. A service that this node does not run is `None`.
pub struct Services {
    pub registry: Arc<ServiceStream<Registry>>,
    pub medical: Option<Arc<ServiceStream<Medical>>>,
    pub transit: Option<Arc<ServiceStream<Transit>>>,
    pub clearing: Option<Arc<ServiceStream<Clearing>>>,
}

/// What opening a stream needs.
pub struct Opener<'a> {
    pub config: &'a NodeConfig,
    pub jurisdiction: Division,
    pub keeper: &'a Arc<ManifestKeeper>,
    pub switchboard: &'a Arc<Switchboard>,
    pub started: Instant,
    /// Whether this member leads the first of its services; the others go with it.
    pub anchor: OnceLock<Leading>,
}

/// The file of a service's stream.
pub fn stream_path(data: &Path, service: &str) -> PathBuf {
    data.join(format!("{service}.db"))
}

impl Services {
    pub fn open(opener: &Opener<'_>) -> anyhow::Result<Services> {
        let registry = opener.open(Registry)?.context("every node runs or follows registry")?;
        let transit = Transit::new(transit_keys::issuers(&opener.config.transit_issuers)?)
            .asking_one_in(opener.config.transit_evidence_one_in);
        Ok(Services {
            registry,
            medical: opener.open(Medical::default())?,
            transit: opener.open(transit)?,
            clearing: opener.open(Clearing)?,
        })
    }

    pub fn streams(&self) -> Streams {
        let mut streams = Streams::default();
        streams.0.insert(self.registry.home().clone(), self.registry.clone());
        if let Some(medical) = &self.medical {
            streams.0.insert(medical.home().clone(), medical.clone());
        }
        if let Some(transit) = &self.transit {
            streams.0.insert(transit.home().clone(), transit.clone());
        }
        if let Some(clearing) = &self.clearing {
            streams.0.insert(clearing.home().clone(), clearing.clone());
        }
        streams
    }
}

impl Opener<'_> {
    /// Opens a service's stream if this member leads or follows it.
    fn open<S: Service>(&self, service: S) -> anyhow::Result<Option<Arc<ServiceStream<S>>>> {
        if !self.config.leads(S::NAME) && !self.config.has_shared_journal() {
            return Ok(None);
        }
        let parts = self.keeper.current().node(&self.config.name).map_or(1, |node| node.parts(S::NAME));
        if parts > 1 && !S::SPLITTABLE {
            bail!(
                "the manifest splits {name} into {parts} parts, but {name} keeps one stream; list it as {name:?}",
                name = S::NAME
            );
        }
        let home = Address::new(self.jurisdiction, S::NAME);
        let switchboard = Arc::clone(self.switchboard);
        let started = self.started;
        let settings = StreamSettings {
            path: stream_path(&self.config.data, S::NAME),
            shared: self.shared(&home)?,
            home,
            function: self.keeper.current().hash_function(),
            random: entropy::random_source()?,
            directory: Arc::clone(self.keeper) as Arc<dyn Directory>,
            on_sent: Box::new(move |feeds: &[Feed]| switchboard.ring(feeds)),
            eligible: self.eligible(S::NAME),
            uptime: Arc::new(move || DurationMs(i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX))),
        };
        let stream = Arc::new(ServiceStream::start(Arc::new(service), settings)?);
        if self.config.leads(S::NAME) {
            self.anchor.get_or_init(|| stream.leading());
        }
        Ok(Some(stream))
    }

    /// A member leads all its services or none, so that a caller finds them in one place.
    fn eligible(&self, service: &str) -> Eligible {
        if !self.config.leads(service) {
            return Box::new(|| false);
        }
        match self.anchor.get() {
            None => Box::new(|| true),
            Some(anchor) => {
                let anchor = anchor.clone();
                Box::new(move || anchor.now())
            }
        }
    }

    fn shared(&self, home: &Address) -> anyhow::Result<Option<SharedJournal>> {
        if !self.config.has_shared_journal() {
            return Ok(None);
        }
        let table = shared_table(self.config)?;
        Ok(Some(SharedJournal::new(Box::new(table), &home.to_string(), &self.config.member())))
    }
}

/// A connection to the table that holds this node's journals.
pub fn shared_table(config: &NodeConfig) -> anyhow::Result<PostgresTable> {
    let tls = config.journal_ca.as_deref().map(tls::journal_client).transpose()?.map(TableTls);
    Ok(PostgresTable::new(&config.journal, tls)?)
}
