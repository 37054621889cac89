//! What clients of a service do, and what must hold of it. One file a service: a new service adds its own here.

mod clearing;
mod medical;
mod registry;
mod transit;

use huitong_kernel::feed::Address;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_store::View;
use huitong_store::journal::Connection;
use serde_json::Value;

use crate::client::{Client, Wish};
use crate::region;

pub use transit::issuer_keys as transit_keys;

/// The journals and views of a service at the nodes that are up.
pub struct Views<'a>(pub &'a dyn Fn(&Address) -> Option<&'a Connection>);

impl<'a> Views<'a> {
    /// The views of a service at a node, as its leading member has them; `None` while there is none.
    pub fn of(&self, node: usize, service: &str) -> Option<View<'a>> {
        self.journal(node, service).map(View::new)
    }

    /// The journal of a service at a node, as its leading member has it.
    pub fn journal(&self, node: usize, service: &str) -> Option<&'a Connection> {
        (self.0)(&Address::new(region::division(node), service))
    }

    /// The nodes whose views of the service can be read.
    pub fn up(&self, service: &str) -> Vec<(usize, View<'a>)> {
        (0..region::DIVISIONS.len()).filter_map(|node| Some((node, self.of(node, service)?))).collect()
    }
}

pub trait Workload {
    fn service(&self) -> &'static str;

    /// What must be there before anything goes wrong; one stage after the other.
    fn set_up(&mut self, stage: usize) -> Vec<Wish>;

    /// One thing that a client does at a moment.
    fn act(&mut self, _now: Instant, _random: &mut RandomSource) -> Option<Wish> {
        None
    }

    /// The same of clients who look first at what their node shows, and may have several things to do.
    fn work(&mut self, now: Instant, _views: &Views<'_>, random: &mut RandomSource) -> Vec<Wish> {
        self.act(now, random).into_iter().collect()
    }

    /// What a system beside a node does on its own, whenever the node's clock ticks.
    fn errands(&mut self, _node: usize, _now: Instant, _views: &Views<'_>, _random: &mut RandomSource) -> Vec<Wish> {
        Vec::new()
    }

    /// A client was answered; what it does next.
    fn answered(&mut self, _wish: &Wish, _reply: &Value, _random: &mut RandomSource) -> Vec<Wish> {
        Vec::new()
    }

    /// What must hold at any time.
    fn check(&self, views: &Views<'_>) -> Result<(), String>;

    /// Whether nothing is waited for any more, beside clients and feeds.
    fn is_at_rest(&self, _views: &Views<'_>) -> bool {
        true
    }

    /// How often what must be reached in a sufficiently long run was reached, by the names in [`crate::coverage::Coverage::EFFECTS`].
    fn effects(&self, _views: &Views<'_>) -> Result<Vec<(&'static str, u64)>, String> {
        Ok(Vec::new())
    }

    /// What must hold when all is healed and quiet.
    fn check_end(&self, views: &Views<'_>, clients: &[&Client]) -> Result<(), String>;
}

/// Every service's workload.
pub fn all() -> Vec<Box<dyn Workload>> {
    vec![
        Box::new(registry::RegistryLoad::default()),
        Box::new(medical::MedicalLoad::default()),
        Box::new(transit::TransitLoad::default()),
        Box::new(clearing::ClearingLoad::default()),
    ]
}

/// Runs a check that reads views; a reading error is a finding, too.
fn readable<T>(result: Result<T, huitong_store::StoreError>) -> Result<T, String> {
    result.map_err(|error| format!("a view cannot be read: {error}"))
}
